-- Plots sold two years ago or more for which the buyer has no construction permit in that county.
-- Whether building has begun (T1) and what tax the firm pays (S2) is not here yet; the permit stands in for the first.
with asof as (
  select max(to_date(_valid_from)) as day from silver.land_supply
),
sold as (
  select s.*, a.day
  from silver.land_supply s
  cross join asof a
  where s._is_current and s.sign_date <= add_months(a.day, -24)
),
permits as (
  -- A permit that has run out since shows a start all the same; a revoked one (3) does not.
  select l.holder_id_no as uscc, l.division_code, l.issue_date
  from silver.licence l
  join silver.licence_type t on t.type_code = l.type_code and t._is_current
  where l._is_current and l.holder_id_type = '001' and l.status <> '3' and t.type_name like '%施工许可证%'
),
insured as (
  -- The newest month of each firm; handed in twice, the later delivery counts.
  select uscc, max_by(struct(period, insured_cnt), struct(period, _period, _row)) as newest
  from silver.entity_social_insurance
  where ins_type = '110'
  group by uscc
),
names as (
  select d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from codes.divisions d join asof a on to_date(coalesce(d.valid_from, '1900-01-01')) <= a.day
  group by d.code
),
units as (
  select u.division, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from codes.reporting_units u join asof a on to_date(coalesce(u.valid_from, '1900-01-01')) <= a.day
  group by u.division
)
select
  s.contract_no,
  s.uscc,
  e.entity_name,
  e.reg_status,
  s.division_code,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  s.land_use,
  s.supply_mode,
  s.area_ha,
  s.area_ha * 15 as area_mu,
  s.price_wan,
  s.sign_date,
  s.start_date,
  floor(months_between(s.day, s.sign_date)) as months_since_sign,
  datediff(s.day, s.start_date) as start_overdue_days,
  i.newest.period as insured_period,
  i.newest.insured_cnt as insured_cnt,
  s.day as as_of
from sold s
left anti join permits p on p.uscc = s.uscc and p.division_code = s.division_code and p.issue_date >= s.sign_date
left join silver.market_entity e on e.uscc = s.uscc and e._is_current
left join insured i on i.uscc = s.uscc
left join names n on n.code = s.division_code
left join units u on u.division = s.division_code
