-- The leading firms of the clusters: three indicators, each from its owner, made points and joined by weight.
with asof as (
  select max(to_date(_valid_from)) as day from silver.cluster_entity
),
leaders as (
  select e.cluster_id, e.uscc, a.day
  from silver.cluster_entity e
  cross join asof a
  where e._is_current and e.role = '1' and (e.exit_date is null or e.exit_date > a.day)
),
firms as (
  -- A firm in two clusters is one firm: it is counted and ranked once.
  select distinct uscc from leaders
),
credit as (
  select uscc, max_by(struct(eval_period, grade, score), struct(eval_period, eval_time, _period, _row)) as newest
  from silver.credit_score
  group by uscc
),
land as (
  select uscc, max_by(struct(paid_tax_wan, used_land_mu), struct(eval_year, eval_date, _period, _row)) as newest
  from silver.mu_evaluation
  group by uscc
),
months as (
  select uscc, period, max_by(elec_kwh, struct(vintage_no, _period, _row)) as elec_kwh
  from silver.industrial_ent_month
  group by uscc, period
),
power as (
  select n.uscc, max_by(struct(n.period, n.elec_kwh, b.elec_kwh as base_elec_kwh), n.period) as newest
  from months n
  left join months b on b.uscc = n.uscc and b.period = concat(cast(left(n.period, 4) as int) - 1, right(n.period, 2))
  group by n.uscc
),
gathered as (
  select
    f.uscc,
    c.newest.grade as credit_grade,
    c.newest.eval_period as eval_period,
    cast(least(greatest(c.newest.score, 0), 100) as decimal(7, 2)) as credit_points,
    l.newest.paid_tax_wan / nullif(l.newest.used_land_mu, 0) as tax_per_mu_wan,
    l.newest.paid_tax_wan as paid_tax_wan,
    l.newest.used_land_mu as used_land_mu,
    p.newest.period as elec_period,
    p.newest.elec_kwh as elec_kwh,
    p.newest.base_elec_kwh as base_elec_kwh,
    p.newest.elec_kwh * 100 / nullif(p.newest.base_elec_kwh, 0) - 100 as elec_growth_pct
  from firms f
  left join credit c on c.uscc = f.uscc
  left join land l on l.uscc = f.uscc
  left join power p on p.uscc = f.uscc
),
pointed as (
  -- Firms without a figure are left out of that figure's percentiles: unknown is not the last place.
  select
    *,
    case when tax_per_mu_wan is not null then
      cast(percent_rank() over (partition by tax_per_mu_wan is null order by tax_per_mu_wan) * 100 as decimal(7, 2)) end as mu_points,
    case when elec_growth_pct is not null then
      cast(percent_rank() over (partition by elec_growth_pct is null order by elec_growth_pct) * 100 as decimal(7, 2)) end as elec_points
  from gathered
),
weighed as (
  select
    *,
    int(credit_points is not null) + int(mu_points is not null) + int(elec_points is not null) as items_known,
    coalesce(credit_points * 0.40, 0) + coalesce(mu_points * 0.35, 0) + coalesce(elec_points * 0.25, 0) as weighted_points,
    if(credit_points is null, 0, 0.40) + if(mu_points is null, 0, 0.35) + if(elec_points is null, 0, 0.25) as weights
  from pointed
),
scored as (
  select *, cast(weighted_points / nullif(weights, 0) as decimal(7, 2)) as total_points from weighed
),
ranked as (
  select
    *,
    case when items_known = 3 then rank() over (partition by items_known = 3 order by total_points desc) end as total_rank
  from scored
),
names as (
  select cluster_id, max_by(cluster_name, struct(period, _period, _row)) as cluster_name
  from silver.cluster_month
  group by cluster_id
)
select
  l.cluster_id,
  l.uscc,
  n.cluster_name,
  e.entity_name,
  r.credit_grade,
  r.eval_period,
  r.credit_points,
  r.tax_per_mu_wan,
  r.paid_tax_wan,
  r.used_land_mu,
  r.mu_points,
  r.elec_period,
  r.elec_kwh,
  r.base_elec_kwh,
  r.elec_growth_pct,
  r.elec_points,
  r.items_known,
  r.weighted_points,
  r.weights,
  r.total_points,
  r.total_rank,
  l.day as as_of
from leaders l
join ranked r on r.uscc = l.uscc
left join names n on n.cluster_id = l.cluster_id
left join silver.market_entity e on e.uscc = l.uscc and e._is_current
