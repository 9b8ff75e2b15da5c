"""Objects whose keys name the fields (JSON, XML) → rows: keys are field names or titles, as in a header."""

from __future__ import annotations

from collections.abc import Mapping

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.header import extra_json, field_names, folded
from yishu.flow.reading.rows import Row

_SPELLINGS = 10_000
"""Spellings of keys that are remembered; more are the file's own invention, and are looked up each time."""


class Keys:
    """The keys of a dataset's objects; remembers which field each spelling means."""

    def __init__(self, dataset: Dataset, file: str) -> None:
        self._dataset, self._file = dataset, file
        places = {f.name: place for place, f in enumerate(dataset.fields)}
        self._known = {spelled: places[name] for spelled, name in field_names(dataset).items()}
        self._spelled: dict[str, int | None] = {}
        self._seen = False

    def row(self, number: int, values: Mapping[str, str | None], size: int) -> Row | None:
        """One object as a row; None where it gives a field by title and by name, for neither may be preferred.

        Args:
            number: the supplier's row number.
            values: text by key, as it stands in the file.
            size: characters, roughly.

        Raises:
            DeliveryRejected: the first object has no known key.
        """
        if not self._seen:
            self._refuse_strange(values, number)
            self._seen = True
        cells: list[str | None] = [None] * len(self._dataset.fields)
        taken = set()
        extra: dict[str, str | None] = {}
        for key, value in values.items():
            place = self._place(key)
            if place is None:
                extra[key] = value
            elif place in taken:
                return None
            else:
                taken.add(place)
                cells[place] = value
        return Row(number, cells, extra_json(extra) if extra else None, None, size)

    def _place(self, key: str) -> int | None:
        if key in self._spelled:
            return self._spelled[key]
        place = self._known.get(folded(key))
        if len(self._spelled) < _SPELLINGS:
            self._spelled[key] = place
        return place

    def _refuse_strange(self, values: Mapping[str, str | None], number: int) -> None:
        if all(self._place(key) is None for key in values):
            shown = "、".join(key[:40] for key in list(values)[:20]) or "（空对象）"
            raise DeliveryRejected(
                f"文件“{self._file}”的键名不对：没有一个属于“{self._dataset.title}”；收到：{shown}",
                code="header", place=Place(self._file, row=number), expected="、".join(f.title for f in self._dataset.fields),
                remedy="请核对是否交错了文件，键名用约定的中文名或英文名",
            )  # fmt: skip
