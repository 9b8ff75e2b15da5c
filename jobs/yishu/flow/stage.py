"""Delivery in bronze → its rows with standardised, typed fields beside the cells as handed in; lazy, nothing decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yishu.contract.model import Dataset, Field
from yishu.contract.period import parse_period
from yishu.derive.casts import cast_sql, text_sql
from yishu.derive.spark_types import spark_type
from yishu.flow.bronze import known_cells
from yishu.flow.family import ROW
from yishu.flow.reading.plain import Cells
from yishu.lake import tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_IN = "__in_"
"""Before a field's name: the cell as it was handed in."""
_RAW = "__raw_"
_REF = "__ref_"


def stage(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery, patch: Delivery | None = None) -> DataFrame:
    """All rows of the delivery: `<field>` typed, `__in_<field>` as handed in, what rules look at besides, `_file`, `_row`.

    Those of a `patch`, a correction of it, stand in the place of the rows that they correct.
    """
    from pyspark.sql import functions as F

    bronze = tables.read(spark, lake.bronze(dataset.name), delivery.id)
    if patch is not None:
        corrected = tables.read(spark, lake.bronze(dataset.name), patch.id)
        bronze = bronze.join(corrected.select(*ROW), list(ROW), "left_anti").unionByName(corrected)
    known = set(bronze.columns)
    cells = [
        (F.col(f"`{f.name}`") if f.name in known else F.lit(None).cast("string")).alias(_IN + f.name) for f in dataset.fields
    ]
    frame = bronze.select(*cells, "_raw", *ROW)
    known_of = known_cells(lake, delivery) if patch is None else {}
    texts = [F.expr(_text(f, known_of.get(f.name, Cells()))).alias(_RAW + f.name) for f in dataset.fields]
    frame = frame.select("*", *texts)
    typed = [F.expr(cast_sql(f, f"`{_RAW}{f.name}`")).alias(f.name) for f in dataset.fields]
    return _with_references(lake, spark, dataset, frame.select("*", *typed))


def _text(field: Field, cells: Cells) -> str:
    return text_sql(field, f"`{_IN}{field.name}`", cells.plain, cells.filled)


def staged_schema(dataset: Dataset) -> str:
    """DDL of the columns that a suite's rules look at."""
    columns = [f"`{f.name}` {spark_type(f.type)}" for f in dataset.fields]
    columns += [f"`{_RAW}{f.name}` string" for f in dataset.fields if f.type.kind != "string"]
    columns += [f"`{_REF}{f.name}` boolean" for f in dataset.fields if f.reference]
    return ", ".join([*columns, "_raw string"])


def silver_columns(dataset: Dataset, delivery: Delivery) -> list[Column]:
    """What a staged row becomes in silver: typed fields with their titles, where it came from, and since when it holds."""
    from pyspark.sql import functions as F

    typed = [F.col(f"`{f.name}`").alias(f.name, metadata={"comment": f.title}) for f in dataset.fields]
    origin = [F.lit(delivery.department).alias("_department"), F.lit(delivery.period).alias("_period")]
    columns = [*typed, *origin, F.lit(delivery.id).alias("_delivery"), F.col("_row")]
    if dataset.mode not in ("history", "snapshot"):
        return columns
    start = F.col(f"`{dataset.sequence}`") if dataset.mode == "history" else F.lit(period_start(delivery.period))
    open_ended = [F.lit(None).cast("timestamp").alias("_valid_to"), F.lit(True).alias("_is_current")]
    return [*columns, start.cast("timestamp").alias("_valid_from"), *open_ended]


def period_start(period: str) -> str:
    """The first day of a period, as ISO text."""
    parsed = parse_period(period)
    assert parsed is not None, period
    return parsed.start.isoformat()


def _with_references(lake: Lake, spark: SparkSession, dataset: Dataset, frame: DataFrame) -> DataFrame:
    """`__ref_<field>`: does the value stand in the referenced dataset? NULL values refer to nothing."""
    from pyspark.sql import functions as F

    for field in (f for f in dataset.fields if f.reference):
        assert field.reference is not None
        path = lake.silver(field.reference.dataset)
        flag = _REF + field.name
        if field.reference.dataset == dataset.name or not tables.exists(path):
            absent = F.when(F.col(f"`{field.name}`").isNotNull(), F.lit(field.reference.dataset == dataset.name))
            frame = frame.withColumn(flag, absent)
            continue
        known = tables.read(spark, path).select(F.col(f"`{field.reference.field}`").alias("__known")).distinct()
        joined = frame.join(known, frame[field.name] == known["__known"], "left")
        hit = F.when(F.col(f"`{field.name}`").isNotNull(), F.col("__known").isNotNull())
        frame = joined.withColumn(flag, hit).drop("__known")
    return frame
