"""A contract's field → the ways in which departments get it wrong, and the ways of writing that are odd but right.

A fault breaks one named rule of the suite; an oddity must pass once the cell is standardised.
"""

from __future__ import annotations

import csv
import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yishu.contract.model import Check, Dataset, Field
from yishu.sample.digits import USCC_ALPHABET

Spoil = Callable[[str], str]
"""A right value → a wrong (or oddly written) one."""

LINE: Final = ""
"""The column of a fault that spoils the whole line."""


@dataclass(frozen=True)
class Fault:
    """What to spoil in which column, and the rule that must find it."""

    column: str
    rule: str
    spoil: Spoil
    absent: bool = False
    """The cell is left empty."""


@dataclass(frozen=True)
class Oddity:
    """A way to write a good value unusually, which standardising must undo."""

    column: str
    spoil: Spoil
    fits: str = ""
    """What the value must end with for the oddity to be one."""


def faults(dataset: Dataset, codelists: Mapping[str, Path]) -> list[Fault]:
    """Every fault that fits a field of the dataset, in the contract's order; whole-line faults where the form allows them."""
    found = [fault for field in dataset.fields for fault in _of_field(field, codelists)]
    if dataset.supply.format == "parquet":
        # A typed column cannot hold text: such a file could not be written at all.
        found = [fault for fault in found if not fault.rule.startswith("type:")]
    if dataset.supply.format == "csv":
        found.append(Fault(LINE, "unparsable", lambda line: line + dataset.supply.delimiter + "备注见附件"))
    if dataset.supply.format in ("jsonl", "fixed"):
        found.append(Fault(LINE, "unparsable", lambda line: line[: len(line) * 2 // 3]))
    return found


def oddities(dataset: Dataset) -> list[Oddity]:
    """Ways of writing that standardisation mends."""
    free = dataset.supply.format != "parquet"
    return [odd for field in dataset.fields if free or field.type.kind == "string" for odd in _odd_ways(field)]


def _of_field(field: Field, codelists: Mapping[str, Path]) -> Iterator[Fault]:
    name = field.name
    if field.type.kind != "string":
        for word in _NOT_A[field.type.kind]:
            yield Fault(name, f"type:{name}", _to(word))
    if field.required or field.key_position is not None:
        yield Fault(name, f"required:{name}", _to(""), absent=True)
    if field.values:
        yield Fault(name, f"enum:{name}", _to(_stranger({value.value for value in field.values}, field)))
    for spoil in _against_standard(field, codelists):
        kind = "codelist" if field.check in ("codelist", "none") else "standard"
        yield Fault(name, f"{kind}:{name}", spoil)
    if field.pattern and not re.search(field.pattern, "#"):
        yield Fault(name, f"pattern:{name}", _to("#"))
    if field.reference and field.reference.severity == "error":
        yield Fault(name, f"reference:{name}", _to("X00000"))
    yield from _out_of_bounds(field)
    yield from _against_written(field)


def _out_of_bounds(field: Field) -> Iterator[Fault]:
    plain = field.check == "none" and not (field.values or field.codelist or field.pattern)
    length = field.type.length
    if field.type.kind == "string" and plain and length and length <= 300:
        yield Fault(field.name, f"length:{field.name}", lambda value: (value or "无") + "长" * length)
    if field.minimum is not None:
        yield Fault(field.name, f"range:{field.name}", _to(str(int(field.minimum) - 1)))
    if field.maximum is not None:
        yield Fault(field.name, f"range:{field.name}", _to(str(int(field.maximum) + 1)))


def _against_written(field: Field) -> Iterator[Fault]:
    """Rules that the contract's author wrote for one field alone, without a condition on others."""
    for rule in field.rules:
        if rule.severity != "error" or "row_condition" in rule.kwargs:
            continue
        low, high, regex = (rule.kwargs.get(key) for key in ("min_value", "max_value", "regex"))
        if rule.type == "expect_column_values_to_be_between":
            if isinstance(low, int | float):
                yield Fault(field.name, rule.name, _to(str(math.floor(low) - 1)))
            if isinstance(high, int | float):
                yield Fault(field.name, rule.name, _to(str(math.ceil(high) + 1)))
        if rule.type == "expect_column_values_to_match_regex" and isinstance(regex, str) and not re.search(regex, "?"):
            yield Fault(field.name, rule.name, _to("?"))


_NOT_A: Final[dict[str, tuple[str, ...]]] = {
    "integer": ("若干", "12人"), "decimal": ("暂无", "1.2.3", "约500"), "date": ("2016-11-31", "0", "2024.1.5"),
    "timestamp": ("2016-11-31 08:00:00", "昨日"), "boolean": ("不详",),
}  # fmt: skip


def _to(word: str) -> Spoil:
    return lambda _: word


def _stranger(known: set[str], field: Field) -> str:
    """A short code that the list does not have."""
    length = field.type.length or 2
    return next(word for word in ("9", "Z", "Q", "ZZ", "X9", "##") if word not in known and len(word) <= length)


def _against_standard(field: Field, codelists: Mapping[str, Path]) -> tuple[Spoil, ...]:
    if field.check == "codelist" or (field.check == "none" and field.codelist):
        return (_to(_stranger(codes_of(codelists[field.codelist or ""]), field)),)
    return _SPOILERS.get(field.check, ())


def codes_of(file: Path) -> set[str]:
    """The codes of a code list."""
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["code"] for row in csv.DictReader(lines)}


def _wrong_check(value: str) -> str:
    """Another last character: the check fails, the form stays."""
    last = value[-1].upper()
    alphabet = USCC_ALPHABET if last in USCC_ALPHABET else USCC_ALPHABET + last
    return value[:-1] + alphabet[(alphabet.index(last) + 7) % len(alphabet)]


def _wrong_organisation(value: str) -> str:
    """The inner check digit of GB 11714 changed and the outer one made right again: only a full check finds it."""
    inner = "0" if value[16] != "0" else "1"
    body = value[:16] + inner
    total = sum(USCC_ALPHABET.index(symbol) * pow(3, place, 31) for place, symbol in enumerate(body))
    return body + USCC_ALPHABET[-total % 31]


def _digit_changed(value: str) -> str:
    """Two neighbouring order digits of a resident number mistyped."""
    return value[:14] + str((int(value[14]) + 1) % 10) + value[15:]


def _month_13(value: str) -> str:
    return value[:10] + "13" + value[12:]


def _old_number(value: str) -> str:
    """The 15 digits in use until 2004."""
    return value[:6] + value[8:17]


_SPOILERS: Final[dict[Check, tuple[Spoil, ...]]] = {
    "uscc": (_wrong_check, _wrong_organisation, lambda value: value[:17]),
    "citizen_id": (_digit_changed, _old_number, _month_13),
    "licence_id": (_wrong_check,),
    "division": (_to("999999"), _to("合计")),
    "industry": (_to("Z99"), lambda value: value[1:]),
    "period": (_to("2024.1"), _to("2024年")),
}


def _odd_ways(field: Field) -> Iterator[Oddity]:
    name, kind = field.name, field.type.kind
    if kind == "date":
        yield from (Oddity(name, way) for way in (_compact, _slashed, _in_chinese))
    elif kind in ("integer", "decimal"):
        yield from (Oddity(name, way) for way in (_with_commas, _full_width, _blank_around))
    elif kind == "string":
        yield from (Oddity(name, way) for way in (_blank_around, _hard_blank))
        if field.check in ("uscc", "division", "citizen_id") or field.values:
            yield Oddity(name, _full_width)
        if field.check == "citizen_id":
            yield Oddity(name, str.lower, fits="X")


def _compact(value: str) -> str:
    return value.replace("-", "")


def _slashed(value: str) -> str:
    day = dt.date.fromisoformat(value)
    return f"{day.year}/{day.month}/{day.day}"


def _in_chinese(value: str) -> str:
    day = dt.date.fromisoformat(value)
    return f"{day.year}年{day.month}月{day.day}日"


def _with_commas(value: str) -> str:
    whole, dot, part = value.partition(".")
    return f"{int(whole):,}{dot}{part}"


def _full_width(value: str) -> str:
    return "".join(chr(ord(symbol) + 0xFEE0) if symbol.isdigit() else symbol for symbol in value)


def _blank_around(value: str) -> str:
    return f" {value}\u3000"


def _hard_blank(value: str) -> str:
    return f"{value}\u00a0"
