-- Sections stand for themselves; a division's section is its parent in the same edition.
select
  i.edition,
  i.code as industry_code,
  i.name as industry_name,
  cast(i.level as bigint) as level,
  s.code as section_code,
  s.name as section_name,
  to_date(i.valid_from) as valid_from,
  to_date(i.valid_to) as valid_to
from codes.industries i
left join codes.industries s on s.edition = i.edition and s.code = coalesce(i.parent, i.code)
