"""Excel workbook (.xlsx) → batches: its package is read part by part as streams, its sheet row by row.

Only the shared strings are held in memory, and they are capped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pyarrow as pa

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.merged import merges_in, split_merges
from yishu.flow.reading.rows import Reading, bronze_schema, in_batches
from yishu.flow.reading.sheet import Heading, first_rows, header_last, read_heading, sheet_text
from yishu.flow.reading.sheet_xml import sheet_rows
from yishu.flow.reading.source import Source
from yishu.flow.reading.workbook import DAMAGE, Workbook, damaged, open_workbook, pieces


def read_xlsx(source: Source, dataset: Dataset) -> Reading:
    """Read one sheet: the contract's, or the first that is not empty.

    Raises:
        DeliveryRejected: no such sheet, a header other than agreed, or a workbook that is damaged, oversized, or has macros
            or references to other files.
    """
    with ExitStack() as opened:
        book = open_workbook(source, opened)
        try:
            part, heading = _heading(book, dataset)
        except DAMAGE as error:
            raise damaged(source.name) from error
    schema = bronze_schema(dataset)

    def batches() -> Iterator[pa.RecordBatch]:
        with ExitStack() as opened:
            again = open_workbook(source, opened)
            try:
                yield from in_batches(sheet_text(sheet_rows(again, part), heading), schema)
            except DAMAGE as error:
                raise damaged(source.name) from error

    return Reading(schema, batches(), heading.notes)


def _heading(book: Workbook, dataset: Dataset) -> tuple[str, Heading]:
    """The part to read and its header."""
    supply = dataset.supply
    if supply.sheet is not None and supply.sheet not in dict(book.sheets):
        raise no_sheet(book.file, supply.sheet, [title for title, _ in book.sheets])
    for title, part in book.sheets:
        first = first_rows(sheet_rows(book, part), supply) if supply.sheet in (None, title) else {}
        if first:
            merged = split_merges(merges_in(pieces(book.archive, part)), supply.header_row, header_last(supply))
            return part, read_heading(first, merged, dataset, book.file, mac_dates=book.mac_dates)
    raise empty_book(book.file, supply.sheet)


def no_sheet(file: str, wanted: str, titles: list[str]) -> DeliveryRejected:
    """The refusal of a workbook without the contract's sheet."""
    return DeliveryRejected(
        f"工作簿“{file}”里没有名为“{wanted}”的工作表；有：{'、'.join(titles[:20])}", code="sheet",
        place=Place(file), expected=f"工作表“{wanted}”", remedy="请把数据放进约定名称的工作表",
    )  # fmt: skip


def empty_book(file: str, wanted: str | None) -> DeliveryRejected:
    """The refusal of a workbook without a value."""
    return DeliveryRejected(
        f"工作簿“{file}”没有数据：{'所有工作表都' if wanted is None else f'工作表“{wanted}”'}是空的", code="empty",
        place=Place(file), expected="表头和数据", remedy="请重新导出后报送",
    )  # fmt: skip
