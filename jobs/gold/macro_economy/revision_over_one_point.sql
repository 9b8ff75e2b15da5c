-- First against newest vintage of the last twelve months; the vintage number decides, not the order of arrival.
with newest_month as (
  select max(period) as period from silver.macro_indicator_obs
),
recent as (
  select o.*, last_day(to_date(concat(m.period, '-01'))) as as_of
  from silver.macro_indicator_obs o
  cross join newest_month m
  where o.period > date_format(add_months(to_date(concat(m.period, '-01')), -12), 'yyyy-MM')
),
revised as (
  select
    indicator_code,
    division_code,
    period,
    max(as_of) as as_of,
    min_by(struct(vintage_no, data_status, value, yoy_pct, release_date), struct(vintage_no, release_date, _period, _row)) as first,
    max_by(struct(vintage_no, data_status, value, yoy_pct, release_date), struct(vintage_no, release_date, _period, _row)) as last
  from recent
  group by indicator_code, division_code, period
)
select
  r.indicator_code,
  r.division_code,
  r.period,
  m.indicator_name,
  r.first.vintage_no as first_vintage_no,
  r.last.vintage_no as last_vintage_no,
  r.first.data_status as first_status,
  r.last.data_status as last_status,
  r.first.value as first_value,
  r.last.value as last_value,
  r.first.yoy_pct as first_yoy_pct,
  r.last.yoy_pct as last_yoy_pct,
  r.last.yoy_pct - r.first.yoy_pct as revision_pts,
  r.first.release_date as first_release_date,
  r.last.release_date as last_release_date,
  r.as_of
from revised r
left join silver.macro_indicator_meta m on m.indicator_code = r.indicator_code and m._is_current
where abs(r.last.yoy_pct - r.first.yoy_pct) > 1
