"""Firms → the investment projects of the province: approved, begun, stopped, finished, some of them moved in from 北京 and 天津."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province

NEVER: Final = np.datetime64("2099-12-31")
"""Stands for a day that has not come."""
BEFORE_START, BUILDING, STOPPED, DONE, IN_USE, GIVEN_UP = "10", "20", "30", "40", "50", "90"
XIONGAN: Final = 133100
_KNOWN: Final = np.datetime64("2024-12-27")
_MOST: Final = 900_000
"""More would not fit the six digits at the end of a project's code."""
_BEHIND: Final = 8
_WORKS: Final = ("生产线建设", "技术改造", "仓储物流中心", "研发中心建设", "标准厂房", "分布式光伏发电", "污水处理站扩建", "产业园基础设施")


@dataclass(frozen=True)
class Projects:
    """All vectors of one length, but `watched` and `lagging`. Days that have not come are `NEVER`."""

    code: pa.Array
    name: pa.Array
    firm: Ints
    county: Ints
    """Index of the county."""
    total: Ints
    """Hundreds of yuan (hundredths of 万元)."""
    approved: col.Days
    start: col.Days
    """As planned, as is `finish`."""
    finish: col.Days
    begun: col.Days
    stopped: col.Days
    ended: col.Days
    dropped: col.Days
    span: Ints
    """Days that the building takes."""
    moved: col.Flags
    """Whether it came from 北京 or 天津; all projects in 雄安 did."""
    watched: Ints
    """Those whose progress is reported month by month."""
    lagging: int
    """Planted: in this county (by index) nothing that was due has begun."""

    def state(self, day: np.datetime64) -> tuple[Ints, col.Days]:
        """Each project's state on a day, as a place in 前期 … 终止, and since when; before its approval it means nothing."""
        events = np.stack([self.approved, self.begun, self.stopped, self.ended, self.dropped])
        come = events <= day
        since = np.where(come, events, self.approved).max(axis=0)
        in_use = np.arange(len(self.firm)) % 3 == 0
        state = np.select([come[4], come[3] & in_use, come[3], come[2], come[1]], [5, 4, 3, 2, 1], 0)
        return state, since

    def spent(self, day: np.datetime64) -> Ints:
        """What had been spent by the end of a day, in hundreds of yuan: never less than the day before."""
        built = (np.minimum(day, self.stopped) - self.begun).astype(np.int64)
        return (self.total * 0.98 * np.clip(built / self.span, 0, 1)).astype(np.int64)


STATES: Final = (BEFORE_START, BUILDING, STOPPED, DONE, IN_USE, GIVEN_UP)


def projects(province: Province) -> Projects:
    """The same projects whoever asks: first those in 雄安, then those of the lagging county, then all others."""
    generator, firms = province.generator("projects"), province.firms
    count = min(_MOST, max(80, province.rows // 2))
    settled = np.arange(count) < max(24, count // 20)
    firm, county, lagging = _sites(province, generator, settled)
    approved = col.days_between(generator, "2021-01-05", "2024-12-20", count)
    behind = ~settled & (np.cumsum(~settled) <= _BEHIND)
    approved[behind] = col.days_between(generator, "2023-06-01", "2024-03-01", _BEHIND)
    start = approved + generator.integers(30, 240, size=count) * col.DAY
    finish = start + generator.integers(180, 900, size=count) * col.DAY
    idle = (generator.random(count) < 0.12) | (county == lagging)
    begun = _come(start + generator.integers(0, 60, size=count) * col.DAY, ~idle)
    span = np.maximum(90, (finish - start).astype(np.int64) + generator.integers(-60, 180, size=count))
    ended = _come(begun + span * col.DAY, begun < NEVER)
    halted = (generator.random(count) < 0.06) & (begun < NEVER) & (ended == NEVER)
    code = _codes(province, generator, county, approved)
    return Projects(
        code=code, name=col.joined(col.pick(firms.name, firm), col.choose(generator, _WORKS, count), "项目"),
        firm=firm, county=county, total=np.minimum((np.exp(generator.normal(9, 1.2, size=count)) * 100).astype(np.int64) + 5_000, 10**9),
        approved=approved, start=start, finish=finish, begun=begun, stopped=_come(begun + 45 * col.DAY, halted), ended=ended,
        dropped=_come(approved + 200 * col.DAY, idle & ~behind & (generator.random(count) < 0.3)), span=span,
        moved=settled | (generator.random(count) < 0.15), watched=_watched(province, generator, behind, start), lagging=lagging,
    )  # fmt: skip


def _come(day: col.Days, happens: col.Flags) -> col.Days:
    """The days of those to which it happens and has happened by now, else `NEVER`."""
    return np.where(happens & (day <= _KNOWN), day, NEVER)


def _sites(province: Province, generator: np.random.Generator, settled: col.Flags) -> tuple[Ints, Ints, int]:
    """Who builds, where, and which county lags: mostly the builder's county."""
    firms, count = province.firms, len(settled)
    companies = np.flatnonzero((firms.kind == COMPANY)[: firms.listed] & firms.active[: firms.listed])
    firm = companies[col.draw(generator, len(companies), count)]
    in_xiongan = province.places.unit_of(firms.county_code) == XIONGAN
    near = companies[in_xiongan[companies]]
    if len(near):
        firm[settled] = near[col.draw(generator, len(near), int(settled.sum()))]
    county = firms.county[firm]
    new_area = np.flatnonzero(province.places.unit_of(province.places.code) == XIONGAN)
    county[settled] = np.where(in_xiongan[firm[settled]], county[settled], new_area[0] if len(new_area) else county[settled])
    elsewhere = companies[~in_xiongan[companies]]
    lagging = int(firms.county[elsewhere[int(generator.integers(len(elsewhere)))]])
    first = int(settled.sum())
    there = companies[firms.county[companies] == lagging]
    firm[first : first + _BEHIND] = there[col.draw(generator, len(there), _BEHIND)]
    county[first : first + _BEHIND] = lagging
    return firm, county, lagging


def _watched(province: Province, generator: np.random.Generator, behind: col.Flags, start: col.Days) -> Ints:
    """A year's monthly reports of so many fill the largest datasets; those that lag are among them."""
    due = np.flatnonzero(~behind & (start < np.datetime64("2024-11-01")))
    others = generator.permutation(due)[: max(40, province.rows // 12) - _BEHIND]
    return np.sort(np.concatenate([np.flatnonzero(behind), others]))


def _codes(province: Province, generator: np.random.Generator, county: Ints, approved: col.Days) -> pa.Array:
    """国家统一代码: year and month of the code (before the approval), division, kind, trade, number."""
    count = len(county)
    month = (approved - generator.integers(0, 60, size=count) * col.DAY).astype("datetime64[M]").astype(np.int64)
    stamp = (month // 12 + 1970) % 100 * 100 + month % 12 + 1
    kind, trade = (col.choose(generator, words, count) for words in (("01", "02", "04"), ("01", "02", "03", "05", "07")))
    place = col.padded(province.places.code[county], 6)
    return col.joined(col.padded(stamp, 4), "-", place, "-", kind, "-", trade, "-", col.padded(np.arange(count) + 100_001, 6))
