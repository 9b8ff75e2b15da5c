"""Looking: `yishu status`, `receipt`, `query`."""

from __future__ import annotations

import sys

import click
from pydantic import JsonValue

from yishu.commands.opening import actor, opened, say_json
from yishu.errors import UsageError
from yishu.flow.landing import waiting
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--dataset", help="Only this dataset.")
def status(as_json: bool, dataset: str | None) -> None:
    """Deliveries, their states and balances, and what lies in landing but waits for a manifest or for files."""
    with opened() as o:
        deliveries = [*o.lake.ledger.deliveries(dataset=dataset), *_not_yet(o.lake, dataset)]
        titles = {d.code: d.name for d in o.lake.project.departments.values()}
    if as_json:
        say_json({"deliveries": [_row(d) for d in deliveries]})
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*("delivery", "department", "dataset", "period", "state", "gen"), box=None)
    for name in ("received", "loaded", "duplicates", "quarantined", "rejected"):
        table.add_column(name, justify="right")
    table.add_column("reason", max_width=48)
    for d in deliveries:
        b = d.balance
        counts = [str(n) for n in (b.received, b.loaded, b.duplicates, b.quarantined, b.rejected)]
        who = titles.get(d.department, d.department)
        table.add_row(d.id, who, d.dataset, d.period, d.state, str(d.generation), *counts, d.reason)
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _not_yet(lake: Lake, dataset: str | None) -> list[Delivery]:
    """Sets that are not whole yet: no deliveries, so they have no id."""
    return [
        Delivery("", *h.place, "waiting", 0, 0, (), Balance(), h.waits, "", None, lake.clock()) for h in waiting(lake, dataset)
    ]


def _row(d: Delivery) -> JsonValue:
    b = d.balance
    return {
        "id": d.id, "department": d.department, "dataset": d.dataset, "period": d.period, "state": d.state,
        "generation": d.generation, "received": b.received, "loaded": b.loaded, "duplicates": b.duplicates,
        "quarantined": b.quarantined, "rejected": b.rejected, "reason": d.reason, "receipt": d.receipt,
    }  # fmt: skip


@click.command()
@click.argument("delivery")
@click.option("--json", "as_json", is_flag=True, help="The receipt's JSON on standard output.")
def receipt(delivery: str, as_json: bool) -> None:
    """What the department gets back for DELIVERY (an id or its beginning)."""
    from yishu.flow.receipts import receipt_folder, receipt_text

    with opened() as o:
        found = o.lake.ledger.delivery(delivery)
        folder = receipt_folder(o.lake, found.receipt) if found.receipt else None
    if folder is None:
        raise UsageError(f"{found.id} has no receipt yet", code="receipt", expected="a delivery that has come to an end",
                         remedy="yishu run")  # fmt: skip
    text = (folder / "receipt.json").read_text(encoding="utf-8")
    if as_json:
        click.echo(text)
        return
    click.echo(receipt_text(text))
    click.echo(f"\n{folder / 'receipt.xlsx'}")


@click.command()
@click.argument("sql")
@click.option("--json", "as_json", is_flag=True, help="Rows as JSON on standard output.")
@click.option("--clear", is_flag=True, help="Also silver, bronze and quarantine; the look is written to the audit.")
def query(sql: str, as_json: bool, clear: bool) -> None:
    """Run a SELECT over gold (DuckDB over the Delta tables; no server needed)."""
    from yishu.lake.query import select

    with opened() as o:
        if clear:
            o.lake.ledger.audit(actor(), "query-clear", "silver", sql)
        table = select(o.lake, sql, clear=clear)
    if as_json:
        say_json(_plain(table.to_pylist()))
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(*table.column_names, box=None)
    for row in table.to_pylist():
        shown.add_row(*["" if v is None else str(v) for v in row.values()])
    Console(width=None if sys.stdout.isatty() else 200).print(shown)


def _plain(rows: list[dict[str, object]]) -> list[dict[str, str | int | float | bool | None]]:
    """Decimals, dates and times as text; JSON has no exact numbers."""
    return [{k: v if isinstance(v, str | int | float | bool | None) else str(v) for k, v in row.items()} for row in rows]
