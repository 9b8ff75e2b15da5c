"""投资主题数据库: the province's projects → what the platform knows of them, and the year's monthly progress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS
from yishu.sample.projects import STATES, Projects, projects
from yishu.sample.province import Province, Sampled

_CUTS: Final = ("2024-06-30", "2024-12-31")
"""Days of the platform's two extracts."""
_YEAR: Final = MONTHS[-12:]
_IMAGES: Final = ("前期手续办理中", "场地平整、基础施工", "主体结构施工", "设备采购安装", "竣工验收")
_PROBLEMS: Final = ("01", "02", "03", "04", "09")
_NOT_BEGUN, _STOPPED, _ENDS = 0, 2, (3, 4)
_CORRECTED: Final = "2024-11"
"""In this month the lagging county reports money that it takes back a month later."""


def known_projects(province: Province) -> Iterator[col.Extract]:
    """All projects by the middle of 2024, then those that were approved or changed in the year's second half."""
    generator, those = province.generator("invest_project"), projects(province)
    needed = np.zeros(len(those.firm), dtype=np.bool_)
    needed[those.watched] = True
    needed |= those.moved | (those.county == those.lagging)
    columns, told = _project_columns(province, generator, those), np.datetime64("1970-01-01")
    for cut in _CUTS:
        # Told two days later: nobody knows by the evening what happened in the afternoon.
        last = np.datetime64(cut) - 3
        state, since = those.state(last)
        rows = np.flatnonzero((since > told) & (those.approved <= last))
        yield col.Extract("invest_project", cut, col.take(columns, rows) | {
            "project_status": col.pick(STATES, state[rows]),
            "update_time": col.at_work(generator, since[rows] + 2 * col.DAY, len(rows)),
        }, np.flatnonzero(needed[rows]))  # fmt: skip
        told = last


def _project_columns(province: Province, generator: np.random.Generator, those: Projects) -> dict[str, pa.Array]:
    firms, count = province.firms, len(those.firm)
    kind = col.draw(generator, 3, count, (15, 10, 75))
    return {
        "project_code": those.code,
        "project_name": those.name,
        "uscc": col.pick(firms.uscc, those.firm),
        "industry_code": col.pick(firms.industry, those.firm),
        "division_code": col.padded(province.places.code[those.county], 6),
        "total_invest_wan": col.decimals(those.total, 2),
        "approve_type": col.pick(["1", "2", "3"], kind),
        "approve_date": col.days(those.approved),
        "plan_start": col.days(those.start),
        "plan_finish": col.days(those.finish),
        # One 亩 per one to four million yuan.
        "land_area_mu": col.decimals(
            np.minimum(those.total // generator.integers(100, 400, size=count) + 100, 9_000_000), 2, generator.random(count) < 0.15
        ),
        "plan_energy_tce": col.decimals(those.total // generator.integers(4, 90, size=count), 2, generator.random(count) < 0.1),
    }


def progress(province: Province) -> Iterator[col.Extract]:
    """Each month of 2024 of the projects that are watched, from the month in which they were to begin."""
    generator, those = province.generator("invest_progress"), projects(province)
    quirks = _Quirks(generator, len(those.firm))
    for period, months in (("2024-11", _YEAR[:-1]), ("2024-12", _YEAR[-1:])):
        parts = [_month(generator, those, quirks, month) for month in months]
        columns = col.stacked(*(part for part, _ in parts))
        lagging = np.concatenate([those.county[rows] == those.lagging for _, rows in parts])
        yield col.Extract("invest_progress", period, columns, np.flatnonzero(lagging))


class _Quirks:
    """What stays with a project from month to month: how it is funded, how much of it is equipment."""

    def __init__(self, generator: np.random.Generator, count: int) -> None:
        self.funded = generator.integers(75, 130, size=count)
        self.equipped = generator.integers(10, 55, size=count)


def _month(
    generator: np.random.Generator, those: Projects, quirks: _Quirks, month: str
) -> tuple[dict[str, pa.Array], Ints]:
    end = (np.datetime64(month, "M") + 1).astype("datetime64[D]") - 1
    rows = those.watched[those.start[those.watched] <= end]
    spent = those.spent(end)[rows]
    if month == _CORRECTED:
        first = np.flatnonzero(those.county[rows] == those.lagging)[:1]
        spent[first] = those.total[rows[first]] // 3
    before = those.spent(np.datetime64("2023-12-31"))[rows]
    state, count = those.state(end)[0][rows], len(rows)
    phase = np.where(spent == 0, 0, np.minimum(1 + spent * 4 // those.total[rows], 4))
    return {
        "project_code": col.pick(those.code, rows),
        "period": col.constant(month.replace("-", ""), count),
        "cum_invest_wan": col.decimals(spent, 2),
        "ytd_invest_wan": col.decimals(spent - before, 2),
        "fund_avail_wan": col.decimals(spent * quirks.funded[rows] // 100, 2),
        "equip_invest_wan": col.decimals(spent * quirks.equipped[rows] // 100, 2),
        "image_progress": col.joined(col.either(state == _STOPPED, "停工：", ""), col.pick(_IMAGES, phase)),
        "problem_code": _problems(generator, those, rows, state),
        "report_time": col.at_work(generator, end + generator.integers(1, 9, size=count) * col.DAY, count),
    }, rows  # fmt: skip


def _problems(generator: np.random.Generator, those: Projects, rows: Ints, state: Ints) -> pa.Array:
    """Nearly all that have not begun or have stopped name a problem, few of those that build, none that are done."""
    count = len(rows)
    stuck = (state == _NOT_BEGUN) | (state == _STOPPED)
    some = generator.random(count) < np.where(stuck, 0.9, np.where(np.isin(state, _ENDS), 0, 0.08))
    lagging = those.county[rows] == those.lagging
    named = col.either(lagging, "01", col.choose(generator, _PROBLEMS, count, (30, 35, 10, 10, 15)))
    return col.either(some | lagging, named, None)


def cases(province: Province) -> Iterator[col.Case]:
    """The county where nothing has begun for want of land."""
    those = projects(province)
    yield col.Case("a county where no project that was due has begun", "investment.lagging_counties", {
        "period": "202412", "division_code": str(province.places.code[those.lagging]), "started_projects": "0", "start_rank": "1",
        "completion_rank": "1", "falling_projects": "1", "main_problem": "01",
    })  # fmt: skip


SAMPLED = Sampled({"invest_project": known_projects, "invest_progress": progress}, cases)
