-- All divisions with their spans. The list leaves a date empty where the span is open; a key may not be, so it starts in 1900.
with names as (
  select code, max_by(name, coalesce(valid_from, '1900-01-01')) as name from codes.divisions group by code
)
select
  d.code as division_code,
  to_date(coalesce(d.valid_from, '1900-01-01')) as valid_from,
  d.name as division_name,
  cast(d.level as bigint) as level,
  d.parent as parent_code,
  p.name as parent_name,
  d.kind,
  to_date(d.valid_to) as valid_to,
  d.valid_to is null as is_current
from codes.divisions d
left join names p on p.code = d.parent
