"""Manifests made to harm or by a broken program: bounded, clearly refused, and nobody else is held up."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handed_sets import FOLDER, OWNER, TWO, lake_at, land, land_manifest, land_two, listing
from yishu.flow.landing import waiting
from yishu.flow.receive import receive
from yishu.lake.lake import Lake

SHA = "0" * 64
MEMORY, SECONDS = 24 << 20, 60.0


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with lake_at(tmp_path) as lake:
        yield lake


def named(*names: object) -> dict[str, object]:
    return {"files": [{"name": name, "sha256": SHA} for name in names]}


def refused(lake: Lake) -> str:
    """The reason for which the manifest was refused, beside a good delivery; within bounds of memory, time and length."""
    land(lake, "good.csv", "代码\n1\n", folder=f"{OWNER}/thing/2024-05", age=1)
    tracemalloc.start()
    began = time.perf_counter()
    bad, good = receive(lake)
    seconds, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (bad.state, good.state, bad.period, good.period) == ("rejected", "waiting", "2024-06", "2024-05")
    assert peak < MEMORY and seconds < SECONDS, (peak, seconds)
    assert len(bad.reason) < 3000 and "manifest.json" in bad.reason and "重新报送" in bad.reason
    assert not [c for c in bad.reason if unicodedata.category(c) in ("Cc", "Cf", "Cs")]
    assert receive(lake) == [], "it is said once"
    assert lake.ledger.verify_audit() > 0
    return bad.reason


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "不是 JSON（第 1 行第 1 列）"),
        ('{"files": [', "不是 JSON（第 1 行第 12 列）"),
        ('{"files": []} x', "不是 JSON"),
        ("[" * 500_000, "嵌套过深"),
        ('{"a":' * 150_000, "嵌套过深"),
        ('{"files": ' + "[" * 900 + "]" * 900 + "}", "不合要求"),
        ('{"rows": ' + "9" * 900_000 + "}", "数字过长"),
        ('{"rows": NaN}', "NaN 不是数字"),
        ('{"rows": 1, "rows": 2}', "键“rows”写了两次"),
        ("{" + ",".join(f'"k{n}":1' for n in range(90_000)) + "}", "一个对象有 90000 个键"),
        ('{"files": [' + ",".join(["1"] * 400_000) + "]}", "files 有 400000 项"),
        (json.dumps(named("a.csv")).encode("utf-16"), "不是 UTF-8 编码"),
        (json.dumps({"files": [{"name": "企业.csv", "sha256": SHA}]}, ensure_ascii=False).encode("gb18030"), "不是 UTF-8 编码"),
        ("[]", "整个文件 的值不合要求"),
        ("{}", "files 没有写"),
        ({"files": []}, "files 是空的"),
        (named(*(f"{n}.csv" for n in range(1001))), "files 有 1001 项，最多 1000 项"),
        ({"files": [{"name": "a.csv"}]}, "files.1.sha256 没有写"),
        ({"files": [{"name": "a.csv", "sha256": "xyz"}]}, "files.1.sha256 的值不合要求"),
        (named("a.csv") | {"rows": "3"}, "rows 的值不合要求"),
        (named("a.csv") | {"rows": 3.0}, "rows 的值不合要求"),
        (named("a.csv") | {"rows": True}, "rows 的值不合要求"),
        (named("a.csv") | {"rows": -1}, "rows 的值不合要求"),
        (named("a.csv") | {"totals": {"金额": 1.5}}, "totals.金额 的值不合要求"),
        (named("a.csv") | {"totals": {"金额": "一千"}}, "合计“金额”的值“一千”不是数字"),
        (named("a.csv") | {"totals": {str(n): "1" for n in range(300)}}, "一个对象有 300 个键"),
        (named("a.csv") | {"supersedes": "最近一次"}, "supersedes 的值不合要求"),
        (json.dumps(named("a.csv") | {"\ud800": 1}), "整个文件 的值不合要求"),
        (json.dumps(named("a.csv") | {"\u202e\x00" + "键" * 5000: 1}), "是未知的键"),
    ],
)  # fmt: skip
def test_what_is_no_manifest(lake: Lake, document: object, words: str) -> None:
    land_manifest(lake, document)
    assert words in refused(lake)


def test_a_gigabyte_of_json_is_not_read(lake: Lake) -> None:
    path = land_manifest(lake, '{"files": [')
    moment = path.stat().st_mtime_ns
    os.truncate(path, 1 << 30)
    os.utime(path, ns=(moment, moment))
    assert "超过 1 MiB" in refused(lake)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["../2024-05/good.csv"], "含有路径"),
        (["/etc/passwd"], "含有路径"),
        (["C:\\data\\a.csv"], "含有路径"),
        (["sub/a.csv"], "含有路径"),
        ([".."], "含有路径"),
        (["."], "含有路径"),
        (["a.csv", "a.csv"], "文件“a.csv”列了两次"),
        (["manifest.json"], "是清单自己"),
        (["a.csv\n"], "含有不可见的字符"),
        (["a\x00.csv"], "含有不可见的字符"),
        (["a\u202evsc.csv"], "含有不可见的字符"),
        (["a\ud800.csv"], "files.1.name 的值不合要求"),
        (["企" * 86], "超过 255 字节"),
        ([".hidden.csv"], "尚未传完"),
        (["a.csv.part"], "尚未传完"),
        ([1], "files.1.name 的值不合要求"),
        ([""], "files.1.name"),
    ],
)  # fmt: skip
def test_names_that_no_file_of_the_folder_can_have(lake: Lake, names: list[object], words: str) -> None:
    land_manifest(lake, json.dumps(named(*names)))
    assert words in refused(lake)


@pytest.mark.parametrize(
    "make",
    [
        Path.mkdir,
        lambda path: path.symlink_to("/etc/passwd"),
        lambda path: path.symlink_to("b.csv"),
        lambda path: path.symlink_to("nowhere"),
        lambda path: os.mkfifo(path),
    ],
    ids=["folder", "link out", "link within", "dead link", "pipe"],
)
def test_names_of_what_is_no_file(lake: Lake, make: Callable[[Path], None]) -> None:
    land(lake, "b.csv", TWO["b.csv"])
    make(lake.settings.landing / FOLDER / "a.csv")
    land_manifest(lake, listing())
    assert "“a.csv”是文件夹或链接，不是文件" in refused(lake)


def test_a_thousand_files_that_never_come_are_told_in_a_line(lake: Lake) -> None:
    land_manifest(lake, named(*(f"{n:04}{'企' * 80}.csv" for n in range(1000))))
    (hand_in,) = waiting(lake)
    assert "1000 个文件" in hand_in.waits and len(hand_in.waits) < 600


def test_a_manifest_that_is_a_link_or_a_folder_is_none(lake: Lake) -> None:
    land_two(lake)
    (lake.settings.landing / FOLDER / "manifest.json").symlink_to("a.csv")
    assert [(d.state, len(d.files)) for d in receive(lake)] == [("waiting", 1), ("waiting", 1)]
    other = f"{OWNER}/thing/2024-04"
    land(lake, "a.csv", TWO["a.csv"], folder=other, age=5)
    land(lake, "a.csv", TWO["a.csv"], folder=f"{other}/manifest.json")
    assert sorted((d.state, "放错了位置" in d.reason) for d in receive(lake)) == [("rejected", True), ("waiting", False)]


def test_what_lies_beside_a_manifest_that_is_none_waits_for_a_better_one(lake: Lake) -> None:
    land_two(lake)
    land_manifest(lake, "{")
    assert [d.state for d in receive(lake)] == ["rejected"]
    assert [h.waits for h in waiting(lake)] == ["manifest.json 有误，待其更正：a.csv、b.csv"]
    land_manifest(lake, b"\xef\xbb\xbf" + json.dumps(listing()).encode(), age=5)
    assert [(d.state, len(d.files)) for d in receive(lake)] == [("waiting", 2)], "a byte order mark does no harm"


def test_files_and_manifest_that_change_while_they_are_read_wait(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for changed in ("a.csv", "manifest.json"):
        land_two(lake)
        land_manifest(lake, listing())

        def slow(path: Path, changed: str = changed) -> str:
            target = path.with_name(changed)
            target.write_bytes(target.read_bytes() + b"\n")
            return SHA

        with monkeypatch.context() as patch:
            patch.setattr("yishu.flow.receive._sha256", slow)
            assert receive(lake) == []
    land_two(lake)
    land_manifest(lake, listing())
    assert [d.state for d in receive(lake)] == ["waiting"]
