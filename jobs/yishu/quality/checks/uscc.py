"""Column of text → true where it is a 统一社会信用代码 with both check digits right (GB 32100-2015, GB 11714-1997)."""

from __future__ import annotations

from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import column_condition_partial
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import ColumnMapMetricProvider
from pyspark.sql import Column
from pyspark.sql import functions as F

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100's 31 symbols: no I, O, S, V, Z. A symbol's value is its place."""
SYMBOL = "[0-9A-HJ-NP-RTUWXY]"
# Two symbols (authority, kind: `91`, `N2` …), six digits of division, eight of the body, its check digit, the check symbol.
# \z, for $ would let a line end pass.
FORM = rf"^{SYMBOL}{{2}}[0-9]{{6}}{SYMBOL}{{8}}[0-9X]{SYMBOL}\z"


def is_uscc(code: Column) -> Column:
    """True, false or (for NULL) NULL. The division digits (places 3–8) must be digits but are not looked up."""
    return code.rlike(FORM) & _organisation_agrees(code) & _check_agrees(code)


def _organisation_agrees(code: Column) -> Column:
    """GB 11714: Σ value·weight + check ≡ 0 (mod 11), X as 10, on places 9–17.

    The weights 3 7 9 10 5 8 4 2 are 2⁸ … 2¹ mod 11 and 35 ≡ 2 (mod 11): the sum is the body read as a number in base 35.
    """
    body = F.conv(F.substring(code, 9, 8), 35, 10).try_cast("bigint")
    check = F.instr(F.lit("0123456789X"), F.substring(code, 17, 1)) - 1
    return F.coalesce((body * 2 + check) % 11 == 0, F.lit(False))


def _check_agrees(code: Column) -> Column:
    """GB 32100: Σ value·3ⁱ⁻¹ + check ≡ 0 (mod 31) over places i = 1 … 17.

    34 ≡ 3 (mod 31): the sum is the code read backwards in base 34, in two parts because 34¹⁷ exceeds a bigint; 3¹² ≡ 8.
    """
    digits = F.translate(code, ALPHABET[18:], "IJKLMNOPQRSTU")
    low = F.conv(F.reverse(F.substring(digits, 1, 12)), 34, 10).try_cast("bigint")
    high = F.conv(F.reverse(F.substring(digits, 13, 5)), 34, 10).try_cast("bigint")
    check = F.instr(F.lit(ALPHABET), F.substring(code, 18, 1)) - 1
    return F.coalesce((low % 31 + high % 31 * 8 + check) % 31 == 0, F.lit(False))


class ColumnValuesUscc(ColumnMapMetricProvider):
    condition_metric_name = "column_values.yishu_uscc"

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Column, **_: object) -> Column:
        return is_uscc(column)


class ExpectColumnValuesToBeUscc(ColumnMapExpectation):
    """Values are unified social credit codes (GB 32100-2015) with both check digits right; NULL passes."""

    map_metric = "column_values.yishu_uscc"
