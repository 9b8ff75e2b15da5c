"""A contract → its suite: which rules, in which order, with which words."""

from __future__ import annotations

from uuid import UUID

import pytest
from derive_case import PENSION, PERSON, project

from yishu.contract.model import Dataset, Field, Rule, Type
from yishu.derive.expected import rule as words
from yishu.derive.suite import ExpectationJson, suite
from yishu.errors import ContractError


def _rules(dataset: Dataset) -> dict[str, ExpectationJson]:
    return {e["meta"]["yishu"]["rule"]: e for e in suite(dataset, project())["expectations"]}


def _with(**changes: object) -> Dataset:
    return PERSON.model_copy(update=changes)


def test_rules_stand_kind_after_kind_and_within_a_kind_field_after_field() -> None:
    assert list(_rules(PERSON)) == [
        "unparsable",
        "type:birth_date", "type:height", "type:update_time",
        "required:id_no", "required:name", "required:update_time",
        "length:id_no", "length:name", "length:division_code", "length:sex", "length:phone",
        "enum:sex",
        "standard:id_no", "standard:division_code", "asof:division_code",
        "pattern:phone", "range:height",
        "spreadsheet:card_no",
        "unique:card_no",
    ]  # fmt: skip
    assert list(_rules(PENSION))[-8:] == [
        "standard:id_no", "standard:period", "codelist:kind", "range:months", "reference:id_no",
        "period_is_month", "has_rows", "one_per_kind",
    ]  # fmt: skip


def test_kwargs_name_the_staged_frame_s_columns() -> None:
    rules = _rules(PERSON) | _rules(PENSION)
    kwargs = {name: rule["kwargs"] for name, rule in rules.items()}
    assert kwargs["unparsable"] == {"column": "_raw"}
    assert kwargs["type:height"] == {"column_A": "__raw_height", "column_B": "height"}
    assert kwargs["length:sex"] == {"column": "sex", "max_value": 1}
    assert kwargs["enum:sex"] == {"column": "sex", "value_set": ["1", "2"]}
    assert kwargs["standard:division_code"] == {"column": "division_code", "codelist": "divisions"}
    assert kwargs["asof:division_code"] == {"column_A": "division_code", "column_B": "birth_date", "codelist": "divisions"}
    assert kwargs["codelist:kind"] == {"column": "kind", "codelist": "insurance"}
    assert kwargs["range:height"] == {"column": "height", "min_value": 0, "max_value": 250.5}
    assert kwargs["range:months"] == {"column": "months", "min_value": 1}
    assert kwargs["reference:id_no"] == {"column": "__ref_id_no", "value_set": [True]}


def test_each_check_has_its_own_expectation() -> None:
    checks = {
        "uscc": "uscc",
        "citizen_id": "citizen_id",
        "licence_id": "licence_id",
        "period": "period",
        "industry": "industry",
    }
    checks |= {"division": "in_codelist", "codelist": "in_codelist"}
    for check, ending in checks.items():
        field = Field(name="f", title="甲", type=Type(kind="string"), check=check, codelist="l", edition="2017")  # type: ignore[arg-type]
        found = suite(_with(fields=(*PERSON.fields, field)), project())["expectations"]
        types = [e["type"] for e in found if e["meta"]["yishu"]["rule"] in ("standard:f", "codelist:f")]
        assert types == [f"expect_column_values_to_be_{ending}"]


def test_an_industry_code_is_judged_by_its_edition() -> None:
    field = Field(name="f", title="行业", type=Type(kind="string"), check="industry", edition="2011")
    assert _rules(_with(fields=(*PERSON.fields, field)))["standard:f"]["kwargs"] == {
        "column": "f", "codelist": "industries", "edition": "2011",
    }  # fmt: skip


def test_severity_and_tolerance_are_the_contract_s() -> None:
    rules = _rules(PERSON) | _rules(PENSION)
    severities = {name: (rule["meta"]["yishu"]["severity"], rule["severity"]) for name, rule in rules.items()}
    assert severities["required:name"] == ("error", "critical")
    assert severities["asof:division_code"] == ("warn", "warning")
    assert severities["reference:id_no"] == ("error", "critical")
    assert severities["period_is_month"] == ("warn", "warning")
    assert severities["has_rows"] == ("critical", "critical")
    assert rules["period_is_month"]["meta"]["yishu"]["tolerance"] == 0.2


def test_a_field_s_own_rule_need_not_repeat_the_field_and_a_table_rule_gets_none() -> None:
    rules = _rules(PENSION)
    assert rules["period_is_month"]["kwargs"] == {"regex": "^[0-9]{4}-[0-9]{2}$", "column": "period"}
    assert rules["has_rows"]["kwargs"] == {"min_value": 1}
    assert [rules[n]["meta"]["yishu"]["column"] for n in ("period_is_month", "has_rows", "one_per_kind")] == ["period", "", ""]
    pair = Rule(name="later", type="expect_column_pair_values_a_to_be_greater_than_b", kwargs={"column_B": "birth_date"})
    field = PERSON.field("update_time").model_copy(update={"rules": (pair,)})
    later = _rules(_with(fields=(*PERSON.fields[:-1], field)))["later"]
    assert later["kwargs"] == {"column_B": "birth_date", "column_A": "update_time"}
    assert later["meta"]["yishu"]["expected"] == "更新时间应大于出生日期"


def test_every_rule_speaks_chinese_to_the_clerk() -> None:
    for dataset in (PERSON, PENSION):
        for rule in _rules(dataset).values():
            meta = rule["meta"]["yishu"]
            assert any("一" <= c <= "龥" for c in meta["message"]), meta
            assert any("一" <= c <= "龥" for c in meta["expected"]), meta
            assert rule["description"] == meta["message"]


def test_the_words_say_what_is_wrong_and_what_was_expected() -> None:
    rules = _rules(PERSON) | _rules(PENSION)
    said = {name: (r["meta"]["yishu"]["message"], r["meta"]["yishu"]["expected"]) for name, r in rules.items()}
    assert said["type:height"] == ("身高不能识别为数字", "应为数字，整数不超过3位、小数不超过2位，不带单位和文字")
    assert said["enum:sex"] == ("性别不是允许的取值", "应为下列之一：1男、2女")
    assert said["standard:id_no"][1] == "公民身份号码应为18位，出生日期真实且校验码正确（GB 11643-1999）"
    assert "2024.1" in said["standard:period"][1]
    assert said["asof:division_code"][0] == "户籍地在出生日期当日不是有效代码"
    assert said["range:height"][1] == "取值应在0至250.5之间"
    assert said["range:months"][1] == "取值不小于1"
    assert said["reference:id_no"] == ("身份证号在《人口信息》的身份证号中查不到", "应能在《人口信息》的身份证号中查到")
    assert said["has_rows"] == ("交付不能没有数据行", "行数不小于1")
    assert said["one_per_kind"][1] == "身份证号、险种合起来不能重复"


def test_a_rule_of_an_unknown_type_is_named_with_its_type() -> None:
    message, wanted = words(Rule(name="mine", type="expect_column_values_to_be_mine", kwargs={"column": "a"}), {"a": "甲"})
    assert (message, wanted) == (f"甲不符合要求：{wanted}", "应符合规则mine（expect_column_values_to_be_mine）")


def test_a_value_that_happens_to_be_a_field_s_name_is_not_translated() -> None:
    rule = Rule(name="r", type="expect_column_values_to_match_regex", kwargs={"column": "a", "regex": "b"})
    assert words(rule, {"a": "甲", "b": "乙"})[1] == "应符合格式b"


def test_a_long_list_of_values_is_cut() -> None:
    rule = Rule(name="r", type="expect_column_values_to_be_in_set", kwargs={"value_set": [str(i) for i in range(50)]})
    assert words(rule, {})[1].endswith("10、11……共50个")


def test_ids_depend_on_the_names_alone_and_never_repeat() -> None:
    one, two = suite(PERSON, project()), suite(PERSON, project(backwards=True))
    assert one == two
    ids = [e["id"] for d in (PERSON, PENSION) for e in suite(d, project())["expectations"]]
    assert len(set(ids)) == len(ids) and all(UUID(i).version == 5 for i in ids)
    changed = suite(_with(title="另一个标题"), project())
    assert [e["id"] for e in changed["expectations"]] == [e["id"] for e in one["expectations"]]


def test_a_single_key_field_is_not_also_unique_but_a_part_of_a_key_can_be() -> None:
    key = PERSON.field("id_no").model_copy(update={"unique": True})
    assert "unique:id_no" not in _rules(_with(fields=(key, *PERSON.fields[1:])))
    second = PERSON.field("name").model_copy(update={"unique": True, "key_position": 2})
    assert "unique:name" in _rules(_with(fields=(key, second, *PERSON.fields[2:])))


def test_two_rules_of_one_name_are_refused() -> None:
    rule = Rule(name="same", type="expect_table_row_count_to_be_between", kwargs={"min_value": 1}, line=7)
    with pytest.raises(ContractError, match="two rules are named same") as caught:
        suite(_with(rules=(rule, rule)), project())
    assert caught.value.place is not None and caught.value.place.line == 7


def test_a_reference_to_a_broken_contract_still_gives_a_suite() -> None:
    alone = project().model_copy(update={"datasets": {"pension": PENSION}})
    found = {e["meta"]["yishu"]["rule"]: e["meta"]["yishu"] for e in suite(PENSION, alone)["expectations"]}
    assert found["reference:id_no"]["expected"] == "应能在person.id_no中查到"
