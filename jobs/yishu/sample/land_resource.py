"""国土空间与自然资源基础数据库: counties and firms → parcels of two survey years, land contracts, mining rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample.columns import (
    Days,
    Extract,
    at_work,
    choose,
    constant,
    days,
    days_between,
    decimals,
    draw,
    either,
    integers,
    joined,
    moments,
    padded,
    pick,
    take,
)
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province
from yishu.sample.words import LAND_CLASSES, MINERALS

_DAY: Final = np.timedelta64(1, "D")
_FIELDS: Final = 3
"""The first three land classes are arable (01)."""


def parcels(province: Province) -> Iterator[Extract]:
    """Two full surveys. The second changes some classes and splits some parcels: a county's total area stays what it was."""
    generator = province.generator("land_use_parcel")
    count = max(40, province.rows // 2)
    county = np.sort(draw(generator, len(province.places.code), count, province.places.weight))
    weights = [9, 14, 10] + [3] * (len(LAND_CLASSES) - _FIELDS)
    land = draw(generator, len(LAND_CLASSES), count, weights)
    area = (np.exp(generator.normal(9.2, 1.1, size=count)) * 100).astype(np.int64) + 100
    before = _parcel_columns(province, generator, county, land, area)
    yield Extract(
        "land_use_parcel", "2023", before | {"survey_year": constant("2023", count), "change_type": constant("00", count)}
    )
    lost = np.flatnonzero((land < _FIELDS) & (generator.random(count) < 0.04))
    won = np.flatnonzero((land >= _FIELDS) & (generator.random(count) < 0.012))
    after = land.copy()
    after[lost] = LAND_CLASSES.index("0701")
    after[won] = LAND_CLASSES.index("0102")
    columns = before | {"land_class": pick(LAND_CLASSES, after)}
    split = lost[::2]
    yield Extract("land_use_parcel", "2024", _second_survey(columns, area, split, np.concatenate([lost, won])))


def _parcel_columns(
    province: Province, generator: np.random.Generator, county: Ints, land: Ints, area: Ints
) -> dict[str, pa.Array]:
    places, count = province.places, len(county)
    code = padded(places.code[county], 6)
    town, village = (padded(generator.integers(1, top, size=count), 3) for top in (21, 40))
    lon, lat = places.centres(county)
    arable = land < _FIELDS
    zone = either(arable & (generator.random(count) < 0.8), "11", choose(generator, ["12", "13"], count))
    outside = generator.random(count) < 0.25
    return {
        "parcel_id": joined(code, "TB", padded(np.arange(count) + 1, 10)),
        "division_code": code,
        "village_code": joined(code, town, village, "0000000"),
        "land_class": pick(LAND_CLASSES, land),
        "own_type": choose(generator, ["10", "30"], count, (3, 7)),
        "area_sqm": decimals(area, 2),
        "slope_class": choose(generator, ["1", "2", "3", "4", "5"], count, (60, 18, 12, 7, 3)),
        "cons_zone": either(outside, None, zone),
        "centroid_lon": decimals(lon + generator.integers(-40_000, 40_000, size=count), 6),
        "centroid_lat": decimals(lat + generator.integers(-30_000, 30_000, size=count), 6),
    }


def _second_survey(columns: dict[str, pa.Array], area: Ints, split: Ints, changed: Ints) -> dict[str, pa.Array]:
    """A split parcel vanishes; two with its area together, of which one keeps the old class, take its place."""
    count = len(area)
    kept = np.setdiff1d(np.arange(count), split)
    part = area[split] * 2 // 5
    mark = np.zeros(count, dtype=np.int64)
    mark[changed] = 1
    rows = columns | {"change_type": pick(["00", "01"], mark), "survey_year": constant("2024", count)}
    halves = [take(rows, split) for _ in range(2)]
    halves[0] |= {"parcel_id": joined(halves[0]["parcel_id"], "-1"), "area_sqm": decimals(part, 2)}
    halves[1] |= {
        "parcel_id": joined(halves[1]["parcel_id"], "-2"), "area_sqm": decimals(area[split] - part, 2),
        "land_class": constant("0103", len(split)), "change_type": constant("03", len(split)),
    }  # fmt: skip
    stay = take(rows, kept)
    return {name: pa.concat_arrays([stay[name], halves[0][name], halves[1][name]]) for name in stay}


def land_supply(province: Province) -> Iterator[Extract]:
    """Contracts since 2019; of those that should have begun two years ago some have not (their start is still ahead)."""
    generator, firms = province.generator("land_supply"), province.firms
    count = min(50_000, max(30, province.rows // 10))
    firm = _companies(province, generator, count)
    county = firms.county[firm]
    signed = days_between(generator, "2019-01-01", "2024-12-15", count)
    mode = draw(generator, 5, count, (20, 10, 2, 8, 60))
    area = generator.integers(2_000, 400_000, size=count)
    price = np.where(mode == 0, 0, area * generator.integers(200, 1_500, size=count) // 10)
    year = signed.astype("datetime64[Y]").astype(np.int64) + 1970
    start = signed + generator.integers(90, 365, size=count) * _DAY
    code = padded(province.places.code[county], 6)
    yield Extract("land_supply", "2024-12-31", {
        "contract_no": joined("C", code, integers(year), padded(np.arange(count) + 1, 8)),
        "electronic_no": joined(code, integers(year), "B", padded(np.arange(count) + 1, 7)),
        "uscc": pick(firms.uscc, firm),
        "division_code": code,
        "land_use": choose(generator, ["0601", "0701", "0501", "0801", "1003"], count, (50, 28, 12, 6, 4)),
        "area_ha": decimals(area, 4),
        "price_wan": decimals(price, 2),
        "supply_mode": pick(["1", "2", "3", "4", "5"], mode),
        "sign_date": days(signed),
        "plot_ratio_max": decimals(generator.integers(80, 350, size=count), 2),
        "start_date": days(start),
        "finish_date": days(start + generator.integers(365, 1_095, size=count) * _DAY),
        "update_time": moments(at_work(generator, np.minimum(signed + 10 * _DAY, np.datetime64("2024-12-30")))),
    })  # fmt: skip


def mining_rights(province: Province) -> Iterator[Extract]:
    """Exploration and mining rights, a fifth of them past their term."""
    generator, firms = province.generator("mining_right"), province.firms
    count = min(20_000, max(20, province.rows // 20))
    firm = _companies(province, generator, count)
    kind = draw(generator, 2, count, (3, 7))
    begin = days_between(generator, "2008-01-01", "2024-11-30", count)
    finish = begin + np.where(kind == 0, 5, generator.integers(5, 21, size=count)) * 365 * _DAY
    over = finish < np.datetime64("2024-12-31")
    year = begin.astype("datetime64[Y]").astype(np.int64) + 1970
    yield Extract("mining_right", "2024-12", {
        "right_no": joined(pick(["T", "C"], kind), "13", integers(year), padded(np.arange(count) + 1, 9)),
        "right_type": pick(["1", "2"], kind),
        "uscc": pick(firms.uscc, firm),
        "mineral_code": choose(generator, MINERALS, count),
        "area_km2": decimals(generator.integers(500, 300_000, size=count), 4),
        "division_code": padded(province.places.code[firms.county[firm]], 6),
        "valid_from": days(begin),
        "valid_to": days(finish),
        "scale": choose(generator, ["大型", "中型", "小型"], count, (1, 3, 6)),
        "status": either(over, "2", choose(generator, ["1", "3", "4"], count, (94, 3, 3))),
        "update_time": moments(at_work(generator, _known(begin))),
    })  # fmt: skip


def _known(begin: Days) -> Days:
    return np.minimum(begin + 5 * _DAY, np.datetime64("2024-12-30"))


def _companies(province: Province, generator: np.random.Generator, count: int) -> Ints:
    companies = np.flatnonzero((province.firms.kind == COMPANY)[: province.firms.listed])
    return companies[draw(generator, len(companies), count)]
