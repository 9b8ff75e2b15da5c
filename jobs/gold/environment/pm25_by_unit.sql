-- Annual means of PM2.5 of the 14 reporting units: hours → station days → unit days → years, each step a mean of the one before.
with hours as (
  -- An hour that was handed in again counts once, as it was corrected last.
  select
    station_code,
    monitor_time,
    max_by(struct(division_code, qc_flag, pm25, pm10, so2, no2, co, o3_8h), struct(_period, _row)) as h
  from silver.air_quality
  group by station_code, monitor_time
),
station_days as (
  -- Only what is flagged valid is averaged: a missing hour is a gap, never a zero. Ozone's day is its highest 8-hour mean.
  select
    station_code,
    to_date(monitor_time) as day,
    max(h.division_code) as division_code,
    count_if(h.qc_flag = 'H' and h.pm25 is not null) as valid_hours,
    avg(h.pm25) filter (where h.qc_flag = 'H') as pm25,
    avg(h.pm10) filter (where h.qc_flag = 'H') as pm10,
    avg(h.so2) filter (where h.qc_flag = 'H') as so2,
    avg(h.no2) filter (where h.qc_flag = 'H') as no2,
    avg(h.co) filter (where h.qc_flag = 'H') as co,
    max(h.o3_8h) filter (where h.qc_flag = 'H') as o3_8h
  from hours
  group by station_code, to_date(monitor_time)
),
placed as (
  -- The unit that the station's county belonged to on that day.
  select d.*, u.code as unit_code
  from station_days d
  join codes.reporting_units u
    on u.division = d.division_code
    and d.day between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
),
unit_days as (
  -- A day with more than a quarter of its 24 hours missing is not evaluated.
  select
    unit_code, day, avg(pm25) as pm25, avg(pm10) as pm10, avg(so2) as so2, avg(no2) as no2, avg(co) as co, avg(o3_8h) as o3_8h
  from placed
  where valid_hours >= 18
  group by unit_code, day
),
unit_years as (
  -- Heavy pollution: the day's concentration of any pollutant lies above the index 200 (HJ 633-2012; CO in mg/m³, others in µg/m³).
  select
    unit_code,
    year(day) as year_no,
    sum(pm25) as pm25_daily_sum,
    count(*) as days_evaluated,
    sum(pm25) / count(*) as pm25_mean,
    count_if(pm25 > 150 or pm10 > 350 or so2 > 800 or no2 > 280 or co > 24 or o3_8h > 265) as heavy_pollution_days
  from unit_days
  group by unit_code, year(day)
),
stations as (
  select
    unit_code,
    year(day) as year_no,
    count(distinct station_code) as stations,
    count_if(valid_hours < 18) as station_days_excluded
  from placed
  group by unit_code, year(day)
),
years as (
  select year(day) as year_no, max(day) as last_day from station_days group by year(day)
),
units as (
  -- A unit without a station still has its row: 14 per year.
  select y.year_no, y.last_day, u.code as unit_code, max(u.name) as unit_name
  from years y
  join codes.reporting_units u
    on y.last_day between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
  group by y.year_no, y.last_day, u.code
),
compared as (
  select
    u.*,
    c.pm25_daily_sum,
    c.days_evaluated,
    c.pm25_mean,
    p.pm25_mean as previous_pm25_mean,
    (p.pm25_mean - c.pm25_mean) * 100 / nullif(p.pm25_mean, 0) as improvement_pct,
    c.heavy_pollution_days
  from units u
  left join unit_years c on c.unit_code = u.unit_code and c.year_no = u.year_no
  left join unit_years p on p.unit_code = u.unit_code and p.year_no = u.year_no - 1
)
select
  cast(c.year_no as string) as stat_year,
  c.unit_code,
  c.unit_name,
  c.pm25_daily_sum,
  coalesce(c.days_evaluated, 0) as days_evaluated,
  c.pm25_mean,
  c.previous_pm25_mean,
  c.improvement_pct,
  case
    when c.improvement_pct is not null then rank() over (partition by c.year_no order by c.improvement_pct desc nulls last)
  end as improvement_rank,
  coalesce(c.heavy_pollution_days, 0) as heavy_pollution_days,
  coalesce(s.stations, 0) as stations,
  coalesce(s.station_days_excluded, 0) as station_days_excluded,
  c.last_day as as_of
from compared c
left join stations s on s.unit_code = c.unit_code and s.year_no = c.year_no
