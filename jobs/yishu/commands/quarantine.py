"""Rows in quarantine: `yishu quarantine list`, `show`, `fix`, `waive`, `replay`; each word on a row is kept with who and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click
from pydantic import JsonValue

from yishu.commands.opening import actor, logs_to_stderr, opened, say_json
from yishu.errors import UsageError
from yishu.lake.lake import Lake
from yishu.lake.ledger import Case, Delivery

_REASON = click.option("--reason", required=True, help="Why; kept in the audit.")
_BY = click.option("--by", help="Who; the user of this machine if not given.")


@click.group()
def quarantine() -> None:
    """Rows in quarantine: list, show, fix, waive, replay."""


@quarantine.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def list_(as_json: bool) -> None:
    """Deliveries with rows in quarantine, the rules that they broke, and what became of those that are out."""
    with opened() as o:
        settled = o.lake.ledger.case_counts()
        standing = o.lake.ledger.deliveries(states={"accepted", "held"})
        found = [d for d in standing if d.balance.quarantined or settled.get(d.id)]
        rules = {d.id: _rules(o.lake, d) for d in found}
    if as_json:
        say_json({"quarantine": [
            {"delivery": d.id, "dataset": d.dataset, "period": d.period, "state": d.state, "rows": d.balance.quarantined,
             "rules": rules[d.id], "cases": settled.get(d.id, {})} for d in found
        ]})  # fmt: skip
        return
    for d in found:
        broken = ", ".join(f"{rule} {bad}" for rule, bad in rules[d.id].items())
        out = "".join(f"; {n} {state}" for state, n in settled.get(d.id, {}).items() if state != "open")
        click.echo(f"{d.id}  {d.dataset} {d.period}  {d.state}  {d.balance.quarantined} rows: {broken}{out}")


def _rules(lake: Lake, delivery: Delivery) -> dict[str, int]:
    """How many of the rows that are there now break each rule; the ledger knows what was when they were judged."""
    from yishu.flow.cases import broken_rules

    if not delivery.balance.rejected and not lake.ledger.cases(delivery.id):
        return {r.rule: r.bad for r in lake.ledger.rules(delivery.id) if r.bad and r.severity != "warn"}
    return dict(Counter(rule for names in broken_rules(lake, delivery).values() for rule in names))


@quarantine.command()
@click.argument("delivery")
@click.option("--limit", default=20, show_default=True, help="How many rows.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def show(delivery: str, limit: int, as_json: bool) -> None:
    """Rows of DELIVERY in quarantine, as handed in, with the rules they broke, then what became of others.

    Rows hold values in clear: the look is audited.
    """
    from yishu.flow.receipts import bad_rows

    with opened() as o:
        found = o.lake.ledger.delivery(delivery)
        o.lake.ledger.audit(actor(), "quarantine-show", found.id, f"{limit} rows")
        rows = bad_rows(o.lake, found, limit)
        inside = {(row["_file"], row["_row"]) for row in rows}
        cases = [case for case in o.lake.ledger.cases(found.id) if (case.file, case.row) not in inside]
    if as_json:
        say_json([*rows, *({"_file": c.file, "_row": c.row, "_case": _told(c)} for c in cases[:limit])])
        return
    for row in rows:
        broken = row["_violations"]
        assert isinstance(broken, list)
        reasons = "; ".join(f"{v['rule']} {v['message']}" for v in broken if isinstance(v, dict))
        cells = {k: v for k, v in row.items() if not k.startswith("_") and v is not None}
        click.echo(f"row {row['_row']}: {reasons}\n    {cells or row['_raw']}")
    for c in cases[:limit]:
        click.echo(f"row {c.row}: {c.state} by {c.settled_by}, {c.actor} {c.at[:16]}: {c.reason} ({', '.join(c.rules)})")


def _told(case: Case) -> JsonValue:
    return {
        "state": case.state, "by": case.settled_by, "actor": case.actor, "at": case.at, "reason": case.reason,
        "rules": list(case.rules),
    }  # fmt: skip


@quarantine.command()
@click.argument("delivery")
@click.argument("row")
@click.option("--set", "changes", multiple=True, required=True, help="column=value, by name or title; nothing after = empties it.")
@_REASON
@_BY
def fix(delivery: str, row: str, changes: Sequence[str], reason: str, by: str | None) -> None:
    """Correct ROW (its number, or file:number) of DELIVERY; the next run judges it and takes it in."""
    from yishu.flow import quarantine as rows
    from yishu.flow.cases import Because

    pairs = [change.partition("=") for change in changes]
    unset = [column for column, mark, _ in pairs if not mark]
    if unset:
        raise UsageError(f"--set {unset[0]} sets nothing", code="usage", expected="--set column=value")
    with opened() as o:
        found = rows.fix(o.lake, delivery, row, {column: text for column, _, text in pairs}, Because(by or actor(), reason))
    click.echo(f"{found.id} corrects row {row} of {found.corrects}; yishu run takes it in")


@quarantine.command()
@click.argument("delivery")
@click.argument("rows", nargs=-1)
@click.option("--rule", help="Let every row pass that breaks this rule.")
@_REASON
@_BY
def waive(delivery: str, rows: Sequence[str], rule: str | None, reason: str, by: str | None) -> None:
    """Let ROWS (numbers, or file:number) of DELIVERY through although they break rules; it holds whenever they are judged again."""
    from yishu.flow import quarantine as quarantined
    from yishu.flow.cases import Because

    if bool(rows) == bool(rule):
        raise UsageError("waive needs rows or a rule", code="usage", expected="row numbers, or --rule RULE")
    logs_to_stderr()
    with opened() as o:
        found, count = quarantined.waive(o.lake, o.open_spark, delivery, rows, rule, Because(by or actor(), reason))
    if found.state == "bronze":
        click.echo(f"{count} rows of {found.id} are waived; yishu run asks the gate again")
        return
    b = found.balance
    click.echo(f"{count} rows of {found.id} are waived: {b.loaded} loaded, {b.quarantined} still in quarantine; yishu run brings it to gold")


@quarantine.command()
@click.argument("datasets", nargs=-1)
@_REASON
def replay(datasets: tuple[str, ...], reason: str) -> None:
    """Judge the quarantined rows of DATASETS (all if none) again; rows that now pass join silver."""
    from yishu.flow import quarantine as quarantined
    from yishu.flow.cases import Because

    logs_to_stderr()
    with opened() as o:
        names = datasets or tuple(sorted(o.lake.project.datasets))
        back: list[Delivery] = quarantined.replay(o.lake, o.open_spark, names, Because(actor(), reason))
    for d in back:
        click.echo(f"{d.id} {d.dataset} {d.period}: {d.balance.loaded} loaded, {d.balance.quarantined} still in quarantine")
    click.echo(f"{len(back)} deliveries changed; yishu run brings it to gold" if back else "nothing changed")
