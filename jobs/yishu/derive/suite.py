"""A dataset's contract → its Great Expectations suite, in GX's own file shape, as plain data.

The order of expectations is the order of bits in the one pass; names and ids depend on the contract alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NotRequired, TypedDict
from uuid import NAMESPACE_URL, uuid5

from pydantic import JsonValue

from yishu.contract.model import Check, Dataset, Field, Project, Rule, Severity
from yishu.derive import expected
from yishu.derive.spreadsheet import SPOILT, spoilable
from yishu.errors import ContractError, Place

_SUITES = uuid5(NAMESPACE_URL, "yishu/expectations")
_GX_SEVERITY: dict[Severity, str] = {"warn": "warning", "error": "critical", "critical": "critical"}
"""GX has no word between warning and critical; `meta.yishu.severity` keeps ours."""


class RuleMeta(TypedDict):
    """What Yishu needs to know of a rule, beside what GX knows."""

    rule: str
    severity: Severity
    dimension: str
    column: str
    message: str
    expected: str
    tolerance: float | None


class ExpectationMeta(TypedDict):
    yishu: RuleMeta


class ExpectationJson(TypedDict):
    type: str
    kwargs: dict[str, JsonValue]
    meta: ExpectationMeta
    id: str
    severity: str
    description: str


class SuiteJson(TypedDict):
    name: str
    id: str
    expectations: list[ExpectationJson]
    meta: dict[str, JsonValue]
    notes: NotRequired[None]


def suite(dataset: Dataset, project: Project) -> SuiteJson:
    """The suite that judges one staged delivery of a dataset.

    Args:
        dataset: the contract.
        project: where the titles of referenced datasets are looked up.

    Raises:
        ContractError: two rules of the dataset have the same name.
    """
    identity = uuid5(_SUITES, dataset.name)
    rules: dict[str, ExpectationJson] = {}
    for draft, column, wanted in _rules(dataset, project):
        if draft.name in rules:
            raise ContractError(
                f"two rules are named {draft.name}", code="rule-name", place=Place(dataset.file, draft.line),
                subject=dataset.name, remedy="give one of them another name",
            )  # fmt: skip
        rules[draft.name] = {
            "type": draft.type,
            "kwargs": draft.kwargs,
            "meta": {"yishu": _meta(draft, column, wanted)},
            "id": str(uuid5(identity, draft.name)),
            "severity": _GX_SEVERITY[draft.severity],
            "description": draft.message,
        }
    meta: dict[str, JsonValue] = {"yishu": {"dataset": dataset.name, "title": dataset.title, "version": dataset.version}}
    return {"name": dataset.name, "id": str(identity), "expectations": list(rules.values()), "meta": meta, "notes": None}


def _meta(draft: Rule, column: str, wanted: str) -> RuleMeta:
    return {
        "rule": draft.name, "severity": draft.severity, "dimension": draft.dimension, "column": column,
        "message": draft.message, "expected": wanted, "tolerance": draft.tolerance,
    }  # fmt: skip


Judged = tuple[Rule, str, str]
"""A rule, the contract's column that it is about ("": the row or the table), and what it expects in Chinese."""


def _rules(dataset: Dataset, project: Project) -> Iterator[Judged]:
    """All rules in bit order: kind after kind, within a kind field after field."""
    fields = dataset.fields
    yield _unparsable()
    yield from (_type(f) for f in fields if f.type.kind != "string")
    yield from (_required(f) for f in fields if f.required or f.key_position is not None)
    yield from (_length(f) for f in fields if f.type.kind == "string" and f.type.length is not None)
    yield from (_enum(f) for f in fields if f.values)
    for field in fields:
        yield from _standard(field, dataset)
    for field in fields:
        yield from _form(field)
    yield from (_spoilt(f) for f in spoilable(dataset, project))
    yield from (_unique(f) for f in fields if f.unique and dataset.key != (f.name,))
    for field in fields:
        yield from _reference(field, project)
    titles = {f.name: f.title for f in fields}
    yield from (written(rule, f.name, titles) for f in fields for rule in f.rules)
    yield from (written(rule, "", titles) for rule in dataset.rules)


def _unparsable() -> Judged:
    message = "这一行无法读取：列数、引号或编码有误"
    rule = Rule(name="unparsable", type="expect_column_values_to_be_null", kwargs={"column": "_raw"}, message=message)
    return rule, "", "每行的列数与表头一致，引号成对，文字编码与约定一致"


def _type(field: Field) -> Judged:
    kwargs: dict[str, JsonValue] = {"column_A": f"__raw_{field.name}", "column_B": field.name}
    noun = {"integer": "整数", "decimal": "数字", "date": "日期", "timestamp": "日期时间", "boolean": "是或否"}
    message = f"{field.title}不能识别为{noun[field.type.kind]}"
    rule = Rule(name=f"type:{field.name}", type="expect_column_pair_to_be_cast", kwargs=kwargs, message=message)
    return rule, field.name, expected.cast(field)


def _required(field: Field) -> Judged:
    rule = Rule(
        name=f"required:{field.name}", type="expect_column_values_to_not_be_null", kwargs={"column": field.name},
        dimension="completeness", message=f"{field.title}为空",
    )  # fmt: skip
    return rule, field.name, "主键不能为空" if field.key_position is not None else "不能为空"


def _length(field: Field) -> Judged:
    kwargs: dict[str, JsonValue] = {"column": field.name, "max_value": field.type.length}
    kind = "expect_column_value_lengths_to_be_between"
    rule = Rule(name=f"length:{field.name}", type=kind, kwargs=kwargs, message=f"{field.title}过长")
    return rule, field.name, expected.length(field)


def _enum(field: Field) -> Judged:
    kwargs: dict[str, JsonValue] = {"column": field.name, "value_set": [v.value for v in field.values]}
    message = f"{field.title}不是允许的取值"
    rule = Rule(name=f"enum:{field.name}", type="expect_column_values_to_be_in_set", kwargs=kwargs, message=message)
    return rule, field.name, expected.allowed(field)


_CODELISTS: dict[Check, str] = {"division": "divisions", "industry": "industries"}


def standard_rule(field: Field) -> str:
    """The name of the rule that holds the field to its standard; "" where it has none."""
    if field.check == "none":
        return f"codelist:{field.name}" if field.codelist else ""
    return f"{'codelist' if field.check == 'codelist' else 'standard'}:{field.name}"


def _standard(field: Field, dataset: Dataset) -> Iterator[Judged]:
    name = standard_rule(field)
    if not name:
        return
    codelist = field.codelist or _CODELISTS.get(field.check, "")
    kwargs: dict[str, JsonValue] = {"column": field.name}
    kind = f"expect_column_values_to_be_{field.check}"
    if field.check in ("division", "codelist", "none"):
        kind, kwargs = "expect_column_values_to_be_in_codelist", {**kwargs, "codelist": codelist}
    if field.check == "industry":
        kwargs |= {"codelist": codelist, "edition": field.edition}
    message, wanted = expected.standard(field)
    yield Rule(name=name, type=kind, kwargs=kwargs, message=message), field.name, wanted
    if field.as_of is not None:
        yield _dated(field, codelist, dataset.field(field.as_of).title)


def _dated(field: Field, codelist: str, date_title: str) -> Judged:
    kwargs: dict[str, JsonValue] = {"column_A": field.name, "column_B": field.as_of, "codelist": codelist}
    rule = Rule(
        name=f"asof:{field.name}", type="expect_column_pair_to_be_valid_on_date", kwargs=kwargs, severity="warn",
        dimension="consistency", message=f"{field.title}在{date_title}当日不是有效代码",
    )  # fmt: skip
    return rule, field.name, expected.as_of(field, date_title)


def _form(field: Field) -> Iterator[Judged]:
    if field.pattern is not None:
        kwargs: dict[str, JsonValue] = {"column": field.name, "regex": field.pattern}
        kind, message = "expect_column_values_to_match_regex", f"{field.title}格式不符"
        yield (
            Rule(name=f"pattern:{field.name}", type=kind, kwargs=kwargs, message=message),
            field.name,
            f"应符合格式{field.pattern}",
        )
    low, high = _whole(field.minimum), _whole(field.maximum)
    if low is None and high is None:
        return
    ends = {"min_value": low, "max_value": high}
    kwargs = {"column": field.name, **{k: v for k, v in ends.items() if v is not None}}
    rule = Rule(
        name=f"range:{field.name}", type="expect_column_values_to_be_between", kwargs=kwargs, dimension="accuracy",
        message=f"{field.title}超出范围",
    )  # fmt: skip
    yield rule, field.name, expected.bounds(low, high)


def _whole(value: float | None) -> float | int | None:
    """0.0 → 0: a whole bound is compared and shown without a fraction."""
    return int(value) if value is not None and value == int(value) else value


def _spoilt(field: Field) -> Judged:
    message, wanted = expected.spoilt(field)
    rule = Rule(
        name=f"spreadsheet:{field.name}", type="expect_column_values_to_not_match_regex",
        kwargs={"column": field.name, "regex": SPOILT}, message=message,
    )  # fmt: skip
    return rule, field.name, wanted


def _unique(field: Field) -> Judged:
    rule = Rule(
        name=f"unique:{field.name}", type="expect_column_values_to_be_unique", kwargs={"column": field.name},
        dimension="uniqueness", message=f"{field.title}重复",
    )  # fmt: skip
    return rule, field.name, "不能重复"


def _reference(field: Field, project: Project) -> Iterator[Judged]:
    ref = field.reference
    if ref is None:
        return
    kwargs: dict[str, JsonValue] = {"column": f"__ref_{field.name}", "value_set": [True]}
    wanted = expected.reference(ref, project.datasets.get(ref.dataset))
    rule = Rule(
        name=f"reference:{field.name}", type="expect_column_values_to_be_in_set", kwargs=kwargs, severity=ref.severity,
        dimension="consistency", message=f"{field.title}{wanted.replace('应能在', '在').replace('中查到', '中查不到')}", line=ref.line,
    )  # fmt: skip
    yield rule, field.name, wanted


def written(rule: Rule, field: str, titles: Mapping[str, str]) -> Judged:
    """A rule as its author gave it, with its words filled in; a field's rule need not repeat the field.

    Args:
        rule: the rule of a field, a dataset or a mart.
        field: the field at which it stands; "" for the table's own.
        titles: the Chinese title of each field, by name.
    """
    kwargs = dict(rule.kwargs)
    slot = _slot(rule.type)
    if field and slot:
        kwargs.setdefault(slot, field)
    filled = rule.model_copy(update={"kwargs": kwargs})
    message, wanted = expected.rule(filled, titles)
    column = field or kwargs.get("column") or kwargs.get("column_A") or ""
    return filled.model_copy(update={"message": message}), str(column), wanted


def _slot(kind: str) -> str:
    """Which argument of an expectation names its column; "" for rules on several columns or the table."""
    if kind.startswith("expect_column_pair_"):
        return "column_A"
    return "column" if kind.startswith("expect_column_") else ""
