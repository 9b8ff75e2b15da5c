"""Contracts and departments → the delivery calendar: who owes which dataset for which period, and when it is due.

Pure, as plain data; what has come is compared with it in `flow.due`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from yishu.contract.model import Cycle, Dataset, Department, Project
from yishu.contract.period import Period, PeriodForm, period_of
from yishu.derive.workdays import is_workday, workday_after

FORMS: dict[Cycle, PeriodForm] = {
    "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "half-yearly": "half-year", "yearly": "year",
}  # fmt: skip
"""Cycle → the form of its periods; `realtime` owes nothing on a calendar."""
DEADLINES: dict[Cycle, int] = {
    "daily": 1, "weekly": 3, "monthly": 10, "quarterly": 15, "half-yearly": 20, "yearly": 30,
}  # fmt: skip
"""Working days after a period's end, where the contract's `latency` says nothing."""


@dataclass(frozen=True)
class Duty:
    """One dataset for one period, owed by one department."""

    dataset: str
    department: Department
    """In office when it is due, as far as there is one."""
    period: Period
    due: dt.date
    """The last day that is in time."""
    codes: frozenset[str]
    """Departments whose delivery counts: its own code, and those of the offices that it took over from."""


def duties(project: Project, dataset: Dataset, first: dt.date, last: dt.date) -> list[Duty]:
    """Every duty whose period ended between two days, both included, in the order of periods.

    A department owes the periods at whose end it is in office: the first one in which a new department is, the last one
    before an abolished one ends. What an office leaves behind falls to its successor, if that supplies the dataset too.
    """
    found = []
    for period in _periods(dataset, first, last):
        due = _due(dataset, period)
        for department, codes in _owing(project, dataset, period, due).items():
            found.append(Duty(dataset.name, project.departments[department], period, due, frozenset(codes)))
    return found


def due_day(dataset: Dataset, period: Period) -> dt.date | None:
    """The last day on which a hand-in for the period is in time; None where the dataset owes nothing on a calendar."""
    return _due(dataset, period) if dataset.cycle in FORMS else None


def _due(dataset: Dataset, period: Period) -> dt.date:
    return workday_after(period.end, dataset.deadline or DEADLINES[dataset.cycle])


def _periods(dataset: Dataset, first: dt.date, last: dt.date) -> Iterator[Period]:
    """Daily data are owed for working days only: on the others an office has nothing to hand in."""
    form = FORMS.get(dataset.cycle)
    start = max(first, dataset.since or first)
    while form is not None and start <= last:
        period = period_of(form, start)
        if period.end <= last and (form != "day" or is_workday(period.end)):
            yield period
        start = period.end + dt.timedelta(days=1)


def _owing(project: Project, dataset: Dataset, period: Period, due: dt.date) -> dict[str, set[str]]:
    """Department id → the codes whose delivery counts."""
    suppliers = {name: project.departments[name] for name in dataset.suppliers if name in project.departments}
    found: dict[str, set[str]] = {}
    for department in suppliers.values():
        if department.valid_from <= period.end and (department.valid_to is None or period.start <= department.valid_to):
            heir = _heir(department, suppliers, due)
            if heir != department or heir.valid_to is None or period.end <= heir.valid_to:
                found.setdefault(heir.id, {heir.code}).add(department.code)
    return found


def _heir(department: Department, suppliers: dict[str, Department], due: dt.date) -> Department:
    """Who holds the office on the day on which the duty is due."""
    seen = {department.id}
    while department.valid_to is not None and department.valid_to < due:
        successor = suppliers.get(department.successor or "")
        if successor is None or successor.id in seen or successor.valid_from > due:
            break
        department = successor
        seen.add(department.id)
    return department
