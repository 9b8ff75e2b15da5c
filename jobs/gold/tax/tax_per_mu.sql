-- Tax by the day on which it reached the treasury, without voided vouchers and their reversals, over land in 亩: firms, zones, counties.
with vouchers as (
  -- A voucher handed in again: the later hand-in says whether it is void.
  select
    voucher_no,
    max_by(struct(uscc, tax_amt, inbound_date, division_code, void_flag), struct(_period, _delivery, _row)) as v
  from silver.tax_collect
  group by voucher_no
),
paid as (
  select v.uscc, v.tax_amt, v.inbound_date, v.division_code, cast(year(v.inbound_date) as string) as stat_year
  from vouchers
  where not v.void_flag
),
years as (
  select stat_year, max(inbound_date) as as_of, make_date(cast(stat_year as int), 12, 31) as day from paid group by stat_year
),
members as (
  select zone_id, uscc, enter_date, exit_date from silver.dev_zone_entity where _is_current
),
zone_land as (
  -- The last quarter of the year that the zone handed in.
  select left(quarter, 4) as stat_year, zone_id, max_by(industrial_land_mu, struct(quarter, _period, _delivery, _row)) as land_mu
  from silver.dev_zone_kpi
  where industrial_land_mu is not null
  group by left(quarter, 4), zone_id
),
surveys as (
  select y.stat_year, max(p.survey_year) as survey_year
  from years y join silver.land_use_parcel p on p.survey_year <= y.stat_year
  group by y.stat_year
),
parcels as (
  -- Older surveys are closed in silver by the newer; a parcel's last version is that survey's word.
  select survey_year, parcel_id, max_by(struct(division_code, land_class, area_sqm), struct(_valid_from, _row)) as p
  from silver.land_use_parcel
  group by survey_year, parcel_id
),
sides as (
  select stat_year, '1' as kind, uscc as code, tax_amt as tax, cast(0 as decimal(20, 4)) as land, 1 as vouchers
  from paid where uscc is not null
  union all
  select y.stat_year, '1', s.uscc, 0, s.area_ha * 15, 0
  from silver.land_supply s join years y on s.sign_date <= y.day
  where s._is_current and s.uscc is not null
  union all
  -- A firm counts in the zone from the day it came to the day before it left.
  select p.stat_year, '2', m.zone_id, p.tax_amt, 0, 1
  from paid p
  join members m on m.uscc = p.uscc and p.inbound_date >= m.enter_date and (m.exit_date is null or p.inbound_date < m.exit_date)
  union all
  select z.stat_year, '2', z.zone_id, 0, z.land_mu, 0
  from zone_land z join years y on y.stat_year = z.stat_year
  union all
  select stat_year, '3', division_code, tax_amt, 0, 1 from paid
  union all
  select s.stat_year, '3', r.p.division_code, 0, r.p.area_sqm * 3 / 2000, 0
  from parcels r join surveys s on s.survey_year = r.survey_year
  where r.p.land_class like '06%'
),
summed as (
  -- A firm without land has no place in a comparison by land; a zone or a county without it is shown, without a ratio.
  select stat_year, kind, code, sum(tax) as tax, nullif(sum(land), 0) as land, sum(vouchers) as vouchers
  from sides
  group by stat_year, kind, code
  having kind <> '1' or sum(land) > 0
),
named as (
  select
    s.*,
    y.day,
    y.as_of,
    case s.kind when '1' then e.entity_name when '2' then z.zone_name end as subject_name,
    case s.kind when '1' then e.division_code when '2' then z.division_code else s.code end as division_code
  from summed s
  join years y on y.stat_year = s.stat_year
  left join silver.market_entity e on s.kind = '1' and e.uscc = s.code and e._is_current
  left join silver.dev_zone z on s.kind = '2' and z.zone_id = s.code and z._is_current
),
places as (
  select distinct day, division_code from named
),
names as (
  select y.day, y.division_code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from places y join codes.divisions d on d.code = y.division_code and to_date(coalesce(d.valid_from, '1900-01-01')) <= y.day
  group by y.day, y.division_code
),
units as (
  select y.day, y.division_code, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from places y join codes.reporting_units u on u.division = y.division_code and to_date(coalesce(u.valid_from, '1900-01-01')) <= y.day
  group by y.day, y.division_code
)
select
  r.stat_year,
  r.kind as subject_kind,
  r.code as subject_code,
  coalesce(r.subject_name, case when r.kind = '3' then n.name end) as subject_name,
  r.division_code,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  r.tax as tax_amt,
  r.land as land_mu,
  r.tax / 10000 / r.land as tax_per_mu_wan,
  r.vouchers,
  r.as_of
from named r
left join names n on n.day = r.day and n.division_code = r.division_code
left join units u on u.day = r.day and u.division_code = r.division_code
