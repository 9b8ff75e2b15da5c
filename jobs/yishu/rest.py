"""Airflow's REST interface, as far as the local stack asks it: runs, pools, health and what it could not read."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

from pydantic import JsonValue

from yishu.errors import MachineError, UsageError
from yishu.settings import LOOPBACK, Settings

WAITS = (1.0, 2.0, 4.0)
"""Seconds between tries."""


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG; times as Airflow writes them, empty where it has not come so far."""

    dag: str
    run: str
    state: str
    started: str
    ended: str


def trigger(settings: Settings, database: str) -> str:
    """Start a run of a database's DAG now; gives the run's id.

    Raises:
        UsageError: there is no such DAG.
        MachineError: Airflow does not answer.
    """
    # should a failed try have started one after all: a second run finds nothing to do
    answer = _patiently(settings, "POST", f"/api/v2/dags/{database}/dagRuns", {"logical_date": None})
    return str(answer["dag_run_id"])


def dag_runs_state(settings: Settings) -> list[DagRun]:
    """The newest run of each DAG, by DAG."""
    answer = _call(settings, "GET", "/api/v2/dags/~/dagRuns?order_by=-run_after&limit=100")
    rows = answer["dag_runs"]
    assert isinstance(rows, list)
    newest: dict[str, DagRun] = {}
    for row in rows:
        assert isinstance(row, dict)
        run = DagRun(*(str(row[key] or "") for key in ("dag_id", "dag_run_id", "state", "start_date", "end_date")))
        newest.setdefault(run.dag, run)
    return [newest[name] for name in sorted(newest)]


def import_errors(settings: Settings) -> dict[str, str]:
    """What Airflow could not read, by file: the same as its banner."""
    rows = _call(settings, "GET", "/api/v2/importErrors?limit=100")["import_errors"]
    assert isinstance(rows, list)
    return {str(row["filename"]): str(row["stack_trace"]) for row in rows if isinstance(row, dict)}


def pools(settings: Settings) -> dict[str, int]:
    """The pools that the DAGs ask for: one writer per table, and one for the catalog's shared pages."""
    manifest = json.loads((settings.project / "dags" / "manifest.json").read_text(encoding="utf-8"))
    steps = [step for database in manifest["databases"] for step in (*database["datasets"], *database["marts"])]
    return dict.fromkeys(sorted({"write_catalog", *(step["pool"] for step in steps)}), 1)


def import_pools(settings: Settings) -> None:
    """Make Airflow's pools those that the manifest asks for; pools that are no longer asked for stay."""
    wanted = pools(settings)
    rows: list[JsonValue] = [{"name": name, "slots": slots, "include_deferred": True} for name, slots in wanted.items()]
    actions: list[JsonValue] = [{"action": "create", "entities": rows, "action_on_existence": "overwrite"}]
    failed = _patiently(settings, "PATCH", "/api/v2/pools", {"actions": actions}).get("create")
    if isinstance(failed, dict) and failed.get("errors"):
        log = settings.home / "logs" / "airflow-api-server.log"
        raise MachineError(f"Airflow refused pools: {failed['errors']}", code="airflow", remedy=f"read the end of {log}")


def _patiently(settings: Settings, method: str, path: str, body: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A call that may be repeated, for Airflow fails one while a task starts, where its database is SQLite.

    Its API server writes the log of a call on the event loop; the task's transaction, which holds the database, needs that loop
    to end. Both stand still until SQLite gives up, after five seconds: a longer timeout makes it worse.
    """
    for wait in WAITS:
        try:
            return _call(settings, method, path, body)
        except MachineError as error:
            if not isinstance(error.__cause__, urllib.error.HTTPError):
                raise  # nobody is there: that is said at once
            time.sleep(wait)
    return _call(settings, method, path, body)


def _call(settings: Settings, method: str, path: str, body: dict[str, JsonValue] | None = None) -> dict[str, JsonValue]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url(settings) + path, method=method, data=data)
    request.add_header("Content-Type", "application/json")
    try:
        request.add_header("Authorization", f"Bearer {_token(settings)}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace")[:300]
        what = f"Airflow refused {method} {path}: {error.code} {said}"
        if error.code >= 500:
            log = settings.home / "logs" / "airflow-api-server.log"
            raise MachineError(what, code="airflow", remedy=f"run again; if it stays so, read the end of {log}") from error
        raise UsageError(what, code="airflow") from error
    except OSError as error:
        what = f"Airflow does not answer at {url(settings)}: {error}"
        raise MachineError(what, code="airflow", remedy="make run starts it") from error
    assert isinstance(found, dict)
    return found


def _token(settings: Settings) -> str:
    """A token of the admin: free where all are admins, else for the password that Airflow made up at its first start."""
    request = urllib.request.Request(f"{url(settings)}/auth/token")
    if not loopback(settings):
        file = settings.home / "airflow" / "simple_auth_manager_passwords.json.generated"
        known = json.loads(file.read_text())
        request.data = json.dumps({"username": "admin", "password": known["admin"]}).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["access_token"])


def healthy(settings: Settings) -> bool:
    """True where every part that these settings ask for says that it is well."""
    try:
        with urllib.request.urlopen(f"{url(settings)}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except (OSError, ValueError):
        return False
    parts = ["metadatabase", "scheduler", "dag_processor", *(["triggerer"] if settings.airflow.arrival_seconds else [])]
    return all((health.get(part) or {}).get("status") == "healthy" for part in parts)


def url(settings: Settings) -> str:
    """Where Airflow is looked at from this machine."""
    bind = settings.airflow.bind
    return f"http://{'127.0.0.1' if bind in ('0.0.0.0', '::') else bind}:{settings.airflow.port}"


def loopback(settings: Settings) -> bool:
    """True where Airflow listens to this machine alone."""
    return settings.airflow.bind in LOOPBACK
