"""交通专题数据库: roads and licensed vehicles → hourly traffic, permits, bans on dangerous goods, tracks of those who carry them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.province import Province, Sampled
from yishu.sample.vehicles import STORY, Fleet, fleet

_EXPRESSWAYS: Final = ("G1", "G2", "G3", "G4", "G5", "G6", "G7", "G18", "G20", "G25", "G45", "S9902")
_ROADS: Final = (*_EXPRESSWAYS, "G101", "G102", "G104", "G107", "G112", "G307", "G308", "S233")
_BY_HOUR: Final = (18, 14, 12, 12, 16, 26, 44, 68, 84, 78, 72, 70, 62, 64, 70, 76, 86, 92, 78, 60, 48, 40, 32, 24)
"""Traffic of an ordinary day in per cent of what a road can carry."""
_CONTROLS: Final = (
    ("GK20240526001", 130203, "唐山国际马拉松赛", "2024-05-26T05:00", "2024-05-26T14:00", "0"),
    ("GK20241220001", 130709, "崇礼国际滑雪赛事", "2024-12-20T06:00", "2024-12-22T22:00", "1"),
    ("GK20241227001", 130629, "雄安新区建设者大会", "2024-12-27T06:00", "2024-12-29T20:00", "1"),
    ("GK20241227001", 130638, "雄安新区建设者大会", "2024-12-27T06:00", "2024-12-29T20:00", "1"),
    ("GK20241231001", 130102, "石家庄跨年群众文化活动", "2024-12-31T12:00", "2025-01-01T02:00", "1"),
)
"""Number, county, event, begin and end, and whether dangerous goods are banned."""
_BANNED, _NEXT = 130629, 130632
_STORY: Final = (
    (0, "2024-12-26T20:05", _NEXT), (0, "2024-12-27T08:10", _BANNED), (0, "2024-12-27T15:00", _NEXT),
    (0, "2024-12-28T09:30", _BANNED), (0, "2024-12-29T10:15", _NEXT), (1, "2024-12-27T05:00", _NEXT),
    (1, "2024-12-28T07:20", _BANNED), (1, "2024-12-30T09:00", _NEXT), (2, "2024-12-26T22:00", _BANNED),
    (2, "2024-12-27T10:00", _BANNED), (2, "2024-12-28T12:00", _BANNED),
)  # fmt: skip
"""Vehicle, moment and county: the first enters twice, the second once with a permit that has run out, the third was there before."""
_BEYOND: Final = ((110112, 116_660_000, 39_910_000), (120110, 117_310_000, 39_090_000))
"""Counties of Beijing and Tianjin with a point in each."""
_WINDOW: Final = (np.datetime64("2024-12-18T00:00:00"), 14 * 86_400)
"""From when tracks were sampled, and for how many seconds."""


def traffic(province: Province) -> Iterator[col.Extract]:
    """The last hours of December on as many sections as fit, both directions: the fuller a road, the slower."""
    generator, places = province.generator("road_traffic"), province.places
    sections = max(5, min(2_000, province.rows // 96))
    hours = max(2, min(31 * 24, province.rows // (2 * sections)))
    road = col.draw(generator, len(_ROADS), sections)
    county = col.draw(generator, len(places.code), sections, places.weight)
    busy = generator.uniform(0.45, 1.15, size=(sections, 2))
    section, direction, hour = (axis.ravel() for axis in np.indices((sections, 2, hours)))
    when = np.datetime64("2025-01-01T00:00:00") - (hours - hour) * np.timedelta64(3600, "s")
    share = np.array(_BY_HOUR)[when.astype("datetime64[h]").astype(np.int64) % 24] / 100
    load = share * busy[section, direction] * generator.uniform(0.9, 1.1, size=len(hour))
    fast = (road < len(_EXPRESSWAYS))[section]
    pcu = (load * np.where(fast, 6_600, 2_200)).astype(np.int64)
    level = np.searchsorted([0.45, 0.6, 0.75, 0.95], load)
    speed = np.where(fast, 10_000, 7_000) * np.array([1, 0.85, 0.65, 0.45, 0.25])[level]
    code = col.padded(places.code[county], 6)
    name = col.joined(col.pick(_ROADS, road), "-", code, "-", col.padded(np.arange(sections) + 1, 4))
    yield col.Extract("road_traffic", "2024-12-31", {
        "section_id": col.pick(name, section),
        "road_no": col.pick(_ROADS, road[section]),
        "lane_direction": col.pick(["1", "2"], direction),
        "stat_hour": pa.array(when).cast(pa.string()),
        "pcu": col.integers(pcu),
        "truck_cnt": col.integers((pcu * generator.uniform(0.05, 0.28, size=len(hour))).astype(np.int64)),
        "avg_speed": col.decimals((speed * generator.uniform(0.92, 1.08, size=len(hour))).astype(np.int64), 2),
        "congest_level": col.integers(level + 1),
        "division_code": col.pick(code, section),
    })  # fmt: skip


def permits(province: Province) -> Iterator[col.Extract]:
    """All permits, then those of a day that were prolonged before they ran out."""
    generator, known = province.generator("transport_licence"), fleet(province)
    count = len(known.firm)
    told = col.days_between(generator, "2021-01-04", "2024-11-30", count)
    columns = {
        "road_permit_no": known.permit,
        "plate_no": known.plate,
        "plate_color": known.color,
        "uscc": col.pick(province.firms.uscc, known.firm),
        "veh_type": known.kind,
        "load_t": col.decimals(known.load, 2, known.load == 0),
        "dangerous": col.either(known.dangerous, "1", "0"),
        "permit_valid_to": col.days(known.valid_to),
        "gps_online": col.either(
            known.dangerous | (generator.random(count) < 0.5), col.choose(generator, ["1", "0"], count, (95, 5)), None
        ),
        "update_time": col.at_work(generator, told, count),
    }
    yield col.Extract("transport_licence", "2024-12-31", columns, np.arange(STORY + 1))
    running = np.flatnonzero(known.valid_to > np.datetime64("2025-01-09"))
    prolonged = np.sort(running[np.argsort(known.valid_to[running], kind="stable")][: max(2, count // 50)])
    rows = col.take(columns, prolonged) | {
        "permit_valid_to": col.days(known.valid_to[prolonged] + 365 * col.DAY),
        "update_time": col.at_work(generator, "2025-01-09", len(prolonged)),
    }
    yield col.Extract("transport_licence", "2025-01-09", rows)


def controls(province: Province) -> Iterator[col.Extract]:
    """The bans of the year, told the day before each begins."""
    names, codes, titles, starts, ends, banned = zip(*_CONTROLS, strict=True)
    begin, end = (np.array(list(moments), dtype="datetime64[s]") for moments in (starts, ends))
    told = begin.astype("datetime64[D]") - 1
    yield col.Extract("traffic_control", "2025-W01", {
        "control_id": pa.array(names),
        "division_code": col.padded(np.array(codes), 6),
        "control_name": pa.array(titles),
        "control_start": pa.array(begin).cast(pa.string()),
        "control_end": pa.array(end).cast(pa.string()),
        "dangerous_banned": pa.array(banned),
        "update_time": col.at_work(province.generator("traffic_control"), told, len(codes)),
    }, np.arange(len(codes)))  # fmt: skip


def tracks(province: Province) -> Iterator[col.Extract]:
    """A fortnight of sampled points of all vehicles with dangerous goods; the story's are the only ones in the banned county."""
    generator, known = province.generator("vehicle_track"), fleet(province)
    carriers = np.flatnonzero(known.dangerous)[STORY:]
    first, seconds = _WINDOW
    points = max(14, min(14 * 24, province.rows // max(1, len(carriers))))
    vehicle, step = np.repeat(carriers, points), np.tile(np.arange(points), len(carriers))
    offset = np.repeat(generator.integers(0, seconds // points, size=len(carriers)), points)
    when = first + (step * (seconds // points) + offset).astype("timedelta64[s]")
    told, moments, codes = zip(*_STORY, strict=True)
    ours = np.searchsorted(province.places.code, np.array(codes))
    usual = _points(
        province, generator, known, vehicle, when, _wandering(province, generator, known.county[vehicle]), beyond=0.03
    )
    planted = _points(
        province, generator, known, np.array(told), np.array(list(moments), dtype="datetime64[s]"), ours, beyond=0
    )
    yield col.Extract("vehicle_track", "2024-12-31", col.stacked(planted, usual), np.arange(len(told)))


def _wandering(province: Province, generator: np.random.Generator, home: Ints) -> Ints:
    """A county of the vehicle's own city at each moment, most often its own, never the banned one (its neighbour instead)."""
    city = province.places.code // 100
    start, end = np.searchsorted(city, city[home], side="left"), np.searchsorted(city, city[home], side="right")
    there = start + (generator.random(len(home)) * (end - start)).astype(np.int64)
    there = np.where(generator.random(len(home)) < 0.5, home, there)
    return np.where(province.places.code[there] == _BANNED, np.searchsorted(province.places.code, _NEXT), there)


def _points(
    province: Province, generator: np.random.Generator, known: Fleet, vehicle: Ints, when: npt.NDArray[np.datetime64], county: Ints, *, beyond: float
) -> dict[str, pa.Array]:  # fmt: skip
    """One row per point; a share of them lies beyond the province, a third of those in no known county."""
    count = len(vehicle)
    lon, lat = province.places.centres(county)
    code = province.places.code[county]
    abroad, where = generator.random(count) < beyond, generator.integers(0, 3, size=count)
    for place, (division, east, north) in enumerate((*_BEYOND, (0, 121_400_000, 41_600_000))):
        chosen = abroad & (where == place)
        code, lon, lat = (np.where(chosen, new, old) for new, old in ((division, code), (east, lon), (north, lat)))
    return {
        "plate_no": col.pick(known.plate, vehicle),
        "plate_color": col.pick(known.color, vehicle),
        "position_time": pa.array(when).cast(pa.string()),
        "lon": col.decimals(lon + generator.integers(-20_000, 20_000, size=count), 6),
        "lat": col.decimals(lat + generator.integers(-15_000, 15_000, size=count), 6),
        "speed_kmh": col.decimals(np.where(generator.random(count) < 0.3, 0, generator.integers(150, 900, size=count)), 1),
        "division_code": col.either(code == 0, None, col.padded(code, 6)),
    }


def cases(province: Province) -> Iterator[col.Case]:
    """Two vehicles enter the county of the ban three times, once without a valid permit; a third was inside already."""
    owners = len(np.unique(fleet(province).firm[:2]))
    key = {
        "control_id": "GK20241227001",
        "division_code": str(_BANNED),
        "entries": "3",
        "vehicles": "2",
        "entities": str(owners),
    }
    key |= {"expired_entries": "1", "already_inside": "1"}
    yield col.Case("dangerous goods enter a county under control", "transport.dangerous_entry_count", key)


SAMPLED = Sampled(
    {"road_traffic": traffic, "transport_licence": permits, "traffic_control": controls, "vehicle_track": tracks}, cases
)
