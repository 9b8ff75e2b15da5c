"""国资主题数据库: firms of the economy → groups of state-owned enterprises, their trees of holdings and monthly figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints, distinct_serials, usccs
from yishu.sample.economy import MONTHS, economy
from yishu.sample.province import Province, Sampled

_PROVINCE: Final = 130000
_YEAR: Final = range(len(MONTHS) - 12, len(MONTHS))
"""The figures are those of 2024."""
_SHARE: Final = 0.4
"""Part of the enterprises that the province itself oversees."""
_GROUPS: Final = 6
"""So many groups the province oversees; each other unit one."""
_RED: Final = 0
"""Planted: this group of the province owes 85 % of its assets and loses money from July on."""
_RED_FROM: Final = MONTHS.index("2024-07")
_MINORITY: Final = 6
"""Every so many-th enterprise below the heads has a second, smaller holder: the head of another group."""


@dataclass(frozen=True)
class Holdings:
    """The enterprises, group by group, each group's head first. All vectors of one length, but `heads`."""

    row: Ints
    """Place in the economy."""
    firm: Ints
    unit: Ints
    """Who oversees it: the province or a reporting unit."""
    group: Ints
    head: Ints
    """Place, among the enterprises, of its group's head."""
    parent: Ints
    """Place of the enterprise that holds it; a head's is its own."""
    level: Ints
    assets: Ints
    """At the year's start, in hundredths of 万元, as all amounts here."""
    debt: Ints
    """Liabilities in thousandths of the assets."""
    margin: Ints
    """Net profit in thousandths of the revenue."""


def holdings(province: Province) -> Holdings:
    """Every group is a tree of at most four levels; where the firms are few, some units have no group."""
    generator, figures, firms = province.generator("holdings"), economy(province), province.firms
    row = np.sort(generator.permutation(len(figures.firm))[: max(30, province.rows // 12)])
    provincial = generator.random(len(row)) < _SHARE
    provincial[:3] = True
    unit = np.where(provincial, _PROVINCE, province.places.unit_of(firms.county_code[figures.firm[row]]))
    local = np.searchsorted(np.sort(np.array(province.places.units)), unit) + _GROUPS
    group = np.where(provincial, np.where(np.arange(len(row)) < 3, _RED, generator.integers(0, _GROUPS, size=len(row))), local)
    order = np.argsort(group, kind="stable")
    row, unit, group = row[order], unit[order], group[order]
    head = np.searchsorted(group, group, side="left")
    rank, size = np.arange(len(row)) - head, np.bincount(group)[group]
    breadth = np.maximum(2, np.ceil(np.cbrt(size)).astype(np.int64))
    level = np.select([rank == 0, rank <= breadth, rank <= breadth + breadth**2], [1, 2, 3], 4)
    red = group == _RED
    yearly = figures.revenue[row, _YEAR.start : _YEAR.stop].sum(axis=1) // 100
    return Holdings(
        row=row, firm=figures.firm[row], unit=unit, group=group, head=head, parent=head + np.maximum(0, rank - 1) // breadth, level=level,
        assets=yearly * generator.integers(12, 60, size=len(row)) // 10 + 10_000,
        debt=np.where(red, 850, generator.integers(300, 660, size=len(row))),
        margin=np.where(red, 25, generator.integers(5, 90, size=len(row))),
    )  # fmt: skip


def finance(province: Province) -> Iterator[col.Extract]:
    """A year of every enterprise, each overseer its own; some months once more, as the annual accounts corrected them."""
    known = holdings(province)
    columns, enterprise, kept = _finance_columns(province, known)
    unit = known.unit[enterprise]
    yield _part(columns, np.flatnonzero(unit == _PROVINCE), kept, "sasac")
    local = np.flatnonzero(unit != _PROVINCE)
    for department, area in province.suppliers["soe_finance"]:
        rows = local[unit[local] == area]
        if len(rows):
            yield _part(columns, rows, kept, department)


def _part(columns: dict[str, pa.Array], rows: Ints, kept: col.Flags, department: str) -> col.Extract:
    return col.Extract("soe_finance", "2024-12", col.take(columns, rows), np.flatnonzero(kept[rows]), department)


def _finance_columns(province: Province, known: Holdings) -> tuple[dict[str, pa.Array], Ints, col.Flags]:
    """Columns, each row's enterprise, and whether it belongs to the planted group."""
    generator, figures, months = province.generator("soe_finance"), economy(province), len(_YEAR)
    count = len(known.row)
    enterprise, month = np.repeat(np.arange(count), months), np.tile(np.array(_YEAR), count)
    again = np.flatnonzero((month < _RED_FROM) & (generator.random(len(month)) < 0.05))
    vintage = np.concatenate([np.ones(len(month), dtype=np.int64), np.full(len(again), 2)])
    enterprise, month = np.concatenate([enterprise, enterprise[again]]), np.concatenate([month, month[again]])
    revenue, tax = (part[known.row[enterprise], month] // 100 for part in (figures.revenue, figures.tax))
    # What the annual accounts change is the value of what there is.
    assets = known.assets[enterprise] * (1_000 + 4 * (month - _YEAR.start) + 5 * (vintage - 1)) // 1_000
    debt = assets * known.debt[enterprise] // 1_000
    red = known.group[enterprise] == _RED
    profit = np.where(red & (month >= _RED_FROM), -1, 1) * revenue * known.margin[enterprise] // 1_000 - red
    return {
        "uscc": col.pick(province.firms.uscc, known.firm[enterprise]),
        "group_uscc": col.pick(province.firms.uscc, known.firm[known.head[enterprise]]),
        "period": col.pick([text.replace("-", "") for text in MONTHS], month),
        "vintage_no": col.integers(vintage),
        "total_assets_wan": col.decimals(assets, 2),
        "total_liab_wan": col.decimals(debt, 2),
        "equity_wan": col.decimals(assets - debt, 2),
        "revenue_wan": col.decimals(revenue, 2),
        "net_profit_wan": col.decimals(profit, 2),
        "tax_paid_wan": col.decimals(tax, 2),
        "rd_wan": col.decimals(revenue * generator.integers(0, 40, size=len(month)) // 1_000, 2),
        "debt_ratio_pct": col.decimals(np.round(debt / assets * 10_000).astype(np.int64), 2),
        "soe_employees": col.integers(figures.staff[known.row[enterprise], month]),
    }, enterprise, red


def tree(province: Province) -> Iterator[col.Extract]:
    """All holdings by November 2024, some of a second holder; in December some enterprises that hold nothing leave."""
    generator, known = province.generator("soe_tree"), holdings(province)
    columns, enterprise = _tree_columns(province, generator, known)
    count, red = len(enterprise), known.group[enterprise] == _RED
    since = col.days_between(generator, province.firms.founded[known.firm[enterprise]], "2024-11-10", count)
    dated = columns | {"right_reg_date": col.days(since)}
    yield col.Extract("soe_tree", "2024-11", dated | {
        "right_status": col.constant("1", count), "update_time": col.at_work(generator, since + 6 * col.DAY, count),
    }, np.flatnonzero(red))  # fmt: skip
    holds = np.isin(enterprise, known.parent)
    leaving = np.flatnonzero(~holds & ~red & (np.arange(count) < len(known.row)))[::9]
    yield col.Extract("soe_tree", "2024-12", col.take(dated, leaving) | {
        "right_status": col.choose(generator, ["2", "3"], len(leaving)), "update_time": col.at_work(generator, "2024-12-16", len(leaving)),
    })  # fmt: skip


def _tree_columns(province: Province, generator: np.random.Generator, known: Holdings) -> tuple[dict[str, pa.Array], Ints]:
    """Columns of the main holders, then of the minority holders, and each row's enterprise."""
    uscc, below = col.pick(province.firms.uscc, known.firm), np.flatnonzero(known.level > 1)
    shared = below[::_MINORITY]
    heads = np.unique(known.head)
    other = heads[(np.searchsorted(heads, known.head[shared]) + 1) % len(heads)]
    enterprise = np.concatenate([np.arange(len(known.row)), shared])
    first, head = np.arange(len(enterprise)) < len(known.row), known.level[enterprise] == 1
    held = np.where(np.isin(enterprise, shared), generator.integers(510_000, 800_000, size=len(enterprise)), 1_000_000)
    held = np.where(first, held, generator.integers(50_000, 200_000, size=len(enterprise)))
    return {
        "uscc": uscc.take(pa.array(enterprise)),
        "parent_uscc": col.either(
            head, _overseers(province, generator, known.unit[enterprise]), uscc.take(pa.array(np.concatenate([known.parent, other])))
        ),
        "tree_level": col.integers(known.level[enterprise]),
        "hold_pct": col.decimals(held, 4),
        "is_main_biz": col.either(generator.random(len(enterprise)) < 0.8, "1", "0"),
    }, enterprise


def _overseers(province: Province, generator: np.random.Generator, unit: Ints) -> pa.Array:
    """The organ that holds a group's head: the province's, or one of the unit, with a made-up code as all organs here."""
    units = np.unique(np.array([_PROVINCE, *province.places.units]))
    made_up = usccs(col.joined("11", col.padded(units, 6)), distinct_serials(generator, len(units)))
    return col.either(unit == _PROVINCE, province.offices["soe_tree"], col.pick(made_up, np.searchsorted(units, unit)))


def cases(province: Province) -> Iterator[col.Case]:
    """The group that owes too much and loses money for months."""
    known = holdings(province)
    head = known.firm[known.head[known.group == _RED][0]]
    key = {"group_uscc": province.firms.uscc[int(head)].as_py(), "period": "202412"}
    yield col.Case("a group with high debts and six months of losses", "state_assets.leveraged_loss_groups", key)


SAMPLED = Sampled({"soe_finance": finance, "soe_tree": tree}, cases)
