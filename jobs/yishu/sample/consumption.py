"""消费主题数据库: the economy's shops and the counties' retail sales → monthly returns and vouchers; scenic spots: `tourism`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample import macro_figures as macro
from yishu.sample import tourism
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, economy
from yishu.sample.province import Province, Sampled

_GOODS: Final = ("粮油食品", "服装鞋帽", "家用电器", "汽车")
_YEAR: Final = len(MONTHS) - 12
"""The place of the last year's January in `MONTHS`."""
_KINDS: Final = ("01", "04", "02", "03", "05", "06")
_FACES: Final = (30, 300, 20, 3_000, 50, 40)
"""Yuan on a voucher of each kind."""
_FOLLOWING: Final = 12
"""Planted, a place in the list of units: its vouchers go with its retail sales: 定州, a unit of one county."""
_CORRECTED: Final = (MONTHS.index("2024-10"), MONTHS.index("2024-11"))


def retail_returns(province: Province) -> Iterator[col.Extract]:
    """Trade and catering, up to November, then December with corrections of the two months before."""
    generator, model = province.generator("retail_month"), economy(province)
    section = np.array([str(code)[0] for code in col.pick(province.firms.industry, model.firm).to_pylist()])
    sells = np.isin(section, ("F", "H"))
    # A very small province may have no shop: then its first firms sell something.
    at = model.first(sells if sells.any() else np.arange(len(sells)) < 3, max(3, province.rows // len(MONTHS)))
    last = len(MONTHS) - 1
    wholesale = np.array([str(code) == "F51" for code in col.pick(province.firms.industry, model.firm[at]).to_pylist()])
    share = np.where(wholesale, generator.integers(10, 40, size=len(at)), generator.integers(85, 99, size=len(at)))
    sold = np.maximum(1, model.revenue[at] * share[:, None] // 100_000)
    online = np.where(generator.random(len(at)) < 0.4, generator.integers(5, 60, size=len(at)), 0)

    def rows(one: Ints, month: Ints, vintage: str) -> dict[str, pa.Array]:
        firm, thousand = model.firm[at[one]], sold[one, month] * (102 if vintage == "2" else 100) // 100
        return {
            "uscc": col.pick(province.firms.uscc, firm),
            "period": col.pick([text.replace("-", "") for text in MONTHS], month),
            "industry_code": col.either(sells[at[one]], col.pick(province.firms.industry, firm), "F52"),
            "retail_k": col.integers(thousand),
            "online_retail_k": col.integers(thousand * online[one] // 100, online[one] == 0),
            "goods_class": col.either(section[at[one]] == "F", _by_goods(thousand, firm), None),
            "division_code": col.padded(province.firms.county_code[firm], 6),
            "employees": col.integers(model.staff[at[one], month]),
            "vintage_no": col.constant(vintage, len(one)),
        }

    every = np.arange(len(at))
    yield col.Extract("retail_month", "2024-11", rows(np.repeat(every, last), np.tile(np.arange(last), len(at)), "1"))
    again = np.repeat(every[::12], len(_CORRECTED))
    corrected = rows(again, np.tile(_CORRECTED, len(every[::12])), "2")
    yield col.Extract("retail_month", "2024-12", col.stacked(rows(every, np.full(len(at), last), "1"), corrected))


def _by_goods(thousand: Ints, firm: Ints) -> pa.Array:
    """A firm's shares of two kinds of goods, less than all."""
    one = firm % len(_GOODS)
    return col.joined(
        '{"', col.pick(_GOODS, one), '": ', col.integers(thousand * 55 // 100), ', "', col.pick(_GOODS, (one + 1) % len(_GOODS)), '": ',
        col.integers(thousand * 30 // 100), "}",
    )  # fmt: skip


def _following(province: Province) -> int:
    return province.places.units[min(_FOLLOWING, len(province.places.units) - 1)]


def _kinds(province: Province, redeemed: Ints) -> int:
    return int(np.clip(province.rows // redeemed.size, 1, len(_KINDS)))


def _redeemed(province: Province) -> tuple[Ints, Ints]:
    """Counties (by index) that have vouchers, and county × month of 2024 what was redeemed, in cents."""
    generator, year = province.generator("vouchers"), macro.figures(province)
    county = province.places.scattered(province.rows // 12)
    retail = year.monthly(macro.RETAIL, province)[year.upper :][county]
    # Where vouchers follow sales they move with them; elsewhere they are given out as money is there.
    follows = province.places.unit_of(province.places.code[county]) == _following(province)
    swing = np.where(follows, 0.01, 0.6)[:, None]
    noise = 1 + swing * generator.uniform(-1, 1, size=retail.shape)
    return county, (retail * generator.integers(150, 300, size=(len(county), 1)) * noise).astype(np.int64) + 5_000_00


def vouchers(province: Province) -> Iterator[col.Extract]:
    """The last year, up to November, then December; large provinces know all six kinds, small ones one kind in each county."""
    generator, (county, redeemed) = province.generator("voucher_redeem"), _redeemed(province)
    kinds, code = _kinds(province, redeemed), province.places.code[county]
    kept = province.places.unit_of(code) == _following(province)
    for period, months in (("2024-11", np.arange(11)), ("2024-12", np.array([11]))):
        place, month, kind = (
            axis.ravel() for axis in np.meshgrid(np.arange(len(county)), months, np.arange(kinds), indexing="ij")
        )
        cents = redeemed[place, month] // kinds
        which = (kind + place) % len(_KINDS)
        sheets = np.maximum(1, cents // (np.array(_FACES)[which] * 100))
        columns = {
            "division_code": col.padded(code[place], 6),
            "period": col.pick([text.replace("-", "") for text in MONTHS[_YEAR:]], month),
            "voucher_kind": col.pick(_KINDS, which),
            "issued_yuan": col.decimals(cents * generator.integers(105, 150, size=len(place)) // 100, 2),
            "redeemed_yuan": col.decimals(cents, 2),
            "redeemed_cnt": col.integers(sheets),
            "driven_yuan": col.decimals(cents * generator.integers(250, 900, size=len(place)) // 100, 2),
            "fund_source": col.choose(generator, ["1", "2", "3"], len(place), (6, 1, 3)),
        }
        yield col.Extract("voucher_redeem", period, columns, np.flatnonzero(kept[place]))


def cases(province: Province) -> Iterator[col.Case]:
    """A unit whose vouchers go with its sales, and what `tourism` planted."""
    (county, redeemed), year = _redeemed(province), macro.figures(province)
    code, kinds = _following(province), _kinds(province, redeemed)
    handed_in = (redeemed // kinds * kinds)[province.places.unit_of(province.places.code[county]) == code].sum(axis=0)
    unit = province.places.unit_of(year.places[year.upper :])
    retail = year.monthly(macro.RETAIL, province)[year.upper :][unit == code].sum(axis=0)
    # January and February are one observation: the spring festival moves between them.
    pairs = np.stack([np.concatenate([[part[:2].sum()], part[2:]]) for part in (retail, handed_in)]).astype(np.float64)
    measured = Decimal(float(np.asarray(np.corrcoef(pairs))[0, 1])).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    yield col.Case("a unit whose vouchers go with its retail sales", "consumption.retail_voucher_correlation", {
        "unit_code": str(code), "observations": str(pairs.shape[1]), "correlation": str(measured),
        "redeemed_yuan": str(col.decimals(handed_in.sum(keepdims=True), 2)[0]),
    })  # fmt: skip
    yield from tourism.cases(province)


SAMPLED = Sampled({"retail_month": retail_returns, "tour_visit": tourism.visits, "voucher_redeem": vouchers}, cases)
