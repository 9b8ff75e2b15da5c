"""Old Excel workbook (.xls) → batches. The form itself bounds a sheet (65,536 rows, 256 columns), a cap bounds the file.

Read by xlrd: error cells stay visible, and memory follows what the file holds, not the rectangle that it spans.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

import pyarrow as pa

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.cells import Value
from yishu.flow.reading.excel_dates import from_serial
from yishu.flow.reading.merged import Merge, split_merges
from yishu.flow.reading.rows import Reading, bronze_schema, in_batches
from yishu.flow.reading.sheet import Heading, first_rows, header_last, read_heading, sheet_text
from yishu.flow.reading.source import Source
from yishu.flow.reading.workbook import active
from yishu.flow.reading.xlsx import empty_book, no_sheet

if TYPE_CHECKING:
    from xlrd import Book
    from xlrd.sheet import Sheet

_MOST_BYTES = 96 << 20
"""A full sheet of 65,536 rows with 20 columns of text is 34 MB."""
_MACROS = "_VBA_PROJECT".encode("utf-16-le")
# What xlrd raises on damaged files, beside its own errors.
_DAMAGE = (
    struct.error, IndexError, KeyError, ValueError, AssertionError, TypeError, AttributeError, OverflowError,
    NotImplementedError, ZeroDivisionError, MemoryError, RecursionError, UnboundLocalError,
)  # fmt: skip
Numbered = tuple[int, list[Value]]


def read_xls(source: Source, dataset: Dataset) -> Reading:
    """Read one sheet: the contract's, or the first that is not empty.

    Raises:
        DeliveryRejected: no such sheet, a header other than agreed, or a workbook that is damaged, encrypted, oversized or
            has macros.
    """
    book = _open(source)
    sheet, heading = _heading(book, source.name, dataset)
    title = sheet.name
    book.release_resources()
    del book, sheet
    schema = bronze_schema(dataset)

    def batches() -> Iterator[pa.RecordBatch]:
        again = _open(source)
        yield from in_batches(sheet_text(_rows(again, _sheet(again, title, source.name)), heading), schema)

    return Reading(schema, batches(), heading.notes)


def _open(source: Source) -> Book:
    import xlrd

    with source.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise DeliveryRejected(
            f"工作簿“{source.name}”过大（超过 {_MOST_BYTES >> 20} MB）", code="size", place=Place(source.name),
            expected=f"不超过 {_MOST_BYTES >> 20} MB", remedy="请另存为 .xlsx 并与平台商定改报，或拆成几个文件",
        )  # fmt: skip
    if _MACROS in content:
        raise active(source.name, "宏")
    silent: IO[str] = io.StringIO()
    try:
        # formatting_info: without it merged cells are not told
        return xlrd.open_workbook(file_contents=content, formatting_info=True, on_demand=True, ragged_rows=True, logfile=silent)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, *_DAMAGE) as error:
        raise _damaged(source.name) from error


def _damaged(file: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”不是能打开的旧版 Excel 工作簿（.xls）", code="form", place=Place(file),
        expected="未加密、完好的 .xls 工作簿", remedy="请用 Excel 或 WPS 打开核对，另存为 .xls 后重新报送",
    )  # fmt: skip


def _heading(book: Book, file: str, dataset: Dataset) -> tuple[Sheet, Heading]:
    """The sheet to read and its header."""
    supply = dataset.supply
    titles = book.sheet_names()
    if supply.sheet is not None and supply.sheet not in titles:
        raise no_sheet(file, supply.sheet, titles)
    for title in titles:
        if supply.sheet not in (None, title):
            continue
        sheet = _sheet(book, title, file)
        first = first_rows(_rows(book, sheet), supply)
        if first:
            areas = (Merge(left + 1, top + 1, right, bottom) for top, bottom, left, right in sheet.merged_cells)
            merged = split_merges(areas, supply.header_row, header_last(supply))
            return sheet, read_heading(first, merged, dataset, file, mac_dates=bool(book.datemode))
        book.unload_sheet(title)
    raise empty_book(file, supply.sheet)


def _sheet(book: Book, title: str, file: str) -> Sheet:
    """The sheet, which is read only now."""
    import xlrd

    try:
        return book.sheet_by_name(title)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, *_DAMAGE) as error:
        raise _damaged(file) from error


def _rows(book: Book, sheet: Sheet) -> Iterator[Numbered]:
    """The rows that hold a value."""
    durations = _durations(book)
    for number in range(sheet.nrows):
        cells: list[Value] = []
        for column in range(sheet.row_len(number)):
            value = _value(sheet, number, column, durations, bool(book.datemode))
            if value is not None:
                cells += [None] * (column - len(cells))
                cells.append(value)
        if cells:
            yield number + 1, cells


def _durations(book: Book) -> frozenset[int]:
    """The styles that show hours beyond 24."""
    from openpyxl.styles.numbers import is_timedelta_format

    formats = {key: is_timedelta_format(form.format_str) for key, form in book.format_map.items()}
    return frozenset(number for number, style in enumerate(book.xf_list) if formats.get(style.format_key))


def _value(sheet: Sheet, row: int, column: int, durations: frozenset[int], mac_dates: bool) -> Value:
    import xlrd

    kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
    if kind in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return None
    if kind == xlrd.XL_CELL_DATE:
        return from_serial(value, mac=mac_dates, duration=sheet.cell_xf_index(row, column) in durations)
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(value)
    if kind == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(value, f"#ERR{value}"))
    return float(value) if kind == xlrd.XL_CELL_NUMBER else str(value)
