"""Columns of text → a file in the supplier's form: CSV, Excel, JSON Lines or Parquet. The same rows give the same bytes."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yishu.contract.model import Dataset, Field
from yishu.sample.columns import joined
from yishu.sample.faults import Spoil

if TYPE_CHECKING:
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Columns: TypeAlias = Mapping[str, pa.Array]
_Cell: TypeAlias = str | int | float | dt.date | None
_SLICE: Final = 200_000
"""Rows put into text at once: bounds the memory of a file of millions."""
_MADE: Final = dt.datetime(2025, 1, 10, 9, 0)


def write_file(path: Path, dataset: Dataset, columns: Columns, broken: Mapping[int, Spoil]) -> dict[int, str]:
    """Write one file as the dataset's supply says.

    Args:
        path: where; its folder exists.
        dataset: the contract: form, encoding, header, sheet.
        columns: one column of text per field of the contract.
        broken: row (from 0) → what is done to its finished line (text forms only).

    Returns:
        The broken lines as written, by row (from 0).
    """
    form = dataset.supply.format
    if form in ("csv", "jsonl"):
        return _write_lines(path, dataset, columns, broken)
    (_write_xlsx if form == "xlsx" else _write_parquet)(path, dataset, columns)
    return {}


def _write_lines(path: Path, dataset: Dataset, columns: Columns, broken: Mapping[int, Spoil]) -> dict[int, str]:
    supply = dataset.supply
    made: dict[int, str] = {}
    # A workstation's CSV ends its lines as Windows does.
    end = "\r\n" if supply.format == "csv" else "\n"
    with path.open("wb") as file:
        if supply.format == "csv":
            header = supply.delimiter.join(_csv_cell(head, supply.delimiter) for head in _heads(dataset))
            file.write((header + end).encode(supply.encoding))
        total = len(columns[dataset.fields[0].name])
        for start in range(0, total, _SLICE):
            part = [columns[field.name].slice(start, _SLICE) for field in dataset.fields]
            lines = _csv_lines(part, supply.delimiter) if supply.format == "csv" else _json_lines(part, dataset)
            lines, spoilt = _broken(lines, start, broken)
            made |= spoilt
            file.write(_bytes(lines, end, supply.encoding))
    return made


def _heads(dataset: Dataset) -> list[str]:
    return [field.title if dataset.supply.header == "title" else field.name for field in dataset.fields]


def _csv_cell(text: str, delimiter: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in (delimiter, '"', "\n", "\r")) else text


def _csv_lines(part: list[pa.Array], delimiter: str) -> pa.Array:
    cells = []
    for column in part:
        filled = pc.fill_null(column, "")
        quoted = joined('"', pc.replace_substring(filled, '"', '""'), '"')
        special = pc.match_substring_regex(filled, f'[{delimiter}"\r\n]')
        cells.append(pc.if_else(special, quoted, filled))
    return pc.binary_join_element_wise(*cells, delimiter)


def _json_lines(part: list[pa.Array], dataset: Dataset) -> pa.Array:
    """Whole numbers bare, all else as JSON strings, nothing as null."""
    pieces: list[pa.Array | str] = []
    for place, (head, field, column) in enumerate(zip(_heads(dataset), dataset.fields, part, strict=True)):
        pieces += [("{" if place == 0 else ", ") + json.dumps(head, ensure_ascii=False) + ": ", _json_cells(column, field)]
    return joined(*pieces, "}")


def _json_cells(column: pa.Array, field: Field) -> pa.Array:
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')
    escaped = pc.replace_substring(escaped, "\n", "\\n")
    cells = joined('"', escaped, '"')
    if field.type.kind == "integer":
        cells = pc.if_else(pc.match_substring_regex(column, "^(0|[1-9][0-9]*)$"), column, cells)
    return pc.fill_null(cells, "null")


def _broken(lines: pa.Array, start: int, broken: Mapping[int, Spoil]) -> tuple[pa.Array, dict[int, str]]:
    rows = sorted(row for row in broken if start <= row < start + len(lines))
    if not rows:
        return lines, {}
    made = {row: broken[row](lines[row - start].as_py()) for row in rows}
    mask = np.zeros(len(lines), dtype=np.bool_)
    mask[[row - start for row in rows]] = True
    return pc.replace_with_mask(lines, pa.array(mask), pa.array([made[row] for row in rows], pa.string())), made


def _bytes(lines: pa.Array, end: str, encoding: str) -> bytes:
    """All lines with their ends: an Arrow column's data is already one text."""
    text = joined(lines, end)
    data: bytes = text.buffers()[2].to_pybytes()
    first, last = (np.frombuffer(text.buffers()[1], dtype=np.int32)[text.offset + place] for place in (0, len(text)))
    data = data[first:last]
    return data if encoding == "utf-8" else data.decode("utf-8").encode(encoding)


def _write_parquet(path: Path, dataset: Dataset, columns: Columns) -> None:
    arrays = {head: _typed(columns[field.name], field) for head, field in zip(_heads(dataset), dataset.fields, strict=True)}
    pq.write_table(pa.table(arrays), path, compression="zstd", row_group_size=_SLICE)


def _typed(column: pa.Array, field: Field) -> pa.Array:
    kind = field.type
    if kind.kind == "decimal":
        return column.cast(pa.decimal128(kind.precision or 38, kind.scale or 0))
    if kind.kind == "boolean":
        return pc.equal(column, "1")
    types = {"string": pa.string(), "integer": pa.int64(), "date": pa.date32(), "timestamp": pa.timestamp("us")}
    return column.cast(types[kind.kind])


def _write_xlsx(path: Path, dataset: Dataset, columns: Columns) -> None:
    """One sheet; numbers and dates as Excel's own where the cell is one, else as text."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet: WriteOnlyWorksheet = book.create_sheet(dataset.supply.sheet or "Sheet1")
    sheet.append(_heads(dataset))
    for row in _cells(dataset, columns):
        sheet.append(row)
    book.properties.creator = dataset.title
    book.properties.created = book.properties.modified = _MADE
    loose = io.BytesIO()
    book.save(loose)
    _dated_alike(loose, path)


def _cells(dataset: Dataset, columns: Columns) -> Iterator[list[_Cell]]:
    texts = [columns[field.name].to_pylist() for field in dataset.fields]
    kinds = [field.type.kind for field in dataset.fields]
    for row in zip(*texts, strict=True):
        yield [_cell(text, kind) for text, kind in zip(row, kinds, strict=True)]


def _cell(text: str | None, kind: str) -> _Cell:
    if text is None or kind not in ("integer", "decimal", "date"):
        return text
    if kind == "date":
        return dt.date.fromisoformat(text) if len(text) == 10 and _is_day(text) else text
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
