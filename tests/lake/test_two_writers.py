"""Two processes that commit to one table of a store at once: 200 races, and no commit is lost or done by halves."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import racing_writer
from object_store import ADMIN, ObjectStore
from small_lake import small_project
from yishu.lake import places
from yishu.lake.lake import Lake, open_lake
from yishu.lake.store_admin import provision
from yishu.settings import load_settings

COMMITS = {"adopt": 100, "count": 100, "append": 40, "replace": 40}
"""Of each process, as silver and gold are committed, as rows are exchanged, and as delta-rs writes bronze: each races with the other's."""


@pytest.fixture
def raced(object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake of the test's own; the processes find it by their environment."""
    prefix = "race-" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
    provision(object_store.seen_by(prefix=prefix), [], tmp_path / "keys.json", ADMIN)
    env = object_store.environment(prefix) | {
        "YISHU_PROJECT": str(small_project(tmp_path / "project")), "YISHU_HOME": str(tmp_path / "home"),
        "YISHU_LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}",
    }  # fmt: skip
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    lake = open_lake(load_settings(os.environ, Path(env["YISHU_PROJECT"])))
    yield lake
    lake.ledger.close()


@pytest.mark.parametrize("how", ["adopt", "append", "replace"])
def test_no_commit_is_lost(raced: Lake, how: str) -> None:
    racing_writer.race("first", 1, "append" if how in ("append", "replace") else "adopt")  # the table is there when the race begins
    said = dict(zip("ab", both(how), strict=True))
    table = places.delta(raced.silver("raced"))
    found = {(row["who"], row["n"]) for row in table.to_pyarrow_table().to_pylist()}
    kept = {(name, n) for name, done in said.items() for n in done["kept"]}
    if how == "replace":  # each keeps only its newest row
        kept = {max(of for of in kept if of[0] == name) for name in said}
    assert found == kept | {("first", 0)}
    committed = sum(len(done["kept"]) for done in said.values())
    assert table.version() == committed, "each commit has a version of its own"
    assert committed + sum(len(done["refused"]) for done in said.values()) == 2 * COMMITS[how]
    if how != "replace":
        assert committed == 2 * COMMITS[how]
    assert interleaved([entry for entry in table.history() if "step" in str(entry)]) > COMMITS[how] // 10


def test_no_update_is_lost(raced: Lake) -> None:
    """Each reads a number and writes one more in its place: the sum tells whether any of them was overwritten."""
    racing_writer.race("first", 1, "adopt")
    kept = [len(done["kept"]) for done in both("count")]
    assert places.delta(raced.silver("raced")).to_pyarrow_table()["n"].to_pylist() == [sum(kept)]
    assert min(kept) > 0


def both(how: str) -> list[dict[str, list[int]]]:
    command = [sys.executable, str(Path(racing_writer.__file__))]
    racers = [
        subprocess.Popen([*command, name, str(COMMITS[how]), how], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in "ab"
    ]
    ended = [racer.communicate(timeout=300) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], [error for _, error in ended]
    return [json.loads(said) for said, _ in ended]


def interleaved(history: list[dict[str, object]]) -> int:
    """How often the writer changes from one commit to the next: without it there was no race."""
    who = ["a" if '"a:' in str(entry) else "b" for entry in history]
    return sum(x != y for x, y in pairwise(who))
