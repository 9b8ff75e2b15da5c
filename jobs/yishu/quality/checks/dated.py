"""Two columns, a code and a date → false where the code's validity is limited and the date lies outside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import reduce
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
from pyspark.sql import functions as F

from yishu.quality.checks.codelist import bound
from yishu.quality.checks.hashed import look_up

_EPOCH = dt.date(1970, 1, 1)
Span = tuple[str | None, str | None, list[str]]
"""First day, last day (ISO, both belong to it; None: open) and the codes that are valid in it."""


def is_valid_on(code: Column, date: Column, periods: Sequence[Span], places: int | None = None) -> Column:
    """Never NULL: true where either is missing, where the code is in no span at all, or where a span holds the date.

    Args:
        code: the code as given; one that stands in no list is for the code list's own check.
        date: date, timestamp or ISO text of the day that counts.
        periods: spans of the codes that are not valid over all time; a code may stand in several.
        places: how many leading places of the code the list knows (an industry `A0111` is dated by its `A01`); None: all.
    """
    table = _days(periods)
    if not table:
        return F.lit(True)
    spans = look_up(code if places is None else F.substring(code, 1, places), table)
    day = F.unix_date(date.try_cast("date"))
    width = len(next(iter(table.values())))
    held = ((day >= F.get(spans, i)) & (day <= F.get(spans, i + 1)) for i in range(0, width, 2))
    return F.coalesce(reduce(lambda a, b: a | b, held), F.lit(True))


def _days(periods: Sequence[Span]) -> dict[str, list[int]]:
    """Code → first day, last day, first day, last day … since 1970; all of one length, short ones repeat a span."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for first, last, names in periods:
        start = dt.date.fromisoformat(first) if first else dt.date.min
        end = dt.date.fromisoformat(last) if last else dt.date.max
        for name in names:
            spans.setdefault(name, []).append(((start - _EPOCH).days, (end - _EPOCH).days))
    most = max(map(len, spans.values()), default=0)
    return {name: [day for span in (found * most)[:most] for day in span] for name, found in spans.items()}


class ColumnPairValidOnDate(ColumnPairMapMetricProvider):
    condition_metric_name = "column_pair_values.yishu_valid_on_date"
    condition_value_keys = ("codelist", "periods", "places")

    @column_pair_condition_partial(engine=SparkDFExecutionEngine)  # type: ignore[untyped-decorator]
    def _spark(
        cls, column_A: Column, column_B: Column, codelist: str = "", periods: Sequence[Span] | None = None,
        places: int | None = None, **_: object,
    ) -> Column:  # fmt: skip
        bound(codelist, periods)
        return is_valid_on(column_A, column_B, periods or (), places)


class ExpectColumnPairToBeValidOnDate(ColumnPairMapExpectation):
    """column_A is a code of `codelist` that was valid on the day in column_B; pairs with a NULL are left out."""

    codelist: str
    periods: list[Span] | None = None
    places: int | None = None
    ignore_row_if: Literal["either_value_is_missing"] = "either_value_is_missing"

    map_metric = "column_pair_values.yishu_valid_on_date"
    success_keys = ("column_A", "column_B", "codelist", "periods", "places", "ignore_row_if", "mostly")
    args_keys = ("column_A", "column_B", "codelist", "periods", "places")
