-- Three lights for each county and month: registered unemployment, staff of the monitored firms, power. Limits stand in the code list.
with months as (
  select period, last_day(to_date(concat(period, '01'), 'yyyyMMdd')) as day from silver.hire_monitor group by period
),
registered as (
  -- What the register said when the month ended; of several registrations of one person the one that began last.
  select m.period, j.id_no, max_by(struct(j.division_code, j.job_status), struct(j.status_from, j.update_time, j.reg_no)) as r
  from months m
  join silver.job_register j
    on j._valid_from < date_add(m.day, 1)
    and (j._valid_to is null or j._valid_to >= date_add(m.day, 1))
    and j.status_from <= m.day
    and (j.status_to is null or j.status_to > m.day)
  group by m.period, j.id_no
),
labour as (
  select
    period,
    r.division_code as division_code,
    count_if(r.job_status = '20') as unemployed,
    count_if(r.job_status in ('10', '20')) as labour_force
  from registered
  group by period, r.division_code
),
firms as (
  select uscc, period, max_by(struct(staff_begin, staff_end), struct(_period, _delivery, _row)) as h
  from silver.hire_monitor
  group by uscc, period
),
staff as (
  select
    f.period,
    e.division_code,
    sum(f.h.staff_begin) as staff_begin,
    sum(f.h.staff_end) as staff_end,
    count(*) as firms
  from firms f
  join months m on m.period = f.period
  join silver.market_entity e
    on e.uscc = f.uscc and e._valid_from < date_add(m.day, 1) and (e._valid_to is null or e._valid_to >= date_add(m.day, 1))
  group by f.period, e.division_code
),
daily as (
  select division_code, stat_date, max_by(value, struct(report_time, _period, _row)) as kwh
  from silver.leading_indicator_day
  where metric = 'elec_kwh'
  group by division_code, stat_date
),
power as (
  -- Day against day, so that a month half handed in is not compared with a whole one; 29 February has no day to compare with.
  select
    date_format(d.stat_date, 'yyyyMM') as period,
    d.division_code,
    sum(d.kwh) as kwh,
    sum(b.kwh) as base_kwh,
    count(*) as days
  from daily d
  join daily b on b.division_code = d.division_code and b.stat_date = add_months(d.stat_date, -12)
  where date_format(d.stat_date, 'MMdd') <> '0229'
  group by date_format(d.stat_date, 'yyyyMM'), d.division_code
),
counties as (
  -- Counties of the province, with the unit of the month.
  select m.period, m.day, u.division as division_code, u.code as unit_code, u.name as unit_name
  from months m
  join codes.reporting_units u
    on m.day between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
),
names as (
  select m.day, d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from months m join codes.divisions d on to_date(coalesce(d.valid_from, '1900-01-01')) <= m.day
  group by m.day, d.code
),
limits as (
  select
    max(case when code = 'unemployment_pct' then cast(yellow as decimal(9, 4)) end) as unemployment_yellow,
    max(case when code = 'unemployment_pct' then cast(red as decimal(9, 4)) end) as unemployment_red,
    max(case when code = 'staff_change_pct' then cast(yellow as decimal(9, 4)) end) as staff_yellow,
    max(case when code = 'staff_change_pct' then cast(red as decimal(9, 4)) end) as staff_red,
    max(case when code = 'power_yoy_pct' then cast(yellow as decimal(9, 4)) end) as power_yellow,
    max(case when code = 'power_yoy_pct' then cast(red as decimal(9, 4)) end) as power_red
  from codes.job_warning_lights
),
measured as (
  select
    c.*,
    l.unemployed,
    l.labour_force,
    l.unemployed * 100 / nullif(l.labour_force, 0) as unemployment_pct,
    s.staff_end,
    s.staff_begin,
    s.firms,
    s.staff_end * 100 / nullif(s.staff_begin, 0) - 100 as staff_change_pct,
    coalesce(own.kwh, whole.kwh) as kwh,
    coalesce(own.base_kwh, whole.base_kwh) as base_kwh,
    coalesce(own.days, whole.days) as days,
    coalesce(own.division_code, whole.division_code) as power_area
  from counties c
  left join labour l on l.period = c.period and l.division_code = c.division_code
  left join staff s on s.period = c.period and s.division_code = c.division_code
  left join power own on own.period = c.period and own.division_code = c.division_code
  left join power whole on whole.period = c.period and whole.division_code = c.unit_code
  where l.period is not null or s.period is not null
),
lit as (
  select
    m.*,
    m.kwh * 100 / nullif(m.base_kwh, 0) - 100 as power_yoy_pct,
    case
      when m.unemployment_pct >= x.unemployment_red then '3'
      when m.unemployment_pct >= x.unemployment_yellow then '2'
      when m.unemployment_pct is not null then '1'
    end as unemployment_light,
    case
      when m.staff_change_pct <= x.staff_red then '3'
      when m.staff_change_pct <= x.staff_yellow then '2'
      when m.staff_change_pct is not null then '1'
    end as staff_light,
    case
      when m.kwh * 100 / nullif(m.base_kwh, 0) - 100 <= x.power_red then '3'
      when m.kwh * 100 / nullif(m.base_kwh, 0) - 100 <= x.power_yellow then '2'
      when m.kwh * 100 / nullif(m.base_kwh, 0) - 100 is not null then '1'
    end as power_light
  from measured m
  cross join limits x
)
select
  t.period,
  t.division_code,
  n.name as division_name,
  t.unit_code,
  t.unit_name,
  t.unemployed,
  t.labour_force,
  t.unemployment_pct,
  t.staff_end,
  t.staff_begin,
  t.firms as monitored_firms,
  t.staff_change_pct,
  t.kwh as power_kwh,
  t.base_kwh as power_base_kwh,
  t.days as power_days,
  t.power_area,
  t.power_yoy_pct,
  t.unemployment_light,
  t.staff_light,
  t.power_light,
  greatest(t.unemployment_light, t.staff_light, t.power_light) as overall_light,
  t.day as as_of
from lit t
left join names n on n.day = t.day and n.code = t.division_code
