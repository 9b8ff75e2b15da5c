"""`yishu due`: the delivery calendar, compared with what has come."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
from collections.abc import Iterable

import click

from yishu.commands.opening import opened, say_json
from yishu.contract.model import Project
from yishu.derive.workdays import guessed
from yishu.flow.due import Reckoned, as_row, late_by_owner, reckon

_SHOWN = ("late", "soon", "come")


@click.command()
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="The day on which one looks; today where not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def due(at: dt.datetime | None, as_json: bool) -> int:
    """What departments owe: late, due within 5 working days, come (of the last 400 days). Ends with 1 if something is late."""
    with opened() as o:
        day, project = at.date() if at else o.lake.clock().date(), o.lake.project
        found = reckon(project, o.lake.ledger.deliveries(), day)
    notes = _notes(found, day)
    if as_json:
        by_standing = {name: [as_row(project, r) for r in found if r.standing == name] for name in (*_SHOWN, "open")}
        owners = {who: [as_row(project, r) for r in late] for who, late in late_by_owner(project, found).items()}
        say_json({"at": day.isoformat(), **by_standing, "owners": owners, "notes": notes})
    else:
        _print(project, found, notes)
    return 1 if any(r.standing == "late" for r in found) else 0


def _notes(found: list[Reckoned], day: dt.date) -> list[str]:
    days = [day, *(r.duty.due for r in found), *(r.duty.period.end for r in found)]
    years = ", ".join(map(str, guessed(min(days), max(days))))
    return [f"holidays of {years} are not known yet: Monday to Friday are taken for working days"] if years else []


def _print(project: Project, found: list[Reckoned], notes: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", "department", "dataset", "periods", "due", box=None)
    table.add_column("days late", justify="right")
    table.add_column("delivery")
    for standing in _SHOWN:
        chosen = sorted((r for r in found if r.standing == standing), key=_whose)
        for _, group in itertools.groupby(chosen, _whose):
            table.add_row(standing, *_cells(project, list(group)))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    for note in notes:
        click.echo(note, err=True)


def _whose(one: Reckoned) -> tuple[str, str]:
    return one.duty.dataset, one.duty.department.id


def _cells(project: Project, group: list[Reckoned]) -> Iterable[str]:
    """One line for all periods of one dataset and department that stand alike: the oldest of what is owed, the newest that came."""
    shown = group[-1] if group[0].standing == "come" else group[0]
    periods = (
        group[0].duty.period.text
        if len(group) == 1
        else f"{group[0].duty.period.text} … {group[-1].duty.period.text} ({len(group)})"
    )
    delivery = f"{shown.delivery.id} {shown.delivery.state}" if shown.delivery else ""
    title = project.datasets[shown.duty.dataset].title
    return shown.duty.department.name, title, periods, shown.duty.due.isoformat(), str(shown.days_late or ""), delivery
