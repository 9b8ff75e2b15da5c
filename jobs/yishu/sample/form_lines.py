"""Columns of text → lines, one a row: CSV, JSON Lines and text of fixed width, whose values need room."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset, Field, Span, Supply
from yishu.errors import ContractError, Place
from yishu.flow.reading.rows import json_strings
from yishu.sample.columns import joined

Columns: TypeAlias = Mapping[str, pa.Array]


@dataclass(frozen=True)
class TextForm:
    """How rows become a text: `lines` makes one line of each, from one column per field; `between` is ASCII."""

    lines: Callable[[Sequence[pa.Array]], pa.Array]
    end: str = "\n"
    head: str = ""
    between: str = ""
    tail: str = ""


def heads(dataset: Dataset) -> list[str]:
    """What the columns are called in the file."""
    return [field.title if dataset.supply.header == "title" else field.name for field in dataset.fields]


def codec(supply: Supply) -> str:
    """Python's name of the encoding that is written; where any may come, what workstations write."""
    return {"utf-16": "utf-16-le", "auto": "gb18030"}.get(supply.encoding, supply.encoding)


def _csv(dataset: Dataset) -> TextForm:
    # A workstation's CSV ends its lines as Windows does.
    delimiter, end = dataset.supply.delimiter, "\r\n"
    header = delimiter.join(_csv_cell(head, delimiter) for head in heads(dataset))
    return TextForm(partial(_csv_lines, delimiter), end, header + end)


def _csv_cell(text: str, delimiter: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in (delimiter, '"', "\n", "\r")) else text


def _csv_lines(delimiter: str, part: Sequence[pa.Array]) -> pa.Array:
    cells = []
    for column in part:
        filled = pc.fill_null(column, "")
        quoted = joined('"', pc.replace_substring(filled, '"', '""'), '"')
        special = pc.match_substring_regex(filled, f'[{delimiter}"\r\n]')
        cells.append(pc.if_else(special, quoted, filled))
    return pc.binary_join_element_wise(*cells, delimiter)


def _jsonl(dataset: Dataset) -> TextForm:
    return TextForm(partial(json_objects, dataset))


def json_objects(dataset: Dataset, part: Sequence[pa.Array]) -> pa.Array:
    """One JSON object a row: whole numbers bare, all else as JSON strings, nothing as null."""
    pieces: list[pa.Array | str] = []
    for place, (head, field, column) in enumerate(zip(heads(dataset), dataset.fields, part, strict=True)):
        pieces += [("{" if place == 0 else ", ") + json.dumps(head, ensure_ascii=False) + ": ", _json_cells(column, field)]
    return joined(*pieces, "}")


def _json_cells(column: pa.Array, field: Field) -> pa.Array:
    cells = json_strings(column)
    if field.type.kind == "integer":
        cells = pc.if_else(pc.match_substring_regex(column, "^(0|[1-9][0-9]*)$"), column, cells)
    return pc.fill_null(cells, "null")


def _fixed(dataset: Dataset) -> TextForm:
    return TextForm(partial(_fixed_lines, dataset), end="\r\n")


def _fixed_lines(dataset: Dataset, part: Sequence[pa.Array]) -> pa.Array:
    """Each value where the contract says; blanks around it and where nothing stands."""
    columns = {field.name: (field, column) for field, column in zip(dataset.fields, part, strict=True)}
    pieces: list[pa.Array | str] = []
    place = 1
    for name, span in sorted(dataset.supply.positions.items(), key=lambda given: given[1].start):
        field, column = columns[name]
        cells = pc.fill_null(column, "")
        blanks = pc.binary_repeat(pa.scalar(" "), _room(cells, field, span, dataset))
        # Mainframes print numbers to the right.
        cells = [blanks, cells] if field.type.kind in ("integer", "decimal") else [cells, blanks]
        pieces += [" " * (span.start - place), *cells]
        place = span.start + span.length
    return joined(*pieces)


def _room(cells: pa.Array, field: Field, span: Span, dataset: Dataset) -> pa.Array:
    """How much of the span each value leaves over."""
    room = pc.subtract(pa.scalar(span.length, pa.int32()), _sizes(cells, dataset.supply))
    unwritable = pc.or_(pc.less(room, 0), pc.match_substring_regex(cells, "[\r\n]"))
    if pc.any(unwritable).as_py():
        raise ContractError(
            f"{cells.filter(unwritable)[0].as_py()!r} does not go into {field.name}", code="sample-span",
            place=Place(dataset.file, dataset.line), subject=dataset.name,
            expected=f"one line of at most {span.length} {dataset.supply.unit}", remedy="shorten it in jobs/yishu/sample",
        )  # fmt: skip
    return room


def _sizes(cells: pa.Array, supply: Supply) -> pa.Array:
    """The places that each value takes, in the contract's unit."""
    if supply.unit == "characters" or pc.all(pc.equal(pc.binary_length(cells), pc.utf8_length(cells))).as_py():
        return pc.utf8_length(cells)
    encoding = codec(supply)
    return pa.array([len(cell.encode(encoding)) for cell in cells.to_pylist()], pa.int32())


def writable(dataset: Dataset, column: str, value: str | None) -> bool:
    """Whether the form can hold a value in a column: where lines have a fixed width, it needs room."""
    supply = dataset.supply
    if supply.format != "fixed" or not value or not column:
        return True
    span = supply.positions.get(column)
    size = len(value if supply.unit == "characters" else value.encode(codec(supply)))
    return span is not None and size <= span.length and not set(value) & {"\r", "\n"}


LINE_FORMS: Final[dict[str, Callable[[Dataset], TextForm]]] = {"csv": _csv, "jsonl": _jsonl, "fixed": _fixed}
