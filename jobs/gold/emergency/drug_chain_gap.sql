-- Drugs that went out from a firm which neither made nor received them, or the pack that they are in, before.
with packed as (
  select trace_code, max(parent_trace_code) as parent_code from silver.drug_trace where parent_trace_code is not null group by trace_code
),
inside as (
  -- A pack, the pack that it is in, and the box that both are in: what happens to the box happens to all of them.
  select distinct trace_code, trace_code as holder_code from silver.drug_trace
  union
  select trace_code, parent_code from packed
  union
  select p.trace_code, o.parent_code from packed p join packed o on o.trace_code = p.parent_code
),
got as (
  select trace_code, event_time, case trace_event when '1' then coalesce(from_uscc, to_uscc) else to_uscc end as holder
  from silver.drug_trace
  where trace_event in ('1', '3')
),
sent as (
  select trace_code, trace_event, event_time, pack_level, from_uscc, to_uscc
  from silver.drug_trace
  where trace_event in ('2', '4', '5') and from_uscc is not null
),
known as (
  select
    s.trace_code, s.trace_event, s.event_time,
    max_by(g.holder, g.event_time) as last_holder,
    coalesce(bool_or(g.holder = s.from_uscc), false) as had_it
  from sent s
  join inside i on i.trace_code = s.trace_code
  left join got g on g.trace_code = i.holder_code and g.event_time <= s.event_time
  group by s.trace_code, s.trace_event, s.event_time
)
select
  s.trace_code,
  s.trace_event,
  s.event_time,
  s.pack_level,
  s.from_uscc,
  e.entity_name as from_name,
  s.to_uscc,
  k.last_holder
from sent s
join known k on k.trace_code = s.trace_code and k.trace_event = s.trace_event and k.event_time = s.event_time
left join silver.market_entity e on e.uscc = s.from_uscc and e._is_current
where not k.had_it
