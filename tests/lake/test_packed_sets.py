"""A zip that brings its own manifest: one delivery, held to it part by part, at the door and when its rows are counted."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from handed_sets import TWO, counted, lake_at, land, land_manifest, listing
from yishu.flow.decisions import Because, reprocess
from yishu.flow.landing import waiting
from yishu.flow.receive import receive
from yishu.lake.lake import Lake


@pytest.fixture(params=["optional", "required"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    with lake_at(tmp_path, request.param) as lake:
        yield lake


def land_zip(lake: Lake, manifest: str | None, files: Mapping[str, str] = TWO, name: str = "六月.zip") -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for part, content in files.items():
            archive.writestr(part, content)
        if manifest is not None:
            archive.writestr("manifest.json", manifest)
    land(lake, name, packed.getvalue())


def test_what_holds_is_taken_and_counted_part_by_part(lake: Lake) -> None:
    land_zip(lake, json.dumps(listing(rows=3, totals={"金额": "1,015.50"}, period="2024-06")))
    [delivery] = receive(lake)
    assert (delivery.state, waiting(lake), delivery.manifest_file) == ("waiting", [], None)
    [taken] = counted(lake)
    assert (taken.state, taken.balance.received) == ("bronze", 3)
    [stage] = [run for run in lake.ledger.stages(taken.id) if run.stage == "manifest"]
    assert stage.detail == {"rows": {"a.csv": 2, "b.csv": 1}, "totals": {"金额": "1,015.5"}}


def test_each_difference_at_the_door_is_named(lake: Lake) -> None:
    told = listing(period="2024-05")
    land_zip(lake, json.dumps(told), {"a.csv": TWO["a.csv"], "b.csv": "代码,金额\n4,5\n", "c.csv": TWO["b.csv"]})
    [delivery] = receive(lake)
    assert delivery.state == "rejected"
    for part in ("“b.csv”的 SHA-256", "清单的期次为“2024-05”", "压缩包里的“c.csv”清单没有列出"):
        assert part in delivery.reason
    reprocess(lake, delivery.id, Because("tester", "all the same"))
    assert [d.state for d in counted(lake)] == ["rejected"]  # it does not pass by being sent through again


def test_rows_and_totals_that_do_not_hold_reject_it_when_they_are_counted(lake: Lake) -> None:
    document = listing(rows=4, totals={"金额": "1"})
    document["files"] = [{k: v for k, v in file.items() if k != "rows"} for file in document["files"]]  # type: ignore[attr-defined]
    land_zip(lake, json.dumps(document))
    receive(lake)
    [refused] = counted(lake)
    assert refused.state == "rejected" and "总行数清单为 4，实收 3" in refused.reason and "“金额”合计清单为 1" in refused.reason


@pytest.mark.parametrize("text", ["{", "[]", '{"files": []}'])
def test_a_manifest_that_cannot_be_used_is_answered(lake: Lake, text: str) -> None:
    land_zip(lake, text)
    [delivery] = receive(lake)
    assert delivery.state == "rejected" and "manifest.json 不能用" in delivery.reason


def test_beside_a_manifest_the_one_inside_says_nothing(tmp_path: Path) -> None:
    with lake_at(tmp_path) as lake:
        land_zip(lake, "{", name="a.csv")
        land_manifest(lake, {"files": [{"name": "a.csv", "sha256": "0" * 64}]})
        [delivery] = receive(lake)
        assert "“a.csv”的 SHA-256" in delivery.reason and "不能用" not in delivery.reason


def test_a_zip_without_one_waits_where_one_is_demanded(tmp_path: Path) -> None:
    with lake_at(tmp_path, "required") as lake:
        land_zip(lake, None)
        assert receive(lake) == [] and "六月.zip" in waiting(lake)[0].waits
