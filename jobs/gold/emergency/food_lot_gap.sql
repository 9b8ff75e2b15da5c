-- Lots of food whose chain does not hold: an unknown parent (1), one that is younger (2), a ring (3), more made than was put in (4).
with recursive made as (
  select b.food_batch_id, b.prod_date, p.parent_id
  from silver.food_batch b
  lateral view explode(split(b.parent_batches, ';')) p as parent_id
),
linked as (
  select m.food_batch_id, m.parent_id, m.prod_date, b.prod_date as parent_date
  from made m
  left join silver.food_batch b on b.food_batch_id = m.parent_id
),
walked (food_batch_id, parent_id, at_id, steps) as (
  -- In a ring some lot has a parent that is not older: what is made of that lot leads back to the parent.
  select food_batch_id, parent_id, food_batch_id, 0 from linked where parent_date >= prod_date
  union all
  select w.food_batch_id, w.parent_id, m.food_batch_id, w.steps + 1
  from walked w
  join made m on m.parent_id = w.at_id
  where w.steps < 12
),
gaps as (
  select food_batch_id, '1' as gap, parent_id from linked where parent_date is null
  union all
  select food_batch_id, '2' as gap, parent_id from linked where parent_date > prod_date
  union all
  select distinct food_batch_id, '3' as gap, parent_id from walked where at_id = parent_id
  union all
  select food_batch_id, '4' as gap, cast(null as string) as parent_id from silver.food_batch where output_kg > input_kg
),
counted as (
  select food_batch_id, gap, count(parent_id) as parents, min(parent_id) as first_parent from gaps group by food_batch_id, gap
)
select
  c.food_batch_id,
  c.gap,
  c.parents,
  c.first_parent,
  b.uscc,
  e.entity_name,
  b.food_name,
  b.prod_date,
  b.output_kg,
  b.input_kg
from counted c
join silver.food_batch b on b.food_batch_id = c.food_batch_id
left join silver.market_entity e on e.uscc = b.uscc and e._is_current
