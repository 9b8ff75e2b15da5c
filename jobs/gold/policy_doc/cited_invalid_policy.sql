-- What is no longer in force and still cited by what is, as of the day of the newest change of the documents.
with asof as (
  select max(to_date(_valid_from)) as day from silver.policy_document
),
documents as (
  select d.*, a.day from silver.policy_document d cross join asof a where d._is_current
),
replacing as (
  -- A document takes another's place only from the day on which it takes effect itself.
  select supersedes as policy_no, min(struct(coalesce(effect_date, publish_date) as since, policy_no as by_no)) as newer
  from documents
  where supersedes is not null and policy_status in ('1', '4') and coalesce(effect_date, publish_date) <= day
  group by supersedes
),
invalid as (
  select
    d.policy_id,
    d.policy_no,
    d.policy_title,
    d.day,
    r.newer.by_no as superseded_by,
    case
      when d.policy_status = '3' then '废止'
      when d.policy_status = '2' then '失效'
      when d.expire_date < d.day then '有效期届满'
      else '被新文件替代'
    end as invalid_reason,
    coalesce(date_add(d.expire_date, 1), r.newer.since) as invalid_since
  from documents d
  left join replacing r on r.policy_no = d.policy_no
  where d.policy_status in ('2', '3') or d.expire_date < d.day or r.policy_no is not null
),
in_force as (
  select d.* from documents d left anti join invalid i on i.policy_id = d.policy_id
),
citing as (
  -- A document names what it repeals, and that is no citation of something in force. 3号 is not found in 13号, nor in 3号 of another year.
  select i.policy_id, 'document' as kind, c.policy_id as id, c.policy_title as title, c.issuer_code as dept_code
  from invalid i
  join in_force c
    on c.policy_id <> i.policy_id and contains(c.body_md, i.policy_no) and coalesce(c.supersedes, '') <> i.policy_no
  union all
  select i.policy_id, 'clause', k.clause_id, k.clause_text, k.dept_code
  from invalid i
  join silver.policy_clause k
    on k.policy_id = i.policy_id and k._is_current and (k.window_to is null or k.window_to >= i.day)
  union all
  select i.policy_id, 'task', t.task_id, t.task_name, t.dept_code
  from invalid i
  join silver.supervise_task t on t.policy_id = i.policy_id and t._is_current and t.task_status <> '3'
)
select
  i.policy_id,
  c.kind as citing_kind,
  c.id as citing_id,
  i.policy_no,
  i.policy_title,
  i.invalid_reason,
  i.invalid_since,
  i.superseded_by,
  left(c.title, 300) as citing_title,
  c.dept_code as citing_dept_code,
  i.day as as_of
from invalid i
join citing c on c.policy_id = i.policy_id
