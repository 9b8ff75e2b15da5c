"""Run in a process of its own (classic and Connect sessions do not share one): every check through Spark Connect."""

from __future__ import annotations

import json

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from standards_case import condition

ROW = {
    "uscc": "91130102MA07K0QX07",
    "id": "130102199013071237",
    "licence": "1.2.156.3005.2.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M",
    "period": "2024.1",
    "industry": "A99",
    "division": "130103",
}
COLUMNS = {
    "uscc": ("expect_column_values_to_be_uscc", {"column": "uscc"}),
    "citizen_id": ("expect_column_values_to_be_citizen_id", {"column": "id"}),
    "licence_id": ("expect_column_values_to_be_licence_id", {"column": "licence"}),
    "period": ("expect_column_values_to_be_period", {"column": "period"}),
    "industry": (
        "expect_column_values_to_be_industry",
        {"column": "industry", "codelist": "i", "edition": "2017", "value_set": ["A01"]},
    ),
    "codelist": (
        "expect_column_values_to_be_in_codelist",
        {"column": "division", "codelist": "d", "value_set": [f"{n}" for n in range(140000, 144000)]},
    ),
    "dated": (
        "expect_column_pair_to_be_valid_on_date",
        {"column_A": "division", "column_B": "day", "codelist": "d", "periods": [[None, "2014-09-08", ["130103"]]]},
    ),
    "cast": ("expect_column_pair_to_be_cast", {"column_A": "period", "column_B": "number"}),
}


def main() -> None:
    spark = SparkSession.builder.remote("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    texts = [F.lit(value).alias(name) for name, value in ROW.items()]
    bad = spark.range(1).select(*texts, F.lit("2020-01-01").cast("date").alias("day"), F.lit(None).cast("int").alias("number"))
    missing = bad.select(*(F.lit(None).cast(kind).alias(name) for name, kind in bad.dtypes))
    conditions = [condition(spark, bad, kind, kwargs).alias(name) for name, (kind, kwargs) in COLUMNS.items()]
    found = [frame.select(*conditions).collect()[0].asDict() for frame in (bad, missing)]
    print(json.dumps({"module": type(bad).__module__, "bad": found[0], "missing": found[1]}))
    spark.stop()


if __name__ == "__main__":
    main()
