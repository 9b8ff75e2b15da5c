"""Every rule that a basic contract adds: a right row passes it, a wrong one breaks it, missing values pass."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from content_cases import BAD, GOOD, Cells
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Project
from yishu.derive.spark_types import spark_type
from yishu.derive.suite import suite
from yishu.quality.codelists import bind
from yishu.quality.conditions import compile_suite

TABLE_RULES = {"row_count_not_zero", "mean_area_plausible", "mean_score_plausible"}
"""They judge the delivery, not its rows."""


@cache
def project() -> Project:
    return load_project(Path(__file__).parents[2])


def written(dataset: Dataset) -> set[str]:
    """The names of the rules that stand in the contract."""
    return {rule.name for field in dataset.fields for rule in field.rules} | {
        rule.name for rule in dataset.rules
    }


def broken(spark: SparkSession, dataset: Dataset, rows: list[Cells]) -> list[set[str]]:
    """For each row of text cells, the written rules that it breaks once it is cast."""
    names = [field.name for field in dataset.fields]
    unknown = {name for row in rows for name in row} - set(names)
    assert not unknown, f"{dataset.name} has no {unknown}"
    text = StructType([StructField(name, StringType()) for name in ["_case", *names]])
    frame = spark.createDataFrame(
        [(str(i), *(row.get(name) for name in names)) for i, row in enumerate(rows)],
        text,
    )
    typed = [
        F.expr(f"try_cast(`{field.name}` AS {spark_type(field.type)})").alias(
            field.name
        )
        for field in dataset.fields
    ]
    staged = frame.select(F.col("_case").cast("int").alias("_case"), *typed)
    wanted = bind(suite(dataset, project()), project())
    kept = written(dataset)
    wanted = {
        **wanted,
        "expectations": [
            e for e in wanted["expectations"] if e["meta"]["yishu"]["rule"] in kept
        ],
    }
    schema = ", ".join(
        f"`{field.name}` {field.dataType.simpleString()}" for field in staged.schema
    )
    rules = compile_suite(spark, wanted, schema).rows
    found = (
        staged.select("_case", *[rule.condition.alias(rule.name) for rule in rules])
        .orderBy("_case")
        .collect()
    )
    return [
        {name for name, bad in row.asDict().items() if name != "_case" and bad}
        for row in found
    ]


def test_every_rule_has_its_wrong_row() -> None:
    assert set(GOOD) == set(BAD)
    for name, cases in BAD.items():
        assert set(cases) == written(project().datasets[name]) - TABLE_RULES, name


@pytest.mark.parametrize("name", sorted(GOOD))
def test_rules_of(name: str, spark: SparkSession) -> None:
    dataset = project().datasets[name]
    cases = list(BAD[name].items())
    good, *bad, empty = broken(
        spark, dataset, [GOOD[name], *(GOOD[name] | cells for _, cells in cases), {}]
    )
    assert good == set(), "the right row"
    for (rule, cells), found in zip(cases, bad, strict=True):
        assert rule in found, f"{rule} lets {cells} pass"
    assert empty == set(), "a row without values"
