-- The coastal counties' share of the province's GDP beside the throughput of their city's ports, by year, and how the two go together.
with gdp as (
  -- A year's figure stands in December; of several vintages the newest.
  select
    division_code,
    cast(left(period, 4) as int) as year_no,
    max_by(struct(cum_value, vintage_no), struct(vintage_no, release_date, _period, _row)) as g
  from silver.macro_indicator_obs
  where indicator_code = 'A01001' and period like '%-12'
  group by division_code, left(period, 4)
),
province as (
  -- The published figure of the province: the cities' own do not add up to it.
  select year_no, g.cum_value as gdp_yi from gdp where division_code = '130000'
),
listed as (
  -- The list is dated: a county of that year, under the name and code that it then had.
  select p.year_no, c.code as division_code, c.city
  from province p
  join codes.coastal_counties c
    on make_date(p.year_no, 12, 31) between to_date(coalesce(c.valid_from, '1900-01-01'))
      and to_date(coalesce(c.valid_to, '9999-12-31'))
),
cities as (
  select
    l.year_no,
    l.city,
    sum(g.g.cum_value) as gdp_yi,
    count(g.g.cum_value) as counties,
    count(*) as counties_due,
    max(g.g.vintage_no) as vintage_no
  from listed l
  left join gdp g on g.division_code = l.division_code and g.year_no = l.year_no
  group by l.year_no, l.city
),
cargo as (
  -- A figure that was handed in again counts once. Containers are in the tons already and stay beside them.
  select
    harbour_code, berth_area, period, cargo_code,
    max_by(struct(throughput_wt, foreign_wt, container_teu), struct(_period, _delivery, _row)) as c
  from silver.port_throughput
  group by harbour_code, berth_area, period, cargo_code
),
ports as (
  select
    h.city,
    cast(left(c.period, 4) as int) as year_no,
    sum(c.c.throughput_wt) as throughput_wt,
    sum(c.c.foreign_wt) as foreign_wt,
    sum(c.c.container_teu) as container_teu,
    count(distinct c.period) as months
  from cargo c
  join codes.harbours h on h.code = c.harbour_code
  group by h.city, left(c.period, 4)
),
joined as (
  select
    c.year_no, c.city, c.gdp_yi, c.counties, c.counties_due, c.vintage_no,
    p.throughput_wt, p.foreign_wt, p.container_teu, coalesce(p.months, 0) as months
  from cities c
  left join ports p on p.city = c.city and p.year_no = c.year_no
),
all_rows as (
  select * from joined
  union all
  -- The three together; they have the months that each of them has.
  select
    year_no, '合计', sum(gdp_yi), sum(counties), sum(counties_due), max(vintage_no),
    sum(throughput_wt), sum(foreign_wt), sum(container_teu), min(months)
  from joined
  group by year_no
),
shares as (
  select
    r.*,
    p.gdp_yi as province_gdp_yi,
    r.gdp_yi * 100 / nullif(p.gdp_yi, 0) as share_pct,
    r.months = 12 and r.counties = r.counties_due and p.gdp_yi is not null as is_complete
  from all_rows r
  join province p on p.year_no = r.year_no
),
correlated as (
  -- Complete years only: half a year's cargo against a whole year's GDP would look like a fall. Spark's corr() fails where one of
  -- the two never changes.
  select
    city,
    count_if(is_complete) as years,
    covar_pop(cast(share_pct as double), cast(throughput_wt as double)) filter (where is_complete)
      / nullif(
        stddev_pop(cast(share_pct as double)) filter (where is_complete)
        * stddev_pop(cast(throughput_wt as double)) filter (where is_complete),
        0
      ) as r
  from shares
  group by city
),
names as (
  select code, max_by(name, coalesce(valid_from, '1900-01-01')) as name from codes.divisions group by code
)
select
  cast(s.year_no as string) as stat_year,
  s.city as city_code,
  coalesce(n.name, s.city) as city_name,
  s.gdp_yi as coastal_gdp_yi,
  s.province_gdp_yi,
  s.share_pct as gdp_share_pct,
  s.counties as counties_compared,
  s.counties_due,
  s.throughput_wt,
  s.foreign_wt,
  s.container_teu,
  s.months as throughput_months,
  case when c.years >= 3 then c.r end as share_throughput_corr,
  c.years as correlation_years,
  s.vintage_no as gdp_vintage_no
from shares s
join correlated c on c.city = s.city
left join names n on n.code = s.city
