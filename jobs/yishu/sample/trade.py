"""贸易主题数据库: the economy's exporters → what they sell where, month by month, and some of what they buy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, Economy, economy
from yishu.sample.province import Province, Sampled

_ROWS_OF_A_FIRM: Final = 72
_GOODS: Final = (
    ("73043990", "035", 9), ("72104900", "035", 6), ("72142000", "035", 4), ("73141400", "035", 12), ("85414300", "007", 300),
    ("29362700", "035", 70), ("30049090", "035", 200), ("61091000", "011", 20), ("43031010", "011", 900), ("42022200", "007", 60),
    ("07032010", "035", 8), ("08083010", "035", 6), ("20029019", "035", 7), ("69072190", "032", 40), ("70052900", "032", 30),
    ("84314999", "035", 25), ("87089999", "035", 45), ("94036099", "011", 350), ("38089290", "035", 30), ("40169390", "035", 50),
)  # fmt: skip
"""Code, unit and about what a unit costs in yuan."""
_BOUGHT: Final = (("26011120", "035", 1), ("12019011", "035", 4), ("85423900", "007", 30), ("84798999", "001", 90_000))
_MARKETS: Final = (
    "KOR",
    "JPN",
    "USA",
    "VNM",
    "IDN",
    "THA",
    "DEU",
    "RUS",
    "IND",
    "BRA",
    "AUS",
    "MYS",
    "PHL",
    "GBR",
    "NLD",
    "SGP",
)
_SOURCES: Final = ("AUS", "BRA", "USA", "JPN", "DEU", "KOR")
_PORTS: Final = ("0401", "0402", "0403", "0202", "2248")
_RATES: Final = (6.37, 6.34, 6.32, 6.43, 6.71, 6.70, 6.74, 6.79, 6.95, 7.12, 7.18, 6.98)
"""Yuan for a dollar in 2022; later it stays about the last quarter's."""


@dataclass(frozen=True)
class Lines:
    """Line × month: what one firm sells or buys, of one kind, to or from one country. Lines are vectors of one length."""

    firm: Ints
    """Index in `province.firms`."""
    bought: col.Flags
    goods: Ints
    country: Ints
    yuan: Ints
    """In cents; an exporter's lines sum to what the economy says that it exports."""
    dollars: Ints
    """In cents."""


def _exporters(province: Province, model: Economy) -> Ints:
    return model.first(model.export[:, -1] > 0, max(4, province.rows // _ROWS_OF_A_FIRM))


def lines(province: Province) -> Lines:
    """Each exporter sells one or two kinds of goods; a third of them buy something, too."""
    generator, model = province.generator("trade_lines"), economy(province)
    at = _exporters(province, model)
    count = len(at)
    cents = model.export[at] * 100
    two = np.flatnonzero(generator.random(count) < 0.6)
    buyers = np.flatnonzero(generator.random(count) < 0.33)
    part = cents[two] * generator.integers(15, 45, size=(len(two), 1)) // 100
    main = cents.copy()
    main[two] -= part
    bought = cents[buyers] * generator.integers(10, 60, size=(len(buyers), 1)) // 100
    goods, country = col.draw(generator, len(_GOODS), count), generator.permutation(count) % len(_MARKETS)
    yuan = np.concatenate([main, part, bought])
    rates = np.array([*_RATES, *np.resize([6.90, 7.02, 7.18, 7.12], len(MONTHS) - len(_RATES))])
    return Lines(
        firm=model.firm[np.concatenate([at, at[two], at[buyers]])],
        bought=np.arange(len(yuan)) >= count + len(two),
        goods=np.concatenate([goods, (goods[two] + 7) % len(_GOODS), col.draw(generator, len(_BOUGHT), len(buyers))]),
        country=np.concatenate([country, (country[two] + 5) % len(_MARKETS), col.draw(generator, len(_SOURCES), len(buyers))]),
        yuan=yuan,
        dollars=np.round(yuan / rates).astype(np.int64),
    )


@dataclass(frozen=True)
class Fall:
    """The exporter that fell by more than 30 % in the last three months: its dollars then, and the year before."""

    firm: Ints
    dollars: Ints
    before: Ints


def _fallen(traded: Lines) -> Fall:
    sold = np.flatnonzero(~traded.bought)
    firm, line = np.unique(traded.firm[sold], return_inverse=True)
    dollars = np.zeros((len(firm), len(MONTHS)), dtype=np.int64)
    np.add.at(dollars, line, traded.dollars[sold])
    now, before = dollars[:, -3:], dollars[:, -15:-12]
    fell = (now * 10 < before * 7).all(axis=1)
    return Fall(firm[fell], now[fell].sum(axis=1), before[fell].sum(axis=1))


def _top(traded: Lines) -> tuple[int, int]:
    """Which goods are exported most in the last year, and for how many cents."""
    year = np.where(traded.bought, 0, traded.dollars[:, -12:].sum(axis=1))
    total = np.bincount(traded.goods, weights=year, minlength=len(_GOODS)).astype(np.int64)
    return int(total.argmax()), int(total.max())


def customs_trade(province: Province) -> Iterator[col.Extract]:
    """Up to November, then December."""
    generator, traded = province.generator("customs_trade"), lines(province)
    mode = col.choose(generator, ["0110", "0615", "9710", "1039"], len(traded.firm), (8, 2, 1, 1))
    mode = col.either(traded.bought, "0110", mode)
    kept = np.isin(traded.firm, _fallen(traded).firm) | (~traded.bought & (traded.goods == _top(traded)[0]))
    last = len(MONTHS) - 1
    for period, months in (("2024-11", np.arange(last)), ("2024-12", np.array([last]))):
        line, month = np.repeat(np.arange(len(traded.firm)), len(months)), np.tile(months, len(traded.firm))
        yield col.Extract(
            "customs_trade", period, _columns(province, generator, traded, mode, (line, month)), np.flatnonzero(kept[line])
        )


def _columns(
    province: Province, generator: np.random.Generator, traded: Lines, mode: pa.Array, cell: tuple[Ints, Ints]
) -> dict[str, pa.Array]:
    line, month = cell
    bought, yuan, firm = traded.bought[line], traded.yuan[cell], traded.firm[line]
    goods = [*_GOODS, *_BOUGHT]
    kind = traded.goods[line] + len(_GOODS) * bought
    cents = np.array([price for *_, price in goods])[kind] * generator.integers(90, 110, size=len(line))
    return {
        "uscc": col.pick(province.firms.uscc, firm),
        "period": col.pick([text.replace("-", "") for text in MONTHS], month),
        "ie_flag": col.either(bought, "I", "E"),
        "hs_code": col.pick([code for code, *_ in goods], kind),
        "country_code": col.pick([*_MARKETS, *_SOURCES], traded.country[line] + len(_MARKETS) * bought),
        "trade_mode": mode.take(pa.array(line)),
        "value_usd": col.decimals(traded.dollars[cell], 2),
        "value_cny": col.decimals(yuan, 2),
        "trade_qty": col.decimals(yuan * 1_000 // cents + 1, 3),
        "customs_unit": col.pick([unit for _, unit, _ in goods], kind),
        "customs_port": col.pick(_PORTS, firm % len(_PORTS)),
        "division_code": col.padded(province.firms.county_code[firm], 6),
    }


def cases(province: Province) -> Iterator[col.Case]:
    """Exporters that fell for three months, and the goods that are exported most."""
    traded, period = lines(province), MONTHS[-1].replace("-", "")
    fall = _fallen(traded)
    for firm, now, before in zip(fall.firm.tolist(), col.decimals(fall.dollars, 2), col.decimals(fall.before, 2), strict=True):
        yield col.Case("an exporter that fell by more than 30 % three months in a row", "trade.export_fall_three_months", {
            "uscc": str(province.firms.uscc[firm]), "period": period, "export_usd": str(now), "base_export_usd": str(before),
        })  # fmt: skip
    goods, cents = _top(traded)
    yield col.Case("the goods exported most", "trade.rcep_top_exports", {
        "stat_year": MONTHS[-1][:4], "hs_code": _GOODS[goods][0], "export_rank": "1", "period": period,
        "export_usd": str(col.decimals(np.array([cents]), 2)[0]), "rcep_members": "14",
    })  # fmt: skip


SAMPLED = Sampled({"customs_trade": customs_trade}, cases)
