"""Numpy vectors → pyarrow columns of text, as a supplier's system would print them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from yishu.sample.digits import Ints

Days: TypeAlias = npt.NDArray[np.datetime64]
Flags: TypeAlias = npt.NDArray[np.bool_]
_Day: TypeAlias = str | np.datetime64 | Days
DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Case:
    """One story that was planted, and the mart that must tell it."""

    name: str
    """What happened, in a few words: `a firm in two clusters`."""
    mart: str
    """`<database>.<mart>`."""
    key: dict[str, str]
    """Columns of the mart (or of what it counts) and the values by which the case is found."""


@dataclass(frozen=True)
class Extract:
    """One delivery before it is dirtied and written: every column as text, NULL where the supplier has nothing."""

    dataset: str
    period: str
    columns: dict[str, pa.Array]
    keep_clean: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Rows (from 0) that carry the answer to a gold question: no fault is planted in them."""
    department: str | None = None
    """Id of the department that hands it in, where a dataset has several; None: its first."""

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values())))


def pick(words: Sequence[str] | Sequence[str | None] | pa.Array, index: Ints) -> pa.Array:
    """One word per index."""
    source = words if isinstance(words, pa.Array) else pa.array(words, pa.string())
    return source.take(pa.array(index))


def choose(
    generator: np.random.Generator, words: Sequence[str], count: int, weights: Sequence[float] | None = None
) -> pa.Array:
    """`count` words drawn with the given weights (equal ones where none are given)."""
    return pick(words, draw(generator, len(words), count, weights))


def draw(generator: np.random.Generator, kinds: int, count: int, weights: Sequence[float] | None = None) -> Ints:
    """`count` indexes from 0 to `kinds` - 1, drawn with the given weights."""
    if weights is None:
        return generator.integers(0, kinds, size=count)
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.searchsorted(bounds / bounds[-1], generator.random(count), side="right").astype(np.int64)


def ranks(group: Ints) -> Ints:
    """How many rows of the same group stand above each row."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - start
    return rank


def joined(*parts: pa.Array | str) -> pa.Array:
    """Texts put together row by row."""
    return pc.binary_join_element_wise(*[pa.scalar(p) if isinstance(p, str) else p for p in parts], "")


def as_bytes(texts: pa.Array) -> bytes:
    """All texts one after another in UTF-8: that is how an Arrow column keeps them."""
    _, ends, data = texts.buffers()
    first, last = (int(np.frombuffer(ends, dtype=np.int32)[texts.offset + place]) for place in (0, len(texts)))
    return data.slice(first, last - first).to_pybytes() if data else b""


def constant(word: str | None, count: int) -> pa.Array:
    return pa.array([word], pa.string()).take(pa.array(np.zeros(count, dtype=np.int64)))


def integers(values: Ints, nulls: Flags | None = None) -> pa.Array:
    return _without(pa.array(values, pa.int64()).cast(pa.string()), nulls)


def padded(values: Ints, width: int) -> pa.Array:
    """Numbers with leading zeros."""
    return pc.utf8_lpad(pa.array(values, pa.int64()).cast(pa.string()), width, "0")


def decimals(scaled: Ints, scale: int, nulls: Flags | None = None) -> pa.Array:
    """Exact decimals: 12345 at scale 2 is `123.45`. Amounts are whole numbers inside, so that sums agree to the last digit."""
    size = np.abs(scaled)
    whole, part = np.divmod(size, 10**scale)
    sign = pick(["", "-"], (scaled < 0).astype(np.int64))
    return _without(joined(sign, integers(whole), ".", padded(part, scale)), nulls)


def days(values: Days, nulls: Flags | None = None) -> pa.Array:
    """Dates as 2024-12-31."""
    return _without(pa.array(values.astype("datetime64[D]")).cast(pa.string()), nulls)


def at_work(generator: np.random.Generator, day: _Day, count: int) -> pa.Array:
    """A moment in office hours (08:00 to 18:00) of each day, or `count` of one day, as 2024-12-31 09:30:00, Asia/Shanghai."""
    seconds = generator.integers(8 * 3600, 18 * 3600, size=count).astype("timedelta64[s]")
    return pa.array(np.asarray(day, dtype="datetime64[s]") + seconds).cast(pa.string())


def moments(values: Days, nulls: Flags | None = None) -> pa.Array:
    """Moments as 2024-12-31 09:30:00, Asia/Shanghai."""
    return _without(pa.array(values.astype("datetime64[s]")).cast(pa.string()), nulls)


def seconds_after(moment: _Day, number: Ints | int) -> Days:
    """So many seconds after each moment."""
    moved: Days = np.asarray(moment, dtype="datetime64[s]") + np.asarray(number).astype("timedelta64[s]")
    return moved


def year_of(day: Days) -> Ints:
    return day.astype("datetime64[Y]").astype(np.int64) + 1970


def days_between(generator: np.random.Generator, first: _Day, last: _Day, count: int) -> Days:
    """Days drawn evenly from `first` to `last`, both possible."""
    low = np.asarray(first, dtype="datetime64[D]").astype(np.int64)
    high = np.maximum(np.asarray(last, dtype="datetime64[D]").astype(np.int64), low)
    return (low + (generator.random(count) * (high - low + 1)).astype(np.int64)).astype("datetime64[D]")


def after(day: _Day, number: Ints | int) -> Days:
    """So many days after each day."""
    moved: Days = np.asarray(day, dtype="datetime64[D]") + np.asarray(number).astype("timedelta64[D]")
    return moved


def take(columns: dict[str, pa.Array], index: Ints) -> dict[str, pa.Array]:
    """The same columns with the rows at `index` only."""
    rows = pa.array(index)
    return {name: column.take(rows) for name, column in columns.items()}


def stacked(*parts: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """The rows of all parts, one part below the other; columns as in the first."""
    return {name: pa.concat_arrays([part[name] for part in parts]) for name in parts[0]}


def either(condition: Flags, yes: pa.Array | str | None, no: pa.Array | str | None) -> pa.Array:
    """`yes` where the condition holds, else `no`."""
    sides = [pa.scalar(side, pa.string()) if side is None or isinstance(side, str) else side for side in (yes, no)]
    return pc.if_else(pa.array(condition), *sides)


def _without(column: pa.Array, nulls: Flags | None) -> pa.Array:
    return column if nulls is None else pc.if_else(pa.array(nulls), pa.scalar(None, pa.string()), column)
