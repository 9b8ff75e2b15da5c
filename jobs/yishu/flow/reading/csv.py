"""CSV file → batches: Arrow's streaming reader as far as it can go, then the careful reader from the very next row.

Rows keep the supplier's numbers: ragged lines become `_raw` rows, empty lines are no rows but are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from yishu.contract.model import Dataset
from yishu.flow.reading.careful_csv import Table, careful_rows, first_record
from yishu.flow.reading.encoding import detect, undecodable
from yishu.flow.reading.header import Columns, match_header
from yishu.flow.reading.rows import Reading, bronze_schema, extra_column, in_batches, unparsable
from yishu.flow.reading.source import Source
from yishu.flow.reading.text import open_bytes, strictly

_BLOCK = 1 << 20
_TAIL = 1 << 16
_WAITING = 100_000
"""Ragged lines held until their batch comes; more of them mean that the file is no table: the careful reader streams it."""


class _HandOver(Exception):
    """The fast reader must not go on: a cell holds a line break or a NUL, so a quote may be open."""


def read_csv(source: Source, dataset: Dataset) -> Reading:
    """Read a CSV file in the contract's delimiter and in the encoding it really has.

    Raises:
        DeliveryRejected: at once for the header, while iterating for bytes that cannot be decoded.
    """
    script = detect(source, dataset.supply.encoding)
    table = Table(source, script, dataset.supply.delimiter)
    try:
        cells, skip = first_record(table)
    except UnicodeDecodeError as error:
        raise undecodable(source, script, dataset.supply.encoding) from error
    columns = match_header(cells, dataset, source.name)
    schema = bronze_schema(dataset)

    batches = _batches(table, skip, columns, schema)
    return Reading(schema, strictly(batches, source, script, dataset.supply.encoding), script.notes + columns.notes)


def _batches(table: Table, skip: int, columns: Columns, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    row = 1
    try:
        for following, batch in _fast(table, skip, columns, schema):
            yield batch
            row = following
        return
    except (pa.ArrowInvalid, _HandOver, UnicodeDecodeError):
        pass  # every batch given so far holds whole lines only, so line and row still run in step
    yield from in_batches(careful_rows(table, skip + row - 1, row, columns), schema)


def _fast(table: Table, skip: int, columns: Columns, schema: pa.Schema) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches, each with the number of the row that follows it."""
    if not table.delimiter.isascii():
        raise _HandOver  # Arrow knows delimiters of one byte only
    ragged: list[tuple[int, str]] = []
    row = 1
    with open_bytes(table.source, table.script) as file:
        for batch in _arrow_reader(_Watched(file, table.script.codec), table, skip, columns.width, ragged):
            _refuse_breaks(batch)
            among = _among(batch.num_rows, row, ragged)
            numbers = _numbers(row, batch.num_rows, [number for number, _ in among])
            del ragged[: len(among)]
            row += batch.num_rows + len(among)
            yield row, _arranged(batch, numbers, columns, schema)
            yield from ((row, part) for part in _raw_batches(among, schema))
    yield from ((row + len(ragged), part) for part in _raw_batches(ragged, schema))


class _Watched:
    """The bytes for Arrow. Where the last line has an open quote, it ends in a hand-over: Arrow would close it silently."""

    closed = False

    def __init__(self, file: IO[bytes], codec: str) -> None:
        self._file, self._codec, self._tail = file, codec, b""

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if data:
            self._tail = data[-_TAIL:] if len(data) >= _TAIL else (self._tail + data)[-_TAIL:]
        elif self._cut_short():
            raise _HandOver
        return data

    def _cut_short(self) -> bool:
        text = self._tail
        if self._codec.startswith("utf-16"):  # whose line ends are two bytes; the tail begins with a whole character
            text = text.decode(self._codec, "replace").encode()
        last = text[max(text.rfind(b"\n"), text.rfind(b"\r")) + 1 :]
        return last.count(b'"') % 2 == 1


def _arrow_reader(
    file: _Watched, table: Table, skip: int, width: int, ragged: list[tuple[int, str]]
) -> arrow_csv.CSVStreamingReader:
    names = [str(place) for place in range(width)]

    def note(line: arrow_csv.InvalidRow) -> str:
        if line.number is None or "\n" in line.text or "\r" in line.text or "\0" in line.text or len(ragged) >= _WAITING:
            return "error"
        ragged.append((line.number - skip, line.text))
        return "skip"

    return arrow_csv.open_csv(
        file,
        # Without threads, for only then is a ragged line told with its number; the Delta writer sets the pace anyway.
        read_options=arrow_csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, column_names=names, skip_rows=skip, encoding=table.script.codec
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=table.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=True
        ),
    )


def _refuse_breaks(batch: pa.RecordBatch) -> None:
    for column in batch.columns:
        data = column.buffers()[2]
        text = data.to_pybytes() if data is not None else b""
        if b"\n" in text or b"\0" in text or b"\r" in text:
            raise _HandOver


def _among(rows: int, row: int, ragged: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The ragged lines that stand before the batch's last good row."""
    count = 0
    while count < len(ragged) and ragged[count][0] < row + rows + count:
        count += 1
    return list(ragged[:count])


def _numbers(row: int, rows: int, taken: Sequence[int]) -> pa.Array:
    if not taken:
        return pa.arange(row, row + rows).cast(pa.int64())
    missing = set(taken)
    return pa.array([n for n in range(row, row + rows + len(taken)) if n not in missing], pa.int64())


def _arranged(batch: pa.RecordBatch, numbers: pa.Array, columns: Columns, schema: pa.Schema) -> pa.RecordBatch:
    void = pa.nulls(batch.num_rows, pa.string())
    kept = [void if place is None else batch.column(place) for place in columns.places]
    extra = extra_column([(name, batch.column(place)) for place, name in columns.extra]) if columns.extra else void
    arranged = pa.RecordBatch.from_arrays([*kept, extra, void, numbers], schema=schema)
    empty = _empty_rows(batch)
    return arranged if empty is None else arranged.filter(pc.invert(empty))


def _empty_rows(batch: pa.RecordBatch) -> pa.Array | None:
    """True for rows without a single character; None where there is none (told by the first column alone, cheaply)."""
    empty = pc.equal(pc.binary_length(batch.column(0)), 0)
    for column in batch.columns[1:]:
        if not pc.any(empty).as_py():
            return None
        empty = pc.and_(empty, pc.equal(pc.binary_length(column), 0))
    return empty if pc.any(empty).as_py() else None


def _raw_batches(lines: Sequence[tuple[int, str]], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    return in_batches((unparsable(number, text) for number, text in lines if text.strip()), schema)
