"""A dataset → 填报说明: what stands in each column of its file, with an example, in the words that receipts use.

Pure: examples out of code lists are given in, for the lists are files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from yishu.contract.model import Check, Dataset, Field, Kind, Mask, Rule
from yishu.contract.period import Period, period_of
from yishu.derive import expected
from yishu.derive.duties import FORMS


@dataclass(frozen=True)
class Column:
    """One column as a clerk fills it in; `example` is empty where nothing but the office itself can give one."""

    title: str
    name: str
    required: bool
    wording: str
    example: str


def columns(dataset: Dataset, period: Period, codes: Mapping[str, str]) -> tuple[Column, ...]:
    """The dataset's columns in the contract's order.

    Args:
        dataset: the contract; its own `examples` come first.
        period: what examples of days and periods are taken from.
        codes: an example by field name, for fields with a code list.
    """
    return tuple(
        Column(
            f.title,
            f.name,
            f.required or f.key_position is not None,
            "；".join(_wording(f)),
            _example(f, dataset, period, codes),
        )
        for f in dataset.fields
    )


def _wording(field: Field) -> Iterator[str]:
    yield _form(field)
    # what is said of a cell that does not match says how one is written; other rules' messages name the fault
    yield from (r.message for r in field.rules if r.type.endswith("_to_match_regex") and r.message and not _of_some_rows(r))
    low, high = _limits(field)
    if low is not None or high is not None:
        yield expected.bounds(_shown(low), _shown(high))
    if field.unique:
        yield "不能重复"
    if field.description:
        yield field.description


def _form(field: Field) -> str:
    if field.values:
        return "、".join(f"{v.value}（{v.label}）" if v.label not in ("", v.value) else v.value for v in field.values)
    if field.check in _SHORT or field.type.kind in _SHORT:
        return _SHORT.get(field.check) or _SHORT[field.type.kind]
    if field.check != "none" or field.codelist:
        return expected.standard(field)[1]
    if field.type.kind != "string":
        return expected.cast(field).removeprefix("应为")
    return expected.length(field) if field.type.length else "文本"


_SHORT: dict[Check | Kind, str] = {
    "period": "期别，写法如示例", "date": "日期，也可写作20240131、2024/1/31", "timestamp": "日期和时间，按北京时间", "boolean": "是或否",
}  # fmt: skip
"""Shorter than on a receipt: a page names them many times, each beside its example."""


def _limits(field: Field) -> tuple[float | None, float | None]:
    """The narrowest range that the field and its own rules leave."""
    ranges = [(field.minimum, field.maximum)]
    for rule in field.rules:
        if rule.type == "expect_column_values_to_be_between" and rule.severity != "warn" and not _of_some_rows(rule):
            ranges.append((_number(rule.kwargs.get("min_value")), _number(rule.kwargs.get("max_value"))))
    lows, highs = ([side for side in sides if side is not None] for sides in zip(*ranges, strict=True))
    return max(lows, default=None), min(highs, default=None)


def _of_some_rows(rule: Rule) -> bool:
    return "row_condition" in rule.kwargs


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _shown(limit: float | None) -> str | None:
    return None if limit is None else str(int(limit)) if limit.is_integer() else str(limit)


def _example(field: Field, dataset: Dataset, period: Period, codes: Mapping[str, str]) -> str:
    if field.examples:
        return field.examples[0]
    if field.values:
        return field.values[0].value
    if field.name in codes:
        return codes[field.name]
    if field.check == "period":
        return _period(field, dataset, period)
    if field.type.kind in ("integer", "decimal"):
        return _quantity(field)
    return _OF_CHECKS.get(field.check) or _moment(field, period.end) or _OF_MASKS.get(field.mask, "")


def _period(field: Field, dataset: Dataset, period: Period) -> str:
    """As the dataset's cycle has it, without its hyphen where the column is too short for one: `202406`."""
    text = period_of(FORMS.get(dataset.cycle, period.form), period.end).text
    return text if len(text) <= (field.type.length or len(text)) else text.replace("-", "")


def _moment(field: Field, day: dt.date) -> str:
    known: dict[Kind, str] = {"date": day.isoformat(), "timestamp": f"{day.isoformat()} 08:30:00", "boolean": "是"}
    return known.get(field.type.kind, "")


def _quantity(field: Field) -> str:
    low, high = _limits(field)
    value = max(12.0, low if low is not None else 12.0)
    value = min(value, high if high is not None else value)
    return f"{value:.{min(field.type.scale or 0, 2)}f}"


_OF_CHECKS: dict[Check, str] = {
    "uscc": "91350100M000100Y43", "citizen_id": "11010519491231002X", "division": "130102",
    "licence_id": "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
}  # fmt: skip
"""Public specimens with right check characters; those of GB 32100 and GB 11643 are the standards' own."""
_OF_MASKS: dict[Mask | None, str] = {"name": "张三", "phone": "0311-12345678", "address": "长安区示例路1号"}
