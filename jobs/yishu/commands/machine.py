"""The machine: `yishu up`, `down`, `server start/stop/status`, `doctor`, `setup`."""

from __future__ import annotations

from contextlib import closing

import click

from yishu.commands.opening import say_json
from yishu.settings import Settings, load_settings


@click.command()
def setup() -> None:
    """Fetch the jars that Spark needs for Delta; quick when they are there."""
    from yishu.lake.jars import fetch

    click.echo(f"jars: {fetch(load_settings().project / 'conf')}")


@click.group()
def server() -> None:
    """The local server: Spark Connect for jobs, JDBC for BI, one metastore."""


@server.command()
def start() -> None:
    """Start it, if it does not run."""
    from yishu.lake import server as local

    settings = load_settings()
    running = local.start(settings)
    _name_gold(settings)
    click.echo(f"Spark Connect {running.connect}\nJDBC          {running.jdbc}")


def _name_gold(settings: Settings) -> None:
    """A server whose metastore is new is told of the gold tables that stand already."""
    from yishu.flow.metastore import make_known, told

    if told(settings):
        return
    from yishu.contract.load import read_project
    from yishu.lake.lake import open_lake
    from yishu.lake.session import sessions

    lake = open_lake(settings, project=read_project(settings.project)[0])  # a broken contract keeps no server from starting
    with closing(lake.ledger), sessions(settings) as open_spark:
        named = make_known(lake, open_spark)
    if named:
        click.echo(f"{len(named)} gold tables are known by name again")


@server.command()
def stop() -> None:
    """Stop it."""
    from yishu.lake import server as local

    click.echo("stopped" if local.stop(load_settings()) else "it was not running")


@server.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def status(as_json: bool) -> int:
    """Whether it runs, and where."""
    from yishu.lake import server as local

    running = local.status(load_settings())
    if as_json:
        say_json({"running": running is not None, "connect": running.connect if running else None, "jdbc": running.jdbc if running else None})
    else:
        click.echo(f"runs: {running.connect} {running.jdbc}" if running else "does not run; yishu server start")
    return 0 if running else 1


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def doctor(as_json: bool) -> int:
    """What is wrong here, and how to mend it."""
    from yishu.diagnosis import examine

    findings = examine(load_settings())
    if as_json:
        say_json({"findings": [{"what": f.what, "ok": f.ok, "remedy": f.remedy} for f in findings]})
    else:
        for finding in findings:
            mark = click.style("ok  ", fg="green") if finding.ok else click.style("bad ", fg="red")
            click.echo(mark + finding.what + ("" if finding.ok else f" — {finding.remedy}"))
    return 0 if all(f.ok for f in findings) else 2


@click.command()
@click.option("--sample/--no-sample", default=True, help="Write the sample province first, if landing is empty.")
@click.option("--rows", default=2000, show_default=True, help="Rows of the largest sample datasets.")
@click.option("--minutes", default=45, show_default=True, help="Give up watching after so long; the stack stays up.")
def up(sample: bool, rows: int, minutes: int) -> int:
    """Start server and Airflow, let the DAGs move what waits to gold, show how far they are, and say where to look."""
    from yishu.local_stack import bring_up

    return bring_up(load_settings(), rows if sample else 0, minutes)


@click.command()
def down() -> None:
    """Stop Airflow, the server and the store of this home."""
    from yishu.lake import server as local
    from yishu.local_store import stop_store
    from yishu.stack import stop_airflow

    settings = load_settings()
    ended = {"Airflow": stop_airflow(settings), "server": local.stop(settings)}
    if stop_store(settings):
        ended["store"] = True
    click.echo(", ".join(f"{part} {'stopped' if done else 'was not running'}" for part, done in ended.items()))
