-- Counties that lag in each month: projects begun of those that were due, and money spent of the total of those same projects.
with months as (
  select period, last_day(to_date(concat(period, '01'), 'yyyyMMdd')) as day from silver.invest_progress group by period
),
projects as (
  -- What the platform knew of each project when the month ended.
  select m.period, m.day, p.project_code, p.division_code, p.total_invest_wan, p.plan_start, p.project_status
  from months m
  join silver.invest_project p
    on p._valid_from < date_add(m.day, 1) and (p._valid_to is null or p._valid_to >= date_add(m.day, 1))
  where p.project_status <> '90'
),
newest as (
  select project_code, period, max_by(struct(cum_invest_wan, problem_code), struct(report_time, _period, _row)) as g
  from silver.invest_progress
  group by project_code, period
),
progress as (
  -- What has been spent cannot become less: such a figure is wrong now or was wrong before.
  select
    project_code,
    period,
    g.cum_invest_wan as cum,
    g.problem_code as problem,
    coalesce(g.cum_invest_wan < lag(g.cum_invest_wan) over (partition by project_code order by period), false) as is_falling
  from newest
),
joined as (
  select
    p.*,
    coalesce(p.plan_start <= p.day, false) as is_due,
    p.project_status in ('20', '30', '40', '50') as is_started,
    g.problem,
    coalesce(g.is_falling, false) as is_falling,
    case when not g.is_falling then g.cum end as cum
  from projects p
  left join progress g on g.project_code = p.project_code and g.period = p.period
),
summed as (
  select
    period,
    day,
    division_code,
    count_if(is_due and is_started) as started,
    count_if(is_due) as due,
    sum(cum) as cum,
    sum(case when cum is not null then total_invest_wan end) as total,
    count(cum) as compared,
    count_if(is_falling) as falling,
    count(problem) as problems
  from joined
  group by period, day, division_code
),
problems as (
  select period, division_code, max_by(struct(problem, n), struct(n, -cast(problem as int))) as most
  from (select period, division_code, problem, count(*) as n from joined where problem is not null group by period, division_code, problem) counted
  group by period, division_code
),
rated as (
  select
    *,
    started * 100 / nullif(due, 0) as start_rate,
    cum * 100 / nullif(total, 0) as completion
  from summed
  where due > 0 or compared > 0
),
ranked as (
  select
    *,
    case when start_rate is not null then rank() over (partition by period order by start_rate nulls last) end as start_rank,
    case when completion is not null then rank() over (partition by period order by completion nulls last) end as completion_rank,
    count(*) over (partition by period) as counties
  from rated
),
names as (
  select m.day, d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from months m join codes.divisions d on to_date(coalesce(d.valid_from, '1900-01-01')) <= m.day
  group by m.day, d.code
),
units as (
  select m.day, u.division, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from months m join codes.reporting_units u on to_date(coalesce(u.valid_from, '1900-01-01')) <= m.day
  group by m.day, u.division
)
select
  r.period,
  r.division_code,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  r.started as started_projects,
  r.due as due_projects,
  r.start_rate as start_rate_pct,
  r.start_rank,
  r.cum as cum_invest_wan,
  r.total as total_invest_wan,
  r.compared as compared_projects,
  r.completion as completion_pct,
  r.completion_rank,
  r.falling as falling_projects,
  b.most.problem as main_problem,
  b.most.n as main_problem_projects,
  r.problems as problem_projects,
  r.counties,
  r.day as as_of
from ranked r
left join problems b on b.period = r.period and b.division_code = r.division_code
left join names n on n.day = r.day and n.code = r.division_code
left join units u on u.day = r.day and u.division = r.division_code
where r.start_rank <= 10 or r.completion_rank <= 10
