"""Each standard check has a good, a bad and a NULL case; what NULL and blank mean is fixed here."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from great_expectations.expectations.registry import get_expectation_impl
from pyspark.sql import SparkSession

from standards_case import bad_rows, bad_values, column_frame
from yishu.contract.period import parse_period
from yishu.quality import standards

GOOD_USCC, GOOD_ID = "91110000600037341L", "11010519491231002X"
GOOD_LICENCE = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"


# Per check: arguments, good values, bad values. Each list is judged in one go, with NULL (good) and a blank (bad) added.
CASES = [
    (
        "uscc", {}, [GOOD_USCC, "N2130102MF1234567D"],
        [
            GOOD_USCC.lower(), GOOD_USCC + "\n", " " + GOOD_USCC, "９" + GOOD_USCC[1:], "-1110000600037341L",
            "9-110000600037341L", "中" * 18, "0" * 400,
        ],
    ),
    ("citizen_id", {}, [GOOD_ID], [GOOD_ID.lower(), GOOD_ID + "\n", "130102900307123", "110105189912310026", "0" * 18]),
    ("citizen_id", {"today": "1949-12-31"}, [GOOD_ID], ["130101195001010003"]),
    ("citizen_id", {"today": "1949-12-30"}, [], [GOOD_ID]),
    ("licence_id", {}, [GOOD_LICENCE], [GOOD_LICENCE[:-1] + "V", GOOD_LICENCE + "\n", GOOD_LICENCE[2:], "1.2.156.3005.2.中"]),
    (
        "period", {}, ["2024", "2024H2", "2024Q4", "2024-06", "202406", "2024-02-29", "2024-W52", "2020-W53", "2026-W53"],
        [
            "2024.1", "2024-13", "202413", "2024H3", "2024Q5", "2023-02-29", "2024-6", "2024-W53", "24-01", "2024\n", "0024",
            "2024-00", "2024-W00", "2024Q0", "２０２４", "2024-1-1", "20240601", "2024-06-31", "2024年",
        ],
    ),
    (
        "industry", {"codelist": "i", "edition": "2017", "value_set": ["A01", "N79"]}, ["A01", "A011", "A0111", "N7910"],
        ["A", "A0", "A02", "0111", "a01", "A01111", "U01", "A01\n"],
    ),
    (
        "in_codelist", {"codelist": "x", "value_set": ["存续", "注销", "01", "'; --"]}, ["存续", "注销", "01", "'; --"],
        ["1", "存", "001", "注销 "],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "kwargs", "good", "bad"), CASES)
def test_good_and_bad_values(
    spark: SparkSession, kind: str, kwargs: dict[str, object], good: list[str], bad: list[str]
) -> None:
    name = f"expect_column_values_to_be_{kind}"
    assert bad_values(spark, [*good, *bad, None, ""], name, **kwargs) == {*bad, ""}


def test_a_long_codelist_is_exact(spark: SparkSession) -> None:
    codes = [f"{n:06}" for n in range(130000, 134000)]
    values = [f"{n:06}" for n in range(129990, 134010)]
    found = bad_values(spark, values, "expect_column_values_to_be_in_codelist", codelist="x", value_set=codes)
    assert found == set(values) - set(codes)


PERIODS = [
    [None, "2014-09-08", ["130103", "130185"]],
    ["1995-01-01", "2001-12-31", ["130204"]],
    ["2010-01-01", None, ["130204"]],
]


DATED = [
    ("130103", "2014-09-08", True), ("130103", "2014-09-09", False), ("130103", "1900-01-01", True),
    ("130204", "1994-12-31", False), ("130204", "1995-01-01", True), ("130204", "2005-01-01", False),
    ("130204", "2030-01-01", True), ("130100", "1900-01-01", True), ("nonsense", "2020-01-01", True),
    ("130103001", "2020-01-01", False), ("", "2020-01-01", True), (None, "2020-01-01", True), ("130103", None, True),
    (None, None, True), ("130103", "no date", True),
]  # fmt: skip


@pytest.mark.parametrize("date", ["b", "cast(b as date)", "cast(b as timestamp)"])
def test_a_code_is_judged_on_its_day_and_only_where_its_validity_is_limited(spark: SparkSession, date: str) -> None:
    rows = [(i, code, day) for i, (code, day, _) in enumerate(DATED)]
    frame = spark.createDataFrame(rows, "id int, a string, b string").selectExpr(
        "id", "a", f"{date.replace('cast', 'try_cast')} d"
    )
    kwargs = {"column_A": "a", "column_B": "d", "codelist": "divisions", "periods": PERIODS, "places": 6}
    wanted = {i for i, (_, _, good) in enumerate(DATED) if not good}
    assert bad_rows(spark, frame, "expect_column_pair_to_be_valid_on_date", **kwargs) == wanted


def test_a_dated_rule_without_limited_codes_passes_all(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(0, "130103", "2014-09-09")], "id int, a string, b string")
    kwargs = {"column_A": "a", "column_B": "b", "codelist": "d", "periods": []}
    assert bad_rows(spark, frame, "expect_column_pair_to_be_valid_on_date", **kwargs) == set()


def test_cast_looks_at_null_values_only_where_there_was_text(spark: SparkSession) -> None:
    rows = [(0, "12", 12), (1, "twelve", None), (2, None, None), (3, None, 12), (4, "", None)]
    frame = spark.createDataFrame(rows, "id int, __raw_n string, n int")
    assert bad_rows(spark, frame, "expect_column_pair_to_be_cast", column_A="__raw_n", column_B="n") == {1, 4}


def test_every_period_that_a_folder_may_have_is_one_in_a_cell_and_no_other(spark: SparkSession) -> None:
    days = [(dt.date(1998, 1, 1) + dt.timedelta(days=n)).isoformat() for n in range(0, 12000, 97)]
    shapes = [
        f"{y}{rest}" for y in range(1999, 2032) for rest in ("", "H1", "H0", "Q2", "-12", "-00", "-W01", "-W52", "-W53", "-W54")
    ]
    values = days + shapes + ["2023-02-29", "2024-02-29", "2024-04-31", "1900-02-29"]
    wanted = {text for text in values if parse_period(text) is None}
    assert bad_values(spark, values, "expect_column_values_to_be_period") == wanted


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_column_values_to_be_in_codelist", {"column": "v", "codelist": "divisions"}),
        ("expect_column_values_to_be_industry", {"column": "v", "codelist": "industries", "edition": "2017"}),
        ("expect_column_pair_to_be_valid_on_date", {"column_A": "v", "column_B": "v", "codelist": "divisions"}),
    ],
)  # fmt: skip
def test_a_rule_whose_list_was_not_filled_in_fails_instead_of_passing(
    spark: SparkSession, kind: str, kwargs: dict[str, object]
) -> None:
    with pytest.raises(AssertionError, match="was not filled into the suite"):
        bad_rows(spark, column_frame(spark, ["130100"]), kind, **kwargs)


def test_every_expectation_named_is_registered() -> None:
    started = time.monotonic()
    standards.register()
    assert time.monotonic() - started < 1, "a second registration must cost nothing"
    assert all(get_expectation_impl(name).expectation_type == name for name in standards.EXPECTATIONS)
