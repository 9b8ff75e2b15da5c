"""Columns of text → an Excel workbook of one sheet, xlsx or xls: a title above the header where the contract has one lower."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.contract.model import Dataset
from yishu.errors import UsageError
from yishu.sample.columns import as_bytes
from yishu.sample.form_lines import Columns, heads
from yishu.sample.sheet_rows import Cell, cell, sheet_rows

_SLICE: Final = 50_000
"""Rows put into text, or into Python's own objects, at once."""
_MADE: Final = dt.datetime(2025, 1, 10, 9, 0)
_MOST: Final = {"xlsx": 1_048_576, "xls": 65_536}
"""So many rows has a sheet."""
_SHEET: Final = "xl/worksheets/sheet1.xml"
_WIDE: Final = 500_000
"""A sheet of more rows can pass the 2 GB of a plain zip archive."""


def sheet_room(dataset: Dataset) -> int | None:
    """How many rows of data go into one file of the dataset; None: any number."""
    most = _MOST.get(dataset.supply.format)
    return None if most is None else most - len(_above(dataset))


def _write_xlsx(path: Path, dataset: Dataset, columns: Columns) -> None:
    """openpyxl makes the book with all that stands above the data; their rows are put into its sheet as text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(dataset.supply.sheet or "Sheet1")
    for row in _above(dataset):
        sheet.append(row)
    for number in _grouped(dataset):
        sheet.merged_cells.add(f"A{number}:{get_column_letter(len(dataset.fields))}{number}")
    day = WriteOnlyCell(sheet)
    if any(field.type.kind == "date" for field in dataset.fields):
        day.number_format = "yyyy-mm-dd"
    day_style = day.style_id
    book.properties.creator = dataset.title
    book.properties.created = book.properties.modified = _MADE
    loose = io.BytesIO()
    book.save(loose)
    _filled(loose, path, dataset, columns, day_style)


def _write_xls(path: Path, dataset: Dataset, columns: Columns) -> None:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(dataset.supply.sheet or "Sheet1")
    day, plain = xlwt.easyxf(num_format_str="yyyy-mm-dd"), xlwt.Style.default_style
    for number, row in enumerate(chain(_above(dataset), _cells(dataset, columns))):
        for place, value in enumerate(row):
            if value is not None:
                sheet.write(number, place, value, day if isinstance(value, dt.date) else plain)
    for number in _grouped(dataset):
        sheet.merge(number - 1, number - 1, 0, len(dataset.fields) - 1)
    book.save(str(path))


def _above(dataset: Dataset) -> list[list[Cell]]:
    """The first rows of the sheet: what stands above the header, and the header."""
    above: list[list[Cell]] = [[] for _ in range(dataset.supply.header_row - 1)]
    for row, text in zip(above, (dataset.title, f"数据来源：{dataset.system}"), strict=False):
        row.append(text)
    groups: list[list[Cell]] = [[dataset.title] for _ in _grouped(dataset)]
    return [*above, *groups, list(heads(dataset))]


def _grouped(dataset: Dataset) -> range:
    """The header's rows, from 1, above its last: one heading over all columns."""
    return range(dataset.supply.header_row, dataset.supply.header_row + dataset.supply.header_rows - 1)


def _cells(dataset: Dataset, columns: Columns) -> Iterator[list[Cell]]:
    kinds = [field.type.kind for field in dataset.fields]
    for _, part in _parts(dataset, columns):
        for row in zip(*(column.to_pylist() for column in part), strict=True):
            yield [cell(text, kind) for text, kind in zip(row, kinds, strict=True)]


def _parts(dataset: Dataset, columns: Columns) -> Iterator[tuple[int, list[pa.Array]]]:
    """Slices of the columns, and the first row (from 0) of each."""
    for start in range(0, len(columns[dataset.fields[0].name]), _SLICE):
        yield start, [columns[field.name].slice(start, _SLICE) for field in dataset.fields]


def _filled(loose: io.BytesIO, path: Path, dataset: Dataset, columns: Columns, day_style: int) -> None:
    """Copy a workbook with the data's rows in its sheet, and one fixed date on every part: archives carry the time of writing."""
    large = len(columns[dataset.fields[0].name]) > _WIDE
    with zipfile.ZipFile(loose) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            data = source.read(part.filename)
            fixed = zipfile.ZipInfo(part.filename, date_time=(2025, 1, 10, 9, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            if part.filename == "docProps/core.xml":
                data = _without_times(data)
            if part.filename != _SHEET:
                target.writestr(fixed, data)
                continue
            before, end, after = data.partition(b"</sheetData>")
            with target.open(fixed, "w", force_zip64=large) as file:
                for piece in (before, *_data(dataset, columns, day_style), end + after):
                    file.write(piece)


def _data(dataset: Dataset, columns: Columns, day_style: int) -> Iterator[bytes]:
    first = len(_above(dataset)) + 1
    for start, part in _parts(dataset, columns):
        rows = sheet_rows(dataset.fields, part, np.arange(first + start, first + start + len(part[0])), day_style)
        yield as_bytes(rows)


def _without_times(core: bytes) -> bytes:
    """openpyxl stamps the time of saving as `modified`, whatever was set."""
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", _MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), core)


def _held(write: Callable[[Path, Dataset, Columns], None], path: Path, dataset: Dataset, columns: Columns) -> None:
    """Write what a sheet holds; refuse more."""
    room = sheet_room(dataset)
    if room is not None and len(columns[dataset.fields[0].name]) > room:
        raise UsageError(
            f"{dataset.name} has more rows than an .{dataset.supply.format} sheet", code="sample", expected=f"at most {room} rows",
            remedy="ask for fewer rows",
        )  # fmt: skip
    write(path, dataset, columns)


SHEET_FORMS: Final[dict[str, Callable[[Path, Dataset, Columns], None]]] = {
    "xlsx": partial(_held, _write_xlsx), "xls": partial(_held, _write_xls),
}  # fmt: skip
