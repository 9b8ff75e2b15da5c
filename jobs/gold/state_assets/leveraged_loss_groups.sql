-- Groups put together from their members' own figures, down the tree of holdings; each member once, each figure in its newest vintage.
with recursive holdings as (
  select uscc, parent_uscc, tree_level, hold_pct from silver.soe_tree where _is_current and right_status = '1'
),
parents as (
  -- Held by two, a firm belongs to the greater holder; of equal ones to the higher code, so that a rebuild gives the same.
  select uscc, max_by(parent_uscc, struct(hold_pct, parent_uscc)) as parent_uscc, min(tree_level) as tree_level
  from holdings
  group by uscc
),
tree as (
  select uscc as group_uscc, uscc, 1 as depth from parents where tree_level = 1
  union all
  select t.group_uscc, p.uscc, t.depth + 1
  from tree t
  join parents p on p.parent_uscc = t.uscc and p.tree_level > 1
  where t.depth < 10
),
sizes as (
  select group_uscc, count(*) as members from tree group by group_uscc
),
newest as (
  select
    uscc,
    period,
    max(vintage_no) as vintage_no,
    max_by(struct(total_assets_wan, total_liab_wan, equity_wan, net_profit_wan), struct(vintage_no, _period, _row)) as f
  from silver.soe_finance
  group by uscc, period
),
merged as (
  select
    t.group_uscc,
    n.period,
    -- Months in a row: 202312 → 24287, 202401 → 24288.
    cast(left(n.period, 4) as int) * 12 + cast(right(n.period, 2) as int) - 1 as month_no,
    count(*) as reported,
    sum(n.f.total_assets_wan) as assets,
    sum(n.f.total_liab_wan) as liabilities,
    sum(n.f.equity_wan) as equity,
    sum(n.f.net_profit_wan) as profit,
    count_if(abs(n.f.total_assets_wan - n.f.total_liab_wan - n.f.equity_wan) > 1) as unbalanced,
    max(n.vintage_no) as vintage_no
  from tree t
  join newest n on n.uscc = t.uscc
  group by t.group_uscc, n.period
),
followed as (
  select
    *,
    lag(profit, 1) over (partition by group_uscc order by month_no) as previous_profit,
    lag(profit, 2) over (partition by group_uscc order by month_no) as earlier_profit,
    lag(month_no, 2) over (partition by group_uscc order by month_no) as earlier_no
  from merged
)
select
  f.group_uscc,
  f.period,
  e.entity_name,
  s.members,
  f.reported as members_reported,
  f.liabilities as total_liab_wan,
  f.assets as total_assets_wan,
  f.equity as equity_wan,
  f.liabilities * 100 / nullif(f.assets, 0) as debt_ratio_pct,
  f.profit as net_profit_wan,
  f.previous_profit as previous_net_profit_wan,
  f.earlier_profit as earlier_net_profit_wan,
  f.unbalanced as unbalanced_members,
  f.vintage_no as max_vintage_no,
  last_day(to_date(concat(f.period, '01'), 'yyyyMMdd')) as as_of
from followed f
join sizes s on s.group_uscc = f.group_uscc
left join silver.market_entity e on e.uscc = f.group_uscc and e._is_current
where f.liabilities > f.assets * 0.7
  and f.profit < 0 and f.previous_profit < 0 and f.earlier_profit < 0 and f.earlier_no = f.month_no - 2
