-- Local supply weighted by trade; nodes at risk by product. What has ended by the day, or not begun, is not counted.
with asof as (
  select max(to_date(_valid_from)) as day from silver.chain_link
),
live as (
  select c.*, a.day
  from silver.chain_link c
  cross join asof a
  where c._is_current and c.valid_from <= a.day and (c.valid_to is null or c.valid_to >= a.day)
),
counted as (
  select
    chain_code,
    coalesce(product, '*') as product,
    count(*) as links,
    sum(if(is_local, amount_wan, 0)) as local_amount_wan,
    sum(amount_wan) as amount_wan,
    count_if(risk_level = 'H') as high_risk_links,
    sum(if(risk_level = 'H', amount_wan, 0)) as high_risk_amount_wan,
    count(distinct up_uscc) as suppliers,
    max(day) as day
  from live
  group by grouping sets ((chain_code, product), (chain_code))
)
select
  c.chain_code,
  c.product,
  i.name as chain_name,
  c.links,
  c.local_amount_wan,
  c.amount_wan,
  c.local_amount_wan * 100 / nullif(c.amount_wan, 0) as share_pct,
  c.high_risk_links,
  c.high_risk_amount_wan,
  c.suppliers,
  c.product <> '*' and c.high_risk_links > 0 and c.high_risk_amount_wan * 2 > c.amount_wan as is_risk_node,
  c.day as as_of
from counted c
left join codes.industry_chains i on i.code = c.chain_code
