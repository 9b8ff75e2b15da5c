"""Accepted deliveries → silver anew: replayed through the write mode into a scratch table, then swapped in one commit.

The verdicts stand as they were given (what lies in quarantine stays there), so counts and receipts stay true.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.contract.model import Dataset
from yishu.derive.spark_types import columns_ddl, delta_schema, silver_table
from yishu.flow.merging import Arrival, merge_in, order_of_arrival
from yishu.flow.repeats import best
from yishu.flow.stage import ROW, silver_columns, stage
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
        deliveries: all that stand; their rows are in bronze, their bad rows in quarantine.
        app_id: of the one commit that swaps the result in; a repeat does nothing.
    """
    target = lake.silver(dataset.name)
    if tables.done(target, app_id):
        return
    scratch = lake.ops("staging") / f"rebuild-{dataset.name}"
    places.remove(scratch)
    ordered = sorted(deliveries, key=lambda d: order_of_arrival(dataset, d))
    for delivery in ordered:
        merge_in(_arrival(lake, spark, dataset, delivery, scratch))
    if tables.exists(scratch) or tables.exists(target):
        columns = silver_table(dataset)
        found = tables.read(spark, scratch) if tables.exists(scratch) else spark.createDataFrame([], columns_ddl(columns))
        replace(found, Target(lake, target, delta_schema(columns), app_id))
    places.remove(scratch)


def recorded_good_rows(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery) -> DataFrame:
    """The rows of a delivery that its verdicts let pass: not in quarantine, and the best of their key."""
    staged = stage(lake, spark, dataset, delivery)
    bad = _quarantined(lake, spark, dataset, delivery)
    if bad is not None:
        staged = staged.join(bad, list(ROW), "left_anti")
    return best(staged.select(*silver_columns(dataset, delivery), "_file"), dataset).drop("_file")


def _arrival(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery, scratch: Path) -> Arrival:
    kept_open = None
    bad = _quarantined(lake, spark, dataset, delivery) if dataset.mode == "snapshot" else None
    if bad is not None:
        staged = stage(lake, spark, dataset, delivery)
        kept_open = staged.join(bad, list(ROW), "left_semi").select(*dataset.key)
    rows = recorded_good_rows(lake, spark, dataset, delivery)
    to = Target(lake, scratch, delta_schema(silver_table(dataset)), f"rebuild:{delivery.id}")
    return Arrival(dataset, dataclasses.replace(delivery, supersedes=None), rows, to, None, kept_open)


def _quarantined(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery) -> DataFrame | None:
    path = lake.quarantine(dataset.name)
    if not tables.exists(path):
        return None
    return tables.read(spark, path, delivery.id).select(*ROW)
