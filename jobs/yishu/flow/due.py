"""The delivery calendar and the ledger's deliveries → what is late, what is due soon, what has come; pure.

A held or rejected delivery fulfils nothing; one that was replaced is fulfilled by the one that took its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from yishu.contract.model import Dataset, Project
from yishu.contract.period import Period, parse_period, period_of
from yishu.derive.duties import FORMS, Duty, duties
from yishu.derive.workdays import workdays_between
from yishu.lake.ledger import Delivery

Standing = Literal["late", "soon", "open", "come"]
Row = dict[str, str | int | None]
LOOK_BACK_DAYS = 400
"""A period that ended earlier is history: no list grows for ever."""
SOON_WORKDAYS = 5
_FULFILS = ("accepted", "bronze", "waiting")
"""Best first. What waits for us has come: the department did its part."""


@dataclass(frozen=True)
class Reckoned:
    """A duty and how it stands; `days_late` are working days, also of what came late."""

    duty: Duty
    standing: Standing
    days_late: int
    delivery: Delivery | None
    """What fulfils it, else the newest that does not."""


def reckon(project: Project, deliveries: Iterable[Delivery], at: dt.date) -> list[Reckoned]:
    """Every duty whose period ended in the 400 days before `at`, by dataset and period.

    A dataset owes from the day in its contract on, else from the first period that was ever handed in; where neither is
    known, its last period only.

    Args:
        project: contracts and departments.
        deliveries: all that the ledger holds; what was claimed after `at` is left out.
        at: the day on which one looks.
    """
    handed_in: dict[str, list[tuple[Period, Delivery]]] = {}
    for delivery in deliveries:
        period = parse_period(delivery.period)
        if period is not None and delivery.state != "unchanged" and delivery.corrects is None and delivery.claimed_at.date() <= at:
            handed_in.setdefault(delivery.dataset, []).append((period, delivery))
    return [
        _reckoned(duty, handed_in.get(dataset.name, ()), at)
        for dataset in project.datasets.values()
        for duty in _owed(project, dataset, handed_in.get(dataset.name, ()), at)
    ]


def last_ended(dataset: Dataset, at: dt.date) -> Period | None:
    """The last period, by the contract's update cycle, that is over on this day; None where the cycle has none or nothing is owed.

    A pull asks a database, not an office: on holidays too.
    """
    form = FORMS.get(dataset.cycle)
    if form is None:
        return None
    period = period_of(form, period_of(form, at).start - dt.timedelta(days=1))
    return period if dataset.since is None or dataset.since <= period.end else None


def late_by_owner(project: Project, reckoned: Iterable[Reckoned]) -> dict[str, list[Reckoned]]:
    """What is late, by who answers for the dataset (the lead department of its database): whom an alert is sent to."""
    found: dict[str, list[Reckoned]] = {}
    for one in reckoned:
        if one.standing == "late":
            found.setdefault(owner(project, one), []).append(one)
    return dict(sorted(found.items()))


def owner(project: Project, one: Reckoned) -> str:
    """The lead department of the database to which the duty's dataset belongs."""
    database = project.databases.get(project.datasets[one.duty.dataset].database)
    return database.lead if database else ""


def as_row(project: Project, one: Reckoned) -> Row:
    """Plain columns, for JSON and for `ops.duties`."""
    duty, dataset, delivery = one.duty, project.datasets[one.duty.dataset], one.delivery
    return {
        "department": duty.department.code, "department_name": duty.department.name, "dataset": dataset.name,
        "title": dataset.title, "database": dataset.database, "owner": owner(project, one), "period": duty.period.text,
        "due": duty.due.isoformat(), "standing": one.standing, "days_late": one.days_late,
        "delivery": delivery.id if delivery else None, "state": delivery.state if delivery else None,
        "came": delivery.claimed_at.date().isoformat() if delivery and one.standing == "come" else None,
    }  # fmt: skip


def _owed(project: Project, dataset: Dataset, handed_in: Sequence[tuple[Period, Delivery]], at: dt.date) -> list[Duty]:
    first, last = at - dt.timedelta(days=LOOK_BACK_DAYS), at - dt.timedelta(days=1)
    begun = min((period.start for period, delivery in handed_in if delivery.state != "rejected"), default=dataset.since)
    if dataset.since is None and begun is not None:
        first = max(first, begun)
    found = duties(project, dataset, first, last)
    return found if begun else [duty for duty in found if duty.period == found[-1].period]


def _reckoned(duty: Duty, handed_in: Sequence[tuple[Period, Delivery]], at: dt.date) -> Reckoned:
    mine = [
        delivery
        for period, delivery in handed_in
        if delivery.department in duty.codes and period.start <= duty.period.start and duty.period.end <= period.end
    ]
    for state in _FULFILS:
        came = next((d for d in reversed(mine) if d.state == state), None)
        if came is not None:
            return Reckoned(duty, "come", workdays_between(duty.due, came.claimed_at.date()), came)
    standing: Standing = "late" if at > duty.due else "soon" if workdays_between(at, duty.due) <= SOON_WORKDAYS else "open"
    return Reckoned(duty, standing, workdays_between(duty.due, at), mine[-1] if mine else None)
