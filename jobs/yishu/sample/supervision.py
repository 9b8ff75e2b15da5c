"""督查督办: departments and documents → tasks with a term, as they stood after the third quarter and after the fourth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.policy_paper import OFFICES, papers
from yishu.sample.province import Province

_WEEKS: Final = (("2024-W40", "2024-09-30"), ("2025-W01", "2025-01-03"))
"""Deliveries, and the day up to which each tells."""
_QUARTER: Final = ("2024-07-01", "2024-09-30")
_IDLE, _GOING, _DONE, _LATE = 1, 2, 3, 4
_WORK: Final = ("制定年度实施方案", "完成阶段性任务并报送总结", "开展专项检查并通报结果", "推动数据共享并接通接口", "组织政策宣讲并建立台账")


@dataclass(frozen=True)
class _Tasks:
    department: Ints
    """Index in `province.departments`."""
    policy: Ints
    """Index of the document; -1: an instruction."""
    given: col.Days
    due: col.Days
    finished: col.Days
    begun: Ints
    """Per cent when it was not finished in time; 0: not begun yet."""


def _tasks(province: Province) -> _Tasks:
    generator, known = province.generator("supervise_task"), papers(province)
    count, lasting = min(20_000, max(150, province.rows // 4)), known.lasting()
    policy = lasting[col.draw(generator, len(lasting), count)]
    month = (np.datetime64("2023-07", "M").astype(np.int64) + col.draw(generator, 24, count)).astype("datetime64[M]")
    # No term ends in a month's last days: whoever misses it is known to be late before the quarter is over.
    due = col.after(month, np.array([9, 14, 19, 24])[col.draw(generator, 4, count)])
    finished = col.after(due, generator.integers(-25, 1, size=count))
    quarter_end = _quarter_end(due)
    late = generator.random(count) < 0.2
    slow = np.minimum(col.after(due, generator.integers(1, 20, size=count)), quarter_end)
    third = (due >= np.datetime64(_QUARTER[0])) & (due <= np.datetime64(_QUARTER[1]))
    slow = np.where(third, col.after(quarter_end, generator.integers(10, 80, size=count)), slow)
    finished[late] = slow[late]
    finished[late & ~third & (generator.random(count) < 0.4)] = np.datetime64("2026-01-01")
    office = known.issuer[policy]
    policy = np.where(generator.random(count) < 0.2, -1, policy)
    # The last one never ends, and rests on what has been replaced since.
    policy[-1], due[-1], finished[-1] = known.replaced_late()[0], np.datetime64("2025-02-20"), np.datetime64("2026-01-01")
    return _Tasks(
        department=_in_charge(province, office, due), policy=policy, due=due, finished=finished,
        given=col.after(due, -generator.integers(60, 160, size=count)),
        begun=np.where(generator.random(count) < 0.1, 0, generator.integers(20, 96, size=count)),
    )  # fmt: skip


def _quarter_end(day: col.Days) -> col.Days:
    month = day.astype("datetime64[M]").astype(np.int64)
    return col.after((month // 3 * 3 + 3).astype("datetime64[M]"), -1)


def _in_charge(province: Province, department: Ints, due: col.Days) -> Ints:
    """A department that had ended by then hands its tasks to its successor; one that was not there yet has them from its predecessor."""
    place = {one.id: index for index, one in enumerate(province.departments)}
    chosen = department.copy()
    for index, one in enumerate(province.departments):
        if one.successor:
            heir, last = place[one.successor], np.datetime64(one.last)
            both = np.isin(department, (index, heir))
            chosen[both] = np.where(due[both] > last, heir, index)
    return chosen


def tasks(province: Province) -> Iterator[col.Extract]:
    """All tasks given until September as they stood then; in January those that moved since, and the new ones."""
    generator, known = province.generator("supervise_task/text"), _tasks(province)
    before, now = (np.datetime64(day) for _, day in _WEEKS)
    moved = (known.finished > before) | (known.given > before)
    for (period, _), day, shown in ((_WEEKS[0], before, known.given <= before), (_WEEKS[1], now, moved & (known.given <= now))):
        rows = np.flatnonzero(shown)
        columns = _columns(province, generator, known, rows, day)
        code, _ = late_department(province)
        own = np.flatnonzero(np.array(columns["dept_code"].to_pylist()) == code)
        yield col.Extract("supervise_task", period, columns, np.unique(np.append(own, len(rows) - 1)))


def _columns(
    province: Province, generator: np.random.Generator, known: _Tasks, rows: Ints, day: np.datetime64
) -> dict[str, pa.Array]:
    documents, count = papers(province), len(rows)
    due, finished, given, policy = known.due[rows], known.finished[rows], known.given[rows], known.policy[rows]
    done, overdue = finished <= day, (finished > day) & (due < day)
    idle = ~done & ~overdue & (known.begun[rows] == 0)
    state = np.where(done, _DONE, np.where(overdue, _LATE, np.where(idle, _IDLE, _GOING)))
    part = np.where(done, 10_000, known.begun[rows] * 100 + (known.begun[rows] > 0) * (day > np.datetime64(_QUARTER[1])) * 200)
    # Who is late is asked again only in the second list, so that the first tells how each quarter ended.
    asked = np.datetime64("2024-12-30" if day > np.datetime64(_QUARTER[1]) else "2023-01-01")
    told = np.where(done, finished, np.where(overdue, np.maximum(col.after(due, 3), asked), np.maximum(given, col.after(day, -5))))
    subject = col.pick(documents.subject, np.maximum(policy, 0))
    subjects = [word for _, _, _, words in OFFICES for word in words]
    feedback = col.at_work(generator, told, count)
    number = col.joined("DC", col.integers(col.year_of(given)), col.padded(rows + 1, 6))
    return {
        "task_id": number,
        "policy_id": col.either(policy >= 0, col.pick(documents.id, np.maximum(policy, 0)), None),
        "dept_code": col.pick([one.code for one in province.departments], known.department[rows]),
        "task_name": col.joined(
            "围绕", col.either(policy >= 0, subject, col.choose(generator, subjects, count)), "，", col.choose(generator, _WORK, count)
        ),
        "due_date": col.days(due),
        "progress_pct": col.decimals(part, 2),
        "task_status": col.integers(state),
        "score_rule": col.constant("按期完成60分，进度40分", count),
        "feedback_time": col.either(idle, None, feedback),
        "evidence_url": col.either(done, col.joined("https://dc.hebei.gov.cn/evidence/", number, ".pdf"), None),
        "update_time": col.joined(col.days(told), " 18:30:00"),
    }  # fmt: skip


def late_department(province: Province) -> tuple[str, int]:
    """The department with the most tasks due in the third quarter of 2024 that were not done when it ended, and how many."""
    known = _tasks(province)
    open_then = (known.due >= np.datetime64(_QUARTER[0])) & (known.due <= np.datetime64(_QUARTER[1]))
    open_then &= known.finished > np.datetime64(_QUARTER[1])
    number = np.bincount(known.department[open_then], minlength=len(province.departments))
    worst = int(number.argmax())
    return province.departments[worst].code, int(number[worst])


def open_task(province: Province) -> str:
    """The last task, whose document has been replaced while it goes on."""
    known = _tasks(province)
    year = int(col.year_of(known.given[-1:])[0])
    return f"DC{year}{len(known.due):06d}"
