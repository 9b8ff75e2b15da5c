-- The ten goods exported most, to all countries, and what of them goes to RCEP: from January to the year's newest month.
with newest as (
  -- Exports only. A month handed in again counts as it was said last.
  select
    uscc, hs_code, country_code, trade_mode, period,
    max_by(struct(value_usd, value_cny), struct(_period, _row)) as v
  from silver.customs_trade
  where ie_flag = 'E'
  group by uscc, hs_code, country_code, trade_mode, period
),
years as (
  select
    left(period, 4) as stat_year,
    max(period) as period,
    last_day(to_date(concat(max(period), '01'), 'yyyyMMdd')) as day
  from newest
  group by left(period, 4)
),
members as (
  -- Who is a member on the last day is one in both years: otherwise an accession would look like growth.
  select y.stat_year, r.code
  from years y
  join codes.rcep_members r
    on to_date(r.valid_from) <= y.day and (r.valid_to is null or to_date(r.valid_to) >= y.day)
),
spans as (
  select stat_year, period, stat_year as of_year, 0 as years_back from years
  union all
  select stat_year, period, cast(cast(stat_year as int) - 1 as string), 1 from years
),
counted as (
  -- The year before is counted to the same month, not to December.
  select
    s.stat_year,
    n.hs_code,
    s.years_back,
    sum(n.v.value_usd) as usd,
    sum(if(m.code is not null, n.v.value_usd, 0)) as rcep_usd,
    sum(if(m.code is not null, n.v.value_cny, 0)) as rcep_cny
  from spans s
  join newest n on left(n.period, 4) = s.of_year and right(n.period, 2) <= right(s.period, 2)
  left join members m on m.stat_year = s.stat_year and m.code = n.country_code
  group by s.stat_year, n.hs_code, s.years_back
),
ranked as (
  select *, row_number() over (partition by stat_year order by usd desc, hs_code) as export_rank
  from counted
  where years_back = 0
),
listed as (
  select stat_year, count(*) as rcep_members from members group by stat_year
)
select
  r.stat_year,
  r.hs_code,
  c.name as chapter_name,
  r.export_rank,
  y.period,
  r.usd as export_usd,
  r.rcep_usd,
  b.rcep_usd as base_rcep_usd,
  r.rcep_usd * 100 / nullif(b.rcep_usd, 0) - 100 as rcep_usd_yoy_pct,
  r.rcep_cny,
  b.rcep_cny as base_rcep_cny,
  r.rcep_cny * 100 / nullif(b.rcep_cny, 0) - 100 as rcep_cny_yoy_pct,
  coalesce(l.rcep_members, 0) as rcep_members
from ranked r
join years y on y.stat_year = r.stat_year
left join counted b on b.stat_year = r.stat_year and b.hs_code = r.hs_code and b.years_back = 1
left join codes.hs_chapters c on c.code = left(r.hs_code, 2)
left join listed l on l.stat_year = r.stat_year
where r.export_rank <= 10
