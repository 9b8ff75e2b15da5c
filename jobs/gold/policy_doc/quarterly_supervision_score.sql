-- Each department's tasks that fell due in a quarter, as they stood when the quarter ended: later work does not mend it.
with asof as (
  select max(to_date(_valid_from)) as day from silver.supervise_task
),
quarters as (
  select distinct
    concat(year(t.due_date), 'Q', quarter(t.due_date)) as quarter_period,
    least(date_sub(add_months(to_date(date_trunc('quarter', t.due_date)), 3), 1), a.day) as day
  from silver.supervise_task t
  cross join asof a
  where date_trunc('quarter', t.due_date) <= a.day
),
standing as (
  -- A task whose term was put off belongs to the quarter that its term names on that day.
  select q.quarter_period, q.day, t.task_id, t.dept_code, t.due_date, t.task_status, t.progress_pct, t.feedback_time
  from quarters q
  join silver.supervise_task t
    on t._valid_from < date_add(q.day, 1)
    and (t._valid_to is null or t._valid_to >= date_add(q.day, 1))
    and concat(year(t.due_date), 'Q', quarter(t.due_date)) = q.quarter_period
    and t.due_date <= q.day
),
counted as (
  select
    quarter_period,
    dept_code,
    count(*) as due_tasks,
    count_if(task_status = '3' and to_date(feedback_time) <= due_date) as done_in_time,
    count_if(task_status = '3' and to_date(feedback_time) > due_date) as done_late,
    count_if(task_status <> '3') as overdue,
    sum(progress_pct) as progress_sum
  from standing
  group by quarter_period, dept_code
),
names as (
  select q.quarter_period, d.code, max_by(d.name, d.valid_from) as name
  from quarters q
  join codes.departments d
    on q.day between to_date(d.valid_from) and to_date(coalesce(d.valid_to, '9999-12-31'))
  group by q.quarter_period, d.code
),
departments as (
  -- Whoever has ever had a task is listed in each quarter in which it exists; without one due it has no score, which is not zero.
  select q.quarter_period, q.day, t.dept_code
  from quarters q
  cross join (select distinct dept_code from silver.supervise_task) t
),
scored as (
  select
    d.quarter_period,
    d.dept_code,
    n.name as dept_name,
    d.day,
    coalesce(c.due_tasks, 0) as due_tasks,
    coalesce(c.done_in_time, 0) as done_in_time,
    coalesce(c.done_late, 0) as done_late,
    coalesce(c.overdue, 0) as overdue,
    c.done_in_time * 100.0 / c.due_tasks as in_time_pct,
    c.progress_sum,
    c.progress_sum / c.due_tasks as average_progress_pct,
    cast(c.done_in_time * 60.0 / c.due_tasks + c.progress_sum * 0.4 / c.due_tasks as decimal(7, 2)) as score
  from departments d
  left join counted c on c.quarter_period = d.quarter_period and c.dept_code = d.dept_code
  left join names n on n.quarter_period = d.quarter_period and n.code = d.dept_code
  where n.name is not null or c.due_tasks > 0
)
select
  quarter_period,
  dept_code,
  dept_name,
  due_tasks,
  done_in_time,
  done_late,
  overdue,
  in_time_pct,
  progress_sum,
  average_progress_pct,
  score,
  case when score is not null then rank() over (partition by quarter_period order by score desc nulls last) end as score_rank,
  count(score) over (partition by quarter_period) as ranked_departments,
  day as as_of
from scored
