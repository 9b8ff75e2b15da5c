"""JSON Lines file → batches: one object per line, keys are field names or titles; a line that is none stays as it came.

Numbers keep their digits, nested values become JSON text, a key that is absent or null becomes NULL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

import pyarrow as pa

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.encoding import detect
from yishu.flow.reading.records import Keys
from yishu.flow.reading.rows import LINE_CHARS, Reading, Row, bronze_schema, in_batches, unparsable
from yishu.flow.reading.source import Source
from yishu.flow.reading.text import open_text, strictly, too_long


class _Number(str):
    """A number's own digits: JSON's 1.10 stays 1.10."""

    __slots__ = ()


_Value = str | bool | Sequence["_Value"] | Mapping[str, "_Value"] | None


def read_jsonl(source: Source, dataset: Dataset) -> Reading:
    """Read a file of JSON objects, one a line.

    Raises:
        DeliveryRejected: at once where the first object has no known key, while iterating for undecodable bytes.
    """
    script = detect(source, dataset.supply.encoding)
    schema = bronze_schema(dataset)

    def batches() -> Iterator[pa.RecordBatch]:
        with open_text(source, script, newline="\n") as file:
            yield from in_batches(_rows(_lines(file, source.name), Keys(dataset, source.name), source.name), schema)

    return Reading(schema, strictly(batches(), source, script, dataset.supply.encoding), script.notes)


def _lines(file: TextIO, name: str) -> Iterator[str]:
    number = 0
    while line := file.readline(LINE_CHARS):
        number += 1
        if len(line) >= LINE_CHARS and not line.endswith("\n"):
            remedy = "请去掉整个文件外层的方括号和缩进，每行导出一个对象"
            raise too_long(name, number, LINE_CHARS, "每行一个 JSON 对象", remedy)
        yield line


def _rows(lines: Iterator[str], keys: Keys, file: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        values = _object(text)
        if values is None:
            _refuse_array(text, number, file)
        row = None if values is None else keys.row(number, {key: _text(value) for key, value in values.items()}, len(line))
        yield row or unparsable(number, line.rstrip("\r\n"))


def _object(text: str) -> dict[str, _Value] | None:
    """The line's object; None where it is none, has a key twice, or what is no text: a NUL, half a character."""
    try:
        value = json.loads(
            text, parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_without_twins
        )
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and "\\u0000" not in text else None


def _without_twins(pairs: list[tuple[str, _Value]]) -> dict[str, _Value]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _text(value: _Value) -> str | None:
    if isinstance(value, str):
        return str(value)
    return None if value is None else _json(value)


def _json(value: _Value) -> str:
    """JSON text in which numbers keep their digits."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, str | bool | None):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_json(inner)}" for key, inner in value.items()) + "}"
    return "[" + ", ".join(_json(inner) for inner in value) + "]"


def _refuse_array(text: str, number: int, file: str) -> None:
    if number == 1 and text.startswith("["):
        raise DeliveryRejected(
            f"文件“{file}”是一个 JSON 数组，不是 JSON Lines", code="form", place=Place(file, line=1),
            expected="每行一个 JSON 对象", remedy="请去掉外层方括号，每行导出一个对象",
        )  # fmt: skip
