"""A worksheet's XML → its rows of typed cells, numbered as in Excel; a row that has a style but no value has no cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from yishu.flow.reading.cells import Value
from yishu.flow.reading.excel_dates import from_serial
from yishu.flow.reading.safe_xml import feed, local, parser
from yishu.flow.reading.workbook import Workbook, pieces
from yishu.flow.reading.workbook_parts import CELL_CHARS, unescaped

_MOST_ROWS: Final = 1_048_576
_MOST_COLUMNS: Final = 16_384
_LETTERS = re.compile(r"[A-Z]{1,3}")
_DIGITS = "0123456789"
_TAGS: Final = frozenset({"row", "c", "v", "t", "is", "f", "rPh"})
Numbered = tuple[int, list[Value]]
"""A row's number and its cells from column A on, as far as the last one with a value."""


def sheet_rows(book: Workbook, part: str) -> Iterator[Numbered]:
    """The rows that the sheet has, in order, empty ones too.

    Raises:
        DeliveryRejected: XML that is not safe.
        ValueError, expat.ExpatError: no worksheet that Excel could open.
    """
    sheet = _Sheet(book)
    for _ in feed(parser(sheet, book.file), sheet, pieces(book.archive, part), book.file):
        yield from sheet.ended
        sheet.ended.clear()


class _Sheet:
    """Collects rows; see `safe_xml.Handler`."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self.ended: list[Numbered] = []
        self.depth = 0
        self._row = self._column = 0
        self._cells: list[Value] = []
        self._kind, self._style = "n", "0"
        self._columns: dict[str, int] = {}
        self._text: list[str] = []
        self._size, self._taking, self._guide = 0, False, False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """`row`, `c` (a cell), `v` (its value), `t` (its own text)."""
        self.depth += 1
        tag = name if name in _TAGS else local(name)
        if tag == "c":
            self._begin_cell(attributes)
        elif tag in ("v", "t"):
            self._taking = not self._guide
        elif tag == "row":
            self._begin_row(attributes)
        elif tag == "rPh":
            self._guide = True

    def end(self, name: str) -> None:
        """Cells and rows are complete at their end."""
        self.depth -= 1
        tag = name if name in _TAGS else local(name)
        self._taking = False
        if tag == "c":
            self._end_cell()
        elif tag == "row":
            self.ended.append((self._row, self._cells))
            self._cells = []
        elif tag == "rPh":
            self._guide = False

    def text(self, text: str) -> None:
        """Text, perhaps a part of it."""
        if self._taking:
            self._text.append(text)
            self._size += len(text)
            if self._size > CELL_CHARS:
                raise ValueError("a cell of millions of characters")

    def _begin_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self._row + 1))
        if not self._row < number <= _MOST_ROWS:
            raise ValueError(f"row {number} after row {self._row}")
        self._row, self._column = number, 0

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        column = self._column + 1
        reference = attributes.get("r")
        if reference is not None:
            letters = reference.rstrip(_DIGITS)
            column = self._columns.get(letters) or self._learn(letters)
        if not self._column < column <= _MOST_COLUMNS:
            raise ValueError(f"column {column} after column {self._column}")
        self._column = column
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        if self._text:
            self._text, self._size = [], 0

    def _learn(self, letters: str) -> int:
        """The number of a column that is met for the first time; 0 for what is no column."""
        if not _LETTERS.fullmatch(letters):
            return 0
        self._columns[letters] = column_number(letters)
        return self._columns[letters]

    def _end_cell(self) -> None:
        if not self._text:
            return
        value = self._value("".join(self._text))
        self._text, self._size = [], 0
        if value is not None:
            cells, missing = self._cells, self._column - 1 - len(self._cells)
            if missing:
                cells += [None] * missing
            cells.append(value)

    def _value(self, text: str) -> Value:
        kind = self._kind
        if kind == "s":
            return self._book.strings[int(text)]
        if kind == "n":
            return self._number(text.strip())
        if kind == "b":
            return text.strip() == "1"
        return unescaped(text)  # inlineStr, str (a formula's), e (an error), d (a date in ISO form)

    def _number(self, text: str) -> Value:
        if not text:
            return None
        number = float(text) if "." in text or "E" in text or "e" in text else int(text)
        style = int(self._style)
        if style in self._book.styles.dates:
            return from_serial(number, mac=self._book.mac_dates, duration=style in self._book.styles.durations)
        return number


def column_number(letters: str) -> int:
    """`A` → 1, `AA` → 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
