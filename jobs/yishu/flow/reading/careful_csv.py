"""CSV lines → rows, one line at a time, for files that the fast reader cannot take (open quotes, NUL, huge cells).

A line that is no row stays as it came and the next line starts afresh, so that one open quote never eats its neighbours.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.encoding import Encoding
from yishu.flow.reading.header import Columns
from yishu.flow.reading.rows import LINE_CHARS, Row, unparsable

_LOOKAHEAD_LINES = 200
_LOOKAHEAD_CHARS = 1_000_000


@dataclass(frozen=True)
class Source:
    """A CSV file and how to read its text."""

    path: Path
    encoding: Encoding
    delimiter: str


def first_record(source: Source) -> tuple[list[str], int]:
    """The header's cells, and how many lines stand before the first data row; no cells where the file has none."""
    lines = _Lines(source, 0)
    with lines.file:
        while (line := lines.take()) is not None:
            if line.strip():
                cells = _record(line, lines, source.delimiter, 0)
                return cells or line.rstrip("\r\n").split(source.delimiter), lines.number
    return [], lines.number


def careful_rows(source: Source, skip: int, row: int, columns: Columns) -> Iterator[Row]:
    """Rows from line `skip + 1` on, the first of them numbered `row`; empty lines keep their number.

    Raises:
        DeliveryRejected: a line is longer than memory allows.
        UnicodeDecodeError: the text is not in the source's encoding.
    """
    lines = _Lines(source, skip)
    with lines.file:
        while (line := lines.take()) is not None:
            cells = _record(line, lines, source.delimiter, columns.width)
            if cells is None or len(cells) != columns.width or any("\0" in cell for cell in cells):
                if line.strip():
                    yield unparsable(row, line.rstrip("\r\n"))
            elif any(cells):
                yield columns.row(row, cells, sum(map(len, cells)))
            row += 1


class _Lines:
    """The file's lines with the way back: lines that were looked at in vain are read again as rows of their own."""

    def __init__(self, source: Source, skip: int) -> None:
        self._name = source.path.name
        self._again: deque[str] = deque()
        self.number = 0
        encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
        self.file: TextIO = source.path.open(encoding=encoding, newline="")
        for _ in range(skip):
            self.take()

    def take(self) -> str | None:
        line = self._again.popleft() if self._again else self.file.readline(LINE_CHARS)
        if not line:
            return None
        self.number += 1
        if len(line) >= LINE_CHARS and not line.endswith(("\n", "\r")):
            raise DeliveryRejected(
                f"文件“{self._name}”第 {self.number} 行过长（超过 {LINE_CHARS} 个字符）", code="line",
                place=Place(self._name, line=self.number), expected="每行一条记录", remedy="请检查换行符是否丢失，重新导出",
            )  # fmt: skip
        return line.lstrip("\ufeff") if self.number == 1 else line

    def give_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)


def _record(line: str, lines: _Lines, delimiter: str, width: int) -> list[str] | None:
    """The record that starts with `line`; None where its quote stays open. `width` 0: not known yet (the header)."""
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    cells = _cells([line], delimiter)
    return cells if cells is not None else _continued(line, lines, delimiter, width)


def _continued(line: str, lines: _Lines, delimiter: str, width: int) -> list[str] | None:
    """A record over several lines. A line inside it that is a whole row by itself proves that a quote was forgotten."""
    taken, size = [line], len(line)
    while len(taken) < _LOOKAHEAD_LINES and size < _LOOKAHEAD_CHARS and (more := lines.take()) is not None:
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
    return None


def _cells(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of one record; None where a quote is still open at its end."""
    csv.field_size_limit(LINE_CHARS)  # a setting of the whole process; the default of 131,072 loses long texts
    ended = lines if lines[-1].endswith(("\n", "\r")) else [*lines[:-1], lines[-1] + "\n"]
    cells = next(csv.reader(ended, delimiter=delimiter), [])
    return None if cells and cells[-1].endswith(("\n", "\r")) else cells
