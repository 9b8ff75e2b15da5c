"""Column of text → true where it is an 电子证照标识 with the right check symbol (GB/T 36904-2018)."""

from __future__ import annotations

from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import column_condition_partial
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import ColumnMapMetricProvider
from pyspark.sql import Column
from pyspark.sql import functions as F

from yishu.quality.checks.uscc import SYMBOL

ROOT = "1.2.156.3005.2."
# Root, type (USCC of its authority + 3 digits), issuer, serial, version, check symbol; 128 places at most, so 66 of serial.
# An issuer is written as USCC or, in real identifiers, as a division code; its own check digit is not judged here.
FORM = (
    rf"^{ROOT.replace('.', '[.]')}{SYMBOL}{{18}}[0-9]{{3}}[.](?:{SYMBOL}{{18}}|[0-9]{{6}})[.]"
    r"[0-9A-Z]{1,66}[.][0-9]{3}[.][0-9A-Z]\z"
)
# The digits move beside the letters in ASCII (0 → '7', 9 → '@', then 'A'), so that a symbol's value is its code less 55.
_DIGITS, _BESIDE_LETTERS = "0123456789", "789:;<=>?@"
_SHIFT = 56
_START = 36 - _SHIFT
_END = 2 - _SHIFT
# State p (1 … 36) is kept less 56, so that p + code is the place of the next state: ((p + value − 1) mod 36 + 1)·2 mod 37.
_NEXT = tuple((k % 36 + 1) * 2 % 37 - _SHIFT for k in range(71))


def is_licence_id(text: Column) -> Column:
    """True, false or (for NULL) NULL."""
    return text.rlike(FORM) & _check_agrees(text)


def _check_agrees(text: Column) -> Column:
    """ISO 7064 MOD 37,36 over the parts after the root, joined without dots, check symbol included.

    The one recurrence among the checks that is no sum: written out for 108 places it overflows the planner's stack,
    so it is a fold (`aggregate`), which is not code-generated; a table look-up per symbol keeps it at some 6 µs a row.
    """
    symbols = F.translate(F.substring(text, len(ROOT) + 1, 113), _DIGITS + ".", _BESIDE_LETTERS)
    table = F.array(*(F.lit(state) for state in _NEXT))
    last = F.aggregate(F.split(symbols, ""), F.lit(_START), lambda p, symbol: F.get(table, p + F.ascii(symbol)))
    return F.coalesce(last == _END, F.lit(False))


class ColumnValuesLicenceId(ColumnMapMetricProvider):
    condition_metric_name = "column_values.yishu_licence_id"

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Column, **_: object) -> Column:
        return is_licence_id(column)


class ExpectColumnValuesToBeLicenceId(ColumnMapExpectation):
    """Values are electronic licence identifiers (GB/T 36904-2018) with the right MOD 37,36 symbol; NULL passes."""

    map_metric = "column_values.yishu_licence_id"
