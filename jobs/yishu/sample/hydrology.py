"""水情站点: reservoirs and river stations with their levels, and the counties that a flood from each would reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.emergency import hazards
from yishu.sample.province import Province, Sampled

_RIVERS: Final = ("滹沱", "滏阳", "永定", "潮白", "滦", "唐", "拒马", "漳", "卫运", "青龙", "白", "沙")
_NAMES: Final = ("石桥", "柳林", "龙泉", "黑山", "云台", "响水", "红石", "双岭", "大洼", "白崖")
_NEWEST: Final = np.datetime64("2024-12-31T08:00:00")
_BELOW: Final = 3
"""Counties that a flood from one station reaches."""
_OVER: Final = 2
"""So many stations stand over their limit: the counties below them hold hazardous goods."""


@dataclass(frozen=True)
class _Stations:
    """Vectors of one length."""

    county: Ints
    """Index."""
    limit: Ints
    """Hundredths of a metre."""
    warn: Ints
    reservoir: col.Flags
    below: Ints
    """Station × 3: counties (indexes) in the order in which the water comes; the first stations' first one has hazards."""


def _stations(province: Province) -> _Stations:
    generator, places = province.generator("hydro_station"), province.places
    count = min(400, max(12, province.rows // 50))
    county = col.draw(generator, len(places.code), count)
    limit = generator.integers(1_500, 20_000, size=count)
    register = hazards(province)
    threatened = province.firms.county[register.firm[register.watched[:_OVER]]]
    below = (county[:, None] + 1 + np.arange(_BELOW)) % len(places.code)
    # The counties below the stations that are over their limit are those of the first hazards.
    county[:_OVER] = (threatened - 1) % len(places.code)
    below[:_OVER] = (threatened[:, None] + np.arange(_BELOW)) % len(places.code)
    return _Stations(
        county=county, limit=limit, warn=limit + generator.integers(100, 800, size=count),
        reservoir=generator.random(count) < 0.4, below=below,
    )  # fmt: skip


def _codes(count: int) -> Ints:
    return 31_000_000 + (np.arange(count) + 1) * 50


def levels(province: Province) -> Iterator[col.Extract]:
    """Readings every eight hours up to the newest; one station was over its limit and has fallen, another fell silent over it."""
    generator, known = province.generator("hydro_station/levels"), _stations(province)
    places, stations = province.places, len(known.county)
    times = int(np.clip(province.rows // stations, 4, 3 * 214))
    station, back = (axis.ravel() for axis in np.meshgrid(np.arange(stations), np.arange(times), indexing="ij"))
    moment = col.seconds_after(_NEWEST, -back * 8 * 3_600)
    over = station < _OVER
    level = known.limit[station] - generator.integers(20, 300, size=len(station))
    level = np.where(over, known.limit[station] + 150 - back, level)
    level = np.where((station == _OVER) & (back > 1), known.limit[station] + 80, level)
    level = np.where(station == _OVER + 1, known.limit[station] + 60, level)
    # The silent one: nothing for two days, what it said last is of no use.
    told = np.flatnonzero((station != _OVER + 1) | (back >= 7) | (times < 8))
    silent = np.where((station == _OVER + 1) & (times < 8), -6, 0)
    moment = col.seconds_after(moment, silent * 8 * 3_600)
    river = col.pick(_RIVERS, station % len(_RIVERS))
    name = col.pick(_NAMES, station // len(_RIVERS) % len(_NAMES))
    kept = known.reservoir[station]
    yield col.Extract("hydro_station", "2024-12-31", col.take({
        "st_id": col.integers(_codes(stations)[station]),
        "st_name": col.joined(river, "河", name, col.either(kept, "水库", "站")),
        "st_type": col.either(kept, "RR", "ZZ"),
        "division_code": col.padded(places.code[known.county[station]], 6),
        "obs_time": col.moments(moment),
        "level_m": col.decimals(level, 2),
        "limit_m": col.decimals(known.limit[station], 2),
        "warn_m": col.decimals(known.warn[station], 2),
    }, told), np.flatnonzero(station[told] < _OVER + 2))  # fmt: skip


def downstream(province: Province) -> Iterator[col.Extract]:
    """The plan of the year: three counties below each station, each some hours further on."""
    generator, known = province.generator("hydro_downstream"), _stations(province)
    stations = len(known.county)
    order = np.tile(np.arange(_BELOW), stations)
    hours = np.cumsum(generator.integers(5, 120, size=(stations, _BELOW)), axis=1).ravel()
    yield col.Extract("hydro_downstream", "2024", {
        "st_id": col.integers(_codes(stations).repeat(_BELOW)),
        "division_code": col.padded(province.places.code[known.below.ravel()], 6),
        "reach_order": col.integers(order + 1),
        "reach_hours": col.decimals(hours, 1),
        "plan_year": col.constant("2024", stations * _BELOW),
    }, np.arange(_BELOW * _OVER))  # fmt: skip


def cases(province: Province) -> Iterator[col.Case]:
    """Counties with major hazards below a station that is over its limit."""
    known = _stations(province)
    for county in dict.fromkeys(known.below[:_OVER, 0].tolist()):
        key = {"division_code": f"{province.places.code[county]:06d}"}
        yield col.Case("a county with major hazards below a flood", "emergency.flood_hazard_county", key)


SAMPLED = Sampled({"hydro_station": levels, "hydro_downstream": downstream}, cases)
