-- Parcels sent against parcels received, by county and month and since January. Exports of clusters (T11) join here by county and month.
with reported as (
  -- A month that was handed in again counts as it was corrected last; the first figure stays visible.
  select
    division_code,
    period,
    max_by(struct(volume_wan, inbound_wan, express_revenue_wan), struct(_period, _delivery, _row)) as m,
    min_by(volume_wan, struct(_period, _delivery, _row)) as first_volume_wan
  from silver.express_volume
  group by division_code, period
),
running as (
  select
    r.*,
    last_day(to_date(concat(r.period, '01'), 'yyyyMMdd')) as day,
    -- Sums over sums: a mean of monthly ratios would give January as much weight as November.
    sum(r.m.volume_wan) over year_to_date as ytd_volume_wan,
    sum(r.m.inbound_wan) over year_to_date as ytd_inbound_wan,
    count(*) over year_to_date as ytd_months
  from reported r
  window year_to_date as (
    partition by r.division_code, left(r.period, 4) order by r.period rows between unbounded preceding and current row
  )
),
names as (
  select code, max_by(name, coalesce(valid_from, '1900-01-01')) as name from codes.divisions group by code
)
select
  r.division_code,
  r.period,
  n.name as division_name,
  u.code as unit_code,
  u.name as unit_name,
  r.m.volume_wan as volume_wan,
  r.m.inbound_wan as inbound_wan,
  r.m.volume_wan / nullif(r.m.inbound_wan, 0) as out_in_ratio,
  r.ytd_volume_wan,
  r.ytd_inbound_wan,
  r.ytd_volume_wan / nullif(r.ytd_inbound_wan, 0) as ytd_out_in_ratio,
  r.ytd_months,
  r.m.express_revenue_wan as express_revenue_wan,
  r.first_volume_wan
from running r
-- Counties only: a city's or the province's sum in the file is no county.
join codes.reporting_units u
  on u.division = r.division_code
  and r.day between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
left join names n on n.code = r.division_code
