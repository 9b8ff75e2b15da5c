"""`yishu run`: everything that waits, through to gold, in this process."""

from __future__ import annotations

import click

from yishu.commands.opening import logs_to_stderr, opened, say_json
from yishu.flow import pipeline


@click.command()
@click.argument("targets", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def run(targets: tuple[str, ...], as_json: bool) -> int:
    """Take what waits in TARGETS (databases or datasets; all if none) through to gold."""
    logs_to_stderr()
    with opened() as o:
        report = pipeline.run(o.lake, o.open_spark, targets)
    states = [d.state for d in report.settled]
    summary = f"{len(states)} deliveries settled ({states.count('held')} held), {len(report.built)} marts built"
    if as_json:
        settled = [{"id": d.id, "dataset": d.dataset, "period": d.period, "state": d.state, "reason": d.reason} for d in report.settled]
        say_json({"settled": settled, "built": report.built, "errors": [str(e) for e in report.errors]})
    else:
        click.echo(summary)
    for error in report.errors:
        click.secho(str(error), fg="red", err=True)
    worst = max((e.exit_code for e in report.errors), default=0)
    return worst or (1 if {"held", "rejected"} & {*states, *(d.state for d in report.received)} else 0)
