"""`make run`: sample extracts, server and Airflow; then watch the DAGs move everything to gold, and say where to look."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import click

from yishu.errors import MachineError
from yishu.flow import pipeline
from yishu.flow.metastore import make_known
from yishu.lake import server
from yishu.lake.drop_zone import drop_zone
from yishu.lake.lake import Lake, open_lake
from yishu.lake.session import sessions
from yishu.local_store import start_store
from yishu.rest import dag_runs_state, import_errors
from yishu.settings import Settings
from yishu.stack import airflow_status, start_airflow

POLL_SECONDS = 5.0


def bring_up(settings: Settings, rows: int, minutes: float) -> int:
    """Start what does not run yet, watch until nothing waits, print what arrived; the stack stays up.

    Args:
        settings: places, sizes, ports.
        rows: size of the sample province that is written if landing is empty; 0: none.
        minutes: how long to watch.

    Returns:
        The exit code: 0 all arrived, 1 something was held, rejected or failed, 3 time ran out.
    """
    lake = open_lake(settings)
    if start_store(settings, lake.project):
        click.echo(f"the store of this home runs at {settings.s3.endpoint if settings.s3 else ''}")
    if rows and not lake.ledger.deliveries() and not any(files for files in drop_zone(lake).folders(None)):
        _write_sample(lake, rows)
    click.echo("starting the local server …")
    running = server.start(settings)
    with sessions(settings) as open_spark:
        make_known(lake, open_spark)
    click.echo("starting Airflow …")
    start_airflow(settings)
    done = _watch(lake, time.monotonic() + minutes * 60)
    _summary(lake)
    click.echo(f"\nAirflow    {airflow_status(settings).url}\nJDBC       {running.jdbc}\nConnect    {running.connect}")
    click.echo(f"receipts   {lake.root('receipts')}\ncatalog    {lake.catalog / 'index.html'}\nmake down stops it all")
    return done


def _write_sample(lake: Lake, rows: int) -> None:
    from yishu.sample.hand_in import hand_in_sample

    click.echo("writing the departments' sample extracts …")
    truth = hand_in_sample(lake, None, rows=rows, seed=1, dirt=0.01)
    click.echo(f"{len(truth.deliveries)} deliveries, {sum(d.rows for d in truth.deliveries)} rows in {lake.root('landing')}")


@dataclass(frozen=True)
class _Moment:
    """How far things are: deliveries by state, DAG runs that are going, databases whose runs failed, databases with work."""

    deliveries: Counter[str]
    going: int
    failed: tuple[str, ...]
    pending: tuple[str, ...]
    """Looked for only where nothing is going: it costs a second of the time that the DAGs need."""

    @property
    def at_rest(self) -> bool:
        return not self.pending and not self.going

    def __str__(self) -> str:
        states = ", ".join(f"{n} {state}" for state, n in sorted(self.deliveries.items()))
        return f"deliveries: {states or 'none yet'}; DAG runs going: {self.going}"


def _look(lake: Lake) -> _Moment:
    runs = [r for r in dag_runs_state(lake.settings) if r.dag in lake.project.databases]
    deliveries = Counter(str(d.state) for d in lake.ledger.deliveries())
    failed = tuple(r.dag for r in runs if r.state == "failed")
    going = sum(1 for r in runs if r.state in ("running", "queued"))
    return _Moment(deliveries, going, failed, () if going else tuple(pipeline.pending(lake)))


def _watch(lake: Lake, end: float) -> int:
    """Follow the DAGs until nothing waits, twice in a row."""
    calm = 0
    with _progress() as tell:
        while time.monotonic() < end:
            errors = import_errors(lake.settings)
            if errors:
                raise MachineError(f"Airflow could not read {', '.join(errors)}", code="dags", remedy="yishu check, yishu render")
            now = _look(lake)
            tell(str(now))
            calm = calm + 1 if now.at_rest else 0
            stuck = bool(now.failed) and not now.going
            if calm == 2 or stuck:
                broken = stuck or {"held", "rejected"} & now.deliveries.keys()
                return 1 if broken else 0
            time.sleep(POLL_SECONDS)
    click.secho("time is up; the stack goes on working: yishu status", fg="yellow")
    return 3


class _progress:
    """A moving line on a terminal, a plain line per change elsewhere."""

    def __enter__(self) -> Callable[[str], None]:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        console = Console()
        self._last, self._live = "", None
        if console.is_terminal:
            self._live = Live(Spinner("dots", "…"), console=console, transient=True)
            self._live.start()

        def tell(text: str) -> None:
            if self._live is not None:
                self._live.update(Spinner("dots", text))
            elif text != self._last:
                click.echo(text)
            self._last = text

        return tell

    def __exit__(self, *exc: object) -> None:
        if self._live is not None:
            self._live.stop()


def _summary(lake: Lake) -> None:
    """Per database: what was received, loaded and set aside, and how many gold tables stand."""
    from rich.console import Console
    from rich.table import Table

    table = Table("database", "", box=None)
    for name in ("deliveries", "received", "loaded", "duplicates", "quarantined", "rejected", "gold tables"):
        table.add_column(name, justify="right")
    noted = [t.name for t in lake.ledger.tables()]
    deliveries = lake.ledger.deliveries()
    for database in lake.project.databases.values():
        names = {d.name for d in lake.project.datasets.values() if d.database == database.name}
        mine = [d.balance for d in deliveries if d.dataset in names and d.state != "superseded"]
        sums = [sum(getattr(b, part) for b in mine) for part in ("received", "loaded", "duplicates", "quarantined", "rejected")]
        gold = sum(1 for t in noted if t.startswith(f"{database.name}."))
        table.add_row(database.name, database.title, str(len(mine)), *map(str, sums), str(gold))
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    for delivery in deliveries:
        if delivery.state in ("held", "rejected"):
            click.echo(f"{delivery.state} {delivery.dataset} {delivery.period} {delivery.id}: {delivery.reason}")
