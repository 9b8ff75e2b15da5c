-- CO2 of each firm and year, computed again from its activity data; power by the grid factor in force for that year.
with versions as (
  -- Handed in twice, the later delivery counts.
  select
    uscc, account_year, submit_no, source_type, energy_code,
    max_by(struct(activity_data, ad_unit, ncv, cc, of_pct, ef, co2_t, verify_status), struct(_period, _row)) as a
  from silver.carbon_account
  group by uscc, account_year, submit_no, source_type, energy_code
),
spans as (
  -- A new version replaces the old one as a whole: a source that it leaves out has gone.
  select uscc, account_year, min(submit_no) as first_no, max(submit_no) as last_no, count(distinct submit_no) as versions
  from versions
  group by uscc, account_year
),
factors as (
  select factor_year, factor_value from silver.carbon_factor
  where _is_current and factor_kind = '01' and division_code = '130000'
),
grid as (
  select s.uscc, s.account_year, max_by(struct(f.factor_year, f.factor_value), f.factor_year) as factor
  from spans s
  join factors f on f.factor_year <= s.account_year
  group by s.uscc, s.account_year
),
sources as (
  select
    v.uscc,
    v.account_year,
    s.last_no,
    s.versions,
    v.source_type,
    v.a.co2_t as co2_t,
    v.a.verify_status as verify_status,
    case when v.source_type = '01' then v.a.activity_data * v.a.ncv * v.a.cc * v.a.of_pct / 100 * 44 / 12 end as fuel,
    case
      when v.source_type = '03' then v.a.activity_data * case v.a.ad_unit when '万千瓦时' then 10 when '千瓦时' then 0.001 else 1 end
    end as mwh,
    case when v.source_type = '04' then v.a.activity_data * v.a.ef end as heat,
    v.a.ef as ef
  from versions v
  join spans s on s.uscc = v.uscc and s.account_year = v.account_year and s.last_no = v.submit_no
),
summed as (
  select
    x.uscc,
    x.account_year,
    max(x.last_no) as submit_no,
    max(x.versions) as versions,
    coalesce(sum(x.fuel), 0) as fuel,
    coalesce(sum(x.co2_t) filter (where x.source_type = '02'), 0) as process,
    -- Where no factor is published yet, the firm's own holds.
    coalesce(sum(x.mwh * coalesce(g.factor.factor_value, x.ef)), 0) as power,
    coalesce(sum(x.heat), 0) as heat,
    sum(x.co2_t) as reported,
    coalesce(sum(x.mwh), 0) as mwh,
    max(g.factor.factor_value) as grid_factor,
    max(g.factor.factor_year) as grid_factor_year,
    max(x.verify_status) as verify_status
  from sources x
  left join grid g on g.uscc = x.uscc and g.account_year = x.account_year
  group by x.uscc, x.account_year
),
firsts as (
  select v.uscc, v.account_year, sum(v.a.co2_t) as co2_t
  from versions v
  join spans s on s.uscc = v.uscc and s.account_year = v.account_year and s.first_no = v.submit_no
  group by v.uscc, v.account_year
)
select
  s.uscc,
  s.account_year,
  e.entity_name,
  s.submit_no,
  s.versions,
  s.fuel as fuel_co2_t,
  s.process as process_co2_t,
  s.power as power_co2_t,
  s.heat as heat_co2_t,
  s.fuel + s.process + s.power + s.heat as recomputed_co2_t,
  s.reported as reported_co2_t,
  s.reported - (s.fuel + s.process + s.power + s.heat) as difference_t,
  f.co2_t as first_reported_co2_t,
  s.mwh as power_mwh,
  s.grid_factor,
  s.grid_factor_year,
  s.verify_status
from summed s
join firsts f on f.uscc = s.uscc and f.account_year = s.account_year
left join silver.market_entity e on e.uscc = s.uscc and e._is_current
