"""食品追溯: licence holders → lots in four steps from flour to the counter, samples, and one bad lot with all that was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Bytes, Ints, matrix_of, text_of
from yishu.sample.firms import COMPANY, SOLE_TRADER
from yishu.sample.province import Province, Sampled

_MAKERS: Final = ("C13", "C14", "C15")
_SHARES: Final = (15, 25, 30, 30)
"""Per cent of the lots in each step: raw, prepared, finished, sold (by shops and kitchens)."""
_FOODS: Final = (
    ("原麦", "菜籽", "原料乳", "干辣椒"), ("小麦粉", "菜籽油", "乳粉", "辣椒粉"), ("挂面", "糕点", "酱腌菜", "方便食品", "火腿肠"),
    ("现制面食", "预包装糕点", "熟食拼盘", "凉拌菜"),
)  # fmt: skip
_CATEGORIES: Final = (("粮食加工品", 101), ("食用油、油脂及其制品", 102), ("乳制品", 105), ("糕点", 124), ("蔬菜制品", 116))
_SHELF: Final = (365, 540, 180, 3)
_ITEMS: Final = (
    ("黄曲霉毒素B1", "μg/kg", 50), ("苯甲酸", "g/kg", 10), ("铅(以Pb计)", "mg/kg", 2), ("菌落总数", "CFU/g", 100_000),
    ("脱氢乙酸", "g/kg", 5),
)  # fmt: skip
"""Item, unit and tenths of the limit."""
_STEPS: Final = 4
_SOLD: Final = 3
_CERTAIN: Final = 3
"""So many finished lots hold the bad one for certain, and as many shops sell these."""


@dataclass(frozen=True)
class Licences:
    """Makers first, then shops and kitchens: vectors of one length."""

    number: pa.Array
    firm: Ints
    category: Ints
    since: col.Days
    makers: int


def licences(province: Province) -> Licences:
    """One licence per firm; all were granted before the first lot."""
    generator, firms = province.generator("food_licence"), province.firms
    trade = np.array([str(code)[:3] for code in firms.industry.slice(0, firms.listed).to_pylist()])
    live = firms.active[: firms.listed] & (firms.founded[: firms.listed] < np.datetime64("2023-06-01"))
    company, trader = (live & (firms.kind[: firms.listed] == kind) for kind in (COMPANY, SOLE_TRADER))
    makers, shops = np.flatnonzero(company & np.isin(trade, _MAKERS)), np.flatnonzero(trader)
    makers = makers if len(makers) > 3 else np.flatnonzero(company)[:8]
    shops = shops[generator.permutation(len(shops))[: max(6, province.rows // 8)]]
    firm = np.concatenate([makers, shops])
    count, first = len(firm), np.maximum(firms.founded[firm], np.datetime64("2020-06-01"))
    category = np.where(np.arange(count) < len(makers), col.draw(generator, len(_CATEGORIES), count), -1)
    county = firms.county_code[firm]
    serial = col.ranks(county * 10 + (category < 0)) + 1
    kind = np.array([number for _, number in _CATEGORIES])[category]
    made = col.joined(col.integers(kind), col.padded(county, 6), col.padded(serial, 4))
    sold = col.joined("1", col.padded(county, 6), col.padded(serial, 6))
    body = col.either(category >= 0, made, sold)
    return Licences(
        number=col.joined(col.either(category >= 0, "SC", "JY"), body, text_of(_check(matrix_of(body, 13)))), firm=firm,
        category=category, since=col.days_between(generator, first, "2023-12-15", count), makers=len(makers),
    )  # fmt: skip


def _check(body: Bytes) -> Bytes:
    """The check digit of licence numbers (GB/T 17710, ISO 7064 MOD 11,10)."""
    product = np.full(len(body), 10, dtype=np.int64)
    for place in range(body.shape[1]):
        total = (product + body[:, place] - ord("0")) % 10
        product = np.where(total == 0, 10, total) * 2 % 11
    digit: Bytes = ((11 - product) % 10 + ord("0")).astype(np.uint8)[:, None]
    return digit


def licence_list(province: Province) -> Iterator[col.Extract]:
    """All licences; nine days later the one of the bad lot's maker, withdrawn."""
    generator, known, lots = province.generator("food_licence/text"), licences(province), _lots(province)
    firms, count = province.firms, len(known.firm)
    guilty = int(lots.licence[lots.bad])
    gone = generator.random(count) < 0.03
    gone[guilty] = False
    columns = {
        "food_permit_no": known.number,
        "uscc": col.pick(firms.uscc, known.firm),
        "food_category": col.pick([name for name, _ in _CATEGORIES] + ["预包装食品、散装食品、热食类制售"], known.category % 6),
        "permit_from": col.days(known.since),
        "permit_to": col.days(col.after(known.since, 5 * 365)),
        "permit_status": col.either(gone, "2", "1"),
        "division_code": col.padded(firms.county_code[known.firm], 6),
        "update_time": col.at_work(generator, col.after(known.since, 2), count),
    }
    yield col.Extract("food_licence", "2024-12-31", columns, np.array([guilty]))
    withdrawn = {"permit_status": pa.array(["3"]), "update_time": col.at_work(generator, "2025-01-08", 1)}
    yield col.Extract("food_licence", "2025-01-09", col.take(columns, np.array([guilty])) | withdrawn, np.arange(1))


@dataclass(frozen=True)
class _Lots:
    """Vectors of one length, step by step; of what a lot is made stands above it."""

    step: Ints
    licence: Ints
    parents: Ints
    """Lot × 3: rows; -1: no (more) parent."""
    made: col.Days
    id: pa.Array
    bad: int

    def reached(self) -> col.Flags:
        """The bad lot and all that was made of it, over any number of steps."""
        hit: col.Flags = np.arange(len(self.step)) == self.bad
        for step in range(1, _STEPS):
            hit |= (self.step == step) & ((self.parents >= 0) & hit[self.parents]).any(axis=1)
        return hit


def _lots(province: Province) -> _Lots:
    generator, holders = province.generator("food_batch"), licences(province)
    total = max(60, province.rows)
    sizes = np.array([total * share // 100 for share in _SHARES])
    first, count = np.cumsum(sizes) - sizes, int(sizes.sum())
    step = np.repeat(np.arange(_STEPS), sizes)
    shop = holders.makers + col.draw(generator, len(holders.firm) - holders.makers, count)
    licence = np.where(step == _SOLD, shop, col.draw(generator, holders.makers, count))
    parents = _parents(generator, step, first, sizes)
    made = col.days_between(generator, "2024-01-02", "2024-08-31", count)
    for later in range(1, _STEPS):
        rows = step == later
        newest = np.where(parents[rows] >= 0, made[parents[rows]], np.datetime64("2024-01-01")).max(axis=1)
        made[rows] = col.after(newest, generator.integers(1, 31, size=int(rows.sum())))
    day = col.integers(col.year_of(made) * 10_000 + _month_and_day(made))
    number = col.joined("SP", day, "-", col.padded(np.arange(count) + 1, 9))
    return _Lots(step=step, licence=licence, parents=parents, made=made, id=number, bad=int(first[1]))


def _month_and_day(day: col.Days) -> Ints:
    month = day.astype("datetime64[M]")
    number: Ints = (month.astype(np.int64) % 12 + 1) * 100 + (day - month).astype(np.int64) + 1
    return number


def _parents(generator: np.random.Generator, step: Ints, first: Ints, sizes: Ints) -> Ints:
    """One to three different lots of the step before; the first of each step lead from the bad lot to the counter."""
    count = len(step)
    before = np.maximum(step - 1, 0)
    size, start = sizes[before], first[before]
    one = (generator.random(count) * size).astype(np.int64)
    for later in (2, _SOLD):
        # The bad lot is the first prepared one; so are the first finished ones among what the first shops sell.
        one[first[later] : first[later] + _CERTAIN] = np.zeros(_CERTAIN) if later == 2 else np.arange(_CERTAIN)
    rows = start[:, None] + (one[:, None] + np.array([0, 1, 2])) % size[:, None]
    used = np.arange(3) < (1 + col.draw(generator, 3, count, (5, 3, 2)))[:, None]
    parents: Ints = np.where(used & (step > 0)[:, None], rows, -1)
    return parents


def lots(province: Province) -> Iterator[col.Extract]:
    """All lots of a year with what they were made of; none weighs more than what went into it."""
    generator, known, holders = province.generator("food_batch/text"), _lots(province), licences(province)
    count = len(known.step)
    own = [col.pick(foods, col.draw(generator, len(foods), count)) for foods in _FOODS]
    name = pa.chunked_array(own).combine_chunks().take(pa.array(known.step * count + np.arange(count)))
    weight = np.exp(generator.normal(6.0, 1.0, size=count))
    output = (weight * np.array([20_000, 10_000, 4_000, 50])[known.step]).astype(np.int64) + 1_000
    parents = pa.nulls(count, pa.string())
    for place in (2, 1, 0):
        one = col.pick(known.id, np.maximum(known.parents[:, place], 0))
        parents = col.either(known.parents[:, place] >= 0, _before(one, parents), parents)
    yield col.Extract("food_batch", "2024-12-31", {
        "food_batch_id": known.id,
        "uscc": col.pick(province.firms.uscc, holders.firm[known.licence]),
        "food_permit_no": col.pick(holders.number, known.licence),
        "food_name": name,
        "prod_date": col.days(known.made),
        "shelf_days": col.integers(np.array(_SHELF)[known.step]),
        "output_kg": col.decimals(output, 3),
        "input_kg": col.decimals((output * generator.uniform(1.02, 1.3, size=count)).astype(np.int64), 3, known.step == 0),
        "parent_batches": parents,
        "update_time": col.at_work(generator, col.after(known.made, 1), count),
    }, np.flatnonzero(known.reached()))  # fmt: skip


def _before(one: pa.Array, others: pa.Array) -> pa.Array:
    return col.either(np.array(others.is_null()), one, col.joined(one, ";", others.fill_null("")))


def tests(province: Province) -> Iterator[col.Extract]:
    """Samples of half as many lots as there are, one item each; the bad lot's fails."""
    generator, known, holders = province.generator("food_test"), _lots(province), licences(province)
    count = max(30, province.rows // 2)
    lot = col.draw(generator, len(known.step), count)
    lot[0] = known.bad
    innocent = ~known.reached()[lot]
    item = col.draw(generator, len(_ITEMS), count)
    item[0] = 0
    failed = innocent & (generator.random(count) < 0.01)
    failed[0] = True
    limit = np.array([tenths for _, _, tenths in _ITEMS])[item]
    result = (limit * np.where(failed, generator.uniform(1.1, 3, size=count), generator.uniform(0, 0.95, size=count))).astype(np.int64)
    result[0] = 234
    unit = col.pick([unit for _, unit, _ in _ITEMS], item)
    nothing = (result < limit // 10 + 1) & ~failed
    day = np.minimum(col.after(known.made[lot], generator.integers(2, 40, size=count)), np.datetime64("2024-12-27"))
    yield col.Extract("food_test", "2024-W52", {
        "sample_no": col.joined("GC2413", col.padded(np.arange(count) + 1, 8)),
        "test_item": col.pick([name for name, _, _ in _ITEMS], item),
        "food_batch_id": col.pick(known.id, lot),
        "test_date": col.days(day),
        "test_result": col.either(nothing, "未检出", col.joined(col.decimals(result + failed, 1), unit)),
        "test_limit": col.joined("≤", col.decimals(limit, 1), unit),
        "verdict": col.either(failed, "2", "1"),
        "division_code": col.padded(province.firms.county_code[holders.firm[known.licence[lot]]], 6),
    }, np.arange(1))  # fmt: skip


def cases(province: Province) -> Iterator[col.Case]:
    """The bad lot, and each counter that it reached: the closure over what lots were made of."""
    known, holders = _lots(province), licences(province)
    bad = {"bad_batch_id": str(known.id[known.bad].as_py())}
    yield col.Case("a bad lot", "emergency.bad_food_lot_reach", bad | {"steps": "0"})
    for row in np.flatnonzero(known.reached() & (known.step == _SOLD)).tolist():
        uscc = province.firms.uscc[int(holders.firm[known.licence[row]])].as_py()
        key = bad | {"food_batch_id": str(known.id[row].as_py()), "uscc": str(uscc), "lots_made_of_it": "0"}
        yield col.Case("a counter that the bad lot reached", "emergency.bad_food_lot_reach", key)


SAMPLED = Sampled({"food_licence": licence_list, "food_batch": lots, "food_test": tests}, cases)
