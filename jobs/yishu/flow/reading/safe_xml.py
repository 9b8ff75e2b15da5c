"""XML from strangers, parsed as a stream by expat: no document types, so no entities and nothing from outside; bounded memory.

expat itself keeps a whole tag or comment, every open element and every name that it ever saw: each has its cap here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol
from xml.parsers import expat

from yishu.errors import DeliveryRejected, Place

MOST_DEPTH = 200
"""Elements within elements; extracts and workbooks have a dozen."""
MOST_TAG = 1 << 20
"""Bytes of one tag, comment or instruction, which expat holds until it ends. Text is not bounded by it."""
MOST_NAMES = 50_000
"""Different names of elements and attributes, none of which expat forgets."""


class Handler(Protocol):
    """What is told of the document. Names come with their prefix; `depth` is how many elements are open."""

    depth: int

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def parser(handler: Handler, file: str) -> expat.XMLParserType:
    """A parser of UTF-8 that refuses document types."""
    made = expat.ParserCreate("utf-8", intern={})
    made.buffer_text = True
    made.buffer_size = 1 << 16

    def refuse(*_: object) -> None:
        raise _hostile(file, "含有文档类型声明（DOCTYPE），可能定义实体或引用外部文件")

    made.StartDoctypeDeclHandler = refuse
    made.StartElementHandler, made.EndElementHandler, made.CharacterDataHandler = handler.start, handler.end, handler.text
    return made


def feed(made: expat.XMLParserType, handler: Handler, pieces: Iterable[bytes], file: str) -> Iterator[None]:
    """Parse piece by piece; after each, what the handler collected can be taken.

    Raises:
        DeliveryRejected: a document that would fill the memory.
        expat.ExpatError: not well-formed.
    """
    given = 0
    for piece in pieces:
        made.Parse(piece, False)
        given += len(piece)
        if given - max(made.CurrentByteIndex, 0) > MOST_TAG + len(piece):
            raise _hostile(file, f"有超过 {MOST_TAG >> 20} MB 的标签或注释")
        if handler.depth > MOST_DEPTH:
            raise _hostile(file, f"元素嵌套超过 {MOST_DEPTH} 层")
        if len(made.intern) > MOST_NAMES:
            raise _hostile(file, f"元素名和属性名超过 {MOST_NAMES} 种")
        yield
    made.Parse(b"", True)
    yield


def _hostile(file: str, what: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”的 XML 不安全：{what}", code="hostile", place=Place(file), expected="不含 DOCTYPE 的普通 XML",
        remedy="请从业务系统重新导出，去掉 DOCTYPE、实体和多余的标记",
    )  # fmt: skip
