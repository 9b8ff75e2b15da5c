"""Folder name → reporting period.

Six forms: `2024`, `2024H1`, `2024Q3`, `2024-06`, `2024-W05`, `2024-06-30`; anything else is no period.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

PeriodForm = Literal["year", "half-year", "quarter", "month", "week", "day"]


@dataclass(frozen=True, order=True)
class Period:
    """A span of days; compared by its first day, then by its last."""

    start: dt.date
    end: dt.date
    """The last day that belongs to it."""
    text: str
    form: PeriodForm


def parse_period(text: str) -> Period | None:
    """Read a period in exactly one of the six forms; None where `text` is none of them or no such day, week … exists.

    Weeks are those of ISO 8601 (GB/T 7408): they start on Monday, week 1 holds the year's first Thursday.
    """
    for form, pattern, span in _FORMS:
        found = pattern.fullmatch(text)
        if found:
            try:
                start, end = span(*(int(part) for part in found.groups()))
            except ValueError:
                return None
            return Period(start, end, text, form)
    return None


def period_of(form: PeriodForm, day: dt.date) -> Period:
    """The period of this form that holds the day."""
    week = day.isocalendar()
    text = {
        "year": f"{day:%Y}", "half-year": f"{day:%Y}H{(day.month + 5) // 6}", "quarter": f"{day:%Y}Q{(day.month + 2) // 3}",
        "month": f"{day:%Y-%m}", "week": f"{week.year}-W{week.week:02}", "day": day.isoformat(),
    }[form]  # fmt: skip
    found = parse_period(text)
    assert found is not None, text
    return found


def _months(year: int, first: int, last: int) -> tuple[dt.date, dt.date]:
    start = dt.date(year, first, 1)
    return start, dt.date(year, last, calendar.monthrange(year, last)[1])


def _year(year: int) -> tuple[dt.date, dt.date]:
    return _months(year, 1, 12)


def _half(year: int, half: int) -> tuple[dt.date, dt.date]:
    return _months(year, half * 6 - 5, half * 6)


def _quarter(year: int, quarter: int) -> tuple[dt.date, dt.date]:
    return _months(year, quarter * 3 - 2, quarter * 3)


def _month(year: int, month: int) -> tuple[dt.date, dt.date]:
    return _months(year, month, month)


def _week(year: int, week: int) -> tuple[dt.date, dt.date]:
    return dt.date.fromisocalendar(year, week, 1), dt.date.fromisocalendar(year, week, 7)


def _day(year: int, month: int, day: int) -> tuple[dt.date, dt.date]:
    return dt.date(year, month, day), dt.date(year, month, day)


# 1000 to 9999: `0024` is a typing error, not the year 24. [0-9], for \d also matches full-width digits.
_Y = "([1-9][0-9]{3})"
_FORMS: tuple[tuple[PeriodForm, re.Pattern[str], Callable[..., tuple[dt.date, dt.date]]], ...] = (
    ("year", re.compile(_Y), _year),
    ("half-year", re.compile(_Y + "H([12])"), _half),
    ("quarter", re.compile(_Y + "Q([1-4])"), _quarter),
    ("month", re.compile(_Y + "-([0-9]{2})"), _month),
    ("week", re.compile(_Y + "-W([0-9]{2})"), _week),
    ("day", re.compile(_Y + "-([0-9]{2})-([0-9]{2})"), _day),
)
