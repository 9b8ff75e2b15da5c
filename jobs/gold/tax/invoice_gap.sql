-- Invoices against declared sales of the same firm and month. Every month's snapshot counts, also those that a newer one has closed.
with newest as (
  select
    uscc,
    snapshot_month,
    max_by(struct(taxpayer_state, invoice_amt, vat_declare_amt), struct(_valid_from, _row)) as s
  from silver.taxpayer_status
  group by uscc, snapshot_month
),
firms as (
  select
    uscc,
    snapshot_month,
    last_day(to_date(concat(snapshot_month, '01'), 'yyyyMMdd')) as day,
    s.invoice_amt as invoiced,
    s.vat_declare_amt as declared,
    s.invoice_amt is not null and s.vat_declare_amt is not null as is_compared,
    abs(s.invoice_amt - s.vat_declare_amt) > abs(s.vat_declare_amt) * 0.2 as is_over
  from newest
  where s.taxpayer_state <> '03'
),
placed as (
  -- Where the firm was registered when the month ended, and the unit of that county on that day.
  select f.*, u.code as unit_code, u.name as unit_name
  from firms f
  left join silver.market_entity e
    on e.uscc = f.uscc and e._valid_from < date_add(f.day, 1) and (e._valid_to is null or e._valid_to >= date_add(f.day, 1))
  left join codes.reporting_units u
    on u.division = e.division_code
    and f.day between to_date(coalesce(u.valid_from, '1900-01-01')) and to_date(coalesce(u.valid_to, '9999-12-31'))
),
counted as (
  select * from placed where unit_code is not null
  union all
  select uscc, snapshot_month, day, invoiced, declared, is_compared, is_over, '130000', '全省合计' from placed
)
select
  snapshot_month,
  unit_code,
  unit_name,
  count_if(is_compared and is_over) as firms_over,
  count_if(is_compared) as firms_compared,
  count_if(is_compared and is_over) * 100 / nullif(count_if(is_compared), 0) as over_pct,
  count_if(is_compared and is_over and invoiced > declared) as invoiced_more,
  count_if(is_compared and is_over and invoiced < declared) as declared_more,
  count_if(not is_compared) as firms_without_figure,
  sum(case when is_compared then invoiced end) as invoice_amt_sum,
  sum(case when is_compared then declared end) as vat_declare_amt_sum,
  max(day) as as_of
from counted
group by snapshot_month, unit_code, unit_name
