-- Retail sales (A04001) and redeemed vouchers, month by month; January and February are one observation.
with retail as (
  -- The newest vintage of each county and month. The two sides write months differently: 2024-03 and 202403.
  select
    division_code,
    period,
    max_by(value, struct(vintage_no, release_date, _period, _row)) as value
  from silver.macro_indicator_obs
  where indicator_code = 'A04001' and period_type = 'M'
  group by division_code, period
),
vouchers as (
  select
    division_code,
    concat(left(period, 4), '-', right(period, 2)) as period,
    voucher_kind,
    max_by(redeemed_yuan, struct(_period, _row)) as redeemed_yuan
  from silver.voucher_redeem
  group by division_code, period, voucher_kind
),
both as (
  select division_code, period, value as retail_yi, cast(0 as decimal(16, 2)) as redeemed_yuan, 1 as retail_rows, 0 as voucher_rows
  from retail
  where value is not null
  union all
  select division_code, period, 0, redeemed_yuan, 0, 1 from vouchers
),
observed as (
  -- Counties only, by the unit that they belonged to when the month ended; figures of whole cities are not in the mapping.
  select
    u.code as unit_code,
    u.name as unit_name,
    if(b.period like '%-01', concat(left(b.period, 4), '-02'), b.period) as period,
    sum(b.retail_yi) as retail_yi,
    sum(b.redeemed_yuan) as redeemed_yuan,
    sum(b.retail_rows) as retail_rows,
    sum(b.voucher_rows) as voucher_rows
  from both b
  join codes.reporting_units u
    on u.division = b.division_code
    and last_day(to_date(concat(b.period, '-01'))) between to_date(coalesce(u.valid_from, '1900-01-01'))
      and to_date(coalesce(u.valid_to, '9999-12-31'))
  group by u.code, u.name, if(b.period like '%-01', concat(left(b.period, 4), '-02'), b.period)
),
measured as (
  select
    unit_code,
    unit_name,
    count(*) as observations,
    min(period) as first_period,
    max(period) as last_period,
    sum(retail_yi) as retail_yi,
    sum(redeemed_yuan) as redeemed_yuan,
    covar_samp(retail_yi, redeemed_yuan / 10000) as covariance,
    stddev_samp(retail_yi) * stddev_samp(redeemed_yuan / 10000) as deviations_product
  from observed
  where retail_rows > 0 and voucher_rows > 0
  group by unit_code, unit_name
),
judged as (
  select *, case when observations >= 6 then covariance / nullif(deviations_product, 0) end as correlation from measured
)
select
  unit_code,
  unit_name,
  observations,
  first_period,
  last_period,
  retail_yi,
  redeemed_yuan,
  covariance,
  deviations_product,
  correlation,
  case when correlation * correlation < 1 then correlation * sqrt((observations - 2) / (1 - correlation * correlation)) end as t_value
from judged
