"""Contracts that changed: `yishu plan` shows what would follow, `yishu apply` does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from pydantic import JsonValue

from yishu.commands.opening import actor, logs_to_stderr, opened, say_json

if TYPE_CHECKING:
    from yishu.derive.change import Change
    from yishu.flow.plan import Planned

COLOURS = {"breaking": "red", "restatement": "yellow", "safe": "green"}
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")


@click.command()
@click.argument("targets", nargs=-1)
@_JSON
def plan(targets: tuple[str, ...], as_json: bool) -> None:
    """What the changed contracts of TARGETS (databases or datasets; all if none) would do; nothing is changed."""
    from yishu.flow.plan import plan as planned

    logs_to_stderr()
    with opened() as o:
        found = planned(o.lake, o.open_spark, targets)
    if as_json:
        say_json({"plan": [_json(p) for p in found]})
        return
    _tell(found)
    click.echo("nothing was changed" if found else "nothing to do: every table was written by today's contracts")


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--reason", required=True, help="Why; kept in the audit.")
@click.option("--breaking", is_flag=True, help="Breaking changes too.")
@click.option("--keep", is_flag=True, help="The past stands as it was judged: only columns are brought up to date.")
@_JSON
def apply(targets: tuple[str, ...], reason: str, breaking: bool, keep: bool, as_json: bool) -> None:
    """Make the tables of TARGETS what `yishu plan` shows; the versions before stay readable, and the next run builds gold."""
    from yishu.flow.cases import Because
    from yishu.flow.plan import apply as applied

    logs_to_stderr()
    with opened() as o:
        done = applied(o.lake, o.open_spark, targets, Because(actor(), reason), breaking=breaking, keep=keep)
    if as_json:
        say_json({"applied": [_json(p) for p in done]})
        return
    _tell(done)
    click.echo(f"{len(done)} datasets are up to date; yishu run brings it to gold" if done else "nothing to do")


def tell_changes(changes: Sequence[Change]) -> None:
    """One line each, in the colour of its verdict."""
    for change in changes:
        click.secho(str(change), fg=COLOURS[change.verdict])


def change_json(change: Change) -> dict[str, JsonValue]:
    return {
        "kind": change.kind, "subject": change.subject, "column": change.column, "verdict": change.verdict, "why": change.why,
        "todo": change.todo,
    }  # fmt: skip


def _tell(found: Sequence[Planned]) -> None:
    for planned in found:
        click.secho(planned.name, bold=True)
        tell_changes(planned.changes)
        if planned.unfinished:
            click.secho("a restatement was stopped in between: apply does it again", fg="yellow")
        count = planned.count
        if count:
            click.echo(f"  {count.deliveries} deliveries with {count.received} rows are judged anew")
            click.echo(f"  silver: {count.silver[0]} → {count.silver[1]} rows, {count.come} come, {count.go} go")
            click.echo(f"  quarantine: {count.quarantine[0]} → {count.quarantine[1]} rows; duplicates: {count.duplicates[0]} → {count.duplicates[1]}")
            for delivery, why in count.held.items():
                click.secho(f"  {delivery} would be held today: {why}", fg="yellow")
        if planned.tables:
            click.echo(f"  written again: {', '.join(planned.tables)}")


def _json(planned: Planned) -> dict[str, JsonValue]:
    count = planned.count
    return {
        "name": planned.name, "changes": [change_json(c) for c in planned.changes], "tables": list(planned.tables),
        "unfinished": planned.unfinished,
        "count": None if count is None else {
            "deliveries": count.deliveries, "received": count.received, "silver": list(count.silver), "come": count.come,
            "go": count.go, "quarantine": list(count.quarantine), "duplicates": list(count.duplicates),
            "collisions": count.collisions, "held": dict(count.held),
        },
    }  # fmt: skip
