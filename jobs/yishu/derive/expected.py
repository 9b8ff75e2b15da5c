"""A rule → the two Chinese sentences that its receipt shows: what is wrong, and what was expected.

Texts for the rules that follow from a contract, then for Great Expectations types that people write themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue

from yishu.contract.model import Check, Dataset, Field, Reference, Rule

Kwargs = Mapping[str, JsonValue]
_SHOWN = 12
"""So many allowed values are spelled out; a longer list is cut, for a receipt's cell has to stay readable."""


def cast(field: Field) -> str:
    """How a value of the field's type is written."""
    kind = field.type
    if kind.kind == "decimal":
        scale = f"、小数不超过{kind.scale}位" if kind.scale else ""
        whole = f"，整数不超过{kind.precision - (kind.scale or 0)}位{scale}" if kind.precision else ""
        return f"应为数字{whole}，不带单位和文字"
    return {
        "string": "应为文本",
        "integer": "应为整数，不带小数、单位和文字",
        "date": "应为真实存在的日期，写作2024-01-31、20240131、2024/1/31或2024年1月31日；2024.1这样的写法不能确定是哪一天",
        "timestamp": "应为日期和时间，写作2024-01-31 08:30:00，按北京时间",
        "boolean": "应为是/否、1/0、true/false或Y/N",
    }[kind.kind]


def length(field: Field) -> str:
    return f"长度不超过{field.type.length}个字"


def allowed(field: Field) -> str:
    """The field's allowed values with their labels."""
    return "应为下列之一：" + _cut([v.value + v.label if v.label else v.value for v in field.values])


def standard(field: Field) -> tuple[str, str]:
    """What the field's standard check says: (what is wrong, what was expected)."""
    wrong, expected = _CHECKS[field.check if field.check != "none" else "codelist"]
    fallback = field.codelist or ""
    name = field.standard or fallback
    edition = f"{field.edition}版" if field.edition and field.edition not in name else ""
    return f"{field.title}{wrong}", expected.replace("@", name + edition)


_CHECKS: dict[Check, tuple[str, str]] = {
    "uscc": ("不是有效的统一社会信用代码", "统一社会信用代码应为18位且校验码正确（GB 32100-2015）"),
    "citizen_id": ("不是有效的公民身份号码", "公民身份号码应为18位，出生日期真实且校验码正确（GB 11643-1999）"),
    "licence_id": ("不是有效的电子证照标识", "电子证照标识应为1.2.156.3005.2开头的各段且校验位正确（GB/T 36904-2018）"),
    "period": (
        "不是有效的期别",
        "期别应写作2024、2024H1、2024Q1、2024-01（或202401）、2024-W05或2024-01-31；2024.1这样的小数不会被当作月份",
    ),
    "division": ("不是有效的行政区划代码", "行政区划代码应为6位并在代码表中，含已撤销的历史代码（@）"),
    "industry": ("不是有效的行业代码", "行业代码应在国民经济行业分类中，写作门类字母加数字（@）"),
    "codelist": ("不在代码表中", "代码应在代码表中（@）"),
}


def spoilt(field: Field) -> tuple[str, str]:
    """What a number says that Excel has spoilt: (what is wrong, what was expected)."""
    wrong = f"{field.title}：该编号被Excel改成了科学计数法，末几位已丢失"
    return wrong, "应为完整的编号；请先把该列设为“文本”格式，再从系统重新导出或重新录入，事后改单元格格式找不回丢失的数字"


def as_of(field: Field, date_title: str) -> str:
    return f"代码在{date_title}当日应当有效（{field.standard or field.codelist or '代码表'}）"


def reference(ref: Reference, dataset: Dataset | None) -> str:
    """Where a referring value should have been found."""
    if dataset is None:
        return f"应能在{ref.dataset}.{ref.field}中查到"
    titles = {f.name: f.title for f in dataset.fields}
    return f"应能在《{dataset.title}》的{titles.get(ref.field, ref.field)}中查到"


def bounds(low: JsonValue, high: JsonValue, noun: str = "取值") -> str:
    """A closed range in words; an open side is left out."""
    if low is not None and high is not None:
        return f"{noun}应为{low}" if low == high else f"{noun}应在{low}至{high}之间"
    if low is not None:
        return f"{noun}不小于{low}"
    return f"{noun}不大于{high}" if high is not None else f"{noun}不限"


def rule(user: Rule, titles: Mapping[str, str]) -> tuple[str, str]:
    """What a rule that stands in a contract says: (what is wrong, what was expected).

    Args:
        user: the rule; its own message comes first where it has one.
        titles: the Chinese title of each field, by name.
    """
    named = {key: _titled(value, titles) if key in _COLUMNS else value for key, value in user.kwargs.items()}
    known = _TYPES.get(user.type)
    expected = known(named) if known else f"应符合规则{user.name}（{user.type}）"
    subject = named.get("column") or named.get("column_A") or ""
    return user.message or f"{subject}不符合要求：{expected}", expected


_COLUMNS = ("column", "column_A", "column_B", "column_list")


def _titled(value: JsonValue, titles: Mapping[str, str]) -> JsonValue:
    if isinstance(value, list):
        return [_titled(item, titles) for item in value]
    return titles.get(value, value) if isinstance(value, str) else value


def _cut(values: list[str]) -> str:
    more = f"……共{len(values)}个" if len(values) > _SHOWN else ""
    return "、".join(values[:_SHOWN]) + more


def _listed(value: JsonValue) -> str:
    return _cut([str(v) for v in value]) if isinstance(value, list) else str(value)


def _between(noun: str) -> Callable[[Kwargs], str]:
    return lambda k: bounds(k.get("min_value"), k.get("max_value"), noun)


def _mostly(text: str) -> Callable[[Kwargs], str]:
    return lambda _: text


def _exactly(noun: str) -> Callable[[Kwargs], str]:
    return lambda k: f"{noun}应为{k.get('value')}"


def _greater(k: Kwargs) -> str:
    return f"{k.get('column_A')}应{'不小于' if k.get('or_equal') else '大于'}{k.get('column_B')}"


def _sum(k: Kwargs) -> str:
    return f"{_listed(k.get('column_list'))}之和应为{k.get('sum_total')}"


_TYPES: dict[str, Callable[[Kwargs], str]] = {
    "expect_column_values_to_not_be_null": _mostly("不能为空"),
    "expect_column_values_to_be_null": _mostly("应为空"),
    "expect_column_values_to_be_unique": _mostly("不能重复"),
    "expect_column_values_to_be_in_set": lambda k: f"应为下列之一：{_listed(k.get('value_set'))}",
    "expect_column_values_to_not_be_in_set": lambda k: f"不能为：{_listed(k.get('value_set'))}",
    "expect_column_values_to_be_between": _between("取值"),
    "expect_column_value_lengths_to_be_between": _between("字数"),
    "expect_column_value_lengths_to_equal": _exactly("字数"),
    "expect_column_values_to_match_regex": lambda k: f"应符合格式{k.get('regex')}",
    "expect_column_values_to_not_match_regex": lambda k: f"不能出现格式{k.get('regex')}",
    "expect_column_values_to_match_regex_list": lambda k: f"应符合格式之一：{_listed(k.get('regex_list'))}",
    "expect_column_values_to_match_like_pattern": lambda k: f"应形如{k.get('like_pattern')}",
    "expect_column_pair_values_a_to_be_greater_than_b": _greater,
    "expect_column_pair_values_to_be_equal": lambda k: f"{k.get('column_A')}应等于{k.get('column_B')}",
    "expect_column_pair_values_to_be_in_set": lambda k: f"{k.get('column_A')}与{k.get('column_B')}的组合应在规定的组合中",
    "expect_compound_columns_to_be_unique": lambda k: f"{_listed(k.get('column_list'))}合起来不能重复",
    "expect_select_column_values_to_be_unique_within_record": lambda k: f"同一行中{_listed(k.get('column_list'))}不能相同",
    "expect_multicolumn_sum_to_equal": _sum,
    "expect_table_row_count_to_be_between": _between("行数"),
    "expect_table_row_count_to_equal": _exactly("行数"),
    "expect_column_mean_to_be_between": _between("平均值"),
    "expect_column_sum_to_be_between": _between("合计"),
    "expect_column_min_to_be_between": _between("最小值"),
    "expect_column_max_to_be_between": _between("最大值"),
    "expect_column_median_to_be_between": _between("中位数"),
    "expect_column_unique_value_count_to_be_between": _between("不同值的个数"),
    "expect_column_proportion_of_unique_values_to_be_between": _between("不同值的占比"),
    "expect_column_values_to_be_uscc": _mostly(_CHECKS["uscc"][1]),
    "expect_column_values_to_be_citizen_id": _mostly(_CHECKS["citizen_id"][1]),
    "expect_column_values_to_be_licence_id": _mostly(_CHECKS["licence_id"][1]),
    "expect_column_values_to_be_period": _mostly(_CHECKS["period"][1]),
    "expect_column_values_to_be_in_codelist": lambda k: f"代码应在代码表中（{k.get('codelist')}）",
    "expect_column_values_to_be_industry": lambda k: f"行业代码应在国民经济行业分类中（{k.get('codelist')}）",
}
