"""`yishu run` and a real Airflow scheduler, given the same landing files, leave the same tables and the same ledger."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from deltalake import DeltaTable

from processes import living
from small_lake import CHECKOUT, MODES, SmallLake, free_ports, open_small_lake, small_project
from test_command_line import environment
from yishu import rest, stack
from yishu.contract.load import load_project
from yishu.derive.render import write
from yishu.errors import UsageError
from yishu.flow import pipeline
from yishu.settings import Settings

JAN, FEB = "2025-01", "2025-02"
LAYERS = ("bronze", "silver", "quarantine", "gold")
EXPECTED = {
    *(f"{layer}/{name}" for layer in ("bronze", "silver") for name in MODES), *(f"gold/toy/{name}" for name in MODES),
    "quarantine/fact", "quarantine/firm", "gold/toy/total", "gold/toy/firms",
}  # fmt: skip


def at(day: int) -> str:
    return f"2025-01-{day:02d} 08:00:00"


@dataclass(frozen=True)
class Doors:
    """Two homes of one project: the one that `yishu run` filled, and the one that Airflow did, still running."""

    by_run: SmallLake
    by_airflow: SmallLake
    settings: Settings
    run: str

    def select(self, query: str) -> list[tuple]:
        """Rows of Airflow's own database."""
        file = self.settings.home / "airflow" / "airflow.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()


def hand_in(small: SmallLake) -> None:
    """Every fate that a delivery can have: accepted, superseded, held, rejected, unchanged; and two snapshots."""
    fact = [("a", "1.50", "R", at(1)), ("b", " 2 ", "Ｇ", at(1)), ("c", "x", "B", at(1)), ("a", "1.5", "R", at(1))]
    small.drop("fact", JAN, fact)
    small.drop("fact", JAN, fact, name="again.csv")
    small.drop("fact", FEB, [("d", 1, "R", at(2)), ("e", "x", "R", at(2)), ("f", "y", "R", at(2))])
    small.drop("firm", JAN, [("a", 1, "R", at(1)), ("b", 2, "G", at(1))])
    small.drop("firm", JAN, [("a", 5, "R", at(1)), ("c", 6, "B", at(1)), ("d", 6, "Z", at(1))], name="corrected.csv")
    small.drop("person", JAN, [("a", 3, "R", at(3)), ("a", 1, "R", at(1)), ("b", 1, "R", at(1))])
    small.drop("school", JAN, [("a", 1, "R", at(1)), ("b", 1, "R", at(1))])
    small.drop("school", FEB, [("b", 2, "R", at(1)), ("c", 1, "R", at(1))])
    small.put("person", FEB, b"", "empty.csv")


@pytest.fixture(scope="module")
def doors(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    root = tmp_path_factory.mktemp("doors")
    project = small_project(root / "project")
    write(load_project(project))
    for file in (CHECKOUT / "dags").glob("*.py"):
        shutil.copy(file, project / "dags")
    first = open_small_lake(server, root / "run", project=project)
    second = open_small_lake(server, root / "airflow", project=project)
    hand_in(first)
    shutil.copytree(first.lake.settings.landing, second.lake.settings.landing, dirs_exist_ok=True)
    (port,) = free_ports(1)
    own = second.lake.settings
    settings = own.model_copy(update={"airflow": own.airflow.model_copy(update={"port": port})})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "yishu", "run"], env=environment(first.lake.settings), cwd=root, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stderr  # something was held
        stack.start_airflow(settings)
        run = _trigger(settings)
        _await(lambda: _finished(second, settings, run))
        yield Doors(first, second, settings, run)
    finally:
        stack.stop_airflow(settings)
        first.close()
        second.close()


def _trigger(settings: Settings) -> str:
    """Airflow is well before it has read the first DAG file."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        with contextlib.suppress(UsageError):
            return rest.trigger(settings, "toy")
        time.sleep(1)
    pytest.fail(f"no DAG toy: {rest.import_errors(settings)}")


def _finished(small: SmallLake, settings: Settings, run: str) -> bool:
    """Our run, and every other that reconcile may have woken, is over, and no work is left."""
    file = settings.home / "airflow" / "airflow.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
        runs = dict(database.execute("SELECT run_id, state FROM dag_run WHERE dag_id = 'toy'").fetchall())
    assert "failed" not in runs.values(), runs
    return run in runs and set(runs.values()) == {"success"} and pipeline.pending(small.lake) == []


def _await(reached, seconds: float = 400) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, f"not after {seconds} s"
        time.sleep(1)


def tables(small: SmallLake) -> dict[str, tuple[list[str], list[str]]]:
    """Every Delta table of the four layers: its columns with their types, and its rows in an order of their own."""
    home, found = small.lake.settings.home, {}
    for layer in LAYERS:
        for log in (home / layer).glob("**/_delta_log"):
            data = DeltaTable(log.parent).to_pyarrow_dataset().to_table()
            columns = sorted(f"{f.name}: {f.type}" for f in data.schema)
            rows = sorted(str(sorted(row.items())) for row in data.to_pylist())
            found[str(log.parent.relative_to(home))] = (columns, rows)
    return found


def test_the_tables_are_the_same(doors: Doors) -> None:
    by_run, by_airflow = tables(doors.by_run), tables(doors.by_airflow)
    assert set(by_run) == set(by_airflow) == EXPECTED
    assert all(rows for _, rows in by_run.values())
    for name in sorted(EXPECTED):
        assert by_airflow[name] == by_run[name], name


def test_the_ledgers_tell_the_same(doors: Doors) -> None:
    by_run, by_airflow = (
        {d.id: (d.dataset, d.period, d.state, d.generation, d.balance, d.reason, d.supersedes, d.receipt)
         for d in small.lake.ledger.deliveries()}
        for small in (doors.by_run, doors.by_airflow)
    )  # fmt: skip
    assert by_airflow == by_run
    states = [told[2] for told in by_run.values()]
    assert sorted(states) == sorted(["accepted"] * 5 + ["superseded", "held", "rejected", "unchanged"])
    for small in (doors.by_run, doors.by_airflow):
        assert all((small.lake.settings.home / told[7] / "receipt.json").is_file() for told in by_run.values())
    rules = [{id: small.lake.ledger.rules(id) for id in by_run} for small in (doors.by_run, doors.by_airflow)]
    assert rules[0] == rules[1]


def test_there_is_a_pool_for_the_one_writer_of_each_table(doors: Doors) -> None:
    slots = dict(doors.select("SELECT pool, slots FROM slot_pool"))
    writers = dict(doors.select("SELECT DISTINCT task_id, pool FROM task_instance WHERE dag_id = 'toy'"))
    assert {writers[f"{name}.refine"] for name in MODES} == {f"write_silver_{name}" for name in MODES}
    own = {pool for task, pool in writers.items() if not task.endswith(".receive") and task != "look"}
    assert len(own) == len(MODES) + 3, "four datasets, two marts and the catalogue: each has a pool of its own"
    assert {slots.get(pool) for pool in own} == {1}


def test_every_task_explains_itself_and_says_where_receipts_lie(doors: Doors) -> None:
    tasks = rest._call(doors.settings, "GET", "/api/v2/dags/toy/tasks")["tasks"]
    assert isinstance(tasks, list)
    docs = {str(t["task_id"]): str(t["doc_md"] or "") for t in tasks if isinstance(t, dict)}
    assert len(docs) == 2 * len(MODES) + 4
    assert [task for task, doc in docs.items() if not doc.strip()] == []
    hints = {task for task, doc in docs.items() if "yishu receipt" in doc and "receipts/<department>/" in doc}
    assert hints == {f"{name}.{step}" for name in MODES for step in ("receive", "refine")}


def test_a_task_leaves_its_deliveries_and_their_receipts_behind(doors: Doors) -> None:
    runs = [row[0] for row in doors.select("SELECT run_id FROM dag_run WHERE dag_id = 'toy'")]
    found = {}
    for run in runs:
        path = f"/api/v2/dags/toy/dagRuns/{run.replace('+', '%2B')}/taskInstances/fact.refine/xcomEntries/return_value"
        with contextlib.suppress(UsageError):  # a run that found nothing was skipped and left nothing
            value = rest._call(doors.settings, "GET", f"{path}?deserialize=true")["value"]
            assert isinstance(value, list)
            found |= {str(row["delivery"]): row for row in value if isinstance(row, dict)}
    assert {row["state"] for row in found.values()} == {"accepted", "held"}
    home = Path(doors.settings.home)
    assert all((home / str(row["receipt"]) / "receipt.xlsx").is_file() for row in found.values())


def test_stopping_leaves_no_process(doors: Doors) -> None:
    sessions = set(stack.airflow_status(doors.settings).pids.values())
    assert len(sessions) == len(stack.PARTS)
    assert stack.stop_airflow(doors.settings) is True
    assert living(sessions) == []
