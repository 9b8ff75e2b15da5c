"""Two columns, a cell's text and its typed value → false where there was text and no value came of it."""

from __future__ import annotations

from typing import Literal

from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
    ColumnPairMapMetricProvider,
)
from pyspark.sql import Column


def is_cast(text: Column, value: Column) -> Column:
    """Never NULL: false where `text` is there and `value` is NULL."""
    return text.isNull() | value.isNotNull()


class ColumnPairCast(ColumnPairMapMetricProvider):
    condition_metric_name = "column_pair_values.yishu_cast"

    @column_pair_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[untyped-decorator]
    def _spark(cls, column_A: Column, column_B: Column, **_: object) -> Column:
        return is_cast(column_A, column_B)


class ExpectColumnPairToBeCast(ColumnPairMapExpectation):
    """Where column_A (the text as standardised) is not NULL, column_B (its typed value) is not NULL."""

    # stock GX leaves out pairs with a NULL; here the NULL is what is looked for
    ignore_row_if: Literal["neither"] = "neither"

    map_metric = "column_pair_values.yishu_cast"
    success_keys = ("column_A", "column_B", "ignore_row_if", "mostly")
    args_keys = ("column_A", "column_B")
