"""沿海经济主题数据库: harbours and coastal counties → monthly throughput of three years, rights to use the sea."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province, Sampled

COUNTIES: Final = (130302, 130303, 130304, 130306, 130322, 130207, 130224, 130225, 130209, 130924, 130983)
"""Those of the code list `coastal_counties` that are in force."""
_BERTHS: Final = (
    ("QHD0", "东港区", 1_200, (("0100", 90), ("0300", 6), ("0200", 4))),
    ("QHD0", "西港区", 210, (("1100", 30), ("0400", 20), ("1500", 10), ("1700", 40))),
    ("TSJT", "全港", 2_400, (("0300", 41), ("0100", 33), ("0400", 12), ("0500", 6), ("1700", 8))),
    ("TSCF", "全港", 3_800, (("0300", 46), ("0100", 33), ("0200", 9), ("0400", 4), ("0500", 4), ("0700", 1), ("1700", 3))),
    ("CZHH", "煤炭港区", 1_700, (("0100", 100),)),
    ("CZHH", "综合港区", 760, (("0300", 68), ("0200", 12), ("1300", 6), ("1100", 6), ("1200", 8))),
    ("CZHH", "集装箱港区", 130, (("1700", 100),)),
)
"""Harbour, area, ten thousand tons of an ordinary month of 2021, and per cent by kind of cargo."""
_FOREIGN: Final = {"0300": 0.86, "0200": 0.7, "1100": 0.75, "0400": 0.35, "1700": 0.2}
"""Share of foreign trade; 5 % where nothing stands here."""
_CONTAINERS: Final = "1700"
_PORT_OF: Final = {"QHD0": "130300", "TSJT": "130200", "TSCF": "130200", "CZHH": "130900"}
_SEASON: Final = (0.96, 0.9, 1.03, 1.02, 1.04, 1.02, 1.0, 0.99, 1.0, 1.01, 1.02, 1.01)
_CORRECTED: Final = ("TSCF", "0300")
"""Harbour and cargo whose November was told a tenth too low, and right in the next delivery."""
_USES: Final = (
    ("1200", 24, 15),
    ("1100", 14, 15),
    ("3100", 22, 50),
    ("2100", 6, 30),
    ("2200", 6, 40),
    ("3300", 5, 40),
    ("4000", 10, 25),
    ("2300", 5, 30),
    ("1300", 8, 30),
)
"""Code, share and the longest term in years (海域使用管理法第二十五条)."""
_LINES: Final = tuple((harbour, area, cargo) for harbour, area, _, kinds in _BERTHS for cargo, _ in kinds)


def _tons(province: Province) -> Ints:
    """Line × month from 2021 on, in ten-thousandths of ten thousand tons."""
    generator = province.generator("port_tons")
    level = np.array([size * share / 100 for _, _, size, kinds in _BERTHS for _, share in kinds])
    months = np.arange(len(MONTHS) + 12)
    pace = 1 + generator.uniform(0.0, 0.09, size=(len(level), 1)) * months / 12
    noise = generator.uniform(0.95, 1.05, size=(len(level), len(months)))
    tons: Ints = (level[:, None] * pace * noise * np.array(_SEASON * 4) * 10_000).astype(np.int64)
    return tons


def throughput(province: Province) -> Iterator[col.Extract]:
    """All lines until November, then December with a corrected November."""
    tons = _tons(province)
    line, month = (axis.ravel() for axis in np.indices((len(_LINES), len(MONTHS))))
    told, before = tons[:, 12:].ravel(), tons[:, :-12].ravel()
    late = np.array([(harbour, cargo) == _CORRECTED for harbour, _, cargo in _LINES])[line] & (month == len(MONTHS) - 2)
    for period, chosen, value in (
        (MONTHS[-2], month < len(MONTHS) - 1, np.where(late, told * 9 // 10, told)),
        (MONTHS[-1], (month == len(MONTHS) - 1) | late, told),
    ):
        rows = np.flatnonzero(chosen)
        columns = _lines(line[rows], month[rows], value[rows], before[rows])
        # The contract tolerates no bad row, and a year's sum needs all of them.
        yield col.Extract("port_throughput", period, columns, np.arange(len(rows)))


def _lines(line: Ints, month: Ints, value: Ints, before: Ints) -> dict[str, pa.Array]:
    harbours, areas, cargoes = zip(*_LINES, strict=True)
    containers = np.array([cargo == _CONTAINERS for cargo in cargoes])[line]
    foreign = np.array([_FOREIGN.get(cargo, 0.05) for cargo in cargoes])[line]
    return {
        "harbour_code": col.pick(harbours, line),
        "berth_area": col.pick(areas, line),
        "period": col.pick([text.replace("-", "") for text in MONTHS], month),
        "cargo_code": col.pick(cargoes, line),
        "throughput_wt": col.decimals(value, 4),
        "foreign_wt": col.decimals((value * foreign).astype(np.int64), 4),
        # Fifteen tons to a container.
        "container_teu": col.integers(value // 15, ~containers),
        "throughput_yoy_pct": col.decimals(np.round((value / before - 1) * 10_000).astype(np.int64), 2),
    }


def rights(province: Province) -> Iterator[col.Extract]:
    """Rights to use the sea off eleven counties, held by companies of the coastal cities, a fifth by persons."""
    generator, firms = province.generator("marine_use"), province.firms
    count = max(40, min(2_000, province.rows // 50))
    near = (firms.kind == COMPANY) & firms.active & np.isin(firms.county_code // 100, (1302, 1303, 1309))
    holders = np.flatnonzero(near[: firms.listed])
    holders = holders if len(holders) else np.arange(1)
    use = col.draw(generator, len(_USES), count, [share for _, share, _ in _USES])
    area = (np.exp(generator.normal(3.0, 1.2, size=count)) * 10_000).astype(np.int64) + 5_000
    begin = col.days_between(generator, "2015-02-01", "2024-12-15", count)
    term = np.array([years for _, _, years in _USES])[use] - generator.integers(0, 10, size=count)
    code = col.padded(np.array(COUNTIES)[col.draw(generator, len(COUNTIES), count)], 6)
    person = generator.random(count) < 0.2
    shore = area * generator.integers(0, 1_500, size=count) // 10_000
    yield col.Extract("marine_use", "2024", {
        "sea_no": col.joined(col.integers(col.year_of(begin)), "B", code, col.padded(np.arange(count) + 1, 6)),
        "uscc": col.either(person, None, col.pick(firms.uscc, holders[col.draw(generator, len(holders), count)])),
        "sea_use_type": col.pick([kind for kind, _, _ in _USES], use),
        "sea_area_ha": col.decimals(area, 4),
        "coast_m": col.decimals(shore, 2),
        "division_code": code,
        "right_from": col.days(begin),
        "right_to": col.days(begin + term * 365 * col.DAY),
        "update_time": col.at_work(generator, np.minimum(begin + 8 * col.DAY, np.datetime64("2024-12-30")), count),
    })  # fmt: skip


def cases(province: Province) -> Iterator[col.Case]:
    """The year's throughput of each city and of the three, with the corrected November in it."""
    year = _tons(province)[:, -12:].sum(axis=1)
    cities = np.array([_PORT_OF[harbour] for harbour, _, _ in _LINES])
    due = {city: str(sum(str(code).startswith(city[:4]) for code in COUNTIES)) for city in sorted(set(cities.tolist()))}
    for city, counties in (*due.items(), ("合计", str(len(COUNTIES)))):
        total = col.decimals(np.array([year[(cities == city) | (city == "合计")].sum()]), 4)
        key = {"stat_year": MONTHS[-1][:4], "city_code": city, "throughput_wt": str(total[0]), "throughput_months": "12"}
        key |= {"counties_compared": counties, "counties_due": counties, "correlation_years": "3"}
        yield col.Case("a year of cargo with a month corrected later", "coastal.coastal_gdp_port", key)


SAMPLED = Sampled({"port_throughput": throughput, "marine_use": rights}, cases)
