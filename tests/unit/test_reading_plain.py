"""Which fields the bytes of a delivery tell to be plain: a field named so must lose nothing by being left as it is."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from derive_case import PERSON

from yishu.contract.model import Dataset, Field
from yishu.derive.casts import is_free_text
from yishu.flow.reading.plain import Profile

PIECES = ["a", "Z", "9", "-", "中", "”", "·", " ", "\t", "\r", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060", "Ａ", "１", "~", "！", "𠮷"]
BLANKS = " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000\u200b\u200c\u200d\u2060\ufeff"


def needs_nothing(cell: str, field: Field) -> bool:
    """By the letter of the rules: what standardising would leave as it is, but for its case."""
    if is_free_text(field):
        return cell == cell.strip(BLANKS)
    inside = " " if field.type.kind == "timestamp" else ""
    return cell == cell.strip() and all("!" <= c <= "~" or c in inside for c in cell)


def plain(cells: dict[str, list[str | None]], slices: int = 1) -> set[str]:
    found = Profile(PERSON)
    batch = pa.RecordBatch.from_pydict({f.name: pa.array(cells.get(f.name, ["x"] * 3), pa.string()) for f in PERSON.fields})
    step = -(-batch.num_rows // slices)
    for start in range(0, batch.num_rows, step):
        found.look(batch.slice(start, step))
    return {name for name, cells in found.cells.items() if cells.plain}


def fields(dataset: Dataset) -> list[str]:
    return [f.name for f in dataset.fields]


@pytest.mark.parametrize("name", fields(PERSON))
def test_what_is_called_plain_needs_nothing(name: str) -> None:
    field = next(f for f in PERSON.fields if f.name == name)
    chance = random.Random(name)
    for _ in range(400):
        cells: list[str | None] = ["".join(chance.choices(PIECES, k=chance.randint(0, 4))) for _ in range(3)]
        if name in plain({name: cells}, slices=chance.randint(1, 3)):
            assert all(needs_nothing(cell or "", field) for cell in cells), cells


@pytest.mark.parametrize("name", fields(PERSON))
def test_cells_of_ascii_and_missing_ones_are_plain(name: str) -> None:
    assert name in plain({name: ["91X", None, ""]})


def test_one_bad_cell_in_a_late_batch_is_enough() -> None:
    name = next(f.name for f in PERSON.fields if is_free_text(f))
    assert name in plain({name: ["王", "李", "张"]}, slices=3)
    assert name not in plain({name: ["王", "李", "张\u3000"]}, slices=3)


def test_what_is_known_of_length_and_presence_holds_for_all_batches() -> None:
    name = PERSON.fields[0].name
    known = Profile(PERSON)
    for cells in (["ab", "c"], ["中中", "d"]):
        known.look(pa.RecordBatch.from_pydict({f.name: pa.array(cells, pa.string()) for f in PERSON.fields}))
    assert (known.cells[name].filled, known.cells[name].longest) == (True, 6)
    for gap in ("", None):
        known.look(pa.RecordBatch.from_pydict({f.name: pa.array(["x", gap], pa.string()) for f in PERSON.fields}))
        assert not known.cells[name].filled and known.cells[name].longest == 6
