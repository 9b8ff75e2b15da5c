-- The records behind `fell_from_b_to_d`, one by one, in the window that it gives.
select
  f.uscc,
  f.eval_period,
  r.record_id,
  f.entity_name,
  r.record_kind,
  r.doc_no,
  r.item_name,
  r.decide_date,
  r.penalty_type,
  r.penalty_amt,
  r.authority_code,
  r.repaired_flag
from credit.fell_from_b_to_d f
join silver.credit_record r
  on r.uscc = f.uscc and r.record_kind in ('02', '03') and r.decide_date between f.trigger_from and f.trigger_to
