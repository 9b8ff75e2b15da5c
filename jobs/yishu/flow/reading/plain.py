"""Batches of text → what holds for all cells of a field, told from their bytes at next to no cost.

Silver then leaves plain fields as they are and asks no question of which the answer is known: for most columns of most
deliveries that is the larger part of its work. Nothing depends on it: a field of which nothing is known is looked at.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset, Field
from yishu.derive.casts import is_free_text

_SPACE, _TILDE = 0x20, 0x7E
_WIDE_BLANKS = (*(c.encode() for c in "\u00a0\u3000\ufeff"), b"\xe2\x80", b"\xe2\x81")
"""UTF-8 of all blanks and ignorable characters beyond ASCII; the last two are what those of U+2000 to U+206F begin with."""


@dataclass(frozen=True)
class Cells:
    """What is known of all cells of a field in a delivery.

    `plain`: none needs standardising but for its case; `filled`: none is empty or missing; `longest` is in bytes of UTF-8.
    """

    plain: bool = False
    filled: bool = False
    longest: int = sys.maxsize


class Profile:
    """Looks at every batch of a delivery."""

    def __init__(self, dataset: Dataset) -> None:
        self._fields = {field.name: field for field in dataset.fields}
        self.cells = dict.fromkeys(self._fields, Cells(True, True, 0))

    def look(self, batch: pa.RecordBatch) -> None:
        for name, so_far in self.cells.items():
            column = batch.column(name)
            lengths = pc.min_max(pc.binary_length(column)).as_py()
            self.cells[name] = Cells(
                plain=so_far.plain and _is_plain(column, self._fields[name]),
                filled=so_far.filled and not column.null_count and bool(lengths["min"]),
                longest=max(so_far.longest, lengths["max"] or 0),
            )


def _is_plain(cells: pa.Array, field: Field) -> bool:
    text = _text(cells)
    if not len(text):
        return True
    lowest, highest = int(text.min()), int(text.max())
    if lowest > _SPACE and highest <= _TILDE:
        return True
    if lowest == _SPACE and highest <= _TILDE and (field.type.kind == "timestamp" or is_free_text(field)):
        return not pc.any(pc.or_(pc.starts_with(cells, " "), pc.ends_with(cells, " "))).as_py()
    if lowest > _SPACE and is_free_text(field):
        # nearly all Chinese has none of the blanks' first bytes; looking for whole blanks was four fifths of a profile
        possible = [blank for blank in _WIDE_BLANKS if (text == blank[0]).any()]
        written = text.tobytes() if possible else b""
        return not any(blank in written for blank in possible)
    return False


def _text(cells: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The bytes of all cells, one after the other."""
    _, places, data = cells.buffers()
    if data is None or places is None or not len(cells):
        return np.empty(0, np.uint8)
    offsets = np.frombuffer(places, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
