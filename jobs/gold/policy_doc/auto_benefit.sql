-- Clauses in force against firms: three-valued logic, as of the day of the newest change of the firms or the clauses.
with asof as (
  select max(day) as day
  from (
    select max(to_date(_valid_from)) as day from silver.market_entity
    union all
    select max(to_date(_valid_from)) from silver.policy_clause
  ) days
),
clauses as (
  -- In force are the clause's window and the document; one that expired yesterday never matches.
  select c.clause_id, c.policy_id, c.support_type, c.dept_code, d.policy_no, a.day,
    from_json(c.cond_expr, 'array<struct<item:string,op:string,value:string>>') as conditions
  from silver.policy_clause c
  cross join asof a
  join silver.policy_document d on d.policy_id = c.policy_id and d._is_current
  where c._is_current and c.auto_flag
    and (c.window_from is null or c.window_from <= a.day) and (c.window_to is null or c.window_to >= a.day)
    and d.policy_status in ('1', '4')
    and (d.effect_date is null or d.effect_date <= a.day) and (d.expire_date is null or d.expire_date >= a.day)
),
credit as (
  -- Handed in by quarter: a result of more than two quarters ago says nothing of today.
  select uscc, max_by(struct(grade4, score, eval_time), struct(eval_period, eval_time, _period, _row)) as newest
  from silver.credit_score
  group by uscc
),
staff as (
  select uscc, max_by(struct(period, insured_cnt, arrears_amt), struct(period, _period, _row)) as newest
  from silver.entity_social_insurance
  where ins_type = '110'
  group by uscc
),
firms as (
  select
    e.uscc,
    e.entity_name,
    map(
      'reg_status', e.reg_status,
      'entity_type', e.entity_type,
      'industry_section', left(e.industry_code, 1),
      'industry_code', e.industry_code,
      'division_code', e.division_code,
      'reg_capital_wan', cast(e.reg_capital_wan as string),
      'est_years', cast(floor(months_between(a.day, e.est_date) / 12) as string),
      'credit_grade', if(c.newest.eval_time >= add_months(a.day, -6), c.newest.grade4, null),
      'insured_cnt', if(last_day(to_date(concat(i.newest.period, '01'), 'yyyyMMdd')) >= add_months(a.day, -3),
        cast(i.newest.insured_cnt as string), null),
      'arrears_amt', if(last_day(to_date(concat(i.newest.period, '01'), 'yyyyMMdd')) >= add_months(a.day, -3),
        cast(i.newest.arrears_amt as string), null)
    ) as facts
  from silver.market_entity e
  cross join asof a
  left join credit c on c.uscc = e.uscc
  left join staff i on i.uscc = e.uscc
  where e._is_current and e.reg_status = '1'
),
asked as (
  select f.uscc, f.entity_name, c.clause_id, c.policy_id, c.policy_no, c.support_type, c.dept_code, c.day, q.item, q.op, q.value,
    try_element_at(f.facts, q.item) as fact
  from firms f
  cross join clauses c
  lateral view explode(c.conditions) exploded as q
),
judged as (
  -- An item that nobody knows is neither true nor false.
  select
    *,
    case op
      when 'eq' then fact = value
      when 'ne' then fact <> value
      when 'in' then array_contains(split(value, ','), fact)
      when 'not_in' then not array_contains(split(value, ','), fact)
      when 'ge' then try_cast(fact as decimal(24, 4)) >= try_cast(value as decimal(24, 4))
      when 'le' then try_cast(fact as decimal(24, 4)) <= try_cast(value as decimal(24, 4))
    end as is_met
  from asked
),
summed as (
  select
    uscc,
    clause_id,
    max(entity_name) as entity_name,
    max(policy_id) as policy_id,
    max(policy_no) as policy_no,
    max(support_type) as support_type,
    max(dept_code) as dept_code,
    max(day) as day,
    count(*) as conditions,
    count_if(is_met) as conditions_met,
    count_if(not is_met) as conditions_failed,
    count_if(is_met is null) as conditions_unknown,
    array_join(array_sort(collect_set(if(not is_met, concat(item, ' ', op, ' ', value, '（实为', fact, '）'), null))), '；') as failed,
    array_join(array_sort(collect_set(if(is_met is null, item, null))), '；') as missing
  from judged
  group by uscc, clause_id
)
select
  uscc,
  clause_id,
  entity_name,
  policy_id,
  policy_no,
  support_type,
  dept_code,
  case when conditions_failed > 0 then '不符合' when conditions_unknown > 0 then '数据不足' else '符合' end as verdict,
  conditions,
  conditions_met,
  nullif(failed, '') as failed_conditions,
  nullif(missing, '') as missing_items,
  conditions_failed = 1 and conditions_unknown = 0 as one_step_away,
  day as as_of
from summed
