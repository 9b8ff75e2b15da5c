"""Numbers that Excel spoils: a rule for the code fields that nothing else guards, and for no other."""

from __future__ import annotations

import re

import pytest
from derive_case import PERSON, project

from yishu.contract.model import CodeValue, Dataset, Element, Field, Project, Reference, Rule, Type
from yishu.derive.spreadsheet import SPOILT, spoilable
from yishu.derive.suite import suite

TEXT = Type(kind="string", length=20)


def found(field: Field, where: Project | None = None, *rules: Rule) -> bool:
    dataset = PERSON.model_copy(update={"fields": (*PERSON.fields, field), "rules": rules})
    return field.name in [f.name for f in spoilable(dataset, where or project())]


def field(**given: object) -> Field:
    return Field.model_validate({"name": "f", "title": "甲", "type": TEXT, **given})


def rule(kind: str, severity: str = "error", **kwargs: object) -> Rule:
    return Rule.model_validate({"name": "r", "type": f"expect_column_{kind}", "kwargs": kwargs, "severity": severity})


NUMBERS = {
    "key": {"key_position": 2}, "unique": {"unique": True}, "reference that warns": {"reference": Reference(dataset="person", field="id_no")},
    "identity number": {"mask": "id"}, "account": {"mask": "account"}, "loose pattern": {"pattern": "^[^ ]+$"},
    "pattern that cannot be tried": {"pattern": r"^[\p{Lu}0-9.+]+$"}, "no length": {"key_position": 2, "type": Type(kind="string")},
}  # fmt: skip
GUARDS = {
    "check": {"check": "uscc"}, "code list": {"codelist": "kinds"}, "values": {"values": (CodeValue(value="1"),)}, "pattern": {"pattern": "^[0-9]{18}$"},
    "reference": {"reference": Reference(dataset="person", field="id_no", severity="error")}, "length": {"type": Type(kind="string", length=4)},
    "own pattern": {"rules": (rule("values_to_match_regex", regex="^[A-Z][0-9]{5}$"),)},
    "own values": {"rules": (rule("values_to_be_in_set", value_set=["1"]),)}, "own check": {"rules": (rule("values_to_be_uscc"),)},
}  # fmt: skip
NO_GUARDS = {
    "one that warns": rule("values_to_match_regex", "warn", regex="^[0-9]{5}$"),
    "one for some rows": rule("values_to_match_regex", regex="^[0-9]{5}$", row_condition="a = 1", condition_parser="spark"),
    "a loose one": rule("values_to_match_regex", regex="[0-9]"),
    "another kind": rule("values_to_not_be_null"),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_field_of_numbers_that_nothing_guards_gets_the_rule(kind: str) -> None:
    assert found(field(**NUMBERS[kind]))


@pytest.mark.parametrize("guard", GUARDS)
def test_a_field_that_something_guards_gets_none(guard: str) -> None:
    assert not found(field(**{"key_position": 2, **GUARDS[guard]}))


@pytest.mark.parametrize("rule_", NO_GUARDS.values(), ids=NO_GUARDS)
def test_a_rule_that_lets_a_spoilt_number_in_is_no_guard(rule_: Rule) -> None:
    assert found(field(key_position=2, rules=(rule_,)))


def test_a_rule_of_the_table_about_the_field_guards_it() -> None:
    guard = rule("values_to_match_regex", column="f", regex="^[0-9]{5}$")
    assert not found(field(key_position=2), project(), guard)
    assert found(field(key_position=2), project(), guard.model_copy(update={"kwargs": {**guard.kwargs, "column": "name"}}))


@pytest.mark.parametrize("kind", ["string", "integer"])
def test_names_free_text_and_numbers_get_none(kind: str) -> None:
    assert not found(field(type=Type(kind=kind))) and not found(field(mask="name"))  # type: ignore[arg-type]


def test_a_field_whose_element_is_another_dataset_s_key_gets_the_rule() -> None:
    keyed = Field(name="no", title="编号", type=TEXT, key_position=1, element="thing")
    plain = Field(name="label", title="名称", type=TEXT, element="label")
    things = PERSON.model_copy(update={"name": "things", "fields": (keyed, plain)})
    where = project()
    where = where.model_copy(update={
        "elements": {n: Element(name=n, title=n, source="things") for n in ("thing", "label")},
        "datasets": {**where.datasets, "things": things},
    })  # fmt: skip
    assert found(field(element="thing"), where)
    assert not found(field(element="label"), where)


@pytest.mark.parametrize("cell", ["9.1E+17", "1E+15", "6.22202E+18", "1.2e+6"])
def test_every_way_in_which_excel_writes_it_is_known(cell: str) -> None:
    assert re.search(SPOILT, cell)


def _told(dataset: Dataset) -> tuple[str, str, str]:
    meta = next(e for e in suite(dataset, project())["expectations"] if e["kwargs"].get("regex") == SPOILT)["meta"]["yishu"]
    return meta["message"], meta["expected"], meta["severity"]


def test_the_clerk_reads_what_happened_and_what_to_do() -> None:
    message, wanted, severity = _told(PERSON)
    assert message == "卡号：该编号被Excel改成了科学计数法，末几位已丢失"
    assert "“文本”格式" in wanted and severity == "error"
