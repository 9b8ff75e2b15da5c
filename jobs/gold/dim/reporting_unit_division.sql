-- Which unit a county code belongs to, and when: 容城, 安新 and 雄县 moved from 保定 to 雄安 on 2017-04-01.
select
  division as division_code,
  to_date(coalesce(valid_from, '1900-01-01')) as valid_from,
  division_name,
  code as unit_code,
  name as unit_name,
  to_date(valid_to) as valid_to,
  valid_to is null as is_current
from codes.reporting_units
