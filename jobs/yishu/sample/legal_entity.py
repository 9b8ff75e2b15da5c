"""法人基础数据库: the province's firms → what 市场监管 and 社保 hand in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, economy
from yishu.sample.firms import COMPANY, COOPERATIVE, SOLE_TRADER, Firms
from yishu.sample.province import Province, Sampled
from yishu.sample.words import SCOPES

_INSURANCES: Final = (("110", 240), ("120", 10), ("130", 4), ("310", 90))
"""Kind and rate in thousandths of the base: pension, unemployment, injury, health."""
_INSURED_MONTHS: Final = ("2024-10", "2024-11", "2024-12")


def market_entities(province: Province) -> Iterator[col.Extract]:
    """The full list, a day's changes, and a day later the changes that a county sent late (older than what is known)."""
    generator, firms = province.generator("market_entity"), province.firms
    told = col.at_work(generator, col.days_between(generator, firms.founded, "2024-12-30", firms.count), firms.count)
    status = np.where(firms.active, 0, 1 + col.draw(generator, 5, firms.count, (2, 2, 12, 1, 1)))
    columns = _entity_columns(province, generator, status) | {"update_time": told}
    known = economy(province)
    yield col.Extract("market_entity", "2024-12-31", col.take(columns, np.arange(firms.listed)), known.firm[known.failing])
    changed = np.flatnonzero(firms.active[: firms.listed])
    changed = np.sort(generator.permutation(changed)[: max(4, firms.listed // 40)])
    today = _changes(province, generator, columns, changed)
    yield col.Extract("market_entity", "2025-01-09", today)
    late = changed[::4]
    when = col.at_work(generator, col.days_between(generator, "2025-01-02", "2025-01-06", len(late)), len(late))
    phone = col.joined("0311-8", col.padded(generator.integers(0, 10**6, size=len(late)), 6))
    older = col.take(columns, late) | {"contact_phone": phone, "update_time": when}
    yield col.Extract("market_entity", "2025-01-10", older)


def _entity_columns(province: Province, generator: np.random.Generator, status: Ints) -> dict[str, pa.Array]:
    firms, people = province.firms, province.people
    count, company, trader = firms.count, firms.kind == COMPANY, firms.kind == SOLE_TRADER
    kinds = col.pick(["1130", "9500", "9100", "9200"], firms.kind)
    net = col.choose(generator, ["38", "39", "56", "77", "86", "99"], count)
    mobile = col.joined("1", net, col.padded(generator.integers(0, 10**8, size=count), 8))
    return {
        "uscc": firms.uscc,
        "entity_name": firms.name,
        "entity_type": kinds,
        "economic_type": col.either(
            company, col.choose(generator, ["159", "173", "160", "174"], count, (2, 6, 1, 1)), col.either(trader, "175", "190")
        ),
        "legal_rep_name": col.pick(people.name, firms.representative),
        "legal_rep_id_no": col.pick(people.id_no, firms.representative),
        "reg_capital_wan": col.decimals(firms.capital, 4),
        "currency": col.constant("CNY", count),
        "est_date": col.days(firms.founded),
        "reg_status": col.pick(["1", "2", "3", "4", "5", "6"], status),
        "industry_code": firms.industry,
        "division_code": col.padded(firms.division, 6),
        "reg_address": firms.address,
        "reg_authority": col.pick(province.bureau_code, firms.county),
        "business_scope": col.choose(generator, SCOPES, count),
        "contact_phone": mobile,
    }


def _changes(
    province: Province, generator: np.random.Generator, columns: dict[str, pa.Array], changed: Ints
) -> dict[str, pa.Array]:
    """Half of the changed entities are struck off, the other half get a new representative; the newly founded follow."""
    firms, people = province.firms, province.people
    index = np.concatenate([changed, np.arange(firms.listed, firms.count)])
    old = np.arange(len(index)) < len(changed)
    struck = old & (np.arange(len(index)) % 2 == 0)
    person = np.where(old & ~struck, people.draw_adults(generator, len(index)), firms.representative[index])
    day = np.where(old, np.datetime64("2025-01-08"), np.datetime64("2025-01-09"))
    rows = col.take(columns, index)
    return rows | {
        "reg_status": col.either(struck, "4", rows["reg_status"]),
        "legal_rep_name": col.pick(people.name, person),
        "legal_rep_id_no": col.pick(people.id_no, person),
        "update_time": col.at_work(generator, day, len(index)),
    }


@dataclass(frozen=True)
class _Stakes:
    """Who holds which part of which company: vectors of one length."""

    firm: Ints
    seq: Ints
    ratio: Ints
    person: Ints
    other: Ints
    natural: col.Flags


def shareholders(province: Province) -> Iterator[col.Extract]:
    """All stakes (the ratios of a company sum to 100), then some transfers: one line ends, its successor begins."""
    generator = province.generator("entity_shareholder")
    stakes = _stakes(province, generator)
    firms = province.firms
    since = firms.founded[stakes.firm]
    told = col.at_work(generator, col.days_between(generator, since, "2024-12-30", len(since)), len(since))
    yield col.Extract("entity_shareholder", "2024-12-31", _stake_columns(province, stakes, since, "01") | {"update_time": told})
    sold = np.sort(generator.permutation(len(since))[: max(2, len(since) // 50)])
    day = col.days_between(generator, "2025-01-02", "2025-01-08", len(sold))
    ended = _some(stakes, sold)
    begun = _bought(province, generator, ended)
    stamp = col.at_work(generator, day, len(sold))
    left = _stake_columns(province, ended, since[sold], "05") | {"end_date": col.days(day), "update_time": stamp}
    came = _stake_columns(province, begun, day, "04") | {"update_time": stamp}
    yield col.Extract("entity_shareholder", "2025-01-09", col.stacked(left, came))


def _stakes(province: Province, generator: np.random.Generator) -> _Stakes:
    firms = province.firms
    company = np.flatnonzero((firms.kind == COMPANY)[: firms.listed])
    holders = 1 + col.draw(generator, 3, len(company), (45, 35, 20))
    firm = np.repeat(company, holders)
    start = np.repeat(np.cumsum(holders) - holders, holders)
    # Any company but itself: the next ones in the list, round and round.
    step = 1 + col.draw(generator, max(1, len(company) - 1), len(firm))
    own = np.repeat(np.arange(len(company)), holders)
    seq = np.arange(len(firm)) - start + 1
    return _Stakes(
        firm=firm, seq=seq, ratio=_ratios(generator, holders, seq), natural=generator.random(len(firm)) < 0.85,
        person=province.people.draw_adults(generator, len(firm)), other=company[(own + step) % len(company)],
    )  # fmt: skip


def _ratios(generator: np.random.Generator, holders: Ints, seq: Ints) -> Ints:
    """Parts of 100 % in ten-thousandths of a per cent; the last holder gets what is left."""
    whole = 1_000_000
    first = np.where(holders == 1, whole, generator.integers(5_000, 9_000, size=len(holders)) * 100)
    second = np.where(holders == 2, whole - first, (whole - first) * generator.integers(20, 80, size=len(holders)) // 100)
    by_seq = np.stack([first, second, whole - first - second], axis=1)
    return by_seq[np.repeat(np.arange(len(holders)), holders), seq - 1]


def _some(stakes: _Stakes, index: Ints) -> _Stakes:
    return _Stakes(*(getattr(stakes, name)[index] for name in _Stakes.__dataclass_fields__))


def _bought(province: Province, generator: np.random.Generator, ended: _Stakes) -> _Stakes:
    """The same parts in the hands of persons, numbered after those who hold already."""
    count = len(ended.firm)
    return _Stakes(
        firm=ended.firm, seq=ended.seq + 3, ratio=ended.ratio, person=province.people.draw_adults(generator, count), other=ended.other,
        natural=np.ones(count, dtype=np.bool_),
    )  # fmt: skip


def _stake_columns(province: Province, stakes: _Stakes, since: col.Days, change: str) -> dict[str, pa.Array]:
    firms, people = province.firms, province.people
    count = len(stakes.firm)
    subscribed = firms.capital[stakes.firm] * stakes.ratio // 1_000_000
    hidden = [
        hashlib.sha256(b"shareholder:" + number.encode()).hexdigest()
        for number in col.pick(people.id_no, stakes.person).to_pylist()
    ]
    return {
        "uscc": col.pick(firms.uscc, stakes.firm),
        "shareholder_id": col.either(stakes.natural, pa.array(hidden, pa.string()), col.pick(firms.uscc, stakes.other)),
        "shareholder_type": col.either(stakes.natural, "1", "2"),
        "shareholder_name": col.either(
            stakes.natural, col.pick(people.name, stakes.person), col.pick(firms.name, stakes.other)
        ),
        "sub_capital_wan": col.decimals(subscribed, 4),
        "paid_capital_wan": col.decimals(subscribed * (stakes.firm % 4 + 1) // 4, 4),
        "ratio_pct": col.decimals(stakes.ratio, 4),
        "seq": col.integers(stakes.seq),
        "eff_date": col.days(since),
        "end_date": col.constant(None, count),
        "change_type": col.constant(change, count),
    }


def social_insurance(province: Province) -> Iterator[col.Extract]:
    """Three months, with the first the same months of the year before for firms that the economy knows.

    Payable = paid + arrears to the cent. Some struck-off firms still have insured staff (a real finding).
    """
    generator, firms, model = province.generator("entity_social_insurance"), province.firms, economy(province)
    drawn = np.flatnonzero((firms.kind <= COOPERATIVE)[: firms.listed])
    drawn = generator.permutation(drawn)[: max(5, province.rows // (3 * len(_INSURANCES)))]
    # Firms that fail are insured here: whoever looks at their sales or exports looks at their staff, too.
    employers = np.union1d(drawn, model.firm[model.failing])
    place, known = np.searchsorted(model.firm, employers), np.isin(employers, model.firm)
    staff = 1 + (np.exp(generator.normal(1.6, 1.1, size=len(employers)))).astype(np.int64)
    for month in _INSURED_MONTHS:
        staff = np.maximum(1, staff + generator.integers(-1, 2, size=len(staff)))
        staff[known] = model.staff[place[known], MONTHS.index(month)]
        told = [_contributions(firms, generator, employers, staff, month)]
        for back in _INSURED_MONTHS if month == _INSURED_MONTHS[0] else ():
            before = back.replace("2024", "2023")
            then = model.staff[place[known], MONTHS.index(before)]
            told.append(_contributions(firms, generator, employers[known], then, before))
        yield col.Extract("entity_social_insurance", month, col.stacked(*told))


def _contributions(
    firms: Firms, generator: np.random.Generator, employers: Ints, staff: Ints, month: str
) -> dict[str, pa.Array]:
    kinds = len(_INSURANCES)
    firm, insured = np.repeat(employers, kinds), np.repeat(staff, kinds)
    wage = np.repeat(generator.integers(380_000, 1_200_000, size=len(employers)), kinds)
    kind = np.tile(np.arange(kinds), len(employers))
    base = insured * wage
    payable = base * np.array([rate for _, rate in _INSURANCES])[kind] // 1000
    arrears = np.where(generator.random(len(firm)) < 0.06, payable * generator.integers(10, 101, size=len(firm)) // 100, 0)
    paid = payable - arrears
    day = np.datetime64(month, "D") + 14 + generator.integers(0, 11, size=len(firm)).astype("timedelta64[D]")
    return {
        "uscc": col.pick(firms.uscc, firm),
        "period": col.constant(month.replace("-", ""), len(firm)),
        "ins_type": col.pick([code for code, _ in _INSURANCES], kind),
        "insured_cnt": col.integers(insured),
        "base_amt": col.decimals(base, 2),
        "payable_amt": col.decimals(payable, 2),
        "paid_amt": col.decimals(paid, 2),
        "arrears_amt": col.decimals(arrears, 2),
        "pay_date": col.days(day, paid == 0),
        "division_code": col.padded(_place_of_insurance(firms, firm), 6),
    }


def _place_of_insurance(firms: Firms, firm: Ints) -> Ints:
    """Insured where the firm sits today: abolished codes are replaced by those of the county."""
    return firms.county_code[firm]


SAMPLED = Sampled({"market_entity": market_entities, "entity_shareholder": shareholders, "entity_social_insurance": social_insurance})
