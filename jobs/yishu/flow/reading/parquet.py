"""Parquet file → batches of text: timestamps in ISO form, decimals exact, nested values as JSON.

Read by batches, never by row groups, so that one huge row group does not fill the memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yishu.contract.model import Dataset, Kind
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.cells import plain_number
from yishu.flow.reading.header import Columns, match_header
from yishu.flow.reading.rows import LINE_CHARS, Reading, bronze_schema, extra_column
from yishu.flow.reading.source import FREE_BYTES, MOST_RATIO, Source, seekable

_ROWS = 32_768
_PORTION = 64 << 20
"""Bytes of text that are made at once: a dictionary lets a file of some kilobytes spell the same megabyte in every row."""
_KINDS: dict[Kind, str] = {
    "string": "文本", "integer": "整数", "decimal": "数值", "date": "日期", "timestamp": "日期时间", "boolean": "布尔",
}  # fmt: skip


def read_parquet(source: Source, dataset: Dataset) -> Reading:
    """Read a Parquet file, each column cast to text.

    Raises:
        DeliveryRejected: the file is damaged, its columns are not the contract's, or one has a type that its field cannot be.
    """
    with ExitStack() as opened:
        file, _ = _open(source, opened)
        types = file.schema_arrow
    columns = match_header(types.names, dataset, source.name)
    _refuse_types(types, columns, dataset, source.name)
    schema = bronze_schema(dataset)

    def batches() -> Iterator[pa.RecordBatch]:
        row = 1
        with ExitStack() as opened:
            file, size = _open(source, opened)
            for batch in _portions(file, size, source.name):
                yield _as_text(batch, row, columns, schema, source.name)
                row += batch.num_rows

    return Reading(schema, batches(), columns.notes)


def _open(source: Source, opened: ExitStack) -> tuple[pq.ParquetFile, int]:
    """The file and its size. Texts that have a dictionary keep it: spelled out, they might fill the memory."""
    raw = seekable(source, opened)
    try:
        texts = [field.name for field in pq.read_schema(raw) if _is_text(field.type)]
        file = pq.ParquetFile(raw, pre_buffer=False, read_dictionary=texts)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(source.name) from error
    return opened.enter_context(file), raw.seek(0, 2)


def _portions(file: pq.ParquetFile, size: int, name: str) -> Iterator[pa.RecordBatch]:
    """Batches that stay small when they are spelled out."""
    made = 0
    try:
        for batch in file.iter_batches(_ROWS):
            for portion, weight in _halved(batch):
                made += weight
                if weight > LINE_CHARS + _PORTION or (made > FREE_BYTES and made > MOST_RATIO * size):
                    raise _swollen(name)
                yield portion
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name) from error


def _halved(batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, int]]:
    weight = sum(_weight(column) for column in batch.columns)
    if weight <= _PORTION or batch.num_rows == 1:
        yield batch, weight
        return
    middle = batch.num_rows // 2
    yield from _halved(batch.slice(0, middle))
    yield from _halved(batch.slice(middle))


def _weight(column: pa.Array) -> int:
    if not pa.types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return int(column.nbytes)
    return pc.sum(pc.binary_length(column.dictionary).take(column.indices).cast(pa.int64())).as_py() or 0


def _refuse_types(types: pa.Schema, columns: Columns, dataset: Dataset, file: str) -> None:
    """A column of another kind than its field is another column: its text would not be what the department means."""
    wrong = [
        f"“{field.title}”应为{_KINDS[field.type.kind]}，实际是 {types.field(place).type}"
        for field, place in zip(dataset.fields, columns.places, strict=True)
        if place is not None and not _fits(types.field(place).type, field.type.kind)
    ]
    if wrong:
        raise DeliveryRejected(
            f"文件“{file}”有类型不对的列：{'；'.join(wrong)}", code="type", place=Place(file), expected="与约定一致的列类型，或文本",
            remedy="请按约定的类型重新导出",
        )  # fmt: skip


def _fits(kind: pa.DataType, field: Kind) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if _is_text(kind) or pa.types.is_null(kind):
        return True
    if field == "string":  # a list or a struct is shown as JSON
        return not pa.types.is_fixed_size_binary(kind)
    if field in ("integer", "decimal"):
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
    if field == "boolean":
        return bool(pa.types.is_boolean(kind) or pa.types.is_integer(kind))
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_integer(kind))


def _is_text(kind: pa.DataType) -> bool:
    """Bytes count as text: old writers do not say that theirs are UTF-8, and the cast looks."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )


def _damaged(file: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”不是完好的 Parquet 文件（读取中断）", code="form", place=Place(file),
        expected="完整的 Parquet 文件", remedy="请重新导出，并核对传输是否完整",
    )  # fmt: skip


def _swollen(file: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”展开后异常膨胀（超过 {MOST_RATIO} 倍，或有超长的值），疑为压缩炸弹", code="hostile", place=Place(file),
        expected="普通的数据文件", remedy="请核对是否有超长或大量重复的值；确为业务数据的，请改报 CSV",
    )  # fmt: skip


def _no_utf8(file: str, column: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”的列“{column}”是二进制数据，不是 UTF-8 文本", code="type", place=Place(file, column=column),
        expected="UTF-8 文本", remedy="请把该列作为字符串重新导出",
    )  # fmt: skip


def _as_text(batch: pa.RecordBatch, row: int, columns: Columns, schema: pa.Schema, file: str) -> pa.RecordBatch:
    count = batch.num_rows
    void = pa.nulls(count, pa.string())
    texts = [_checked(batch, place, file) for place in range(batch.num_columns)]
    kept = [void if place is None else texts[place] for place in columns.places]
    extra = extra_column([(name, texts[place]) for place, name in columns.extra]) if columns.extra else void
    numbers = pa.arange(row, row + count).cast(pa.int64())
    return pa.RecordBatch.from_arrays([*kept, extra, void, numbers], schema=schema)


def _checked(batch: pa.RecordBatch, place: int, file: str) -> pa.Array:
    column = batch.column(place)
    try:
        return _text(column)
    except pa.ArrowInvalid as error:
        raise _no_utf8(file, batch.schema.names[place]) from error


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
