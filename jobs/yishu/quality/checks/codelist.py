"""Column of text → true where it is a code of a list, or an industry code of one edition of GB/T 4754."""

from __future__ import annotations

from collections.abc import Sequence

from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import column_condition_partial
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import ColumnMapMetricProvider
from pyspark.sql import Column
from pyspark.sql import functions as F

from yishu.errors import ContractError
from yishu.quality.checks.hashed import contains

_INDUSTRY = r"^[A-T][0-9]{2,4}\z"


def is_listed(code: Column, codes: Sequence[str]) -> Column:
    """True, false or (for NULL) NULL."""
    return contains(code, codes)


def is_industry(code: Column, divisions: Sequence[str]) -> Column:
    """True, false or (for NULL) NULL: section letter and two digits of `divisions`, then up to two digits more.

    Args:
        code: an industry code such as `A01`, `A011` or `A0111`.
        divisions: the 大类 of one edition with their section's letter (GB/T 4754: `A01` …).
    """
    return code.rlike(_INDUSTRY) & contains(F.substring(code, 1, 3), divisions)


def bound(codelist: str, values: Sequence[object] | None) -> Sequence[object]:
    """The values that `quality.codelists.bind` filled in.

    Raises:
        ContractError: they are not there; a check that cannot run never passes.
    """
    if values is None:
        raise ContractError(
            f"code list {codelist} was not filled into the suite", code="codelist-unbound",
            expected="a suite that went through quality.codelists.bind", remedy="bind the suite before it judges rows",
            subject=codelist,
        )  # fmt: skip
    return values


class ColumnValuesInCodelist(ColumnMapMetricProvider):
    condition_metric_name = "column_values.yishu_codelist"
    condition_value_keys = ("codelist", "value_set")

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Column, codelist: str = "", value_set: Sequence[str] | None = None, **_: object) -> Column:
        return is_listed(column, [str(code) for code in bound(codelist, value_set)])


class ExpectColumnValuesToBeInCodelist(ColumnMapExpectation):
    """Values are codes of `codelist` (schemas/codes), at whatever date they held; NULL passes."""

    codelist: str
    value_set: list[str] | None = None

    map_metric = "column_values.yishu_codelist"
    success_keys = ("codelist", "value_set", "mostly")
    args_keys = ("column", "codelist", "value_set")


class ColumnValuesIndustry(ColumnMapMetricProvider):
    condition_metric_name = "column_values.yishu_industry"
    condition_value_keys = ("codelist", "value_set")

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Column, codelist: str = "", value_set: Sequence[str] | None = None, **_: object) -> Column:
        return is_industry(column, [str(code) for code in bound(codelist, value_set)])


class ExpectColumnValuesToBeIndustry(ColumnMapExpectation):
    """Values are industry codes (GB/T 4754) of one `edition`, from 大类 (A01) to 小类 (A0111); NULL passes."""

    codelist: str
    edition: str | None = None
    value_set: list[str] | None = None

    map_metric = "column_values.yishu_industry"
    success_keys = ("codelist", "edition", "value_set", "mostly")
    args_keys = ("column", "codelist", "edition", "value_set")
