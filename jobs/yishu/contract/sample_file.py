"""A sample file → its header and first rows as text: CSV in UTF-8 or GB18030, xlsx, JSON lines, Parquet."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path

from yishu.contract.model import Supply
from yishu.errors import Place, UsageError

ROWS = 1000
_BYTES = 4_000_000
"""How much of a text file is read: enough for ROWS rows of any sensible width."""


@dataclass(frozen=True)
class Sample:
    """The first rows of a file, as text, and the form that it has."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As wide as the header; "" where a cell is empty or missing."""
    supply: Supply


def read_sample(file: Path, limit: int = ROWS) -> Sample:
    """The header and up to `limit` rows.

    Raises:
        UsageError: the file's name has another ending, it cannot be read, or it has no header.
    """
    reader = {".csv": _csv, ".txt": _csv, ".xlsx": _xlsx, ".jsonl": _jsonl, ".parquet": _parquet}.get(file.suffix.lower())
    if reader is None:
        raise _bad(file, f"cannot read a sample ending in {file.suffix!r}", "give .csv, .txt, .xlsx, .jsonl or .parquet")
    if not file.is_file():
        raise _bad(file, "no such file", "correct the path")
    table, supply = reader(file, limit)
    header = tuple(_text(cell).strip().lstrip("\ufeff") for cell in table[0]) if table else ()
    while header and not header[-1]:
        header = header[:-1]
    if not header:
        raise _bad(file, "the file has no header", "give a sample whose first row names the columns")
    rows = [tuple(_text(cell) for cell in row[: len(header)]) for row in table[1 : limit + 1]]
    return Sample(header, tuple(row + ("",) * (len(header) - len(row)) for row in rows), supply)


Table = Sequence[Sequence[object]]


def _csv(file: Path, limit: int) -> tuple[Table, Supply]:
    with file.open("rb") as source:
        raw = source.read(_BYTES)
    for encoding in ("utf-8", "gb18030"):
        try:
            # final only when all was read: the cut may fall inside a character
            text = codecs.getincrementaldecoder(encoding)().decode(raw, final=len(raw) < _BYTES)
        except UnicodeDecodeError:
            continue
        first = text.split("\n", 1)[0]
        delimiter = max(",\t;|", key=first.count)
        rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), limit + 1))
        return rows, Supply.model_validate({"format": "csv", "encoding": encoding, "delimiter": delimiter})
    raise _bad(file, "the text is neither UTF-8 nor GB18030", "save it in one of the two")


def _xlsx(file: Path, limit: int) -> tuple[Table, Supply]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise _bad(file, f"the file is no xlsx workbook ({error})", "save it as .xlsx") from error
    try:
        sheet = book.worksheets[0]
        rows = [list(row) for row in islice(sheet.iter_rows(values_only=True), limit + 1)]
        return rows, Supply(format="xlsx", sheet=sheet.title)
    finally:
        book.close()


def _jsonl(file: Path, limit: int) -> tuple[Table, Supply]:
    with file.open(encoding="utf-8-sig") as lines:
        try:
            records = [json.loads(line) for line in islice(lines, limit) if line.strip()]
        except ValueError as error:  # also UnicodeDecodeError
            raise _bad(file, f"the file is not JSON lines ({error})", "write one object per line, in UTF-8") from error
    if not all(isinstance(record, dict) for record in records):
        raise _bad(file, "a line is no JSON object", "write one object per line")
    header = list(dict.fromkeys(key for record in records for key in record))
    return [header, *([record.get(key) for key in header] for record in records)], Supply(format="jsonl", header="name")


def _parquet(file: Path, limit: int) -> tuple[Table, Supply]:
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with pq.ParquetFile(file) as source:
            header = source.schema_arrow.names
            batch = next(source.iter_batches(batch_size=limit), None)
    except pa.ArrowInvalid as error:
        raise _bad(file, f"the file is no Parquet ({error})", "give a Parquet file") from error
    rows = list(_across([column.to_pylist() for column in batch.columns])) if batch is not None else []
    return [header, *rows], Supply(format="parquet", header="name")


def _across(columns: list[list[object]]) -> Iterator[list[object]]:
    return (list(row) for row in zip(*columns, strict=True))


def _text(cell: object) -> str:
    """As the bronze layer would write it: ISO dates, plain numbers, JSON for nested values."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{Decimal(repr(cell)):f}".removesuffix(".0")
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False)
    return str(cell)


def _bad(file: Path, what: str, remedy: str) -> UsageError:
    return UsageError(what, code="sample", place=Place(file), remedy=remedy)
