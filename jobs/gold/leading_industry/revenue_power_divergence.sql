-- Revenue up by 10 % or more while power is down by 10 % or more, against the same month of the year before.
with newest as (
  select
    uscc,
    period,
    max_by(struct(revenue_k, elec_kwh, industry_code, chain_code, division_code, vintage_no), struct(vintage_no, _period, _row)) as r
  from silver.industrial_ent_month
  group by uscc, period
),
compared as (
  -- A firm without the month of the year before, or with a zero there, has no growth: it is not "+100 %".
  select
    n.uscc,
    n.period,
    b.period as base_period,
    n.r as now,
    b.r as base,
    n.r.revenue_k * 100 / nullif(b.r.revenue_k, 0) - 100 as revenue_yoy_pct,
    n.r.elec_kwh * 100 / nullif(b.r.elec_kwh, 0) - 100 as elec_yoy_pct,
    last_day(to_date(concat(n.period, '01'), 'yyyyMMdd')) as day
  from newest n
  join newest b on b.uscc = n.uscc and b.period = concat(cast(left(n.period, 4) as int) - 1, right(n.period, 2))
)
select
  c.uscc,
  c.period,
  c.base_period,
  e.entity_name,
  c.now.industry_code as industry_code,
  c.now.chain_code as chain_code,
  c.now.division_code as division_code,
  u.code as unit_code,
  u.name as unit_name,
  c.now.revenue_k as revenue_k,
  c.base.revenue_k as base_revenue_k,
  c.revenue_yoy_pct,
  c.now.elec_kwh as elec_kwh,
  c.base.elec_kwh as base_elec_kwh,
  c.elec_yoy_pct,
  c.now.vintage_no as vintage_no,
  c.base.vintage_no as base_vintage_no
from compared c
left join silver.market_entity e on e.uscc = c.uscc and e._is_current
left join codes.reporting_units u
  on u.division = c.now.division_code
  and c.day between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
where c.revenue_yoy_pct >= 10 and c.elec_yoy_pct <= -10
