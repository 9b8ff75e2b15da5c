"""A clean extract → the same with duplicates, faults and oddities, and the truth about what was planted.

Each bad row carries one fault. Duplicates are exact copies of good rows. Oddities stand on rows that stay good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset
from yishu.sample.columns import Extract, take
from yishu.sample.digits import Ints
from yishu.sample.faults import LINE, Fault, Oddity, Spoil
from yishu.sample.form_lines import writable

Kind = TypeVar("Kind", Fault, Oddity)


@dataclass(frozen=True)
class Planted:
    """One planted fault: the supplier's row (from 1), the column and the rule that must find it."""

    row: int
    column: str
    rule: str
    value: str


@dataclass(frozen=True)
class Dirty:
    """An extract with its faults in it, and which they are."""

    columns: dict[str, pa.Array]
    rows: int
    duplicates: int
    bad: tuple[Planted, ...]
    broken: dict[int, Spoil]
    """Row (from 0) → what happens to its finished line."""


def plant(
    extract: Extract, dataset: Dataset, faults: Sequence[Fault], oddities: Sequence[Oddity], share: float,
    generator: np.random.Generator,
) -> Dirty:  # fmt: skip
    """Dirty one extract.

    Args:
        extract: clean columns, at least those of the contract.
        dataset: its contract.
        faults: what can be planted, see `faults.faults`.
        oddities: harmless ways of writing, see `faults.oddities`.
        share: part of the rows (0–1) that get one fault each; as many get an oddity, half as many are repeated.
        generator: decides where.
    """
    count = extract.rows
    wanted = round(count * share)
    copies = 0 if _repeats_break_rules(dataset) else wanted // 2
    sources = generator.permutation(count)[:copies]
    order, free = _with_copies(count, sources, extract.keep_clean, generator)
    columns = take(extract.columns, order) if copies else dict(extract.columns)
    chosen = generator.permutation(free)
    bad_rows, odd_rows = np.sort(chosen[:wanted]), np.sort(chosen[wanted : 2 * wanted])
    edits = _Edits(columns, partial(writable, dataset))
    planted, broken = _faulty(edits, bad_rows, faults, generator)
    _odd(edits, odd_rows, iter(chosen[2 * wanted :].tolist()), oddities, generator)
    return Dirty(columns=edits.applied(), rows=len(order), duplicates=copies, bad=planted, broken=broken)


def _repeats_break_rules(dataset: Dataset) -> bool:
    """A copy of a row breaks a rule of uniqueness on other fields than the key: then it would be bad, not a duplicate."""
    rules = (*dataset.rules, *(rule for field in dataset.fields for rule in field.rules))
    on_fields = any(field.unique and dataset.key != (field.name,) for field in dataset.fields)
    return on_fields or any("unique" in rule.type for rule in rules)


def _with_copies(count: int, sources: Ints, keep_clean: Ints, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """The order of rows with each copy somewhere after its source, and the places that may be spoilt."""
    place = np.concatenate(
        [np.arange(count, dtype=np.float64), sources + 0.5 + generator.random(len(sources)) * (count - sources)]
    )
    source = np.concatenate([np.arange(count), sources])
    order = source[np.argsort(place, kind="stable")]
    locked = np.zeros(count, dtype=np.bool_)
    locked[sources] = True
    locked[keep_clean] = True
    return order, np.flatnonzero(~locked[order])


class _Edits:
    """Cells to be overwritten, gathered per column, so that each column is rebuilt once."""

    def __init__(self, columns: dict[str, pa.Array], writable: Callable[[str, str | None], bool]) -> None:
        self.columns, self.writable = columns, writable
        self._cells: dict[str, dict[int, str | None]] = {}
        self._first: dict[str, str] = {}

    def old(self, column: str, row: int) -> str | None:
        value = self.columns[column][row].as_py()
        return value if isinstance(value, str) else None

    def first(self, column: str) -> str:
        """The column's first filled cell, of whatever row; "0" where it has none."""
        if column not in self._first:
            filled = pc.drop_null(self.columns[column])
            self._first[column] = str(filled[0].as_py()) if len(filled) else "0"
        return self._first[column]

    def put(self, column: str, row: int, value: str | None) -> None:
        self._cells.setdefault(column, {})[row] = value

    def applied(self) -> dict[str, pa.Array]:
        """The columns with all that was put; they are given away one by one, for of millions of rows two sets are too many."""
        return {name: self._with_cells(self.columns.pop(name), self._cells.get(name, {})) for name in list(self.columns)}

    def _with_cells(self, column: pa.Array, cells: dict[int, str | None]) -> pa.Array:
        if not cells:
            return column
        rows = sorted(cells)
        mask = np.zeros(len(column), dtype=np.bool_)
        mask[rows] = True
        return pc.replace_with_mask(column, pa.array(mask), pa.array([cells[row] for row in rows], pa.string()))


def _faulty(
    edits: _Edits, rows: Ints, faults: Sequence[Fault], generator: np.random.Generator
) -> tuple[tuple[Planted, ...], dict[int, Spoil]]:
    """One fault on each of the rows, all kinds in turn."""
    possible = [fault for fault in faults if fault.column == LINE or fault.column in edits.columns]
    planted: list[Planted] = []
    broken: dict[int, Spoil] = {}
    for row, wanted in zip(rows.tolist(), _in_turn(possible, len(rows), generator), strict=True):
        # A value that has no room in its column cannot be written: another fault instead.
        for fault in (wanted, *possible):
            if fault.column == LINE:
                broken[row], value = fault.spoil, None
            else:
                value = None if fault.absent else fault.spoil(_sample(edits, fault.column, row))
                if not edits.writable(fault.column, value):
                    continue
                edits.put(fault.column, row, value)
            planted.append(Planted(row + 1, fault.column, fault.rule, value or ""))
            break
    return tuple(planted), broken


def _sample(edits: _Edits, column: str, row: int) -> str:
    """The cell's own value, or where it has none the column's first."""
    value = edits.old(column, row)
    return edits.first(column) if value is None else value


def _odd(edits: _Edits, rows: Ints, spare: Iterator[int], oddities: Sequence[Oddity], generator: np.random.Generator) -> None:
    """One oddity on each of the rows; where it does not fit (few numbers end with X), on the next spare row that it fits."""
    kinds = _in_turn([odd for odd in oddities if odd.column in edits.columns], len(rows), generator)
    for row, odd in zip(rows.tolist(), kinds, strict=True):
        for place in (row, *islice(spare, 60 if odd.fits else 0)):
            value = edits.old(odd.column, place)
            if value is not None and value.endswith(odd.fits) and edits.writable(odd.column, spoilt := odd.spoil(value)):
                edits.put(odd.column, place, spoilt)
                break


def _in_turn(kinds: list[Kind], count: int, generator: np.random.Generator) -> list[Kind]:
    """Each kind as often as any other, in drawn order."""
    rounds = [generator.permutation(len(kinds)) for _ in range(-(-count // max(1, len(kinds))))]
    return [kinds[index] for index in np.concatenate(rounds).tolist()[:count]] if rounds else []
