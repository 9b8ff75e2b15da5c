"""Verdicts → the bad rows as they were handed in, each with the rules that it broke; from bronze, in batches, without a JVM."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yishu.contract.model import Dataset
from yishu.flow.judge import Verdicts, mask_names
from yishu.lake import tables
from yishu.lake.engine import engine, parquet, quoted
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery
from yishu.quality.conditions import MASK_BITS, Compiled, RowRule

Reason = dict[str, str]
Wanted = Callable[[pa.RecordBatch], pa.Array]
Integers = npt.NDArray[np.int64]
_BATCH = 10_000
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
    masks = mask_names(verdicts.compiled)
    found, files = verdicts.files("bad"), tables.files_of(lake.bronze(dataset.name), delivery.id)
    there = tables.schema_of(files[0]).names if files else []
    shown = ", ".join(f"b.{quoted(n)}" if n in there else f"NULL::VARCHAR AS {quoted(n)}" for n in (*cells, "_row"))

    def batches() -> Iterator[pa.RecordBatch]:
        if not (found and files):
            return
        with engine(lake) as duck:
            # by the number alone first: a join by name and number reads every cell, a search by number passes over most
            near = f"SELECT * FROM {parquet(files)} WHERE _row IN (SELECT _row FROM {parquet(found)})"
            bad = f"SELECT {shown}, {', '.join(f'm.{m}' for m in masks)} FROM ({near}) b JOIN {parquet(found)} m USING (_file, _row)"
            for batch in duck.sql(bad).to_arrow_reader(_BATCH):
                why = _violations(verdicts.compiled, dataset, np.stack([batch[m].to_numpy() for m in masks], axis=1))
                stamp = pa.repeat(pa.scalar(delivery.id, pa.string()), batch.num_rows)
                spelled = pa.RecordBatch.from_arrays([*(batch[n] for n in (*cells, "_row")), stamp, why], schema=schema)
                yield spelled.filter(wanted(spelled)) if wanted else spelled

    return pa.RecordBatchReader.from_batches(schema, batches())


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
