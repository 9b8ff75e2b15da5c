"""Counties → scenic spots and their visitors: of the holidays of two years, in a large province of every day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.province import Province

_HOLIDAYS: Final = (
    ("2022-12-31", "2023-01-02"), ("2023-01-21", "2023-01-27"), ("2023-04-05", "2023-04-05"), ("2023-04-29", "2023-05-03"),
    ("2023-06-22", "2023-06-24"), ("2023-09-29", "2023-10-06"), ("2023-12-30", "2024-01-01"), ("2024-02-10", "2024-02-17"),
    ("2024-04-04", "2024-04-06"), ("2024-05-01", "2024-05-05"), ("2024-06-08", "2024-06-10"), ("2024-09-15", "2024-09-17"),
    ("2024-10-01", "2024-10-07"),
)  # fmt: skip
"""As the State Council set them for the two years."""
_MAY: Final = (("2023-04-29", "2023-05-03"), ("2024-05-01", "2024-05-05"))
_BOOMING: Final = 2
"""Planted, a place in the list of units: half as many visitors again in May 2024: 秦皇岛."""
_CROWDED: Final = np.datetime64("2024-10-02")
"""Planted: on that day the first spot is overfull."""
_SPOTS_AT_MOST: Final = 500
_ENDINGS: Final = ("森林公园", "古城", "博物馆", "湿地公园", "温泉小镇", "山景区", "文化园", "海滨浴场")


@dataclass(frozen=True)
class Visits:
    """Scenic spots, and spot × day how many came."""

    county: Ints
    level: Ints
    capacity: Ints
    days: col.Days
    visitors: Ints


def _boom_unit(province: Province) -> int:
    return province.places.units[min(_BOOMING, len(province.places.units) - 1)]


def _within(days: col.Days, first: str, last: str) -> col.Flags:
    inside: col.Flags = (days >= np.datetime64(first)) & (days <= np.datetime64(last))
    return inside


def visitors(province: Province) -> Visits:
    """All units have spots; people come on holidays."""
    generator, places, rows = province.generator("scenic_spots"), province.places, province.rows
    spans = [np.arange(np.datetime64(first) - 1, np.datetime64(last) + 2) for first, last in _HOLIDAYS]
    days = np.unique(np.concatenate(spans))
    if rows > 30 * 731:
        days = np.arange(np.datetime64("2023-01-01"), np.datetime64("2025-01-01"))
    count = int(np.clip(rows // len(days), len(places.units), _SPOTS_AT_MOST))
    county = places.scattered(count)
    county = np.concatenate([county, col.draw(generator, len(places.code), count, places.weight)])[:count]
    holiday = np.logical_or.reduce([_within(days, first, last) for first, last in _HOLIDAYS])
    usual = np.exp(generator.normal(6.5, 0.9, size=(count, 1))) + 50
    growth = np.where(days >= np.datetime64("2024-01-01"), 1.06, 1.0)
    chance = generator.uniform(0.8, 1.2, size=(count, len(days)))
    came = (usual * np.where(holiday, 3.0, 1.0) * growth * chance).astype(np.int64)
    boom = (places.unit_of(places.code[county]) == _boom_unit(province))[:, None] & _within(days, *_MAY[1])
    came = np.where(boom, came * 3 // 2, came)
    capacity = (usual[:, 0] * 7).astype(np.int64)
    came[0, days == _CROWDED] = capacity[0] * 6 // 5
    return Visits(county, 1 + col.draw(generator, 5, count, (1, 3, 5, 4, 1)), capacity, days, came)


def visits(province: Province) -> Iterator[col.Extract]:
    """One delivery of both years; what the case sums up stays clean."""
    generator, known = province.generator("tour_visit"), visitors(province)
    spot, day = (axis.ravel() for axis in np.indices(known.visitors.shape))
    code, number = province.places.code[known.county], known.visitors.ravel()
    price = np.where(known.level >= 3, generator.integers(20, 130, size=len(code)), 0)
    each = np.arange(len(code))
    ending = col.pick(_ENDINGS, each % len(_ENDINGS))
    name = col.joined(col.pick(province.places.name, known.county), ending, "（", col.integers(each + 1), "）")
    of_case = _in_case(province, known)
    yield col.Extract("tour_visit", "2024-12-31", {
        "scenic_id": col.joined("A", col.padded(code[spot], 6), col.padded(spot + 1, 5)),
        "scenic_name": col.pick(name, spot),
        "scenic_level": col.integers(known.level[spot]),
        "stat_date": col.days(known.days[day]),
        "visitors": col.integers(number),
        "ticket_rev": col.decimals(number * price[spot] * generator.integers(60, 96, size=len(spot)), 2),
        "capacity_day": col.integers(known.capacity[spot]),
        "division_code": col.padded(code[spot], 6),
        "overload_flag": col.either(number > known.capacity[spot], "1", "0"),
    }, np.flatnonzero(of_case.ravel()))  # fmt: skip


def _in_case(province: Province, known: Visits) -> col.Flags:
    """Spot × day: the booming unit in May of both years."""
    places = province.places
    booming = places.unit_of(places.code[known.county]) == _boom_unit(province)
    flags: col.Flags = booming[:, None] & (_within(known.days, *_MAY[0]) | _within(known.days, *_MAY[1]))
    return flags


def cases(province: Province) -> Iterator[col.Case]:
    """The unit to which half as many people again came in May."""
    known = visitors(province)
    counted = np.where(_in_case(province, known), known.visitors, 0)
    later = known.days >= np.datetime64("2024-01-01")
    yield col.Case("a city to which half as many people again came on the May holidays", "consumption.holiday_visitors", {
        "holiday_year": "2024", "holiday_name": "劳动节", "unit_code": str(_boom_unit(province)), "aligned_days": "5",
        "visitors": str(counted[:, later].sum()), "base_visitors": str(counted[:, ~later].sum()),
    })  # fmt: skip
