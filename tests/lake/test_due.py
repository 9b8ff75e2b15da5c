"""`yishu due` on a real ledger, and the same as an ops table; no JVM."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from deltalake import DeltaTable

from handed_in import AMR, claimed, judged, opened
from small_lake import STATS, small_project
from yishu.cli import cli
from yishu.flow.ops_tables import publish_ops
from yishu.lake.lake import open_lake
from yishu.lake.ledger import Balance, LandedFile
from yishu.settings import load_settings

CHINA = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`fact` came for August and is held for September 2024; the other three datasets never came."""
    project, home = small_project(tmp_path / "project"), tmp_path / "home"
    monkeypatch.setenv("YISHU_PROJECT", str(project))
    monkeypatch.setenv("YISHU_HOME", str(home))
    settings = load_settings({"YISHU_HOME": str(home)}, project)
    lake = open_lake(settings, lambda: dt.datetime(2024, 9, 5, 9, tzinfo=CHINA))
    for period, state in (("2024-08", "accepted"), ("2024-09", "held")):
        delivery = lake.ledger.claim(
            STATS, "fact", period, [LandedFile(f"{STATS}/fact/{period}/a.csv", 1, 1, period.ljust(64, "0"))]
        )
        lake.ledger.move(delivery.id, "bronze", balance=Balance(received=1))
        lake.ledger.move(delivery.id, state, balance=Balance(received=1, loaded=1))  # type: ignore[arg-type]
    lake.ledger.close()
    return home


def due(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["due", *words], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.stdout, done.stderr


def test_what_is_late_soon_and_come_is_told_with_names_and_ends_with_1(home: Path) -> None:
    code, out, _ = due("--at", "2024-10-21", "--json")
    found = json.loads(out)
    assert code == 1
    assert {(r["dataset"], r["period"], r["state"], r["days_late"]) for r in found["late"]} == {
        ("fact", "2024-09", "held", 1), ("firm", "2024-09", None, 1), ("person", "2024-09", None, 1), ("school", "2024-09", None, 1),
    }  # fmt: skip
    assert {(r["department_name"], r["title"], r["due"]) for r in found["late"] if r["dataset"] == "fact"} == {
        ("省统计局", "玩具fact", "2024-10-18")
    }
    assert [(r["period"], r["came"]) for r in found["come"]] == [("2024-08", "2024-09-05")]
    assert [len(late) for late in found["owners"].values()] == [4] and list(found["owners"]) == ["省统计局"]
    assert found["notes"] == []


def test_nothing_late_ends_with_0_and_a_person_reads_a_table(home: Path) -> None:
    code, out, err = due("--at", "2024-10-18")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert sum(line[:3] == ["soon", "省统计局", "玩具fact"] for line in lines) == 1
    assert next(line[:5] for line in lines if line[0] == "come") == ["come", "省统计局", "玩具fact", "2024-08", "2024-09-13"]


def test_years_without_published_holidays_are_named(home: Path) -> None:
    code, out, err = due("--at", "2199-02-01")
    assert code == 1 and "2199" in err and "Monday to Friday" in err and "holidays" not in out


def test_the_duties_are_published_per_database(tmp_path: Path) -> None:
    lake = opened(tmp_path / "home")
    judged(lake, "accepted", [], period="2024-06-28")
    claimed(lake, content="b", period="2024-07-01")
    publish_ops(lake, "legal_entity")
    publish_ops(lake, "population")
    table = DeltaTable(lake.ops("duties"))
    mine = [r for r in table.to_pyarrow_table().to_pylist() if r["dataset"] == "market_entity"]
    assert {(r["department"], r["period"], r["standing"]) for r in mine} == {
        (AMR, "2024-06-28", "come"),
        (AMR, "2024-07-01", "come"),
    }
    assert table.protocol().min_reader_version == 1
    before = table.version()
    publish_ops(lake, "legal_entity")
    assert DeltaTable(lake.ops("duties")).version() == before, "nothing new, nothing written"
