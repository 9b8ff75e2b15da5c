"""The local Airflow: its scheduler, DAG processor, API server and triggerer as processes of ours, all its state in `home/airflow`.

No import of airflow here: we speak to it by its command line and its REST interface.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from yishu.errors import MachineError, UsageError
from yishu.processes import alive, await_end, born
from yishu.rest import DagRun, dag_runs_state, healthy, import_errors, import_pools, loopback, pools, trigger, url
from yishu.settings import Settings

__all__ = [
    "AirflowStatus", "DagRun", "airflow_status", "dag_runs_state", "import_errors", "pools", "start_airflow", "stop_airflow",
    "trigger",
]  # fmt: skip

START_SECONDS = 180
PARTS: dict[str, list[str]] = {
    "api-server": ["-m", "airflow", "api-server"],
    "dag-processor": ["-m", "airflow", "dag-processor"],
    # through our own door, for what its workers share by the fork
    "scheduler": ["-c", "from yishu.orchestrate import scheduler; scheduler()"],
    # looks at landing; its log server would listen on every address
    "triggerer": ["-m", "airflow", "triggerer", "--skip-serve-logs"],
}


@dataclass(frozen=True)
class AirflowStatus:
    """What runs: process ids by part, where to look, and whether every part says that it is well."""

    url: str
    pids: dict[str, int]
    healthy: bool


def start_airflow(settings: Settings) -> AirflowStatus:
    """Start Airflow, or what of it does not run, and wait until it is well; the pools are those of the manifest.

    Raises:
        UsageError: the port belongs to another program (nothing is started then).
        MachineError: it did not come up in time; the log's path is named.
    """
    with _lock(settings):
        pids = _pids(settings)
        if "api-server" not in pids:
            _require_free(settings)
        (settings.home / "logs").mkdir(parents=True, exist_ok=True)
        _prepare(settings)
        for part in _wanted(settings) - pids.keys():
            _launch(part, settings)
        _wait(settings)
        import_pools(settings)
        _wait(settings)  # Airflow may have stood still for some seconds
        return airflow_status(settings)


def stop_airflow(settings: Settings, seconds: float = 15) -> bool:
    """End Airflow and the tasks that it runs; True if any of it was running.

    Args:
        seconds: how long its processes may take to end by themselves.
    """
    pids = _pids(settings)
    # triggerer and scheduler first: without them nothing new starts
    for part in sorted(pids, reverse=True):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[part], signal.SIGTERM)
    await_end(pids.values(), seconds)
    # tasks move to process groups of their own, but stay in the session that `_launch` made; what forks meanwhile comes next
    for _ in range(10):
        left = alive(pids.values())
        if not left:
            break
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await_end(pids.values(), 1)
    for part in PARTS:
        _pid_file(part, settings).unlink(missing_ok=True)
    return bool(pids)


def airflow_status(settings: Settings) -> AirflowStatus:
    """What of Airflow runs, without starting anything."""
    pids = _pids(settings)
    return AirflowStatus(url(settings), pids, _wanted(settings) <= pids.keys() and healthy(settings))


def _wanted(settings: Settings) -> set[str]:
    """No task defers: without events of arrivals a triggerer would cost its memory for nothing."""
    return {part for part in PARTS if part != "triggerer" or settings.airflow.arrival_seconds}


def environment(settings: Settings) -> dict[str, str]:
    """Airflow's settings, all by environment: its own file holds nothing but the secrets that it makes up at first."""
    home, address, spark = settings.home / "airflow", settings.airflow, settings.spark
    airflow = {
        "CORE__DAGS_FOLDER": str(settings.project / "dags"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__MP_START_METHOD": "fork",
        "CORE__PARALLELISM": str(settings.run.parallel + 2),
        "CORE__DEFAULT_TIMEZONE": settings.timezone,
        # everyone who reaches the port is its admin: only where none but this machine reaches it
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": str(loopback(settings)),
        "CORE__EXECUTION_API_SERVER_URL": f"{url(settings)}/execution/",
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "API__HOST": address.bind,
        "API__PORT": str(address.port),
        "API__BASE_URL": url(settings),
        "API__WORKERS": "1",
        "DAG_PROCESSOR__PARSING_PROCESSES": "1",
        # an edited contract shows within a minute, and parsing costs the two cores next to nothing
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "LOGGING__BASE_LOG_FOLDER": str(settings.home / "logs" / "tasks"),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    yishu = {
        "HOME": str(settings.home), "PROJECT": str(settings.project), "LEDGER": settings.ledger,
        "SPARK_MODE": spark.mode, "SPARK_REMOTE": spark.remote, "SPARK_MEMORY": spark.memory,
        "CONNECT_PORT": str(spark.connect_port), "JDBC_PORT": str(spark.jdbc_port), "AIRFLOW_PORT": str(address.port),
        "ARRIVAL_SECONDS": str(address.arrival_seconds),
    }  # fmt: skip
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    env = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW") or k.startswith("AIRFLOW_CONN_")}
    # a client that closes its session while an answer is let go logs a warning with a trace: no news to a department
    env |= {"AIRFLOW_HOME": str(home), "GX_ANALYTICS_ENABLED": "False", "SPARK_CONNECT_LOG_LEVEL": "error", "PATH": path}
    env |= {f"AIRFLOW__{k}": v for k, v in airflow.items()}
    return env | {f"YISHU_{k}": v for k, v in yishu.items() if v}


def _prepare(settings: Settings) -> None:
    """Airflow's database, made or brought up to date where this Airflow has not seen it yet."""
    home, release = settings.home / "airflow", version("apache-airflow")
    home.mkdir(parents=True, exist_ok=True)
    stamp = home / "migrated"
    if (home / "airflow.db").is_file() and stamp.is_file() and stamp.read_text() == release:
        return
    log = settings.home / "logs" / "airflow-migrate.log"
    with log.open("ab") as out:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(command, env=environment(settings), stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise MachineError("Airflow's database could not be made", code="airflow", remedy=f"read the end of {log}")
    stamp.write_text(release)


def _launch(part: str, settings: Settings) -> None:
    with (settings.home / "logs" / f"airflow-{part}.log").open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *PARTS[part]], env=environment(settings), stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            start_new_session=True, cwd=settings.home,
        )  # fmt: skip
    _pid_file(part, settings).write_text(f"{process.pid} {born(process.pid)}")


def _wait(settings: Settings) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        died = _wanted(settings) - _pids(settings).keys()
        if died:
            break
        if healthy(settings):
            return
        time.sleep(0.5)
    part = min(died) if died else "scheduler"
    stop_airflow(settings)
    raise MachineError(
        f"Airflow's {part} {'ended at once' if died else f'was not well after {START_SECONDS} s'}", code="airflow",
        remedy=f"read the end of {settings.home / 'logs' / f'airflow-{part}.log'}, then run again",
    )  # fmt: skip


def _require_free(settings: Settings) -> None:
    bind, port = settings.airflow.bind, settings.airflow.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            raise UsageError(
                f"Airflow cannot have {bind}:{port}: {error.strerror}", code="port",
                remedy="stop the program that holds the port, or set YISHU_AIRFLOW_PORT to a free one",
            ) from error  # fmt: skip


def _pids(settings: Settings) -> dict[str, int]:
    """The parts that live: a process number counts only with the start time that we wrote down for it."""
    found: dict[str, int] = {}
    for part in PARTS:
        with contextlib.suppress(FileNotFoundError, ValueError):
            pid, then = _pid_file(part, settings).read_text().split()
            if born(int(pid)) == then:
                found[part] = int(pid)
    return found


def _pid_file(part: str, settings: Settings) -> Path:
    return settings.home / "airflow" / f"{part}.pid"


@contextlib.contextmanager
def _lock(settings: Settings) -> Iterator[None]:
    """One starter at a time: the second waits, then finds Airflow running."""
    (settings.home / "airflow").mkdir(parents=True, exist_ok=True)
    with (settings.home / "airflow" / "start.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
