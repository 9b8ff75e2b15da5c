"""What every reader gives, and how rows made one by one become record batches of bounded size.

In: rows with their supplier's number. Out: batches in bronze's columns, `_extra`, `_raw` and `_row` last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa

from yishu.contract.model import Dataset

EXTRA, RAW, ROW = "_extra", "_raw", "_row"
BATCH_ROWS = 32_768
BATCH_CHARS = 8_000_000
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
        size += row.size
        if len(waiting) >= BATCH_ROWS or size >= BATCH_CHARS:
            yield _batch(waiting, schema)
            waiting, size = [], 0
    if waiting:
        yield _batch(waiting, schema)


def _batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    width = len(schema) - 3
    blank = (None,) * width
    cells = zip(*(row.cells or blank for row in rows), strict=True)
    columns = [pa.array(column, pa.string()) for column in cells]
    columns.append(pa.array([row.extra for row in rows], pa.string()))
    columns.append(pa.array([row.raw for row in rows], pa.string()))
    columns.append(pa.array([row.number for row in rows], pa.int64()))
    return pa.RecordBatch.from_arrays(columns, schema=schema)
