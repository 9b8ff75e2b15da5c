"""A value as a database gives it → the text that a careful clerk would write; what has no such text is refused."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import uuid
from decimal import Decimal
from functools import singledispatch

from yishu.flow.reading.cells import plain_number


@singledispatch
def written(value: object) -> str:
    """The value as text: dates and times in ISO form, numbers in full without an exponent, lists and objects as JSON.

    Raises:
        ValueError: it has no text, as bytes have none.
    """
    raise ValueError(f"values of type {type(value).__name__} have no text")


@written.register
def _text(value: str) -> str:
    return value


@written.register
def _truth(value: bool) -> str:
    return "true" if value else "false"


@written.register(int)
@written.register(float)
def _number(value: int | float) -> str:
    return plain_number(value)


@written.register
def _decimal(value: Decimal) -> str:
    return format(value, "f")


@written.register
def _moment(value: dt.datetime) -> str:
    # one with a zone has come in the session's, which is the platform's
    return value.replace(tzinfo=None).isoformat(" ")


@written.register(dt.date)
@written.register(dt.time)
def _day(value: dt.date | dt.time) -> str:
    return value.isoformat()


@written.register
def _span(value: dt.timedelta) -> str:
    """MySQL's TIME, which may be negative and longer than a day."""
    micros = abs(value) // dt.timedelta(microseconds=1)
    seconds, rest = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{rest:06}" if rest else "")
    return f"-{text}" if value < dt.timedelta() else text


@written.register(uuid.UUID)
@written.register(ipaddress.IPv4Address)
@written.register(ipaddress.IPv6Address)
def _name(value: object) -> str:
    return str(value)


@written.register(list)
@written.register(dict)
def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=written)
