"""Files with a manifest: one delivery, in whatever order they come; what it waits for; each difference at the door and after."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from handed_sets import FOLDER, OWNER, TWO, counted, lake_at, land, land_manifest, land_two, later, listing
from small_lake import STATS, small_project
from yishu.cli import cli
from yishu.flow import pipeline, promise
from yishu.flow.decisions import Because, reprocess
from yishu.flow.landing import waiting
from yishu.flow.receive import datasets_with_new_files, receive
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with lake_at(tmp_path) as lake:
        yield lake


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Lake]:
    """The contract demands a manifest."""
    with lake_at(tmp_path, "required") as lake:
        yield lake


def names(delivery: Delivery) -> list[str]:
    return [Path(file.path).name for file in delivery.files]


# --- one delivery, in whatever order


def test_files_that_a_manifest_names_are_one_delivery_once(lake: Lake) -> None:
    land_two(lake)
    land_manifest(lake, listing(rows=3, totals={"金额": "1,015.50"}, period="2024-06"))
    (delivery,) = receive(lake)
    assert (delivery.state, delivery.generation, names(delivery)) == ("waiting", 1, ["a.csv", "b.csv"])
    assert delivery.manifest_file is not None and delivery.manifest_file.path == f"{FOLDER}/manifest.json"
    assert receive(lake) == [] and waiting(lake) == []
    (taken,) = counted(lake)
    assert (taken.state, taken.balance.received) == ("bronze", 3)
    (stage,) = [run for run in lake.ledger.stages(taken.id) if run.stage == promise.STAGE]
    assert stage.detail == {"rows": {"a.csv": 2, "b.csv": 1}, "totals": {"金额": "1,015.5"}}


def test_a_manifest_that_comes_first_waits_and_says_for_what(lake: Lake) -> None:
    land_manifest(lake, listing())
    assert receive(lake) == [] and datasets_with_new_files(lake) == set()
    assert [h.waits for h in waiting(lake)] == ["等待 manifest.json 列出的 2 个文件：a.csv、b.csv"]
    land(lake, "b.csv", TWO["b.csv"])
    assert receive(lake) == []
    assert [h.waits for h in waiting(lake, "thing")] == ["等待 manifest.json 列出的 1 个文件：a.csv"]
    land(lake, "a.csv", TWO["a.csv"])
    assert datasets_with_new_files(lake) == {"thing"}
    assert [(d.state, names(d)) for d in receive(lake)] == [("waiting", ["a.csv", "b.csv"])]


def test_files_that_came_alone_before_belong_to_the_set_as_well(lake: Lake) -> None:
    land(lake, "a.csv", TWO["a.csv"], age=50)
    (alone,) = receive(lake)
    land(lake, "b.csv", TWO["b.csv"], age=40)
    land_manifest(lake, listing(), age=30)
    (both,) = receive(lake)
    assert (alone.generation, both.generation, names(both)) == (1, 2, ["a.csv", "b.csv"])
    assert names(lake.ledger.delivery(alone.id)) == ["a.csv"], "the first delivery keeps its file"
    assert [d.state for d in counted(lake)] == ["bronze", "bronze"]


def test_where_the_contract_demands_a_manifest_files_wait_for_it(strict: Lake) -> None:
    land_two(strict)
    assert receive(strict) == [] and datasets_with_new_files(strict) == set()
    assert [h.waits for h in waiting(strict)] == ["等待 manifest.json（按约定，文件到齐后附清单）：a.csv、b.csv"]
    land_manifest(strict, listing())
    assert [d.state for d in receive(strict)] == ["waiting"]


def test_what_could_not_be_taken_with_a_manifest_either_is_answered_at_once(strict: Lake) -> None:
    land(strict, "a.csv", TWO["a.csv"], folder=f"{OWNER}/thing/2024.6")
    land(strict, "a.csv", TWO["a.csv"], folder=f"{OWNER}/thing")
    assert [d.state for d in receive(strict)] == ["rejected", "rejected"]


def test_a_file_that_the_manifest_does_not_name_waits_beside_it(lake: Lake) -> None:
    land_two(lake)
    land_manifest(lake, listing("a.csv"))
    assert [names(d) for d in receive(lake)] == [["a.csv"]]
    assert [h.waits for h in waiting(lake)] == ["manifest.json 没有列出：b.csv"], "alone it would take the set's place"
    land_manifest(lake, listing(), age=5)
    assert [(d.generation, names(d)) for d in receive(lake)] == [(2, ["a.csv", "b.csv"])]


def test_a_file_that_does_not_come_within_a_day_is_missed_and_may_come_later_still(lake: Lake) -> None:
    land_manifest(lake, listing())
    land(lake, "a.csv", TWO["a.csv"])
    assert receive(later(lake, hours=23)) == []
    (refused,) = receive(later(lake, hours=25))
    assert refused.state == "rejected" and "与 manifest.json 不符：缺少文件“b.csv”" in refused.reason
    assert names(refused) == ["a.csv"] and receive(later(lake, hours=26)) == []
    land(lake, "b.csv", TWO["b.csv"])
    assert [(d.state, names(d)) for d in receive(lake)] == [("waiting", ["a.csv", "b.csv"])]


def test_a_packed_file_is_named_and_counted_as_the_file_that_it_is(lake: Lake) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in TWO.items():
            archive.writestr(name, content)
    land(lake, "六月.zip", packed.getvalue())
    sha256 = hashlib.sha256(packed.getvalue()).hexdigest()
    land_manifest(lake, {"files": [{"name": "六月.zip", "sha256": sha256, "rows": 3}], "totals": {"金额": "1015.5"}})
    receive(lake)
    assert [(d.state, d.balance.received) for d in counted(lake)] == [("bronze", 3)]


# --- again, and corrected


def test_sending_the_same_again_changes_nothing(lake: Lake) -> None:
    land_two(lake)
    land_manifest(lake, listing())
    (first,) = receive(lake)
    land_two(lake, age=40)
    (again,) = receive(lake)
    assert (again.state, again.generation, first.id in again.reason) == ("unchanged", 1, True)
    turned = listing()
    turned["files"] = [*reversed(turned["files"])]  # type: ignore[call-overload]
    land_manifest(lake, json.dumps(turned), age=30)
    assert [d.state for d in receive(lake)] == ["unchanged"], "the same promise, laid out otherwise"


def test_a_corrected_set_restates_the_period(lake: Lake) -> None:
    land_two(lake)
    land_manifest(lake, listing())
    (first,) = receive(lake)
    corrected = TWO["b.csv"].replace("５", "6")
    land(lake, "b.csv", corrected, age=30)
    (unlisted,) = receive(lake)
    assert unlisted.state == "rejected" and "文件“b.csv”的 SHA-256 清单为" in unlisted.reason
    files = [*listing("a.csv")["files"], {"name": "b.csv", "sha256": hashlib.sha256(corrected.encode()).hexdigest()}]  # type: ignore[misc]
    land_manifest(lake, {"files": files, "supersedes": first.id}, age=20)
    (second,) = receive(lake)
    assert (second.state, second.generation) == ("waiting", 3)
    assert [d.state for d in counted(lake) if d.id == second.id] == ["bronze"]


def test_a_file_sent_again_whole_after_a_broken_transfer_needs_no_new_manifest(lake: Lake) -> None:
    land(lake, "a.csv", TWO["a.csv"][:-5])
    land(lake, "b.csv", TWO["b.csv"])
    land_manifest(lake, listing())
    assert [d.state for d in receive(lake)] == ["rejected"]
    land(lake, "a.csv", TWO["a.csv"], age=30)
    assert [d.state for d in receive(lake)] == ["waiting"]
    assert [d.state for d in counted(lake)] == ["bronze"]


def test_supersedes_names_the_delivery_that_stands(lake: Lake) -> None:
    land_two(lake)
    land_manifest(lake, listing(supersedes="d-0123456789abcdef"))
    (refused,) = receive(lake)
    assert refused.state == "rejected" and "本期没有可替代的交付" in refused.reason
    land_manifest(lake, listing(), age=50)
    (first,) = receive(lake)
    land_manifest(lake, listing(rows=3, supersedes=refused.id), age=40)
    (wrong,) = receive(lake)
    assert wrong.state == "rejected" and f"“{refused.id}”；应为：{first.id}" in wrong.reason
    land_manifest(lake, listing(rows=3, supersedes=first.id), age=30)
    (right,) = receive(lake)
    assert right.state == "waiting"
    land_two(lake, age=20)
    assert [d.state for d in receive(lake)] == ["unchanged"], "sent again, it does not supersede itself"


# --- differences


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"period": "2024-05"}, "清单的期次为“2024-05”，文件夹为“2024-06”"),
        ({"totals": {"税额": "1"}}, "合计的列“税额”不是“事物”的列"),
        ({"rows": 4}, "各文件行数之和为 3，总行数却为 4"),
        ({"row": 3}, "row 是未知的键"),
        ({"files": [{"name": "a.csv", "sha256": "0" * 64}]}, "文件“a.csv”的 SHA-256 清单为 000000000000…"),
        ({"files": [{"name": "a.csv", "sha256": "0" * 64, "size": 3}]}, "files.1.size 是未知的键"),
    ],
)  # fmt: skip
def test_what_differs_at_the_door_rejects_the_delivery(lake: Lake, more: dict[str, object], words: str) -> None:
    land_two(lake)
    land_manifest(lake, listing() | more)
    (refused,) = receive(lake)
    assert refused.state == "rejected" and words in refused.reason, refused.reason
    assert "重新报送" in refused.reason
    assert receive(lake) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"totals": {"金额": "1015.51"}}, "“金额”合计清单为 1015.51，实收 1,015.5"),
        ({"totals": {"amount": "1015"}}, "“amount”合计清单为 1015，实收 1,015.5"),
        ({"rows": 4}, "总行数清单为 4，实收 3"),
        ({"rows of b": 2}, "文件“b.csv”清单为 2 行，实收 1 行"),
    ],
)  # fmt: skip
def test_what_differs_once_counted_rejects_the_delivery_with_every_row(
    lake: Lake, change: dict[str, object], words: str
) -> None:
    document = json.loads(json.dumps(listing()))
    if "rows" in change:
        del document["files"][0]["rows"]
    if "rows of b" in change:
        document["files"][1]["rows"] = change["rows of b"]
    land_two(lake)
    land_manifest(lake, document | {k: v for k, v in change.items() if k != "rows of b"})
    receive(lake)
    (refused,) = counted(lake)
    assert (refused.state, refused.balance.received, refused.balance.rejected) == ("rejected", 3, 3)
    assert words in refused.reason and "与 manifest.json 不符" in refused.reason, refused.reason


def test_a_refused_set_that_is_sent_through_all_the_same_is_refused_again(lake: Lake) -> None:
    land_two(lake)
    land_manifest(lake, listing() | {"rows": 4})
    (at_the_door,) = receive(lake)
    land_manifest(lake, listing() | {"period": "2024-05"}, age=50)
    (period,) = receive(lake)
    land_manifest(lake, listing(totals={"金额": "1"}), age=40)
    receive(lake)
    (after,) = counted(lake)
    for delivery in (at_the_door, period, after):
        (again,) = reprocess(lake, delivery.id, Because("王工", "再试一次"))
        assert again.state == ("bronze" if delivery is after else "waiting")
        now = counted(lake)[-1] if again.state == "waiting" else promise.hold_to_manifest(lake, again)
        assert now.state == "rejected" and "manifest.json" in now.reason


# --- killed


def test_killed_between_claim_and_bronze_and_before_it_was_held_to_its_manifest(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    land_two(lake)
    land_manifest(lake, listing(totals={"金额": "1"}))
    (claimed,) = receive(lake)
    assert receive(lake) == []

    def killed(*_: object) -> Delivery:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "hold_to_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            pipeline.to_bronze(lake, claimed)
    assert lake.ledger.delivery(claimed.id).state == "bronze"
    monkeypatch.setattr(pipeline.gold, "share", lambda *_: None)
    monkeypatch.setattr(pipeline, "write_receipt", lambda lake, d: lake.receipt(d))

    def no_spark() -> object:
        raise AssertionError("a delivery that breaks its promise never comes to silver")

    done = pipeline.refine(lake, no_spark, "thing")  # type: ignore[arg-type]
    assert [(d.id, d.state) for d in done] == [(claimed.id, "rejected")]


def test_a_promise_that_held_is_not_counted_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land_two(lake)
    land_manifest(lake, listing())
    receive(lake)
    (taken,) = counted(lake)
    monkeypatch.setattr(promise, "count", None)
    assert promise.hold_to_manifest(lake, taken) == taken


# --- what a person sees


def test_status_shows_what_waits_and_for_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHU_PROJECT", str(small_project(tmp_path / "project")))
    monkeypatch.setenv("YISHU_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "landing" / STATS / "fact" / "2025-01"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(listing()), encoding="utf-8")
    done = CliRunner().invoke(cli, ["status", "--json"])
    (row,) = json.loads(done.stdout)["deliveries"]
    assert (row["id"], row["department"], row["dataset"], row["period"], row["state"]) == (
        "",
        STATS,
        "fact",
        "2025-01",
        "waiting",
    )
    assert row["reason"] == "等待 manifest.json 列出的 2 个文件：a.csv、b.csv"
    assert "等待 manifest.json" in CliRunner().invoke(cli, ["status"]).stdout
