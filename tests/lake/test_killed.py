"""Kill -9 the worker, the server, or both at random moments: after one more `yishu run` all is as if nothing had happened.

YISHU_KILLS says how often (3 by default, 20 in `make soak`), YISHU_SEED which moments.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from deltalake import DeltaTable

from small_lake import MODES, STATS, free_ports, small_project
from yishu.lake import server
from yishu.lake.lake import open_lake
from yishu.settings import load_settings

KILLS = int(os.environ.get("YISHU_KILLS", "3"))
SEED = int(os.environ.get("YISHU_SEED", "20261123"))
VICTIMS = ("worker", "server", "everything")


@dataclass(frozen=True)
class Home:
    """One lake with a server of its own."""

    path: Path
    project: Path
    ports: tuple[int, int]

    @property
    def env(self) -> dict[str, str]:
        connect, jdbc = self.ports
        mine = {"YISHU_HOME": str(self.path), "YISHU_PROJECT": str(self.project), "YISHU_CONNECT_PORT": str(connect)}
        return mine | {"YISHU_JDBC_PORT": str(jdbc), "YISHU_SPARK_MEMORY": "1g"}

    def start(self) -> subprocess.Popen[bytes]:
        log = (self.path / "run.log").open("ab")
        command = [sys.executable, "-m", "yishu", "run"]
        return subprocess.Popen(command, env=os.environ | self.env, stdout=log, stderr=log, start_new_session=True)

    def server_pid(self) -> int | None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int(json.loads((self.path / "ops" / "server.json").read_text())["pid"])
        return None

    def stop(self) -> None:
        server.stop(load_settings(os.environ | self.env, self.project))


def hand_in(landing: Path) -> None:
    """Two periods of each dataset, then a correction of the first; with bad rows and repeated keys."""
    clock = 1_740_000_000
    for turn, (period, name) in enumerate([("2025-01", "a.csv"), ("2025-02", "b.csv"), ("2025-01", "corrected.csv")]):
        for dataset in MODES:
            rows = [f"k{i},{i + turn},{'RGB'[i % 3]},2025-0{turn + 1}-01 08:00:{i % 60:02d}" for i in range(turn, 60)]
            rows += [f"k{turn + 1},7,R,2025-0{turn + 1}-01 07:00:00", "bad,x,R,2025-01-01 08:00:00"]
            file = landing / STATS / dataset / period / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("编号,金额,颜色,时间\n" + "\n".join(rows) + "\n", encoding="utf-8")
            clock += 1
            os.utime(file, (clock, clock))


def state_of(home: Home) -> dict[str, object]:
    """Everything that must be equal: rows of every table, the ledger's deliveries and counts, the receipts."""
    found: dict[str, object] = {}
    for log in sorted(home.path.glob("*/**/_delta_log")):
        name = str(log.parent.relative_to(home.path))
        if not name.startswith("ops/"):
            found[name] = sorted(map(str, DeltaTable(log.parent).to_pyarrow_dataset().to_table().to_pylist()))
    lake = open_lake(load_settings(os.environ | home.env, home.project))
    for delivery in lake.ledger.deliveries():
        kept = asdict(delivery)
        kept.pop("claimed_at")
        found[f"ledger {delivery.dataset} {delivery.period} {delivery.id}"] = kept
        found[f"rules {delivery.id}"] = lake.ledger.rules(delivery.id)
    assert lake.ledger.verify_audit() > 0
    lake.ledger.close()
    for receipt in sorted(home.path.glob("receipts/**/receipt.*")):
        text = json.loads(receipt.read_text(encoding="utf-8")) if receipt.suffix == ".json" else receipt.read_bytes()
        found[str(receipt.relative_to(home.path))] = text
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project(tmp_path_factory.mktemp("project"))


@contextlib.contextmanager
def fresh_home(folder: Path, project: Path, landing: Path | None) -> Iterator[Home]:
    connect, jdbc = free_ports(2)
    home = Home(folder, project, (connect, jdbc))
    folder.mkdir(parents=True)
    if landing is None:
        hand_in(folder / "landing")
    else:
        shutil.copytree(landing, folder / "landing", copy_function=shutil.copy2)
    try:
        yield home
    finally:
        home.stop()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[tuple[dict[str, object], float, Path]]:
    """The state after a run that nobody disturbs, how long it took from a cold start, and its landing."""
    with fresh_home(tmp_path_factory.mktemp("calm") / "home", project, None) as home:
        began = time.monotonic()
        assert home.start().wait() == 0, (home.path / "run.log").read_text()
        took = time.monotonic() - began
        assert home.start().wait() == 0
        yield state_of(home), took, home.path / "landing"


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("turn", range(KILLS))
def test_killed_and_run_again(
    turn: int, undisturbed: tuple[dict[str, object], float, Path], project: Path, tmp_path: Path
) -> None:
    expected, took, landing = undisturbed
    chance = random.Random(SEED + turn)
    victim, moment = VICTIMS[turn % len(VICTIMS)], chance.uniform(0.05, 0.95) * took
    with fresh_home(tmp_path / "home", project, landing) as home:
        process = home.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        print(f"kill {turn}: {victim} after {moment:.1f} s of {took:.1f} s, running: {process.poll() is None}")
        kill(victim, process, home)
        code = run_until_done(home)
        assert code == 0, (home.path / "run.log").read_text()[-4000:]
        actual = state_of(home)
    assert actual.keys() == expected.keys()
    for name, content in expected.items():
        assert actual[name] == content, f"{name} differs after kill {turn} of {victim} at {moment:.1f} s"


def kill(victim: str, process: subprocess.Popen[bytes], home: Home) -> None:
    jvm = home.server_pid()
    if victim in ("worker", "everything"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if victim in ("server", "everything") and jvm:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(jvm, signal.SIGKILL)
    process.wait(300)


def run_until_done(home: Home) -> int:
    """One `yishu run` must finish; a second may be needed only where the first met the dying server."""
    code = home.start().wait()
    return home.start().wait() if code == 3 else code
