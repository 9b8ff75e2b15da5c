"""`quality` of a contract → rules: Great Expectations types with their kwargs.

Understood: `type: custom` with `engine: greatExpectations`, and the library metrics that one expectation says exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from open_data_contract_standard.model import DataQuality
from pydantic import JsonValue

from yishu.contract.model import Rule, Severity
from yishu.contract.reading import Reading
from yishu.contract.regex import ARGUMENTS, try_pattern
from yishu.contract.yaml_lines import Step
from yishu.contract.yishu_keys import RuleKeys, yishu_keys

SEVERITIES: dict[str, Severity] = {
    "info": "warn", "warning": "warn", "warn": "warn", "error": "error", "critical": "critical",
}  # fmt: skip
SUPPORTED = (
    "custom with engine greatExpectations; library with nullValues or missingValues (mustBe: 0), duplicateValues (mustBe: 0), "
    "invalidValues (mustBe: 0, arguments validValues or pattern), rowCount (mustBe…)"
)
Expectation = tuple[str, dict[str, JsonValue]]


def read_rules(given: Sequence[DataQuality] | None, column: str | None, reading: Reading, *at: Step) -> tuple[Rule, ...]:
    """The rules of a field (`column`) or of a whole table (None); those with an error are left out and noted."""
    rules = [_read_rule(entry, column, reading, *at, "quality", i) for i, entry in enumerate(given or ())]
    return tuple(rule for rule in rules if rule is not None)


def _read_rule(given: DataQuality, column: str | None, reading: Reading, *at: Step) -> Rule | None:
    if given.type == "text":
        return None  # a sentence for people; the standard gives it nothing to run
    expectation = _custom(given, column, reading, *at) if given.type == "custom" else _library(given, column, reading, *at)
    severity = SEVERITIES.get(given.severity or "error")
    if severity is None:
        reading.wrong(
            f"severity {given.severity!r}", *at, "severity", code="severity", expected=f"one of {', '.join(SEVERITIES)}",
            remedy="choose one of these",
        )  # fmt: skip
    if not given.name:
        reading.wrong("a quality rule has no name", *at, code="rule-name", remedy="add `name:`, unique in this contract")
    keys = yishu_keys(RuleKeys, given.customProperties, reading, *at)
    if expectation is None or severity is None or keys is None or not given.name:
        return None
    return Rule(
        name=given.name, type=expectation[0], kwargs=expectation[1], severity=severity, message=given.description or "",
        dimension=given.dimension or "conformity", tolerance=keys.tolerance, line=reading.document.line(*at),
    )  # fmt: skip


def _custom(given: DataQuality, column: str | None, reading: Reading, *at: Step) -> Expectation | None:
    if given.engine != "greatExpectations":
        _unsupported(f"quality engine {given.engine!r}", reading, *at, "engine")
        return None
    body = given.implementation
    if not isinstance(body, dict) or not isinstance(body.get("type"), str) or not isinstance(body.get("kwargs", {}), dict):
        reading.wrong(
            "a rule's implementation is not understood", *at, "implementation", code="rule",
            expected="{type: expect_…, kwargs: {…}}", remedy="write it so",
        )  # fmt: skip
        return None
    for key in body.keys() - {"type", "kwargs"}:
        reading.unknown_key(str(key), ("type", "kwargs"), *at, "implementation", str(key))
    kind, kwargs = str(body["type"]), dict(body.get("kwargs", {}))
    if not re.fullmatch(r"expect_[a-z0-9_]+", kind):
        reading.wrong(
            f"{kind!r} is no expectation's type", *at, "implementation", "type", code="rule",
            expected="the snake-case name, such as expect_column_values_to_be_between", remedy="write it so",
        )  # fmt: skip
        return None
    for name in ARGUMENTS:
        if name in kwargs:
            try_pattern(kwargs[name], reading, *at, "implementation", "kwargs", name)
    return kind, _on_column(kind, kwargs, column, reading, *at, "implementation")


def _on_column(
    kind: str, kwargs: dict[str, JsonValue], column: str | None, reading: Reading, *at: Step
) -> dict[str, JsonValue]:
    """A rule that stands at a field is about that field, so its column need not be written."""
    of_one = kind.startswith("expect_column_") and not kind.startswith("expect_column_pair_")
    if column is None or not of_one:
        return kwargs
    if kwargs.setdefault("column", column) != column:
        reading.wrong(
            f"the rule stands at field {column!r} but is about column {kwargs['column']!r}", *at, "kwargs", "column",
            code="rule", remedy="remove `column`, or move the rule to that field",
        )  # fmt: skip
    return {"column": kwargs.pop("column"), **kwargs}


def _library(given: DataQuality, column: str | None, reading: Reading, *at: Step) -> Expectation | None:
    made = _row_count(given) if given.metric == "rowCount" and column is None else _no_bad_values(given, column)
    if made is None:
        _unsupported(f"quality type {given.type or 'library'!r} with metric {given.metric!r} as written", reading, *at)
    elif "regex" in made[1]:
        try_pattern(made[1]["regex"], reading, *at, "arguments", "pattern")
    return made


def _unsupported(what: str, reading: Reading, *at: Step) -> None:
    reading.wrong(f"{what} cannot be run", *at, code="rule", expected=SUPPORTED, remedy="write it as a Great Expectations type")


def _row_count(given: DataQuality) -> Expectation | None:
    if given.unit not in (None, "rows"):
        return None
    low: JsonValue = None
    high: JsonValue = None
    if isinstance(given.mustBe, int):
        low = high = given.mustBe
    elif given.mustBeBetween is not None:
        low, high = given.mustBeBetween
    elif given.mustBeGreaterOrEqualTo is not None:
        low = given.mustBeGreaterOrEqualTo
    elif given.mustBeGreaterThan is not None:
        low = math.floor(given.mustBeGreaterThan) + 1
    elif given.mustBeLessOrEqualTo is not None:
        high = given.mustBeLessOrEqualTo
    elif given.mustBeLessThan is not None:
        high = math.ceil(given.mustBeLessThan) - 1
    kwargs: dict[str, JsonValue] = {k: v for k, v in (("min_value", low), ("max_value", high)) if v is not None}
    return ("expect_table_row_count_to_be_between", kwargs) if kwargs else None


def _no_bad_values(given: DataQuality, column: str | None) -> Expectation | None:
    """Metrics that count bad values, where none may be bad; other bounds have no expectation that says the same."""
    if given.mustBe != 0 or isinstance(given.mustBe, bool):
        return None
    arguments = given.arguments or {}
    if given.metric == "duplicateValues" and column is None:
        columns = arguments.get("properties")
        return ("expect_compound_columns_to_be_unique", {"column_list": columns}) if isinstance(columns, list) else None
    if column is None:
        return None
    about: dict[str, JsonValue] = {"column": column}
    if given.metric == "nullValues" or (given.metric == "missingValues" and not arguments):
        return "expect_column_values_to_not_be_null", about
    if given.metric == "duplicateValues":
        return "expect_column_values_to_be_unique", about
    if given.metric == "invalidValues" and set(arguments) == {"validValues"}:
        return "expect_column_values_to_be_in_set", about | {"value_set": arguments["validValues"]}
    if given.metric == "invalidValues" and set(arguments) == {"pattern"}:
        return "expect_column_values_to_match_regex", about | {"regex": arguments["pattern"]}
    return None
