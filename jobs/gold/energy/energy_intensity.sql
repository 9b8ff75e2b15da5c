-- Energy per GDP at the base year's prices. GDP in current prices would show inflation as saving: only real growth is chained.
with energy as (
  select
    division_code,
    energy_year,
    max(vintage) as vintage,
    max_by(total_tce_wan - material_tce_wan, struct(vintage, account_date, _period, _row)) as tce_wan,
    min_by(total_tce_wan - material_tce_wan, struct(vintage, account_date, _period, _row)) as first_tce_wan
  from silver.region_energy_year
  group by division_code, energy_year
),
plans as (
  -- The plan that the year lies in; its base year belongs to it, so that the chain has a beginning.
  select
    e.division_code, e.energy_year,
    max_by(struct(t.base_year, t.end_year, t.target_cum_pct), t.base_year) as plan
  from energy e
  join silver.energy_target t on t.division_code = e.division_code and e.energy_year between t.base_year and t.end_year
  group by e.division_code, e.energy_year
),
gdp as (
  -- A year's figure stands in December; of several vintages the newest. Its year-on-year growth is at comparable prices.
  select
    division_code,
    cast(left(period, 4) as int) as year_no,
    max_by(struct(cum_value, yoy_pct), struct(vintage_no, release_date, _period, _row)) as g
  from silver.macro_indicator_obs
  where indicator_code = 'A01001' and period like '%-12'
  group by division_code, left(period, 4)
),
base_years as (
  select distinct cast(plan.base_year as int) as base_no from plans
),
chained as (
  -- A year without its growth breaks the chain: the product is given only where every year since the base is there.
  select
    b.base_no,
    o.division_code,
    y.year_no,
    o.g.cum_value * coalesce(exp(sum(ln(1 + cast(s.g.yoy_pct as double) / 100))), 1) as real_gdp_yi,
    count(s.g.yoy_pct) as links
  from base_years b
  join gdp o on o.year_no = b.base_no
  join (select distinct cast(energy_year as int) as year_no from energy) y on y.year_no >= b.base_no
  left join gdp s on s.division_code = o.division_code and s.year_no > b.base_no and s.year_no <= y.year_no
  group by b.base_no, o.division_code, y.year_no, o.g.cum_value
),
placed as (
  -- The province is its own row; a unit is the sum of its counties (cities' own figures hold 定州, 辛集 and 雄安 by law).
  select base_no, '130000' as unit_code, year_no, real_gdp_yi, links from chained where division_code = '130000'
  union all
  select c.base_no, u.code, c.year_no, c.real_gdp_yi, c.links
  from chained c
  join codes.reporting_units u
    on u.division = c.division_code
    and make_date(c.year_no, 12, 31) between to_date(coalesce(u.valid_from, '1900-01-01'))
      and to_date(coalesce(u.valid_to, '9999-12-31'))
),
real_gdp as (
  select
    base_no, unit_code, year_no,
    -- One county with a broken chain would make the unit's sum too small: then there is none.
    case when min(links) = year_no - base_no then sum(real_gdp_yi) end as real_gdp_yi,
    count_if(links = year_no - base_no) as counties
  from placed
  group by base_no, unit_code, year_no
),
due as (
  select y.energy_year, u.code as unit_code, count(*) as counties_due
  from (select distinct energy_year from energy) y
  join codes.reporting_units u
    on make_date(cast(y.energy_year as int), 12, 31) between to_date(coalesce(u.valid_from, '1900-01-01'))
      and to_date(coalesce(u.valid_to, '9999-12-31'))
  group by y.energy_year, u.code
),
intensities as (
  select
    e.division_code as unit_code,
    e.energy_year,
    e.tce_wan,
    e.first_tce_wan,
    e.vintage,
    p.plan,
    r.real_gdp_yi,
    coalesce(r.counties, 0) as counties,
    -- 万吨 over 亿元 is 吨 over 万元.
    e.tce_wan / nullif(r.real_gdp_yi, 0) as intensity
  from energy e
  left join plans p on p.division_code = e.division_code and p.energy_year = e.energy_year
  left join real_gdp r
    on r.unit_code = e.division_code and r.base_no = cast(p.plan.base_year as int) and r.year_no = cast(e.energy_year as int)
),
names as (
  select code, max_by(name, coalesce(valid_from, '1900-01-01')) as name from codes.divisions group by code
),
compared as (
  select
    i.*,
    b.intensity as base_intensity,
    l.intensity as previous_intensity,
    (1 - i.intensity / nullif(b.intensity, 0)) * 100 as cum_reduction_pct,
    cast(i.energy_year as int) - cast(i.plan.base_year as int) as years_gone,
    cast(i.plan.end_year as int) - cast(i.plan.base_year as int) as years_all
  from intensities i
  left join intensities b on b.unit_code = i.unit_code and b.energy_year = i.plan.base_year
  left join intensities l
    on l.unit_code = i.unit_code and cast(l.energy_year as int) = cast(i.energy_year as int) - 1
    and l.plan.base_year = i.plan.base_year
)
select
  c.unit_code,
  c.energy_year as stat_year,
  n.name as unit_name,
  c.tce_wan as energy_tce_wan,
  c.real_gdp_yi,
  c.intensity,
  c.previous_intensity,
  (c.intensity / nullif(c.previous_intensity, 0) - 1) * 100 as intensity_yoy_pct,
  c.base_intensity,
  c.cum_reduction_pct,
  c.plan.target_cum_pct as target_cum_pct,
  c.cum_reduction_pct - c.plan.target_cum_pct as gap_pts,
  c.cum_reduction_pct - c.plan.target_cum_pct * c.years_gone / c.years_all as schedule_gap_pts,
  c.counties as counties_compared,
  coalesce(d.counties_due, 1) as counties_due,
  c.vintage as energy_vintage,
  c.first_tce_wan as first_energy_tce_wan
from compared c
left join due d on d.unit_code = c.unit_code and d.energy_year = c.energy_year
left join names n on n.code = c.unit_code
