"""What comes into landing wakes its database's DAG through an asset event; with every event lost, reconcile takes it all the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import pytest

from processes import listening
from small_lake import CHECKOUT, SmallLake, free_ports, open_small_lake, small_project
from yishu import rest, stack
from yishu.contract.load import load_project
from yishu.derive.render import write
from yishu.errors import UsageError
from yishu.settings import Settings

ROW = ("a", 1, "R", "2025-01-01 08:00:00")
WITHIN = 60.0
"""Seconds from a file's arrival to the start of its database's run: what is promised."""


@dataclass(frozen=True)
class Watched:
    """An Airflow whose triggerer looks at landing every second, on a lake of its own."""

    small: SmallLake
    settings: Settings

    def select(self, query: str) -> list[tuple]:
        """Rows of Airflow's own database."""
        file = self.settings.home / "airflow" / "airflow.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()

    def runs(self) -> list[tuple]:
        """Of the database's DAG, oldest first: how it was started, and how it ended."""
        return self.select("SELECT run_type, state FROM dag_run WHERE dag_id = 'toy' ORDER BY id")

    def events(self) -> int:
        return self.select("SELECT count(*) FROM asset_event e JOIN asset a ON a.id = e.asset_id WHERE a.name = 'landing.toy'")[0][0]

    def reconciled(self) -> int:
        return self.select("SELECT count(*) FROM dag_run WHERE dag_id = 'reconcile' AND state = 'success'")[0][0]

    def until(self, reached: Callable[[], bool], seconds: float = 240) -> float:
        started = time.monotonic()
        while not reached():
            assert time.monotonic() < started + seconds, (self.runs(), self.small.states("fact"))
            time.sleep(0.2)
        return time.monotonic() - started


@pytest.fixture(scope="module")
def watched(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    root = tmp_path_factory.mktemp("watched")
    project = small_project(root / "project")
    write(load_project(project))
    shutil.copy(CHECKOUT / "dags" / "databases.py", project / "dags")  # reconcile comes later: first the events alone
    small = open_small_lake(server, root, project=project)
    (port,) = free_ports(1)
    own = small.lake.settings
    settings = own.model_copy(update={"airflow": own.airflow.model_copy(update={"port": port, "arrival_seconds": 1})})
    try:
        stack.start_airflow(settings)
        made = Watched(small, settings)
        made.until(lambda: _known(settings))
        yield made
    finally:
        stack.stop_airflow(settings)
        small.close()


def _known(settings: Settings) -> bool:
    """Airflow is well before it has read the first DAG file."""
    with suppress(UsageError):
        return bool(rest._call(settings, "GET", "/api/v2/dags/toy"))
    return False


def test_a_file_starts_its_databases_run_through_an_asset_event(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    watched.until(lambda: bool(watched.select("SELECT id FROM trigger WHERE triggerer_id IS NOT NULL")))
    watched.small.drop("fact", "2025-01", [ROW])
    waited = watched.until(lambda: bool(watched.runs()), WITHIN)
    with capsys.disabled():
        print(f"\narrival: {waited:.1f} s from a file in landing to its database's run, looking every second")
    watched.until(lambda: watched.runs() == [("asset_triggered", "success")])
    assert watched.small.states("fact") == ["accepted"]
    causes = "FROM dagrun_asset_event d JOIN asset_event e ON e.id = d.event_id JOIN asset a ON a.id = e.asset_id"
    ((name, extra),) = watched.select(f"SELECT a.name, e.extra {causes}")
    assert name == "landing.toy" and json.loads(extra)["payload"] == {"fact": 1}


def test_what_waits_for_its_contract_fires_once_when_that_is_mended(watched: Watched) -> None:
    contract = watched.settings.project / "schemas" / "basic" / "toy" / "person.yaml"
    whole = contract.read_text(encoding="utf-8")
    contract.write_text("kind: nonsense\n", encoding="utf-8")
    watched.small.drop("person", "2025-01", [ROW])
    time.sleep(5)  # a handful of looks
    assert watched.events() == 1
    contract.write_text(whole, encoding="utf-8")
    watched.until(lambda: watched.small.states("person") == ["accepted"])
    watched.until(lambda: watched.runs() == [("asset_triggered", "success")] * 2)
    assert watched.events() == 2


def test_the_triggerer_listens_nowhere(watched: Watched) -> None:
    assert listening([stack.airflow_status(watched.settings).pids["triggerer"]]) == set()


def test_reconcile_finds_nothing_left_of_what_the_events_brought(watched: Watched) -> None:
    shutil.copy(CHECKOUT / "dags" / "reconcile.py", watched.settings.project / "dags")
    watched.until(lambda: watched.reconciled() > 0)
    assert watched.events() == 2
    assert watched.runs() == [("asset_triggered", "success")] * 2


def test_with_every_event_lost_reconcile_takes_the_file(watched: Watched) -> None:
    os.kill(stack.airflow_status(watched.settings).pids["triggerer"], signal.SIGKILL)
    watched.small.drop("firm", "2025-01", [ROW])
    watched.until(lambda: watched.small.states("firm") == ["accepted"])
    watched.until(lambda: [state for _, state in watched.runs()] == ["success"] * 3)
    assert [how for how, _ in watched.runs()] == ["asset_triggered", "asset_triggered", "operator_triggered"]
    assert watched.events() == 2


def test_a_stores_own_notification_wakes_too(watched: Watched) -> None:
    ((asset,),) = watched.select("SELECT id FROM asset WHERE name = 'landing.toy'")
    rest._call(watched.settings, "POST", "/api/v2/assets/events", {"asset_id": asset})
    watched.until(lambda: [how for how, _ in watched.runs()][3:] == ["asset_triggered"])


def test_without_events_no_triggerer_is_started(watched: Watched) -> None:
    airflow = watched.settings.airflow.model_copy(update={"arrival_seconds": 0})
    settings = watched.settings.model_copy(update={"airflow": airflow})
    status = stack.start_airflow(settings)
    assert status.healthy and sorted(status.pids) == ["api-server", "dag-processor", "scheduler"]
