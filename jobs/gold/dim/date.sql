-- The list of workdays holds exceptions only: holidays on weekdays (0) and working weekends (1).
with days as (
  select explode(sequence(date'2015-01-01', date'2030-12-31', interval 1 day)) as day
),
-- Beyond the last year with a published arrangement nobody knows which days are worked: unknown, not "as usual".
published as (
  select min(year(to_date(code))) as first_year, max(year(to_date(code))) as last_year from codes.workdays
)
select
  d.day as date_day,
  year(d.day) as year_no,
  quarter(d.day) as quarter_no,
  month(d.day) as month_no,
  day(d.day) as day_no,
  date_format(d.day, 'yyyy-MM') as month_period,
  concat(year(d.day), 'Q', quarter(d.day)) as quarter_period,
  extract(yearofweek from d.day) as iso_year,
  weekofyear(d.day) as iso_week,
  concat(extract(yearofweek from d.day), '-W', lpad(weekofyear(d.day), 2, '0')) as week_period,
  weekday(d.day) + 1 as weekday_no,
  weekday(d.day) >= 5 as is_weekend,
  w.name as holiday_name,
  case
    when year(d.day) not between p.first_year and p.last_year then null
    when w.workday is not null then w.workday = '1'
    else weekday(d.day) < 5
  end as is_workday,
  d.day = last_day(d.day) as is_month_end
from days d
cross join published p
left join codes.workdays w on to_date(w.code) = d.day
