"""应急管理和监管主题数据库: major hazards and their alarms, accidents, inspections. Food, drugs, equipment and water levels: other modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province, Sampled

_TRADES: Final = ("C22", "C25", "C26", "C27", "C31", "C32", "D44", "D45", "G59")
_CHEMICALS: Final = ("7664-41-7", "7782-50-5", "74-82-8", "71-43-2", "67-56-1", "7647-01-0", "75-21-8", "74-98-6")
_R_BANDS: Final = ((100_000, 400_000), (50_000, 100_000), (10_000, 50_000), (500, 10_000))
"""Thousandths of the R value of each level: from (inside) to (outside)."""
_THRESHOLDS: Final = (60, 2, 85, 25, 10)
"""Degrees, MPa, per cent full, per cent of the explosive limit, mg per cubic metre."""
_CUT: Final = np.datetime64("2024-12-31T12:00:00")
"""The moment up to which the first list of alarms tells …"""
_NOW: Final = np.datetime64("2025-01-09T08:00:00")
"""… and the second."""


@dataclass(frozen=True)
class Hazards:
    """The register: vectors of one length."""

    id: pa.Array
    firm: Ints
    """Index in `province.firms`."""
    heir: Ints
    """Who runs it from December on: mostly the same firm."""
    level: Ints
    """1 (the worst) to 4."""

    @property
    def watched(self) -> Ints:
        """Those that send alarms: every second one."""
        return np.arange(0, len(self.firm), 2)


def hazards(province: Province) -> Hazards:
    """The same hazards whoever asks: chemical works, energy and stores on the register, some with several hazards."""
    generator, firms = province.generator("major_hazard"), province.firms
    trade = np.array([str(code)[:3] for code in firms.industry.slice(0, firms.listed).to_pylist()])
    live = (firms.kind == COMPANY)[: firms.listed] & firms.active[: firms.listed]
    old = live & (firms.founded[: firms.listed] < np.datetime64("2024-01-01"))
    chemical = np.flatnonzero(old & np.isin(trade, _TRADES))
    pool = chemical if len(chemical) > 5 else np.flatnonzero(live)
    count = min(2_000, max(24, province.rows // 20))
    firm = pool[col.draw(generator, len(pool), count)]
    heir, sold = firm.copy(), np.arange(5, count, 40)
    heir[sold] = pool[col.draw(generator, len(pool), len(sold))]
    code = col.padded(firms.county_code[firm], 6)
    return Hazards(
        id=col.joined("BA", code, col.padded(np.arange(count) + 1, 8)), firm=firm, heir=heir,
        level=1 + col.draw(generator, 4, count, (8, 14, 38, 40)),
    )  # fmt: skip


def hazard_register(province: Province) -> Iterator[col.Extract]:
    """All hazards up to November; in December those that changed hands or were graded anew."""
    generator, known = province.generator("major_hazard/text"), hazards(province)
    count = len(known.firm)
    columns = _hazard_columns(province, generator, known, known.firm, known.level)
    yield col.Extract("major_hazard", "2024-11", columns, known.watched)
    graded = np.arange(count) % 40 == 20
    level = np.where(graded, known.level % 4 + 1, known.level)
    changed = np.flatnonzero(graded | (known.heir != known.firm) | (np.arange(count) == 5))
    newer = _hazard_columns(province, generator, known, known.heir, level)
    kept = {name: columns[name] for name in ("chemical_cas", "qty_t", "lon", "lat")}
    told = col.at_work(generator, col.days_between(generator, "2024-12-02", "2024-12-27", count), count)
    december = newer | kept | {"update_time": told}
    yield col.Extract("major_hazard", "2024-12", col.take(december, changed), np.arange(len(changed)))


def _hazard_columns(
    province: Province, generator: np.random.Generator, known: Hazards, firm: Ints, level: Ints
) -> dict[str, pa.Array]:
    people, firms, count = province.people, province.firms, len(firm)
    lon, lat = province.places.centres(firms.county[known.firm])
    low, high = (np.array([band[end] for band in _R_BANDS])[level - 1] for end in (0, 1))
    net = col.choose(generator, ["38", "39", "56", "77", "86", "99"], count)
    return {
        "hazard_id": known.id,
        "uscc": col.pick(firms.uscc, firm),
        "hazard_level": col.integers(level),
        "chemical_cas": col.choose(generator, _CHEMICALS, count),
        "qty_t": col.decimals(generator.integers(50_000, 40_000_000, size=count), 4),
        "lon": col.decimals(lon + generator.integers(-30_000, 30_000, size=count), 6),
        "lat": col.decimals(lat + generator.integers(-30_000, 30_000, size=count), 6),
        "r_value": col.decimals(low + (generator.random(count) * (high - low)).astype(np.int64), 3),
        "resp_person": col.pick(people.name, people.draw_adults(generator, count)),
        "resp_phone": col.joined("1", net, col.padded(generator.integers(0, 10**8, size=count), 8)),
        "division_code": col.padded(firms.county_code[known.firm], 6),
        "update_time": col.at_work(generator, col.days_between(generator, "2023-02-01", "2024-11-28", count), count),
    }


@dataclass(frozen=True)
class _Alarms:
    """Vectors of one length; the last ones are the planted stories."""

    hazard: Ints
    kind: Ints
    level: Ints
    measured: Ints
    start: col.Days
    over: col.Days
    """NaT: still open in January."""
    test: col.Flags


_STORIES: Final = (
    (1, "2024-12-29T03:10:00", False), (2, "2025-01-07T14:25:00", False), (1, "2025-01-02T09:00:00", True),
    (3, "2025-01-01T09:00:00", False), (1, "2025-01-08T20:00:00", False),
)  # fmt: skip
"""Level, start and whether it is a test of alarms that nobody ended; only the first two are real, grave and a day old."""
_GRAVE: Final = 2


def _alarms(province: Province) -> _Alarms:
    generator, known = province.generator("hazard_alarm"), hazards(province)
    count, span = max(60, province.rows), int((_NOW - np.datetime64("2024-10-01T00:00:00")).astype(np.int64)) - 3_600
    kind, ratio = col.draw(generator, 5, count, (30, 20, 15, 25, 10)), 1 + generator.exponential(0.3, size=count)
    level = np.select([ratio >= 1.8, ratio >= 1.4, ratio >= 1.15], [1, 2, 3], 4)
    start = col.seconds_after("2024-10-01T00:00:00", generator.integers(0, span, size=count))
    lasted = np.clip(np.exp(generator.normal(7.0, 1.2, size=count)), 60, 11 * 3_600).astype(np.int64)
    over = col.seconds_after(start, lasted)
    # What began within the last hours may still be open, which is no story yet.
    over[over > _NOW] = np.datetime64("NaT")
    hazard = known.watched[col.draw(generator, len(known.watched), count)]
    told = len(_STORIES)
    threshold = np.array(_THRESHOLDS)[kind] * 10_000
    return _Alarms(
        hazard=np.concatenate([hazard, known.watched[np.arange(told) % len(known.watched)]]),
        kind=np.concatenate([kind, np.full(told, 3)]),
        level=np.concatenate([level, [one for one, _, _ in _STORIES]]),
        measured=np.concatenate([(threshold * ratio).astype(np.int64), np.full(told, 500_000)]),
        start=np.concatenate([start, np.array([day for _, day, _ in _STORIES], dtype="datetime64[s]")]),
        over=np.concatenate([over, np.full(told, np.datetime64("NaT", "s"))]),
        test=np.concatenate([generator.random(count) < 0.02, [test for _, _, test in _STORIES]]),
    )  # fmt: skip


def alarms(province: Province) -> Iterator[col.Extract]:
    """A quarter's alarms up to New Year's Eve; nine days later the new ones and the ends of those that were open."""
    generator, known = province.generator("hazard_alarm/text"), _alarms(province)
    count = len(known.hazard)
    open_then = np.isnat(known.over) | (known.over > _CUT)
    grave = np.arange(count) >= count - len(_STORIES)
    first = np.flatnonzero(known.start <= _CUT)
    columns = _alarm_columns(province, generator, known, open_then)
    yield col.Extract("hazard_alarm", "2024-12-31", col.take(columns, first), np.flatnonzero(grave[first]))
    second = np.flatnonzero((known.start > _CUT) | (open_then & ~np.isnat(known.over)))
    columns = _alarm_columns(province, generator, known, np.isnat(known.over))
    yield col.Extract("hazard_alarm", "2025-01-09", col.take(columns, second), np.flatnonzero(grave[second]))


def _alarm_columns(
    province: Province, generator: np.random.Generator, known: _Alarms, is_open: col.Flags
) -> dict[str, pa.Array]:
    count, register, people = len(known.hazard), hazards(province), province.people
    told = np.where(is_open, col.seconds_after(known.start, 20), known.over)
    handled = ~is_open & ((known.level < 3) | (generator.random(count) < 0.7))
    day = known.start.astype("datetime64[D]")
    return {
        "alarm_id": col.joined("BJ", pa.array(day).cast(pa.string()), "-", col.padded(np.arange(count) + 1, 10)),
        "hazard_id": col.pick(register.id, known.hazard),
        "point_code": col.joined("P", col.padded(known.hazard + 1, 6), "-", col.padded(known.kind * 20 + known.measured % 20, 3)),
        "alarm_type": col.padded(known.kind + 1, 2),
        "measured_value": col.decimals(known.measured, 4),
        "threshold": col.decimals(np.array(_THRESHOLDS)[known.kind] * 10_000, 4),
        "alarm_level": col.integers(known.level),
        "start_time": col.moments(known.start),
        "end_time": col.moments(known.over, is_open),
        "ack_user": col.either(handled, col.pick(people.name, people.draw_adults(generator, count)), None),
        "is_test": col.either(known.test, "1", "0"),
        "update_time": col.moments(col.seconds_after(told, generator.integers(1, 600, size=count))),
    }


def accidents(province: Province) -> Iterator[col.Extract]:
    """Three years of accidents, then a day on which the injured of one of the last died and it was graded anew."""
    generator, firms = province.generator("accident"), province.firms
    count = min(2_000, max(20, province.rows // 40))
    companies = np.flatnonzero((firms.kind == COMPANY)[: firms.listed] & (firms.founded[: firms.listed] < np.datetime64("2022-01-01")))
    firm = companies[col.draw(generator, len(companies), count)]
    moment = np.sort(col.seconds_after("2022-01-01T00:00:00", generator.integers(0, 1_080 * 86_400, size=count)))
    serious = generator.random(count) < 0.04
    deaths = np.where(serious, generator.integers(3, 8, size=count), col.draw(generator, 3, count, (3, 6, 1)))
    loss = np.where(serious, generator.integers(40_000, 400_000, size=count), generator.integers(500, 80_000, size=count))
    deaths[-1], serious[-1], loss[-1] = 2, False, 40_000
    nobody = ~serious & (generator.random(count) < 0.1)
    nobody[-1] = False
    number = col.joined("SG", col.integers(col.year_of(moment)), col.padded(np.arange(count) + 1, 8))
    columns = {
        "accident_no": number,
        "occur_time": col.moments(moment),
        "division_code": col.padded(firms.county_code[firm], 6),
        "uscc": col.either(nobody, None, col.pick(firms.uscc, firm)),
        "industry_code": col.pick(firms.industry, firm),
        "accident_type": col.padded(1 + col.draw(generator, 20, count), 2),
        "deaths": col.integers(deaths),
        "injured": col.integers(generator.integers(0, 5, size=count)),
        "loss_wan": col.decimals(loss, 2),
        "accident_level": col.either(serious, "3", "4"),
        "update_time": col.moments(col.seconds_after(moment, generator.integers(3_600, 10 * 86_400, size=count))),
    }
    last = np.array([count - 1])
    yield col.Extract("accident", "2024-12-31", columns, last)
    graver = {"deaths": pa.array(["3"]), "accident_level": pa.array(["3"]), "update_time": col.at_work(generator, "2025-01-08", 1)}
    yield col.Extract("accident", "2025-01-09", col.take(columns, last) | graver, np.arange(1))


def inspections(province: Province) -> Iterator[col.Extract]:
    """A year of inspections: each city's bureau hands in its own, the province's those that it made itself."""
    generator, firms = province.generator("safety_inspection"), province.firms
    known, count = hazards(province), max(60, province.rows // 2)
    companies = np.flatnonzero((firms.kind == COMPANY)[: firms.listed] & firms.active[: firms.listed])
    # Who stores hazardous goods is inspected often; but the firm of the first story never was.
    firm = companies[col.draw(generator, len(companies), count)]
    often = generator.random(count) < 0.4
    firm = np.where(often, known.heir[col.draw(generator, len(known.heir), count)], firm)
    firm = firm[firm != known.heir[known.watched[0]]]
    columns, direct = _inspection_columns(province, generator, firm)
    unit = province.places.unit_of(firms.county_code[firm])
    bureau = {int(one.area): one.code for one in province.departments if one.id.startswith("emergency_")}
    code = {one.id: one.code for one in province.departments}
    places, place = np.unique(unit, return_inverse=True)
    local = col.pick([bureau.get(int(area), code["emergency"]) for area in places], place)
    columns |= {"authority_code": col.either(direct, code["emergency"], local)}
    yield col.Extract("safety_inspection", "2024-W52", col.take(columns, np.flatnonzero(direct)), department="emergency")
    others = np.flatnonzero(~direct)
    for department, rows in province.parts("safety_inspection", firms.county_code[firm[others]]):
        yield col.Extract("safety_inspection", "2024-W52", col.take(columns, others[rows]), department=department)


def _inspection_columns(
    province: Province, generator: np.random.Generator, firm: Ints
) -> tuple[dict[str, pa.Array], col.Flags]:
    count = len(firm)
    day = col.days_between(generator, "2024-01-02", "2024-12-26", count)
    result = col.draw(generator, 4, count, (35, 55, 4, 6))
    found = np.where(result == 0, 0, generator.integers(1, 21, size=count))
    direct = generator.random(count) < 0.05
    direct[0] = True
    return {
        "inspect_no": col.joined("AJ", col.integers(col.year_of(day)), col.padded(np.arange(count) + 1, 10)),
        "uscc": col.pick(province.firms.uscc, firm),
        "inspect_date": col.days(day),
        "inspect_kind": col.choose(generator, ["1", "2", "3", "4"], count, (60, 25, 10, 5)),
        "hidden_dangers": col.integers(found),
        "major_dangers": col.integers(np.where(result > 1, (found + 5) // 6, 0)),
        "rectified": col.integers((found * generator.random(count)).astype(np.int64)),
        "rectify_due": col.days(col.after(day, generator.integers(5, 60, size=count)), result != 1),
        "inspect_result": col.integers(result + 1),
        "division_code": col.padded(province.firms.county_code[firm], 6),
        "update_time": col.at_work(generator, col.after(day, 1), count),
    }, direct


def cases(province: Province) -> Iterator[col.Case]:
    """Grave alarms that have been open for more than a day; the first firm was never inspected."""
    known, sent = hazards(province), _alarms(province)
    for hazard in sent.hazard[len(sent.hazard) - len(_STORIES) :][:_GRAVE].tolist():
        uscc = province.firms.uscc[int(known.heir[hazard])].as_py()
        yield col.Case("a red or orange alarm that nobody ended", "emergency.open_alarm_entity", {"uscc": str(uscc)})


SAMPLED = Sampled(
    {"major_hazard": hazard_register, "hazard_alarm": alarms, "accident": accidents, "safety_inspection": inspections}, cases
)
