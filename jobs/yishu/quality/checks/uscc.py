"""Column of text → true where it is a 统一社会信用代码 with both check digits right (GB 32100-2015, GB 11714-1997)."""

from __future__ import annotations

from functools import reduce
from operator import add

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
    """True, false or (for NULL) NULL. The division digits (places 3–8) must be digits but are not looked up.

    The sums come first: what is evaluated for every row, Spark evaluates each common part of once.
    """
    return (F.coalesce(_organisation_rest(code) + _check_rest(code), F.lit(1)) == 0) & code.rlike(FORM)


def _digits(code: Column) -> list[Column]:
    """The 18 symbols as digits of base 36, unpacked from two numbers: a substring for each would cost twice as much.

    The six digits of the division are read as what they are; the other twelve symbols just fit a bigint.
    """
    letters = F.conv(F.concat(F.substring(code, 1, 2), F.substring(code, 9, 10)), 36, 10).try_cast("bigint")
    division = F.substring(code, 3, 6).try_cast("bigint")
    symbols = [_digit(letters, 36, k) for k in range(11, -1, -1)]
    return [*symbols[:2], *[_digit(division, 10, k) for k in range(5, -1, -1)], *symbols[2:]]


def _digit(packed: Column, base: int, place: int) -> Column:
    # the whole quotient below 36^12 is exact as a bigint, not as the double that `/` would give
    return F.call_function("div", packed, F.lit(base**place).cast("bigint")) % base


def _organisation_rest(code: Column) -> Column:
    """GB 11714 on places 9–17: Σ digit·weight + check, which is 0 (mod 11); a check digit X counts 10."""
    body, check = _digits(code)[8:16], _digits(code)[16]
    weighted = [digit * weight for digit, weight in zip(body, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)]
    return (reduce(add, weighted) + F.when(check == _X, 10).otherwise(check)) % 11


def _check_rest(code: Column) -> Column:
    """GB 32100: Σ value·3ⁱ⁻¹ + check, which is 0 (mod 31), over places i = 1 … 17."""
    digits = _digits(code)
    values = [digit if i in _DIVISION else _value(digit) for i, digit in enumerate(digits)]
    return (reduce(add, [value * pow(3, i, 31) for i, value in enumerate(values[:17])]) + values[17]) % 31


def _value(digit: Column) -> Column:
    """A symbol's place in `ALPHABET` from its digit in base 36, which counts I, O, S and V too.

    Those four lie so evenly that one division closes the gaps; a test goes through all 31.
    """
    return F.least(digit, F.call_function("div", digit * 16 + 94, F.lit(21)))


_X = 33
_DIVISION = range(2, 8)


class ColumnValuesUscc(ColumnMapMetricProvider):
    condition_metric_name = "column_values.yishu_uscc"

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Column, **_: object) -> Column:
        return is_uscc(column)


class ExpectColumnValuesToBeUscc(ColumnMapExpectation):
    """Values are unified social credit codes (GB 32100-2015) with both check digits right; NULL passes."""

    map_metric = "column_values.yishu_uscc"
