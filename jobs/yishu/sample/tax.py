"""税务专题数据库: what the economy's firms owe and sell → vouchers that reached the treasury, and their state month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow.compute as pc

from yishu.sample import columns as col
from yishu.sample import land_resource
from yishu.sample.digits import Ints
from yishu.sample.economy import FALLING_FROM, MONTHS, economy
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province, Sampled

_ROWS_OF_A_FIRM: Final = 48
"""Value-added tax each month, company tax each quarter."""
_VAT, _COMPANY, _INCOME, _CARS = "10101", "10104", "10106", "10116"
_KINDS: Final = (_VAT, _COMPANY, _INCOME, _CARS)
_RATES: Final = (13, 25, 10, 10)
"""Tax in per cent of its base."""
_SHARES: Final = (
    '{"central":50,"province":10,"city":0,"county":40}', '{"central":60,"province":20,"city":0,"county":20}',
    '{"central":60,"province":10,"city":0,"county":30}', '{"central":100,"province":0,"city":0,"county":0}',
)  # fmt: skip
_REVERSED_IN: Final = MONTHS.index("2024-03")
_FIRST: Final = np.datetime64(MONTHS[0], "M")
_CENTS: Final = 100


@dataclass(frozen=True)
class Vouchers:
    """All vouchers, vectors of one length: those that stand, then those that were reversed, with their reversals."""

    firm: Ints
    """Index in `province.firms`; -1 for a person."""
    county: Ints
    """Code of the county whose treasury got it."""
    kind: Ints
    month: Ints
    """When it was paid; what it is for lies before it."""
    amount: Ints
    """In cents."""
    day: Ints
    """Of the month."""
    void: col.Flags


def taxpayers(province: Province) -> Ints:
    """Places in the economy of the firms whose tax is handed in: some hold land, so that their tax per 亩 is known."""
    model = economy(province)
    count = max(5, province.rows // _ROWS_OF_A_FIRM)
    contracts = next(land_resource.land_supply(province)).columns["uscc"]
    owner = pc.is_in(province.firms.uscc, value_set=contracts).to_numpy(zero_copy_only=False)[model.firm]
    holders = model.first(owner, count // 2)
    return np.union1d(holders, model.first(~np.isin(np.arange(len(model.firm)), holders), count - len(holders)))


def vouchers(province: Province) -> Vouchers:
    """What a firm paid in a month is the economy's tax of that month; a few vouchers were wrong and were written anew."""
    generator, model, at = province.generator("tax_collect"), economy(province), taxpayers(province)
    payer, month = (axis.ravel() for axis in np.indices((len(at), len(MONTHS))))
    due = model.tax[at].ravel() * _CENTS
    company = np.where(month % 3 == 0, due * 2 // 5, 0)
    second = np.flatnonzero(company)
    firm = model.firm[at][np.concatenate([payer, payer[second]])]
    person = np.full(max(3, province.rows // 20), -1)
    private = col.draw(generator, len(province.places.code), len(person), province.places.weight)
    standing = Vouchers(
        firm=np.concatenate([firm, person]),
        county=np.concatenate([province.firms.county_code[firm], province.places.code[private]]),
        kind=np.concatenate([np.zeros(len(payer), dtype=np.int64), np.ones(len(second), dtype=np.int64), 2 + col.draw(generator, 2, len(person))]),
        month=np.concatenate([month, month[second], col.draw(generator, len(MONTHS), len(person))]),
        amount=np.concatenate([due - company, company[second], generator.integers(20_000, 2_000_000, size=len(person))]),
        day=generator.integers(3, 16, size=len(firm) + len(person)),
        void=np.zeros(len(firm) + len(person), dtype=np.bool_),
    )  # fmt: skip
    return _with_reversals(generator, standing, len(payer))


def _with_reversals(generator: np.random.Generator, standing: Vouchers, monthly: int) -> Vouchers:
    """Some vouchers were first written a tenth too high: the wrong one and its red reversal are void; one is of the first firm."""
    wrong = np.unique(np.concatenate([[_REVERSED_IN], generator.permutation(monthly)[: max(2, monthly // 50)]]))
    high = standing.amount[wrong] * 11 // 10
    parts = {
        name: np.concatenate([getattr(standing, name)] + [getattr(standing, name)[wrong]] * 2)
        for name in ("firm", "county", "kind", "month")
    }
    return Vouchers(
        **parts,
        amount=np.concatenate([standing.amount, high, -high]),
        # The wrong one came first; the right one was written on the day of the reversal.
        day=np.concatenate([_later(standing.day, wrong), standing.day[wrong], standing.day[wrong] + 7]),
        void=np.concatenate([standing.void, np.ones(2 * len(wrong), dtype=np.bool_)]),
    )


def _later(day: Ints, chosen: Ints) -> Ints:
    moved = day.copy()
    moved[chosen] += 7
    return moved


def tax_collect(province: Province) -> Iterator[col.Extract]:
    """All vouchers by the day on which they reached the treasury; those of the county with the planted reversal stay clean."""
    generator, told = province.generator("tax_collect_columns"), vouchers(province)
    count, private = len(told.firm), told.firm < 0
    first, since = _month_starts(told.month), _month_starts(told.month - np.where(told.kind == 1, 3, 1))
    rate = np.array(_RATES)[told.kind]
    relief = np.where((told.amount > 0) & (generator.random(count) < 0.08), told.amount // 20, 0)
    order = np.lexsort((np.arange(count), told.day, told.month))
    columns = {
        "voucher_no": col.joined("313", col.padded(generator.permutation(count) + 1, 12)),
        "uscc": col.either(private, None, col.pick(province.firms.uscc, np.maximum(told.firm, 0))),
        "tax_kind": col.pick(_KINDS, told.kind),
        "period_from": col.days(since),
        "period_to": col.days(first - col.DAY),
        "taxable_amt": col.decimals((told.amount + relief) * 100 // rate, 2),
        "tax_amt": col.decimals(told.amount, 2),
        "relief_amt": col.decimals(relief, 2),
        "inbound_date": col.days(first + (told.day - 1) * col.DAY),
        "level_share": col.pick(_SHARES, told.kind),
        "division_code": col.padded(told.county, 6),
        "void_flag": col.either(told.void, "1", "0"),
    }
    yield col.Extract(
        "tax_collect", "2024-12-31", col.take(columns, order), np.flatnonzero((told.county == told.county[0])[order])
    )


def _month_starts(month: Ints) -> col.Days:
    """The first day of months counted from January 2022."""
    starts: col.Days = (_FIRST + month.astype("timedelta64[M]")).astype("datetime64[D]")
    return starts


@dataclass(frozen=True)
class Sales:
    """Invoices and declared sales of each taxpayer by month, in cents."""

    invoiced: Ints
    declared: Ints


def sales(province: Province) -> Sales:
    """Invoices are the economy's revenue; a twentieth of the declarations are far below or above."""
    generator, model, at = province.generator("sales"), economy(province), taxpayers(province)
    invoiced = model.revenue[at] * _CENTS
    thousandths = generator.integers(960, 1_040, size=invoiced.shape)
    far = generator.random(invoiced.shape) < 0.05
    far[0, -1] = True
    odd = np.where(generator.random(invoiced.shape) < 0.7, generator.integers(200, 700, size=far.shape), 1_600)
    return Sales(invoiced, invoiced * np.where(far, odd, thousandths) // 1_000)


def taxpayer_status(province: Province) -> Iterator[col.Extract]:
    """The firms that pay, month by month, and some that were struck off: they invoice nothing."""
    generator, firms = province.generator("taxpayer_status"), province.firms
    model, at, sold = economy(province), taxpayers(province), sales(province)
    gone = np.flatnonzero(
        (firms.kind == COMPANY)[: firms.listed] & ~firms.active[: firms.listed] & (firms.founded[: firms.listed] < _FIRST)
    )
    gone = gone[: max(1, len(at) // 20)]
    count = len(at) + len(gone)
    firm = np.concatenate([model.firm[at], gone])
    level = col.draw(generator, 4, count, (2, 6, 2, 1))
    last = len(MONTHS) - 1
    for period, months in (("2024-11", np.arange(last)), ("2024-12", np.array([last]))):
        one, month = np.repeat(np.arange(count), len(months)), np.tile(months, count)
        paying = one < len(at)
        at_risk = np.concatenate([model.failing[at], np.zeros(len(gone), dtype=np.bool_)])[one] & (month >= FALLING_FROM)
        cell = (np.minimum(one, len(at) - 1), month)
        began = _month_starts(month)
        columns = {
            "uscc": col.pick(firms.uscc, firm[one]),
            "snapshot_month": col.pick([text.replace("-", "") for text in MONTHS], month),
            "taxpayer_state": col.either(paying, "01", "03"),
            "credit_level": col.either(paying, col.either(at_risk, "D", col.pick(["A", "B", "M", "C"], level[one])), None),
            "tax_arrears_amt": col.decimals(
                np.where(at_risk, model.tax[at][cell] * _CENTS // 2 * (month - FALLING_FROM + 1), 0), 2
            ),
            "invoice_amt": col.decimals(sold.invoiced[cell], 2, ~paying),
            "vat_declare_amt": col.decimals(sold.declared[cell], 2, ~paying),
            "last_declare": col.days(np.where(paying, began + 14 * col.DAY, _month_starts(month * 0) - 200 * col.DAY)),
        }
        yield col.Extract("taxpayer_status", period, columns, np.arange(len(one) if period == "2024-12" else 0))


def cases(province: Province) -> Iterator[col.Case]:
    """A county's tax without the voucher that was written anew, and the firms whose invoices and declarations differ."""
    told, sold = vouchers(province), sales(province)
    counted = ~told.void & (told.county == told.county[0]) & (told.month >= len(MONTHS) - 12)
    yield col.Case("a county's tax without a reversed voucher", "tax.tax_per_mu", {
        "stat_year": MONTHS[-1][:4], "subject_kind": "3", "subject_code": str(told.county[0]),
        "tax_amt": str(col.decimals(told.amount[counted].sum(keepdims=True), 2)[0]), "vouchers": str(counted.sum()),
    })  # fmt: skip
    invoiced, declared = sold.invoiced[:, -1], sold.declared[:, -1]
    over = np.abs(invoiced - declared) * 5 > declared
    yield col.Case("firms that invoice more or less than they declare", "tax.invoice_gap", {
        "snapshot_month": MONTHS[-1].replace("-", ""), "unit_code": "130000", "firms_over": str(over.sum()),
        "firms_compared": str(len(over)), "invoiced_more": str((over & (invoiced > declared)).sum()),
    })  # fmt: skip


SAMPLED = Sampled({"tax_collect": tax_collect, "taxpayer_status": taxpayer_status}, cases)
