"""Sheets of xlsx and xls alike: where the header stands, merged header cells, dates that are numbers, what is refused."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pytest
import xlwt
from pydantic import JsonValue

from reading_case import TITLES, cells, one, rows, thing
from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected
from yishu.flow.reading import xls as old

Lines = Sequence[Sequence[object]]
Write = Callable[[Path, Lines, Sequence[str]], Path]
TITLE = ("事物登记表",)


def new_book(folder: Path, lines: Lines, merged: Sequence[str] = ()) -> Path:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "空"
    sheet = book.create_sheet("数据")
    for line in lines:
        sheet.append(list(line))
    for area in merged:
        sheet.merge_cells(area)
    book.save(folder / "f.xlsx")
    return folder / "f.xlsx"


def old_book(folder: Path, lines: Lines, merged: Sequence[str] = (), *, mac: bool = False) -> Path:
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = mac
    book.add_sheet("空")
    sheet = book.add_sheet("数据", cell_overwrite_ok=True)
    styles = {kind: xlwt.easyxf(num_format_str=text) for kind, text in FORMATS.items()}
    for row, line in enumerate(lines):
        for column, value in enumerate(line):
            if value is not None:
                number = value.total_seconds() / 86_400 if isinstance(value, dt.timedelta) else value
                sheet.write(row, column, number, styles.get(type(value), xlwt.Style.default_style))
    for area in merged:
        (left, top), (right, bottom) = (openpyxl.utils.cell.coordinate_from_string(end) for end in area.split(":"))
        first, last = (openpyxl.utils.column_index_from_string(letters) - 1 for letters in (left, right))
        sheet.merge(top - 1, bottom - 1, first, last)
    book.save(str(folder / "f.xls"))
    return folder / "f.xls"


FORMATS: dict[type, str] = {dt.date: "yyyy-mm-dd", dt.datetime: "yyyy-mm-dd hh:mm:ss", dt.time: "hh:mm", dt.timedelta: "[h]:mm"}
BOTH = pytest.mark.parametrize(("form", "book"), [("xlsx", new_book), ("xls", old_book)], ids=["xlsx", "xls"])


def sheet(form: str, **more: JsonValue) -> Dataset:
    return thing(format=form, **more)


@BOTH
def test_cells_become_exact_text(tmp_path: Path, form: str, book: Write) -> None:
    path = book(tmp_path, [TITLES, ["001", 130102, 1234.5, dt.date(2024, 1, 31)], [], [911301020000000000, True, 1e-7, None],
                           ["2024", dt.datetime(2024, 1, 1, 8, 30), 12.0, dt.datetime(2024, 1, 1, 8, 30)]], ())  # fmt: skip
    assert cells(one(path, sheet(form))) == [
        (1, "001", "130102", "1234.5", "2024-01-31"), (3, "9.1130102E+17", "true", "0.0000001", None),
        (4, "2024", "2024-01-01 08:30:00", "12", "2024-01-01 08:30:00"),
    ]  # fmt: skip


@BOTH
def test_the_header_may_stand_below_a_title(tmp_path: Path, form: str, book: Write) -> None:
    path = book(tmp_path, [TITLE, ["制表：", "甲"], TITLES, ["1", "a", 1, None], [], ["2"]], ["A1:D1"])
    reading = one(path, sheet(form, sheet="数据", headerRow=3))
    assert [row[:2] for row in cells(reading)] == [(1, "1"), (3, "2")]
    assert reading.notes == ()
    with pytest.raises(DeliveryRejected, match="表头有合并单元格：A1:D1"):
        one(path, sheet(form))
    with pytest.raises(DeliveryRejected, match="表头不在第 2 行或不止一行：第 3 行也是列名"):
        one(path, sheet(form, headerRow=2))


@BOTH
def test_merged_header_cells_are_filled_and_joined(tmp_path: Path, form: str, book: Write) -> None:
    """Filled to the right (基本) and down (日期, 备注); a field's name is the whole, or its last part."""
    lines = [TITLE, ["基本", None, "金额", "日期", "备注"], ["代码", "名称", "万元"],
             ["1", "a", 1.5, "2024-01-31", "甲"], ["2", None, 2, None]]  # fmt: skip
    path = book(tmp_path, lines, ["A1:F1", "A2:B2", "D2:D3", "E2:E3", "A5:B5"])
    dataset = sheet(form, headerRow=2, headerRows=2)
    fields = [f.model_copy(update={"title": "金额/万元"}) if f.name == "amount" else f for f in dataset.fields]
    reading = one(path, dataset.model_copy(update={"fields": tuple(fields)}))
    found = rows(reading)
    assert [(row["code"], row["title"], row["amount"], row["day"], row["_extra"]) for row in found] == [
        ("1", "a", "1.5", "2024-01-31", '{"备注": "甲"}'), ("2", None, "2", None, None),
    ]  # fmt: skip
    assert "数据区有 1 处合并单元格（如 A5:B5）" in reading.notes[0]
    assert "多出约定之外的列：备注" in reading.notes[1]


@BOTH
def test_a_merged_area_that_reaches_into_the_data_is_refused(tmp_path: Path, form: str, book: Write) -> None:
    path = book(tmp_path, [["基本", None], ["代码", "名称"], ["1", "a"]], ["A1:B1", "B2:B3"])
    with pytest.raises(DeliveryRejected, match="表头有合并单元格：B2:B3"):
        one(path, sheet(form, headerRows=2))


@BOTH
def test_two_columns_of_one_name_under_different_heads_are_refused(tmp_path: Path, form: str, book: Write) -> None:
    path = book(tmp_path, [["基本", None, "上年", "本年"], ["代码", "名称", "金额", "金额"], ["1", "a", 1, 2]], ["A1:B1"])
    with pytest.raises(DeliveryRejected, match="重复的列：“金额”（第 3、4 列）"):
        one(path, sheet(form, headerRows=2))


@BOTH
def test_day_numbers_in_a_column_of_dates_are_dates(tmp_path: Path, form: str, book: Write) -> None:
    days = [45292, 45292.5, 2024, 202406, 20240131, "45292", True]
    path = book(tmp_path, [TITLES, *(["1", 45292, 45292, day] for day in days)], ())
    reading = one(path, sheet(form))
    assert [row[4] for row in cells(reading)] == [
        "2024-01-01", "2024-01-01 12:00:00", "2024", "202406", "20240131", "45292", "true",
    ]  # fmt: skip
    assert {row[2:4] for row in cells(one(path, sheet(form)))} == {("45292", "45292")}
    assert "日期以数字存放，已按 Excel 的日期序号换算" in reading.notes[0]


def test_days_may_count_from_1904(tmp_path: Path) -> None:
    path = old_book(tmp_path, [TITLES, ["1", dt.date(2024, 1, 31), 1, 43830]], mac=True)
    assert cells(one(path, sheet("xls"))) == [(1, "1", "2024-01-31", "1", "2024-01-01")]
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for line in (TITLES, ["1", dt.date(2024, 1, 31), 1, 43830]):
        book.worksheets[0].append(list(line))
    book.save(tmp_path / "f.xlsx")
    assert cells(one(tmp_path / "f.xlsx", sheet("xlsx"))) == [(1, "1", "2024-01-31", "1", "2024-01-01")]


@BOTH
def test_times_and_durations(tmp_path: Path, form: str, book: Write) -> None:
    path = book(tmp_path, [TITLES, ["1", dt.time(8, 5), 1, None], ["2", dt.timedelta(days=2, hours=3), 1, None]], ())
    assert [row[2] for row in cells(one(path, sheet(form)))] == ["08:05:00", "2 days, 3:00:00"]


def test_the_chinese_excels_own_date_formats_are_dates(tmp_path: Path) -> None:
    """Formats 27 to 36 and 50 to 58 stand in no file: each Excel knows its own. In the Chinese one they are dates."""
    path = new_book(tmp_path, [TITLES, ["1", dt.date(2024, 1, 31), 1, None]])
    changed = tmp_path / "g.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
        for part in source.namelist():
            body = source.read(part)
            target.writestr(part, body.replace(b'numFmtId="164"', b'numFmtId="31"') if part.endswith("styles.xml") else body)
    assert [row[2] for row in cells(one(changed, sheet("xlsx")))] == ["2024-01-31"]


def test_error_cells_of_old_workbooks_stay_visible(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("s")
    for column, title in enumerate(TITLES):
        page.write(0, column, title)
    page.row(1).set_cell_error(0, 0x2A)
    page.row(1).set_cell_error(2, 0x07)
    book.save(str(tmp_path / "f.xls"))
    assert cells(one(tmp_path / "f.xls", sheet("xls"))) == [(1, "#N/A", None, "#DIV/0!", None)]


@BOTH
def test_sheets_are_found_by_name(tmp_path: Path, form: str, book: Write) -> None:
    path = book(tmp_path, [TITLES, ["1"]], ())
    with pytest.raises(DeliveryRejected, match="没有名为“明细”的工作表；有：空、数据"):
        one(path, sheet(form, sheet="明细"))
    with pytest.raises(DeliveryRejected, match="工作表“空”是空的"):
        one(path, sheet(form, sheet="空"))
    with pytest.raises(DeliveryRejected, match="所有工作表都是空的"):
        one(book(tmp_path, [], ()), sheet(form))


def test_rich_text_escapes_and_prefixes_of_xlsx(tmp_path: Path) -> None:
    """As other programs write it: a name space prefix, runs, a phonetic guide, an escaped character, no references."""
    path = new_book(tmp_path, [TITLES, ["1"]])
    changed = tmp_path / "g.xlsx"
    strings = """<x:sst xmlns:x="m"><x:si><x:t>代码</x:t></x:si><x:si><x:r><x:t>名</x:t></x:r><x:r><x:t>称</x:t></x:r>
      <x:rPh><x:t>mc</x:t></x:rPh></x:si><x:si><x:t>a_x000D_b_x005F_x0041__xD83D__x0000_</x:t></x:si></x:sst>"""
    page = """<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c></x:row>
      <x:row r="3"><x:c r="B3" t="s"><x:v>2</x:v></x:c></x:row><x:row><x:c t="inlineStr"><x:is><x:t> c </x:t></x:is></x:c>
      <x:c t="str"><x:f>A1</x:f><x:v>d</x:v></x:c></x:row></x:sheetData></x:worksheet>"""
    relation = '<Relationship Id="s" Type="…/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
        target.writestr("xl/sharedStrings.xml", strings)
        for part in source.namelist():
            body = page if part.endswith("sheet2.xml") else source.read(part).decode()
            target.writestr(part, body.replace("</Relationships>", relation) if part.endswith("book.xml.rels") else body)
    assert cells(one(changed, sheet("xlsx"))) == [
        (2, None, "a\rb_x0041__xD83D__x0000_", None, None), (3, " c ", "d", None, None),
    ]  # fmt: skip


PLACES = ['<row r="2"/><row r="1"/>', '<row r="1048577"/>', '<row><c r="B1"/><c r="A1"/></row>', '<row><c r="XFE1"><v>1</v></c></row>',
          '<row><c r="1A"><v>1</v></c></row>', '<row><c t="s"><v>99</v></c></row>', '<row><c t="s"><v>-1</v></c></row>',
          "<row><c><v>x</v></c></row>", "<row>"]  # fmt: skip


@pytest.mark.parametrize("body", PLACES)
def test_a_sheet_that_excel_could_not_open_is_refused(tmp_path: Path, body: str) -> None:
    path, changed = new_book(tmp_path, [TITLES, ["1"]]), tmp_path / "g.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
        for part in source.namelist():
            page = f"<worksheet><sheetData>{body}</sheetData></worksheet>".encode()
            target.writestr(part, page if part.endswith("sheet2.xml") else source.read(part))
    with pytest.raises(DeliveryRejected, match="不是能打开的 Excel 工作簿"):
        cells(one(changed, sheet("xlsx")))


@pytest.mark.parametrize("cut", [8, 600, 2000, 4000])
def test_a_damaged_old_workbook_is_refused(tmp_path: Path, cut: int) -> None:
    path = old_book(tmp_path, [TITLES, *([str(n), "a", n, None] for n in range(300))])
    whole = path.read_bytes()
    for broken in (whole[:cut], whole[:cut] + bytes(len(whole) - cut), whole[:cut] + b"\xff" * 512 + whole[cut + 512 :]):
        path.write_bytes(broken)
        with pytest.raises(DeliveryRejected, match="不是能打开的旧版 Excel"):
            cells(one(path, sheet("xls")))


def test_an_old_workbook_beyond_memory_or_with_macros_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = old_book(tmp_path, [TITLES, ["1"]])
    with path.open("ab") as file:
        file.write("_VBA_PROJECT_CUR".encode("utf-16-le"))
    with pytest.raises(DeliveryRejected, match="含有宏"):
        one(path, sheet("xls"))
    monkeypatch.setattr(old, "_MOST_BYTES", 1000)
    with pytest.raises(DeliveryRejected, match=r"工作簿“f.xls”过大"):
        one(path, sheet("xls"))
