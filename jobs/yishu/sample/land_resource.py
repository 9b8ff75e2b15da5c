"""国土空间与自然资源基础数据库: counties and firms → parcels of two survey years, land contracts, mining rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province, Sampled
from yishu.sample.words import LAND_CLASSES, MINERALS

_FIELDS: Final = 3
"""The first three land classes are arable (01)."""


def parcels(province: Province) -> Iterator[col.Extract]:
    """Two full surveys. The second changes some classes and splits some parcels: a county's total area stays what it was."""
    generator = province.generator("land_use_parcel")
    count = max(40, province.rows // 2)
    county = np.sort(col.draw(generator, len(province.places.code), count, province.places.weight))
    weights = [9, 14, 10] + [3] * (len(LAND_CLASSES) - _FIELDS)
    land = col.draw(generator, len(LAND_CLASSES), count, weights)
    area = (np.exp(generator.normal(9.2, 1.1, size=count)) * 100).astype(np.int64) + 100
    before = _parcel_columns(province, generator, county, land, area)
    yield col.Extract(
        "land_use_parcel",
        "2023",
        before | {"survey_year": col.constant("2023", count), "change_type": col.constant("00", count)},
    )
    lost = np.flatnonzero((land < _FIELDS) & (generator.random(count) < 0.04))
    won = np.flatnonzero((land >= _FIELDS) & (generator.random(count) < 0.012))
    after = land.copy()
    after[lost] = LAND_CLASSES.index("0701")
    after[won] = LAND_CLASSES.index("0102")
    columns = before | {"land_class": col.pick(LAND_CLASSES, after)}
    split = lost[::2]
    yield col.Extract("land_use_parcel", "2024", _second_survey(columns, area, split, np.concatenate([lost, won])))


def _parcel_columns(
    province: Province, generator: np.random.Generator, county: Ints, land: Ints, area: Ints
) -> dict[str, pa.Array]:
    places, count = province.places, len(county)
    code = col.padded(places.code[county], 6)
    town, village = (col.padded(generator.integers(1, top, size=count), 3) for top in (21, 40))
    lon, lat = places.centres(county)
    arable = land < _FIELDS
    zone = col.either(arable & (generator.random(count) < 0.8), "11", col.choose(generator, ["12", "13"], count))
    outside = generator.random(count) < 0.25
    return {
        "parcel_id": col.joined(code, "TB", col.padded(np.arange(count) + 1, 10)),
        "division_code": code,
        "village_code": col.joined(code, town, village, "0000000"),
        "land_class": col.pick(LAND_CLASSES, land),
        "own_type": col.choose(generator, ["10", "30"], count, (3, 7)),
        "area_sqm": col.decimals(area, 2),
        "slope_class": col.choose(generator, ["1", "2", "3", "4", "5"], count, (60, 18, 12, 7, 3)),
        "cons_zone": col.either(outside, None, zone),
        "centroid_lon": col.decimals(lon + generator.integers(-40_000, 40_000, size=count), 6),
        "centroid_lat": col.decimals(lat + generator.integers(-30_000, 30_000, size=count), 6),
    }


def _second_survey(columns: dict[str, pa.Array], area: Ints, split: Ints, changed: Ints) -> dict[str, pa.Array]:
    """A split parcel vanishes; two with its area together, of which one keeps the old class, take its place."""
    count = len(area)
    kept = np.setdiff1d(np.arange(count), split)
    part = area[split] * 2 // 5
    mark = np.zeros(count, dtype=np.int64)
    mark[changed] = 1
    rows = columns | {"change_type": col.pick(["00", "01"], mark), "survey_year": col.constant("2024", count)}
    halves = [col.take(rows, split) for _ in range(2)]
    halves[0] |= {"parcel_id": col.joined(halves[0]["parcel_id"], "-1"), "area_sqm": col.decimals(part, 2)}
    halves[1] |= {
        "parcel_id": col.joined(halves[1]["parcel_id"], "-2"), "area_sqm": col.decimals(area[split] - part, 2),
        "land_class": col.constant("0103", len(split)), "change_type": col.constant("03", len(split)),
    }  # fmt: skip
    return col.stacked(col.take(rows, kept), *halves)


def land_supply(province: Province) -> Iterator[col.Extract]:
    """Contracts since 2019; of those that should have begun two years ago some have not (their start is still ahead)."""
    generator, firms = province.generator("land_supply"), province.firms
    count = min(50_000, max(30, province.rows // 10))
    firm = _companies(province, generator, count)
    county = firms.county[firm]
    signed = col.days_between(generator, "2019-01-01", "2024-12-15", count)
    mode = col.draw(generator, 5, count, (20, 10, 2, 8, 60))
    area = generator.integers(2_000, 400_000, size=count)
    price = np.where(mode == 0, 0, area * generator.integers(200, 1_500, size=count) // 10)
    year = col.year_of(signed)
    start = signed + generator.integers(90, 365, size=count) * col.DAY
    code = col.padded(province.places.code[county], 6)
    yield col.Extract("land_supply", "2024-12-31", {
        "contract_no": col.joined("C", code, col.integers(year), col.padded(np.arange(count) + 1, 8)),
        "electronic_no": col.joined(code, col.integers(year), "B", col.padded(np.arange(count) + 1, 7)),
        "uscc": col.pick(firms.uscc, firm),
        "division_code": code,
        "land_use": col.choose(generator, ["0601", "0701", "0501", "0801", "1003"], count, (50, 28, 12, 6, 4)),
        "area_ha": col.decimals(area, 4),
        "price_wan": col.decimals(price, 2),
        "supply_mode": col.pick(["1", "2", "3", "4", "5"], mode),
        "sign_date": col.days(signed),
        "plot_ratio_max": col.decimals(generator.integers(80, 350, size=count), 2),
        "start_date": col.days(start),
        "finish_date": col.days(start + generator.integers(365, 1_095, size=count) * col.DAY),
        "update_time": col.at_work(generator, np.minimum(signed + 10 * col.DAY, np.datetime64("2024-12-30")), count),
    })  # fmt: skip


def mining_rights(province: Province) -> Iterator[col.Extract]:
    """Exploration and mining rights, a fifth of them past their term."""
    generator, firms = province.generator("mining_right"), province.firms
    count = min(20_000, max(20, province.rows // 20))
    firm = _companies(province, generator, count)
    kind = col.draw(generator, 2, count, (3, 7))
    begin = col.days_between(generator, "2008-01-01", "2024-11-30", count)
    finish = begin + np.where(kind == 0, 5, generator.integers(5, 21, size=count)) * 365 * col.DAY
    over = finish < np.datetime64("2024-12-31")
    year = col.year_of(begin)
    yield col.Extract("mining_right", "2024-12", {
        "right_no": col.joined(col.pick(["T", "C"], kind), "13", col.integers(year), col.padded(np.arange(count) + 1, 9)),
        "right_type": col.pick(["1", "2"], kind),
        "uscc": col.pick(firms.uscc, firm),
        "mineral_code": col.choose(generator, MINERALS, count),
        "area_km2": col.decimals(generator.integers(500, 300_000, size=count), 4),
        "division_code": col.padded(province.places.code[firms.county[firm]], 6),
        "valid_from": col.days(begin),
        "valid_to": col.days(finish),
        "scale": col.choose(generator, ["大型", "中型", "小型"], count, (1, 3, 6)),
        "status": col.either(over, "2", col.choose(generator, ["1", "3", "4"], count, (94, 3, 3))),
        "update_time": col.at_work(generator, np.minimum(begin + 5 * col.DAY, np.datetime64("2024-12-30")), count),
    })  # fmt: skip


def _companies(province: Province, generator: np.random.Generator, count: int) -> Ints:
    companies = np.flatnonzero((province.firms.kind == COMPANY)[: province.firms.listed])
    return companies[col.draw(generator, len(companies), count)]


SAMPLED = Sampled({"land_use_parcel": parcels, "land_supply": land_supply, "mining_right": mining_rights})
