"""Both ways to judge rows by one expectation: stock GX validation, and the raw condition on an empty frame."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import great_expectations as gx
from great_expectations.core.batch import Batch
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.registry import get_expectation_impl
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.metrics_calculator import MetricsCalculator
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from yishu.quality import standards

standards.register()


def shared_rows(shared_data: Path, name: str) -> list[dict[str, str]]:
    with (shared_data / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def column_frame(spark: SparkSession, values: Sequence[str | None]) -> DataFrame:
    """One text column `v`, with a row number `id` from 0."""
    return spark.createDataFrame(list(enumerate(values)), "id int, v string")


def bad_rows(spark: SparkSession, frame: DataFrame, kind: str, **kwargs: object) -> set[int]:
    """The ids of bad rows; stock GX and the raw condition must name the same ones."""
    stock, raw = _stock(frame, kind, kwargs), _raw(spark, frame, kind, kwargs)
    assert stock == raw
    return raw


def bad_values(spark: SparkSession, values: Sequence[str | None], kind: str, **kwargs: object) -> set[str | None]:
    return {values[i] for i in bad_rows(spark, column_frame(spark, values), kind, column="v", **kwargs)}


def _stock(frame: DataFrame, kind: str, kwargs: dict[str, object]) -> set[int]:
    expectation = get_expectation_impl(kind)(**kwargs)
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}
    result = _batch(frame).validate(expectation, result_format=asked)
    assert "unexpected_count" in result.result, result.exception_info
    found = {int(row["id"]) for row in result.result.get("unexpected_index_list") or []}
    assert result.result["unexpected_count"] == len(found)
    assert result.success == (not found)
    return found


@lru_cache(maxsize=1)
def _definition() -> object:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_spark("s").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")


def _batch(frame: DataFrame) -> Batch:
    return _definition().get_batch({"dataframe": frame})  # type: ignore[attr-defined]


def condition(spark: SparkSession, frame: DataFrame, kind: str, kwargs: dict[str, object]) -> Column:
    """GX's own condition, true for a bad row, asked for on an empty frame of the same schema."""
    expectation = get_expectation_impl(kind)(**kwargs)
    empty = spark.createDataFrame([], frame.schema)
    engine = SparkDFExecutionEngine(batch_data_dict={"staged": empty}, persist=False)
    metrics = expectation.get_validation_dependencies(execution_engine=engine).metric_configurations
    like = next(m for name, m in metrics.items() if name.startswith(f"{expectation.map_metric}."))
    wanted = MetricConfiguration(f"{expectation.map_metric}.condition", like.metric_domain_kwargs, like.metric_value_kwargs)
    found, aborted = MetricsCalculator(engine).compute_metrics([wanted], runtime_configuration=None)
    assert not aborted, aborted
    bad: Column = found[wanted.id][0]
    return bad


def _raw(spark: SparkSession, frame: DataFrame, kind: str, kwargs: dict[str, object]) -> set[int]:
    judged = frame.select("id", condition(spark, frame, kind, kwargs).alias("bad"))
    assert judged.where(F.col("bad").isNull()).count() == 0, "a condition must be true or false, never NULL"
    return {row["id"] for row in judged.where("bad").collect()}
