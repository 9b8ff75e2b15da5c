-- Each lot of food that failed a test, with every lot that was made of it, over any number of steps.
with recursive failed as (
  select food_batch_id, min(test_date) as failed_on, count(distinct test_item) as failed_items
  from silver.food_test
  where verdict = '2'
  group by food_batch_id
),
made as (
  select b.food_batch_id, p.parent_id
  from silver.food_batch b
  lateral view explode(split(b.parent_batches, ';')) p as parent_id
),
reached (bad_batch_id, food_batch_id, steps) as (
  select food_batch_id, food_batch_id, 0 from failed
  union all
  -- No food takes twelve steps to the counter: a ring among lots ends here.
  select r.bad_batch_id, m.food_batch_id, r.steps + 1
  from reached r
  join made m on m.parent_id = r.food_batch_id
  where r.steps < 12
),
lots as (
  -- Several ways can lead to one lot; the shortest counts.
  select bad_batch_id, food_batch_id, min(steps) as steps from reached group by bad_batch_id, food_batch_id
),
used as (
  select parent_id, count(distinct food_batch_id) as lots from made group by parent_id
)
select
  l.bad_batch_id,
  l.food_batch_id,
  f.failed_on,
  f.failed_items,
  l.steps,
  b.uscc,
  e.entity_name,
  b.food_permit_no,
  b.food_name,
  b.output_kg,
  b.prod_date,
  date_add(b.prod_date, cast(b.shelf_days as int)) as best_before,
  coalesce(u.lots, 0) as lots_made_of_it
from lots l
join failed f on f.food_batch_id = l.bad_batch_id
left join silver.food_batch b on b.food_batch_id = l.food_batch_id
left join used u on u.parent_id = l.food_batch_id
left join silver.market_entity e on e.uscc = b.uscc and e._is_current
