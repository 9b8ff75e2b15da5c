"""A mart's inputs by name → frames under temporary names, and the state that each is in.

Silver is not in the metastore, so that BI, which knows gold's names only, cannot stumble into clear values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from yishu.contract.model import Project
from yishu.derive.spark_types import ddl, silver_ddl
from yishu.errors import UsageError
from yishu.lake import tables
from yishu.lake.lake import Lake

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


NEVER_FILLED = "none"
"""The state of a table that nothing has been written to."""


def bind_inputs(lake: Lake, spark: SparkSession, select: str, inputs: Iterable[str]) -> str:
    """Make each input a temporary view of this session and return the SELECT with the views' names in it.

    Args:
        lake: contracts and places.
        spark: the session in which the SELECT will run.
        select: SQL whose tables are written `<layer or database>.<name>`.
        inputs: the tables that it may read.
    """
    names = sorted(inputs)
    for name in names:
        frame_of(lake, spark, name).createOrReplaceTempView(_view(name))
    return rename_tables(select, {name: _view(name) for name in names})


def rename_tables(select: str, views: dict[str, str]) -> str:
    """Replace `a.b` by its view wherever the pair stands as a table, leaving every other character as it was."""
    from sqlglot import TokenType, tokenize

    tokens = tokenize(select, read="spark")
    pieces, last = [], 0
    for i in range(len(tokens) - 2):
        first, dot, second = tokens[i : i + 3]
        name = f"{first.text}.{second.text}".lower()
        starts = i == 0 or tokens[i - 1].token_type != TokenType.DOT
        if dot.token_type == TokenType.DOT and starts and name in views and first.start >= last:
            pieces += [select[last : first.start], views[name]]
            last = second.end + 1
    return "".join(pieces) + select[last:]


def frame_of(lake: Lake, spark: SparkSession, name: str) -> DataFrame:
    """The rows of one input; a table that no delivery has filled yet is empty, not missing."""
    layer, short = name.split(".")
    if layer == "codes":
        return spark.read.csv(str(lake.project.codelists[short]), header=True, enforceSchema=False)
    path = lake.path(name)
    if tables.exists(path):
        return tables.read(spark, path)
    return spark.createDataFrame([], _empty_ddl(lake.project, name))


def input_state(lake: Lake, name: str) -> str:
    """What the input is now, as text: equal texts mean equal rows."""
    layer, short = name.split(".")
    if layer == "codes":
        return hashlib.sha256(lake.project.codelists[short].read_bytes()).hexdigest()[:16]
    noted = lake.ledger.table(name)
    return f"{noted.table_id}@{noted.version}" if noted else NEVER_FILLED


def _empty_ddl(project: Project, name: str) -> str:
    layer, short = name.split(".")
    if layer in ("silver", "bronze", "quarantine") and short in project.datasets:
        return silver_ddl(project.datasets[short])
    if name in project.marts:
        return ddl(project.marts[name].fields)
    if short in project.datasets and project.datasets[short].database == layer:
        return silver_ddl(project.datasets[short])
    raise UsageError(f"no table {name}", code="table", expected="silver.<dataset>, codes.<list> or <database>.<mart>")


def _view(name: str) -> str:
    return "yishu__" + name.replace(".", "__")
