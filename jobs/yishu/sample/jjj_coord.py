"""京津冀协同发展主题数据库: projects that moved in from 北京 and 天津, and cases that cross the provinces' borders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.projects import XIONGAN, Projects, projects
from yishu.sample.province import Province, Sampled

_LAST: Final = np.datetime64("2024-12-25")
_BEIJING: Final = ("110101", "110102", "110105", "110106", "110108", "110112", "110115")
_TIANJIN: Final = ("120102", "120103", "120104", "120110", "120114", "120116")
_PLATFORMS: Final = {
    1302: "曹妃甸协同发展示范区", 1309: "渤海新区", 1310: "北三县承接平台", 1307: "张北云计算产业基地", 1306: "保定·中关村创新中心",
    1301: "正定新区", 1311: "滨湖新区",
}  # fmt: skip
"""City (four digits) → the platform that takes projects in; 雄安 is its own."""
_HEADQUARTERS, _SECOND, _THIRD, _OTHER = range(4)
"""Levels of central enterprises; the others are none."""
_FIRM, _HEAD_OFFICE = 0, 3
_ACROSS: Final = 20
"""Every so many-th project lies in several cities: the province's own department reports it."""
_ITEMS: Final = (
    ("3000104001001", 1), ("3000104001002", 3), ("3000109017000", 5), ("3000114005001", 10), ("3000115021003", 20), ("3000125014000", 0),
    ("3000131002002", 7), ("3000136009001", 15),
)  # fmt: skip
"""Codes of services (after the organ's) and the working days that are promised."""
_SLOW: Final = ("3000199006001", 5)
"""Planted: this service took two weeks instead of one week in November 2024."""
_SLOW_CASES: Final = 12


def moved_projects(province: Province) -> Iterator[col.Extract]:
    """Every project that was signed for by the year's end, each department those of its own unit."""
    those = projects(province)
    columns, rows = _project_columns(province, those)
    code = province.places.code[those.county[rows]]
    clean = province.places.unit_of(code) == XIONGAN
    across = np.arange(len(rows)) % _ACROSS == _ACROSS - 1
    yield _part(columns, np.flatnonzero(across), clean, "drc")
    own = np.flatnonzero(~across)
    for department, part in province.parts("relocation_project", code[own]):
        yield _part(columns, own[part], clean, department)


def _part(columns: dict[str, pa.Array], rows: Ints, clean: col.Flags, department: str) -> col.Extract:
    return col.Extract("relocation_project", "2024-12", col.take(columns, rows), np.flatnonzero(clean[rows]), department)


def _project_columns(province: Province, those: Projects) -> tuple[dict[str, pa.Array], Ints]:
    """Columns, and which projects they are."""
    firms, rows = province.firms, np.flatnonzero(those.moved)
    generator, count = province.generator("relocation_project"), len(rows)
    code, level = province.places.code[those.county[rows]], soe_levels(province, those)[rows]
    xiongan = province.places.unit_of(code) == XIONGAN
    kind = np.select([level == _HEADQUARTERS, level < _OTHER], [_HEAD_OFFICE, _FIRM], col.draw(generator, 4, count, (88, 4, 4, 4)))
    signed = those.approved[rows] - generator.integers(20, 120, size=count) * col.DAY
    land = those.begun[rows]
    come = land <= _LAST
    changed: col.Days = np.where(come, land, those.approved[rows])
    nameless = ~come & (generator.random(count) < 0.5)
    tianjin = ~xiongan & (generator.random(count) < 0.25)
    platform = pa.array([_PLATFORMS.get(city) for city in (code // 100).tolist()], pa.string())
    return {
        "project_code": col.pick(those.code, rows),
        "source_region": col.either(tianjin, col.choose(generator, _TIANJIN, count), col.choose(generator, _BEIJING, count)),
        "target_division": col.padded(code, 6),
        "uscc": col.either(nameless, None, col.pick(firms.uscc, those.firm[rows])),
        "industry_code": col.pick(firms.industry, those.firm[rows]),
        "relocation_kind": col.pick(["1", "2", "3", "4"], kind),
        "soe_level": col.pick(["1", "2", "3", "9"], level),
        "invest_wan": col.decimals(those.total[rows], 2),
        "agreement_date": col.days(signed),
        "land_date": col.days(land, ~come),
        "staff_cnt": col.integers(those.total[rows] // generator.integers(5_000, 30_000, size=count) + 5),
        "platform": col.either(xiongan, "雄安新区", platform),
        "update_time": col.at_work(generator, changed + 3 * col.DAY, count),
    }, rows


def soe_levels(province: Province, those: Projects) -> Ints:
    """Mostly subsidiaries of central enterprises in 雄安, seldom elsewhere."""
    generator, count = province.generator("soe_levels"), len(those.firm)
    there = province.places.unit_of(province.places.code[those.county]) == XIONGAN
    return np.where(there, col.draw(generator, 4, count, (4, 30, 46, 20)), col.draw(generator, 4, count, (0, 3, 7, 90)))


def services(province: Province) -> Iterator[col.Extract]:
    """A year's cases, then those that were still open and have been finished in January."""
    generator = province.generator("cross_region_service")
    count = max(100, province.rows)
    columns, accepted, finished = _case_columns(province, generator, count)
    night, week = np.datetime64("2024-12-30T20:00:00"), np.datetime64("2025-01-08T20:00:00")
    still = finished > night
    for period, rows, done in (
        ("2024-12-31", np.arange(count), ~still), ("2025-01-09", np.flatnonzero(still & (finished <= week)), still)
    ):
        told: col.Days = np.where(done, finished + 90, accepted + 300)
        yield col.Extract("cross_region_service", period, col.take(columns, rows) | {
            "finish_time": col.either(done[rows], _moments(finished[rows]), None),
            "rating": col.either(done[rows], columns["rating"].take(pa.array(rows)), None),
            "update_time": _moments(told[rows]),
        }, np.flatnonzero(rows < _SLOW_CASES))  # fmt: skip


def _moments(seconds: col.Days) -> pa.Array:
    return pa.array(seconds.astype("datetime64[s]")).cast(pa.string())


def _seconds(generator: np.random.Generator, first: float, last: float, count: int) -> npt.NDArray[np.timedelta64]:
    """Times of day between two hours."""
    return generator.integers(int(first * 3600), int(last * 3600), size=count).astype("timedelta64[s]")


def _case_columns(
    province: Province, generator: np.random.Generator, count: int
) -> tuple[dict[str, pa.Array], col.Days, col.Days]:
    """Columns, and when each case is accepted and finished: those that are slow first, those still open at the year's end last."""
    number = np.arange(count)
    slow, fresh = number < _SLOW_CASES, number >= count - max(5, count // 40)
    item = np.where(slow, len(_ITEMS), np.where(fresh, 3, generator.integers(0, len(_ITEMS), size=count)))
    items = (*_ITEMS, _SLOW)
    promise = np.array([days for _, days in items])[item]
    day = col.days_between(generator, "2024-01-02", "2024-12-27", count)
    day[slow] = col.days_between(generator, "2024-11-04", "2024-11-08", _SLOW_CASES)
    day[fresh] = np.datetime64("2024-12-26")
    first: col.Days = np.busday_offset(day, 0, roll="forward").astype("datetime64[s]")
    taken = np.where(slow, 11 + number % 4, np.round(promise * generator.uniform(0.2, 1.08, size=count)).astype(np.int64))
    last: col.Days = np.busday_offset(first.astype("datetime64[D]"), taken).astype("datetime64[s]")
    accepted = first + _seconds(generator, 8, 16, count)
    finished = last + _seconds(generator, 16.5, 18, count)
    inward = generator.random(count) < 0.5
    here = col.padded(province.places.code[col.draw(generator, len(province.places.code), count, province.places.weight)], 6)
    there = col.choose(generator, [*_BEIJING, *_TIANJIN], count)
    rated = generator.random(count) < 0.6
    rating = col.either(slow, col.pick(["1", "2"], number % 2), col.choose(generator, ["5", "4", "3", "2", "1"], count, (80, 14, 4, 1, 1)))
    return {
        "case_no": col.joined("KS", pa.array([text.replace("-", "") for text in col.days(first).to_pylist()]), col.padded(number + 1, 8)),
        "item_code": col.joined(province.offices["cross_region_service"], col.pick([code for code, _ in items], item)),
        "applicant_type": col.choose(generator, ["1", "2", "3"], count, (70, 27, 3)),
        "from_region": col.either(inward, there, here),
        "to_region": col.either(inward, here, there),
        "accept_time": _moments(accepted),
        "promise_days": col.integers(promise),
        "licence_reuse_cnt": col.integers(generator.integers(0, 6, size=count)),
        "rating": col.either(slow | rated, rating, None),
    }, accepted, finished


def cases(province: Province) -> Iterator[col.Case]:
    """The quarter in which most landed in 雄安, and the service that took twice as long as promised."""
    those = projects(province)
    there = province.places.unit_of(province.places.code[those.county]) == XIONGAN
    came = those.moved & there & np.isin(soe_levels(province, those), (_SECOND, _THIRD)) & (those.begun <= _LAST)
    quarter = those.begun.astype("datetime64[M]").astype(np.int64) // 3
    fullest = int(np.argmax(np.bincount(quarter[came], minlength=1)))
    total = those.total[came & (quarter == fullest)]
    key = {
        "quarter_period": f"{1970 + fullest // 4}Q{fullest % 4 + 1}", "projects": str(len(total)),
        "invest_wan": str(col.decimals(total.sum(keepdims=True), 2)[0]),
    }  # fmt: skip
    yield col.Case("subsidiaries of central enterprises that came to 雄安", "jjj_coord.xiongan_soe_by_quarter", key)
    item = province.offices["cross_region_service"] + _SLOW[0]
    slow = str(_SLOW_CASES)
    key = {"finish_month": "2024-11", "item_code": item, "cases": slow, "overdue_cases": slow}
    yield col.Case("a service that took twice as long as promised", "jjj_coord.cross_region_workdays", key)


SAMPLED = Sampled({"relocation_project": moved_projects, "cross_region_service": services}, cases)
