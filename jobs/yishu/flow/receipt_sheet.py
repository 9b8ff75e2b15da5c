"""A receipt's data → receipt.xlsx for a clerk: sheet 回执 says what happened, sheet 问题行 lists the rows to mend.

The bytes depend on the data alone. A cell that a spreadsheet would take for a formula is made plain text.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

from yishu.flow.receipt_form import SEVERITIES, ReceiptJson, RowJson

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet as Sheet

_LONGEST = 32_000
"""Characters per cell; the format allows 32,767."""
_DAY = "2000-01-01T00:00:00Z"


def sheet_bytes(receipt: ReceiptJson) -> bytes:
    """The workbook of one receipt."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = "一数"
    book.properties.title = safe_text(f"交付回执 {receipt['delivery']}")
    _summary(book.create_sheet("回执"), receipt)
    rows = _rows(book.create_sheet("问题行"), receipt) if receipt["rows"] else ""
    buffer = io.BytesIO()
    book.save(buffer)
    return _finished(buffer, rows)


_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")


def safe_text(text: str) -> str:
    """The text as a cell may hold it: no formula, no control characters, not longer than the format allows."""
    shown = _INVISIBLE.sub(_visible, text[:_LONGEST]) + ("……（已截断）" if len(text) > _LONGEST else "")
    return "'" + shown if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else shown


_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


def _visible(found: re.Match[str]) -> str:
    """A control character's own picture; XML cannot hold the character itself."""
    code = ord(found[0])
    return chr(0x2400 + code) if code < ord(" ") else "\ufffd"


def _summary(sheet: Sheet, r: ReceiptJson) -> None:
    pen = _Pen(sheet)
    for column, width in zip("ABCDE", (20, 50, 50, 14, 14), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.sheet_view.showGridLines = False
    sheet.append([pen.cell("数据交付回执", "title")])
    sheet.append([])
    for label, value in _facts(r):
        look = _RESULTS.get(r["state"], "plain") if label == "结果" else "plain"
        sheet.append([pen.cell(label, "label"), pen.cell(value, look)])
    sheet.append([])
    for label, count in _counts(r):
        sheet.append([pen.cell(label, "label"), pen.cell(count)])
    sheet.append([pen.cell("收到 = 入库 + 重复 + 待核 + 退回", "note")])
    if r["rules"]:
        rules = sorted(r["rules"], key=lambda rule: -rule["bad"])
        told: list[list[str | int]] = [
            [c["title"] or "整行或整表", c["message"], c["expected"], SEVERITIES.get(c["severity"], c["severity"]), c["bad"]]
            for c in rules
        ]
        _table(pen, sheet, ("信息项", "问题", "应为", "处理", "行数"), told)
    files: list[list[str | int]] = [[f["name"], f["sha256"], f["size"]] for f in r["files"]]
    _table(pen, sheet, ("文件", "校验值（SHA-256）", "大小（字节）"), files)


def _counts(r: ReceiptJson) -> list[tuple[str, int]]:
    return [
        ("收到行数", r["received"]), ("入库", r["loaded"]), ("重复", r["duplicates"]), ("待核（问题行）", r["quarantined"]),
        ("退回", r["rejected"]),
    ]  # fmt: skip


def _facts(r: ReceiptJson) -> Iterator[tuple[str, str]]:
    yield "供数部门", f"{r['department_name']}（{r['department']}）" if r["department_name"] else r["department"]
    yield "数据集", f"{r['title']}（{r['dataset']}）" if r["title"] else r["dataset"]
    yield "期次", r["period"]
    yield "交付编号", r["delivery"]
    yield "第几次报送", f"第 {r['generation']} 次" + (f"，更正替代 {r['supersedes']}" if r["supersedes"] else "")
    yield "结果", r["state_zh"]
    if r["reason"]:
        yield "说明", r["reason"]
    yield "下一步", r["advice"]
    if r["changes"]:
        changes = r["changes"]
        yield "与被替代的交付相比", f"新增 {changes['added']} 行，减少 {changes['removed']} 行（改动的行两边各计一次）"
    for note in r["notes"]:
        yield "备注", note
    if r["rows_total"]:
        shown = "全部列在“问题行”" if r["rows_shown"] == r["rows_total"] else f"“问题行”列出前 {r['rows_shown']} 行"
        yield "问题行", f"共 {r['rows_total']} 行，{shown}"


def _table(pen: _Pen, sheet: Sheet, heads: Sequence[str], rows: Sequence[list[str | int]]) -> None:
    sheet.append([])
    sheet.append([pen.cell(head, "head") for head in heads])
    for row in rows:
        sheet.append([pen.cell(value) for value in row])


def _rows(sheet: Sheet, r: ReceiptJson) -> str:
    """Row number, problem and expected form, then the department's own columns; offending cells are marked.

    Returns:
        the rows below the heading, as the sheet's own XML: openpyxl takes seconds for what this does in tenths.
    """
    from openpyxl.utils import get_column_letter

    several = len({row["file"] for row in r["rows"]}) > 1
    fixed = [*(["文件"] if several else []), "行号", "问题", "应为"]
    extra = sorted({name for row in r["rows"] for name in row["extra"]} - set(r["columns"]))
    columns = [*r["columns"], *extra]
    unread = any(row["raw"] is not None for row in r["rows"])
    heads = [*fixed, *columns, *(["原文（无法读取的行）"] if unread else [])]
    letters = [get_column_letter(at) for at in range(1, len(heads) + 1)]
    for letter, width in zip(letters, _widths(r, heads, fixed), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = f"{letters[len(fixed)]}2"
    sheet.auto_filter.ref = f"A1:{letters[-1]}{len(r['rows']) + 1}"
    pen = _Pen(sheet)
    sheet.append([pen.cell(head, "head") for head in heads])
    lines = []
    for number, row in enumerate(r["rows"], start=2):
        file = [pen.xml(row["file"])] if several else []
        told = [pen.xml(_numbered([v[word] for v in row["violations"]])) for word in _TOLD]
        cells = [*file, pen.xml(row["row"]), *told, *_cells(pen, row, columns)]
        placed = [cell.replace("@", f"{letter}{number}", 1) for letter, cell in zip(letters, cells, strict=False) if cell]
        lines.append(f'<row r="{number}">{"".join(placed)}</row>')
    return "".join(lines)


_TOLD: tuple[Literal["message", "expected"], ...] = ("message", "expected")


def _cells(pen: _Pen, row: RowJson, columns: Sequence[str]) -> list[str]:
    wrong = {title for v in row["violations"] for title in v["titles"]}
    values = row["extra"] | row["values"] if row["extra"] else row["values"]
    cells = [pen.xml(values.get(title), "bad" if title in wrong else "plain") for title in columns]
    return cells if row["raw"] is None else [*cells, pen.xml(row["raw"], "bad")]


def _numbered(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n".join(f"{at}. {text}" for at, text in enumerate(texts, start=1))


_SAMPLED = 200


def _widths(r: ReceiptJson, heads: Sequence[str], fixed: Sequence[str]) -> Iterator[float]:
    """Wide enough for the heading and the first rows; a Chinese character takes two places."""
    given = {"文件": 24.0, "行号": 9.0, "问题": 36.0, "应为": 46.0}
    for at, head in enumerate(heads):
        if at < len(fixed):
            yield given[head]
            continue
        texts = [row["values"].get(head, row["extra"].get(head)) or "" for row in r["rows"][:_SAMPLED]]
        yield min(48.0, max(10, *(_places(text) for text in [head, *texts])) * 1.15 + 2)


def _places(text: str) -> int:
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text[:60])


Look = Literal["plain", "title", "label", "head", "note", "bad", "accepted", "held", "rejected"]
_FILLS: dict[Look, str] = {
    "label": "DDEBF7", "head": "1F4E79", "bad": "FFC7CE", "accepted": "E2F0D9", "held": "FFF2CC", "rejected": "F8CBAD",
}  # fmt: skip

_RESULTS: dict[str, Look] = {"accepted": "accepted", "held": "held", "rejected": "rejected"}


class _Pen:
    """Writes cells on one sheet; each look is made once, for making styles is what is slow in a sheet of many rows."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._looks: dict[tuple[Look, bool], Cell] = {}

    def cell(self, value: str | int, look: Look = "plain") -> Cell:
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self._sheet, safe_text(value) if isinstance(value, str) else value)
        cell._style = self._like(look, isinstance(value, int))._style  # type: ignore[attr-defined]  # the stubs leave it out
        return cell

    def xml(self, value: str | int | None, look: Look = "plain") -> str:
        """The cell as XML, `@` in the place of its address; nothing for an empty one that is not marked."""
        if value is None and look == "plain":
            return ""
        style = self._like(look, isinstance(value, int)).style_id
        if isinstance(value, int):
            return f'<c r="@" s="{style}"><v>{value}</v></c>'
        text = escape(safe_text(value or ""))
        return f'<c r="@" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    def _like(self, look: Look, number: bool) -> Cell:
        if (look, number) not in self._looks:
            self._looks[look, number] = _styled(self._sheet, look, number)
        return self._looks[look, number]


def _styled(sheet: Sheet, look: Look, number: bool) -> Cell:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill

    cell = WriteOnlyCell(sheet)
    cell.alignment = Alignment(wrap_text=look != "title", vertical="top", horizontal=None if number else "left")
    colour = {"head": "FFFFFF", "note": "808080"}.get(look)
    strong = look not in ("plain", "bad", "note")
    cell.font = Font(name="微软雅黑", size=16 if look == "title" else 10, bold=strong, color=colour)
    if look in _FILLS:
        cell.fill = PatternFill("solid", start_color=_FILLS[look])
    return cell


def _finished(book: io.BytesIO, rows: str) -> bytes:
    """The same workbook with the rows, and without the moment at which it was saved: equal receipts are equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + _DAY.encode(), content)
            elif name == "xl/worksheets/sheet2.xml":
                content = content.replace(b"</sheetData>", rows.encode() + b"</sheetData>")
            new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
