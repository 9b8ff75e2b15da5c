"""Folder names as periods."""

from __future__ import annotations

import datetime as dt

import pytest

from yishu.contract.period import parse_period


@pytest.mark.parametrize(
    ("text", "form", "start", "end"),
    [
        ("2024", "year", "2024-01-01", "2024-12-31"),
        ("2024H1", "half-year", "2024-01-01", "2024-06-30"),
        ("2024H2", "half-year", "2024-07-01", "2024-12-31"),
        ("2024Q1", "quarter", "2024-01-01", "2024-03-31"),
        ("2024Q4", "quarter", "2024-10-01", "2024-12-31"),
        ("2024-02", "month", "2024-02-01", "2024-02-29"),
        ("2023-02", "month", "2023-02-01", "2023-02-28"),
        ("2024-W01", "week", "2024-01-01", "2024-01-07"),
        ("2021-W01", "week", "2021-01-04", "2021-01-10"),
        ("2020-W53", "week", "2020-12-28", "2021-01-03"),
        ("2024-02-29", "day", "2024-02-29", "2024-02-29"),
    ],
)
def test_each_form_has_its_first_and_last_day(text: str, form: str, start: str, end: str) -> None:
    period = parse_period(text)
    assert period is not None
    assert (period.form, period.start, period.end) == (form, dt.date.fromisoformat(start), dt.date.fromisoformat(end))
    assert period.text == text


@pytest.mark.parametrize(
    "text",
    ["", "24", "0024", "2024H3", "2024h1", "2024Q5", "2024Q0", "2024-13", "2024-00", "2024.1", "2024-1", "202401", "2024-W54",
     "2023-W53", "2024-W00", "2023-02-29", "2024-06-31", "20240630", "2024-06-30 ", " 2024", "2024\n", "２０２４",
     "2024年", "latest"],
)  # fmt: skip
def test_anything_else_is_no_period(text: str) -> None:
    assert parse_period(text) is None


def test_periods_are_ordered_by_first_then_last_day() -> None:
    texts = ["2024-03", "2023", "2024Q1", "2024-W10", "2024", "2024-01-01", "2024-01"]
    periods = sorted(p for p in map(parse_period, texts) if p)
    assert [p.text for p in periods] == ["2023", "2024-01-01", "2024-01", "2024Q1", "2024", "2024-03", "2024-W10"]
