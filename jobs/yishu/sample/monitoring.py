"""Counties and industrial firms → hourly readings: the air at stations of the 14 units, smoke and water at firms' outlets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import economy
from yishu.sample.province import Province

_YEARS: Final = (2023, 2024)
_HOURS: Final = 24
_SMOGGY, _LAGGING = 3, 9
"""Planted, places in the list of units: one has a day of heavy pollution each year, the air of the other got worse: 邯郸, 廊坊."""
_DARK: Final = 1
"""Planted: the first station of this unit lost more than a quarter of a day's hours in each year: 唐山."""
_INDEX: Final = ((0, 35, 75, 115, 150, 250, 350, 500), (0, 50, 100, 150, 200, 300, 400, 500))
"""PM2.5 and its part of the air quality index (HJ 633-2012)."""
_POLLUTANTS: Final = (
    ("a21026", 35, 400_000), ("a21002", 50, 400_000), ("a34013", 10, 400_000), ("w01018", 50, 120), ("w21003", 5, 120), ("w21011", 1, 120),
)  # fmt: skip
"""Code, limit in mg per m³ or litre, usual flow in m³ an hour; three of the air, three of the water."""
_RUNS, _STOPPED, _SERVICED = range(3)


def _extent(province: Province) -> tuple[int, Ints]:
    """How many stations each unit has, and the days of the year that are handed in, evenly over the year."""
    units = len(province.places.units)
    days = int(np.clip(province.rows // (units * _HOURS * len(_YEARS)), 2, 365))
    stations = int(np.clip(province.rows // (units * _HOURS * len(_YEARS) * days), 1, 14))
    # Not before the 11th of January, unless all days are wanted: then none comes twice.
    return stations, np.linspace(min(10, 365 - days), 364, days).astype(np.int64)


def air(province: Province) -> Iterator[col.Extract]:
    """Two years of hours at every unit's stations; one in thirty is missing or in doubt."""
    generator, places = province.generator("air_quality"), province.places
    stations, days = _extent(province)
    units, shape = len(places.units), (len(places.units) * stations, len(_YEARS), len(days), _HOURS)
    unit = np.arange(shape[0]) // stations
    improved = generator.uniform(0.02, 0.09, size=units)
    improved[_LAGGING] = -0.2
    level = generator.uniform(34, 46, size=units)[unit][:, None] * np.stack([np.ones(shape[0]), 1 - improved[unit]], axis=1)
    season = 1 + 0.35 * np.cos((days - 15) / 365 * 2 * np.pi)
    weather = generator.uniform(0.9, 1.1, size=(units, 1, len(days)))[unit]
    fine = level[:, :, None, None] * (season * weather)[:, :, :, None] * generator.uniform(0.85, 1.15, size=shape)
    smog = unit == _SMOGGY
    fine[smog, :, 0] = generator.uniform(165, 220, size=(int(smog.sum()), len(_YEARS), _HOURS))
    fault = col.draw(generator, 3, int(np.prod(shape)), (97, 1, 2)).reshape(shape)
    # What is missing is missing at night, so that no day drops out but the planted one.
    fault[:, :, :, 6:] = np.minimum(fault[:, :, :, 6:], 1)
    fault[smog | (unit == _DARK)] = 0
    fault[_DARK * stations, :, 0, 3:11] = 2
    kept = np.isin(unit, (_SMOGGY, _LAGGING, _DARK))
    columns = _air_columns(province, generator, fine, fault, days)
    yield col.Extract("air_quality", "2024-12-31", columns, np.flatnonzero(np.repeat(kept, fine[0].size)))


def _air_columns(
    province: Province, generator: np.random.Generator, fine: npt.NDArray[np.float64], fault: Ints, days: Ints
) -> dict[str, pa.Array]:
    places, shape = province.places, fine.shape
    station, year, day, hour = (axis.ravel() for axis in np.indices(shape))
    count, missing = len(station), fault.ravel() == 2
    per_unit = shape[0] // len(places.units)
    county = _county_of(province, generator, per_unit)[station]
    began = np.array([f"{known}-01-01" for known in _YEARS], dtype="datetime64[s]")[year]
    when = began + days[day] * np.timedelta64(86_400, "s") + hour * np.timedelta64(3_600, "s")
    pm25 = np.round(fine.ravel() * 10).astype(np.int64)
    index = np.round(np.interp(pm25 / 10, *_INDEX)).astype(np.int64)
    return {
        "station_code": col.joined(col.padded(station + 1_001, 4), "A"),
        "station_name": col.joined(col.pick(places.name, county), "监测站", col.integers(station % per_unit + 1)),
        "division_code": col.padded(places.code[county], 6),
        "monitor_time": pa.array(when).cast(pa.string()),
        "pm25": col.decimals(pm25, 1, missing),
        "pm10": col.decimals(pm25 * generator.integers(125, 180, size=count) // 100, 1, missing),
        "so2": col.decimals(generator.integers(40, 160, size=count), 1, missing),
        "no2": col.decimals(generator.integers(120, 560, size=count), 1, missing),
        "co": col.decimals(generator.integers(30, 140, size=count), 2, missing),
        "o3_8h": col.decimals(generator.integers(300, 1_500, size=count), 1, missing),
        "aqi": col.integers(index, missing),
        "qc_flag": col.pick(["H", "D", "M"], fault.ravel()),
    }


def _county_of(province: Province, generator: np.random.Generator, per_unit: int) -> Ints:
    """Each station's county, by index: any of its unit."""
    unit = province.places.unit_of(province.places.code)
    return np.concatenate([
        generator.choice(np.flatnonzero(unit == code), size=per_unit) for code in province.places.units
    ])  # fmt: skip


def outlets(province: Province) -> Iterator[col.Extract]:
    """Hours of three pollutants at each outlet, air and water by turns; some above the limit, some out of service."""
    generator, model = province.generator("emission_online"), economy(province)
    number = int(np.clip(province.rows // (3 * _HOURS), 4, 5_000))
    hours = int(np.clip(province.rows // (3 * number), _HOURS, 8_784))
    owner = model.firm[model.first(model.industrial, (number + 1) // 2)]
    outlet, part, hour = (axis.ravel() for axis in np.indices((number, 3, hours)))
    count, water = len(outlet), outlet % 2 == 1
    kind = part + 3 * water
    limit = np.array([limit for _, limit, _ in _POLLUTANTS])[kind] * 10_000
    # All pollutants of one outlet stop together.
    state = col.draw(generator, 3, number * hours, (96, 2, 2)).reshape(number, hours)[outlet, hour]
    share = np.exp(generator.normal(-1.1, 0.35, size=count))
    value = (limit * np.where(state == _SERVICED, np.minimum(share, 0.9), share)).astype(np.int64)
    stopped = state == _STOPPED
    flow = np.where(
        stopped, 0, np.array([flow for *_, flow in _POLLUTANTS])[kind] * generator.integers(7_000, 13_000, size=count)
    )
    kilograms = np.round(value / 10_000 * flow / np.where(water, 1_000, 1_000_000)).astype(np.int64)
    when = np.datetime64("2025-01-01T00:00:00") - (hours - hour) * np.timedelta64(3_600, "s")
    firm = owner[outlet // 2 % len(owner)]
    yield col.Extract("emission_online", "2024-12-31", {
        "outlet_id": col.joined(col.pick(["DA", "DW"], outlet % 2), col.padded(outlet + 1, 4)),
        "uscc": col.pick(province.firms.uscc, firm),
        "pollutant": col.pick([code for code, *_ in _POLLUTANTS], kind),
        "value_avg": col.decimals(value, 4, stopped),
        "flow": col.decimals(flow, 4),
        "emission_kg": col.decimals(np.where(stopped, 0, kilograms), 4),
        "limit_value": col.decimals(limit, 4),
        "exceed_flag": col.either((value > limit) & (state == _RUNS), "1", "0"),
        "run_status": col.integers(state + 1),
        "monitor_time": pa.array(when).cast(pa.string()),
    })  # fmt: skip


def cases(province: Province) -> Iterator[col.Case]:
    """A day of heavy pollution, air that got worse, and a station that was dark for too long."""
    units, mart = province.places.units, "environment.pm25_by_unit"
    for name, unit, told in (
        ("a day of heavy pollution", _SMOGGY, {"heavy_pollution_days": "1"}),
        ("a city whose air got worse, last in improvement", _LAGGING, {"improvement_rank": str(len(units))}),
        ("a station's day with a quarter of its hours missing is not evaluated", _DARK, {"station_days_excluded": "1"}),
    ):
        yield col.Case(name, mart, {"stat_year": "2024", "unit_code": str(units[unit]), **told})
