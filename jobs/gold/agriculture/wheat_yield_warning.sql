-- Wheat (010100, summer): a county's yield against its own five years before; the year itself is not in its own mean.
with newest as (
  -- Of reports of one county and year, the last one counts.
  select
    division_code,
    cast(`year` as int) as year_no,
    max_by(struct(sown_ha, output_t, damaged_ha), struct(report_time, _period, _row)) as r,
    to_date(max(report_time)) as as_of
  from silver.crop_output
  where crop_code = '010100' and season = '1'
  group by division_code, `year`
),
yields as (
  -- Kilograms per mu: one tonne is 1000 kg, one hectare 15 mu.
  select
    *,
    r.output_t * 1000 as output_kg,
    r.sown_ha * 15 as sown_mu,
    r.output_t * 1000 / nullif(r.sown_ha * 15, 0) as yield_kg_mu
  from newest
),
based as (
  select
    n.division_code,
    n.year_no,
    count(b.yield_kg_mu) as base_years,
    avg(b.yield_kg_mu) as mean_yield,
    stddev_samp(b.yield_kg_mu) as sd_yield
  from yields n
  join yields b on b.division_code = n.division_code and b.year_no between n.year_no - 5 and n.year_no - 1
  group by n.division_code, n.year_no
),
names as (
  select code, max_by(name, coalesce(valid_from, '1900-01-01')) as name from codes.divisions group by code
)
select
  cast(y.year_no as string) as stat_year,
  y.division_code,
  n.name as division_name,
  u.code as unit_code,
  u.name as unit_name,
  y.output_kg,
  y.sown_mu,
  y.yield_kg_mu,
  b.base_years,
  b.mean_yield as mean_yield_kg_mu,
  b.sd_yield as sd_yield_kg_mu,
  b.mean_yield - 2 * b.sd_yield as threshold_kg_mu,
  (y.yield_kg_mu - b.mean_yield) / nullif(b.sd_yield, 0) as deviations,
  y.r.damaged_ha as damaged_ha,
  y.as_of
from yields y
join based b on b.division_code = y.division_code and b.year_no = y.year_no
left join names n on n.code = y.division_code
left join codes.reporting_units u
  on u.division = y.division_code
  and make_date(y.year_no, 12, 31) between to_date(coalesce(u.valid_from, '1900-01-01'))
    and to_date(coalesce(u.valid_to, '9999-12-31'))
where b.base_years >= 3 and y.yield_kg_mu < b.mean_yield - 2 * b.sd_yield
