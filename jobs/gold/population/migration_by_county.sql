-- Living persons by registered and by actual residence; no number below ten is shown, nor one that would give it away.
with asof as (
  select max(to_date(_valid_from)) as day from silver.person_base
),
living as (
  select p.hukou_division, p.resid_division, a.day
  from silver.person_base p
  join asof a
    on p._valid_from < date_add(a.day, 1)
    and (p._valid_to is null or p._valid_to >= date_add(a.day, 1))
  where p.alive_flag = '1'
),
counted as (
  -- Each person counts once on either side, in two counties or in one.
  select division_code, sum(hukou) as hukou, sum(resident) as resident
  from (
    select hukou_division as division_code, 1 as hukou, 0 as resident from living
    union all
    select resid_division, 0, 1 from living
  ) sides
  group by division_code
),
units as (
  -- Counties of Hebei only (who lives elsewhere still counts in the county of registration); an ended code keeps its last unit.
  select
    u.division,
    max_by(struct(u.code, u.name, u.division_name), coalesce(u.valid_from, '1900-01-01')) as unit,
    max(a.day) as day
  from codes.reporting_units u
  join asof a on to_date(coalesce(u.valid_from, '1900-01-01')) <= a.day
  group by u.division
),
names as (
  select d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from codes.divisions d join asof a on to_date(coalesce(d.valid_from, '1900-01-01')) <= a.day
  group by d.code
)
select
  c.division_code,
  coalesce(n.name, u.unit.division_name) as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  case when c.hukou >= 10 then c.hukou end as hukou_population,
  case when c.resident >= 10 then c.resident end as resident_population,
  case when c.hukou >= 10 and c.resident >= 10 then c.hukou - c.resident end as net_outflow,
  c.hukou < 10 or c.resident < 10 as is_suppressed,
  u.day as as_of
from counted c
join units u on u.division = c.division_code
left join names n on n.code = c.division_code
