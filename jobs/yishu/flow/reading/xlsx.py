"""Excel workbook → batches, streamed row by row; the sheet's first row is the header, later rows count from 1.

Cells become exact text (see `cells`); only the workbook's shared strings are held in memory, and they are capped.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.cells import Value, cell_text
from yishu.flow.reading.header import Columns, field_names, folded, match_header
from yishu.flow.reading.merged import Sheet, refuse_merged_header
from yishu.flow.reading.rows import Reading, Row, bronze_schema, in_batches, unparsable

if TYPE_CHECKING:
    from openpyxl import Workbook

_STRINGS_BYTES = 512 * 2**20
_SHEET_ROWS = 1_048_576
_HEADER_CELLS = 2_000
_PREVIEW = 20
_SECOND_HEADER = 6
# What openpyxl, zipfile and the XML parsers raise on damaged or hostile files.
_DAMAGE = (zipfile.BadZipFile, KeyError, IndexError, OSError, SyntaxError, TypeError, ValueError, EOFError, OverflowError)


def read_xlsx(path: Path, dataset: Dataset) -> Reading:
    """Read one sheet: the contract's, or the first that is not empty.

    Raises:
        DeliveryRejected: no such sheet, no single header row, merged header cells, or a damaged or oversized workbook.
    """
    with ExitStack() as opened:
        try:
            book = _workbook(path, opened)
            sheet, first = _sheet(book, path.name, dataset)
            notes = refuse_merged_header(path, sheet)
            header = _header(first[0], path.name)
            _refuse_second_header(first, dataset, path.name)
        except _DAMAGE as error:
            raise _damaged(path.name) from error
        columns = match_header(header, dataset, path.name)
        kept = opened.pop_all()
    schema = bronze_schema(dataset)
    return Reading(schema, in_batches(_rows(kept, sheet, columns, dataset, path.name), schema), notes + columns.notes)


def _workbook(path: Path, opened: ExitStack) -> Workbook:
    import openpyxl

    with zipfile.ZipFile(path) as archive:
        strings = sum(part.file_size for part in archive.infolist() if part.filename.endswith("sharedStrings.xml"))
    if strings > _STRINGS_BYTES:
        raise DeliveryRejected(
            f"工作簿“{path.name}”过大（文字共 {strings >> 20} MB）", code="size", place=Place(path.name),
            expected=f"不超过 {_STRINGS_BYTES >> 20} MB", remedy="请拆成几个文件，或与平台商定改报 CSV",
        )  # fmt: skip
    with warnings.catch_warnings():  # missing default styles and the like: no business of ours
        warnings.simplefilter("ignore")
        # Opened here, not by openpyxl, which goes by the file's extension.
        book = openpyxl.load_workbook(opened.enter_context(path.open("rb")), read_only=True, data_only=True)
    opened.callback(book.close)
    return book


def _damaged(file: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”不是能打开的 Excel 工作簿（.xlsx）", code="form", place=Place(file),
        expected="未加密、完好的 .xlsx 工作簿", remedy="请用 Excel 或 WPS 打开核对，另存为 .xlsx 后重新报送",
    )  # fmt: skip


def _sheet(book: Workbook, file: str, dataset: Dataset) -> tuple[Sheet, list[tuple[Value, ...]]]:
    """The sheet to read and its first rows."""
    wanted = dataset.supply.sheet
    if wanted is not None and wanted not in book.sheetnames:
        raise DeliveryRejected(
            f"工作簿“{file}”里没有名为“{wanted}”的工作表；有：{'、'.join(book.sheetnames)}", code="sheet",
            place=Place(file), expected=f"工作表“{wanted}”", remedy="请把数据放进约定名称的工作表",
        )  # fmt: skip
    for sheet in cast("list[Sheet]", book.worksheets):
        if wanted in (None, sheet.title):
            sheet.reset_dimensions()  # declared dimensions can be a lie of a million blank rows
            first = list(islice(sheet.iter_rows(values_only=True), _PREVIEW))
            if any(value is not None for row in first for value in row):
                return sheet, first
    raise DeliveryRejected(
        f"工作簿“{file}”没有数据：{'所有工作表都' if wanted is None else f'工作表“{wanted}”'}是空的", code="empty",
        place=Place(file), expected="第一行为表头，第二行起为数据", remedy="请重新导出后报送",
    )  # fmt: skip


def _header(row: Sequence[Value], file: str) -> list[str | None]:
    cells = [cell_text(value, code=False) for value in row]
    while cells and not folded(cells[-1]):
        cells.pop()
    if len(cells) > _HEADER_CELLS:
        raise DeliveryRejected(
            f"工作簿“{file}”的表头有 {len(cells)} 列", code="header", place=Place(file, line=1),
            expected=f"不超过 {_HEADER_CELLS} 列", remedy="请删去约定之外的列",
        )  # fmt: skip
    return cells


def _refuse_second_header(rows: Sequence[Sequence[Value]], dataset: Dataset, file: str) -> None:
    """A later row that spells two column names: a title stands above the header, or the header has several rows."""
    known = field_names(dataset)
    enough = min(2, len(dataset.fields))
    for number, row in enumerate(rows[1:_SECOND_HEADER], 2):
        if sum(isinstance(value, str) and folded(value) in known for value in row) >= enough:
            raise DeliveryRejected(
                f"工作簿“{file}”的表头不在第一行或不止一行：第 {number} 行也是列名", code="header",
                place=Place(file, line=number), expected="第一行是唯一的表头，第二行起为数据",
                remedy="请删去标题行、合并的上级表头和说明行，只留一行列名",
            )  # fmt: skip


def _rows(opened: ExitStack, sheet: Sheet, columns: Columns, dataset: Dataset, file: str) -> Iterator[Row]:
    codes = _code_columns(columns, dataset)
    with opened:
        try:
            for number, values in enumerate(sheet.iter_rows(min_row=2, values_only=True), 1):
                if number > _SHEET_ROWS:
                    raise _damaged(file)
                row = _row(number, values, columns, codes)
                if row is not None:
                    yield row
        except _DAMAGE as error:
            raise _damaged(file) from error


def _code_columns(columns: Columns, dataset: Dataset) -> list[bool]:
    """Per column of the sheet: is it text by contract, so that a number in it is a code?"""
    codes = [True] * columns.width
    for field, place in zip(dataset.fields, columns.places, strict=True):
        if place is not None:
            codes[place] = field.type.kind == "string"
    return codes


def _row(number: int, values: Sequence[Value], columns: Columns, codes: Sequence[bool]) -> Row | None:
    """None for a row without any value. A value beyond the header's last column belongs to no column: unparsable."""
    if all(value is None for value in values):
        return None
    if any(value is not None for value in values[columns.width :]):
        return unparsable(number, json.dumps([cell_text(value, code=True) for value in values], ensure_ascii=False))
    cells = [cell_text(value, code=code) for value, code in zip(values, codes, strict=False)]
    cells += [None] * (columns.width - len(cells))
    return columns.row(number, cells, sum(len(cell) for cell in cells if cell))
