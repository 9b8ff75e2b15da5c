-- Tax per 亩 of industrial land, ranked within each quarter; a zone without land is no bad zone, it is not graded.
with newest as (
  -- A quarter handed in again, or for a zone that changed hands: the later hand-in counts.
  select
    zone_id,
    quarter,
    max_by(struct(tax_wan, industrial_land_mu, _department), struct(_period, _delivery, _row)) as k
  from silver.dev_zone_kpi
  group by zone_id, quarter
),
measured as (
  select
    zone_id,
    quarter,
    last_day(make_date(cast(left(quarter, 4) as int), cast(right(quarter, 1) as int) * 3, 1)) as day,
    k.tax_wan as tax_wan,
    k.industrial_land_mu as land_mu,
    k._department as deliverer,
    k.tax_wan / nullif(k.industrial_land_mu, 0) as per_mu
  from newest
),
ranked as (
  select
    *,
    case when per_mu is not null then rank() over (partition by quarter order by per_mu desc nulls last) end as rank_no,
    count(per_mu) over (partition by quarter) as graded
  from measured
),
zones as (
  -- The zone as it is known now; its unit is the one of the quarter.
  select zone_id, zone_name, zone_level, division_code from silver.dev_zone where _is_current
),
days as (
  select distinct r.day, z.division_code from ranked r join zones z on z.zone_id = r.zone_id
),
names as (
  select y.day, y.division_code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from days y join codes.divisions d on d.code = y.division_code and to_date(coalesce(d.valid_from, '1900-01-01')) <= y.day
  group by y.day, y.division_code
),
units as (
  select y.day, y.division_code, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from days y join codes.reporting_units u on u.division = y.division_code and to_date(coalesce(u.valid_from, '1900-01-01')) <= y.day
  group by y.day, y.division_code
)
select
  r.quarter,
  r.zone_id,
  z.zone_name,
  z.zone_level,
  z.division_code,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  r.tax_wan,
  r.land_mu as industrial_land_mu,
  r.per_mu as tax_per_mu_wan,
  r.per_mu is not null as is_graded,
  r.rank_no,
  r.graded as graded_zones,
  -- In whole numbers, so that 20 % of 15 is exactly 3.
  case
    when r.rank_no * 100 <= r.graded * 20 then 'A'
    when r.rank_no * 100 <= r.graded * 60 then 'B'
    when r.rank_no * 100 <= r.graded * 95 then 'C'
    when r.rank_no is not null then 'D'
  end as grade,
  r.deliverer,
  r.day as as_of
from ranked r
left join zones z on z.zone_id = r.zone_id
left join names n on n.day = r.day and n.division_code = z.division_code
left join units u on u.day = r.day and u.division_code = z.division_code
