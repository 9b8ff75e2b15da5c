-- Nursing beds to a thousand residents of sixty and more, both as of the day of the newest change of the homes.
with asof as (
  select max(to_date(_valid_from)) as day from silver.elder_org
),
homes as (
  select
    o.division_code,
    count(*) as orgs,
    sum(o.beds) as beds,
    sum(o.nursing_beds) as nursing_beds,
    sum(o.residents) as residents,
    sum(if(o.fire_ok, 0, o.nursing_beds)) as unsafe_nursing_beds
  from silver.elder_org o
  where o._is_current
  group by o.division_code
),
elders as (
  -- Residents, not registered; alive in the version of that day, whatever came later; sixty on that day.
  select p.resid_division as division_code, count(*) as elders
  from silver.person_base p
  join asof a
    on p._valid_from < date_add(a.day, 1)
    and (p._valid_to is null or p._valid_to >= date_add(a.day, 1))
  where p.alive_flag = '1' and p.birth_date <= add_months(a.day, -720)
  group by p.resid_division
),
joined as (
  -- A county with old people and no home has zero beds, not no row.
  select
    coalesce(h.division_code, e.division_code) as division_code,
    coalesce(h.nursing_beds, 0) as nursing_beds,
    coalesce(e.elders, 0) as elders,
    coalesce(h.beds, 0) as beds,
    coalesce(h.residents, 0) as residents,
    coalesce(h.orgs, 0) as orgs,
    coalesce(h.unsafe_nursing_beds, 0) as unsafe_nursing_beds
  from homes h
  full join elders e on e.division_code = h.division_code
),
units as (
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
  j.division_code,
  coalesce(n.name, u.unit.division_name) as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  j.nursing_beds,
  case when j.elders >= 10 then j.elders end as elders,
  case when j.elders >= 10 then j.nursing_beds * 1000 / j.elders end as beds_per_thousand,
  j.beds,
  j.residents,
  j.orgs,
  j.unsafe_nursing_beds,
  j.elders < 10 as is_suppressed,
  u.day as as_of
from joined j
join units u on u.division = j.division_code
left join names n on n.code = j.division_code
