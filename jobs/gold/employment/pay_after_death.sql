-- Benefits for months after that of the death. The month decides, not the day of payment: arrears of earlier months are due to the heirs.
with payments as (
  select pay_id, max_by(struct(id_no, benefit_code, period, amount, pay_result, payment_date, division_code), struct(_period, _delivery, _row)) as p
  from silver.benefit_pay
  group by pay_id
),
paid as (
  select p.* from payments where p.pay_result = '1'
),
asof as (
  select max(payment_date) as day from paid
),
dead as (
  -- As the police know it now: who was entered as dead by mistake lives again in a later version.
  select id_no, max(death_date) as death_date
  from silver.person_base
  where _is_current and alive_flag = '0' and death_date is not null
  group by id_no
),
suspects as (
  select
    p.*,
    left(p.period, 4) as stat_year,
    months_between(to_date(concat(p.period, '01'), 'yyyyMMdd'), trunc(d.death_date, 'MM')) as months_after
  from paid p
  join dead d on d.id_no = p.id_no
  where to_date(concat(p.period, '01'), 'yyyyMMdd') > last_day(d.death_date)
),
summed as (
  select
    stat_year,
    division_code,
    benefit_code,
    count(distinct id_no) as persons,
    count(*) as payments,
    sum(amount) as amount,
    min(period) as first_period,
    max(period) as last_period,
    max(months_after) as months_after
  from suspects
  group by stat_year, division_code, benefit_code
),
names as (
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
  s.stat_year,
  s.division_code,
  s.benefit_code,
  '1' as suspect_kind,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  s.persons,
  s.payments,
  s.amount,
  s.first_period,
  s.last_period,
  cast(s.months_after as bigint) as max_months_after_death,
  a.day as as_of
from summed s
cross join asof a
left join names n on n.code = s.division_code
left join units u on u.division = s.division_code
