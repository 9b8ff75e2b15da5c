-- Counties' own accounts (budget_level 4, with 乡 in them), cumulative to the newest month of each year, newest vintage of each figure.
with newest as (
  select
    division_code,
    subject_code,
    period,
    max_by(cum_wan, struct(vintage_no, report_time, _period, _row)) as cum_wan,
    max(vintage_no) as vintage_no,
    max(report_time) as report_time
  from silver.budget_exec
  where budget_level = '4'
  group by division_code, subject_code, period
),
months as (
  select left(period, 4) as stat_year, max(period) as period from newest group by left(period, 4)
),
counties as (
  -- A class (类) already holds its items (款): totals take the one level, the three guarantees (三保) the other, never both.
  select
    m.stat_year,
    m.period,
    n.division_code,
    sum(case when s.side = '收入' and s.in_total = '1' then n.cum_wan end) as revenue,
    sum(case when s.side = '支出' and s.in_total = '1' then n.cum_wan end) as expense,
    coalesce(sum(case when s.guarantee = '保工资' then n.cum_wan end), 0) as wage,
    coalesce(sum(case when s.guarantee = '保基本民生' then n.cum_wan end), 0) as livelihood,
    coalesce(sum(case when s.guarantee = '保运转' then n.cum_wan end), 0) as operation,
    max(n.vintage_no) as vintage_no,
    to_date(max(n.report_time)) as as_of
  from months m
  join newest n on n.period = m.period
  join codes.budget_subjects s on s.code = n.subject_code
  group by m.stat_year, m.period, n.division_code
),
shares as (
  select
    *,
    wage + livelihood + operation as guarantee,
    revenue * 100 / nullif(expense, 0) as sufficiency,
    (wage + livelihood + operation) * 100 / nullif(expense, 0) as share
  from counties
),
ranked as (
  -- Without expenditure there is no share and no rank.
  select
    *,
    case when sufficiency is not null then rank() over (partition by stat_year order by sufficiency nulls last) end as sufficiency_rank,
    case when share is not null then rank() over (partition by stat_year order by share nulls last) end as guarantee_rank,
    count(share) over (partition by stat_year) as ranked_counties
  from shares
),
days as (
  select stat_year, division_code, last_day(to_date(concat(period, '01'), 'yyyyMMdd')) as day from ranked
),
names as (
  select y.stat_year, y.division_code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from days y join codes.divisions d on d.code = y.division_code and to_date(coalesce(d.valid_from, '1900-01-01')) <= y.day
  group by y.stat_year, y.division_code
),
units as (
  select y.stat_year, y.division_code, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from days y join codes.reporting_units u on u.division = y.division_code and to_date(coalesce(u.valid_from, '1900-01-01')) <= y.day
  group by y.stat_year, y.division_code
)
select
  r.stat_year,
  r.division_code,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  r.period,
  r.revenue as revenue_cum_wan,
  r.guarantee as guarantee_wan,
  r.wage as wage_wan,
  r.livelihood as livelihood_wan,
  r.operation as operation_wan,
  r.expense as expense_cum_wan,
  r.sufficiency as sufficiency_pct,
  r.share as guarantee_pct,
  r.sufficiency_rank,
  r.guarantee_rank,
  r.ranked_counties as counties,
  r.vintage_no as max_vintage_no,
  r.as_of
from ranked r
left join names n on n.stat_year = r.stat_year and n.division_code = r.division_code
left join units u on u.stat_year = r.stat_year and u.division_code = r.division_code
where r.sufficiency_rank <= 20 or r.guarantee_rank <= 20
