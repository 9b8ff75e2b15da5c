"""Our own sheet of bad rows, handed back filled in: whether a file is one, of which delivery, and what stands in its rows.

The last column of the sheet is hidden. Its head names the delivery, its cells name file and row, so that a sheet which was
sorted, copied into another workbook or saved by another program is still known for what it is; names of files do not count.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.cells import cell_text
from yishu.flow.reading.header import Columns, marked_header
from yishu.flow.reading.rows import Row
from yishu.flow.reading.sheet import Heading, column_kinds, sheet_text
from yishu.flow.reading.sheet_xml import sheet_rows
from yishu.flow.reading.source import Source, seekable
from yishu.flow.reading.workbook import DAMAGE, Workbook, damaged, open_workbook, pieces
from yishu.flow.reading.zip_directory import open_zip, refuse_encryption, refuse_sizes

OURS = ("文件", "行号", "问题", "应为")
"""The columns before the department's own; the file stands there only where several were handed in."""
_PREFIX = b"yishu:d-"
_ROW, _FILE, _MARK = "row", "file", "mark"
REMEDY = "请用平台发出的回执原件改正（只改数据列的单元格），存为 .xlsx 后报送"


@dataclass(frozen=True)
class SheetRow:
    """One row as it came back: `number` and `file` as a person sees them, `place` as the hidden column says."""

    at: int
    """The row's number in the workbook."""
    number: str
    file: str | None
    place: str
    cells: tuple[str | None, ...]
    """In the contract's order; blank ones are None."""


@dataclass(frozen=True)
class _Found:
    """The marked sheet of a workbook."""

    part: str
    delivery: str
    header: list[str]


def marked(source: Source) -> str | None:
    """The delivery whose bad rows a file lists; None for every other file.

    Raises:
        DeliveryRejected: it is such a sheet, but in a workbook that has macros, references to other files, or too much.
    """
    with source.open("rb") as file:
        if file.read(2) != b"PK":
            return None
    try:
        with ExitStack() as opened:
            if not _mentions(source, opened):  # most workbooks: nothing of them is parsed for this question
                return None
    except (DeliveryRejected, *DAMAGE):
        return None  # what is wrong with it is told where it is read
    with ExitStack() as opened:
        found = _sheet(open_workbook(source, opened))
    return found.delivery if found else None


def read_marked(source: Source, dataset: Dataset, titles: Sequence[str], most: int) -> list[SheetRow]:
    """The rows of a sheet that is marked.

    Args:
        source: the workbook.
        dataset: the contract.
        titles: the department's columns as the receipt called them, in the contract's order.
        most: how many rows the sheet may have.

    Raises:
        DeliveryRejected: columns were renamed, removed or repeated, or there are more rows than any receipt lists.
    """
    with ExitStack() as opened:
        book = open_workbook(source, opened)
        try:
            found = _sheet(book)
            if found is None:
                raise damaged(source.name)
            heading = _heading(found.header, dataset, titles, source.name, mac_dates=book.mac_dates)
            rows = ((n, values[: heading.columns.width]) for n, values in sheet_rows(book, found.part))
            kept = [_row(row) for row in islice(sheet_text(rows, heading), most + 1)]
        except DAMAGE as error:
            raise damaged(source.name) from error
    if len(kept) > most:
        raise DeliveryRejected(
            f"“{source.name}”超过 {most} 行", code="rows", place=Place(source.name), expected="回执“问题行”所列的行", remedy=REMEDY
        )
    return kept


def _mentions(source: Source, opened: ExitStack) -> bool:
    """Does the mark stand among the shared strings, or in the first piece of a sheet that has its own?"""
    archive = open_zip(seekable(source, opened), source.name, opened, damaged)
    refuse_encryption(archive.infolist(), source.name)
    refuse_sizes(archive.infolist(), source.name)
    return any(_in_part(archive, name) for name in archive.namelist())


def _in_part(archive: zipfile.ZipFile, name: str) -> bool:
    lower, rest = name.lower(), b""
    if lower.startswith("xl/worksheets/"):
        return _PREFIX in next(pieces(archive, name), b"")
    if "sharedstrings" in lower:
        for piece in pieces(archive, name):
            if _PREFIX in rest + piece:
                return True
            rest = piece[-len(_PREFIX) :]
    return False


def _sheet(book: Workbook) -> _Found | None:
    for _, part in book.sheets:
        try:
            first = next((values for _, values in sheet_rows(book, part) if values), [])
        except DAMAGE:
            return None
        header = [(cell_text(value, code=False) or "").strip() for value in first]
        delivery = marked_header(header)
        if delivery:
            return _Found(part, delivery, header)
    return None


def _heading(header: Sequence[str], dataset: Dataset, titles: Sequence[str], file: str, *, mac_dates: bool) -> Heading:
    """Where each column stands: by its exact title, for the sheet is ours; others than ours and the contract's are left alone."""
    ours = OURS[0 if header[0] == OURS[0] else 1 :]
    theirs = list(header[len(ours) :])
    wrong = [f"第 {n} 列应为“{name}”" for n, name in enumerate(ours, start=1) if header[n - 1 : n] != [name]]
    wrong += [f"“{title}”有 {theirs.count(title)} 列" if title in theirs else f"缺少“{title}”" for title in titles if theirs.count(title) != 1]
    if wrong:
        raise DeliveryRejected(
            f"“{file}”的表头与回执不一致：{'；'.join(wrong[:10])}", code="header", place=Place(file, line=1),
            expected="、".join((*ours, *titles)), remedy=REMEDY,
        )  # fmt: skip
    places = tuple(len(ours) + theirs.index(title) for title in titles)
    at = next(n for n, head in enumerate(header) if marked_header([head]))
    extra = [(ours.index("行号"), _ROW), (at, _MARK), *([(0, _FILE)] if len(ours) == len(OURS) else [])]
    columns = Columns(places, tuple(extra), len(header))
    return Heading(columns, column_kinds(columns, dataset), 1, mac_dates, ())


def _row(row: Row) -> SheetRow:
    beside = json.loads(row.extra or "{}")
    cells = tuple(cell if cell and cell.strip() else None for cell in row.cells)
    return SheetRow(row.number + 1, beside.get(_ROW, ""), beside.get(_FILE), beside.get(_MARK, ""), cells)
