-- Valid licences of existing firms that run out within 30 days of the newest change known.
with asof as (
  select max(to_date(_valid_from)) as day from silver.licence
),
expiring as (
  -- The version in force on the day: one that has been renewed since no longer runs out.
  select l.licence_id, l.type_code, l.holder_id_no as uscc, l.division_code, l.valid_to, a.day
  from silver.licence l
  join asof a
    on l._valid_from < date_add(a.day, 1)
    and (l._valid_to is null or l._valid_to >= date_add(a.day, 1))
  where l.status = '1' and l.holder_id_type = '001' and l.valid_to between a.day and date_add(a.day, 30)
),
firms as (
  select e.uscc, e.division_code
  from silver.market_entity e
  join asof a
    on e._valid_from < date_add(a.day, 1)
    and (e._valid_to is null or e._valid_to >= date_add(a.day, 1))
  where e.reg_status = '1'
),
counted as (
  -- A licence may come without its area: then the firm's county counts, so that none is lost.
  select
    coalesce(x.division_code, f.division_code) as division_code,
    x.type_code,
    x.day,
    count(*) as licences,
    count(distinct x.uscc) as holders,
    min(x.valid_to) as first_expiry,
    max(x.valid_to) as last_expiry
  from expiring x
  join firms f on f.uscc = x.uscc
  group by coalesce(x.division_code, f.division_code), x.type_code, x.day
),
names as (
  select d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from codes.divisions d join asof a on to_date(coalesce(d.valid_from, '1900-01-01')) <= a.day
  group by d.code
)
select
  c.division_code,
  c.type_code,
  n.name as division_name,
  t.type_name,
  c.licences,
  c.holders,
  c.first_expiry,
  c.last_expiry,
  c.day as as_of
from counted c
left join names n on n.code = c.division_code
left join silver.licence_type t on t.type_code = c.type_code and t._is_current
