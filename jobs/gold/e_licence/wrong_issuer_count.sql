-- How many of each issuer's licences carry a wrong code: the worklist counted, over all that the issuer has given.
with wrong as (
  select
    department_code,
    issuer_name,
    max(department_name) as department_name,
    count(*) as wrong_licences,
    count(distinct issuer_code) as wrong_codes,
    max(as_of) as as_of
  from e_licence.wrong_issuer
  group by department_code, issuer_name
),
given as (
  select _department as department_code, issuer_name, count(*) as licences
  from silver.licence
  where _is_current
  group by _department, issuer_name
)
select
  w.department_code,
  w.issuer_name,
  w.department_name,
  w.wrong_licences,
  g.licences,
  w.wrong_licences * 100.0 / g.licences as wrong_pct,
  w.wrong_codes,
  w.as_of
from wrong w
join given g on g.department_code = w.department_code and g.issuer_name = w.issuer_name
