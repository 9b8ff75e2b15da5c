"""A case file of tests/cases/marts → the rows that a mart's SELECT gives for it, as plain values.

A case names rows by hand; a column that it leaves out is empty, `~` is NULL. Code lists are the project's own unless given.
`_copies: 40` stands for forty rows, in which `{n}` is 001 to 040. `only` picks the rows that are compared, `count` is how many
there are in all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import yaml
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from yishu.contract.model import Field, Mart, Project
from yishu.derive.masks import gold_columns, padded_keys
from yishu.derive.spark_types import Column, field_columns, spark_type, system_columns
from yishu.flow.inputs import rename_tables

CASES = Path(__file__).parents[1] / "cases" / "marts"
Cells = Mapping[str, str]
Value = str | int | bool | Decimal | dt.date | None


@dataclass(frozen=True)
class Case:
    """What goes into one mart and what must come out."""

    table: str
    inputs: Mapping[str, Sequence[Cells]]
    outputs: Sequence[Cells]
    only: str
    count: int


def read_case(file: Path) -> Case:
    # Every scalar stays the text that stands there: 01 is no number, 2024-01-01 no date.
    found = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    outputs = found["outputs"] or []
    return Case(file.stem, found["inputs"], outputs, found.get("only", "true"), int(found.get("count", len(outputs))))


def run_mart(spark: SparkSession, project: Project, mart: Mart, inputs: Mapping[str, Sequence[Cells]]) -> DataFrame:
    """The mart's rows in the contract's types, as `flow.gold` makes them, before masks."""
    views = {name: "case__" + name.replace(".", "__") for name in mart.inputs}
    for name, view in views.items():
        _input(spark, project, name, inputs.get(name)).createOrReplaceTempView(view)
    frame = spark.sql(rename_tables(mart.select.read_text(encoding="utf-8"), views))
    assert frame.columns == [f.name for f in mart.fields]
    return frame.select(*[F.col(f"`{f.name}`").cast(spark_type(f.type)).alias(f.name) for f in mart.fields])


def shown_in_gold(spark: SparkSession, mart: Mart, frame: DataFrame) -> DataFrame:
    """The frame as readers of gold see it, masked by grade."""
    inner, outer = padded_keys(b"a key for tests")
    keyed = frame.crossJoin(spark.createDataFrame([(inner, outer)], "_inner_key binary, _outer_key binary"))
    return keyed.select(*[F.expr(c.expression).alias(c.name) for c in gold_columns(mart.fields)])


def values_of(frame: DataFrame) -> list[dict[str, Value]]:
    return [row.asDict() for row in frame.collect()]


def expected_value(field: Field, text: str) -> Value:
    """A case's text as the value that Spark gives for the field's type."""
    if text == "~":
        return None
    match field.type.kind:
        case "integer":
            return int(text)
        case "decimal":
            return Decimal(text)
        case "date":
            return dt.date.fromisoformat(text)
        case "timestamp":
            return dt.datetime.fromisoformat(text)
        case "boolean":
            return {"true": True, "false": False}[text]
        case _:
            return text


def _input(spark: SparkSession, project: Project, name: str, given: Sequence[Cells] | None) -> DataFrame:
    layer, short = name.split(".")
    if layer == "codes":
        columns, rows = _code_list(spark, project, short, given)
        if rows is None:
            return spark.read.csv(str(project.codelists[short]), header=True, enforceSchema=False)
    else:
        assert given is not None, f"the case has no rows for {name}"
        columns, rows = _columns(project, name), list(_copied(given))
    unknown = {column for row in rows for column in row} - {c.name for c in columns}
    assert not unknown, f"{name} has no column {sorted(unknown)}"
    texts = [tuple(_cell(row, c, number) for c in columns) for number, row in enumerate(rows, 1)]
    frame = spark.createDataFrame(texts, ", ".join(f"`{c.name}` string" for c in columns))
    return frame.select(*[F.col(f"`{c.name}`").cast(c.type).alias(c.name) for c in columns])


def _code_list(
    spark: SparkSession, project: Project, name: str, given: Sequence[Cells] | None
) -> tuple[Sequence[Column], list[Cells] | None]:
    header = project.codelists[name].read_text(encoding="utf-8").splitlines()[0]
    return [Column(c, "string") for c in header.split(",")], None if given is None else list(_copied(given))


def _columns(project: Project, name: str) -> Sequence[Column]:
    layer, short = name.split(".")
    if layer != "silver":
        return field_columns(project.marts[name].fields)
    dataset = project.datasets[short]
    return (*field_columns(dataset.fields), *system_columns(dataset.mode))


def _copied(rows: Sequence[Cells]) -> Iterator[Cells]:
    for row in rows:
        cells = {name: text for name, text in row.items() if name != "_copies"}
        for n in range(1, int(row.get("_copies", 1)) + 1):
            yield {name: text.replace("{n}", f"{n:03d}") for name, text in cells.items()}


def _cell(row: Cells, column: Column, number: int) -> str | None:
    """A cell's text; what silver adds and the case leaves out: who, when, which row, and versions that hold until now."""
    ended = row.get("_valid_to", "~") != "~"
    added = {
        "_department": "11130000MB2K41074B", "_period": "2024-12-31", "_delivery": "d-1", "_row": str(number),
        "_valid_from": "2024-01-01 00:00:00", "_is_current": "false" if ended else "true",
    }  # fmt: skip
    text = row.get(column.name, added.get(column.name, "~"))
    return None if text == "~" else text
