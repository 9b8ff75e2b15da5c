"""A delivered file → the data files in it: the file itself, or what a gz or zip holds. Told by content, never by name.

Nothing is unpacked under a name of its own: the parts are streams under caps, and a packed file in a packed file is refused.
"""

from __future__ import annotations

import gzip
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.source import Source, broken, unpacked
from yishu.flow.reading.zip_directory import open_zip, refuse_encryption, refuse_sizes, refuse_tricks, shown

MOST_MEMBERS = 500
"""Data files in one zip: a file for each county of a large province is some 180."""
MANIFEST = "manifest.json"
"""At a zip's top level: says what else is in it, and is no data file itself."""
_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PACKED = (
    _GZIP, *_ZIP, b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd",
)  # fmt: skip
_OFFICE = {"[Content_Types].xml", "xl/workbook.xml"}
_LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class _Gzip:
    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        opened = ExitStack()
        packed = opened.enter_context(self.path.open(mode))
        file = opened.enter_context(gzip.GzipFile(fileobj=packed))
        return unpacked(file, packed.tell, self.name, opened)


@dataclass(frozen=True)
class _Member:
    path: Path
    member: str
    entry: zipfile.ZipInfo

    @property
    def name(self) -> str:
        return f"{self.path.name}/{self.member}"

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        with ExitStack() as opened:
            archive = open_zip(self.path.open(mode), self.path.name, opened)
            try:
                file = opened.enter_context(archive.open(self.entry))
            except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
                raise broken(self.path.name) from error
            return unpacked(file, lambda: self.entry.compress_size, self.path.name, opened.pop_all())
        raise AssertionError  # for mypy: an ExitStack may swallow errors; this one does not


def data_files(path: Path) -> tuple[Source, ...]:
    """The data files in a delivered file, in the container's order; the file itself where it is no container.

    Their names are what stands in `_file`: `六月.zip/企业.csv`.

    Raises:
        DeliveryRejected: a container that is damaged, encrypted, nested, larger than agreed, or made to harm.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_GZIP):
        found: tuple[Source, ...] = (_Gzip(path),)
    elif head in _ZIP and not is_office(path):
        found = tuple(member for member in members(path) if member.member != MANIFEST)
    else:
        return (path,)
    if not found:
        raise DeliveryRejected(
            f"压缩文件“{path.name}”里没有数据文件", code="empty", place=Place(path.name),
            expected="至少一个数据文件", remedy="请核对后重新压缩报送",
        )  # fmt: skip
    return found


def members(path: Path) -> tuple[_Member, ...]:
    """Every file in a zip, the manifest too, but for what operating systems leave behind."""
    with ExitStack() as opened:
        entries = open_zip(path.open("rb"), path.name, opened).infolist()
    files = [_Member(path, shown(e), e) for e in entries if not e.is_dir() and not _is_litter(shown(e))]
    if len(files) > MOST_MEMBERS:
        raise DeliveryRejected(
            f"压缩文件“{path.name}”里有 {len(files)} 个文件", code="size", place=Place(path.name),
            expected=f"不超过 {MOST_MEMBERS} 个", remedy="请合并数据文件，或分几次报送",
        )  # fmt: skip
    refuse_encryption(entries, path.name)
    refuse_tricks(entries, path.name)
    refuse_sizes(entries, path.name)
    return tuple(files)


def is_office(path: Path) -> bool:
    """True for a zip that is an Office document: a data file, not a container."""
    with ExitStack() as opened:
        return not _OFFICE.isdisjoint(open_zip(path.open("rb"), path.name, opened).namelist())


def refuse_nested(source: Source, head: bytes, *, workbook: bool) -> None:
    """Refuse a packed file in a packed file. A workbook is a zip too, but one that the contract may ask for.

    Args:
        source: the data file.
        head: its first bytes.
        workbook: the contract asks for xlsx.
    """
    if isinstance(source, Path) or not head.startswith(_PACKED) or (workbook and head.startswith(_ZIP)):
        return
    raise DeliveryRejected(
        f"压缩文件里的“{source.name}”又是压缩文件", code="nested", place=Place(source.name),
        expected="只压缩一层", remedy="请解开里层，把数据文件直接压缩成一个 gz 或 zip",
    )  # fmt: skip


def _is_litter(name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return folder.startswith(_LITTER[0]) or last in _LITTER or last.startswith("._")
