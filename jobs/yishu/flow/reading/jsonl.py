"""JSON Lines file → batches: one object per line, keys are field names or titles; a line that is none stays as it came.

Numbers keep their digits, nested values become JSON text, a key that is absent or null becomes NULL.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.encoding import detect, undecodable
from yishu.flow.reading.header import extra_json, field_names, folded
from yishu.flow.reading.rows import LINE_CHARS, Reading, Row, bronze_schema, in_batches, unparsable


class _Number(str):
    """A number's own digits: JSON's 1.10 stays 1.10."""

    __slots__ = ()


_Value = str | bool | Sequence["_Value"] | Mapping[str, "_Value"] | None


def read_jsonl(path: Path, dataset: Dataset) -> Reading:
    """Read a file of JSON objects, one a line.

    Raises:
        DeliveryRejected: at once where the first object has no known key, while iterating for undecodable bytes.
    """
    script = detect(path, dataset.supply.encoding)
    encoding = "utf-8-sig" if script.encoding == "utf-8" else script.encoding
    schema = bronze_schema(dataset)

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            with path.open(encoding=encoding, newline="\n") as file:
                yield from in_batches(_rows(_lines(file, path.name), dataset, path.name), schema)
        except UnicodeDecodeError as error:
            raise undecodable(path, script, dataset.supply.encoding) from error

    return Reading(schema, batches(), script.notes)


def _lines(file: TextIO, name: str) -> Iterator[str]:
    number = 0
    while line := file.readline(LINE_CHARS):
        number += 1
        if len(line) >= LINE_CHARS and not line.endswith("\n"):
            raise DeliveryRejected(
                f"文件“{name}”第 {number} 行过长（超过 {LINE_CHARS} 个字符）", code="line", place=Place(name, line=number),
                expected="每行一个 JSON 对象", remedy="请去掉整个文件外层的方括号和缩进，每行导出一个对象",
            )  # fmt: skip
        yield line


def _rows(lines: Iterator[str], dataset: Dataset, file: str) -> Iterator[Row]:
    keys = field_names(dataset)
    places = {f.name: place for place, f in enumerate(dataset.fields)}
    known = {spelled: places[name] for spelled, name in keys.items()}
    spelled: dict[str, int | None] = {}
    seen = False
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text:
            continue
        values = _object(text)
        if values is None:
            _refuse_array(text, number, file)
            yield unparsable(number, line.rstrip("\r\n"))
            continue
        for key in values.keys() - spelled.keys():
            spelled[key] = known.get(folded(key))
        if not seen:
            _refuse_strange(values, spelled, dataset, file)
            seen = True
        yield _row(number, values, spelled, len(places), line)


def _row(number: int, values: Mapping[str, _Value], spelled: Mapping[str, int | None], width: int, line: str) -> Row:
    cells: list[str | None] = [None] * width
    taken = set()
    extra: dict[str, str | None] = {}
    for key, value in values.items():
        place = spelled[key]
        if place is None:
            extra[key] = _text(value)
        elif place in taken:  # the same field by title and by name: neither may be preferred
            return unparsable(number, line.rstrip("\r\n"))
        else:
            taken.add(place)
            cells[place] = _text(value)
    return Row(number, cells, extra_json(extra) if extra else None, None, len(line))


def _object(text: str) -> dict[str, _Value] | None:
    """The line's object; None where it is none, has a key twice, or a NUL."""
    try:
        value = json.loads(
            text, parse_int=_Number, parse_float=_Number, parse_constant=_Number, object_pairs_hook=_without_twins
        )
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


def _refuse_strange(values: Mapping[str, _Value], spelled: Mapping[str, int | None], dataset: Dataset, file: str) -> None:
    if all(spelled[key] is None for key in values):
        raise DeliveryRejected(
            f"文件“{file}”的键名不对：没有一个属于“{dataset.title}”；收到：{'、'.join(list(values)[:20]) or '（空对象）'}",
            code="header", place=Place(file, line=1), expected="、".join(f.title for f in dataset.fields),
            remedy="请核对是否交错了文件，键名用约定的中文名或英文名",
        )  # fmt: skip
