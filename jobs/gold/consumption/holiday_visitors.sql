-- Holidays side by side: the same day of the holiday, not the same date; and the same spots on both sides.
with listed as (
  -- Holidays on weekdays. A New Year's holiday can begin in December: it belongs to the year that it greets.
  select
    name,
    if(name = '元旦' and month(to_date(code)) = 12, year(to_date(code)) + 1, year(to_date(code))) as y,
    to_date(code) as day
  from codes.workdays
  where workday = '0'
),
working as (
  select to_date(code) as day from codes.workdays where workday = '1'
),
ends as (
  select name, y, min(day) as first, max(day) as last from listed group by name, y
),
spans as (
  -- A weekend that touches the holiday belongs to it, but for the days of it that are worked (调休).
  select
    e.name,
    e.y,
    case
      when weekday(e.first) <> 0 or sunday.day is not null then e.first
      when saturday.day is not null then date_sub(e.first, 1)
      else date_sub(e.first, 2)
    end as first_day,
    case
      when weekday(e.last) <> 4 or saturday_after.day is not null then e.last
      when sunday_after.day is not null then date_add(e.last, 1)
      else date_add(e.last, 2)
    end as last_day
  from ends e
  left join working sunday on sunday.day = date_sub(e.first, 1)
  left join working saturday on saturday.day = date_sub(e.first, 2)
  left join working saturday_after on saturday_after.day = date_add(e.last, 1)
  left join working sunday_after on sunday_after.day = date_add(e.last, 2)
),
holidays as (
  -- One that lies within another (中秋 in the week of 国庆) is part of it. Spring festivals meet on the lunar year's first day.
  select s.*, datediff(s.last_day, s.first_day) + 1 as days_off, if(s.name = '春节', to_date(l.code), s.first_day) as day_zero
  from spans s
  left join codes.lunar_new_years l on year(to_date(l.code)) = s.y
  where not exists (
    select 1 from spans o
    where o.name <> s.name and o.first_day <= s.first_day and o.last_day >= s.last_day
      and datediff(o.last_day, o.first_day) > datediff(s.last_day, s.first_day)
  )
),
newest as (
  select scenic_id, stat_date, max_by(struct(visitors, division_code), struct(_period, _row)) as v
  from silver.tour_visit
  group by scenic_id, stat_date
),
visits as (
  select
    h.name,
    h.y,
    n.scenic_id,
    datediff(n.stat_date, h.day_zero) as place,
    n.stat_date,
    n.v.visitors as visitors,
    n.v.division_code as division_code
  from newest n
  join holidays h on n.stat_date between h.first_day and h.last_day
),
compared as (
  select
    v.name,
    v.y,
    u.code as unit_code,
    u.name as unit_name,
    count(distinct v.place) as aligned_days,
    count(distinct v.scenic_id) as scenic_spots,
    sum(v.visitors) as visitors,
    sum(b.visitors) as base_visitors
  from visits v
  join visits b on b.name = v.name and b.y = v.y - 1 and b.place = v.place and b.scenic_id = v.scenic_id
  join codes.reporting_units u
    on u.division = v.division_code
    and v.stat_date between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
  group by v.name, v.y, u.code, u.name
)
select
  cast(c.y as string) as holiday_year,
  c.name as holiday_name,
  c.unit_code,
  c.unit_name,
  h.first_day,
  h.last_day,
  h.days_off,
  p.days_off as base_days_off,
  c.aligned_days,
  c.scenic_spots,
  c.visitors,
  c.base_visitors,
  c.visitors * 100 / nullif(c.base_visitors, 0) - 100 as growth_pct
from compared c
join holidays h on h.name = c.name and h.y = c.y
join holidays p on p.name = c.name and p.y = c.y - 1
