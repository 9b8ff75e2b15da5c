"""The parts of an .xlsx package that say how to read a sheet: which sheets there are, shared strings, which styles are dates.

Read as streams and under caps, for a workbook is a zip of XML from a stranger. What a workbook may do beyond holding
cells (run macros, take values from elsewhere) is refused.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.safe_xml import Handler, feed, parser
from yishu.flow.reading.source import Source, seekable
from yishu.flow.reading.workbook_parts import BookPart, RelationsPart, Strings, StringsPart, Styles, StylesPart
from yishu.flow.reading.zip_directory import open_zip, refuse_encryption, refuse_sizes

STRINGS_BYTES: Final = 512 << 20
"""Shared strings, unpacked: the one part of a workbook that must be held in memory."""
_PART_BYTES = 64 << 20
"""Every other part that is read but for sheets: some kilobytes in real workbooks."""
_CHUNK = 1 << 16
DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, KeyError, IndexError, ValueError, NotImplementedError,
    OverflowError,
)  # fmt: skip
"""What the standard library raises on damaged workbooks."""


@dataclass(frozen=True)
class Workbook:
    """An opened package; `sheets` are the names and parts of its worksheets, in order."""

    archive: zipfile.ZipFile
    file: str
    sheets: tuple[tuple[str, str], ...]
    strings: Strings
    styles: Styles
    mac_dates: bool
    """Days count from 1904."""


def open_workbook(source: Source, opened: ExitStack) -> Workbook:
    """Open a package and read all of it but the sheets.

    Raises:
        DeliveryRejected: no workbook, or one with macros, references to other files, or parts beyond the caps.
    """
    name = source.name
    archive = open_zip(seekable(source, opened), name, opened, damaged)
    parts = {entry.filename.lstrip("/"): entry for entry in archive.infolist()}
    refuse_encryption(list(parts.values()), name)
    refuse_sizes(list(parts.values()), name)
    _refuse_active(parts, name)
    book = BookPart()
    try:
        _parse(archive, "xl/workbook.xml", book, name)
        targets = _targets(archive, parts, "xl", "workbook.xml", name)
        strings, styles = StringsPart(), StylesPart()
        for kind, handler in (("sharedStrings", strings), ("styles", styles)):
            part = next((target for _, given, target in targets if given == kind and target in parts), None)
            if part is not None:
                _parse(archive, part, handler, name, STRINGS_BYTES if kind == "sharedStrings" else _PART_BYTES)
    except DAMAGE as error:
        raise damaged(name) from error
    by_id = {key: target for key, kind, target in targets if kind == "worksheet" and target in parts}
    sheets = tuple((title, by_id[key]) for title, key in book.sheets if key in by_id)
    return Workbook(archive, name, sheets, strings.strings, styles.styles(), book.mac_dates)


def pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A part of the package, in pieces."""
    with archive.open(part) as xml:
        while piece := xml.read(_CHUNK):
            yield piece


def damaged(file: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”不是能打开的 Excel 工作簿（.xlsx）", code="form", place=Place(file),
        expected="未加密、完好的 .xlsx 工作簿", remedy="请用 Excel 或 WPS 打开核对，另存为 .xlsx 后重新报送",
    )  # fmt: skip


def active(file: str, what: str) -> DeliveryRejected:
    """The refusal of a workbook that does more than hold cells."""
    return DeliveryRejected(
        f"工作簿“{file}”含有{what}", code="hostile", place=Place(file), expected="只含数据的工作簿",
        remedy="请新建工作簿，只粘贴数值后重新报送",
    )  # fmt: skip


def _refuse_active(parts: dict[str, zipfile.ZipInfo], file: str) -> None:
    for part in parts:
        lower = part.lower()
        if lower.endswith("vbaproject.bin") or lower.startswith(("xl/macrosheets/", "xl/activex/")):
            raise active(file, f"宏（{part[:80]}）")
        if lower.startswith(("xl/externallinks/", "xl/connections", "xl/querytables/")):
            raise active(file, f"对外部文件或数据源的引用（{part[:80]}）")


def _parse(archive: zipfile.ZipFile, part: str, handler: Handler, file: str, most: int = _PART_BYTES) -> None:
    size = archive.getinfo(part).file_size
    if size > most:
        raise DeliveryRejected(
            f"工作簿“{file}”过大（{part.rpartition('/')[2][:80]} 共 {size >> 20} MB）", code="size", place=Place(file),
            expected=f"不超过 {most >> 20} MB", remedy="请拆成几个文件，或与平台商定改报 CSV",
        )  # fmt: skip
    for _ in feed(parser(handler, file), handler, pieces(archive, part), file):
        pass


def _targets(
    archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], folder: str, part: str, file: str
) -> list[tuple[str, str, str]]:
    """Id, kind and part of each relation of the workbook."""
    relations = RelationsPart()
    name = f"{folder}/_rels/{part}.rels"
    if name in parts:
        _parse(archive, name, relations, file)
    found = []
    for key, kind, target, mode in relations.found:
        if mode == "External":
            raise active(file, f"对外部文件的引用（{target[:80]}）")
        found.append((key, kind.rpartition("/")[2], posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")))
    return found
