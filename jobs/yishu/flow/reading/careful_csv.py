"""CSV lines → rows, one line at a time, for files that the fast reader cannot take (open quotes, NUL, huge cells).

A line that is no row stays as it came and the next line starts afresh, so that one open quote never eats its neighbours.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from yishu.flow.reading.encoding import Script
from yishu.flow.reading.header import HEADER_CELLS, Columns
from yishu.flow.reading.rows import LINE_CHARS, Row, unparsable
from yishu.flow.reading.source import Source
from yishu.flow.reading.text import open_text, too_long

_LOOKAHEAD_LINES = 200
_LOOKAHEAD_CHARS = 1_000_000
_MOST_CELLS = 1_000_000
"""A line with more delimiters is no row of any table, and is not even split."""


@dataclass(frozen=True)
class Table:
    """A CSV file and how to read its text."""

    source: Source
    script: Script
    delimiter: str


def first_record(table: Table) -> tuple[list[str], int]:
    """The header's cells, and how many lines stand before the first data row; no cells where the file has none."""
    lines = _Lines(table, 0)
    with lines.file:
        while (line := lines.take()) is not None:
            if line.strip():
                cells = _record(line, lines, table.delimiter, 0)
                # one more than a header may have is enough to refuse it
                return cells or line.rstrip("\r\n").split(table.delimiter, HEADER_CELLS), lines.number
    return [], lines.number


def careful_rows(table: Table, skip: int, row: int, columns: Columns) -> Iterator[Row]:
    """Rows from line `skip + 1` on, the first of them numbered `row`; empty lines keep their number.

    Raises:
        DeliveryRejected: a line is longer than memory allows.
        UnicodeDecodeError: the text is not in the script's encoding.
    """
    lines = _Lines(table, skip)
    with lines.file:
        while (line := lines.take()) is not None:
            cells = _record(line, lines, table.delimiter, columns.width)
            if cells is None or len(cells) != columns.width or any("\0" in cell for cell in cells):
                if line.strip():
                    yield unparsable(row, line.rstrip("\r\n"))
            elif any(cells):
                yield columns.row(row, cells, sum(map(len, cells)))
                lines.ahead = min(lines.ahead + 1, _LOOKAHEAD_LINES)
            row += 1


class _Lines:
    """The file's lines with the way back: lines that were looked at in vain are read again as rows of their own."""

    def __init__(self, table: Table, skip: int) -> None:
        self._name = table.source.name
        self._again: deque[str] = deque()
        self.number = 0
        self.ahead = _LOOKAHEAD_LINES
        """How far an open quote is followed: less after each time in vain, more again with each good row, so that a file
        of nothing but quotes is read in the time of any other."""
        self.file: TextIO = open_text(table.source, table.script, newline="")
        for _ in range(skip):
            self.take()

    def take(self) -> str | None:
        line = self._again.popleft() if self._again else self.file.readline(LINE_CHARS)
        if not line:
            return None
        self.number += 1
        if len(line) >= LINE_CHARS and not line.endswith(("\n", "\r")):
            raise too_long(self._name, self.number, LINE_CHARS, "每行一条记录", "请检查换行符是否丢失，重新导出")
        return line

    def give_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


def _record(line: str, lines: _Lines, delimiter: str, width: int) -> list[str] | None:
    """The record that starts with `line`; None where it is no row. `width` 0: not known yet (the header)."""
    if line.count(delimiter) >= _MOST_CELLS:
        return None
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    cells = _cells([line], delimiter)
    return cells if cells is not None else _continued(line, lines, delimiter, width)


def _continued(line: str, lines: _Lines, delimiter: str, width: int) -> list[str] | None:
    """A record over several lines. A line inside it that is a whole row by itself proves that a quote was forgotten."""
    taken, size = [line], len(line)
    while len(taken) <= lines.ahead and size < _LOOKAHEAD_CHARS and (more := lines.take()) is not None:
        taken.append(more)
        size += len(more)
        alone = _cells([more], delimiter)
        if width > 1 and alone is not None and len(alone) == width:
            break
        cells = _cells(taken, delimiter) if '"' in more else None
        if cells is not None:
            if width in (0, len(cells)):
                return cells
            break
    lines.give_back(taken[1:])
    lines.ahead = max(lines.ahead // 2, 1)
    return None


def _cells(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of one record; None where a quote is still open at its end."""
    csv.field_size_limit(LINE_CHARS)  # a setting of the whole process; the default of 131,072 loses long texts
    ended = lines if lines[-1].endswith(("\n", "\r")) else [*lines[:-1], lines[-1] + "\n"]
    cells = next(csv.reader(ended, delimiter=delimiter), [])
    return None if cells and cells[-1].endswith(("\n", "\r")) else cells
