"""The events of a JSON document → the elements of the array at a path, each as its own events, bounded in depth and size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from yishu.errors import DeliveryRejected, Place

Event = tuple[str, "str | int | float | Decimal | bool | None"]
"""What ijson calls it, and its value: `("map_key", "code")`, `("number", Decimal("1.10"))`, `("start_map", None)` …"""
MOST_DEPTH = 100
"""Levels of nesting: extracts have two or three; a hundred thousand are made to break what reads them."""
MOST_EVENTS = 1_000_000
"""Events of one element: they are held in memory until it ends."""
_STARTS, _ENDS = ("start_map", "start_array"), ("end_map", "end_array")
_OPEN = {"start_map": "{", "start_array": "[", "end_map": "}", "end_array": "]"}
_LISTED = 20


class Walk:
    """Where in the document the events stand; `number` counts the array's elements from 1."""

    def __init__(self, path: Sequence[str], file: str) -> None:
        self._path, self._file = [*path], file
        self._keys: list[str | None] = []
        """The key in each open object around the array; None for an array around it."""
        self._inside = False
        self._element: list[Event] = []
        self._depth = 0
        self._top: list[str] = []
        self.found = False
        self.number = 0

    @property
    def collecting(self) -> bool:
        return self._depth > 0

    def elements(self, events: Iterable[Event]) -> Iterator[list[Event]]:
        """The elements that end among these events.

        Raises:
            DeliveryRejected: nested too deeply, an element of too many parts, or no array where the document is to be one.
        """
        for event in events:
            if self._depth:
                if self._within(event):
                    yield self._ended()
            elif not self._inside:
                self._outside(*event)
            elif event[0] == "end_array":
                self._inside = False
                self._keys.pop()
            else:
                self._element = [event]
                self._depth = int(event[0] in _STARTS)
                if not self._depth:
                    yield self._ended()

    def _within(self, event: Event) -> bool:
        """Take an element's part; True where it is its last."""
        self._element.append(event)
        if event[0] in _STARTS:
            self._depth += 1
            self._refuse_depth()
        elif event[0] in _ENDS:
            self._depth -= 1
        if len(self._element) > MOST_EVENTS:
            raise too_large(self._file, self.number + 1)
        return not self._depth

    def _ended(self) -> list[Event]:
        self.number += 1
        return self._element

    def _outside(self, kind: str, value: object) -> None:
        if not self._keys and not self._path and kind != "start_array":
            raise self.missing()
        if kind == "map_key":
            self._keys[-1] = str(value)
            if len(self._keys) == 1 and len(self._top) < _LISTED:
                self._top.append(str(value)[:40])
        elif kind in _ENDS:
            self._keys.pop()
        elif kind in _STARTS:
            self._inside = kind == "start_array" and self._keys == self._path
            self.found |= self._inside
            self._keys.append(None)
            self._refuse_depth()

    def _refuse_depth(self) -> None:
        if len(self._keys) + self._depth > MOST_DEPTH:
            raise DeliveryRejected(
                f"文件“{self._file}”第 {self.number + 1} 个对象嵌套过深（超过 {MOST_DEPTH} 层）", code="hostile",
                place=Place(self._file, row=self.number + 1), expected=f"不超过 {MOST_DEPTH} 层",
                remedy="请导出一个由简单对象组成的数组",
            )  # fmt: skip

    def missing(self) -> DeliveryRejected:
        """The refusal of a document in which the array is not where the contract says."""
        where = f"没有数组“{'.'.join(self._path)}”" if self._path else "不是一个 JSON 数组"
        keys = f"；最外层的键：{'、'.join(self._top)}" if self._top else ""
        return DeliveryRejected(
            f"文件“{self._file}”{where}{keys}", code="form", place=Place(self._file),
            expected=f"对象，其中“{'.'.join(self._path)}”是由对象组成的数组" if self._path else "由对象组成的数组",
            remedy="请按约定的结构导出；结构有变的，请与平台商定",
        )  # fmt: skip


def too_large(file: str, number: int) -> DeliveryRejected:
    """The refusal of an element that would not fit into memory."""
    return DeliveryRejected(
        f"文件“{file}”第 {number} 个对象过大", code="line", place=Place(file, row=number), expected="每个对象对应一条记录",
        remedy="请核对导出程序，每条记录导出一个对象",
    )  # fmt: skip


def members(element: Sequence[Event]) -> list[tuple[str, list[Event]]] | None:
    """The keys of an object with the events of their values; None where the element is no object."""
    if element[0][0] != "start_map":
        return None
    found: list[tuple[str, list[Event]]] = []
    depth = 0
    for event in element[1:-1]:
        kind = event[0]
        if kind == "map_key" and not depth:
            found.append((str(event[1]), []))
            continue
        depth += (kind in _STARTS) - (kind in _ENDS)
        found[-1][1].append(event)
    return found


def as_text(value: Sequence[Event]) -> str | None:
    """A value as it stands in a cell: text and numbers plainly, what is nested as JSON."""
    kind, plain = value[0]
    if kind == "string":
        return str(plain)
    return None if kind == "null" else as_json(value)


def as_json(events: Iterable[Event]) -> str:
    """Events as JSON text, in which numbers keep their digits and a key that came twice stands twice."""
    parts: list[str] = []
    comma = False
    for kind, value in events:
        if comma and kind not in _ENDS:
            parts.append(", ")
        if kind in _OPEN:
            parts.append(_OPEN[kind])
        elif kind == "map_key":
            parts.append(json.dumps(value, ensure_ascii=False) + ": ")
        elif kind == "number":
            parts.append(str(value))
        else:
            parts.append(json.dumps(value, ensure_ascii=False))
        comma = kind not in _STARTS and kind != "map_key"
    return "".join(parts)
