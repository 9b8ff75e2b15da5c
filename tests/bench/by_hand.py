"""The baselines: what a careful engineer writes by hand for the same tables, with no check at all, or with stock GX."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from tests.bench.firms import COLUMNS, MART

CASTS = {"decimal(18,4)": "decimal(18,4)", "date": "date", "bigint": "bigint", "timestamp": "timestamp"}


def to_bronze(spark: SparkSession, file: Path, home: Path) -> None:
    schema = ", ".join(f"{name} string" for name, *_ in COLUMNS)
    spark.read.csv(str(file), header=True, schema=schema).write.format("delta").mode("append").save(str(home / "bronze"))


def typed(spark: SparkSession, home: Path) -> DataFrame:
    bronze = spark.read.format("delta").load(str(home / "bronze"))
    casts = [F.expr(f"try_cast(trim({n}) AS {CASTS[p]})").alias(n) if p in CASTS else F.trim(n).alias(n) for n, _, _, p, _ in COLUMNS]
    return bronze.select(*casts)


def latest(frame: DataFrame) -> DataFrame:
    window = Window.partitionBy("uscc").orderBy(F.col("update_time").desc())
    return frame.withColumn("rn", F.row_number().over(window)).where("rn = 1").drop("rn")


def to_silver(frame: DataFrame, home: Path) -> None:
    latest(frame).write.format("delta").mode("overwrite").save(str(home / "silver"))


def to_mart(spark: SparkSession, home: Path) -> None:
    spark.sql(MART.format(firms=f"delta.`{home / 'silver'}`")).write.format("delta").mode("overwrite").save(str(home / "mart"))


def without_checks(spark: SparkSession, file: Path, home: Path) -> None:
    to_bronze(spark, file, home)
    to_silver(typed(spark, home), home)
    to_mart(spark, home)


def with_stock_gx(spark: SparkSession, file: Path, home: Path) -> None:
    """The same, with eleven of the rules as a stock GX suite in front of silver."""
    import great_expectations as gx
    import great_expectations.expectations as gxe

    to_bronze(spark, file, home)
    frame = typed(spark, home)
    context = gx.get_context(mode="ephemeral")
    batch = context.data_sources.add_spark("s").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
    suite = gx.ExpectationSuite(name="firms", expectations=[
        gxe.ExpectColumnValuesToNotBeNull(column="uscc"),
        gxe.ExpectColumnValuesToMatchRegex(column="uscc", regex="^[0-9A-HJ-NP-RTUWXY]{18}$"),
        gxe.ExpectColumnValuesToNotBeNull(column="entity_name"),
        gxe.ExpectColumnValueLengthsToBeBetween(column="entity_name", max_value=200),
        gxe.ExpectColumnValuesToBeBetween(column="reg_capital_wan", min_value=0),
        gxe.ExpectColumnValuesToNotBeNull(column="est_date"),
        gxe.ExpectColumnValuesToBeInSet(column="reg_status", value_set=["1", "2", "3", "4", "5", "6"]),
        gxe.ExpectColumnValuesToMatchRegex(column="industry_code", regex="^[A-T][0-9]{2,4}$"),
        gxe.ExpectColumnValuesToMatchRegex(column="division_code", regex="^13[0-9]{4}$"),
        gxe.ExpectColumnValuesToBeBetween(column="staff", min_value=0, max_value=1_000_000),
        gxe.ExpectColumnValuesToMatchRegex(column="contact_phone", regex="^[0-9-]{7,20}$"),
    ])  # fmt: skip
    definition = batch if hasattr(batch, "get_batch") else None
    assert definition is not None
    definition.get_batch(batch_parameters={"dataframe": frame}).validate(suite)
    to_silver(frame, home)
    to_mart(spark, home)
    spark.catalog.clearCache()
