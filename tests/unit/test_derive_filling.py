"""What a clerk is told of each column: in the receipts' words, with an example that the column would take."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from yishu.contract.load import load_project
from yishu.contract.model import CodeValue, Dataset, Field, Rule, Type
from yishu.contract.period import parse_period
from yishu.derive.duties import due_day
from yishu.derive.filling import Column, columns
from yishu.quality.codelists import read_codes

PROJECT = load_project(Path(__file__).parents[2])
JUNE = parse_period("2024-06")
TEXT = Type(kind="string", length=20)
assert JUNE is not None


def told(field: Field, dataset: Dataset = PROJECT.datasets["mining_right"], **codes: str) -> Column:
    assert JUNE is not None
    [column] = columns(dataset.model_copy(update={"fields": (field,)}), JUNE, codes)
    return column


def between(low: float | None, high: float | None, **more: object) -> Rule:
    kwargs = {"min_value": low, "max_value": high, **more}
    return Rule(name="r", type="expect_column_values_to_be_between", kwargs=kwargs)  # type: ignore[arg-type]


@pytest.mark.parametrize("dataset", PROJECT.datasets.values(), ids=PROJECT.datasets.keys())
def test_an_example_fits_its_column(dataset: Dataset) -> None:
    assert JUNE is not None
    found = columns(dataset, JUNE, {f.name: read_codes(PROJECT.codelists[f.codelist])[0].code for f in dataset.fields if f.codelist})
    assert [c.title for c in found] == [f.title for f in dataset.fields]
    for field, column in zip(dataset.fields, found, strict=True):
        assert column.wording and column.required == (field.required or field.name in dataset.key)
        assert len(column.example) <= (field.type.length or 200)
        assert bool(column.example) or (field.type.kind == "string" and field.check == "none" and not field.values)
        if field.check == "period":
            text = column.example if "Q" in column.example or "-" in column.example else f"{column.example[:4]}-{column.example[4:]}".rstrip("-")
            assert parse_period(text) is not None


@pytest.mark.parametrize(
    ("field", "wording", "example"),
    [
        (Field(name="a", title="甲", type=TEXT), "长度不超过20个字", ""),
        (Field(name="a", title="甲", type=TEXT, examples=("X1", "X2")), "长度不超过20个字", "X1"),
        (Field(name="a", title="甲", type=TEXT, unique=True, description="按登记簿"), "长度不超过20个字；不能重复；按登记簿", ""),
        (Field(name="a", title="甲", type=TEXT, values=(CodeValue(value="1", label="2度以下"), CodeValue(value="大型", label="大型"))),
         "1（2度以下）、大型", "1"),
        (Field(name="a", title="甲", type=Type(kind="integer"), minimum=1, maximum=5), "整数，不带小数、单位和文字；取值应在1至5之间", "5"),
        (Field(name="a", title="甲", type=Type(kind="decimal", precision=9, scale=6), rules=(between(113.4, 119.9),)),
         "数字，整数不超过3位、小数不超过6位，不带单位和文字；取值应在113.4至119.9之间", "113.40"),
        (Field(name="a", title="甲", type=Type(kind="date")), "日期，也可写作20240131、2024/1/31", "2024-06-30"),
        (Field(name="a", title="甲", type=TEXT, mask="name"), "长度不超过20个字", "张三"),
        (Field(name="a", title="甲", type=TEXT, check="period"), "期别，写法如示例", "2024-06"),
    ],
)  # fmt: skip
def test_words_and_examples(field: Field, wording: str, example: str) -> None:
    column = told(field)
    assert (column.wording, column.example) == (wording, example)


def test_a_range_for_some_rows_or_one_that_only_warns_is_not_told() -> None:
    rules = (between(50, 60, row_condition="a = 1"), between(50, 60).model_copy(update={"severity": "warn"}))
    assert told(Field(name="a", title="甲", type=Type(kind="integer"), rules=rules)).example == "12"


def test_a_rule_about_the_form_is_told_and_one_that_names_a_fault_is_not() -> None:
    right = Rule(name="r", type="expect_column_values_to_match_regex", kwargs={"regex": "^[0-9]{4}$"}, message="应为4位数字", severity="warn")
    wrong = Rule(name="w", type="expect_column_values_to_not_match_regex", kwargs={"regex": "^无$"}, message="是占位文字")
    assert told(Field(name="a", title="甲", type=TEXT, rules=(right, wrong))).wording == "长度不超过20个字；应为4位数字"


def test_a_code_is_shown_as_the_list_has_it() -> None:
    field = Field(name="sex", title="性别", type=Type(kind="string", length=1), codelist="sex", standard="GB/T 2261.1-2003")
    assert told(field, sex="1").example == "1" and "GB/T 2261.1-2003" in told(field).wording


def test_the_day_on_which_a_period_is_due() -> None:
    day = parse_period("2024-06-28")
    assert JUNE is not None and day is not None
    assert due_day(PROJECT.datasets["mining_right"], JUNE) == dt.date(2024, 7, 12)
    assert due_day(PROJECT.datasets["market_entity"], day) == dt.date(2024, 7, 1), "Friday's is due on Monday"
    assert due_day(PROJECT.datasets["licence"], JUNE) is None
