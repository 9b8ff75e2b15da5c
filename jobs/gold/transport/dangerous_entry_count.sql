-- Entries of dangerous-goods vehicles into counties under control: a sample inside after one outside, within the hours of the ban.
with controls as (
  select control_id, division_code, control_name, control_start, control_end
  from silver.traffic_control
  where dangerous_banned
),
samples as (
  -- A plate number alone names several vehicles: its colour belongs to it. A point in no known county says nothing.
  select
    plate_no,
    plate_color,
    position_time,
    max_by(division_code, struct(_period, _row)) as division_code
  from silver.vehicle_track
  where division_code is not null
  group by plate_no, plate_color, position_time
),
followed as (
  select *, lag(division_code) over (partition by plate_no, plate_color order by position_time) as previous_division
  from samples
),
licensed as (
  -- What the vehicle was licensed for at that moment, not what it is today.
  select
    f.plate_no, f.plate_color, f.position_time, f.division_code, f.previous_division,
    max(l.permit_valid_to) as permit_valid_to,
    max_by(l.uscc, struct(l.permit_valid_to, l.road_permit_no)) as uscc
  from followed f
  join silver.transport_licence l
    on l.plate_no = f.plate_no and l.plate_color = f.plate_color
    and l._valid_from <= f.position_time and (l._valid_to is null or l._valid_to > f.position_time)
  where l.dangerous
  group by f.plate_no, f.plate_color, f.position_time, f.division_code, f.previous_division
),
entries as (
  -- Who was inside already does not enter, however many samples follow; a first sample ever shows no crossing.
  select
    c.control_id,
    c.division_code,
    count(*) as entries,
    count(distinct s.plate_no, s.plate_color) as vehicles,
    count(distinct s.uscc) as entities,
    count_if(s.permit_valid_to < to_date(s.position_time)) as expired_entries
  from controls c
  join licensed s
    on s.division_code = c.division_code and s.previous_division <> s.division_code
    and s.position_time between c.control_start and c.control_end
  group by c.control_id, c.division_code
),
last_before as (
  select
    c.control_id, c.division_code, s.plate_no, s.plate_color,
    max_by(s.division_code, s.position_time) as last_division
  from controls c
  join licensed s on s.position_time < c.control_start and s.position_time >= c.control_start - interval 24 hours
  group by c.control_id, c.division_code, s.plate_no, s.plate_color
),
inside as (
  select control_id, division_code, count(*) as vehicles
  from last_before
  where last_division = division_code
  group by control_id, division_code
),
asof as (
  select to_date(max(position_time)) as day from samples
),
names as (
  select code, max_by(name, coalesce(valid_from, '1900-01-01')) as name from codes.divisions group by code
),
units as (
  select c.control_id, c.division_code, max(struct(u.code, u.name)) as unit
  from controls c
  join codes.reporting_units u
    on u.division = c.division_code
    and to_date(c.control_start) between to_date(coalesce(u.valid_from, '1900-01-01'))
      and to_date(coalesce(u.valid_to, '9999-12-31'))
  group by c.control_id, c.division_code
)
select
  c.control_id,
  c.division_code,
  c.control_name,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  to_date(c.control_start) as control_from,
  to_date(c.control_end) as control_to,
  coalesce(e.entries, 0) as entries,
  coalesce(e.vehicles, 0) as vehicles,
  coalesce(e.entities, 0) as entities,
  coalesce(e.expired_entries, 0) as expired_entries,
  coalesce(i.vehicles, 0) as already_inside,
  a.day as as_of
from controls c
cross join asof a
left join entries e on e.control_id = c.control_id and e.division_code = c.division_code
left join inside i on i.control_id = c.control_id and i.division_code = c.division_code
left join names n on n.code = c.division_code
left join units u on u.control_id = c.control_id and u.division_code = c.division_code
