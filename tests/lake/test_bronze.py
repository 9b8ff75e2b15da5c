"""Delivery → bronze on a real Delta table: each bad input of a clerk's life, repeats, kills, changes of files and contract."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from yishu.contract.model import Dataset, Department, Field, FileFormat, Kind, Project, Supply, Type
from yishu.errors import MachineError
from yishu.flow import bronze
from yishu.flow.bronze import load_bronze, write_bronze
from yishu.flow.receive import receive
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, Ledger
from yishu.settings import Settings

NOW = dt.datetime(2024, 7, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
OWNER = "11130000MB16272007"
HEAD = "代码,名称,金额\n"


def dataset(form: FileFormat = "csv", *more: str) -> Dataset:
    kinds: dict[str, tuple[str, Kind]] = {
        "code": ("代码", "string"),
        "title": ("名称", "string"),
        "amount": ("金额", "decimal"),
    }
    fields = tuple(
        Field(name=name, title=title, type=Type(kind=kind), key_position=1 if name == "code" else None)
        for name, (title, kind) in (kinds | {name: (name, "string") for name in more}).items()
    )
    return Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=("owner",), mode="append", cycle="monthly",
        sharing="none", supply=Supply(format=form), fields=fields, file=Path("thing.yaml"),
    )  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    owner = Department(id="owner", code=OWNER, name="省甲局", valid_from=dt.date(2018, 10, 29))
    project = Project(
        root=tmp_path,
        elements={},
        departments={"owner": owner},
        codelists={},
        databases={},
        marts={},
        datasets={"thing": dataset()},
    )
    settings = Settings(home=tmp_path / "home", project=tmp_path)
    settings.landing.mkdir(parents=True)
    ledger = Ledger(settings.ledger_url, lambda: NOW)
    ledger.migrate()
    yield Lake(settings, project, ledger, lambda: NOW)
    ledger.close()


def agreed(lake: Lake, contract: Dataset) -> Lake:
    """The same lake under another contract."""
    return replace(lake, project=lake.project.model_copy(update={"datasets": {"thing": contract}}))


def land(lake: Lake, content: str | bytes, period: str = "2024-06", name: str = "f.csv", age: int = 60) -> Path:
    path = lake.settings.landing / OWNER / "thing" / period / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    moment = int(NOW.timestamp() - age) * 10**9
    os.utime(path, ns=(moment, moment))
    return path


def loaded(lake: Lake) -> list[Delivery]:
    receive(lake)
    return [load_bronze(lake, d) for d in lake.ledger.deliveries(states={"waiting"})]


def table(lake: Lake) -> DeltaTable:
    return DeltaTable(lake.bronze("thing"))


def rows(lake: Lake, delivery: str) -> list[tuple[object, ...]]:
    found = table(lake).to_pyarrow_table(filters=[("_delivery", "=", delivery)]).sort_by("_row").to_pylist()
    return [(row["_row"], row["code"], row["title"], row["amount"], row["_extra"], row["_raw"]) for row in found]


def good(number: int, code: str | None, title: str | None, amount: str | None) -> tuple[object, ...]:
    return (number, code, title, amount, None, None)


def raw(number: int, line: str) -> tuple[object, ...]:
    return (number, None, None, None, None, line)


def sheet(*lines: list[object], merged: str = "") -> bytes:
    book = openpyxl.Workbook()
    for line in lines:
        book.worksheets[0].append(line)
    if merged:
        book.worksheets[0].merge_cells(merged)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


REFUSED: dict[str, tuple[FileFormat, str | bytes, str]] = {
    "header only": ("csv", HEAD, "只有表头，没有数据行"),
    "blank lines only": ("csv", "\n\n\n", "没有表头"),
    "wrong columns": ("csv", "甲,乙\n1,2\n", "没有一列属于“事物”；收到：甲、乙；应为：代码、名称、金额"),
    "missing column": ("csv", "名称,金额\na,1\n", "缺少必填的列：代码"),
    "repeated column": ("csv", "代码,名称,代码\n1,a,2\n", "重复的列：“代码”（第 1、3 列）"),
    "mixed encodings": ("csv", (HEAD + "1,统一社会信用代码,1\n").encode() + "2,河北,2\n".encode("gb18030"), "第 2 行数据"),
    "late undecodable byte": ("csv", (HEAD + "1,统一社会信用代码,1\n" * 9).encode() + b"2,\xff,2\n", "第 10 行数据"),
    "merged header cells": ("xlsx", sheet(["登记表"], ["代码", "名称", "金额"], ["1"], merged="A1:C1"), "合并单元格：A1:C1"),
    "two header rows": ("xlsx", sheet(["登记表"], ["代码", "名称", "金额"], ["1"]), "第 2 行也是列名"),
    "header only in a sheet": ("xlsx", sheet(["代码", "名称", "金额"]), "只有表头，没有数据行"),
    "an empty workbook": ("xlsx", sheet(), "没有数据：所有工作表都是空的"),
    "a JSON array": ("jsonl", '[{"code": "1"}]', "JSON 数组"),
    "no Parquet inside": ("parquet", b"PAR1 but no more", "不是完好的 Parquet"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_taken_is_refused_and_the_next_is_not_held_up(lake: Lake, case: str) -> None:
    form, content, words = REFUSED[case]
    path = land(lake, content, name=f"f.{form}")
    (refused,) = loaded(agreed(lake, dataset(form)))
    assert refused.state == "rejected"
    assert words in refused.reason, refused.reason
    assert refused.balance.balanced
    assert path.exists(), "a refused file stays where it was handed in"
    land(lake, HEAD + "9,z,9\n", period="2024-07", name="next.csv")
    (taken,) = loaded(lake)
    assert (taken.state, taken.balance.received) == ("bronze", 1)
    assert table(lake).to_pyarrow_table()["code"].to_pylist() == ["9"], "nothing of the refused file is visible"


TAKEN: dict[str, tuple[FileFormat, str | bytes, list[tuple[object, ...]], str]] = {
    "extra column": ("csv", "代码,名称,金额,备注\n1,a,1,好\n", [(1, "1", "a", "1", '{"备注": "好"}', None)],
                     "多出约定之外的列：备注"),
    "missing optional column": ("csv", "代码,金额\n1,2\n", [good(1, "1", None, "2")], "缺少选填的列：名称"),
    "reordered columns": ("csv", "金额,名称,代码\n1,a,x\n", [good(1, "x", "a", "1")], ""),
    "BOM": ("csv", "\ufeff" + HEAD + "1,a,1\n", [good(1, "1", "a", "1")], ""),
    "GB18030 that says UTF-8": ("csv", (HEAD + "1,石家庄市长安区,1\n").encode("gb18030"), [good(1, "1", "石家庄市长安区", "1")],
                               "约定为 UTF-8 编码，实际是 GB18030"),
    "ragged rows": ("csv", HEAD + "1,a\n2,b,2\n3,c,3,4\n", [raw(1, "1,a"), good(2, "2", "b", "2"), raw(3, "3,c,3,4")], ""),
    "open quote": ("csv", HEAD + '1,"a,1\n2,b,2\n', [raw(1, '1,"a,1'), good(2, "2", "b", "2")], ""),
    "NUL": ("csv", HEAD + "1,\0a,1\n2,b,2\n", [raw(1, "1,\0a,1"), good(2, "2", "b", "2")], ""),
    "full width and blanks": ("csv", HEAD + "\u3000９１ ,a,1\n", [good(1, "\u3000９１ ", "a", "1")], ""),
    "thousands comma": ("csv", HEAD + '1,a,"1,234.5"\n', [good(1, "1", "a", "1,234.5")], ""),
    "month as 2024.1": ("csv", HEAD + "1,2024.1,1\n", [good(1, "1", "2024.1", "1")], ""),
    "spoilt by Excel": ("xlsx", sheet(["代码", "名称", "金额"], [9.1e17, "a", 2024.1]),
                        [good(1, "9.1E+17", "a", "2024.1")], ""),
    "broken JSON line": ("jsonl", '{"code": "1"}\n{"code": \n{"code": "3"}\n',
                         [good(1, "1", None, None), raw(2, '{"code": '), good(3, "3", None, None)], ""),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_what_can_be_taken_stands_in_bronze_as_it_came(lake: Lake, case: str) -> None:
    form, content, expected, note = TAKEN[case]
    land(lake, content, name=f"f.{form}")
    (taken,) = loaded(agreed(lake, dataset(form)))
    assert (taken.state, taken.balance.received) == ("bronze", len(expected)), taken.reason
    assert rows(lake, taken.id) == expected
    assert note in taken.reason if note else not taken.reason


def test_a_cell_of_ten_million_characters_arrives_whole(lake: Lake) -> None:
    long = "长" * 10**7
    land(lake, f"{HEAD}1,a,1\n2,{long},2\n3,c,3\n")
    (taken,) = loaded(lake)
    assert [row[0] for row in rows(lake, taken.id)] == [1, 2, 3]
    assert rows(lake, taken.id)[1][2] == long


def test_the_table_has_the_contracts_columns_and_a_partition_per_delivery(lake: Lake) -> None:
    land(lake, HEAD + "1,a,1\n", name="甲 乙.csv")
    (taken,) = loaded(lake)
    found = table(lake)
    assert found.to_pyarrow_table().schema.names == ["code", "title", "amount", "_extra", "_raw", "_delivery", "_file", "_row"]
    assert found.metadata().partition_columns == ["_delivery"]
    assert found.to_pyarrow_table()["_file"].to_pylist() == ["甲 乙.csv"]
    assert found.protocol().min_reader_version == 1
    assert "yishu" in found.history()[0], "our mark, by which a stranger's commit shows"
    assert taken.balance.received == 1


def test_a_repeat_changes_nothing_and_tells_the_same(lake: Lake) -> None:
    land(lake, "代码,金额,注\n1,1,x\n2,2,\n")
    (taken,) = loaded(lake)
    first = write_bronze(lake, taken)
    (lake.settings.landing / taken.files[0].path).unlink()
    assert write_bronze(lake, taken) == first
    assert load_bronze(lake, taken) == taken
    assert table(lake).version() == 0
    assert (first.rows, "；".join(first.notes)) == (2, taken.reason)


def test_killed_between_the_commit_and_the_ledger_the_repeat_only_moves_the_ledger(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(lake, "代码,金额\n1,1\n2,2\n")
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "move", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            loaded(lake)
    (taken,) = loaded(lake)
    assert (taken.state, taken.balance.received, table(lake).version()) == ("bronze", 2, 0)
    assert "缺少选填的列：名称" in taken.reason


def test_killed_while_reading_nothing_is_committed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land(lake, HEAD + "1,a,1\n")

    def dies(*_: object) -> Iterator[pa.RecordBatch]:
        yield from ()
        raise OSError("the disk is gone")

    (delivery,) = receive(lake)
    with monkeypatch.context() as patch:
        patch.setattr(bronze._Stamped, "batches", dies)
        with pytest.raises(MachineError, match="the disk is gone"):
            load_bronze(lake, delivery)
    assert lake.ledger.delivery(delivery.id).state == "waiting"
    assert load_bronze(lake, delivery).balance.received == 1


def test_a_table_that_was_dropped_is_filled_again_from_landing(lake: Lake) -> None:
    land(lake, HEAD + "1,a,1\n")
    (taken,) = loaded(lake)
    shutil.rmtree(lake.bronze("thing"))
    assert write_bronze(lake, taken).rows == 1
    assert rows(lake, taken.id) == [good(1, "1", "a", "1")]


def test_a_file_that_vanished_or_changed_since_its_claim_is_refused(lake: Lake) -> None:
    gone = land(lake, HEAD + "1,a,1\n", period="2024-04")
    changed = land(lake, HEAD + "1,a,1\n", period="2024-05")
    touched = land(lake, HEAD + "1,a,1\n", period="2024-06")
    receive(lake)
    gone.unlink()
    changed.write_text(HEAD + "1,b,1\n", encoding="utf-8")
    os.utime(touched)
    first, second, third = (load_bronze(lake, d) for d in lake.ledger.deliveries(states={"waiting"}))
    assert (first.state, second.state, third.state) == ("rejected", "rejected", "bronze")
    assert "登记后不见了" in first.reason
    assert "登记后被改动" in second.reason
    again = {d.period: d for d in loaded(lake)}
    assert again["2024-05"].state == "bronze"
    assert rows(lake, again["2024-05"].id) == [good(1, "1", "b", "1")]


def test_a_file_that_changes_while_it_is_read_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    path = land(lake, HEAD + "1,a,1\n")
    (delivery,) = receive(lake)
    true_read = bronze.READERS["csv"]

    def slow(file: Path, contract: Dataset) -> bronze.Reading:
        reading = true_read(file, contract)

        def batches() -> Iterator[pa.RecordBatch]:
            yield from reading.batches
            path.write_text(HEAD + "1,a,1\n2,b,2\n", encoding="utf-8")

        return replace(reading, batches=batches())

    monkeypatch.setitem(bronze.READERS, "csv", slow)
    assert "登记后被改动" in load_bronze(lake, delivery).reason
    assert not DeltaTable.is_deltatable(str(lake.bronze("thing")))


def test_a_contract_may_gain_and_lose_columns(lake: Lake) -> None:
    land(lake, HEAD + "1,a,1\n", period="2024-04")
    loaded(lake)
    land(lake, "代码,grade\n2,A\n", period="2024-05")
    (wider,) = loaded(agreed(lake, dataset("csv", "grade")))
    land(lake, HEAD + "3,c,3\n", period="2024-06")
    (narrower,) = loaded(lake)
    found = table(lake).to_pyarrow_table().sort_by("code").to_pylist()
    assert [row["grade"] for row in found] == [None, "A", None]
    assert (wider.state, narrower.state) == ("bronze", "bronze")


def test_a_reprocessed_refusal_is_judged_again_at_the_door(lake: Lake) -> None:
    path = land(lake, HEAD + "1,a,1\n").rename(lake.settings.landing / OWNER / "thing" / "2024-06" / "g.csv")
    path.rename(lake.settings.landing.joinpath(OWNER, "thing", "2024.6.csv"))
    (refused,) = receive(lake)
    lake.ledger.decide(refused.id, "reprocess", actor="clerk", reason="again")
    waiting = lake.ledger.move(refused.id, "waiting")
    assert load_bronze(lake, waiting).state == "rejected"
