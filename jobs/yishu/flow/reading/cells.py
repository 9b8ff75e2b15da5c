"""A typed cell of Excel or Parquet → the text that stands in bronze: exact, and never a guess."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

Value = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None

_EXACT = 10**15
"""Excel keeps 15 digits; a longer number has lost its last ones, whatever the file shows."""


def cell_text(value: Value, *, code: bool) -> str | None:
    """The cell as text.

    Args:
        value: as openpyxl gives it; errors such as `#N/A` are strings.
        code: the column holds codes or names; a number of 16 digits or more is then shown as Excel shows it
            (`9.1E+17`), so that the column's own rules refuse it: its lost digits cannot be known.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _scientific(value) if code and abs(value) >= _EXACT else plain_number(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return str(value)


def plain_number(value: int | float) -> str:
    """A number in its shortest exact digits, without an exponent and without a trailing `.0`."""
    if isinstance(value, int) or not math.isfinite(value):
        return str(value)
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _scientific(value: int | float) -> str:
    mantissa, exponent = f"{value:.14E}".split("E")
    return f"{mantissa.rstrip('0').rstrip('.')}E{exponent}"
