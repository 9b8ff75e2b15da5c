-- Counties with major hazards that lie below a reservoir or river reach whose newest level is over its limit.
with asof as (
  select max(obs_time) as moment from silver.hydro_station
),
newest as (
  -- The newest reading of a station decides: it may have been over its limit and have fallen since.
  select
    st_id,
    max(obs_time) as obs_time,
    max_by(struct(st_type, level_m, limit_m), struct(obs_time, _period, _row)) as r
  from silver.hydro_station
  group by st_id
),
over_limit as (
  -- A station that has been silent for a day says nothing; one on its limit is not over it.
  select n.st_id, n.r.st_type as st_type, n.r.level_m - n.r.limit_m as over_m, a.moment
  from newest n
  cross join asof a
  where n.r.level_m > n.r.limit_m and n.obs_time >= a.moment - interval 24 hours
),
threatened as (
  -- Its own county is in danger only where the plan says that it lies below.
  select
    d.division_code,
    count(*) as stations_over,
    count_if(o.st_type = 'RR') as reservoirs_over,
    max(o.over_m) as max_over_m,
    min(d.reach_hours) as first_reach_hours,
    max(o.moment) as moment
  from over_limit o
  join silver.hydro_downstream d on d.st_id = o.st_id and d._is_current
  group by d.division_code
),
hazards as (
  -- Counted on their own: joined to each station they would count as often as there are stations above.
  select
    division_code,
    count(*) as hazards,
    count_if(hazard_level = '1') as first_level_hazards,
    count(distinct uscc) as hazard_entities
  from silver.major_hazard
  where _is_current
  group by division_code
),
names as (
  select d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from codes.divisions d join asof a on to_date(coalesce(d.valid_from, '1900-01-01')) <= to_date(a.moment)
  group by d.code
),
units as (
  select u.division, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from codes.reporting_units u join asof a on to_date(coalesce(u.valid_from, '1900-01-01')) <= to_date(a.moment)
  group by u.division
)
select
  t.division_code,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  t.stations_over,
  t.reservoirs_over,
  t.max_over_m,
  t.first_reach_hours,
  h.hazards,
  h.first_level_hazards,
  h.hazard_entities,
  to_date(t.moment) as as_of
from threatened t
join hazards h on h.division_code = t.division_code
left join names n on n.code = t.division_code
left join units u on u.division = t.division_code
