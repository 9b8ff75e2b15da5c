"""A source and its script → decoded text, by lines of bounded length."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, TextIO

import pyarrow as pa

from yishu.contract.model import TextEncoding
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.encoding import Script, undecodable
from yishu.flow.reading.source import Source


def open_bytes(source: Source, script: Script) -> IO[bytes]:
    """The file after its byte order mark."""
    file = source.open("rb")
    file.read(script.mark)
    return file


def open_text(source: Source, script: Script, newline: str) -> TextIO:
    """The file's text, decoded strictly.

    Args:
        newline: as for `open`: what ends a line.
    """
    return io.TextIOWrapper(open_bytes(source, script), script.codec, "strict", newline)  # type: ignore[arg-type]


def strictly(
    batches: Iterator[pa.RecordBatch], source: Source, script: Script, declared: TextEncoding
) -> Iterator[pa.RecordBatch]:
    """The batches; bytes that are no text in the script end in a refusal that says where they stand."""
    try:
        yield from batches
    except UnicodeDecodeError as error:
        raise undecodable(source, script, declared) from error


def too_long(name: str, line: int, limit: int, expected: str, remedy: str) -> DeliveryRejected:
    """The refusal of a line that would not fit into memory."""
    return DeliveryRejected(
        f"文件“{name}”第 {line} 行过长（超过 {limit} 个字符）", code="line", place=Place(name, line=line),
        expected=expected, remedy=remedy,
    )  # fmt: skip
