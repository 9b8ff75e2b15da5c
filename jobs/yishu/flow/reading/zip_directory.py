"""The directory of a zip, read with suspicion: what cannot be a plain archive of data files is refused before a byte is unpacked."""

from __future__ import annotations

import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import IO

from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.source import FREE_BYTES, MOST_BYTES, MOST_RATIO, bomb, broken, too_large

_PIECE = 8 << 20
"""Python reads a zip's directory in one piece, before anybody can count its entries: 8 MB hold some 100,000."""
_HEADER = 30
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DRIVE = re.compile(r"[A-Za-z]:")
_NAME_CHARS = 250


class _Bounded:
    """A file of which nobody takes a large piece at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek: Callable[..., int] = file.seek
        self.tell, self.seekable, self.close = file.tell, file.seekable, file.close

    def read(self, size: int = -1, /) -> bytes:
        if size > _PIECE:
            raise zipfile.BadZipFile("the directory is too large")
        return self._file.read(size)


def open_zip(
    file: IO[bytes], name: str, opened: ExitStack, damaged: Callable[[str], DeliveryRejected] = broken
) -> zipfile.ZipFile:
    """The zip in `file`; both are closed with `opened`. `damaged` makes the refusal of what is none.

    Raises:
        DeliveryRejected: its directory is damaged, is enormous, or says that entries share the same bytes.
    """
    opened.callback(file.close)
    try:
        archive = opened.enter_context(zipfile.ZipFile(_Bounded(file)))
    except (zipfile.BadZipFile, OSError, ValueError, OverflowError, NotImplementedError) as error:
        raise damaged(name) from error
    refuse_overlaps(archive.infolist(), archive.start_dir, name)
    return archive


def refuse_overlaps(entries: Sequence[zipfile.ZipInfo], end: int, name: str) -> None:
    """Entries that share bytes make a bomb without nesting: each unpacks the same kernel again."""
    for entry in sorted(entries, key=lambda e: e.header_offset, reverse=True):
        least = entry.header_offset + _HEADER + len(_name_bytes(entry)) + entry.compress_size
        if least > end:
            raise _hostile(name, f"条目“{shown(entry)}”与其他条目重叠", "各条目互不重叠的普通 zip 文件")
        end = entry.header_offset


def refuse_encryption(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    """Refuse a zip with a password."""
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise DeliveryRejected(
            f"压缩文件“{name}”是加密的", code="encrypted", place=Place(name), expected="不加密的 zip 文件",
            remedy="请去掉密码重新压缩；传输过程由平台加密",
        )  # fmt: skip


def refuse_sizes(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    """Refuse what says itself that it unpacks to too much; what lies about its size breaks while it is read."""
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        raise too_large(name, total)
    if any(e.file_size > FREE_BYTES and e.file_size > MOST_RATIO * max(e.compress_size, 1) for e in entries):
        raise bomb(name)


def refuse_tricks(entries: Sequence[zipfile.ZipInfo], name: str) -> None:
    """Refuse names that point out of the zip or cannot be shown, links, names that come twice, and rare methods."""
    seen: set[str] = set()
    for entry in entries:
        text = shown(entry)
        if _leaves(text):
            raise _hostile(name, f"条目名“{_printable(text)}”指向压缩包之外", "不含盘符、绝对路径和“..”的文件名")
        if len(text) > _NAME_CHARS or _printable(text) != text:
            raise _hostile(name, f"条目名“{_printable(text)[:_NAME_CHARS]}”过长或含有不可见字符", "250 字以内的普通文件名")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _hostile(name, f"条目“{text}”是链接或设备，不是文件", "只含普通文件的 zip")
        if text in seen:
            raise _hostile(name, f"有两个条目都叫“{text}”", "文件名不重复")
        if entry.compress_type not in _METHODS:
            raise _hostile(name, f"条目“{text}”的压缩方法（{entry.compress_type}）不常用", "以通常的方法（deflate）压缩")
        seen.add(text)


def shown(entry: zipfile.ZipInfo) -> str:
    """An entry's name. Chinese Windows writes GBK without saying so, and Python then reads it as cp437."""
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8_NAME:
        raw = _name_bytes(entry)
        for encoding in ("utf-8", "gb18030"):
            try:
                return raw.decode(encoding).replace("\\", "/")
            except UnicodeDecodeError:
                continue
    return name.replace("\\", "/")


def _name_bytes(entry: zipfile.ZipInfo) -> bytes:
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & _UTF8_NAME else "cp437")


def _leaves(name: str) -> bool:
    return name.startswith("/") or _DRIVE.match(name) is not None or ".." in name.split("/")


def _printable(name: str) -> str:
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in name)


def _hostile(name: str, what: str, expected: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"压缩文件“{name}”不安全：{what}", code="hostile", place=Place(name), expected=expected,
        remedy="请用常用的压缩软件把数据文件重新打成一个普通的 zip",
    )  # fmt: skip
