-- Firms with red or orange alarms that have been open for more than 24 hours, beside their last inspection.
with asof as (
  -- The newest word from the monitoring system, so that a re-run gives the same.
  select max(update_time) as moment from silver.hazard_alarm
),
open_alarms as (
  select a.alarm_id, a.hazard_id, a.alarm_level, a.start_time, m.moment
  from silver.hazard_alarm a
  cross join asof m
  where a.alarm_level in ('1', '2') and not a.is_test and a.end_time is null and a.start_time < m.moment - interval 24 hours
),
hazards as (
  select hazard_id, uscc, division_code, hazard_level from silver.major_hazard where _is_current
),
firms as (
  select
    h.uscc,
    -- The county of the most dangerous of the firm's hazards in alarm.
    min_by(h.division_code, struct(h.hazard_level, h.hazard_id)) as division_code,
    count(*) as open_alarms,
    count_if(o.alarm_level = '1') as red_alarms,
    count(distinct o.hazard_id) as hazards,
    min(h.hazard_level) as worst_hazard_level,
    min(o.start_time) as oldest_start_time,
    max(o.moment) as moment
  from open_alarms o
  join hazards h on h.hazard_id = o.hazard_id
  group by h.uscc
),
inspected as (
  -- An inspection after that moment is not known yet.
  select i.uscc, max_by(struct(i.inspect_date, i.inspect_result), struct(i.inspect_date, i.inspect_no)) as newest
  from silver.safety_inspection i
  cross join asof m
  where i.inspect_date <= to_date(m.moment)
  group by i.uscc
)
select
  f.uscc,
  e.entity_name,
  f.division_code,
  f.open_alarms,
  f.red_alarms,
  f.hazards,
  f.worst_hazard_level,
  to_date(f.oldest_start_time) as oldest_start_date,
  cast((unix_timestamp(f.moment) - unix_timestamp(f.oldest_start_time)) as decimal(18, 4)) / 3600 as longest_open_hours,
  i.newest.inspect_date as last_inspect_date,
  i.newest.inspect_result as last_inspect_result,
  datediff(to_date(f.moment), i.newest.inspect_date) as days_since_inspection,
  to_date(f.moment) as as_of
from firms f
left join inspected i on i.uscc = f.uscc
left join silver.market_entity e on e.uscc = f.uscc and e._is_current
