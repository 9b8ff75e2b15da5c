-- Three months in a row, each more than 30 % below the same month of the year before, and what became of the staff.
with newest as (
  select
    uscc, hs_code, country_code, trade_mode, period,
    max_by(struct(value_usd, division_code), struct(_period, _row)) as v
  from silver.customs_trade
  where ie_flag = 'E'
  group by uscc, hs_code, country_code, trade_mode, period
),
exports as (
  select
    uscc,
    period,
    cast(left(period, 4) as int) * 12 + cast(right(period, 2) as int) - 1 as month_no,
    sum(v.value_usd) as usd
  from newest
  group by uscc, period
),
months as (
  -- A month that was handed in at all: a firm that is not in it exported nothing. A month not yet handed in is no fall.
  select distinct
    left(period, 4) as y, period, cast(left(period, 4) as int) * 12 + cast(right(period, 2) as int) - 1 as month_no
  from silver.customs_trade
),
falls as (
  select
    b.uscc,
    m.period,
    m.month_no,
    coalesce(n.usd, 0) as usd,
    b.usd as base_usd,
    coalesce(n.usd, 0) * 100 / nullif(b.usd, 0) - 100 as yoy_pct
  from exports b
  join months m on m.month_no = b.month_no + 12
  left join exports n on n.uscc = b.uscc and n.month_no = m.month_no
  where b.usd > 0 and coalesce(n.usd, 0) * 100 / nullif(b.usd, 0) - 100 < -30
),
followed as (
  select
    *,
    lag(month_no, 2) over (partition by uscc order by month_no) as first_no,
    lag(yoy_pct, 2) over (partition by uscc order by month_no) as yoy_1_pct,
    lag(yoy_pct, 1) over (partition by uscc order by month_no) as yoy_2_pct,
    sum(usd) over (partition by uscc order by month_no rows 2 preceding) as usd_3,
    sum(base_usd) over (partition by uscc order by month_no rows 2 preceding) as base_usd_3
  from falls
),
insured as (
  select uscc, period, max_by(insured_cnt, struct(_period, _row)) as insured_cnt
  from silver.entity_social_insurance
  where ins_type = '110'
  group by uscc, period
),
places as (
  select uscc, max_by(v.division_code, period) as division_code from newest group by uscc
)
select
  f.uscc,
  f.period,
  e.entity_name,
  p.division_code,
  u.code as unit_code,
  u.name as unit_name,
  f.usd_3 as export_usd,
  f.base_usd_3 as base_export_usd,
  f.usd_3 * 100 / f.base_usd_3 - 100 as export_yoy_pct,
  f.yoy_1_pct,
  f.yoy_2_pct,
  f.yoy_pct as yoy_3_pct,
  i.insured_cnt,
  b.insured_cnt as base_insured_cnt,
  i.insured_cnt - b.insured_cnt as insured_change
from followed f
left join silver.market_entity e on e.uscc = f.uscc and e._is_current
left join places p on p.uscc = f.uscc
left join codes.reporting_units u
  on u.division = p.division_code
  and last_day(to_date(concat(f.period, '01'), 'yyyyMMdd')) between to_date(coalesce(u.valid_from, '1900-01-01'))
    and to_date(coalesce(u.valid_to, '9999-12-31'))
left join insured i on i.uscc = f.uscc and i.period = f.period
left join insured b on b.uscc = f.uscc and b.period = concat(cast(left(f.period, 4) as int) - 1, right(f.period, 2))
where f.first_no = f.month_no - 2
