-- Shares of the four grades in each evaluation, beside those that the province published in 2025.
with published as (
  select grade4, cast(pct as decimal(7, 4)) as pct, 2921415 as total
  from values ('A', 4.24), ('B', 92.05), ('C', 3.18), ('D', 0.53) as shares(grade4, pct)
),
graded as (
  -- A firm counts once per evaluation: its newest result.
  select eval_period, uscc, max_by(grade4, struct(eval_time, _period, _row)) as grade4, max(eval_time) as eval_time
  from silver.credit_score
  group by eval_period, uscc
),
totals as (
  select eval_period, count(*) as enterprises, to_date(max(eval_time)) as as_of from graded group by eval_period
),
counted as (
  select eval_period, grade4, count(*) as enterprises from graded group by eval_period, grade4
),
shares as (
  -- All four grades in each evaluation: a grade that nobody got is a zero, not a gap.
  select
    t.eval_period,
    p.grade4,
    coalesce(c.enterprises, 0) as enterprises,
    t.enterprises as total_enterprises,
    -- Decimals, not doubles: shares are compared to the hundredth of a per cent.
    cast(coalesce(c.enterprises, 0) * 100.0 / t.enterprises as decimal(7, 4)) as share_pct,
    p.pct as published_pct,
    p.total as published_total,
    t.as_of
  from totals t
  cross join published p
  left join counted c on c.eval_period = t.eval_period and c.grade4 = p.grade4
)
select
  eval_period,
  grade4,
  enterprises,
  total_enterprises,
  share_pct,
  published_pct,
  published_total,
  share_pct - published_pct as difference_pts,
  as_of
from shares
