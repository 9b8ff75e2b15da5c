-- Existing entities on the day of the newest change known, by county and section.
with asof as (
  select max(to_date(_valid_from)) as day from silver.market_entity
),
existing as (
  -- The version in force at the end of that day, whatever came later.
  select e.division_code, substr(e.industry_code, 1, 1) as section, a.day
  from silver.market_entity e
  join asof a
    on e._valid_from < date_add(a.day, 1)
    and (e._valid_to is null or e._valid_to >= date_add(a.day, 1))
  where e.reg_status = '1'
),
sections as (
  select code, name from codes.industries where level = '1' and edition = '2017'
),
counted as (
  select
    e.division_code,
    coalesce(s.code, '-') as section,
    coalesce(s.name, '未填或不在分类中') as section_name,
    e.day,
    count(*) as entities
  from existing e
  left join sections s on s.code = e.section
  group by e.division_code, coalesce(s.code, '-'), coalesce(s.name, '未填或不在分类中'), e.day
),
-- A code that was abolished keeps its last name and unit; one that moved (雄安's counties) is where it was on the day.
divisions as (
  select d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from codes.divisions d join asof a on to_date(coalesce(d.valid_from, '1900-01-01')) <= a.day
  group by d.code
),
units as (
  select u.division, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from codes.reporting_units u join asof a on to_date(coalesce(u.valid_from, '1900-01-01')) <= a.day
  group by u.division
)
select
  c.division_code,
  c.section as industry_section,
  d.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  c.section_name,
  c.entities,
  c.day as as_of
from counted c
left join divisions d on d.code = c.division_code
left join units u on u.division = c.division_code
