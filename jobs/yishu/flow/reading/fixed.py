"""Fixed-width file → batches: one record a line, fields where the contract says; the padding around a value is no part of it.

Positions count characters, or bytes of the agreed encoding. A line that is shorter or longer than the record, or in which a
field begins or ends within a character, stays as it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import AnyStr

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.encoding import Script, detect
from yishu.flow.reading.rows import LINE_CHARS, Reading, Row, bronze_schema, in_batches, unparsable
from yishu.flow.reading.source import Source
from yishu.flow.reading.text import open_text, strictly, too_long


@dataclass(frozen=True)
class _Layout:
    """Where the fields stand, from 0, in the contract's order; None for a field that the file does not have."""

    spans: tuple[slice | None, ...]
    cuts: tuple[int, ...]
    """Where a field begins or ends; the last one is the record's width."""
    codec: str | None
    """The encoding whose bytes are counted; None: characters are."""


def read_fixed(source: Source, dataset: Dataset) -> Reading:
    """Read lines of fixed width; there is no header, the first line is row 1.

    Raises:
        DeliveryRejected: at once for another encoding where bytes are counted, while iterating for bytes that cannot be
            decoded and endless lines.
    """
    supply = dataset.supply
    script = detect(source, supply.encoding)
    if supply.unit == "bytes" and supply.encoding not in ("auto", script.encoding):
        raise DeliveryRejected(
            f"文件“{source.name}”约定为 {supply.encoding.upper()} 编码并按字节定位，实际是 {script.encoding.upper()}", code="encoding",
            place=Place(source.name), expected=supply.encoding.upper(), remedy=f"请以 {supply.encoding.upper()} 编码重新导出",
        )  # fmt: skip
    schema, layout = bronze_schema(dataset), _layout(dataset, script)

    batches = in_batches(_rows(source, script, layout), schema)
    return Reading(schema, strictly(batches, source, script, supply.encoding), script.notes + _absent(dataset, source.name))


def _layout(dataset: Dataset, script: Script) -> _Layout:
    positions = dataset.supply.positions
    spans = [positions.get(field.name) for field in dataset.fields]
    return _Layout(
        tuple(None if span is None else slice(span.start - 1, span.start - 1 + span.length) for span in spans),
        tuple(sorted({0} | {cut for span in positions.values() for cut in (span.start - 1, span.start - 1 + span.length)})),
        script.codec if dataset.supply.unit == "bytes" else None,
    )


def _absent(dataset: Dataset, file: str) -> tuple[str, ...]:
    absent = [field.title for field in dataset.fields if field.name not in dataset.supply.positions]
    return (f"文件“{file}”按约定不含选填的列：{'、'.join(absent)}，按空值处理",) if absent else ()


def _rows(source: Source, script: Script, layout: _Layout) -> Iterator[Row]:
    number = 0
    with open_text(source, script, newline="") as text:
        while line := text.readline(LINE_CHARS):
            number += 1
            record = line.rstrip("\r\n")
            if len(line) >= LINE_CHARS and record == line:
                raise too_long(source.name, number, LINE_CHARS, "每行一条记录", "请检查换行符是否丢失，重新导出")
            if not record.strip("\x1a "):  # an empty line, or the mark that old systems end a file with
                continue
            cells = _cells(record, layout)
            yield unparsable(number, record) if cells is None else Row(number, cells, None, None, len(record))


def _cells(record: str, layout: _Layout) -> Sequence[str | None] | None:
    """The record's values; None where it does not have the record's form."""
    if "\0" in record:
        return None
    if layout.codec is None:
        return _cut(record, layout)
    written = record.encode(layout.codec)
    cuts = (*layout.cuts, len(written))
    pieces = (written[begin:end].decode(layout.codec, "replace") for begin, end in pairwise(cuts))
    if "".join(pieces) != record:  # a cut within a character; its second byte alone may well be a letter
        return None
    text = _cut(written, layout)
    return None if text is None else [None if cell is None else cell.decode(layout.codec) for cell in text]


def _cut(written: AnyStr, layout: _Layout) -> list[AnyStr | None] | None:
    width = layout.cuts[-1]
    if len(written) < width or written[width:].strip():
        return None
    return [None if span is None else written[span].strip() for span in layout.spans]
