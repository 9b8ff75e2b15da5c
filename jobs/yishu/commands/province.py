"""`yishu sample`: realistic extracts of every department, with planted dirt and the truth about it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from yishu.contract.load import load_project
from yishu.lake.lake import open_lake
from yishu.lake.places import root
from yishu.settings import load_settings


@click.command()
@click.argument("datasets", nargs=-1)
@click.option("--rows", default=2000, show_default=True, help="Rows of the largest datasets; the others scale with it.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option("--dirt", default=0.01, show_default=True, help="Share of rows with one planted fault.")
@click.option("--landing", type=click.Path(file_okay=False, path_type=Path), help="Write there instead of YISHU_HOME/landing.")
def sample(datasets: tuple[str, ...], rows: int, seed: int, dirt: float, landing: Path | None) -> None:
    """Write extracts of DATASETS (all if none) in the forms in which their departments send them.

    Rows grow with --rows to what there is of a thing in a province (counties, homes, papers), and in an Excel file to what its
    sheet holds: of a list that would have more than 1,048,576 rows (.xls: 65,536), so many come, evenly chosen. As many processes
    write as there are cores; a million --rows take about 1 GB of memory, and 2 GB more in each process.
    """
    from yishu.sample.hand_in import hand_in_sample
    from yishu.sample.write import write_sample

    settings, chosen, cores = load_settings(), list(datasets) or None, len(os.sched_getaffinity(0))
    project = load_project(settings.project)
    if landing is None:
        lake = open_lake(settings, project=project)
        truth = hand_in_sample(lake, chosen, rows=rows, seed=seed, dirt=dirt, processes=cores)
        lake.ledger.close()
    else:
        truth = write_sample(
            project, landing, datasets=chosen, rows=rows, seed=seed, dirt=dirt, truth=settings.home / "truth.json", processes=cores
        )
    total, bad = sum(d.rows for d in truth.deliveries), sum(len(d.bad) for d in truth.deliveries)
    click.echo(f"{len(truth.deliveries)} deliveries, {total} rows, {bad} planted faults: {landing or root(settings, 'landing')}")
    click.echo(f"what was planted: {settings.home / 'truth.json'}")
