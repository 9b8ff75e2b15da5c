"""What is late → reminders (催报): one per owner where something reached a new step of lateness, and the departments' notices.

The audit keeps who was reminded of what, so that neither a repeat nor the next day tells the same again.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yishu.flow.due import Reckoned, as_row, late_by_owner, owner, reckon
from yishu.flow.receipt_form import STATES
from yishu.flow.templates import templates
from yishu.lake.lake import Lake
from yishu.lake.places import put

STEPS = (1, 5, 20)
"""Working days late. Each is told of once; of several that passed unseen, as while nobody ran the DAG, the last alone."""
_ACTION = "reminded"


@dataclass(frozen=True)
class Reminder:
    """What one owner is told: a page of all that is late for it, and what of it is `news`, as the audit will keep it."""

    owner: str
    addresses: tuple[str, ...]
    """E-mail, as far as departments.yaml has it; several departments may lead a database."""
    subject: str
    page: str
    news: tuple[str, ...]


def remind(lake: Lake, at: dt.date) -> list[Reminder]:
    """The owners' reminders of a day; a notice lies with each department that they are about. Nothing counts as told yet.

    Args:
        lake: contracts, ledger and places.
        at: the day on which one looks; what came after it is not seen.
    """
    late = late_by_owner(lake.project, reckon(lake.project, lake.ledger.deliveries(), at))
    reminders, concerned = [], set()
    for who, duties in late.items():
        told = {row.detail for row in lake.ledger.audit_rows(who) if row.action == _ACTION}
        fresh = [one for one in duties if one.days_late >= STEPS[0] and _step(one) not in told]
        if fresh:
            concerned |= {one.duty.department.code for one in fresh}
            subject, news = f"催报：{_titles(lake, fresh)}逾期未报（{at}）", tuple(_step(one) for one in fresh)
            reminders.append(Reminder(who, _addresses(lake, who), subject, _page(lake, at, who, duties), news))
    for code in sorted(concerned):
        _notify(lake, at, code, [one for duties in late.values() for one in duties if one.duty.department.code == code])
    return reminders


def told(lake: Lake, reminder: Reminder) -> None:
    """Write into the audit that the owner knows."""
    for step in reminder.news:
        lake.ledger.audit("yishu", _ACTION, reminder.owner, step)


def _step(one: Reckoned) -> str:
    """The duty and its step, as a line of the audit."""
    reached = max(step for step in STEPS if step <= one.days_late)
    days = f"{reached} working day{'s' if reached > 1 else ''}"
    return f"{one.duty.dataset} {one.duty.period.text} of {one.duty.department.code}: {days} late"


def _titles(lake: Lake, late: Iterable[Reckoned]) -> str:
    titles = list(dict.fromkeys(lake.project.datasets[one.duty.dataset].title for one in late))
    return f"“{titles[0]}”" + (f"等 {len(titles)} 个数据集" if len(titles) > 1 else "")


def _addresses(lake: Lake, who: str) -> tuple[str, ...]:
    leads = {who, *who.split("、")}
    found = [d.email for d in lake.project.departments.values() if d.email and leads & {d.name, d.id}]
    return tuple(dict.fromkeys(found))


def _notify(lake: Lake, at: dt.date, code: str, late: Sequence[Reckoned]) -> None:
    """The department's notice: a page for people, and every single duty as JSON."""
    name, duties = late[0].duty.department.name, [as_row(lake.project, one) for one in late]
    document = {"at": at.isoformat(), "department": code, "department_name": name, "late": duties}
    folder = lake.reminders(code)
    put(folder / f"{at}.html", _page(lake, at, name, late))
    put(folder / f"{at}.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _page(lake: Lake, at: dt.date, addressee: str, late: Sequence[Reckoned]) -> str:
    """A row per department and dataset, the oldest lateness first: a year of a daily dataset is no page that anyone reads."""
    groups = [list(g) for _, g in itertools.groupby(sorted(late, key=_whose), _whose)]
    rows = [
        {
            "department": group[0].duty.department.name, "title": lake.project.datasets[group[0].duty.dataset].title,
            "dataset": group[0].duty.dataset, "first": group[0].duty.period.text, "last": group[-1].duty.period.text,
            "periods": len(group), "due": group[0].duty.due.isoformat(), "days": group[0].days_late,
            "state": _state(group[0]), "owner": owner(lake.project, group[0]),
        }
        for group in sorted(groups, key=lambda group: -group[0].days_late)
    ]  # fmt: skip
    return templates(lake).get_template("reminder.html").render(at=at.isoformat(), addressee=addressee, rows=rows)


def _whose(one: Reckoned) -> tuple[str, str, str]:
    return one.duty.department.code, one.duty.dataset, _state(one)


def _state(one: Reckoned) -> str:
    return STATES[one.delivery.state] if one.delivery else "未报"
