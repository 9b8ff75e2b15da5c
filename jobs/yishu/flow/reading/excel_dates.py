"""Excel's day numbers → dates. A number in a date's style says that it is one; in a bare cell only its column can tell."""

from __future__ import annotations

from yishu.flow.reading.cells import Value

_BARE = range(10_000, 100_000)
"""Day numbers of five digits, 1927 to 2173. Shorter ones may be years, longer ones months (202406) or days (20240630)."""


def from_serial(number: int | float, *, mac: bool, duration: bool = False) -> Value:
    """A day number as date, time or duration; the number itself where no calendar has that day.

    Args:
        number: days, and parts of days, since 1899-12-30.
        mac: days count from 1904-01-01, as in workbooks from old Macs.
        duration: the cell's style shows hours beyond 24.
    """
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

    try:
        made: Value = from_excel(number, CALENDAR_MAC_1904 if mac else CALENDAR_WINDOWS_1900, duration)
    except (ValueError, OverflowError):
        return number
    return made


def is_bare_date(value: Value) -> bool:
    """True for a number that, in a column of dates, can only be a day number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _BARE
