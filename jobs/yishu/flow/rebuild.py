"""Accepted deliveries → silver anew: replayed through the write mode into a scratch table, then swapped in one commit.

The verdicts stand as they were given (what lies in quarantine stays there), so counts and receipts stay true.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.contract.model import Dataset
from yishu.derive.spark_types import columns_ddl, delta_schema, silver_table
from yishu.flow.family import ROW, corrections, members
from yishu.flow.merging import Arrival, merge_in, order_of_arrival
from yishu.flow.repeats import best
from yishu.flow.stage import silver_columns, stage
from yishu.lake import places, tables
from yishu.lake.adoption import Target, replace
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def rebuild(lake: Lake, spark: SparkSession, dataset: Dataset, deliveries: Iterable[Delivery], app_id: str) -> None:
    """Make `silver.<dataset>` what these deliveries, and no others, add up to.

    Args:
        lake: places.
        spark: a session of its own.
        dataset: the contract.
        deliveries: all that stand; their rows are in bronze, their bad rows in quarantine. Corrections come in with what
            they correct, as if it had been handed in so.
        app_id: of the one commit that swaps the result in; a repeat does nothing.
    """
    target = lake.silver(dataset.name)
    if tables.done(target, app_id):
        return
    scratch = lake.ops("staging") / f"rebuild-{dataset.name}"
    places.remove(scratch)
    standing = list(deliveries)
    hand_ins = [d for d in standing if d.corrects is None]
    for delivery in sorted(hand_ins, key=lambda d: order_of_arrival(dataset, d)):
        merge_in(_arrival(lake, spark, dataset, members(standing, delivery), scratch))
    if tables.exists(scratch) or tables.exists(target):
        columns = silver_table(dataset)
        found = tables.read(spark, scratch) if tables.exists(scratch) else spark.createDataFrame([], columns_ddl(columns))
        replace(found, Target(lake, target, delta_schema(columns), app_id))
    places.remove(scratch)


def recorded_good_rows(lake: Lake, spark: SparkSession, dataset: Dataset, family: Sequence[Delivery]) -> DataFrame:
    """The rows of a delivery and its corrections that their verdicts let pass, the best of each key."""
    good = []
    for delivery in family:
        staged = stage(lake, spark, dataset, delivery)
        for gone in _elsewhere(lake, spark, dataset, delivery):
            staged = staged.join(gone, list(ROW), "left_anti")
        good.append(staged.select(*silver_columns(dataset, delivery), "_file"))
    return best(reduce(lambda a, b: a.unionByName(b), good), dataset).drop("_file")


def loaded_rows(lake: Lake, spark: SparkSession, dataset: Dataset, family: Sequence[Delivery]) -> dict[str, int]:
    """How many rows of each go on."""
    counted = recorded_good_rows(lake, spark, dataset, family).groupBy("_delivery").count().collect()
    return {delivery.id: 0 for delivery in family} | {row["_delivery"]: row["count"] for row in counted}


def _arrival(lake: Lake, spark: SparkSession, dataset: Dataset, family: Sequence[Delivery], scratch: Path) -> Arrival:
    root, kept_open = family[0], None
    if dataset.mode == "snapshot":
        keys = [
            stage(lake, spark, dataset, d).join(bad, list(ROW), "left_semi").select(*dataset.key)
            for d in family
            for bad in _quarantined(lake, spark, dataset, d)
        ]
        kept_open = reduce(lambda a, b: a.unionByName(b), keys) if keys else None
    rows = recorded_good_rows(lake, spark, dataset, family)
    to = Target(lake, scratch, delta_schema(silver_table(dataset)), f"rebuild:{root.id}")
    return Arrival(dataset, dataclasses.replace(root, supersedes=None), rows, to, None, kept_open)


def _elsewhere(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery) -> Iterator[DataFrame]:
    """Places of rows that are bad, or that a correction took over."""
    yield from _quarantined(lake, spark, dataset, delivery)
    for correction in corrections(lake, delivery):
        yield tables.read(spark, lake.bronze(dataset.name), correction.id).select(*ROW)


def _quarantined(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery) -> Iterator[DataFrame]:
    path = lake.quarantine(dataset.name)
    if tables.exists(path):
        yield tables.read(spark, path, delivery.id).select(*ROW)
