"""A sheet's rows of typed cells → its header, matched with the contract, and rows of text; the same for xlsx and xls.

The first row below the header is row 1. Cells become exact text (see `cells`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yishu.contract.model import Dataset, Supply
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.cells import Value, cell_text
from yishu.flow.reading.excel_dates import from_serial, is_bare_date
from yishu.flow.reading.header import Columns, field_names, folded, match_header
from yishu.flow.reading.merged import Merged, merged_note, refuse_merged_header
from yishu.flow.reading.rows import Row, unparsable

_PREVIEW = 20
_SECOND_HEADER = 5
_JOINT = "/"
ColumnKind = Literal["code", "number", "date"]
Numbered = tuple[int, Sequence[Value]]


@dataclass(frozen=True)
class Heading:
    """What is known of a sheet before its rows are read."""

    columns: Columns
    kinds: tuple[ColumnKind, ...]
    last: int
    """The header's last row, as the sheet counts."""
    mac_dates: bool
    notes: tuple[str, ...]


def first_rows(rows: Iterable[Numbered], supply: Supply) -> dict[int, Sequence[Value]]:
    """The rows up to some below the header, by number, for `read_heading`; empty for an empty sheet."""
    found: dict[int, Sequence[Value]] = {}
    for number, values in rows:
        if number > header_last(supply) + _PREVIEW and found:
            break
        if values:
            found[number] = values
    return found


def header_last(supply: Supply) -> int:
    """The last row of the header."""
    return supply.header_row + supply.header_rows - 1


def read_heading(
    first: Mapping[int, Sequence[Value]], merged: Merged, dataset: Dataset, file: str, *, mac_dates: bool
) -> Heading:
    """Match the sheet's header with the contract.

    Args:
        first: rows as `first_rows` gives them.
        merged: the sheet's merged areas.
        dataset: the contract, which says where the header stands.
        file: the workbook's name, for messages.
        mac_dates: the workbook's days count from 1904.

    Raises:
        DeliveryRejected: no header, one that is merged otherwise than agreed, a second one, or columns that do not fit.
    """
    supply = dataset.supply
    last = header_last(supply)
    refuse_merged_header(merged, supply.header_row, last, file)
    _refuse_second_header(first, dataset, file)
    columns = match_header(_header(first, merged, dataset), dataset, file, line=supply.header_row)
    kinds = column_kinds(columns, dataset)
    notes = merged_note(merged, file) + _dates_note([v for n, v in first.items() if n > last], kinds, file) + columns.notes
    return Heading(columns, kinds, last, mac_dates, notes)


def sheet_text(rows: Iterable[Numbered], heading: Heading) -> Iterator[Row]:
    """The rows below the header that hold a value, as text."""
    for number, values in rows:
        if values and number > heading.last:
            yield _row(number - heading.last, values, heading)


def _header(first: Mapping[int, Sequence[Value]], merged: Merged, dataset: Dataset) -> list[str | None]:
    supply = dataset.supply
    lines = [_texts(first.get(number, ())) for number in range(supply.header_row, header_last(supply) + 1)]
    width = max(len(line) for line in lines)
    grid = [line + [""] * (width - len(line)) for line in lines]
    for merge in merged.header:
        top = max(merge.top, supply.header_row)
        value = _texts(first.get(merge.top, ()))[merge.left - 1 : merge.left]
        for row in grid[top - supply.header_row : merge.bottom - supply.header_row + 1]:
            row[merge.left - 1 : min(merge.right, width)] = [*value, ""][:1] * (min(merge.right, width) - merge.left + 1)
    known = field_names(dataset)
    return [_joined(column, known) for column in zip(*grid, strict=True)]


def _texts(values: Sequence[Value]) -> list[str]:
    cells = [cell_text(value, code=False) or "" for value in values]
    while cells and not folded(cells[-1]):
        cells.pop()
    return cells


def _joined(parts: Sequence[str], known: Mapping[str, str]) -> str:
    """`基本信息/名称`; the last part alone where only that is a field's name."""
    named = [part.strip() for part in parts if folded(part)]
    distinct = [part for place, part in enumerate(named) if not place or folded(part) != folded(named[place - 1])]
    whole = _JOINT.join(distinct)
    if len(parts) == 1:
        return parts[0]
    return distinct[-1] if distinct and folded(whole) not in known and folded(distinct[-1]) in known else whole


def _refuse_second_header(first: Mapping[int, Sequence[Value]], dataset: Dataset, file: str) -> None:
    """A later row that spells two column names: the header stands lower than agreed, or has more rows."""
    known = field_names(dataset)
    enough = min(2, len(dataset.fields))
    begin, last = dataset.supply.header_row, header_last(dataset.supply)
    for number in range(last + 1, last + 1 + _SECOND_HEADER):
        if sum(isinstance(value, str) and folded(value) in known for value in first.get(number, ())) >= enough:
            agreed = "第一行" if last == 1 else f"第 {begin} 行" if begin == last else f"第 {begin} 至 {last} 行"
            raise DeliveryRejected(
                f"工作簿“{file}”的表头不在{agreed}或不止{'一' if begin == last else last - begin + 1}行：第 {number} 行也是列名",
                code="header", place=Place(file, line=number), expected=f"{agreed}是唯一的表头，第 {last + 1} 行起为数据",
                remedy="请删去标题行、合并的上级表头和说明行，只留约定的列名",
            )  # fmt: skip


def column_kinds(columns: Columns, dataset: Dataset) -> tuple[ColumnKind, ...]:
    """Per column of the sheet: by contract a date, a number, or text, so that a number in it is a code."""
    kinds: list[ColumnKind] = ["code"] * columns.width
    for field, place in zip(dataset.fields, columns.places, strict=True):
        if place is not None and field.type.kind != "string":
            kinds[place] = "date" if field.type.kind in ("date", "timestamp") else "number"
    return tuple(kinds)


def _dates_note(rows: Sequence[Sequence[Value]], kinds: Sequence[ColumnKind], file: str) -> tuple[str, ...]:
    bare = any(kind == "date" and is_bare_date(value) for row in rows for value, kind in zip(row, kinds, strict=False))
    return (f"工作簿“{file}”的日期以数字存放，已按 Excel 的日期序号换算",) if bare else ()


def _row(number: int, values: Sequence[Value], heading: Heading) -> Row:
    """A value beyond the header's last column belongs to no column: unparsable."""
    width = heading.columns.width
    if any(value is not None for value in values[width:]):
        return unparsable(number, json.dumps([cell_text(value, code=True) for value in values], ensure_ascii=False))
    cells = [_cell(value, kind, heading.mac_dates) for value, kind in zip(values, heading.kinds, strict=False)]
    cells += [None] * (width - len(cells))
    return heading.columns.row(number, cells, sum(len(cell) for cell in cells if cell))


def _cell(value: Value, kind: ColumnKind, mac_dates: bool) -> str | None:
    if kind == "date" and is_bare_date(value):
        assert isinstance(value, int | float)
        value = from_serial(value, mac=mac_dates)
    return cell_text(value, code=kind == "code")
