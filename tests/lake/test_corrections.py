"""A receipt's sheet, filled in and handed back: its rows take the place of the bad ones, in every write mode."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from small_lake import HEADER, POLICE, SmallLake
from yishu.flow import decisions
from yishu.flow.decisions import Because
from yishu.lake.ledger import Balance, Delivery

ME = Because("tester", "because the test says so")
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


@pytest.mark.parametrize("dataset", ["fact", "firm", "person", "school"])
def test_corrected_rows_join_silver_and_the_rest_stays_bad(small: SmallLake, dataset: str) -> None:
    small.drop(dataset, JAN, BAD)
    small.run()
    original = first(small, dataset)
    assert counts(original) == (6, 3, 0, 3, 0)
    correction = hand_back(small, original, {2: {"金额": "2"}, 3: {"颜色": "Z"}})
    assert (correction.state, correction.corrects, counts(correction)) == ("accepted", original.id, (2, 1, 0, 1, 0))
    assert counts(first(small, dataset)) == (6, 3, 0, 1, 2)
    assert small.rows(f"silver.{dataset}", "id", "amount", "_row") == [
        ("a", "1.00", 1), ("b", "2.00", 2), ("d", "4.00", 4), ("e", "5.00", 5)
    ]  # fmt: skip
    assert small.rows(f"quarantine.{dataset}", "id", "colour", "_row", "_file", "_delivery") == [
        ("c", "Z", 3, f"{dataset}.csv", correction.id), ("f", "G", 6, f"{dataset}.csv", original.id)
    ]  # fmt: skip


def test_a_receipt_that_nobody_changed_brings_nothing(small: SmallLake) -> None:
    small.drop("fact", JAN, BAD)
    small.run()
    before = small.versions()
    refused = hand_back(small, first(small, "fact"), {})
    assert refused.state == "rejected" and "没有新的更正" in refused.reason
    assert {k: v for k, v in small.versions().items() if not k.startswith("ops/")} == {
        k: v for k, v in before.items() if not k.startswith("ops/")
    }


_ = (FEB, HEADER, POLICE, Balance, decisions, ME)
