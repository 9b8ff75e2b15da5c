"""Our own sheet, come back: known by its mark whatever its name; every row that cannot be taken is told with the reason."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from reading_case import NAMES, TITLES, one, rows, thing
from yishu.errors import DeliveryRejected
from yishu.flow.corrections import Known, compared
from yishu.flow.reading.marked_sheet import marked, read_marked
from yishu.flow.reading.rows import Row
from yishu.flow.receipt_form import ReceiptJson, RowJson
from yishu.flow.receipt_sheet import sheet_bytes
from yishu.flow.sheet_pen import safe_text, typed_text

ID, OTHER = "d-0123456789abcdef", "d-fedcba9876543210"
FILES = ("甲.csv", "=乙\x07.csv")
BAD = {("甲.csv", 7): ("=1+1", "名\r称", "x", None), ("甲.csv", 9): ("C2", None, "12.50", "2024-13-01"), (FILES[1], 7): ("C3", " ", "y", None)}
"""What was handed in, by place."""
KNOWN = Known(dict(BAD), {**dict.fromkeys(BAD), ("甲.csv", 7): '{"备注": "手工"}'}, frozenset(BAD), {}, {})


def receipt(places: dict[tuple[str, int], tuple[str | None, ...]]) -> ReceiptJson:
    listed: list[RowJson] = [
        {"file": file, "row": row, "values": dict(zip(TITLES, cells, strict=True)), "extra": {}, "raw": None, "violations": []}
        for (file, row), cells in places.items()
    ]
    return {
        "delivery": ID, "department": "1", "department_name": "省厅", "dataset": "thing", "title": "事物", "period": "2024",
        "state": "accepted", "state_zh": "已接收", "generation": 1, "supersedes": None, "corrects": None, "still_bad": None,
        "received": 9, "loaded": 6, "duplicates": 0, "quarantined": 3, "rejected": 0, "reason": "", "advice": "", "notes": [],
        "files": [], "changes": None, "columns": list(TITLES), "rules": [], "rows": listed, "rows_total": 3, "rows_shown": 3,
    }  # fmt: skip


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "随便.xlsx"
    path.write_bytes(sheet_bytes(receipt(BAD)))
    return path


def changed(path: Path, change: Callable[[Worksheet], object]) -> Path:
    """As another program saves it."""
    book = load_workbook(path)
    change(book["问题行"])
    book.save(path)
    return path


def put(at: str, value: object) -> Callable[[Worksheet], object]:
    return lambda sheet: sheet.__setitem__(at, value)


def corrected(path: Path, known: Known = KNOWN) -> dict[tuple[str, int], Row]:
    return compared(read_marked(path, thing(), TITLES, 100), known, TITLES, "回执.xlsx")


def refusal(path: Path, known: Known = KNOWN) -> str:
    with pytest.raises(DeliveryRejected) as refused:
        corrected(path, known)
    assert refused.value.expected and refused.value.remedy
    return refused.value.what


def test_a_sheet_is_known_by_its_mark_alone(sheet: Path, tmp_path: Path) -> None:
    assert marked(sheet) == ID
    assert marked(changed(sheet, put("F2", "改"))) == ID

    def retitle(rows: Worksheet) -> None:
        rows.title = "Sheet1"
        del rows.parent["回执"]

    assert marked(changed(sheet, retitle)) == ID
    other = Workbook()
    other.active.append(["代码", "名称"])
    other.active.append([f"yishu:{ID}", "a cell below the header is no mark"])
    other.save(tmp_path / "receipt.xlsx")
    assert marked(tmp_path / "receipt.xlsx") is None
    for name, data in (("a.csv", f"yishu:{ID},代码\n".encode()), ("b", b""), ("c", b"PK\x03\x04"), ("d", sheet.read_bytes()[:900])):
        (tmp_path / name).write_bytes(data)
        assert marked(tmp_path / name) is None, name


def test_a_sheet_in_a_workbook_with_macros_is_refused_at_once(sheet: Path) -> None:
    with zipfile.ZipFile(sheet, "a") as book:
        book.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(DeliveryRejected, match="宏"):
        marked(sheet)


def test_only_what_was_typed_is_new(sheet: Path) -> None:
    """Columns: 文件, 行号, 问题, 应为, then the four of the contract."""

    def mend(rows: Worksheet) -> None:
        rows["G2"] = 3.5  # a number, where a number is agreed
        rows["H3"] = "2024-01-31"
        rows["F4"], rows["E4"] = "'=名", None

    found = corrected(changed(sheet, mend))
    assert {spot: row.cells for spot, row in found.items()} == {
        ("甲.csv", 7): ("=1+1", "名\r称", "3.5", None),
        ("甲.csv", 9): ("C2", None, "12.50", "2024-01-31"),
        (FILES[1], 7): (None, "=名", "y", None),
    }
    assert found["甲.csv", 7].extra == '{"备注": "手工"}'


def test_rows_that_are_left_cleared_or_taken_out_are_left_as_they_were(sheet: Path) -> None:
    def mend(rows: Worksheet) -> None:
        for cell in rows[3][:8]:
            cell.value = None
        rows["G4"] = "5"
        rows.delete_rows(2)
        rows["J1"], rows["J2"] = "备注", "核对过了"

    assert list(corrected(changed(sheet, mend))) == [(FILES[1], 7)]


def test_a_sorted_sheet_is_read_as_well(sheet: Path) -> None:
    def turn(rows: Worksheet) -> None:
        first, last = [[c.value for c in rows[n]] for n in (2, 4)]
        for cell, value in zip(rows[2], last, strict=True):
            cell.value = value
        for cell, value in zip(rows[4], first, strict=True):
            cell.value = value
        rows["G2"] = "1"

    assert list(corrected(changed(sheet, turn))) == [(FILES[1], 7)]


HOSTILE: list[tuple[Callable[[Worksheet], object], str]] = [
    (lambda s: None, "没有新的更正"),
    (lambda s: [s.__setitem__("B2", 8), s.__setitem__("G2", 1)], "表中第 2 行：行号被改为“8”，应为 7"),
    (lambda s: [s.__setitem__("A2", "丙.csv"), s.__setitem__("G2", 1)], "表中第 2 行：行号被改为“7”，应为 7"),
    (lambda s: s.append([c.value for c in s[2]]), "表中第 5 行：行号 7 出现了两次"),
    (lambda s: s.append(["甲.csv", 8, "", "", "C9"]), "表中第 5 行：不是回执所列的行"),
    (lambda s: s.append(["甲.csv", 8, "", "", "C9", None, None, None, "8:甲.csv"]), "“8:甲.csv”不是这次交付的行"),
    (lambda s: [s.move_range("B3:B4", 1), s.__setitem__("B3", 7)], "行号被改为“7”，应为 9"),
    (lambda s: s.__setitem__("E1", "编码"), "缺少“代码”"),
    (lambda s: s.__setitem__("F1", "代码"), "“代码”有 2 列"),
    (lambda s: s.__setitem__("B1", "序号"), "第 2 列应为“行号”"),
    (lambda s: s.delete_cols(3), "第 3 列应为“问题”"),
    (lambda s: [s.append([None, None, None, None, n]) for n in range(200)], "超过 100 行"),
]


@pytest.mark.parametrize(("change", "told"), HOSTILE)
def test_what_was_altered_is_refused_with_place_and_reason(sheet: Path, change: Callable[[Worksheet], object], told: str) -> None:
    assert told in refusal(changed(sheet, change))


def test_rows_that_are_open_no_more_are_told_with_what_became_of_them(sheet: Path) -> None:
    changed(sheet, lambda s: [s.__setitem__("G2", "1"), s.__setitem__("G3", "2"), s.__setitem__("G4", "3")])
    places = list(BAD)
    taken = {places[0]: (OTHER, ("=1+1", "名\r称", "9", None))}
    known = replace(KNOWN, bad=frozenset(), taken=taken, closed={places[1]: "经平台豁免入库"})
    told = refusal(sheet, known)
    assert f"行号 7 已由 {OTHER} 更正" in told and "行号 9 已经平台豁免入库，无需更正" in told and "表中第 4 行：行号 7 不是问题行" in told
    same = {places[0]: (OTHER, ("=1+1", "名\r称", "1", None))}
    found = corrected(sheet, replace(KNOWN, bad=frozenset(places[1:]), taken=same))
    assert list(found) == places[1:], "what an earlier use of the same sheet brought is not brought again"


@pytest.mark.parametrize("supply", [{"format": "csv", "encoding": "utf-8"}, {"format": "xlsx"}])
def test_the_sheet_saved_in_the_departments_own_form_is_not_taken_for_the_whole_period(
    supply: dict[str, str], sheet: Path, tmp_path: Path
) -> None:
    lines = [[c.value for c in row] for row in load_workbook(sheet)["问题行"].iter_rows()]
    file = tmp_path / "data"
    if supply["format"] == "csv":
        file.write_text("\n".join(",".join(str(c or "").replace("\n", " ") for c in line) for line in lines), encoding="utf-8")
    else:
        changed(sheet, lambda s: s.parent.__delitem__("回执"))
        file.write_bytes(sheet.read_bytes())
    with pytest.raises(DeliveryRejected, match="问题行"):
        rows(one(file, thing(**supply)))


@pytest.mark.parametrize("text", ["", "a", "=1", "'=1", "''=1", "-1.5", "-x", "'", "'a", "＝1", "@x"])
def test_a_text_that_is_typed_again_is_the_same(text: str) -> None:
    assert typed_text(safe_text(text)) == (text if text != "'=1" else "=1"), "only an apostrophe that we would write ourselves is ambiguous"


assert NAMES == ("code", "title", "amount", "day")
