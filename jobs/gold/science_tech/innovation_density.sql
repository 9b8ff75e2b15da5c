-- High-tech firms and invention patents of the enterprises that exist, by the county where each is registered, on one day for all three.
with asof as (
  select max(to_date(_valid_from)) as day from silver.market_entity
),
enterprises as (
  -- The version in force at the end of that day; traders (9500), farmers' cooperatives (9100) and collectives (9200) are no enterprises.
  select e.uscc, e.division_code, a.day
  from silver.market_entity e
  join asof a
    on e._valid_from < date_add(a.day, 1)
    and (e._valid_to is null or e._valid_to >= date_add(a.day, 1))
  where e.reg_status = '1' and coalesce(e.entity_type, '') not in ('9100', '9200', '9500')
),
hightech as (
  -- A firm with two certificates on that day is one firm.
  select h.uscc, max(h.division_code) as listed_division
  from silver.hightech_ent h
  join asof a
    on h._valid_from < date_add(a.day, 1)
    and (h._valid_to is null or h._valid_to >= date_add(a.day, 1))
    and a.day between h.cert_issue_date and h.cert_valid_to
  where h.cert_kind = '1'
  group by h.uscc
),
patents as (
  select i.uscc, count(*) as patents
  from silver.ip_right i
  join asof a
    on i._valid_from < date_add(a.day, 1)
    and (i._valid_to is null or i._valid_to >= date_add(a.day, 1))
    and i.grant_date <= a.day
  where i.ip_kind = '1' and i.legal_status = '01'
  group by i.uscc
),
counted as (
  select
    e.division_code,
    max(e.day) as day,
    count(*) as enterprises,
    count(h.uscc) as hightech,
    coalesce(sum(p.patents), 0) as patents,
    count_if(h.listed_division <> e.division_code) as elsewhere
  from enterprises e
  left join hightech h on h.uscc = e.uscc
  left join patents p on p.uscc = e.uscc
  group by e.division_code
),
names as (
  select d.code, max_by(d.name, coalesce(d.valid_from, '1900-01-01')) as name
  from codes.divisions d join asof a on to_date(coalesce(d.valid_from, '1900-01-01')) <= a.day
  group by d.code
),
units as (
  select u.division, max_by(struct(u.code, u.name), coalesce(u.valid_from, '1900-01-01')) as unit
  from codes.reporting_units u join asof a on to_date(coalesce(u.valid_from, '1900-01-01')) <= a.day
  group by u.division
)
select
  c.division_code,
  n.name as division_name,
  u.unit.code as unit_code,
  u.unit.name as unit_name,
  c.hightech as hightech_firms,
  c.patents as invention_patents,
  c.enterprises,
  c.hightech * 10000 / c.enterprises as hightech_per_10k,
  c.patents * 10000 / c.enterprises as patents_per_10k,
  c.elsewhere as hightech_elsewhere,
  c.day as as_of
from counted c
left join names n on n.code = c.division_code
left join units u on u.division = c.division_code
