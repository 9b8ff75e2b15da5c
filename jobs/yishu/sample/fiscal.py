"""财政专题数据库: the counties' budget revenue → monthly accounts by subject; policies and payees → payments of special funds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample import macro_figures as macro
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.policy_paper import papers
from yishu.sample.province import Province, Sampled

_MONTHS: Final = tuple(f"2024{month:02d}" for month in range(1, 13))
_REVENUE: Final = ("101", "103")
_TRANSFERS: Final = "110"
_CLASSES: Final = (
    ("201", 14, ("20103",)), ("205", 24, ("20502",)), ("208", 20, ("20805", "20819")), ("210", 12, ("21012",)), ("212", 9, ()),
    ("213", 16, ()), ("221", 5, ("22102",)),
)  # fmt: skip
"""Classes of expenditure, about their shares in per cent, and the items in them that count as 三保."""
_SUBJECTS: Final = (
    *_REVENUE, _TRANSFERS, *(code for code, *_ in _CLASSES), *(item for *_, items in _CLASSES for item in items),
)  # fmt: skip
_ITEMS: Final = len(_REVENUE) + 1 + len(_CLASSES)
"""The place of the first item in `_SUBJECTS`."""
_SELF_SUFFICIENT: Final = 0.05
"""Planted: the share of its spending that the poorest county earns itself."""
_MOST: Final = 8e8
"""No county is given more than 800亿元 a year (in hundredths of 万元): the richer ones live on their own."""
_FIRST_PAYMENT: Final = "2022-01-04"


@dataclass(frozen=True)
class Accounts:
    """Place × subject × month of 2024 in hundredths of 万元; the province and the cities come before the counties."""

    codes: Ints
    actual: Ints
    upper: int
    poor: int
    """The county (by its place here) that earns least of what it spends."""
    careless: int
    """The county whose share of the 三保 is the smallest."""


def accounts(province: Province) -> Accounts:
    """A county's tax and other revenue are the statistics' budget revenue; a class is more than its items."""
    generator, year = province.generator("budget_exec"), macro.figures(province)
    county = province.places.scattered(province.rows // 10)
    upper, count = year.upper, year.upper + len(county)
    codes = np.concatenate([year.places[:upper], province.places.code[county]])
    # Statistics count in ten-thousandths of 亿元, which are 万元. What a city or the province earns itself is in its counties' figures already.
    earned = np.zeros((count, len(_MONTHS)), dtype=np.int64)
    earned[upper:] = year.monthly(macro.REVENUE, province)[upper:][county] * 100
    taxed = earned * generator.integers(60, 80, size=(count, 1)) // 100
    # A city's or the province's own spending is about that of two counties.
    means = np.where(np.arange(count)[:, None] < upper, 2 * int(earned[upper:].mean()), earned)
    yearly = means.sum(axis=1, keepdims=True)
    sufficiency = np.maximum(generator.uniform(0.3, 0.8, size=(count, 1)), yearly / (_MOST + yearly))
    by_size = upper + np.argsort(yearly[upper:, 0], kind="stable")
    poor, careless = int(by_size[0]), int(by_size[len(by_size) // 2])
    sufficiency[poor] = _SELF_SUFFICIENT
    spent = (means / sufficiency * generator.uniform(0.9, 1.1, size=earned.shape)).astype(np.int64)
    classes, items = [], []
    for _, share, inside in _CLASSES:
        part = spent * generator.integers(share * 8, share * 12, size=(count, 1)) // 1_000
        classes.append(part)
        for _ in inside:
            guaranteed = generator.integers(25, 45, size=(count, 1))
            guaranteed[careless] = 2
            items.append(part * guaranteed // 100)
    transfers = np.maximum(np.sum(classes, axis=0) - earned, 0)
    actual = np.stack([taxed, earned - taxed, transfers, *classes, *items], axis=1)
    return Accounts(codes=codes, actual=actual, upper=upper, poor=poor, careless=careless)


def budget_exec(province: Province) -> Iterator[col.Extract]:
    """The newest months of the year, as many as fit: up to November, then December; some adjust November's budget with it."""
    generator, known = province.generator("budget_columns"), accounts(province)
    places, subjects, _ = known.actual.shape
    months = int(np.clip(province.rows // (places * subjects), 2, len(_MONTHS)))
    # Revenue above the counties is shared out below.
    reported = (np.arange(places) >= known.upper)[:, None] | (np.arange(subjects) >= len(_REVENUE))
    place, subject = np.nonzero(reported)
    early = [np.repeat(axis, months - 1) for axis in (place, subject)]
    month = np.tile(np.arange(len(_MONTHS) - months, len(_MONTHS) - 1), len(place))
    yield col.Extract("budget_exec", "2024-11", _budget_columns(generator, known, (early[0], early[1], month), 1))
    adjusted = place % 20 == 0
    latest = _budget_columns(generator, known, (place, subject, np.full(len(place), len(_MONTHS) - 1)), 1)
    again = _budget_columns(
        generator, known, (place[adjusted], subject[adjusted], np.full(adjusted.sum(), len(_MONTHS) - 2)), 2
    )
    kept = np.isin(place, (known.poor, known.careless)) | (subject < len(_REVENUE))
    yield col.Extract("budget_exec", "2024-12", col.stacked(latest, again), np.flatnonzero(kept))


def _budget_columns(
    generator: np.random.Generator, known: Accounts, cell: tuple[Ints, Ints, Ints], vintage: int
) -> dict[str, pa.Array]:
    place, subject, month = cell
    count, total = len(place), known.actual.sum(axis=2)
    # A budget is fixed for the year: the same in all months, a little more once it is adjusted.
    planned = total * (96 + np.arange(total.size).reshape(total.shape) % 9) // 100
    ended: col.Days = (np.datetime64("2024-02", "M") + month.astype("timedelta64[M]")).astype("datetime64[D]")
    code = known.codes[place]
    return {
        "division_code": col.padded(code, 6),
        "budget_level": col.pick(["4", "3", "2"], (code % 100 == 0).astype(np.int64) + (code % 10_000 == 0)),
        "subject_code": col.pick(_SUBJECTS, subject),
        "period": col.pick(_MONTHS, month),
        "budget_wan": col.decimals(planned[place, subject] * (99 + vintage) // 100, 2),
        "actual_wan": col.decimals(known.actual[cell], 2),
        "cum_wan": col.decimals(np.cumsum(known.actual, axis=2)[cell], 2),
        "yoy_pct": col.decimals(generator.integers(-600, 1_500, size=count), 2),
        "vintage_no": col.constant(str(vintage), count),
        "report_time": col.at_work(generator, ended + (4 + 2 * vintage) * col.DAY, count),
    }


def _policies(province: Province) -> pa.Array:
    """The identifiers of documents that are in force for good: where there are any, those from before the first payment."""
    known = papers(province)
    lasting = known.lasting()
    older = lasting[known.written[lasting] < np.datetime64(_FIRST_PAYMENT)]
    return col.pick(known.id, older if len(older) else lasting)


def fund_payments(province: Province) -> Iterator[col.Extract]:
    """Three years of payments to firms, persons and offices; two firms were paid twice under one policy (planted)."""
    generator, firms, people = province.generator("fund_payment"), province.firms, province.people
    count = max(30, province.rows // 2)
    twice = np.arange(2)
    kind = col.draw(generator, 3, count, (55, 38, 7))
    kind[:4] = 0
    settled = (firms.kind == COMPANY) & firms.active & (firms.founded < np.datetime64("2022-01-01"))
    companies = np.flatnonzero(settled[: firms.listed])
    firm, person = companies[col.draw(generator, len(companies), count)], people.draw_adults(generator, count)
    office = col.draw(generator, len(province.places.code), count)
    paid = col.days_between(generator, _FIRST_PAYMENT, "2024-12-15", count)
    least, most = (np.array(bounds)[kind] for bounds in ((1_000_000, 50_000, 10_000_000), (90_000_000, 600_000, 3_000_000_000)))
    amount = (least + generator.random(count) * (most - least)).astype(np.int64)
    policies = _policies(province)
    policy = generator.integers(0, len(policies), size=count)
    returned = generator.random(count) < 0.02
    for axis in (firm, amount, policy):
        axis[2:4] = axis[twice]
    paid[2:4], returned[:4] = paid[twice] + 12 * col.DAY, False
    yield col.Extract("fund_payment", "2024-12-31", _payees(province, kind, firm, person, office) | {
        "pay_no": col.joined("ZF13", col.integers(col.year_of(paid)), col.padded(np.arange(count) + 1, 10)),
        "fund_code": col.joined("HB-", col.pick(["QY", "HM", "ZD"], kind), "-", col.padded(policy + 1, 4)),
        "policy_id": col.either((kind == 0) | (policy % 3 > 0), col.pick(policies, policy), None),
        "amount": col.decimals(amount, 2),
        "payment_date": col.days(paid),
        "return_flag": col.either(returned, "1", "0"),
    }, np.arange(4))  # fmt: skip


def _payees(province: Province, kind: Ints, firm: Ints, person: Ints, office: Ints) -> dict[str, pa.Array]:
    """Who is paid: a firm, a person or an office, each by its own code and at one account."""
    firms, people, places = province.firms, province.people, province.places

    def of_kind(*three: pa.Array) -> pa.Array:
        return col.either(kind == 0, three[0], col.either(kind == 1, three[1], three[2]))

    payee, county = (
        np.stack(three)[kind, np.arange(len(kind))]
        for three in ((firm, person, office), (firms.county[firm], people.county[person], office))
    )
    return {
        "payee_type": col.integers(kind + 1),
        "payee_id": of_kind(col.pick(firms.uscc, firm), col.pick(people.id_no, person), col.pick(province.bureau_code, office)),
        "payee_name": of_kind(
            col.pick(firms.name, firm), col.pick(people.name, person), col.pick(province.bureau_name, office)
        ),
        "bank_account": col.joined("62", col.integers(kind + 1), col.padded(payee * 7_919, 16)),
        "division_code": col.padded(places.code[county], 6),
    }


def cases(province: Province) -> Iterator[col.Case]:
    """The county that earns least of what it spends, and the one that spends least on the 三保."""
    known = accounts(province)
    earned = known.actual[known.poor, : len(_REVENUE)].sum(keepdims=True).ravel()
    guaranteed = known.actual[known.careless, _ITEMS:].sum(keepdims=True).ravel()
    for name, place, told in (
        ("a county that earns a twentieth of what it spends", known.poor, {"sufficiency_rank": "1", "revenue_cum_wan": earned}),
        (
            "a county that spends next to nothing on the 三保",
            known.careless,
            {"guarantee_rank": "1", "guarantee_wan": guaranteed},
        ),
    ):
        key = {column: value if isinstance(value, str) else str(col.decimals(value, 2)[0]) for column, value in told.items()}
        yield col.Case(
            name,
            "fiscal.weakest_counties",
            {"stat_year": "2024", "division_code": str(known.codes[place]), "period": _MONTHS[-1], **key},
        )


SAMPLED = Sampled({"budget_exec": budget_exec, "fund_payment": fund_payments}, cases)
