"""Parquet file → batches of text: timestamps in ISO form, decimals exact, nested values as JSON.

Read by batches, never by row groups, so that one huge row group does not fill the memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.cells import plain_number
from yishu.flow.reading.header import Columns, match_header
from yishu.flow.reading.rows import Reading, bronze_schema, extra_column

_ROWS = 32_768


def read_parquet(path: Path, dataset: Dataset) -> Reading:
    """Read a Parquet file, each column cast to text.

    Raises:
        DeliveryRejected: the file is damaged or its columns are not the contract's.
    """
    try:
        file = pq.ParquetFile(path, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path) from error
    columns = match_header(file.schema_arrow.names, dataset, path.name)
    schema = bronze_schema(dataset)

    def batches() -> Iterator[pa.RecordBatch]:
        row = 1
        with file:
            try:
                for batch in file.iter_batches(_ROWS):
                    yield _as_text(batch, row, columns, schema)
                    row += batch.num_rows
            except (pa.ArrowInvalid, OSError) as error:
                raise _damaged(path) from error

    return Reading(schema, batches(), columns.notes)


def _damaged(path: Path) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{path.name}”不是完好的 Parquet 文件（读取中断）", code="form", place=Place(path.name),
        expected="完整的 Parquet 文件", remedy="请重新导出，并核对传输是否完整",
    )  # fmt: skip


def _as_text(batch: pa.RecordBatch, row: int, columns: Columns, schema: pa.Schema) -> pa.RecordBatch:
    count = batch.num_rows
    void = pa.nulls(count, pa.string())
    kept = [void if place is None else _text(batch.column(place)) for place in columns.places]
    others = [(name, _text(batch.column(place))) for place, name in columns.extra]
    extra = extra_column(others) if others else void
    numbers = pa.arange(row, row + count).cast(pa.int64())
    return pa.RecordBatch.from_arrays([*kept, extra, void, numbers], schema=schema)


def _text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.dictionary_decode())
    if pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return pa.array([_json(value) for value in column.to_pylist()], pa.string())
    if pa.types.is_decimal(kind):
        return pa.array([None if value is None else format(value, "f") for value in column.to_pylist()], pa.string())
    if pa.types.is_floating(kind):
        return pa.array([None if value is None else plain_number(value) for value in column.to_pylist()], pa.string())
    text = column.cast(pa.string())
    if pa.types.is_timestamp(kind):
        return pc.replace_substring_regex(text, r"\.0+(Z?)$", r"\1")
    return text


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
