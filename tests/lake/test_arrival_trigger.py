"""What fires the trigger and what does not, in a process of its own, for it imports airflow; no scheduler, no JVM."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from small_lake import STATS, small_project

TELL = """
import asyncio, json, logging, os, sys
from pathlib import Path
from yishu import arrival_trigger
from yishu.arrival_trigger import ArrivalTrigger
arrival_trigger.AFTER_ERROR = 0.2

async def told(*looks):
    async def stream():
        for look in looks:
            yield {"toy": frozenset(look)} if look else {}
    return [event.payload async for event in ArrivalTrigger("toy").filter_shared_stream(stream())]

async def looked(steps):
    found = []
    stream = ArrivalTrigger.open_shared_stream({})
    for step in steps:
        step()
        lying = await asyncio.wait_for(anext(stream), 20)
        found.append(sorted(a.dataset for a in lying.get("toy", ())))
    await stream.aclose()
    return found
"""
RULES = """
from yishu.flow.arrivals import Arrival
def lies(*names, size=1):
    return {Arrival("fact", ((name, size, 1),)) for name in names}
async def main():
    return {
        "once": await told(lies("a"), lies("a"), lies("a"), lies("a")),
        "growing": await told(lies("a"), lies("a", size=2), lies("a", size=3), lies("a", size=3), lies("a", size=3)),
        "claimed and sent again": await told(lies("a"), lies("a"), (), lies("a"), lies("a")),
        "another beside it": await told(lies("a"), lies("a"), lies("a", "b", "c"), lies("a", "b", "c"), lies("a", "c")),
        "taken before it settled": await told(lies("a"), (), ()),
    }
print(json.dumps(asyncio.run(main())))
"""
ERRORS = """
home, landing = Path(os.environ["YISHU_HOME"]), Path(os.environ["YISHU_HOME"]) / "landing" / sys.argv[1]
class Repair(logging.Handler):
    # each error that is logged is mended, and the next one made
    def emit(self, record):
        if record.name == "yishu.arrival_trigger":
            next(steps, None)
def repairs():
    Path(os.environ["YISHU_PROJECT"]).symlink_to(sys.argv[2])
    (home / "ledger.db").mkdir(parents=True)
    yield
    (home / "ledger.db").rmdir()
    yield
steps = repairs()
logging.getLogger("yishu.arrival_trigger").addHandler(Repair())
def drop():
    for place in ("fact/2025-01", "nonsense/2025-01"):
        (landing / place).mkdir(parents=True)
        (landing / place / "a.csv").write_text("x")
print(json.dumps(asyncio.run(looked([lambda: None, drop]))))
"""


def process(code: str, tmp_path: Path, *words: str, **env: str) -> tuple[object, str]:
    """What the code prints last, as JSON, and what it logged."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "YISHU"))}
    clean |= {"AIRFLOW_HOME": str(tmp_path / "airflow"), "YISHU_HOME": str(tmp_path / "home"), **env}
    command = [sys.executable, "-c", TELL + code, *words]
    done = subprocess.run(command, env=clean, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def test_each_arrival_is_told_once_when_it_has_stopped_changing(tmp_path: Path) -> None:
    found, _ = process(RULES, tmp_path)
    assert found == {
        "once": [{"fact": 1}],
        "growing": [{"fact": 1}],
        "claimed and sent again": [{"fact": 1}, {"fact": 1}],
        "another beside it": [{"fact": 1}, {"fact": 2}],
        "taken before it settled": [],
    }


def test_a_missing_project_and_a_broken_ledger_are_logged_and_tried_again(tmp_path: Path) -> None:
    project = small_project(tmp_path / "project")
    link = tmp_path / "link"
    found, logged = process(ERRORS, tmp_path, STATS, str(project), YISHU_PROJECT=str(link), YISHU_ARRIVAL_SECONDS="0.1")
    assert found == [[], ["fact"]], "what belongs to no database is left to reconcile"
    assert "no settings file" in logged and "[ledger]" in logged


def test_where_no_events_are_wanted_nobody_looks(tmp_path: Path) -> None:
    project = small_project(tmp_path / "project")
    code = """
async def main():
    with __import__("contextlib").suppress(TimeoutError):
        await asyncio.wait_for(anext(ArrivalTrigger.open_shared_stream({})), 3)
        return "looked"
print(json.dumps(asyncio.run(main())))
"""
    assert process(code, tmp_path, YISHU_PROJECT=str(project), YISHU_ARRIVAL_SECONDS="0")[0] is None
    assert not (tmp_path / "home").exists()
