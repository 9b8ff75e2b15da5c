"""Column of text → true where it is a reporting period: the folder names' six forms, and YYYYMM as the extracts have it."""

from __future__ import annotations

from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import column_condition_partial
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import ColumnMapMetricProvider
from pyspark.sql import Column
from pyspark.sql import functions as F

_MONTH = "(?:0[1-9]|1[0-2])"
# `2024.1` is no period: it may be January or October, and is never guessed.
_SHORT = rf"^[1-9][0-9]{{3}}(?:H[12]|Q[1-4]|-?{_MONTH}|-W(?:0[1-9]|[1-4][0-9]|5[0-3]))?\z"
_THURSDAY = 5
_DAY = rf"^[1-9][0-9]{{3}}-{_MONTH}-[0-3][0-9]\z"


def is_period(text: Column) -> Column:
    """True, false or (for NULL) NULL: 2024, 2024H1, 2024Q3, 2024-06, 202406, 2024-W05, 2024-06-30 (a day that exists)."""
    day = text.rlike(_DAY) & text.try_cast("date").isNotNull()
    week53 = text.endswith("-W53") & ~_has_week_53(text)
    return (text.rlike(_SHORT) & ~week53) | day


def _has_week_53(text: Column) -> Column:
    """ISO 8601: a year has a 53rd week where 1 January is a Thursday, or 31 December is."""
    year = F.substring(text, 1, 4)
    first, last = (F.dayofweek(F.concat(year, F.lit(day)).try_cast("date")) for day in ("-01-01", "-12-31"))
    return F.coalesce((first == _THURSDAY) | (last == _THURSDAY), F.lit(False))


class ColumnValuesPeriod(ColumnMapMetricProvider):
    condition_metric_name = "column_values.yishu_period"

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Column, **_: object) -> Column:
        return is_period(column)


class ExpectColumnValuesToBePeriod(ColumnMapExpectation):
    """Values are reporting periods (year, half, quarter, month, week or day); NULL passes."""

    map_metric = "column_values.yishu_period"
