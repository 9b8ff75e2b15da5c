-- Freight orders unloaded before (or when) they were loaded, or faster than a lorry can be.
with orders as (
  -- An order that was handed in again counts once, as it was corrected last.
  select
    order_no,
    max_by(
      struct(
        carrier_uscc, load_division, unload_division, load_time, unload_time, distance_km, weight_t, freight_yuan, _period
      ),
      struct(_period, _delivery, _row)
    ) as o
  from silver.freight_order
  group by order_no
),
timed as (
  -- In seconds: whole hours would hide a run of 100 km in 40 minutes.
  select order_no, o, unix_timestamp(o.unload_time) - unix_timestamp(o.load_time) as seconds
  from orders
),
judged as (
  select
    t.*,
    case when seconds > 0 then o.distance_km * 3600 / seconds end as speed_kmh,
    case
      when seconds < 0 then '装卸时间倒置'
      -- No time for any distance: the speed has no value, yet it is above every limit.
      when seconds = 0 and o.distance_km > 0 then '装卸同时'
      when seconds > 0 and o.distance_km * 3600 > 130 * seconds then '速度过高'
    end as reason
  from timed t
)
select
  j.order_no,
  j.o.carrier_uscc as carrier_uscc,
  e.entity_name,
  j.reason,
  j.o.load_division as load_division,
  j.o.unload_division as unload_division,
  to_date(j.o.load_time) as load_date,
  to_date(j.o.unload_time) as unload_date,
  j.o.distance_km as distance_km,
  cast(j.seconds as decimal(14, 4)) / 60 as transit_minutes,
  j.speed_kmh,
  j.o.weight_t as weight_t,
  j.o.freight_yuan as freight_yuan,
  j.o._period as supplied_period
from judged j
left join silver.market_entity e on e.uscc = j.o.carrier_uscc and e._is_current
where j.reason is not null
