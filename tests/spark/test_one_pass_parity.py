"""Stock Great Expectations and the one pass judge the same rows: every rule form of the contracts, and a user's own."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import great_expectations as gx
import pytest
from great_expectations.core import ExpectationSuite
from great_expectations.core.batch import Batch
from great_expectations.data_context.types.base import ProgressBarsConfig
from pyspark.sql import DataFrame, SparkSession

from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Project
from yishu.derive.spreadsheet import SPOILT
from yishu.derive.suite import ExpectationJson, SuiteJson, suite
from yishu.errors import ContractError
from yishu.flow.judge import staged_schema
from yishu.quality import whole_table
from yishu.quality.codelists import bind
from yishu.quality.conditions import MASK_BITS, Compiled, compile_suite, rule_that_fails

pytestmark = pytest.mark.filterwarnings("ignore:.*(row_condition|condition_parser) parameter:DeprecationWarning")

CHECKOUT = Path(__file__).parents[2]
ROWS = 240
ODD = (None, "", " ", "数据局", "Ｘ１２", "𠮷", "x" * 300, "无\n", "'\"\\")
KNOWN = (
    "91110000600037341L", "11100000000013338W", "11010519491231002X", "130629199003071230", "2024Q1", "2024-03", "2024-12", "2024Q9",
    "A01", "A0111", "冀政〔2024〕5号", "石家庄市长安区", "1.2.156.3005.2.11100000000013338W.11130000000111113W.12345.001.X",
)  # fmt: skip


@pytest.fixture(scope="module")
def contracts() -> Project:
    return load_project(CHECKOUT)


@cache
def _definition() -> object:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context.data_sources.add_spark("parity").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")


def batch(frame: DataFrame) -> Batch:
    return _definition().get_batch({"dataframe": frame})  # type: ignore[attr-defined]


def stock(frame: DataFrame, chosen: SuiteJson) -> dict[str, tuple[bool, int, set[int]]]:
    """Rule → success, unexpected count and ids, as stock GX validates the suite on the rows themselves."""
    plain = [{k: e[k] for k in ("type", "kwargs", "meta", "id")} for e in chosen["expectations"]]  # type: ignore[literal-required]
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}
    found = batch(frame).validate(ExpectationSuite(chosen["name"], expectations=plain), result_format=asked)  # type: ignore[arg-type]
    verdicts = {}
    for one in found.results:
        assert not any(v.get("raised_exception") for v in _infos(one.exception_info)), one.exception_info
        ids = [row["id"] for row in one.result.get("unexpected_index_list") or []]
        verdicts[one.expectation_config.meta["yishu"]["rule"]] = (
            bool(one.success),
            one.result.get("unexpected_count") or 0,
            set(ids),
        )
    return verdicts


def _infos(info: dict[str, object]) -> list[dict[str, object]]:
    return [info] if "raised_exception" in info else list(info.values())  # type: ignore[arg-type]


def one_pass(frame: DataFrame, compiled: Compiled) -> dict[str, set[int]]:
    """Rule → ids of bad rows, from the bits of the masks."""
    rows = frame.select("id", *[m.whole.alias(f"m{i}") for i, m in enumerate(compiled.masks())]).collect()
    assert all(row[f"m{i}"] is not None for row in rows for i in range(len(compiled.masks())))
    return {
        rule.name: {row["id"] for row in rows if row[f"m{at // MASK_BITS}"] >> (at % MASK_BITS) & 1}
        for at, rule in enumerate(compiled.rows)
    }


def agree(frame: DataFrame, chosen: SuiteJson, schema: str) -> dict[str, set[int]]:
    """Both verdicts on the same rows are equal, rule by rule; returns them."""
    compiled = compile_suite(frame.sparkSession, chosen, schema)
    ours, theirs = one_pass(frame, compiled), stock(frame, chosen)
    assert {r: (len(ids), ids) for r, ids in ours.items()} == {r: theirs[r][1:] for r in ours}
    counts = whole_table.evaluate(frame, compiled.tables, frame.count(), chosen["name"])
    assert {c.rule: c.bad == 0 for c in counts} == {r: theirs[r][0] for r in theirs.keys() - ours.keys()}
    return ours


# --- the contracts' own rules ----------------------------------------------------------------------------------------


def form(expectation: ExpectationJson) -> tuple[str, ...]:
    return (expectation["type"], *sorted(expectation["kwargs"]))


def one_of_each_form(project: Project) -> Iterator[tuple[Dataset, SuiteJson]]:
    """Per dataset the rules of forms not seen before (type and names of arguments), two of those with a filter."""
    seen: dict[tuple[str, ...], int] = {}
    for dataset in sorted(project.datasets.values(), key=lambda d: -len({form(e) for e in suite(d, project)["expectations"]})):
        whole, picked = bind(suite(dataset, project), project), []
        for expectation in whole["expectations"]:
            key = form(expectation)
            if seen.get(key, 0) < (2 if "row_condition" in key else 1):
                seen[key] = seen.get(key, 0) + 1
                picked.append(expectation)
        if picked:
            yield dataset, {**whole, "expectations": picked}


def pool(column: str, kind: str, rules: list[ExpectationJson]) -> list[object]:
    """Values for a column: those that its rules name, right and wrong ones beside them, and NULL."""
    told = " ".join(str(r["kwargs"].get("row_condition", "")) for r in rules)
    mine = [
        r["kwargs"]
        for r in rules
        if column in (r["kwargs"].get("column"), r["kwargs"].get("column_A"), r["kwargs"].get("column_B"))
    ]
    if kind == "string":
        sets = [v for k in mine for v in list(k.get("value_set") or [])[:3]]  # type: ignore[arg-type]
        pairs = [p for k in mine for pair in (k.get("value_pairs_set") or []) for p in pair][:6]  # type: ignore[union-attr]
        filtered = re.findall(rf"{column}[^']*'([^']*)'", told)
        return (
            [*ODD, *KNOWN, *3 * sets, *3 * pairs, *6 * filtered]
            if not sets and not filtered
            else [*ODD, *6 * sets, *pairs, *6 * filtered]
        )
    if kind == "date":
        return [
            None,
            dt.date(1900, 1, 1),
            dt.date(1985, 6, 1),
            dt.date(2015, 3, 2),
            dt.date(2024, 2, 29),
            dt.date(9999, 12, 31),
        ]
    if kind == "timestamp":
        return [None, dt.datetime(2015, 3, 2), dt.datetime(2024, 1, 1, 8, 30), dt.datetime(2025, 12, 31, 23, 59, 59)]
    if kind == "boolean":
        return [None, True, False]
    ends = [v for k in mine for v in (k.get("min_value"), k.get("max_value")) if isinstance(v, int | float)]
    numbers = [0, 1, -1, 7, *(e + d for e in ends for d in (-1, 0, 1))]
    return [None, *(int(n) for n in numbers)] if kind == "bigint" else [None, *(_fitting(kind, n) for n in numbers)]


def _fitting(kind: str, number: float) -> Decimal:
    precision, scale = map(int, re.findall(r"\d+", kind))
    most = 10 ** (precision - scale) - 1
    return Decimal(max(-most, min(most, int(number)))).quantize(Decimal(1).scaleb(-scale))


def rows_for(spark: SparkSession, dataset: Dataset, schema: str, chosen: SuiteJson) -> DataFrame:
    columns = re.findall(r"`?(\w+)`? (\w+(?:\([\d,]+\))?)(?:, |$)", schema)
    assert len(columns) == len(spark.createDataFrame([], schema).columns)
    pools = [pool(name, kind, chosen["expectations"]) for name, kind in columns]
    chance = random.Random(dataset.name)
    data = [(i, *(chance.choice(values) for values in pools)) for i in range(ROWS)]
    return spark.createDataFrame(data, f"id int, {schema}").coalesce(1).cache()


def test_every_form_of_rule_in_the_contracts_is_judged_as_stock_gx_judges_it(quick: SparkSession, contracts: Project) -> None:
    assert len(contracts.datasets) >= 16
    telling, silent = set(), set()
    for dataset, chosen in one_of_each_form(contracts):
        schema = staged_schema(dataset)
        frame = rows_for(quick, dataset, schema, chosen)
        verdicts = agree(frame, chosen, schema)
        for expectation in chosen["expectations"]:
            found = verdicts.get(expectation["meta"]["yishu"]["rule"])
            if found is not None:
                (telling if 0 < len(found) < ROWS else silent).add(form(expectation)[0])
        frame.unpersist()
    assert silent <= telling, "a type of which no row was bad, or every row, shows nothing"


def test_numbers_that_excel_spoilt_are_found_as_stock_gx_finds_them_and_no_good_code_is(quick: SparkSession, contracts: Project) -> None:
    dataset = contracts.datasets["person_base"]
    chosen = suite(dataset, contracts)
    chosen["expectations"] = [e for e in chosen["expectations"] if e["kwargs"].get("regex") == SPOILT]
    assert [e["meta"]["yishu"]["rule"] for e in chosen["expectations"]] == ["spreadsheet:person_id"]
    bad = ("9.1E+17", "1E+15", "6.22202E+18", "1.2e+6")
    good = ("1E15", "9.1E-17", "91E+17", "E+17", "9.1E+", "甲9.1E+17", "9.1E+17号", "9.1.1E+17", "2024", "", None)
    frame = quick.createDataFrame([(i, v) for i, v in enumerate((*bad, *good))], "id int, person_id string").coalesce(1)
    schema = "person_id string"
    assert agree(frame, chosen, schema) == {"spreadsheet:person_id": set(range(len(bad)))}


# --- a user's own rules ----------------------------------------------------------------------------------------------


def rule(name: str, kind: str, **kwargs: object) -> ExpectationJson:
    meta = {
        "rule": name, "severity": "error", "dimension": "validity", "column": "", "message": "不对", "expected": "对", "tolerance": None,
    }  # fmt: skip
    return {"type": kind, "kwargs": kwargs, "meta": {"yishu": meta}, "id": name, "severity": "critical", "description": "不对"}  # type: ignore[typeddict-item]


def toy(*rules: ExpectationJson) -> SuiteJson:
    return {"name": "toy", "id": "toy", "expectations": list(rules), "meta": {}, "notes": None}


SCHEMA = "name string, kind string, a bigint, b bigint, c bigint"
PEOPLE = [
    (0, "石家庄市", "甲类", 1, 1, 8), (1, "唐山市", "乙类", 2, 1, 7), (2, "唐山市", "丙", 3, 5, 2), (3, None, None, None, None, None),
    (4, "Baoding", "甲", None, 4, 6), (5, "", " ", 4, None, 6), (6, "𠮷林省𠮷林市", "甲类", 1, 1, 8), (7, "石家庄市\n", "甲类 ", 0, -1, 11),
    (8, None, "乙类", 9, 1, 0), (9, "ｔａｎｇ", "甲'类", 9, 1, 0),
]  # fmt: skip
USERS: dict[str, tuple[ExpectationJson, set[int]]] = {
    "unique": (rule("u", "expect_column_values_to_be_unique", column="name"), {1, 2}),
    "compound": (rule("k", "expect_compound_columns_to_be_unique", column_list=["a", "b"]), {0, 6, 8, 9}),
    "pair": (rule("p", "expect_column_pair_values_a_to_be_greater_than_b", column_A="a", column_B="b", ignore_row_if="either_value_is_missing"), {0, 2, 6}),
    "pair or equal": (
        rule("e", "expect_column_pair_values_a_to_be_greater_than_b", column_A="a", column_B="b", or_equal=True, ignore_row_if="either_value_is_missing"),
        {2},
    ),
    "sum": (rule("s", "expect_multicolumn_sum_to_equal", column_list=["a", "b", "c"], sum_total=10, ignore_row_if="any_value_is_missing"), set()),
    "sum of others": (rule("o", "expect_multicolumn_sum_to_equal", column_list=["a", "b"], sum_total=2, ignore_row_if="any_value_is_missing"), {1, 2, 7, 8, 9}),
    "Chinese pattern": (rule("r", "expect_column_values_to_match_regex", column="name", regex=r"^[一-龥𠮷]+(市|县)\z"), {4, 5, 7, 9}),
    "no such pattern": (rule("n", "expect_column_values_to_not_match_regex", column="name", regex="[ａ-ｚ]|家庄"), {0, 7, 9}),
    "Chinese set": (rule("i", "expect_column_values_to_be_in_set", column="kind", value_set=["甲类", "乙类", "甲'类"]), {2, 4, 5, 7}),
    "not in set": (rule("x", "expect_column_values_to_not_be_in_set", column="kind", value_set=["丙", " "]), {2, 5}),
    "lengths": (rule("l", "expect_column_value_lengths_to_be_between", column="name", min_value=3, max_value=5), {5, 6, 4}),
    "length": (rule("q", "expect_column_value_lengths_to_equal", column="name", value=4), {1, 2, 4, 5, 6, 7}),
    "filter": (
        rule("f", "expect_column_values_to_not_be_null", column="name", row_condition="kind = '乙类' OR a IS NULL", condition_parser="spark"),
        {3, 8},
    ),
    "filter and missing": (
        rule("m", "expect_column_pair_values_a_to_be_greater_than_b", column_A="a", column_B="b", ignore_row_if="both_values_are_missing",
             row_condition="kind <> '丙'", condition_parser="spark"),
        {0, 6},
    ),
}  # fmt: skip
WHOLE = {
    "mean": rule("mean", "expect_column_mean_to_be_between", column="a", min_value=3, max_value=4),
    "mean of some": rule("some", "expect_column_mean_to_be_between", column="a", max_value=2, row_condition="kind = '甲类'", condition_parser="spark"),
    "too low a sum": rule("sum", "expect_column_sum_to_be_between", column="a", min_value=1000),
    "rows": rule("rows", "expect_table_row_count_to_be_between", min_value=10, max_value=10),
    "too few rows": rule("few", "expect_table_row_count_to_be_between", min_value=11),
    "rows of a kind": rule("rows_f", "expect_table_row_count_to_equal", value=2, row_condition="kind = '甲类' AND a = 1", condition_parser="spark"),
    "too many of a kind": rule("many_f", "expect_table_row_count_to_be_between", max_value=9, row_condition="kind = '甲类'", condition_parser="spark"),
    "wrong largest": rule("max", "expect_column_max_to_be_between", column="c", max_value=10),
    "distinct": rule("dist", "expect_column_distinct_values_to_contain_set", column="kind", value_set=["甲类", "丙"]),
    "missing share": rule("null", "expect_column_proportion_of_non_null_values_to_be_between", column="name", min_value=0.9),
    "SQL": rule("sql", "unexpected_rows_expectation", unexpected_rows_query="SELECT * FROM {batch} WHERE kind = '丙'"),
}  # fmt: skip
BROKEN = {"too low a sum", "too few rows", "wrong largest", "missing share", "SQL"}


@pytest.fixture(scope="module")
def people(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(PEOPLE, f"id int, {SCHEMA}").coalesce(1).cache()


def test_a_users_rules_on_rows_are_judged_as_stock_gx_judges_them(people: DataFrame) -> None:
    verdicts = agree(people, toy(*(written for written, _ in USERS.values())), SCHEMA)
    assert verdicts == {written["meta"]["yishu"]["rule"]: bad for written, bad in USERS.values()}


def test_a_users_rules_on_the_whole_table_are_judged_as_stock_gx_judges_them(people: DataFrame) -> None:
    chosen = toy(*WHOLE.values())
    assert agree(people, chosen, SCHEMA) == {}
    counts = whole_table.evaluate(people, chosen["expectations"], len(PEOPLE), "toy")
    assert {c.rule for c in counts if c.bad} == {WHOLE[name]["meta"]["yishu"]["rule"] for name in BROKEN}


def test_a_users_sql_sees_the_rows_of_its_own_session(quick: SparkSession) -> None:
    frame = quick.createDataFrame(PEOPLE, f"id int, {SCHEMA}")
    [count] = whole_table.evaluate(frame, [WHOLE["SQL"]], len(PEOPLE), "toy")
    assert (count.rule, count.bad) == ("sql", 1)


# --- rules that cannot be used ---------------------------------------------------------------------------------------

FINE = rule("fine", "expect_column_values_to_not_be_null", column="name")
UNUSABLE = {
    "unknown type": (rule("bad", "expect_moon_to_be_full", column="name"), "expect_moon_to_be_full not found"),
    "unknown argument": (rule("bad", "expect_column_values_to_be_in_set", column="name", value_set=["a"], colour=1), "colour"),
    "missing argument": (rule("bad", "expect_column_pair_values_a_to_be_greater_than_b", column_A="a"), "column_B field required"),
    "argument of a wrong type": (rule("bad", "expect_column_values_to_be_in_set", column="name", value_set=3), "value_set"),
    "no such column": (rule("bad", "expect_column_values_to_be_in_set", column="nobody", value_set=["a"]), '"nobody"'),
    "no such column in a list": (rule("bad", "expect_compound_columns_to_be_unique", column_list=["a", "nobody"]), '"nobody"'),
    "column of a wrong type": (rule("bad", "expect_column_values_to_be_between", column="name", min_value=3), "StringType"),
    "unbound code list": (rule("bad", "expect_column_values_to_be_in_codelist", column="name", codelist="divisions"), "code list divisions was not"),
    "filter that is no SQL": (rule("bad", "expect_column_values_to_not_be_null", column="a", row_condition="a = = 1", condition_parser="spark"), "Syntax error"),
    "filter on no column": (rule("bad", "expect_column_values_to_not_be_null", column="a", row_condition="zz = 1", condition_parser="spark"), "zz"),
    "uniqueness under a filter": (rule("bad", "expect_column_values_to_be_unique", column="a", row_condition="b = 1", condition_parser="spark"), "row_condition"),
    "no Spark condition": (rule("bad", "expect_column_values_to_be_dateutil_parseable", column="name"), "no Spark condition"),
    "figures of all rows": (rule("bad", "expect_column_value_z_scores_to_be_less_than", column="a", threshold=1, double_sided=True), "column.mean"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_rule_that_cannot_be_used_is_named_with_its_suite(spark: SparkSession, case: str) -> None:
    broken, words = UNUSABLE[case]
    with pytest.raises(ContractError) as caught:
        compile_suite(spark, toy(FINE, broken, {**FINE, "meta": {"yishu": {**FINE["meta"]["yishu"], "rule": "other"}}}), SCHEMA)
    told = str(caught.value)
    assert "rule bad " in told and "expectations/toy.json" in told and words in told, told
    assert "\n" not in told and caught.value.subject == "toy"


@pytest.mark.parametrize("kwargs", [{"column": "nobody"}, {"column": "name"}], ids=["no such column", "column of text"])
def test_a_whole_table_rule_that_cannot_be_computed_is_no_pass(people: DataFrame, kwargs: dict[str, str]) -> None:
    rules = [WHOLE["rows"], rule("bad", "expect_column_mean_to_be_between", min_value=1, **kwargs)]
    with pytest.raises(ContractError, match=r"rule bad .*could not be computed") as caught:
        whole_table.evaluate(people, rules, len(PEOPLE), "toy")
    assert "expectations/toy.json" in str(caught.value)


def test_a_pattern_that_only_spark_refuses_is_named_once_rows_are_judged(people: DataFrame) -> None:
    broken = rule("bad", "expect_column_values_to_match_regex", column="name", regex="[")
    compiled = compile_suite(people.sparkSession, toy(FINE, broken), SCHEMA)
    found = rule_that_fails(people, compiled, "toy")
    assert found is not None and "rule bad " in str(found) and "expectations/toy.json" in str(found)
    assert rule_that_fails(people, compile_suite(people.sparkSession, toy(FINE), SCHEMA), "toy") is None
