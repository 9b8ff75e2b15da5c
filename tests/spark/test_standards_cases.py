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


@pytest.mark.parametrize(
    ("kind", "kwargs", "good", "bad"),
    [
        ("uscc", {}, [GOOD_USCC, "N2130102MF1234567D"], [GOOD_USCC.lower(), GOOD_USCC + "\n", " " + GOOD_USCC, "９" + GOOD_USCC[1:]]),
        ("uscc", {}, [GOOD_USCC], ["-1110000600037341L", "9-110000600037341L", "中" * 18, "0" * 400]),
        ("citizen_id", {}, [GOOD_ID], [GOOD_ID.lower(), GOOD_ID + "\n", "130102900307123", "110105189912310026", "0" * 18]),
        ("citizen_id", {"today": "1949-12-31"}, [GOOD_ID], []),
        ("citizen_id", {"today": "1949-12-30"}, [], [GOOD_ID]),
        ("licence_id", {}, [GOOD_LICENCE], [GOOD_LICENCE[:-1] + "V", GOOD_LICENCE + "\n", GOOD_LICENCE[2:], "1.2.156.3005.2.中"]),
        ("period", {}, ["2024", "2024H2", "2024Q4", "2024-06", "202406", "2024-02-29", "2024-W52", "2020-W53", "2026-W53"], []),
        ("period", {}, [], ["2024.1", "2024-13", "202413", "2024H3", "2024Q5", "2023-02-29", "2024-6", "2024-W53", "24-01", "2024\n"]),
        ("period", {}, [], ["0024", "2024-00", "2024-W00", "2024Q0", "２０２４", "2024-1-1", "20240601", "2024-06-31", "2024年"]),
        ("industry", {"codelist": "i", "edition": "2017", "value_set": ["A01", "N79"]}, ["A01", "A011", "A0111", "N7910"], []),
        ("industry", {"codelist": "i", "edition": "2017", "value_set": ["A01"]}, [], ["A", "A0", "A02", "0111", "a01", "A01111", "U01"]),
    ],
)  # fmt: skip
def test_good_and_bad_values(spark: SparkSession, kind: str, kwargs: dict[str, object], good: list[str], bad: list[str]) -> None:
    name = f"expect_column_values_to_be_{kind}"
    assert bad_values(spark, [*good, *bad, None, ""], name, **kwargs) == {*bad, ""}


def test_codelist_knows_non_ascii_codes_and_tells_neighbours_apart(spark: SparkSession) -> None:
    values = ["存续", "注销", "01", "'; --", "1", "存", "001", "注销 ", None, ""]
    allowed = ["存续", "注销", "01", "'; --"]
    found = bad_values(spark, values, "expect_column_values_to_be_in_codelist", codelist="x", value_set=allowed)
    assert found == {"1", "存", "001", "注销 ", ""}


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


@pytest.mark.parametrize(
    ("code", "day", "good"),
    [
        ("130103", dt.date(2014, 9, 8), True), ("130103", dt.date(2014, 9, 9), False), ("130103", dt.date(1900, 1, 1), True),
        ("130204", dt.date(1994, 12, 31), False), ("130204", dt.date(1995, 1, 1), True), ("130204", dt.date(2005, 1, 1), False),
        ("130204", dt.date(2030, 1, 1), True), ("130100", dt.date(1900, 1, 1), True), ("nonsense", dt.date(2020, 1, 1), True),
        ("130103001", dt.date(2020, 1, 1), False), ("", dt.date(2020, 1, 1), True),
        (None, dt.date(2020, 1, 1), True), ("130103", None, True), (None, None, True),
    ],
)  # fmt: skip
def test_valid_on_date(spark: SparkSession, code: str | None, day: dt.date | None, good: bool) -> None:
    frame = spark.createDataFrame([(0, code, day)], "id int, a string, b date")
    kwargs = {"column_A": "a", "column_B": "b", "codelist": "divisions", "periods": PERIODS, "places": 6}
    assert bad_rows(spark, frame, "expect_column_pair_to_be_valid_on_date", **kwargs) == (set() if good else {0})


def test_a_dated_rule_takes_timestamps_and_text_and_passes_all_where_no_code_is_limited(spark: SparkSession) -> None:
    kind = "expect_column_pair_to_be_valid_on_date"
    rows = [(0, "130103", "2014-09-08"), (1, "130103", "2014-09-09"), (2, "130103", "no date")]
    frame = spark.createDataFrame(rows, "id int, a string, b string").selectExpr("*", "try_cast(b as timestamp) t")
    for column in ("b", "t"):
        assert bad_rows(spark, frame, kind, column_A="a", column_B=column, codelist="d", periods=PERIODS) == {1}
    assert bad_rows(spark, frame, kind, column_A="a", column_B="b", codelist="d", periods=[]) == set()


def test_cast_looks_at_null_values_only_where_there_was_text(spark: SparkSession) -> None:
    rows = [(0, "12", 12), (1, "twelve", None), (2, None, None), (3, None, 12), (4, "", None)]
    frame = spark.createDataFrame(rows, "id int, __raw_n string, n int")
    assert bad_rows(spark, frame, "expect_column_pair_to_be_cast", column_A="__raw_n", column_B="n") == {1, 4}


def test_every_period_that_a_folder_may_have_is_one_in_a_cell_and_no_other(spark: SparkSession) -> None:
    days = [(dt.date(1998, 1, 1) + dt.timedelta(days=n)).isoformat() for n in range(0, 12000, 97)]
    shapes = [f"{y}{rest}" for y in range(1999, 2032) for rest in ("", "H1", "H0", "Q2", "-12", "-00", "-W01", "-W52", "-W53", "-W54")]
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
