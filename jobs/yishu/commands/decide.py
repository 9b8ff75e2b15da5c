"""Decisions: `yishu release`, `reject`, `reprocess`; each with a reason, kept in the audit."""

from __future__ import annotations

import click

from yishu.commands.opening import actor, opened
from yishu.flow import decisions
from yishu.flow.decisions import Because

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
