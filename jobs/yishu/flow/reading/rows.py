"""What every reader gives, and how rows made one by one become record batches of bounded size.

In: rows with their supplier's number. Out: batches in bronze's columns, `_extra`, `_raw` and `_row` last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset

EXTRA, RAW, ROW = "_extra", "_raw", "_row"
BATCH_ROWS = 32_768
BATCH_CHARS = 4_000_000
LINE_CHARS = 64 * 2**20
"""No line may be longer: a reader holds one line in memory, and memory must not grow with the file."""


@dataclass(frozen=True)
class Reading:
    """One file being read. `notes` say in Chinese what was unusual about it, though it was taken."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    notes: tuple[str, ...] = ()


class Row(NamedTuple):
    """One row as it came: `cells` in the contract's order, or, where it cannot be parsed, the text in `raw`."""

    number: int
    cells: Sequence[str | None]
    extra: str | None = None
    raw: str | None = None
    size: int = 0
    """Characters, roughly; a batch ends when enough of them came together."""


def bronze_schema(dataset: Dataset) -> pa.Schema:
    """Every contract field as text, then what the contract does not know, the unparsable line, the row number."""
    text = [(name, pa.string()) for name in (*(f.name for f in dataset.fields), EXTRA, RAW)]
    return pa.schema([*text, (ROW, pa.int64())])


def unparsable(number: int, text: str) -> Row:
    """A row that stays as it came; silver puts it into quarantine."""
    return Row(number, (), None, text, len(text))


def in_batches(rows: Iterable[Row], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Collect rows into batches bounded in rows and in characters."""
    waiting: list[Row] = []
    size = 0
    for row in rows:
        waiting.append(row)
        size += row.size + len(row.cells)  # an empty cell takes its place in memory too
        if len(waiting) >= BATCH_ROWS or size >= BATCH_CHARS:
            yield _batch(waiting, schema)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting, schema)


def extra_column(columns: Sequence[tuple[str, pa.Array]]) -> pa.Array:
    """`_extra` of a whole batch: per row a JSON object of the named columns' filled cells, NULL where none is filled."""
    pairs = []
    for name, cells in columns:
        filled = pc.greater(pc.binary_length(cells), 0)
        head = ", " + json.dumps(name, ensure_ascii=False) + ": "
        pair = pc.binary_join_element_wise(head, json_strings(cells), "")
        pairs.append(pc.fill_null(pc.if_else(filled, pair, ""), ""))
    # Not null_handling="skip": it leaves out a row whose parts are all null.
    joined = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*pairs, ""), 2)
    return pc.if_else(pc.greater(pc.binary_length(joined), 0), pc.binary_join_element_wise("{", joined, "}", ""), None)


def json_strings(cells: pa.Array) -> pa.Array:
    """Text as JSON strings, NULL left as it is; from cell to cell only where one holds what must be escaped."""
    if pc.any(pc.match_substring_regex(cells, r'["\\\x00-\x1f]')).as_py():
        return pa.array([None if c is None else json.dumps(c, ensure_ascii=False) for c in cells.to_pylist()], pa.string())
    return pc.binary_join_element_wise('"', cells, '"', "")


def _batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    width = len(schema) - 3
    blank = (None,) * width
    cells = zip(*(row.cells or blank for row in rows), strict=True)
    columns = [pa.array(column, pa.string()) for column in cells]
    columns.append(pa.array([row.extra for row in rows], pa.string()))
    columns.append(pa.array([row.raw for row in rows], pa.string()))
    columns.append(pa.array([row.number for row in rows], pa.int64()))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
