-- The 107 key clusters: the sum of their months beside what the province published.
with published as (
  select stat_year, clusters, cast(revenue_yi as decimal(20, 2)) as revenue_yi, cast(tax_yi as decimal(20, 2)) as tax_yi
  from values ('2024', 107, 36000.00, 872.64) as known(stat_year, clusters, revenue_yi, tax_yi)
),
newest as (
  -- A month handed in again in a later delivery counts once, as it was said last.
  select
    cluster_id,
    period,
    left(period, 4) as stat_year,
    max_by(struct(revenue_yi, tax_yi, key_flag), struct(_period, _row)) as figures,
    count(distinct _period, _delivery) as times
  from silver.cluster_month
  group by cluster_id, period
),
clusters as (
  -- A cluster that became a key one during the year is one for the whole year: its newest month decides.
  select
    stat_year,
    cluster_id,
    max_by(figures.key_flag, period) as key_flag,
    sum(figures.revenue_yi) as revenue_yi,
    sum(figures.tax_yi) as tax_yi,
    count(*) as months,
    count_if(times > 1) as restated_months,
    max(period) as last_period
  from newest
  group by stat_year, cluster_id
),
years as (
  select
    stat_year,
    count(*) as key_clusters,
    count_if(months = 12) as full_year_clusters,
    sum(revenue_yi) as revenue_yi,
    sum(tax_yi) as tax_yi,
    sum(restated_months) as restated_months,
    max(last_period) as last_period
  from clusters
  where key_flag
  group by stat_year
)
select
  y.stat_year,
  y.key_clusters,
  p.clusters as clusters_published,
  y.full_year_clusters,
  y.revenue_yi,
  p.revenue_yi as published_revenue_yi,
  y.revenue_yi - p.revenue_yi as revenue_gap_yi,
  (y.revenue_yi - p.revenue_yi) * 100 / p.revenue_yi as revenue_gap_pct,
  y.tax_yi,
  p.tax_yi as published_tax_yi,
  y.tax_yi - p.tax_yi as tax_gap_yi,
  y.restated_months,
  y.last_period
from years y
left join published p on p.stat_year = y.stat_year
