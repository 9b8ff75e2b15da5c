"""Every rule that a basic contract adds: a right row passes it, a wrong one breaks it, missing values pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from content_cases import BAD, GOOD, Cells
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Project, Type
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
    judged = staged.select("_case", *[rule.condition.alias(rule.name) for rule in rules])
    found = sorted(judged.collect(), key=lambda row: row["_case"])
    return [
        {name for name, bad in row.asDict().items() if name != "_case" and bad}
        for row in found
    ]


def test_every_rule_has_its_wrong_row() -> None:
    assert set(GOOD) == set(BAD)
    for name, cases in BAD.items():
        assert set(cases) == written(project().datasets[name]) - TABLE_RULES, name


def strange(dataset: Dataset, rows: list[Cells]) -> Iterator[Cells]:
    """Rows that no rule may choke on: ANSI mode stops at a text that is no number, a division by zero, a sum that no type holds."""
    numbers = [f for f in dataset.fields if f.type.kind in ("integer", "decimal")]
    high: Cells = {f.name: _greatest(f.type) for f in numbers}
    low: Cells = {f.name: f"-{_greatest(f.type)}" for f in numbers}
    zeros: Cells = {f.name: "0" for f in numbers}
    odd = [f.name for f in numbers][::2]
    texts: Cells = {f.name: "无〔x〕" for f in dataset.fields if f.type.kind == "string"}
    first: Cells = {f.name: "0001-01-01" for f in dataset.fields if f.type.kind in ("date", "timestamp")}
    last: Cells = dict.fromkeys(first, "9999-12-31")
    for row in rows:
        alternating = (high | {name: some[name] for name in odd} for some in (low, zeros))
        yield from (row | cells for cells in (high, low, zeros, *alternating, texts, first, last, texts | zeros))
        yield from (row | {name: some[name]} for some in (high, low, zeros, texts, first, last) for name in some)


def _greatest(kind: Type) -> str:
    if kind.kind == "integer":
        return str(2**63 - 1)
    assert kind.precision is not None and kind.scale is not None
    return "9" * (kind.precision - kind.scale) + "." + "9" * kind.scale


def judge(spark: SparkSession, name: str, right: Cells, wrong: Mapping[str, Cells]) -> None:
    """The right row breaks no rule of a dataset, each wrong one its own, an empty one none, and strange ones stop nothing."""
    dataset = project().datasets[name]
    cases = [right, *(right | cells for cells in wrong.values())]
    good, *rest = broken(spark, dataset, [*cases, {}, *strange(dataset, cases)])
    assert good == set(), "the right row"
    for (rule, cells), found in zip(wrong.items(), rest[: len(wrong)], strict=True):
        assert rule in found, f"{rule} lets {cells} pass"
    assert rest[len(wrong)] == set(), "a row without values"


@pytest.mark.parametrize("name", sorted(GOOD))
def test_rules_of(name: str, quick: SparkSession) -> None:
    judge(quick, name, GOOD[name], BAD[name])
