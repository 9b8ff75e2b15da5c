-- The units are whatever the dated mapping names; what kind each is, the list of divisions knows.
with units as (
  select
    code,
    name,
    -- A unit whose every county has a first day came into being that day (雄安); one open county makes it older than the list.
    case when count_if(valid_from is null) = 0 then min(valid_from) end as since,
    count_if(valid_to is null) as counties
  from codes.reporting_units
  group by code, name
),
kinds as (
  select code, max(level) as level, max(kind) as kind from codes.divisions where valid_to is null group by code
)
select
  u.code as unit_code,
  u.name as unit_name,
  case when k.kind = 'statistical' then '新区' when k.level = '2' then '设区市' else '省直管县级市' end as unit_kind,
  to_date(u.since) as valid_from,
  u.counties
from units u
left join kinds k on k.code = u.code
