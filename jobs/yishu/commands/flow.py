"""`yishu run`: everything that waits, through to gold, in this process; `yishu pull`: extracts from departments' databases."""

from __future__ import annotations

import click

from yishu.commands.opening import logs_to_stderr, opened, say_json
from yishu.errors import YishuError
from yishu.flow import pipeline
from yishu.flow import pull as pulling


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


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--period", help="As landing's folders are named; where not given, the last one that has ended.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def pull(datasets: tuple[str, ...], period: str | None, as_json: bool) -> int:
    """Take the extracts of DATASETS (all that are pulled if none) from their departments' databases into landing.

    A second pull of a period restates it. `yishu run` takes them from there on.
    """
    logs_to_stderr()
    rows: list[dict[str, str | None]] = []
    errors: list[YishuError] = []
    with opened() as o:
        for name in datasets or [d.name for d in o.lake.project.datasets.values() if d.supply.pull]:
            try:
                span = period or pulling.period_now(o.lake, name)
                file = pulling.pull(o.lake, name, span)
            except YishuError as error:
                errors.append(error)
                continue
            rows.append({"dataset": name, "period": span, "file": file})
    if as_json:
        say_json({"pulled": rows, "errors": [str(kept) for kept in errors]})
    else:
        for row in rows:
            click.echo(f"{row['dataset']} {row['period']}: {row['file'] or 'no rows, nothing written'}")
    for kept in errors:
        click.secho(str(kept), fg="red", err=True)
    return max((kept.exit_code for kept in errors), default=0)
