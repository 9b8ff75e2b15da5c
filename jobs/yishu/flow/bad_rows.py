"""Verdicts → the bad rows as they were handed in, each with the rules that it broke; from bronze, in batches, without a JVM."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yishu.contract.model import Dataset
from yishu.flow.judge import Verdicts, mask_names
from yishu.flow.stage import ROW
from yishu.lake import tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery
from yishu.quality.conditions import MASK_BITS, Compiled, RowRule

Reason = dict[str, str]
Wanted = Callable[[pa.RecordBatch], pa.Array]
Integers = npt.NDArray[np.int64]
_VIOLATIONS = pa.list_(pa.struct([("rule", pa.string()), ("column", pa.string()), ("message", pa.string())]))


def spelled_out(
    lake: Lake, verdicts: Verdicts, dataset: Dataset, delivery: Delivery, wanted: Wanted | None = None
) -> pa.RecordBatchReader:
    """The bad rows in quarantine's columns.

    Args:
        lake: places.
        verdicts: of the delivery.
        dataset: the contract.
        delivery: whose rows they are.
        wanted: says of a batch with `_file`, `_row` which rows are asked for; all where not given.
    """
    cells = [f.name for f in dataset.fields] + ["_extra", "_raw", "_file"]
    schema = pa.schema(
        [
            *[(name, pa.string()) for name in cells],
            ("_row", pa.int64()),
            ("_delivery", pa.string()),
            ("_violations", _VIOLATIONS),
        ]
    )
    masks_of = _masks_by_file(verdicts)
    # opened here: whoever reads the batches may be delta-rs, which cannot be asked for anything meanwhile
    files = [pq.ParquetFile(file) for file in tables.files_of(lake.bronze(dataset.name), delivery.id)] if masks_of else []

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in (batch for file in files for batch in file.iter_batches()):
            for rows, masks in _bad_among(batch, masks_of):
                known = [rows[n] if n in rows.schema.names else pa.nulls(rows.num_rows, pa.string()) for n in (*cells, "_row")]
                stamp = pa.repeat(pa.scalar(delivery.id, pa.string()), rows.num_rows)
                spelled = pa.RecordBatch.from_arrays(
                    [*known, stamp, _violations(verdicts.compiled, dataset, masks)], schema=schema
                )
                yield spelled.filter(wanted(spelled)) if wanted else spelled

    return pa.RecordBatchReader.from_batches(schema, batches())


def _masks_by_file(verdicts: Verdicts) -> dict[str, tuple[Integers, Integers]]:
    """Per file of the delivery the numbers of its bad rows, ascending, and their masks."""
    names = mask_names(verdicts.compiled)
    parts = [pq.ParquetFile(file).read(columns=[*ROW, *names]) for file in verdicts.files("bad")]
    bad = pa.concat_tables(parts).sort_by("_row") if parts else pa.table({"_file": []})
    found = {}
    for file in pc.unique(bad["_file"]).to_pylist():
        mine = bad.filter(pc.equal(bad["_file"], file))
        found[file] = mine["_row"].to_numpy(), np.stack([mine[name].to_numpy() for name in names], axis=1)
    return found


def _bad_among(
    batch: pa.RecordBatch, masks_of: dict[str, tuple[Integers, Integers]]
) -> Iterator[tuple[pa.RecordBatch, Integers]]:
    numbers = batch["_row"].to_numpy()
    for file in masks_of.keys() & set(pc.unique(batch["_file"]).to_pylist()):
        rows, masks = masks_of[file]
        at = np.searchsorted(rows, numbers).clip(max=len(rows) - 1)
        hit = (rows[at] == numbers) & np.asarray(pc.equal(batch["_file"], file))
        if hit.any():
            yield batch.filter(pa.array(hit)), masks[at[hit]]


def _violations(compiled: Compiled, dataset: Dataset, masks: Integers) -> pa.Array:
    """Rows break the same rules over and over: what a mask means is said once for each that occurs."""
    distinct, where = np.unique(masks, axis=0, return_inverse=True)
    meanings = [_reasons(compiled, dataset, tuple(int(m) for m in mask)) for mask in distinct]
    return pa.array(meanings, _VIOLATIONS).take(pa.array(where.reshape(-1)))


def _reasons(compiled: Compiled, dataset: Dataset, mask: tuple[int, ...]) -> list[Reason]:
    """Warnings do not keep a row out, and some depend on which other dataset came first: they are counted, not listed."""
    hit = [rule for i, rule in enumerate(compiled.rows) if mask[i // MASK_BITS] >> i % MASK_BITS & 1 and rule.fatal]
    names = {rule.name for rule in hit}
    if "unparsable" in names:  # a row that could not be read has no cells to complain about
        return [_reason(rule) for rule in hit if rule.name == "unparsable"]
    # what could not be read is not also called missing
    unread = {f"required:{f.name}" for f in dataset.fields if f"type:{f.name}" in names}
    return [_reason(rule) for rule in hit if rule.name not in unread]


def _reason(rule: RowRule) -> Reason:
    meta = rule.expectation["meta"]["yishu"]
    return {"rule": rule.name, "column": str(meta["column"]), "message": str(meta["message"])}
