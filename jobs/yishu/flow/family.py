"""A delivery and its corrections: who belongs together, which rows were taken over, and what each of them holds.

A correction has the corrected rows as its own, under the file and row number that they came with. From the moment on that they
stand in bronze they are the correction's: the rows of what it corrects stay where they were handed in, and count there as sent back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.lake import places, tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery

if TYPE_CHECKING:
    import pyarrow as pa

ROW = ("_file", "_row")
"""The columns that tell the rows of a delivery apart."""
TAKING = frozenset({"bronze", "accepted"})
"""States of corrections to which the rows belong that they correct."""
Spot = tuple[str, int]
"""File and row number."""


def root_of(every: Iterable[Delivery], delivery: Delivery) -> Delivery:
    """The hand-in with which the rows of a correction came, or of a correction's correction."""
    known = {d.id: d for d in every}
    while delivery.corrects is not None:
        delivery = known[delivery.corrects]
    return delivery


def members(standing: Sequence[Delivery], root: Delivery) -> list[Delivery]:
    """The hand-in and those of its corrections that are among `standing`, in the order of their claims."""
    found = {root.id: root}
    for delivery in sorted(standing, key=lambda d: d.ordinal):
        if delivery.corrects in found:
            found[delivery.id] = delivery
    return list(found.values())


def family(lake: Lake, delivery: Delivery) -> list[Delivery]:
    """The hand-in that a delivery is or corrects, and its corrections that are accepted; the delivery itself in any state."""
    every = lake.ledger.deliveries(dataset=delivery.dataset)
    standing = [d for d in every if d.state == "accepted" or d.id == delivery.id]
    return members(standing, root_of(every, delivery))


def corrections(lake: Lake, delivery: Delivery, *, before: int | None = None) -> list[Delivery]:
    """Those to which rows of the delivery belong now; with `before`, claimed before that ordinal."""
    every = lake.ledger.deliveries(dataset=delivery.dataset, states=TAKING)
    return [d for d in every if d.corrects == delivery.id and (before is None or d.ordinal < before)]


def spots(path: Path, delivery: str, numbers: Sequence[int] | None = None) -> set[Spot]:
    """File and number of a delivery's rows (of some numbers) in a table of bronze's kind; none where there is no table."""
    found = rows_of(path, delivery, ROW, numbers) if tables.exists(path) else None
    return set(zip(*(found[name].to_pylist() for name in ROW), strict=True)) if found is not None else set()


def rows_of(path: Path, delivery: str, columns: Sequence[str], numbers: Sequence[int] | None = None) -> pa.Table:
    """Rows of a delivery in a table that exists, those of some numbers only where given; a column that it lacks is NULL."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    lying = places.rows(path, delivery)
    mine = ds.field("_delivery") == delivery
    if numbers is not None:
        mine &= ds.field("_row").isin(numbers)
    found = lying.to_table(columns=[name for name in columns if name in lying.schema.names], filter=mine)
    for name in columns:
        if name not in found.column_names:
            found = found.append_column(name, pa.nulls(found.num_rows, pa.string()))
    return found


def balanced(lake: Lake, delivery: Delivery, standing: Sequence[Delivery], loaded: int | None = None) -> Balance:
    """Where the rows of a delivery are: those that a correction took over were sent back, its own quarantine says what is bad.

    Args:
        lake: places.
        delivery: accepted, or about to be.
        standing: its family.
        loaded: its rows that go on; as the ledger has it where not given.
    """
    received, path = delivery.balance.received, lake.quarantine(delivery.dataset)
    rejected = sum(d.balance.received for d in standing if d.corrects == delivery.id)
    bad = rows_of(path, delivery.id, ROW).num_rows if tables.exists(path) else 0
    going_on = delivery.balance.loaded if loaded is None else loaded
    return Balance(received, going_on, received - going_on - bad - rejected, bad, rejected)
