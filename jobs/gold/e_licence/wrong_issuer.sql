-- Licences whose issuer's code is no USCC (GB 32100-2015, GB 11714-1997), with the first thing that is wrong with it.
with asof as (
  select max(to_date(_valid_from)) as day from silver.licence
),
formed as (
  select
    l.*,
    l.issuer_code rlike '^[0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{8}[0-9X][0-9A-HJ-NP-RTUWXY]\\z' as has_form
  from silver.licence l
  where l._is_current
),
summed as (
  select
    f.*,
    -- Organisation code: the weighted sum of places 9–16 and the check digit on place 17 (X is 10) divides by 11.
    case when has_form then
      aggregate(
        sequence(1, 8), 0,
        (total, i) -> total
          + (instr('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', substr(issuer_code, 8 + i, 1)) - 1)
          * element_at(array(3, 7, 9, 10, 5, 8, 4, 2), i)
      ) + instr('0123456789X', substr(issuer_code, 17, 1)) - 1
    end as organisation_sum,
    -- The whole code: the weighted sum of all eighteen places divides by 31.
    case when has_form then
      aggregate(
        sequence(1, 18), 0,
        (total, i) -> total
          + (instr('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(issuer_code, i, 1)) - 1)
          * element_at(array(1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1), i)
      )
    end as code_sum
  from formed f
),
judged as (
  select
    s.*,
    case
      when length(issuer_code) <> 18 then concat('应为18位，实为', length(issuer_code), '位')
      when not has_form then '含有不允许的字符'
      when organisation_sum % 11 <> 0 then '组织机构代码校验位错误'
      when code_sum % 31 <> 0 then '校验码错误'
    end as reason
  from summed s
),
departments as (
  -- The name that the supplier's code has now or had last.
  select code, max_by(name, valid_from) as name from codes.departments group by code
)
select
  j.licence_id,
  j.type_code,
  j.issuer_code,
  j.issuer_name,
  j.reason,
  j.issue_date,
  j.division_code,
  j._department as department_code,
  d.name as department_name,
  j._period as supplied_period,
  j._delivery as supplied_delivery,
  j._row as supplied_row,
  a.day as as_of
from judged j
cross join asof a
left join departments d on d.code = j._department
where j.reason is not null
