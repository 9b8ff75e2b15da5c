-- Devices in use that failed (1), are overdue (2), were never inspected (3) or have to be inspected within 30 days (4).
with asof as (
  -- The newest word on devices and inspections, so that a re-run gives the same.
  select max(told) as as_of
  from (
    select max(to_date(update_time)) as told from silver.equip
    union all
    select max(to_date(update_time)) as told from silver.equip_inspect
  )
),
inspected as (
  select reg_code, max_by(struct(inspect_day, conclusion, next_due), struct(inspect_day, report_no)) as newest
  from silver.equip_inspect
  group by reg_code
),
devices as (
  select
    d.reg_code, d.equip_type, d.uscc, d.division_code, i.newest, a.as_of,
    case
      when i.newest is null then '3'
      when i.newest.conclusion = '3' then '1'
      when i.newest.next_due < a.as_of then '2'
      when i.newest.next_due <= date_add(a.as_of, 30) then '4'
    end as standing
  from silver.equip d
  cross join asof a
  left join inspected i on i.reg_code = d.reg_code
  where d._is_current and d.equip_status = '2'
)
select
  d.reg_code,
  d.standing,
  d.equip_type,
  d.uscc,
  e.entity_name,
  d.division_code,
  d.newest.inspect_day as last_inspect_day,
  d.newest.conclusion as last_conclusion,
  d.newest.next_due as next_due,
  datediff(d.as_of, d.newest.next_due) as days_overdue,
  d.as_of
from devices d
left join silver.market_entity e on e.uscc = d.uscc and e._is_current
where d.standing is not null
