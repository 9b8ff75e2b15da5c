-- Cases per county, disease and ISO week against the same weeks of the five years before.
with cards as (
  -- The newest version of each card: a revised disease or county counts where it belongs. Suspected cases and carriers are no cases.
  select division_code, disease_code, onset_date
  from silver.infectious_report
  where _is_current and case_type in ('2', '3')
),
known as (
  -- Years for which the county handed in anything at all: a week without a card in them is a zero; before them nobody knows.
  select distinct division_code, extract(yearofweek from onset_date) as iso_year from cards
),
festivals as (
  select date_trunc('week', to_date(code)) as festival_week, year(to_date(code)) as y from codes.lunar_new_years
),
weekly as (
  select
    c.division_code,
    c.disease_code,
    to_date(date_trunc('week', c.onset_date)) as week_start,
    count(*) as cases
  from cards c
  group by c.division_code, c.disease_code, to_date(date_trunc('week', c.onset_date))
),
placed as (
  -- Weeks from four before to three after the week of the lunar new year meet by their distance from it; others by their number.
  select
    w.*,
    extract(yearofweek from w.week_start) as iso_year,
    weekofyear(w.week_start) as iso_week,
    cast(datediff(w.week_start, to_date(f.festival_week)) / 7 as int) as distance
  from weekly w
  left join festivals f
    on f.y = extract(yearofweek from w.week_start) and datediff(w.week_start, to_date(f.festival_week)) between -28 and 21
),
years_back as (
  select explode(sequence(1, 5)) as back
),
matched as (
  select
    p.*,
    k.iso_year as base_year,
    case
      when p.distance is not null then to_date(dateadd(day, p.distance * 7, f.festival_week))
      -- The Monday of the same ISO week: the week of 4 January is the first. A week 53 meets the last week that the year has.
      else least(
        to_date(dateadd(day, (p.iso_week - 1) * 7, date_trunc('week', make_date(k.iso_year, 1, 4)))),
        to_date(date_trunc('week', make_date(k.iso_year, 12, 28)))
      )
    end as base_week
  from placed p
  cross join years_back y
  join known k on k.division_code = p.division_code and k.iso_year = p.iso_year - y.back
  left join festivals f on f.y = k.iso_year
),
based as (
  select
    m.division_code,
    m.disease_code,
    m.week_start,
    max(m.iso_year) as iso_year,
    max(m.iso_week) as iso_week,
    max(m.distance) as distance,
    max(m.cases) as cases,
    count(*) as base_years,
    avg(coalesce(b.cases, 0)) as base_mean,
    stddev_samp(coalesce(b.cases, 0)) as base_sd
  from matched m
  left join weekly b
    on b.division_code = m.division_code and b.disease_code = m.disease_code and b.week_start = m.base_week
  group by m.division_code, m.disease_code, m.week_start
),
names as (
  select code, max_by(name, coalesce(valid_from, '1900-01-01')) as name from codes.divisions group by code
)
select
  concat(b.iso_year, '-W', lpad(b.iso_week, 2, '0')) as week_period,
  b.division_code,
  b.disease_code,
  d.name as disease_name,
  d.class as disease_class,
  n.name as division_name,
  u.code as unit_code,
  u.name as unit_name,
  b.week_start,
  if(b.distance is null, 'ISO周次', '春节周距') as aligned_to,
  case when b.cases >= 10 then b.cases end as cases,
  b.base_years,
  b.base_mean,
  b.base_sd,
  b.base_mean + 2 * b.base_sd as threshold,
  b.cases < 10 as is_suppressed
from based b
left join codes.diseases d on d.code = b.disease_code
left join names n on n.code = b.division_code
left join codes.reporting_units u
  on u.division = b.division_code
  and date_add(b.week_start, 6) between to_date(coalesce(u.valid_from, '1900-01-01'))
    and to_date(coalesce(u.valid_to, '9999-12-31'))
where b.base_years >= 3 and b.cases > b.base_mean + 2 * b.base_sd
