"""Batches of text → the fields of which no cell needs standardising, told from their bytes at next to no cost.

Silver then leaves such fields as they are: most columns of most deliveries, for which looking at every cell would be the
larger part of its work. Nothing depends on it: a field that is not named here is standardised cell by cell.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset, Field
from yishu.derive.casts import is_free_text

_SPACE, _TILDE = 0x20, 0x7E
_WIDE_BLANKS = (*(c.encode() for c in "\u00a0\u3000\ufeff"), b"\xe2\x80", b"\xe2\x81")
"""UTF-8 of all blanks and ignorable characters beyond ASCII; the last two are what those of U+2000 to U+206F begin with."""


class PlainFields:
    """Looks at every batch of a delivery; `names` are the fields that were plain in all of them.

    The value of each says whether its cells are `filled`: none is an empty text, which silver would make NULL.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._left = {field.name: field for field in dataset.fields}
        self._filled = dict.fromkeys(self._left, True)

    @property
    def names(self) -> dict[str, bool]:
        return {name: self._filled[name] for name in self._left}

    def look(self, batch: pa.RecordBatch) -> None:
        for field in list(self._left.values()):
            cells = batch.column(field.name)
            if not _is_plain(cells, field):
                del self._left[field.name]
            elif self._filled[field.name]:
                self._filled[field.name] = not pc.any(pc.equal(pc.binary_length(cells), 0)).as_py()


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
        written = text.tobytes()
        return not any(blank in written for blank in _WIDE_BLANKS)
    return False


def _text(cells: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """The bytes of all cells, one after the other."""
    _, places, data = cells.buffers()
    if data is None or places is None or not len(cells):
        return np.empty(0, np.uint8)
    offsets = np.frombuffer(places, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
