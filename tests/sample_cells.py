"""The files of the sample, read without the project's own readers: for its tests and for the baselines of the benchmarks."""

from __future__ import annotations

import csv
import datetime as dt
import json
from itertools import zip_longest
from pathlib import Path

import defusedxml.ElementTree
import openpyxl
import pyarrow.parquet as pq
import xlrd

from yishu.contract.model import Dataset, Supply

Cells = dict[str, str | None]
UNREAD: Cells = {"": None}
"""Stands for a line that has no readable cells."""


def cells_of(file: Path, dataset: Dataset) -> list[Cells]:
    """Every data row of a file by field name, read without the project's own readers."""
    names = {f.title: f.name for f in dataset.fields} | {f.name: f.name for f in dataset.fields}
    form = dataset.supply.format
    if form == "parquet":
        table = pq.read_table(file).to_pylist()
        return [{names[key]: None if value is None else str(value) for key, value in row.items()} for row in table]
    if form in ("xlsx", "xls"):
        head, *rows = (new_sheet if form == "xlsx" else old_sheet)(file, dataset.supply)
        return [{names[str(k)]: as_text(v) for k, v in zip_longest(head, row)} for row in rows]
    encoding = "gb18030" if dataset.supply.encoding == "auto" else dataset.supply.encoding
    text = file.read_bytes().decode(encoding)
    if form == "fixed":
        return [cut(line, dataset, encoding) for line in text.split("\r\n")[:-1]]
    if form in ("json", "xml"):
        return (elements if form == "xml" else objects)(text, dataset, names)
    if form == "csv":
        head_line, *lines = csv.reader(text.splitlines(), delimiter=dataset.supply.delimiter)
        return [
            {names[k]: v or None for k, v in zip(head_line, line, strict=True)} if len(line) == len(head_line) else UNREAD
            for line in lines
        ]
    return [object_of(line, names) for line in text.splitlines()]


def new_sheet(file: Path, supply: Supply) -> list[tuple[object, ...]]:
    sheet = openpyxl.load_workbook(file, read_only=True)[supply.sheet or "Sheet1"]
    return list(sheet.iter_rows(min_row=supply.header_row + supply.header_rows - 1, values_only=True))


def old_sheet(file: Path, supply: Supply) -> list[tuple[object, ...]]:
    sheet = xlrd.open_workbook(file)[supply.sheet or "Sheet1"]
    numbers = range(supply.header_row + supply.header_rows - 2, sheet.nrows)
    return [tuple(old_value(cell) for cell in sheet.row(number)) for number in numbers]


def old_value(cell: xlrd.sheet.Cell) -> object:
    """Every number of an .xls is a float, and every day is a number."""
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, 0)
    if cell.ctype == xlrd.XL_CELL_NUMBER and cell.value.is_integer():
        return int(cell.value)
    return cell.value if cell.ctype != xlrd.XL_CELL_EMPTY else None


def cut(line: str, dataset: Dataset, encoding: str) -> Cells:
    positions = dataset.supply.positions
    written: str | bytes = line.encode(encoding) if dataset.supply.unit == "bytes" else line
    if len(written) < max(span.start + span.length for span in positions.values()) - 1:
        return UNREAD
    cells: Cells = dict.fromkeys(f.name for f in dataset.fields)
    for name, span in positions.items():
        piece = written[span.start - 1 : span.start - 1 + span.length]
        cells[name] = (piece.decode(encoding) if isinstance(piece, bytes) else piece).strip(" ") or None
    return cells


def objects(text: str, dataset: Dataset, names: dict[str, str]) -> list[Cells]:
    document = json.loads(text)
    for key in dataset.supply.path.split(".") if dataset.supply.path else ():
        document = document[key]
    return [{names[key]: None if value is None else str(value) for key, value in row.items()} for row in document]


def elements(text: str, dataset: Dataset, names: dict[str, str]) -> list[Cells]:
    root, *path = dataset.supply.path.strip("/").split("/")
    document = defusedxml.ElementTree.fromstring(text.partition("?>")[2])
    assert document.tag == root
    found = []
    for row in document.findall("/".join(path)):
        cells = row.attrib if dataset.supply.cells == "attributes" else {cell.tag: cell.text for cell in row}
        found.append(dict.fromkeys(f.name for f in dataset.fields) | {names[key]: cell or None for key, cell in cells.items()})
    return found


def as_text(value: object) -> str | None:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return None if value is None else str(value)


def object_of(line: str, names: dict[str, str]) -> Cells:
    try:
        return {names[key]: None if value is None else str(value) for key, value in json.loads(line).items()}
    except json.JSONDecodeError:
        return UNREAD
