"""Counties and firms → the province's development zones, and which firms sit in which, from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import economy
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province

ZONES: Final = 180
NATIONAL: Final = 15
"""So many at the head of the list are national ones, the others provincial."""
NEVER: Final = np.datetime64("2099-12-31")
_EMPTY: Final = NATIONAL - 1
"""Planted: a new bonded zone in which nobody sits yet."""


@dataclass(frozen=True)
class Zones:
    """`ident`, `kind` and `county` (index) are of one length; `zone` (place among them), `firm`, `entry`, `enter`, `exit` of another."""

    ident: pa.Array
    kind: Ints
    """0 经济技术, 1 高新技术, 2 海关特殊监管, 3 其他."""
    county: Ints
    empty: int
    zone: Ints
    firm: Ints
    entry: Ints
    """0 bought land and built, 1 rents, 2 is only registered there."""
    enter: col.Days
    exit: col.Days


def zones(province: Province) -> Zones:
    """A zone in every county, in some two; most of the firms that report monthly sit in one, and some of the other companies."""
    generator, places = province.generator("zones"), province.places
    counties = len(places.code)
    county = np.concatenate([generator.permutation(counties), np.arange(ZONES)])[:ZONES] % counties
    number = np.arange(ZONES)
    kind = np.where(number < NATIONAL, np.where(number >= NATIONAL - 2, 2, number % 2), col.draw(generator, 2, ZONES, (8, 2)))
    # A county's second zone is of another kind than its first, or both would have one name.
    kind[counties:] = 3
    head = col.pick(["G13", "S13"], (number >= NATIONAL).astype(np.int64))
    serial = np.where(number < NATIONAL, number, number - NATIONAL) + 1
    zone_of = np.full(counties, -1, dtype=np.int64)
    zone_of[county[:counties][::-1]] = number[:counties][::-1]
    firm, stays = _settlers(province, generator)
    zone = zone_of[province.firms.county[firm]]
    second = np.full(counties, -1, dtype=np.int64)
    second[county[counties:]] = number[counties:]
    other = second[province.firms.county[firm]]
    zone = np.where((other >= 0) & (firm % 2 == 0), other, zone)
    kept = (zone >= 0) & (zone != _EMPTY)
    zone, firm, stays = zone[kept], firm[kept], stays[kept]
    enter, left = _stays(province, generator, firm, stays)
    return Zones(
        ident=col.joined(head, col.padded(serial, 4)), kind=kind, county=county, empty=_EMPTY, zone=zone, firm=firm,
        entry=np.where(stays, col.draw(generator, 2, len(firm), (6, 4)), col.draw(generator, 3, len(firm), (2, 5, 3))),
        enter=enter, exit=left,
    )  # fmt: skip


def _settlers(province: Province, generator: np.random.Generator) -> tuple[Ints, col.Flags]:
    """Firms that sit in a zone, and whether the economy knows their figures."""
    firms, known = province.firms, economy(province).firm
    company = np.flatnonzero((firms.kind == COMPANY)[: firms.listed] & firms.active[: firms.listed])
    figured = np.isin(company, known)
    chosen = generator.random(len(company)) < np.where(figured, 0.75, 0.3)
    return company[chosen], figured[chosen]


def _stays(province: Province, generator: np.random.Generator, firm: Ints, figured: col.Flags) -> tuple[col.Days, col.Days]:
    """When each firm came and left: most whose figures are known before 2022, some of the others in the last month."""
    founded, count = province.firms.founded[firm], len(firm)
    enter = col.days_between(generator, np.maximum(founded, np.datetime64("2006-01-01")), "2024-11-20", count)
    settled = figured & (generator.random(count) < 0.8)
    enter = np.maximum(np.where(settled, np.minimum(enter, np.datetime64("2021-06-30")), enter), founded)
    newest = np.flatnonzero(~figured & (founded < np.datetime64("2024-11-28")))[: max(1, count // 30)]
    enter[newest] = col.days_between(generator, "2024-11-28", "2024-12-22", len(newest))
    leaves = (generator.random(count) < 0.04) & (enter < np.datetime64("2024-06-01"))
    left = col.days_between(generator, np.maximum(enter + 90 * col.DAY, np.datetime64("2022-01-01")), "2024-12-22", count)
    return enter, np.where(leaves, left, NEVER)
