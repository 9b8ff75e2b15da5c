"""A real scheduler on a small manifest: order, retries, skips, asset wake-ups, the banner, one GX import; and the stack's ends.

The flow is a stub on a real ledger (`airflow_stub/`), so that what is seen here is Airflow's part and ours of it alone.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from processes import listening, living

CHECKOUT = Path(__file__).parents[2]
STUB = Path(__file__).parent / "airflow_stub"
DO = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from yishu import stack
from yishu.settings import load_settings
settings, verb = load_settings(), sys.argv[1]
if verb == "runs":
    out = {run.dag: run.state for run in stack.dag_runs_state(settings)}
elif verb == "errors":
    out = stack.import_errors(settings)
elif verb == "trigger":
    out = stack.trigger(settings, sys.argv[2])
elif verb == "stop":
    out = stack.stop_airflow(settings)
else:
    out = asdict({"start": stack.start_airflow, "status": stack.airflow_status}[verb](settings))
print(json.dumps(out))
"""


@dataclass(frozen=True)
class Stack:
    """The stack of a scratch checkout, spoken to from a process that sees the scratch package."""

    home: Path
    project: Path
    env: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", DO, *words], env=self.env, capture_output=True, text=True, check=False)

    def do(self, *words: str) -> object:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def tasks(self, dag: str) -> dict[str, set[tuple[str, int]]]:
        """State and tries of every task, over all runs."""
        found: dict[str, set[tuple[str, int]]] = {}
        for task, state, tries in self.select("SELECT task_id, state, try_number FROM task_instance WHERE dag_id = ?", dag):
            found.setdefault(task, set()).add((state, tries))
        return found

    def select(self, query: str, *values: str) -> list[tuple]:
        """Rows of Airflow's own database."""
        with closing(sqlite3.connect(f"file:{self.home / 'airflow' / 'airflow.db'}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query, values).fetchall()

    def land(self, dataset: str, name: str, text: str) -> None:
        (self.home / "landing" / dataset).mkdir(parents=True, exist_ok=True)
        (self.home / "landing" / dataset / name).write_text(text)

    def until(self, reached: Callable[[], bool], seconds: float = 240) -> None:
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, {dag: self.tasks(dag) for dag in ("alpha", "beta", "reconcile")}
            time.sleep(1)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    root = tmp_path_factory.mktemp("stack")
    project, home = root / "project", root / "home"
    shutil.copytree(CHECKOUT / "jobs" / "yishu", project / "jobs" / "yishu", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pipeline.py", "work.py"):
        shutil.copy(STUB / name, project / "jobs" / "yishu" / "flow" / name)
    for name in ("conf", "schemas", "dags", "jobs/gold", "catalog/templates"):
        shutil.copytree(CHECKOUT / name, project / name)
    shutil.copy(STUB / "manifest.json", project / "dags" / "manifest.json")
    # broken from the start: everything below has to work beside it
    next((project / "schemas").rglob("database.yaml")).with_name("broken.yaml").write_text("kind: nonsense\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    ours = {"YISHU_HOME": str(home), "YISHU_PROJECT": str(project), "YISHU_AIRFLOW_PORT": port}
    env = {k: v for k, v in os.environ.items() if not k.startswith(("YISHU", "AIRFLOW"))}
    made = Stack(home, project, env | ours | {"PYTHONPATH": str(project / "jobs")})
    made.land("ents", "a.csv", "once")
    made.land("lics", "a.csv", "good")
    made.land("persons", "a.csv", "good")
    try:
        yield made
    finally:
        made.run("stop")


def test_a_taken_port_gives_one_sentence_and_starts_nothing(stack: Stack) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(stack.env["YISHU_AIRFLOW_PORT"])))
        stranger.listen()
        done = stack.run("start")
    assert done.stderr.splitlines()[-1].startswith("yishu.errors.UsageError: Airflow cannot have 127.0.0.1:")
    assert "YISHU_AIRFLOW_PORT" in done.stderr
    assert not (stack.home / "logs").exists()


def test_what_has_landed_goes_through_both_databases(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    status = stack.do("start")
    up = time.monotonic() - started
    assert isinstance(status, dict) and status["healthy"]
    stack.until(lambda: _succeeded(stack, "alpha") and _succeeded(stack, "beta"))
    with capsys.disabled():
        print(f"\nairflow: up in {up:.0f} s, both databases done after {time.monotonic() - started:.0f} s")
    assert (stack.home / "published-alpha").exists() and (stack.home / "published-beta").exists()


def test_a_transient_error_is_tried_again(stack: Stack) -> None:
    assert ("success", 2) in stack.tasks("alpha")["ents.refine"]


def test_gx_is_imported_before_the_fork_and_delta_works_after_it(stack: Stack) -> None:
    rows = [line.split() for line in (stack.home / "imports.txt").read_text().splitlines()]
    assert {row[0] for row in rows} == {"True"}
    assert max(float(row[1]) for row in rows) < 0.1
    assert {row[2] for row in rows} == {"2"}


def test_airflow_listens_on_loopback_alone(stack: Stack) -> None:
    status = stack.do("status")
    assert isinstance(status, dict)
    assert listening(status["pids"].values()) == {("127.0.0.1", int(stack.env["YISHU_AIRFLOW_PORT"]))}


def test_a_second_start_leaves_what_runs_alone(stack: Stack) -> None:
    before = stack.do("status")
    assert stack.do("start") == before


def test_nothing_new_is_skipped_and_wakes_nobody(stack: Stack) -> None:
    for _ in ("may still build what the other database brought last", "finds nothing"):
        run = stack.do("trigger", "alpha")
        stack.until(lambda: stack.select("SELECT state FROM dag_run WHERE run_id = ?", str(run)) == [("success",)])  # noqa: B023
        tasks = dict(stack.select("SELECT task_id, state FROM task_instance WHERE run_id = ?", str(run)))
        assert tasks.pop("look") == "success"
        if set(tasks.values()) == {"skipped"}:
            break
    assert set(tasks.values()) == {"skipped"}
    ran = stack.select("SELECT count(*) FROM task_instance WHERE run_id = ? AND pid IS NOT NULL", str(run))
    assert ran == [(1,)], "what there is nothing to do for takes no process"
    assert stack.select("SELECT asset_id FROM asset_event WHERE source_run_id = ?", str(run)) == []


def test_a_terminal_error_is_not_tried_again_and_stands_in_the_audit(stack: Stack) -> None:
    stack.land("persons", "b.csv", "never")
    stack.do("trigger", "beta")
    stack.until(lambda: any(state == "failed" for state, _ in stack.tasks("beta").get("persons.refine", set())))
    assert ("failed", 1) in stack.tasks("beta")["persons.refine"]
    with closing(sqlite3.connect(stack.home / "ledger.db", timeout=30)) as ledger:
        rows = ledger.execute("SELECT subject, detail FROM audit WHERE action = 'task-failed'").fetchall()
    assert [(subject, "it does not balance" in detail) for subject, detail in rows][:1] == [("beta.persons.refine", True)]


def test_a_broken_contract_stands_in_the_banner_and_hides_no_dag(stack: Stack) -> None:
    stack.until(lambda: bool(stack.select("SELECT filename FROM import_error")), seconds=150)
    errors = stack.do("errors")
    assert isinstance(errors, dict) and list(errors) == ["broken_contracts.py"]
    assert "broken.yaml:1" in errors["broken_contracts.py"]
    runs = stack.do("runs")
    assert isinstance(runs, dict) and {"alpha", "beta", "reconcile"} <= set(runs)


def test_stopping_leaves_no_process(stack: Stack) -> None:
    status = stack.do("status")
    assert isinstance(status, dict)
    sessions = set(status["pids"].values())
    assert stack.do("stop") is True
    assert living(sessions) == []
    assert stack.do("stop") is False


def _succeeded(stack: Stack, dag: str) -> bool:
    """Every dataset of the DAG was refined and every mart built, in one run or another, and the newest run is well."""
    steps = [states for name, states in stack.tasks(dag).items() if name.startswith("gold.") or name.endswith(".refine")]
    reached = bool(steps) and all("success" in {state for state, _ in states} for states in steps)
    newest = stack.select("SELECT state FROM dag_run WHERE dag_id = ? ORDER BY run_after DESC LIMIT 1", dag)
    return reached and newest == [("success",)]
