"""The standards' checks as Great Expectations custom expectations: nothing → types that GX knows after `register()`.

Each is native Spark (`pyspark.sql.functions` only, classic and Connect alike; no UDF), on one definition per standard.
NULL passes every check here (a missing value breaks not-null alone); only `expect_column_pair_to_be_cast` looks at NULL.
A blank string is a value and breaks every format check: silver turns blanks into NULL before it judges.
"""

from __future__ import annotations

from importlib import import_module

EXPECTATIONS: dict[str, str] = {
    "expect_column_values_to_be_uscc": "uscc",
    "expect_column_values_to_be_citizen_id": "citizen_id",
    "expect_column_values_to_be_licence_id": "licence_id",
    "expect_column_values_to_be_period": "period",
    "expect_column_values_to_be_in_codelist": "codelist",
    "expect_column_values_to_be_industry": "codelist",
    "expect_column_pair_to_be_valid_on_date": "dated",
    "expect_column_pair_to_be_cast": "cast",
}
"""Expectation type → the module of `quality/checks` that holds it."""


def register() -> None:
    """Make every standard's expectation known to Great Expectations; calling it again does nothing.

    The import of Great Expectations costs seconds of CPU, so nothing is registered when this package is imported.
    """
    for module in sorted(set(EXPECTATIONS.values())):
        import_module(f"yishu.quality.checks.{module}")
