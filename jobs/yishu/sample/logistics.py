"""物流专题数据库: counties, hauliers and their lorries → parcels of 36 months, and the freight orders of a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS
from yishu.sample.province import Province, Sampled
from yishu.sample.vehicles import fleet, hauliers

_SENDERS: Final = (130534, 131125, 130408, 130684, 130683, 130926, 130128, 130532)
"""Counties that send far more than they receive: 清河, 安平, 永年, 高碑店, 安国, 肃宁, 深泽, 平乡."""
_THREE_TO_ONE: Final = 130534
"""In December it sends exactly three parcels for each that it receives."""
_CORRECTED: Final = 130128
"""Its figure of November is a fifth of the right one, which comes a month later."""
_SEASON: Final = (0.92, 0.68, 0.97, 0.96, 1.0, 1.06, 0.98, 0.97, 1.03, 1.05, 1.24, 1.14)
_A_MONTH: Final = 55_000
"""Ten thousands of parcels that the province sent in an ordinary month of 2022."""
_PLATFORMS: Final = 12
_GOODS: Final = ("0100", "0300", "0400", "0500", "0600", "1100", "1200", "1300", "1500", "1600", "1700")
_REASONS: Final = ("装卸时间倒置", "装卸同时", "速度过高")


@dataclass(frozen=True)
class _Parcels:
    """County × month, in ten-thousandths of ten thousand parcels."""

    sent: Ints
    received: Ints


def _parcels(province: Province) -> _Parcels:
    generator, places = province.generator("parcels"), province.places
    weight = np.array(places.weight) / sum(places.weight)
    pace = np.array(_SEASON * 3) * 1.011 ** np.arange(len(MONTHS))
    shape = (len(weight), len(MONTHS))
    level = weight[:, None] * _A_MONTH * 10_000 * pace * np.exp(generator.normal(0, 0.04, size=shape))
    sender = np.isin(places.code, _SENDERS)
    lean = np.where(sender, generator.uniform(2.2, 3.8, size=len(weight)), generator.uniform(0.25, 1.2, size=len(weight)))
    received: Ints = (level * np.exp(generator.normal(0, 0.04, size=shape))).astype(np.int64) + 1
    sent: Ints = (level * lean[:, None]).astype(np.int64) + 1
    special = np.flatnonzero(places.code == _THREE_TO_ONE)
    sent[special, -1] = received[special, -1] * 3
    return _Parcels(sent, received)


def express(province: Province) -> Iterator[col.Extract]:
    """All counties until November, then December with the corrected November of one county."""
    generator, places, known = province.generator("express_volume"), province.places, _parcels(province)
    county, month = (axis.ravel() for axis in np.indices(known.sent.shape))
    firms: Ints = generator.integers(5, 30, size=len(places.code))
    price = generator.integers(600, 1_100, size=len(places.code))[county]
    columns = {
        "division_code": col.padded(places.code[county], 6),
        "period": col.pick([text.replace("-", "") for text in MONTHS], month),
        "volume_wan": col.decimals(known.sent.ravel(), 4),
        "express_revenue_wan": col.decimals(known.sent.ravel() * price // 10_000, 2),
        "inbound_wan": col.decimals(known.received.ravel(), 4),
        "express_ent_cnt": col.integers(firms[county]),
        "outlet_cnt": col.integers((firms * generator.integers(3, 12, size=len(places.code)))[county] + month // 6),
        "complaint_rate": col.decimals(generator.integers(0, 120_000, size=len(county)), 4),
    }
    first, corrected = len(MONTHS) - 2, places.code[county] == _CORRECTED
    wrong = columns | {
        "volume_wan": col.decimals(np.where(corrected & (month == first), known.sent.ravel() // 5, known.sent.ravel()), 4)
    }
    for period, source, chosen in (
        (MONTHS[-2], wrong, month <= first),
        (MONTHS[-1], columns, (month > first) | (corrected & (month == first))),
    ):
        rows = np.flatnonzero(chosen)
        # The contract tolerates no bad row: one would hold the month of all counties.
        yield col.Extract("express_volume", period, col.take(source, rows), np.arange(len(rows)))


@dataclass(frozen=True)
class _Orders:
    """Freight orders of December, vectors of one length; the first `suspect` cannot be true."""

    loaded: npt.NDArray[np.datetime64]
    unloaded: npt.NDArray[np.datetime64]
    origin: Ints
    target: Ints
    distance: Ints
    """In hundreds of metres."""
    suspect: int

    @property
    def number(self) -> pa.Array:
        """Order numbers: WLHY, the day, a running number."""
        day = pa.array(self.loaded.astype("datetime64[D]")).cast(pa.string())
        return col.joined("WLHY-", day, "-", col.padded(np.arange(len(self.loaded)) + 1, 9))


def _orders(province: Province) -> _Orders:
    generator, places = province.generator("orders"), province.places
    count = max(60, province.rows)
    suspect = max(6, count // 400)
    origin, target = (col.draw(generator, len(places.code), count, places.weight) for _ in range(2))
    distance = (_kilometres(province, origin, target) * 12.5 + generator.integers(80, 300, size=count)).astype(np.int64)
    begin = np.datetime64("2024-12-01T00:00:00")
    loaded = begin + generator.integers(0, 31 * 86_400, size=count).astype("timedelta64[s]")
    seconds = distance * 360 / generator.uniform(38, 68, size=count) + generator.uniform(1_800, 14_400, size=count)
    # Of three in turn the first is unloaded before it was loaded, the second at that moment, the third drove at more than 150 km/h.
    kind = np.arange(suspect) % 3
    seconds[:suspect] = np.where(kind == 0, -7_200, np.where(kind == 1, 0, distance[:suspect] * 360 / 160))
    loaded[:suspect] -= np.minimum(loaded[:suspect] - begin, np.timedelta64(2 * 86_400, "s"))
    return _Orders(loaded, loaded + seconds.astype(np.int64).astype("timedelta64[s]"), origin, target, distance, suspect)


def _kilometres(province: Province, origin: Ints, target: Ints) -> npt.NDArray[np.float64]:
    """As the crow flies, on a plane: near enough within a province."""
    (lon, lat), (other_lon, other_lat) = (province.places.centres(county) for county in (origin, target))
    east, north = (lon - other_lon) / 1e6 * 87.0, (lat - other_lat) / 1e6 * 111.2
    away: npt.NDArray[np.float64] = np.hypot(east, north)
    return away


def freight(province: Province) -> Iterator[col.Extract]:
    """December's orders of a few platforms, carried by licensed lorries; those still on the road have no end."""
    generator, known, vehicles = province.generator("freight_order"), _orders(province), fleet(province)
    count, places = len(known.loaded), province.places
    platforms = hauliers(province, "G58")[:_PLATFORMS]
    lorry = vehicles.lorries[col.draw(generator, len(vehicles.lorries), count)]
    weight = (vehicles.load[lorry] * generator.uniform(4, 10, size=count)).astype(np.int64)
    freight = (weight * known.distance * generator.uniform(0.0025, 0.005, size=count)).astype(np.int64) + 20_000
    yield col.Extract("freight_order", "2024-12-31", {
        "order_no": known.number,
        "carrier_uscc": col.pick(province.firms.uscc, platforms[col.draw(generator, len(platforms), count)]),
        "plate_no": col.pick(vehicles.plate, lorry),
        "load_division": col.padded(places.code[known.origin], 6),
        "unload_division": col.padded(places.code[known.target], 6),
        "goods_code": col.choose(generator, _GOODS, count),
        "weight_t": col.decimals(weight, 3),
        "freight_yuan": col.decimals(freight, 2),
        "load_time": pa.array(known.loaded).cast(pa.string()),
        "unload_time": col.either(known.unloaded < np.datetime64("2025-01-01T00:00:00"), pa.array(known.unloaded).cast(pa.string()), None),
        "distance_km": col.decimals(known.distance, 1),
    }, np.arange(known.suspect))  # fmt: skip


def cases(province: Province) -> Iterator[col.Case]:
    """A county that sends three for one, one that corrected a month, and orders that cannot be true."""
    known, codes = _parcels(province), province.places.code
    mart, december, november = "logistics.express_ratio_by_county", "202412", "202411"
    key = {"division_code": str(_THREE_TO_ONE), "period": december, "out_in_ratio": "3.0000"}
    yield col.Case("a county that sends three parcels for each that it receives", mart, key)
    right = known.sent[codes == _CORRECTED, -2]
    volumes = {name: str(col.decimals(part, 4)[0]) for name, part in (("first_volume_wan", right // 5), ("volume_wan", right))}
    key = {"division_code": str(_CORRECTED), "period": november} | volumes
    yield col.Case("a month that was corrected in the next delivery", mart, key)
    orders = _orders(province)
    for place, number in enumerate(orders.number.slice(0, min(30, orders.suspect)).to_pylist()):
        key = {"order_no": str(number), "reason": _REASONS[place % 3]}
        yield col.Case("a freight order that cannot be true", "logistics.suspect_freight_order", key)


SAMPLED = Sampled({"freight_order": freight, "express_volume": express}, cases)
