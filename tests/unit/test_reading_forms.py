"""xlsx, JSON Lines and Parquet → batches: exact text, the supplier's row numbers, clear refusals."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yishu.contract.model import Dataset, Field, FileFormat, Kind, Supply, Type
from yishu.errors import DeliveryRejected
from yishu.flow.reading.cells import cell_text
from yishu.flow.reading.form import check_form
from yishu.flow.reading.jsonl import read_jsonl
from yishu.flow.reading.parquet import read_parquet
from yishu.flow.reading.rows import Reading
from yishu.flow.reading.xlsx import read_xlsx

HEADER = ("代码", "名称", "金额", "日期")
NAMES = ("code", "title", "amount", "day")


def dataset(form: FileFormat, sheet: str | None = None) -> Dataset:
    kinds: tuple[Kind, ...] = ("string", "string", "decimal", "date")
    fields = tuple(
        Field(name=name, title=title, type=Type(kind=kind), key_position=1 if name == "code" else None)
        for name, title, kind in zip(NAMES, HEADER, kinds, strict=True)
    )
    return Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=("x",), mode="append", cycle="daily",
        sharing="none", supply=Supply(format=form, sheet=sheet), fields=fields, file=Path("thing.yaml"),
    )  # fmt: skip


def rows(reading: Reading) -> list[dict[str, object]]:
    return [row for batch in reading.batches for row in batch.to_pylist()]


def cells(reading: Reading) -> list[tuple[object, ...]]:
    return [(row["_row"], *(row[name] for name in NAMES)) for row in rows(reading)]


def book(folder: Path, *lines: Sequence[object], name: str = "f.xlsx", merged: str = "", sheet: str = "Sheet") -> Path:
    made = openpyxl.Workbook()
    made.create_sheet(sheet, 1) if sheet != "Sheet" else None
    page = made[sheet]
    for line in lines:
        page.append(list(line))
    if merged:
        page.merge_cells(merged)
    made.save(folder / "made.xlsx")
    return (folder / "made.xlsx").rename(folder / name)


def test_excel_cells_become_exact_text(tmp_path: Path) -> None:
    path = book(
        tmp_path, HEADER, ["001", 130102, 1234.5, dt.date(2024, 1, 31)], [],
        [91130100.0, True, 1e-7, dt.datetime(2024, 1, 1, 8, 30)],
        ["#N/A", "=1/0", 1e20, None], [None, None, None, None], [], name="没有扩展名",
    )  # fmt: skip
    assert cells(read_xlsx(path, dataset("xlsx"))) == [
        (1, "001", "130102", "1234.5", "2024-01-31"), (3, "91130100", "true", "0.0000001", "2024-01-01 08:30:00"),
        (4, "#N/A", None, "100000000000000000000", None),
    ]  # fmt: skip


def test_numbers_that_excel_has_spoilt_stay_visibly_spoilt(tmp_path: Path) -> None:
    path = book(tmp_path, HEADER, [9.1e17, 911301020000000000, 911301020000000000, None], [999999999999999, 1e15, 0, None])
    assert cells(read_xlsx(path, dataset("xlsx"))) == [
        (1, "9.1E+17", "9.1130102E+17", "911301020000000000", None), (2, "999999999999999", "1E+15", "0", None),
    ]  # fmt: skip


def test_the_first_sheet_with_cells_is_read_unless_the_contract_names_one(tmp_path: Path) -> None:
    path = book(tmp_path, HEADER, ["1", "a", 1, None], sheet="数据")
    assert cells(read_xlsx(path, dataset("xlsx"))) == [(1, "1", "a", "1", None)]
    assert cells(read_xlsx(path, dataset("xlsx", "数据"))) == [(1, "1", "a", "1", None)]
    with pytest.raises(DeliveryRejected, match="没有名为“明细”的工作表；有：Sheet、数据"):
        read_xlsx(path, dataset("xlsx", "明细"))
    with pytest.raises(DeliveryRejected, match="工作表“Sheet”是空的"):
        read_xlsx(path, dataset("xlsx", "Sheet"))


def test_a_value_beyond_the_header_makes_the_row_unparsable(tmp_path: Path) -> None:
    found = rows(read_xlsx(book(tmp_path, HEADER, ["1", "a", 1, None, "多"], ["2", "b"]), dataset("xlsx")))
    assert [(row["_row"], row["_raw"], row["code"]) for row in found] == [
        (1, '["1", "a", "1", null, "多"]', None),
        (2, None, "2"),
    ]


def test_merged_header_cells_are_refused_and_merged_data_is_noted(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRejected, match="表头有合并单元格：A1:D1"):
        read_xlsx(book(tmp_path, ["登记表"], HEADER, ["1", "a", 1, None], merged="A1:D1"), dataset("xlsx"))
    noted = read_xlsx(book(tmp_path, HEADER, ["1", "a", 1, None], ["2"], merged="B2:B3"), dataset("xlsx"))
    assert "1 处合并单元格（如 B2:B3）" in noted.notes[0]
    assert len(rows(noted)) == 2


@pytest.mark.parametrize("above", [["事物登记表"], [], HEADER], ids=["a title", "a blank row", "a second header"])
def test_a_header_that_is_not_the_one_first_row_is_refused(tmp_path: Path, above: Sequence[object]) -> None:
    below = NAMES if above == HEADER else HEADER
    with pytest.raises(DeliveryRejected, match="第 2 行也是列名"):
        read_xlsx(book(tmp_path, above, below, ["1", "a", 1, None]), dataset("xlsx"))


def test_what_is_no_workbook_is_refused_by_content(tmp_path: Path) -> None:
    text, old, damaged = tmp_path / "a.xlsx", tmp_path / "b.xlsx", tmp_path / "c.xlsx"
    text.write_text("代码,名称\n1,a\n", encoding="utf-8")
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with zipfile.ZipFile(damaged, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    for path, what in ((text, "而是文本文件"), (old, "而是旧版 Excel")):
        with pytest.raises(DeliveryRejected, match=what):
            check_form(path, dataset("xlsx"))
    check_form(damaged, dataset("xlsx"))
    for path in (text, old, damaged):
        with pytest.raises(DeliveryRejected, match="不是能打开的 Excel 工作簿"):
            read_xlsx(path, dataset("xlsx"))


def test_a_workbook_broken_in_the_middle_is_refused_while_it_is_read(tmp_path: Path) -> None:
    whole, broken = book(tmp_path, HEADER, *([str(n), "a", n, None] for n in range(2000))), tmp_path / "broken.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for part in source.namelist():
            body = source.read(part)
            target.writestr(part, body[: len(body) // 2] if part.endswith("sheet1.xml") else body)
    with pytest.raises(DeliveryRejected, match="不是能打开的 Excel 工作簿"):
        rows(read_xlsx(broken, dataset("xlsx")))


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    whole, bomb = book(tmp_path, HEADER, ["1"]), tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(bomb, "w") as target:
        for part in source.namelist():
            body = source.read(part)
            trick = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' if part.endswith("sheet1.xml") else b""
            target.writestr(part, trick + body)
    with pytest.raises(DeliveryRejected, match="含有文档类型声明"):
        rows(read_xlsx(bomb, dataset("xlsx")))


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (None, True, None), (" a\u3000", True, " a\u3000"), (False, True, "false"), (12.0, True, "12"), (0.1, False, "0.1"),
        (-9.1e17, True, "-9.1E+17"), (-9.1e17, False, "-910000000000000000"), (dt.time(8, 5), True, "08:05:00"),
        (dt.datetime(2024, 2, 29), False, "2024-02-29"), (float("nan"), False, "nan"),
    ],
)  # fmt: skip
def test_typed_cells_become_text(value: str | float | dt.datetime | dt.time | None, code: bool, text: str | None) -> None:
    assert cell_text(value, code=code) == text


def lines(folder: Path, *objects: str, encoding: str = "utf-8") -> Path:
    path = folder / "f.jsonl"
    path.write_bytes("\n".join(objects).encode(encoding))
    return path


def test_json_lines_keep_digits_and_numbers(tmp_path: Path) -> None:
    path = lines(
        tmp_path, '{"代码": "1", "amount": 1.10, "名称": {"a": [1.50, null, "x"]}, "备注": true}', "",
        '{"code": 130102199003071234}',
        '{"code": "3"', '["3"]', '{"code": "4", "code": "5"}', '{"code": "4", "代码": "5"}', '{"code": null, "title": ""}\r',
        encoding="utf-8-sig",
    )  # fmt: skip
    reading = read_jsonl(path, dataset("jsonl"))
    found = rows(reading)
    good = [(row["_row"], row["code"], row["title"], row["amount"], row["_extra"]) for row in found if row["_raw"] is None]
    assert good == [
        (1, "1", '{"a": [1.50, null, "x"]}', "1.10", '{"备注": "true"}'), (3, "130102199003071234", None, None, None),
        (8, None, "", None, None),
    ]  # fmt: skip
    assert [(row["_row"], row["_raw"]) for row in found if row["_raw"]] == [
        (4, '{"code": "3"'), (5, '["3"]'), (6, '{"code": "4", "code": "5"}'), (7, '{"code": "4", "代码": "5"}'),
    ]  # fmt: skip


def test_json_lines_in_gb18030_are_read_with_a_note(tmp_path: Path) -> None:
    reading = read_jsonl(lines(tmp_path, '{"代码": "统一社会信用代码错误"}', encoding="gb18030"), dataset("jsonl"))
    assert [row["code"] for row in rows(reading)] == ["统一社会信用代码错误"]
    assert "GB18030" in reading.notes[0]


@pytest.mark.parametrize(
    ("text", "what"), [("[\n{}", "JSON 数组"), ('{"甲": 1}', "没有一个属于“事物”；收到：甲"), ("{}", "（空对象）")]
)
def test_what_are_no_json_lines_of_this_dataset_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(DeliveryRejected, match=what):
        rows(read_jsonl(lines(tmp_path, text), dataset("jsonl")))


def test_parquet_is_cast_to_exact_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "code": pa.array(["1", "2"]).dictionary_encode(),
            "名称": pa.array([[1, 2], None], pa.list_(pa.int64())),
            "amount": pa.array([Decimal("1.10"), Decimal("0.00000001")], pa.decimal128(18, 8)),
            "day": pa.array([dt.datetime(2024, 1, 31, 8, 0, 0), dt.datetime(2024, 1, 31, 8, 0, 0, 500)], pa.timestamp("us")),
            "比例": pa.array([1.0, 1e-7]),
        }
    )
    pq.write_table(table, tmp_path / "f.parquet")
    reading = read_parquet(tmp_path / "f.parquet", dataset("parquet"))
    assert [(*list(row.values())[:5], row["_row"]) for row in rows(reading)] == [
        ("1", "[1, 2]", "1.10000000", "2024-01-31 08:00:00", '{"比例": "1"}', 1),
        ("2", None, "0.00000001", "2024-01-31 08:00:00.000500", '{"比例": "0.0000001"}', 2),
    ]  # fmt: skip


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    path.write_bytes(b"PAR1" + json.dumps({}).encode() * 50)
    with pytest.raises(DeliveryRejected, match="不是完好的 Parquet"):
        read_parquet(path, dataset("parquet"))
    path.write_bytes(b"code\n1\n")
    with pytest.raises(DeliveryRejected, match="不是Parquet 文件，而是文本文件"):
        check_form(path, dataset("parquet"))
