"""Column of text → true where it is a 公民身份号码 of 18 places (GB 11643-1999): form, birth date, check digit."""

from __future__ import annotations

from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import column_condition_partial
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import ColumnMapMetricProvider
from pyspark.sql import Column
from pyspark.sql import functions as F

# Area (6 digits, not looked up: it is a soft, dated rule), birth date from 1900 on, sequence, check digit.
FORM = r"^[0-9]{6}(?:19|[2-9][0-9])[0-9]{9}[0-9X]\z"


def is_citizen_id(number: Column, today: str | None = None) -> Column:
    """True, false or (for NULL) NULL. A 15-digit number of the old form and a lower-case x are false.

    Args:
        number: text of one identity number.
        today: the last possible birth date, ISO; None: the session's current date.
    """
    return number.rlike(FORM) & _born_by(number, today) & _check_agrees(number)


def _born_by(number: Column, today: str | None) -> Column:
    # ISO text and a cast: reading by a pattern (to_date) is several times dearer
    iso = F.concat_ws("-", F.substring(number, 7, 4), F.substring(number, 11, 2), F.substring(number, 13, 2))
    last = F.current_date() if today is None else F.lit(today).cast("date")
    return F.coalesce(iso.try_cast("date") <= last, F.lit(False))


def _check_agrees(number: Column) -> Column:
    """ISO 7064 MOD 11-2: Σ digit·2¹⁸⁻ⁱ ≡ 1 (mod 11), X as 10, over places i = 1 … 18.

    13 ≡ 2 (mod 11): the sum over the first 17 is twice that number read in base 13, which still fits a bigint.
    """
    body = F.conv(F.substring(number, 1, 17), 13, 10).try_cast("bigint")
    check = F.instr(F.lit("0123456789X"), F.substring(number, 18, 1)) - 1
    return F.coalesce((body % 11 * 2 + check) % 11 == 1, F.lit(False))


class ColumnValuesCitizenId(ColumnMapMetricProvider):
    condition_metric_name = "column_values.yishu_citizen_id"
    condition_value_keys = ("today",)

    @column_condition_partial(engine=SparkDFExecutionEngine)
    def _spark(cls, column: Column, today: str | None = None, **_: object) -> Column:
        return is_citizen_id(column, today)


class ExpectColumnValuesToBeCitizenId(ColumnMapExpectation):
    """Values are citizen identity numbers (GB 11643-1999), born from 1900 to `today` (ISO date; default now); NULL passes."""

    today: str | None = None

    map_metric = "column_values.yishu_citizen_id"
    success_keys = ("today", "mostly")
    args_keys = ("column", "today")
