"""What tests of corrections do again and again: fill in a receipt's sheet as a person would, hand it back, look at the figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from small_lake import SmallLake
from yishu.lake.ledger import Delivery

JAN, FEB = "2025-01", "2025-02"
BAD = [("a", 1, "R", "2025-01-01 08:00:00"), ("b", "x", "R", "2025-01-01 08:00:00"), ("c", 3, "Y", "2025-01-01 08:00:00"),
       ("d", 4, "G", "2025-01-01 08:00:00"), ("e", 5, "G", "2025-01-01 08:00:00"), ("f", "y", "G", "2025-01-01 08:00:00")]  # fmt: skip
"""Rows 2, 3 and 6 are bad."""


def sheet_of(small: SmallLake, delivery: Delivery) -> Path:
    return small.lake.settings.home / delivery.receipt / "receipt.xlsx"


def filled(small: SmallLake, delivery: Delivery, change: Callable[[Worksheet], None]) -> bytes:
    """The delivery's receipt as a person saves it after a change to its sheet of rows."""
    book = load_workbook(sheet_of(small, delivery))
    change(book["问题行"])
    path = small.lake.settings.home / "filled.xlsx"
    book.save(path)
    return path.read_bytes()


def edits(cells: Mapping[int, Mapping[str, object]]) -> Callable[[Worksheet], None]:
    """Row number as handed in → title → what is typed."""

    def change(sheet: Worksheet) -> None:
        heads = [c.value for c in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            for title, value in cells.get(row[heads.index("行号")].value, {}).items():
                row[heads.index(title)].value = value

    return change


def hand_back(
    small: SmallLake, delivery: Delivery, change: Callable[[Worksheet], None] | Mapping[int, Mapping[str, object]],
    name: str = "回执.xlsx", period: str = "", department: str = "",
) -> Delivery:  # fmt: skip
    """The filled sheet through landing and a run; returns what became of it."""
    data = filled(small, delivery, change if callable(change) else edits(change))
    small.put(delivery.dataset, period or delivery.period, data, name, department or delivery.department)
    assert not small.run().errors
    return small.lake.ledger.deliveries()[-1]


def first(small: SmallLake, dataset: str) -> Delivery:
    return small.lake.ledger.deliveries(dataset=dataset)[0]


def told(small: SmallLake, delivery: Delivery) -> dict:
    return json.loads((small.lake.settings.home / delivery.receipt / "receipt.json").read_text(encoding="utf-8"))


def counts(delivery: Delivery) -> tuple[int, ...]:
    b = delivery.balance
    assert b.balanced
    return (b.received, b.loaded, b.duplicates, b.quarantined, b.rejected)
