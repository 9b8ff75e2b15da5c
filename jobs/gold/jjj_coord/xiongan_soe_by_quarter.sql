-- Second- and third-level subsidiaries of central enterprises that moved from Beijing and landed in 雄安, by quarter.
with provinces as (
  -- A county of Beijing lies directly under it; both count, whatever the code looks like.
  select distinct code from codes.divisions where code = '110000' or parent = '110000'
),
xiongan as (
  -- 雄安's three counties from the day they became it, and the area's own statistical code.
  select division as code, valid_from, valid_to from codes.reporting_units where code = '133100'
  union all
  select distinct code, valid_from, valid_to from codes.reporting_units where code = '133100'
),
projects as (
  select p.project_code, p.uscc, p.soe_level, p.invest_wan, p.staff_cnt, p.land_date
  from silver.relocation_project p
  left semi join provinces b on b.code = p.source_region
  left semi join xiongan x
    on x.code = p.target_division
    and p.land_date between to_date(coalesce(x.valid_from, '1900-01-01')) and to_date(coalesce(x.valid_to, '9999-12-31'))
  where p._is_current and p.soe_level in ('2', '3') and p.land_date is not null
),
firms as (
  -- A firm with several projects lands once, with the first.
  select uscc, min_by(soe_level, struct(land_date, project_code)) as soe_level, trunc(min(land_date), 'quarter') as quarter_start
  from projects
  where uscc is not null
  group by uscc
),
span as (
  select min(trunc(land_date, 'quarter')) as first_quarter, max(trunc(land_date, 'quarter')) as last_quarter from projects
),
quarters as (
  -- A quarter in which nobody landed is a zero, not a gap: the change is against the quarter before.
  select explode(sequence(first_quarter, last_quarter, interval 3 months)) as quarter_start
  from span
  where first_quarter is not null
),
landed as (
  select
    quarter_start,
    count(*) as subsidiaries,
    count_if(soe_level = '2') as second_level,
    count_if(soe_level = '3') as third_level
  from firms
  group by quarter_start
),
invested as (
  select
    trunc(land_date, 'quarter') as quarter_start,
    count(*) as projects,
    sum(invest_wan) as invest_wan,
    sum(staff_cnt) as staff_cnt
  from projects
  group by trunc(land_date, 'quarter')
),
series as (
  select
    q.quarter_start,
    coalesce(l.subsidiaries, 0) as subsidiaries,
    coalesce(l.second_level, 0) as second_level,
    coalesce(l.third_level, 0) as third_level,
    coalesce(i.projects, 0) as projects,
    coalesce(i.invest_wan, 0) as invest_wan,
    coalesce(i.staff_cnt, 0) as staff_cnt
  from quarters q
  left join landed l on l.quarter_start = q.quarter_start
  left join invested i on i.quarter_start = q.quarter_start
),
asof as (
  select max(to_date(_valid_from)) as day from silver.relocation_project
)
select
  concat(year(s.quarter_start), 'Q', quarter(s.quarter_start)) as quarter_period,
  s.subsidiaries,
  s.second_level,
  s.third_level,
  s.projects,
  s.invest_wan,
  s.staff_cnt,
  s.subsidiaries - lag(s.subsidiaries) over (order by s.quarter_start) as subsidiaries_change,
  s.invest_wan - lag(s.invest_wan) over (order by s.quarter_start) as invest_change_wan,
  sum(s.subsidiaries) over (order by s.quarter_start) as cum_subsidiaries,
  sum(s.invest_wan) over (order by s.quarter_start) as cum_invest_wan,
  a.day as as_of
from series s
cross join asof a
