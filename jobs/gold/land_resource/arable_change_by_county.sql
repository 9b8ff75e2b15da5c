-- Two surveys compared: arable land (地类 01*) by county, and parcels of permanent farmland (永农, zone 11) that are not arable.
with parcels as (
  -- A survey that was corrected leaves several versions of a parcel: the last one is the survey's word.
  select
    survey_year,
    parcel_id,
    max_by(struct(division_code, land_class, area_sqm, cons_zone), struct(_valid_from, _row)) as p
  from silver.land_use_parcel
  group by survey_year, parcel_id
),
surveyed as (
  select
    survey_year,
    parcel_id,
    p.division_code,
    p.area_sqm,
    p.land_class like '01%' as is_arable,
    -- cons_zone is empty outside the three zones: that is no, not unknown.
    p.land_class not like '01%' and coalesce(p.cons_zone, '') = '11' as is_occupied
  from parcels
),
years as (
  select b.survey_year, a.survey_year as previous_year
  from (select distinct survey_year from surveyed) b
  join (select distinct survey_year from surveyed) a on cast(a.survey_year as int) = cast(b.survey_year as int) - 1
),
arable as (
  select survey_year, division_code, sum(case when is_arable then area_sqm else 0 end) as sqm
  from surveyed
  group by survey_year, division_code
),
occupied as (
  -- New is what was not occupied the year before under the same number; a parcel that was split has new numbers.
  select
    o.survey_year,
    o.division_code,
    count(*) as parcels,
    count_if(before.parcel_id is null) as new_parcels,
    sum(case when before.parcel_id is null then o.area_sqm else 0 end) as new_sqm
  from surveyed o
  join years y on y.survey_year = o.survey_year
  left join surveyed before
    on before.survey_year = y.previous_year and before.parcel_id = o.parcel_id and before.is_occupied
  where o.is_occupied
  group by o.survey_year, o.division_code
),
counties as (
  -- A county may stand in one of the two surveys only (new code, abolished code): it has its row all the same.
  select distinct y.survey_year, y.previous_year, s.division_code
  from years y
  join surveyed s on s.survey_year in (y.survey_year, y.previous_year)
),
names as (
  select c.survey_year, d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from (select distinct survey_year from years) c
  join codes.divisions d on coalesce(d.valid_from, '1900-01-01') <= concat(c.survey_year, '-12-31')
  group by c.survey_year, d.code
),
units as (
  select c.survey_year, u.division, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from (select distinct survey_year from years) c
  join codes.reporting_units u on coalesce(u.valid_from, '1900-01-01') <= concat(c.survey_year, '-12-31')
  group by c.survey_year, u.division
)
select
  c.survey_year,
  c.division_code,
  c.previous_year,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  coalesce(this_year.sqm, 0) as arable_sqm,
  coalesce(last_year.sqm, 0) as previous_arable_sqm,
  coalesce(this_year.sqm, 0) - coalesce(last_year.sqm, 0) as net_change_sqm,
  coalesce(o.parcels, 0) as occupied_parcels,
  coalesce(o.new_parcels, 0) as newly_occupied_parcels,
  coalesce(o.new_sqm, 0) as newly_occupied_sqm
from counties c
left join arable this_year on this_year.survey_year = c.survey_year and this_year.division_code = c.division_code
left join arable last_year on last_year.survey_year = c.previous_year and last_year.division_code = c.division_code
left join occupied o on o.survey_year = c.survey_year and o.division_code = c.division_code
left join names n on n.survey_year = c.survey_year and n.code = c.division_code
left join units u on u.survey_year = c.survey_year and u.division = c.division_code
