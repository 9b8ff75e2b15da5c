-- The dead who still act in the records of others. Pension payments (S3) will be one more part of `activity`.
with asof as (
  select max(to_date(_valid_from)) as day from silver.person_base
),
deceased as (
  select person_id, id_no, name, hukou_division, death_date
  from silver.person_base
  where _is_current and alive_flag = '0'
),
activity as (
  -- A re-issued certificate (3) is asked for in person too.
  select a_id_no as id_no, 'marriage' as kind, cert_no as no, reg_date as day from silver.marriage_reg
  union all
  select b_id_no, 'marriage', cert_no, reg_date from silver.marriage_reg
  union all
  select e.id_no, 'school', e.record_id, a.day from silver.education_record e cross join asof a
  where e._is_current and e.status = '01'
  union all
  select m.legal_rep_id_no, 'legal_rep', m.uscc, a.day from silver.market_entity m cross join asof a
  where m._is_current and m.reg_status = '1'
)
select
  d.person_id,
  x.kind as evidence_kind,
  x.no as evidence_no,
  d.id_no,
  d.name,
  d.hukou_division,
  d.death_date,
  x.day as evidence_date,
  datediff(x.day, d.death_date) as days_after_death,
  a.day as as_of
from deceased d
join activity x on x.id_no = d.id_no and x.day > d.death_date
cross join asof a
