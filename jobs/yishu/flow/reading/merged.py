"""Merged cells: found in a sheet's raw XML, filled in a header of several rows, refused in one of a single row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yishu.errors import DeliveryRejected, Place

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]{0,200}?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_OVERLAP = 512
_LISTED = 5
_MOST_HEADER = 5_000
"""Merged areas of one header."""


class Merge(NamedTuple):
    """A merged area; rows and columns count from 1, both ends belong to it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def spot(self) -> str:
        """As Excel writes it: `A1:D1`."""
        return f"{_letters(self.left)}{self.top}:{_letters(self.right)}{self.bottom}"


class Merged(NamedTuple):
    """A sheet's merged areas: those that touch the header, how many lie below it, and the first of these."""

    header: tuple[Merge, ...]
    below: int
    first: str


def split_merges(merges: Iterable[Merge], first: int, last: int) -> Merged:
    """Sort merged areas by the header's rows, `first` to `last`; those above it are of no interest.

    Raises:
        ValueError: more in the header than any has.
    """
    header: list[Merge] = []
    below, spot = 0, ""
    for merge in merges:
        if merge.top > last:
            below, spot = below + 1, spot or merge.spot
        elif merge.bottom >= first:
            header.append(merge)
            if len(header) > _MOST_HEADER:
                raise ValueError("thousands of merged cells in the header")
    return Merged(tuple(header), below, spot)


def merged_note(merged: Merged, file: str) -> tuple[str, ...]:
    """A note where cells are merged among the data."""
    if not merged.below:
        return ()
    return (f"工作簿“{file}”的数据区有 {merged.below} 处合并单元格（如 {merged.first}），合并处只有第一格有值",)


def refuse_merged_header(merged: Merged, first: int, last: int, file: str) -> None:
    """Refuse merged cells in a header of one row, and those that reach from a header into the data.

    Raises:
        DeliveryRejected: a column's name would be a guess.
    """
    wrong = [m for m in merged.header if first == last or m.bottom > last]
    if wrong:
        rows = f"第 {first} 行" if first == last else f"第 {first} 至 {last} 行"
        raise DeliveryRejected(
            f"工作簿“{file}”的表头有合并单元格：{'、'.join(m.spot for m in wrong[:_LISTED])}", code="header",
            place=Place(file, line=first), expected=f"{rows}是唯一的表头，合并单元格不超出表头，单行表头不合并",
            remedy="请取消合并，删去标题行和上级表头，只留约定的列名",
        )  # fmt: skip


def merges_in(pieces: Iterable[bytes]) -> Iterator[Merge]:
    """The merged areas in a worksheet's XML; they stand behind its rows, where a pattern finds them faster than a parser."""
    tail, known = b"", 0
    for piece in pieces:
        window = tail + piece
        if b"mergeCell" in window:
            for found in _MERGED.finditer(window):
                if found.end() > known:  # else it lay in the overlap and is known
                    left, top, right, bottom = found.groups()
                    yield Merge(_column(left), int(top), _column(right), int(bottom))
        tail = window[-_OVERLAP:]
        known = len(tail)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text
