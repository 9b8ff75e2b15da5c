-- Parcels sent against parcels received, by county and month and since January, beside what the county's clusters exported.
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
clusters as (
  -- A cluster's month handed in again counts once, as it was said last; a cluster belongs to one county.
  select cluster_id, period, max_by(struct(division_code, export_yi), struct(_period, _delivery, _row)) as c
  from silver.cluster_month
  group by cluster_id, period
),
exports as (
  select c.division_code, period, count(*) as clusters, sum(c.export_yi) as export_yi
  from clusters
  group by c.division_code, period
),
joined as (
  -- A county without a cluster has no exports of clusters, not exports of zero.
  select
    r.*,
    r.m.volume_wan / nullif(r.m.inbound_wan, 0) as out_in_ratio,
    e.clusters,
    e.export_yi,
    sum(e.export_yi) over (
      partition by r.division_code, left(r.period, 4) order by r.period rows between unbounded preceding and current row
    ) as ytd_export_yi
  from running r
  left join exports e on e.division_code = r.division_code and e.period = r.period
),
correlated as (
  -- Spark's corr() fails where one of the two never changes, as the exports of a county that has none.
  select
    division_code,
    count(*) as months,
    covar_pop(cast(out_in_ratio as double), cast(export_yi as double))
      / nullif(stddev_pop(cast(out_in_ratio as double)) * stddev_pop(cast(export_yi as double)), 0) as r
  from joined
  where out_in_ratio is not null and export_yi is not null
  group by division_code
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
  r.out_in_ratio,
  r.ytd_volume_wan,
  r.ytd_inbound_wan,
  r.ytd_volume_wan / nullif(r.ytd_inbound_wan, 0) as ytd_out_in_ratio,
  r.ytd_months,
  r.m.express_revenue_wan as express_revenue_wan,
  r.first_volume_wan,
  coalesce(r.clusters, 0) as clusters,
  r.export_yi as cluster_export_yi,
  r.ytd_export_yi as ytd_cluster_export_yi,
  case when c.months >= 6 then c.r end as ratio_export_corr,
  coalesce(c.months, 0) as correlation_months
from joined r
left join correlated c on c.division_code = r.division_code
-- Counties only: a city's or the province's sum in the file is no county.
join codes.reporting_units u
  on u.division = r.division_code
  and r.day between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
left join names n on n.code = r.division_code
