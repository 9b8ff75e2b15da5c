"""The cost of being small: a file of every dataset of the province, end to end, against a script with the same Delta writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from tests.bench.firms import CHECKOUT
from tests.bench.measuring import Figure, figure, rounds
from tests.bench.platform import open_platform
from tests.sample_cells import UNREAD, cells_of

from yishu.contract.levels import mart_levels
from yishu.contract.model import Dataset, Project
from yishu.derive.spark_types import silver_ddl, spark_type
from yishu.flow import pipeline
from yishu.flow.inputs import rename_tables
from yishu.lake.lake import Lake
from yishu.sample.write import write_sample

ROWS = 1000


def run(folder: Path, rows: int, count: int) -> Iterator[Figure]:
    with open_platform(folder, CHECKOUT) as platform:
        first = platform.fresh_lake("source")
        landing = folder / "landing"
        write_sample(first.project, landing, datasets=None, rows=ROWS, seed=1, dirt=0.0, truth=folder / "truth.json")
        files = _one_per_dataset(first.project, landing)
        spark = platform.open_spark()

        def ours(turn: int) -> None:
            lake = platform.fresh_lake(f"ours{turn}")
            for file in files.values():
                target = lake.settings.landing / file.relative_to(landing)
                target.parent.mkdir(parents=True)
                target.hardlink_to(file)
            report = pipeline.run(lake, platform.open_spark)
            assert not report.errors, report.errors
            assert {d.state for d in report.settled} == {"accepted"} and len(report.settled) == len(files)
            shutil.rmtree(lake.settings.home)

        def hand(turn: int) -> None:
            lake = platform.fresh_lake(f"hand{turn}")
            _script(spark, lake, files)
            shutil.rmtree(lake.settings.home)

        times = rounds({"ours": ours, "by hand": hand}, count)
    yield figure("the-province-in-small-to-by-hand", times["ours"], times["by hand"], 1.5, times)


def _one_per_dataset(project: Project, landing: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in sorted(landing.glob("*/*/*/*")):
        found.setdefault(file.parts[-3], file)
    assert found.keys() == project.datasets.keys()
    return found


def _script(spark: SparkSession, lake: Lake, files: dict[str, Path]) -> None:
    """Bronze, silver, rejected rows and base table of each dataset, then the marts; no rules, no receipts, no ledger."""
    for name, file in files.items():
        dataset = lake.project.datasets[name]
        _write(_read(spark, dataset, file), lake.bronze(name))
        bronze = spark.read.format("delta").load(str(lake.bronze(name)))
        typed = bronze.select(*[F.expr(f"try_cast(trim(`{f.name}`) AS {spark_type(f.type)})").alias(f.name) for f in dataset.fields])
        keyed = " AND ".join(f"`{k}` IS NOT NULL" for k in dataset.key)
        order = F.col(dataset.sequence).desc() if dataset.sequence else F.lit(1)
        window = Window.partitionBy(*dataset.key).orderBy(order)
        latest = typed.where(keyed).withColumn("rn", F.row_number().over(window)).where("rn = 1").drop("rn")
        _write(latest, lake.silver(name))
        _write(typed.where(f"NOT ({keyed})"), lake.quarantine(name))
        _write(spark.read.format("delta").load(str(lake.silver(name))), lake.gold(f"{dataset.database}.{name}"))
    for table in [t for level in mart_levels(lake.project) for t in level]:
        mart = lake.project.marts[table]
        views = {name: "hand__" + name.replace(".", "__") for name in mart.inputs}
        for name, view in views.items():
            _input(spark, lake, name).createOrReplaceTempView(view)
        _write(spark.sql(rename_tables(mart.select.read_text(encoding="utf-8"), views)), lake.gold(table))


def _write(frame: DataFrame, path: Path) -> None:
    frame.write.format("delta").mode("overwrite").save(str(path))


def _read(spark: SparkSession, dataset: Dataset, file: Path) -> DataFrame:
    names, form = {f.title: f.name for f in dataset.fields}, dataset.supply.format
    if form in ("jsonl", "parquet"):
        frame = spark.read.json(str(file)) if form == "jsonl" else spark.read.parquet(str(file))
        return _fields(frame.toDF(*[names.get(c, c) for c in frame.columns]), dataset)
    cells = [row for row in cells_of(file, dataset) if row != UNREAD]
    columns = {name: pa.array([row.get(name) for row in cells], pa.string()) for name in cells[0]}
    return _fields(spark.createDataFrame(pa.table(columns)), dataset)


def _fields(frame: DataFrame, dataset: Dataset) -> DataFrame:
    known = set(frame.columns)
    return frame.select(*[(F.col(f.name) if f.name in known else F.lit(None)).cast("string").alias(f.name) for f in dataset.fields])


def _input(spark: SparkSession, lake: Lake, name: str) -> DataFrame:
    layer, short = name.split(".")
    if layer == "codes":
        return spark.read.csv(str(lake.project.codelists[short]), header=True)
    frame = spark.read.format("delta").load(str(lake.path(name)))
    if layer != "silver":
        return frame
    dataset = lake.project.datasets[short]
    missing = [c for c in spark.createDataFrame([], silver_ddl(dataset)).schema if c.name not in frame.columns]
    fill = {"_is_current": F.lit(True), "_valid_from": F.lit("2024-01-01").cast("timestamp"), "_period": F.lit("2024-12")}
    return frame.select("*", *[fill.get(c.name, F.lit(None)).cast(c.dataType).alias(c.name) for c in missing])
