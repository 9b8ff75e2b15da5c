"""Contracts at the command line: `yishu check`, `render`, `contract new`, `catalog build`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yishu.commands.evolve import change_json, tell_changes
from yishu.commands.opening import opened, say_json
from yishu.contract.check import check as find_errors
from yishu.contract.load import load_project, read_project
from yishu.settings import Settings, load_settings

if TYPE_CHECKING:
    from yishu.contract.model import Project
    from yishu.derive.change import Change


@click.command()
@click.option("--against", help="A folder or a git revision: what changed since, and whether it is safe.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def check(against: str | None, as_json: bool) -> int:
    """Check every contract; each error says file, line and remedy.

    Where there is a lake, or with --against, also what changed: safe, in need of a restatement, or breaking (exit code 1).
    """
    settings = load_settings()
    project, broken = read_project(settings.project)
    errors = [*broken, *find_errors(project)]
    changed = [] if errors else _changes(settings, project, against)
    if as_json:
        say_json({"errors": [
            {"code": e.code, "file": str(e.place.file) if e.place else None, "line": e.place.line if e.place else None,
             "what": e.what, "expected": e.expected, "remedy": e.remedy} for e in errors
        ]} | ({"changes": [change_json(c) for c in changed]} if changed or against else {}))  # fmt: skip
    else:
        for error in errors:
            click.secho(str(error), fg="red")
        found = f"{len(project.databases)} databases, {len(project.datasets)} datasets, {len(project.marts)} marts"
        click.echo(f"{found}: {len(errors)} errors" if errors else f"{found}: all good")
        tell_changes(changed)
    return 2 if errors else int(any(c.verdict == "breaking" for c in changed))


def _changes(settings: Settings, project: Project, against: str | None) -> Sequence[Change]:
    """What changed since a revision or, where none is given, since the lake's tables were written; nothing without a lake."""
    if against is not None:
        from yishu.contract.revision import project_at
        from yishu.derive.evolution import project_changes

        with project_at(settings.project, against) as before:
            return project_changes(before, project)
    if not settings.ledger and not (settings.home / "ledger.db").is_file():
        return ()
    from yishu.flow.agreed import lake_changes
    from yishu.lake.lake import open_lake

    lake = open_lake(settings, project=project)
    with closing(lake.ledger):
        return lake_changes(lake)


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if a rendered file is not up to date.")
def render(only_check: bool) -> int:
    """Write expectations/, dags/manifest.json, catalog/entries/ and the README's table of databases from the contracts."""
    from yishu.derive.render import stale, write

    project = load_project(load_settings().project)
    if only_check:
        found = stale(project)
        for item in found:
            click.secho(f"{item.path}: {item.why} — run yishu render", fg="red")
        if not found:
            click.echo("all rendered files are up to date")
        return 2 if found else 0
    changed = write(project)
    click.echo(f"{len(changed)} files changed")
    return 0


@click.group()
def contract() -> None:
    """Contracts: a first one from a sample file."""


@contract.command()
@click.argument("sample", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="The dataset's name (letters, digits, _); the file's name where not given.")
@click.option("--database", default="FILL_IN_DATABASE", help="The database that it belongs to.")
@click.option("--supplier", default="FILL_IN_SUPPLIER", help="The supplying department's id.")
@click.option("--title", default="", help="The Chinese name.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of to standard output.")
def new(sample: Path, name: str | None, database: str, supplier: str, title: str, out: Path | None) -> None:
    """Draft a contract from the SAMPLE file (csv, xlsx, jsonl, parquet)."""
    from yishu.contract.draft import draft

    elements = read_project(load_settings().project)[0].elements
    text = draft(sample, name or sample.stem, database=database, supplier=supplier, title=title, elements=elements)
    if out is None:
        click.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"{out}: fill in the names marked FILL_IN, then yishu check")


@click.group()
def catalog() -> None:
    """The catalog: entries and pages of every dataset and mart."""


@catalog.command()
def build() -> None:
    """Build the catalog now, from contracts and the last runs."""
    from yishu.flow import pipeline

    with opened() as o:
        pipeline.publish(o.lake, *sorted(o.lake.project.databases))
        click.echo(o.lake.catalog / "index.html")
