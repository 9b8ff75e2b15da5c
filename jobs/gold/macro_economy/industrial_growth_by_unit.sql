-- 规上工业增加值 A02001: cumulative growth of the 14 reporting units, ranked within each year.
with newest as (
  -- One figure per place and month: the newest vintage, and of the same vintage the one handed in last.
  select
    division_code,
    period,
    max_by(cum_value, struct(vintage_no, release_date, _period, _row)) as cum_value,
    max(vintage_no) as vintage_no,
    max(release_date) as release_date
  from silver.macro_indicator_obs
  where indicator_code = 'A02001' and period_type = 'M'
  group by division_code, period
),
compared as (
  -- Numerator and denominator have the same scope: a county counts only where both years have its figure.
  select
    n.division_code,
    n.period,
    b.period as base_period,
    n.cum_value,
    b.cum_value as base_cum_value,
    greatest(n.vintage_no, b.vintage_no) as vintage_no,
    greatest(n.release_date, b.release_date) as release_date
  from newest n
  join newest b
    on b.division_code = n.division_code
    and b.period = concat(cast(left(n.period, 4) as int) - 1, substr(n.period, 5))
  where n.cum_value is not null and b.cum_value is not null
),
by_unit as (
  -- Figures of cities include, by law, counties that report on their own (保定 holds 定州 and 雄安's three): they are left out
  -- because the mapping knows counties only, and each county goes to the unit that it belonged to when the month ended.
  select
    c.period,
    u.code as unit_code,
    sum(c.cum_value) as cum_value,
    sum(c.base_cum_value) as base_cum_value,
    max(c.base_period) as base_period,
    count(*) as counties,
    max(c.vintage_no) as vintage_no,
    max(c.release_date) as release_date
  from compared c
  join codes.reporting_units u
    on u.division = c.division_code
    and last_day(to_date(concat(c.period, '-01'))) between to_date(coalesce(u.valid_from, '1900-01-01'))
      and to_date(coalesce(u.valid_to, '9999-12-31'))
  group by c.period, u.code
),
months as (
  select left(period, 4) as stat_year, max(period) as period, max(base_period) as base_period, max(release_date) as as_of
  from by_unit
  group by left(period, 4)
),
units as (
  -- A unit without a figure still has its row: 14 per year.
  select m.stat_year, m.period, m.base_period, m.as_of, u.code as unit_code, max(u.name) as unit_name, count(*) as counties_due
  from months m
  join codes.reporting_units u
    on last_day(to_date(concat(m.period, '-01'))) between to_date(coalesce(u.valid_from, '1900-01-01'))
      and to_date(coalesce(u.valid_to, '9999-12-31'))
  group by m.stat_year, m.period, m.base_period, m.as_of, u.code
),
growth as (
  select
    u.*,
    b.cum_value,
    b.base_cum_value,
    b.counties,
    b.vintage_no,
    b.cum_value * 100 / nullif(b.base_cum_value, 0) - 100 as growth_pct
  from units u
  left join by_unit b on b.period = u.period and b.unit_code = u.unit_code
)
select
  stat_year,
  unit_code,
  unit_name,
  period,
  base_period,
  cum_value,
  base_cum_value,
  growth_pct,
  case
    when growth_pct is not null then rank() over (partition by stat_year order by growth_pct desc nulls last)
  end as growth_rank,
  coalesce(counties, 0) as counties_compared,
  counties_due,
  vintage_no as max_vintage_no,
  as_of
from growth
