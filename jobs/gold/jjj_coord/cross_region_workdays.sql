-- Working days that cases across provinces took, against those that were promised, by item and month of completion.
with places as (
  select code, max_by(struct(level, parent), coalesce(valid_from, '1900-01-01')) as d from codes.divisions group by code
),
provinces as (
  -- A county's province is its parent's parent, or its parent where there is no city between (北京, 天津).
  select
    p.code,
    case when p.d.level = '1' then p.code when u.d.level = '1' then u.code else u.d.parent end as province
  from places p
  left join places u on u.code = p.d.parent
),
finished as (
  select
    s.case_no,
    s.item_code,
    s.promise_days,
    s.rating,
    to_date(s.accept_time) as accepted,
    to_date(s.finish_time) as done
  from silver.cross_region_service s
  join provinces f on f.code = s.from_region
  join provinces t on t.code = s.to_region
  where s.finish_time is not null and s.finish_time >= s.accept_time and f.province <> t.province
),
days as (
  -- The day of acceptance does not count, that of completion does. The list holds exceptions to the week only.
  select f.case_no, count_if(coalesce(w.workday = '1', weekday(f.day) < 5)) as workdays
  from (
    select case_no, explode(sequence(date_add(accepted, 1), done, interval 1 day)) as day from finished where done > accepted
  ) f
  left join codes.workdays w on to_date(w.code) = f.day
  group by f.case_no
),
measured as (
  select f.*, coalesce(d.workdays, 0) as workdays
  from finished f
  left join days d on d.case_no = f.case_no
)
select
  date_format(done, 'yyyy-MM') as finish_month,
  item_code,
  count(*) as cases,
  sum(workdays) as actual_workdays,
  sum(promise_days) as promised_workdays,
  -- Sums over sums: a mean of ratios would let a one-day promise outweigh a month's.
  sum(workdays) * 1.0 / nullif(sum(promise_days), 0) as actual_promise_ratio,
  sum(workdays) * 1.0 / count(*) as mean_workdays,
  sum(promise_days) * 1.0 / count(*) as mean_promise_days,
  count_if(workdays > promise_days) as overdue_cases,
  sum(datediff(done, accepted)) as calendar_days,
  count(rating) as rated_cases,
  count_if(rating in ('1', '2')) as dissatisfied_cases
from measured
group by date_format(done, 'yyyy-MM'), item_code
