"""A delivery in bronze and its manifest → it stays there, or is rejected with every difference between the two.

Totals are summed from bronze in small batches, exactly; nothing of it is visible yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected
from yishu.flow.admission import refusal
from yishu.flow.manifest import (
    NUMBER_CHARS,
    Counted,
    Manifest,
    differences,
    differences_at_the_door,
    field_of,
    mismatch,
    number,
    promised,
    shown,
)
from yishu.flow.packed_manifest import packed_set
from yishu.lake import places
from yishu.lake.drop_zone import drop_zone
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = "manifest"
"""The stage under which the ledger keeps that the promise held, and what was counted."""
_BATCH_ROWS = 8192
_EXACT = Context(prec=300)
_PLAIN = r"^-?[0-9]{1,15}(\.[0-9]{1,8})?$"
"""Numbers that Arrow adds up by itself; the others are read one by one."""


def hold_to_manifest(lake: Lake, delivery: Delivery) -> Delivery:
    """Compare a counted delivery with what its manifest promises; once it held, it is not counted again.

    Args:
        lake: contracts, ledger and places.
        delivery: with or without a manifest; only one in state `bronze` is looked at.
    """
    if delivery.state != "bronze" or not (delivery.manifest_file or delivery.manifest):
        return delivery
    if any(run.stage == STAGE for run in lake.ledger.stages(delivery.id)):
        return delivery
    started = lake.clock()
    try:
        counted = _held(lake, delivery)
    except DeliveryRejected as error:
        rows = delivery.balance.received
        return lake.ledger.move(delivery.id, "rejected", balance=Balance(received=rows, rejected=rows), reason=refusal(error))
    detail: dict[str, JsonValue] = {
        "rows": {**counted.rows},
        "totals": {column: shown(total) for column, total in counted.totals.items()},
    }
    lake.ledger.record_stage(delivery.id, STAGE, started, lake.clock(), detail)
    return delivery


def _held(lake: Lake, delivery: Delivery) -> Counted:
    """What was counted, where it is what was promised.

    Raises:
        DeliveryRejected: a difference; also one that was seen at the door, of a delivery that was sent through all the same.
    """
    if not delivery.manifest:
        raise mismatch(["清单不能用"])
    manifest, dataset = promised(delivery.manifest), lake.project.datasets[delivery.dataset]
    packed = delivery.manifest_file is None
    wrong = _unlike(lake, delivery, dataset) if packed else differences_at_the_door(manifest, delivery.files, dataset, delivery.period)
    counted = Counted({}, {}, {}) if wrong else count(lake.bronze(dataset.name), delivery.id, manifest, dataset, packed)
    wrong = wrong or differences(manifest, counted)
    if wrong:
        raise mismatch(wrong)
    return counted


def _unlike(lake: Lake, delivery: Delivery, dataset: Dataset) -> tuple[str, ...]:
    """What of a manifest inside a zip does not hold there."""
    zone = drop_zone(lake)
    found = packed_set(zone.landed(delivery, delivery.files[0]))
    zone.done_with(delivery)
    return found.differences(dataset, delivery.period) if found else ("压缩包里没有清单",)


def count(path: Path, delivery: str, manifest: Manifest, dataset: Dataset, packed: bool = False) -> Counted:
    """Count a delivery's rows per file and sum the columns that the manifest has totals of.

    Args:
        path: the dataset's bronze table.
        delivery: whose rows.
        manifest: says which columns, in the department's words.
        dataset: knows their names.
        packed: the manifest is in the zip, and names its parts.
    """
    fields = {column: field_of(dataset, column) or column for column in manifest.totals}
    rows: Counter[str] = Counter()
    sums, unread = dict.fromkeys(fields, Decimal(0)), dict.fromkeys(fields, 0)
    for batch in _batches(path, delivery, ["_file", *fields.values()]):
        for name, number_of_rows in _rows_per_file(batch, packed):
            rows[name] += number_of_rows
        for column, field in fields.items():
            added, odd = _sum(batch.column(field))
            sums[column] = _EXACT.add(sums[column], added)
            unread[column] += odd
    return Counted(dict(rows), sums, unread)


def _batches(path: Path, delivery: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    import pyarrow.dataset as ds
    rows = places.rows(path, delivery)
    scanner = rows.scanner(
        columns=[*columns], filter=ds.field("_delivery") == delivery, batch_size=_BATCH_ROWS, batch_readahead=1,
        fragment_readahead=1,
    )  # fmt: skip
    yield from scanner.to_batches()


def _rows_per_file(batch: pa.RecordBatch, packed: bool) -> Iterator[tuple[str, int]]:
    """A part of a packed file (`六月.zip/企业.csv`) counts for the file that was delivered, or for itself."""
    for found in batch.column("_file").value_counts().to_pylist():
        delivered, _, part = str(found["values"]).partition("/")
        yield part if packed else delivered, int(found["counts"])


def _sum(cells: pa.Array) -> tuple[Decimal, int]:
    """The sum of the cells, and how many of them are neither blank nor a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = cells.drop_null()
    plain = pc.match_substring_regex(filled, _PLAIN)
    total = pc.sum(filled.filter(plain).cast(pa.decimal128(23, 8)).cast(pa.decimal128(38, 8))).as_py() or Decimal(0)
    rest = filled.filter(pc.invert(plain))
    short = rest.filter(pc.less_equal(pc.utf8_length(rest), NUMBER_CHARS)).to_pylist()
    odd = len(rest) - len(short)
    for text in short:
        found = number(text)
        if found is not None:
            total = _EXACT.add(total, found)
        elif text.strip():
            odd += 1
    return total, odd
