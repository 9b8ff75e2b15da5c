"""Columns of text → an Excel workbook of one sheet, xlsx or xls: a title above the header where the contract has one lower."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Final, TypeAlias

from yishu.contract.model import Dataset
from yishu.errors import UsageError
from yishu.sample.form_lines import Columns, heads

_Cell: TypeAlias = str | int | float | dt.date | None
_SLICE: Final = 20_000
"""Rows turned into Python's own objects at once."""
_MADE: Final = dt.datetime(2025, 1, 10, 9, 0)
_XLS_ROWS: Final = 65_536
_FIRST_DAY: Final = "1900-03-01"
"""Before it, Excel's calendar has a day that never was."""


def _write_xlsx(path: Path, dataset: Dataset, columns: Columns) -> None:
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(dataset.supply.sheet or "Sheet1")
    for row in _rows(dataset, columns):
        sheet.append(row)
    for number in _grouped(dataset):
        sheet.merged_cells.add(f"A{number}:{get_column_letter(len(dataset.fields))}{number}")
    book.properties.creator = dataset.title
    book.properties.created = book.properties.modified = _MADE
    loose = io.BytesIO()
    book.save(loose)
    _dated_alike(loose, path)


def _write_xls(path: Path, dataset: Dataset, columns: Columns) -> None:
    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet(dataset.supply.sheet or "Sheet1")
    day, plain = xlwt.easyxf(num_format_str="yyyy-mm-dd"), xlwt.Style.default_style
    for number, row in enumerate(_rows(dataset, columns)):
        if number == _XLS_ROWS:
            raise UsageError(
                f"{dataset.name} has more rows than an .xls sheet", code="sample", expected=f"at most {_XLS_ROWS} rows",
                remedy="ask for fewer rows",
            )  # fmt: skip
        for place, value in enumerate(row):
            if value is not None:
                sheet.write(number, place, value, day if isinstance(value, dt.date) else plain)
    for number in _grouped(dataset):
        sheet.merge(number - 1, number - 1, 0, len(dataset.fields) - 1)
    book.save(str(path))


def _rows(dataset: Dataset, columns: Columns) -> Iterator[list[_Cell]]:
    """All rows of the sheet: what stands above the header, the header, the data."""
    above: list[list[_Cell]] = [[] for _ in range(dataset.supply.header_row - 1)]
    for row, text in zip(above, (dataset.title, f"数据来源：{dataset.system}"), strict=False):
        row.append(text)
    groups: list[list[_Cell]] = [[dataset.title] for _ in _grouped(dataset)]
    return chain(above, groups, [list(heads(dataset))], _cells(dataset, columns))


def _grouped(dataset: Dataset) -> range:
    """The header's rows, from 1, above its last: one heading over all columns."""
    return range(dataset.supply.header_row, dataset.supply.header_row + dataset.supply.header_rows - 1)


def _cells(dataset: Dataset, columns: Columns) -> Iterator[list[_Cell]]:
    """Numbers and dates as Excel's own where the cell is one, else as text."""
    kinds = [field.type.kind for field in dataset.fields]
    for start in range(0, len(columns[dataset.fields[0].name]), _SLICE):
        texts = [columns[field.name].slice(start, _SLICE).to_pylist() for field in dataset.fields]
        for row in zip(*texts, strict=True):
            yield [_cell(text, kind) for text, kind in zip(row, kinds, strict=True)]


def _cell(text: str | None, kind: str) -> _Cell:
    if text is None or kind not in ("integer", "decimal", "date"):
        return text
    if kind == "date":
        return dt.date.fromisoformat(text) if len(text) == 10 and text >= _FIRST_DAY and _is_day(text) else text
    # Excel keeps 15 digits: longer numbers come as text, or they would change.
    plain = text.isascii() and len(text) <= 15 and text.replace(".", "", 1).removeprefix("-").isdigit()
    if not plain:
        return text
    return float(text) if "." in text else int(text)


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _dated_alike(loose: io.BytesIO, path: Path) -> None:
    """Copy a workbook with one fixed date on every part: a zip archive else carries the time of writing."""
    with zipfile.ZipFile(loose) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            data = source.read(part.filename)
            fixed = zipfile.ZipInfo(part.filename, date_time=(2025, 1, 10, 9, 0, 0))
            fixed.compress_type = zipfile.ZIP_DEFLATED
            if part.filename == "docProps/core.xml":
                data = _without_times(data)
            target.writestr(fixed, data)


def _without_times(core: bytes) -> bytes:
    """openpyxl stamps the time of saving as `modified`, whatever was set."""
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", _MADE.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), core)


SHEET_FORMS: Final[dict[str, Callable[[Path, Dataset, Columns], None]]] = {"xlsx": _write_xlsx, "xls": _write_xls}
