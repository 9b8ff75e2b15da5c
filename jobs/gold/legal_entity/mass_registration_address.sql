-- Addresses at which a hundred entities or more are registered, however each of them wrote it.
with asof as (
  select max(to_date(_valid_from)) as day from silver.market_entity
),
written as (
  -- One spelling: half-width digits and letters, every dash the same, no blanks, brackets or other marks, no province in front.
  -- The dash itself stays: 1-2号 is not 12号.
  select
    uscc, division_code, reg_status, legal_rep_id_no, est_date, reg_address,
    regexp_replace(
      regexp_replace(
        upper(translate(
          reg_address,
          '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ－—–―─~～',
          '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ-------'
        )),
        '[^0-9A-Z\\p{IsHan}-]', ''
      ),
      '^河北省', ''
    ) as address
  from silver.market_entity
  where _is_current and reg_address is not null
),
places as (
  -- The division that most of them are registered in; of equals the higher code, so that a rebuild gives the same.
  select address, max_by(division_code, struct(n, division_code)) as division_code, count(*) as divisions
  from (select address, division_code, count(*) as n from written group by address, division_code) by_division
  group by address
),
counted as (
  select
    address,
    min(uscc) as first_uscc,
    count(distinct reg_address) as spellings,
    count(*) as entities,
    count_if(reg_status = '1') as active_entities,
    count(distinct legal_rep_id_no) as legal_reps,
    min(est_date) as first_est_date,
    max(est_date) as last_est_date
  from written
  where address <> ''
  group by address
  having count(*) >= 100
)
select
  c.first_uscc,
  c.address as reg_address,
  p.division_code,
  p.divisions,
  c.spellings,
  c.address rlike '[0-9一二三四五六七八九十](号|栋|幢|楼|层|单元|室)' as has_house_number,
  c.entities,
  c.active_entities,
  c.legal_reps,
  c.first_est_date,
  c.last_est_date,
  a.day as as_of
from counted c
join places p on p.address = c.address
cross join asof a
