"""A receipt's data → receipt.xlsx for a clerk: sheet 回执 says what happened, sheet 问题行 lists the rows to mend.

The bytes depend on the data alone. Both sheets are laid out for a screen and for A4 paper.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from yishu.flow.reading.header import MARK
from yishu.flow.reading.marked_sheet import OURS
from yishu.flow.receipt_form import SEVERITIES, ReceiptJson, RowJson, corrected, undecided
from yishu.flow.sheet_pen import LINE, Look, Pen, lines, places, safe_text

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet as Sheet

_DAY = "2000-01-01T00:00:00Z"
_PAGE = 190
"""Places across a sheet of A4 on its side, at some 70 % of the size on the screen."""


def sheet_bytes(receipt: ReceiptJson) -> bytes:
    """The workbook of one receipt."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator = "一数"
    book.properties.title = safe_text(f"交付回执 {receipt['delivery']}")
    summary = book.worksheets[0]
    summary.title = "回执"
    _summary(summary, receipt)
    rows = _rows(book.create_sheet("问题行"), receipt) if receipt["rows"] else ""
    buffer = io.BytesIO()
    book.save(buffer)
    return _finished(buffer, rows)


_WIDTHS = (22.0, 44.0, 68.0, 12.0, 10.0)
_RESULTS: dict[str, Look] = {"accepted": "accepted", "held": "held", "rejected": "rejected"}


def _summary(sheet: Sheet, r: ReceiptJson) -> None:
    pen = Pen(sheet)
    for column, width in zip("ABCDE", _WIDTHS, strict=True):
        sheet.column_dimensions[column].width = width
    sheet.sheet_view.showGridLines = False
    _on_paper(sheet, r, pages=1)
    sheet.append([pen.cell("数据交付回执", "title")])
    sheet.row_dimensions[1].height = 2 * LINE
    sheet.append([])
    for label, value in _facts(r):
        look = _RESULTS.get(r["state"], "plain") if label == "结果" else "plain"
        _line(sheet, [pen.cell(label, "label"), pen.cell(value, look)], lines(value, sum(_WIDTHS[1:])))
        sheet.merge_cells(start_row=sheet.max_row, start_column=2, end_row=sheet.max_row, end_column=len(_WIDTHS))
    sheet.append([])
    counts = _counts(r)
    for label, count in counts:
        _line(sheet, [pen.cell(label, "label"), pen.cell(count, "count")], 1)
    sheet.append([pen.cell(f"收到 = {' + '.join(label.partition('（')[0] for label, _ in counts[1:])}", "note")])
    if r["rules"]:
        told: list[list[str | int]] = [
            [c["title"] or "整行或整表", c["message"], c["expected"], SEVERITIES.get(c["severity"], c["severity"]), c["bad"]]
            for c in sorted(r["rules"], key=lambda rule: -rule["bad"])
        ]
        _table(pen, sheet, ("信息项", "问题", "应为", "处理", "行数"), told)
    files: list[list[str | int]] = [[f["size"], f["name"], f["sha256"]] for f in r["files"]]
    _table(pen, sheet, ("大小（字节）", "文件", "校验值（SHA-256）"), files)


def _on_paper(sheet: Sheet, r: ReceiptJson, pages: int) -> None:
    """A4 on its side, so many sheets wide, as long as it takes, with the delivery and the page at the foot."""
    from openpyxl.worksheet.header_footer import HeaderFooterItem
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = pages, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for side in ("left", "right", "top"):
        setattr(sheet.page_margins, side, 0.4)
    foot = HeaderFooterItem()
    foot.left.text, foot.right.text = f"交付回执 {r['delivery']}", "第 &P 页，共 &N 页"
    sheet.oddFooter = foot


def _line(sheet: Sheet, cells: list[Cell], high: int) -> None:
    sheet.append(cells)
    sheet.row_dimensions[sheet.max_row].height = high * LINE


def _counts(r: ReceiptJson) -> list[tuple[str, int]]:
    waiting = undecided(r)
    return [
        ("收到行数", r["received"]), ("入库", r["loaded"]), *([waiting] if waiting[1] else []), ("重复", r["duplicates"]),
        ("待核（问题行）", r["quarantined"]), ("退回", r["rejected"]),
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
    if r["corrects"]:
        yield "更正", corrected(r)
    if r["changes"]:
        changes = r["changes"]
        yield "与被替代的交付相比", f"新增 {changes['added']} 行，减少 {changes['removed']} 行（改动的行两边各计一次）"
    for note in r["notes"]:
        yield "备注", note
    if r["rows_total"]:
        shown = "全部列在“问题行”" if r["rows_shown"] == r["rows_total"] else f"“问题行”列出前 {r['rows_shown']} 行"
        yield "问题行", f"共 {r['rows_total']} 行，{shown}；行号从表头下的第一行数据起，记作 1"
        yield "怎样更正", "在“问题行”中改正红色单元格所示的问题，其余列和行号不动；改不了的行留着不动；存为 .xlsx 放回报送文件夹"


def _table(pen: Pen, sheet: Sheet, heads: Sequence[str], rows: Sequence[list[str | int]]) -> None:
    sheet.append([])
    _line(sheet, [pen.cell(head, "head") for head in heads], 1)
    for row in rows:
        cells = [pen.cell(value, "plain" if isinstance(value, str) else "count") for value in row]
        _line(sheet, cells, max(lines(str(v), w) for v, w in zip(row, _WIDTHS, strict=False)))


@dataclass(frozen=True)
class _Grid:
    """The columns of 问题行: ours, the department's, at times the line as it came, and hidden which row of what it is."""

    several: bool
    """More than one file was handed in: each row names its own."""
    unread: bool
    """A line that could not be read stands among the rows."""
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    letters: tuple[str, ...]
    widths: tuple[float, ...]


def _rows(sheet: Sheet, r: ReceiptJson) -> str:
    """Row number, problem and expected form, then the department's own columns; offending cells are marked.

    Returns:
        the rows below the heading, as the sheet's own XML: openpyxl takes seconds for what this does in tenths.
    """
    grid, pen = _grid(r), Pen(sheet)
    for letter, width in zip(grid.letters, grid.widths, strict=True):
        sheet.column_dimensions[letter].width = width
        sheet.column_dimensions[letter].number_format = "@"  # what is typed into an empty cell stays what was typed
    sheet.column_dimensions[grid.letters[-1]].hidden = True
    sheet.freeze_panes = f"{grid.letters[len(grid.ours)]}2"
    sheet.auto_filter.ref = f"A1:{grid.letters[-1]}{len(r['rows']) + 1}"
    _on_paper(sheet, r, pages=-int(-sum(grid.widths[:-1]) // _PAGE))
    sheet.print_options.gridLines = True
    # paper that goes on to the right or down repeats the row numbers and the heading
    sheet.print_title_rows, sheet.print_title_cols = "1:1", f"A:{grid.letters[grid.ours.index('行号')]}"
    heads = (*grid.ours, *grid.theirs, *([_RAW] if grid.unread else []))
    _line(sheet, [*(pen.cell(head, "head") for head in heads), pen.cell(f"{MARK}{r['delivery']}", "data")], 1)
    return "".join(_row(pen, row, number, grid) for number, row in enumerate(r["rows"], start=2))


_OURS = dict(zip(OURS, (24.0, 9.0, 30.0, 40.0), strict=True))
_HIDDEN = 10.0
_TOLD: tuple[Literal["message", "expected"], ...] = ("message", "expected")
_RAW = "原文（无法读取的行）"
_SAMPLED = 200


def _grid(r: ReceiptJson) -> _Grid:
    from openpyxl.utils import get_column_letter

    several = len({row["file"] for row in r["rows"]}) > 1
    ours = tuple(_OURS)[0 if several else 1 :]
    extra = sorted({name for row in r["rows"] for name in row["extra"]} - set(r["columns"]))
    theirs, shown = (*r["columns"], *extra), r["rows"][:_SAMPLED]
    widths = [_OURS[head] for head in ours]
    widths += [_width(head, [row["values"].get(head, row["extra"].get(head)) for row in shown]) for head in theirs]
    unread = any(row["raw"] is not None for row in r["rows"])
    widths += [60.0, _HIDDEN] if unread else [_HIDDEN]
    letters = tuple(get_column_letter(at) for at in range(1, len(widths) + 1))
    return _Grid(several, unread, ours, theirs, letters, tuple(widths))


def _width(head: str, cells: Sequence[str | None]) -> float:
    """Wide enough for the heading and the first rows."""
    return min(40.0, max(10, *(places((text or "")[:60]) for text in [head, *cells])) * 1.15 + 3)


def _row(pen: Pen, row: RowJson, number: int, grid: _Grid) -> str:
    wrong = {title for v in row["violations"] for title in v["titles"]}
    values = row["extra"] | row["values"] if row["extra"] else row["values"]
    file: list[tuple[str | int | None, Look]] = [(row["file"], "plain")] if grid.several else []
    told = [_numbered([v[word] for v in row["violations"]]) for word in _TOLD]
    cells = [*file, (row["row"], "plain"), *((text, "plain") for text in told)]
    cells += [(values.get(title), "bad" if title in wrong else "data") for title in grid.theirs]
    if grid.unread:
        cells.append((row["raw"], "plain" if row["raw"] is None else "bad"))
    cells.append((place_mark(row["file"], row["row"]), "data"))
    high, written = 1, []
    for (value, look), letter, width in zip(cells, grid.letters, grid.widths, strict=True):
        if isinstance(value, str) and look != "data":
            high = max(high, lines(value, width))
        written.append(pen.xml(f"{letter}{number}", value, look))
    return f'<row r="{number}" ht="{high * LINE}" customHeight="1">{"".join(written)}</row>'


def place_mark(file: str, row: int) -> str:
    """What the hidden column says of a row, as the cell holds it."""
    return safe_text(f"{row}:{file}")


def _numbered(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n".join(f"{at}. {text}" for at, text in enumerate(texts, start=1))


_DIMENSION = re.compile(rb"<dimension [^>]*/>")
"""Says of the heading alone how far the sheet reaches."""


def _finished(book: io.BytesIO, rows: str) -> bytes:
    """The same workbook with the rows, and without the moment at which it was saved: equal receipts are equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + _DAY.encode(), content)
            elif name == "xl/worksheets/sheet2.xml":
                content = _DIMENSION.sub(b"", content).replace(b"</sheetData>", rows.encode() + b"</sheetData>")
            new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
