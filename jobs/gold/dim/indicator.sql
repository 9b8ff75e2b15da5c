-- Only the indicators' newest versions: figures are read with today's names.
with indicators as (
  select * from silver.macro_indicator_meta where _is_current
)
select
  i.indicator_code,
  i.indicator_name,
  i.unit,
  i.freq,
  i.direction,
  i.parent_code,
  p.indicator_name as parent_name,
  i.definition,
  i.valid_from,
  i.valid_to
from indicators i
left join indicators p on p.indicator_code = i.parent_code
