"""开发区主题数据库: the zones and their firms; each zone's quarter is the sum of what its firms made, paid and used."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.clusters import short_name
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, economy
from yishu.sample.industrial_land import occupied_land
from yishu.sample.province import Province, Sampled
from yishu.sample.science_tech import certificates
from yishu.sample.zones import NATIONAL, ZONES, Zones, zones

_KINDS: Final = ("经济开发区", "高新技术产业开发区", "综合保税区", "产业园区")
_TRADES: Final = ("装备制造", "新材料", "食品加工", "生物医药", "电子信息", "汽车零部件", "现代物流", "新能源", "纺织服装", "节能环保")
_QUARTERS: Final = tuple(f"{year}Q{quarter}" for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4))
_ENDS: Final = tuple((np.datetime64(month, "M") + 1).astype("datetime64[D]") - 1 for month in MONTHS[2::3])
_LAST: Final = "2024Q4"
_HOARDED: Final = 150
"""Planted: the zone with most firms holds so many times the land that they need."""
_RENTED_OR_BUILT: Final = 2


def registry(province: Province) -> Iterator[col.Extract]:
    """All zones. No fault is planted in them: firms and quarters of a zone that is unknown would be refused as well."""
    generator, known = province.generator("dev_zone"), zones(province)
    names = [short_name(str(name)) for name in col.pick(province.places.name, known.county).to_pylist()]
    area = generator.integers(2_000_000, 60_000_000, size=ZONES)
    built = area * generator.integers(20, 100, size=ZONES) // 100
    trades = ["、".join(some) for size in (1, 2, 3) for some in combinations(_TRADES, size)]
    number, city = np.arange(ZONES), province.places.code[known.county] // 100
    yield col.Extract("dev_zone", "2024", {
        "zone_id": known.ident,
        "zone_name": col.joined("河北", pa.array(names, pa.string()), col.pick(_KINDS, known.kind)),
        "zone_level": col.either(number < NATIONAL, "1", "2"),
        "zone_kind": col.pick(["01", "02", "03", "04"], known.kind),
        "division_code": col.padded(province.places.code[known.county], 6),
        "approve_area_ha": col.decimals(area, 4),
        "built_area_ha": col.decimals(built, 4),
        "industries": col.choose(generator, trades, ZONES),
        "stat_code": col.either(number % 3 > 0, None, col.joined(col.padded(city, 4), col.integers(71 + number % 9))),
        "update_time": col.at_work(generator, col.days_between(generator, "2020-03-01", "2024-12-20", ZONES), ZONES),
    }, number)  # fmt: skip


def firms(province: Province) -> Iterator[col.Extract]:
    """Who sat in a zone by November 2024, then who came and left in December."""
    generator, known = province.generator("dev_zone_entity"), zones(province)
    columns, told = _firm_columns(province, generator, known), np.datetime64("1970-01-01")
    for period, last in (("2024-11", np.datetime64("2024-11-25")), ("2024-12", np.datetime64("2024-12-25"))):
        left = known.exit <= last
        since: col.Days = np.where(left, known.exit, known.enter)
        rows = np.flatnonzero((known.enter <= last) & (since > told))
        yield col.Extract("dev_zone_entity", period, col.take(columns, rows) | {
            "exit_date": col.days(known.exit[rows], ~left[rows]),
            "update_time": col.at_work(generator, since[rows] + 4 * col.DAY, len(rows)),
        })  # fmt: skip
        told = last


def _firm_columns(province: Province, generator: np.random.Generator, known: Zones) -> dict[str, pa.Array]:
    land = _land(province, known)
    # Of firms that the economy does not know, nobody else says how much land they have.
    guessed = np.where(land > 0, land, generator.integers(100, 6_000, size=len(land)))
    return {
        "zone_id": col.pick(known.ident, known.zone),
        "uscc": col.pick(province.firms.uscc, known.firm),
        "enter_date": col.days(known.enter),
        "entry_kind": col.pick(["1", "2", "3"], known.entry),
        "land_mu": col.decimals(guessed, 2, known.entry >= _RENTED_OR_BUILT),
    }


def _land(province: Province, known: Zones) -> Ints:
    """Hundredths of a 亩 of each firm in a zone; nothing for those that the economy does not know."""
    figures = economy(province)
    land = np.zeros(province.firms.count, dtype=np.int64)
    land[figures.firm] = occupied_land(figures, province)
    return np.where(known.entry < _RENTED_OR_BUILT, land[known.firm], 0)


def quarters(province: Province) -> Iterator[col.Extract]:
    """Three years of every zone, each department its own."""
    known = zones(province)
    columns, zone, quarter = _quarter_columns(province, known)
    planted = np.isin(zone, (known.empty, hoarder(known))) & (quarter == _QUARTERS.index(_LAST))
    for department, rows in province.parts("dev_zone_kpi", province.places.code[known.county[zone]]):
        yield col.Extract("dev_zone_kpi", _LAST, col.take(columns, rows), np.flatnonzero(planted[rows]), department)


def hoarder(known: Zones) -> int:
    """The zone with most firms."""
    return int(np.argmax(np.bincount(known.zone, minlength=ZONES)))


def _quarter_columns(province: Province, known: Zones) -> tuple[dict[str, pa.Array], Ints, Ints]:
    generator = province.generator("dev_zone_kpi")
    sums = list(_sums(province, known))
    revenue, tax, land, power, staff, high = (np.stack([part[place] for part in sums], axis=1).ravel() for place in range(6))
    zone, quarter = np.repeat(np.arange(ZONES), len(_QUARTERS)), np.tile(np.arange(len(_QUARTERS)), ZONES)
    count = len(zone)
    land = np.where(zone == hoarder(known), np.minimum(land * _HOARDED, 25_000_000), land * 115 // 100)
    foreign = np.where(zone % 5 == 0, generator.integers(0, 300_000, size=count), 0)
    return {
        "zone_id": col.pick(known.ident, zone),
        "quarter": col.pick(_QUARTERS, quarter),
        "revenue_wan": col.decimals(revenue // 100, 2),
        "tax_wan": col.decimals(tax // 100, 2),
        "industrial_land_mu": col.decimals(land, 2),
        "new_projects": col.integers(generator.integers(0, 9, size=count)),
        "fdi_usd_wan": col.decimals(foreign, 2),
        "energy_tce": col.decimals(power * 45 // 1_000, 2),
        "employment": col.integers(staff),
        "hightech_cnt": col.integers(high),
    }, zone, quarter


def _sums(province: Province, known: Zones) -> Iterator[tuple[Ints, ...]]:
    """Revenue, tax, land, power, staff and high-tech firms of each zone, quarter by quarter: those that sat there at its end."""
    figures, held, land = economy(province), certificates(province), _land(province, known)
    place = np.full(province.firms.count, -1, dtype=np.int64)
    place[figures.firm] = np.arange(len(figures.firm))
    row = place[known.firm]
    for quarter, end in enumerate(_ENDS):
        months = slice(quarter * 3, quarter * 3 + 3)
        there = (known.enter <= end) & (known.exit > end)
        flows = [figure[:, months].sum(axis=1) for figure in (figures.revenue, figures.tax, figures.power)]
        revenue, tax, power, staff = (np.where(row < 0, 0, part[row]) for part in (*flows, figures.staff[:, months.stop - 1]))
        parts = (revenue, tax, land, power, staff, np.isin(known.firm, held.high_tech_on(end)))
        yield tuple(np.bincount(known.zone[there], part[there], ZONES).astype(np.int64) for part in parts)


def cases(province: Province) -> Iterator[col.Case]:
    """The zone that hoards land, and the one that has none."""
    known, mart = zones(province), "dev_zone.tax_per_mu_grade"
    key = {"quarter": _LAST, "zone_id": known.ident[hoarder(known)].as_py(), "grade": "D"}
    yield col.Case("a zone that hoards land", mart, key)
    key = {"quarter": _LAST, "zone_id": known.ident[known.empty].as_py(), "is_graded": "false"}
    yield col.Case("a zone without industrial land", mart, key)


SAMPLED = Sampled({"dev_zone": registry, "dev_zone_entity": firms, "dev_zone_kpi": quarters}, cases)
