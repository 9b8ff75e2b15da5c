"""Values as drivers give them → text, and those that have none."""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from decimal import Decimal

import pytest

from yishu.flow.pulled_cells import written

_ZONE = dt.timezone(dt.timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("冀A", "冀A"), ("", ""), (True, "true"), (False, "false"), (0, "0"), (-(10**20), "-100000000000000000000"),
        (1e21, "1000000000000000000000"), (0.1, "0.1"), (2.0, "2"), (Decimal("1E+3"), "1000"), (Decimal("1.50"), "1.50"),
        (Decimal("1E-10"), "0.0000000001"), (dt.date(2024, 2, 29), "2024-02-29"),
        (dt.datetime(2024, 2, 29), "2024-02-29 00:00:00"), (dt.datetime(2024, 2, 29, 1, 2, 3, 400), "2024-02-29 01:02:03.000400"),
        (dt.datetime(2024, 2, 29, 1, tzinfo=_ZONE), "2024-02-29 01:00:00"), (dt.time(8, 30), "08:30:00"),
        (dt.timedelta(hours=25, minutes=1), "25:01:00"), (-dt.timedelta(seconds=1, microseconds=5), "-00:00:01.000005"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"), (ipaddress.ip_address("10.0.0.1"), "10.0.0.1"),
        ({"名": [1, Decimal("1.5"), None]}, '{"名": [1, "1.5", null]}'),
    ],
)  # fmt: skip
def test_a_value_is_written_in_full(value: object, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize("value", [b"x", bytearray(b"x"), memoryview(b"x"), [b"x"], object(), None])
def test_what_has_no_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"values of type \w+ have no text"):
        written(value)
