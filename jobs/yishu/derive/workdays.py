"""Days → working days in mainland China: the State Council's holidays with their make-up days (调休).

For years whose holidays are not published yet (or lie before 2004), Monday to Friday are taken; `guessed` says so.
"""

from __future__ import annotations

import datetime as dt
from functools import cache, lru_cache


@cache
def is_workday(day: dt.date) -> bool:
    """Whether offices work on that day."""
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def workday_after(day: dt.date, count: int) -> dt.date:
    """The `count`th working day after `day`; `day` itself for 0."""
    while count > 0:
        day += dt.timedelta(days=1)
        count -= is_workday(day)
    return day


@lru_cache(maxsize=4096)
def workdays_between(after: dt.date, until: dt.date) -> int:
    """How many working days there are after the first day, up to and with the second."""
    return sum(is_workday(after + dt.timedelta(days=n)) for n in range(1, (until - after).days + 1))


def guessed(first: dt.date, last: dt.date) -> list[int]:
    """The years of this span whose holidays are not known."""
    import chinese_calendar

    known = {day.year for day in chinese_calendar.holidays}
    return [year for year in range(first.year, last.year + 1) if year not in known]
