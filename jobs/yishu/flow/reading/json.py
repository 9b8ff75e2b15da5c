"""JSON document → batches: the objects of one array, read as events, so that the document is never held in memory.

An element that is no object, or has a key twice, stays as it came; rows are numbered by their place in the array.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.encoding import Script, detect
from yishu.flow.reading.json_array import Event, Walk, as_json, as_text, members, too_large
from yishu.flow.reading.records import Keys
from yishu.flow.reading.rows import LINE_CHARS, Reading, Row, bronze_schema, in_batches, unparsable
from yishu.flow.reading.source import Source
from yishu.flow.reading.text import open_text, strictly

_CHUNK, _LARGE_CHUNK = 1 << 16, 16 << 20
"""The parser begins a long text anew with each piece: the longer it gets, the larger the pieces must be."""


def read_json(source: Source, dataset: Dataset) -> Reading:
    """Read a document that is an array of objects, or holds one at the contract's path.

    Raises:
        DeliveryRejected: at once for an encoding that cannot be told; while iterating for what is no JSON, no array,
            nested too deeply, or has no known key.
    """
    script = detect(source, dataset.supply.encoding)
    schema = bronze_schema(dataset)

    batches = in_batches(_rows(source, script, dataset), schema)
    return Reading(schema, strictly(batches, source, script, dataset.supply.encoding), script.notes)


def _rows(source: Source, script: Script, dataset: Dataset) -> Iterator[Row]:
    import ijson

    walk = Walk(dataset.supply.path.split(".") if dataset.supply.path else (), source.name)
    keys = Keys(dataset, source.name)
    try:
        for events in _events(source, script, walk):
            for element in walk.elements(events):
                yield _row(walk.number, element, keys)
    except (ijson.JSONError, ValueError, SystemError) as error:  # the last two: a number of thousands of digits
        if isinstance(error, UnicodeDecodeError):
            raise
        raise _no_json(source.name, walk.number, str(error)) from error
    if not walk.found:
        raise walk.missing()


def _events(source: Source, script: Script, walk: Walk) -> Iterator[Sequence[Event]]:
    """The document's events, as many as each piece of it makes; those before a fault come before it is raised."""
    import ijson

    events = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events)
    waiting, before = 0, 0
    with open_text(source, script, newline="") as text:
        while piece := text.read(min(max(_CHUNK, waiting), _LARGE_CHUNK)):
            fault = _sent(parser, piece.encode())
            yield events
            if fault is not None:
                raise fault
            # Nothing came of many bytes: one string, number or element that would fill the memory.
            idle = not events or (walk.collecting and walk.number == before)
            waiting, before = (waiting + len(piece) if idle else 0), walk.number
            if waiting > LINE_CHARS:
                raise too_large(source.name, walk.number + 1)
            events.clear()
    parser.close()
    yield events


def _sent(parser: Generator[None, bytes, None], piece: bytes) -> Exception | None:
    import ijson

    try:
        parser.send(piece)
    except (ijson.JSONError, ValueError, SystemError) as error:
        return error
    return None


def _row(number: int, element: Sequence[Event], keys: Keys) -> Row:
    found = members(element)
    values = {key: as_text(value) for key, value in found or ()}
    if found is None or len(values) < len(found) or any("\0" in (value or "") for value in values.values()):
        return unparsable(number, as_json(element))
    size = sum(len(value) for value in values.values() if value)
    return keys.row(number, values, size) or unparsable(number, as_json(element))


def _no_json(file: str, number: int, error: str) -> DeliveryRejected:
    lines = "（看来是每行一个对象的 JSON Lines）" if "trailing garbage" in error else ""
    return DeliveryRejected(
        f"文件“{file}”不是完好的 JSON 文件{lines}：读到第 {number} 个对象之后出错", code="form", place=Place(file, row=number),
        expected="一个完整的 JSON 文件", remedy="请从业务系统重新导出，并核对传输是否完整",
    )  # fmt: skip
