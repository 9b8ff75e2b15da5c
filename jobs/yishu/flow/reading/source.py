"""What a reader reads: a name and bytes, from the start, as often as asked. A path is one; so is a part of a container."""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, Protocol

from yishu.errors import DeliveryRejected, Place

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_BYTES = 8 << 30
"""What may come out of one container, in bytes: several times the largest extract that a department sends (1 GB), and
little enough that reading it through ends within minutes. What is larger is handed in as several files."""
MOST_RATIO = 200
"""How many times larger than packed a data file may be: text packs 5 to 50 times, deflate cannot go beyond 1,032."""
FREE_BYTES = 256 << 20
"""Up to here no ratio is too high: repetitive extracts of some megabytes pack very well and harm nobody."""
_CHUNK = 1 << 20
_DAMAGE = (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError)


class Source(Protocol):
    """A data file. A reader may open it several times, and holds nothing open until its rows are asked for."""

    @property
    def name(self) -> str: ...

    def open(self, mode: Literal["rb"]) -> IO[bytes]: ...


class Bytes(Protocol):
    """What gives bytes, as many as asked for or fewer."""

    def read(self, size: int, /) -> bytes: ...


def seekable(source: Source, opened: ExitStack) -> IO[bytes]:
    """The bytes for a reader that jumps in them: the file itself, or a copy that has no name on the disk."""
    if isinstance(source, Path):
        return opened.enter_context(source.open("rb"))
    copy = opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - closed with `opened`
    with source.open("rb") as file:
        shutil.copyfileobj(file, copy, _CHUNK)
    copy.seek(0)
    return copy


def unpacked(file: Bytes, packed: Callable[[], int], name: str, opened: ExitStack) -> IO[bytes]:
    """A stream of unpacked bytes that ends in a refusal where they become too many, whatever the container promised.

    Args:
        file: gives the unpacked bytes.
        packed: how many packed bytes were taken so far.
        name: the container's, for messages.
        opened: what is closed with the stream.
    """
    return io.BufferedReader(_Unpacked(file, packed, name, opened), _CHUNK)


class _Unpacked(io.RawIOBase):
    def __init__(self, file: Bytes, packed: Callable[[], int], name: str, opened: ExitStack) -> None:
        self._file, self._packed, self._name, self._opened = file, packed, name, opened
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        try:
            data = self._file.read(len(room))
        except _DAMAGE as error:
            raise broken(self._name) from error
        room[: len(data)] = data
        self._given += len(data)
        if self._given > MOST_BYTES:
            raise too_large(self._name, self._given)
        if self._given > FREE_BYTES and self._given > MOST_RATIO * max(self._packed(), 1):
            raise bomb(self._name)
        return len(data)

    def close(self) -> None:
        self._opened.close()
        super().close()


def broken(name: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"压缩文件“{name}”已损坏，解压中断", code="container", place=Place(name), expected="完整的 gz 或 zip 文件",
        remedy="请重新压缩，核对传输是否完整后再报送",
    )  # fmt: skip


def too_large(name: str, size: int) -> DeliveryRejected:
    return DeliveryRejected(
        f"压缩文件“{name}”解压后过大（超过 {size >> 20} MB）", code="size", place=Place(name),
        expected=f"解压后不超过 {MOST_BYTES >> 20} MB", remedy="请拆成几个文件分别报送",
    )  # fmt: skip


def bomb(name: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"压缩文件“{name}”的压缩比异常（超过 {MOST_RATIO} 倍），疑为压缩炸弹", code="hostile", place=Place(name),
        expected=f"压缩比不超过 {MOST_RATIO} 倍的数据文件", remedy="请核对文件是否含有大量无意义的重复内容；确为业务数据的，请不压缩直接报送",
    )  # fmt: skip
