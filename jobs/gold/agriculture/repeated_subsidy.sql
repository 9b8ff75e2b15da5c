-- One person, one subsidy, one year, paid more than once. What the bank sent back was not paid.
with counted as (
  select
    id_no,
    subsidy_code,
    date_format(payment_date, 'yyyy') as pay_year,
    max_by(name, struct(payment_date, pay_id)) as name,
    count_if(pay_status = '1') as payments,
    count_if(pay_status = '2') as returned,
    sum(if(pay_status = '1', amount, 0)) as amount,
    max(if(pay_status = '1', amount, 0)) as greatest_amount,
    count(distinct if(pay_status = '1', bank_account, null)) as accounts,
    count(distinct if(pay_status = '1', division_code, null)) as counties,
    min(if(pay_status = '1', payment_date, null)) as first_pay_date,
    max(if(pay_status = '1', payment_date, null)) as last_pay_date
  from silver.agri_subsidy
  group by id_no, subsidy_code, date_format(payment_date, 'yyyy')
)
select
  c.id_no,
  c.subsidy_code,
  c.pay_year,
  i.name as subsidy_name,
  c.name,
  c.payments,
  cast(i.per_year as bigint) as allowed_payments,
  c.payments > cast(i.per_year as bigint) as over_limit,
  c.returned,
  c.amount,
  c.amount - c.greatest_amount as excess_amount,
  c.accounts,
  c.counties,
  c.first_pay_date,
  c.last_pay_date
from counted c
left join codes.subsidy_items i on i.code = c.subsidy_code
where c.payments > 1
