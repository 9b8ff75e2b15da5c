-- The successor is named by its short id in the list; readers join by code.
select
  d.code as department_code,
  to_date(d.valid_from) as valid_from,
  d.name as department_name,
  d.id as short_id,
  d.area as division_code,
  to_date(d.valid_to) as valid_to,
  s.code as successor_code,
  d.valid_to is null as is_current
from codes.departments d
left join codes.departments s on s.id = d.successor
