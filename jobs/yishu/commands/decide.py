"""Decisions: `yishu release`, `reject`, `reprocess`, `quarantine list/show/replay`; each with a reason, kept in the audit."""

from __future__ import annotations

import click

from yishu.commands.opening import actor, logs_to_stderr, opened, say_json
from yishu.flow import decisions
from yishu.flow.decisions import Because
from yishu.lake.ledger import Delivery

_REASON = click.option("--reason", required=True, help="Why; kept in the audit.")


@click.command()
@click.argument("delivery")
@_REASON
def release(delivery: str, reason: str) -> None:
    """Let the held DELIVERY pass; the next run merges it."""
    with opened() as o:
        found = decisions.release(o.lake, delivery, Because(actor(), reason))
    click.echo(f"{found.id} is released; yishu run merges it")


@click.command()
@click.argument("delivery")
@_REASON
def reject(delivery: str, reason: str) -> None:
    """Send the held DELIVERY back; none of its rows becomes visible."""
    with opened() as o:
        found = decisions.reject(o.lake, delivery, Because(actor(), reason))
    click.echo(f"{found.id} is rejected; the next run writes the receipt")


@click.command()
@click.argument("target")
@_REASON
def reprocess(target: str, reason: str) -> None:
    """Send TARGET (a delivery, a dataset, or a damaged table's name) through the flow again."""
    with opened() as o:
        sent = decisions.reprocess(o.lake, target, Because(actor(), reason))
    click.echo(f"{len(sent)} deliveries wait again; yishu run takes them up" if sent else f"{target} is built anew by yishu run")


@click.group()
def quarantine() -> None:
    """Rows in quarantine: list, show, replay."""


@quarantine.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def list_(as_json: bool) -> None:
    """Deliveries with rows in quarantine, and the rules that they broke."""
    with opened() as o:
        found = [d for d in o.lake.ledger.deliveries(states={"accepted", "held"}) if d.balance.quarantined]
        rules = {d.id: [r for r in o.lake.ledger.rules(d.id) if r.bad and r.severity != "warn"] for d in found}
    if as_json:
        say_json({"quarantine": [
            {"delivery": d.id, "dataset": d.dataset, "period": d.period, "state": d.state, "rows": d.balance.quarantined,
             "rules": {r.rule: r.bad for r in rules[d.id]}} for d in found
        ]})  # fmt: skip
        return
    for d in found:
        broken = ", ".join(f"{r.rule} {r.bad}" for r in rules[d.id])
        click.echo(f"{d.id}  {d.dataset} {d.period}  {d.state}  {d.balance.quarantined} rows: {broken}")


@quarantine.command()
@click.argument("delivery")
@click.option("--limit", default=20, show_default=True, help="How many rows.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def show(delivery: str, limit: int, as_json: bool) -> None:
    """Rows of DELIVERY in quarantine, as handed in, with the rules they broke. They hold values in clear: audited."""
    from yishu.flow.receipts import bad_rows

    with opened() as o:
        found = o.lake.ledger.delivery(delivery)
        o.lake.ledger.audit(actor(), "quarantine-show", found.id, f"{limit} rows")
        rows = bad_rows(o.lake, found, limit)
    if as_json:
        say_json(rows)
        return
    for row in rows:
        broken = row["_violations"]
        assert isinstance(broken, list)
        reasons = "; ".join(f"{v['rule']} {v['message']}" for v in broken if isinstance(v, dict))
        cells = {k: v for k, v in row.items() if not k.startswith("_") and v is not None}
        click.echo(f"row {row['_row']}: {reasons}\n    {cells or row['_raw']}")


@quarantine.command()
@click.argument("datasets", nargs=-1)
@_REASON
def replay(datasets: tuple[str, ...], reason: str) -> None:
    """Judge the quarantined rows of DATASETS (all if none) again; rows that now pass join silver."""
    logs_to_stderr()
    with opened() as o:
        names = datasets or tuple(sorted(o.lake.project.datasets))
        back: list[Delivery] = decisions.replay(o.lake, o.open_spark, names, Because(actor(), reason))
    for d in back:
        click.echo(f"{d.id} {d.dataset} {d.period}: {d.balance.loaded} loaded, {d.balance.quarantined} still in quarantine")
    click.echo(f"{len(back)} deliveries changed; yishu run brings it to gold" if back else "nothing changed")
