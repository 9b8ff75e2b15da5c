-- Firms that went from B to D between two quarters in a row, and what was decided against them in the second.
with graded as (
  select
    uscc,
    eval_period,
    -- Quarters in a row: 2023Q4 → 8095, 2024Q1 → 8096.
    cast(left(eval_period, 4) as int) * 4 + cast(right(eval_period, 1) as int) - 1 as quarter_no,
    max_by(struct(grade4, score, main_reason, eval_time), struct(eval_time, _period, _row)) as result
  from silver.credit_score
  group by uscc, eval_period
),
followed as (
  select
    *,
    lag(quarter_no) over (partition by uscc order by quarter_no) as previous_no,
    lag(eval_period) over (partition by uscc order by quarter_no) as previous_period,
    lag(result) over (partition by uscc order by quarter_no) as previous_result
  from graded
),
fallen as (
  -- The row before may be years old: only the quarter before counts.
  select
    uscc, eval_period, previous_period, result, previous_result,
    make_date(quarter_no div 4, quarter_no % 4 * 3 + 1, 1) as trigger_from,
    to_date(result.eval_time) as trigger_to
  from followed
  where previous_no = quarter_no - 1 and previous_result.grade4 = 'B' and result.grade4 = 'D'
),
triggers as (
  -- Penalties (02) and findings of serious dishonesty (03) from the quarter's first day to the day of the evaluation.
  select
    f.uscc,
    f.eval_period,
    count_if(r.record_kind = '02') as penalties,
    count_if(r.record_kind = '03') as serious_breaches,
    sum(r.penalty_amt) as penalty_amt_wan,
    count_if(r.repaired_flag = '1') as repaired,
    min(r.decide_date) as first_decide_date,
    max(r.decide_date) as last_decide_date
  from fallen f
  join silver.credit_record r
    on r.uscc = f.uscc and r.record_kind in ('02', '03') and r.decide_date between f.trigger_from and f.trigger_to
  group by f.uscc, f.eval_period
)
select
  f.uscc,
  f.eval_period,
  e.entity_name,
  f.previous_period,
  f.result.score as score,
  f.previous_result.score as previous_score,
  f.result.main_reason as main_reason,
  f.trigger_from,
  f.trigger_to,
  coalesce(t.penalties, 0) as penalties,
  coalesce(t.serious_breaches, 0) as serious_breaches,
  coalesce(t.penalty_amt_wan, 0) as penalty_amt_wan,
  coalesce(t.repaired, 0) as repaired,
  t.first_decide_date,
  t.last_decide_date
from fallen f
left join triggers t on t.uscc = f.uscc and t.eval_period = f.eval_period
left join silver.market_entity e on e.uscc = f.uscc and e._is_current
