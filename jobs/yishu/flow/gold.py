"""Silver → gold: marts (one SELECT each) and the shareable base tables, masked by grade, readable by every reader.

A table is built only when an input, its definition or the token key has changed; else nothing is touched.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.contract.model import Dataset, Field, Mart
from yishu.derive.masks import gold_columns, gold_key, padded_keys
from yishu.derive.spark_types import Column, delta_schema, silver_ddl, spark_type, system_columns
from yishu.errors import ContractError, DataError, Place, TableDamaged
from yishu.flow.agreed import waits_for, wording_now
from yishu.flow.inputs import NEVER_FILLED, bind_inputs, input_state
from yishu.flow.soundness import note, require_sound
from yishu.lake import tables
from yishu.lake.adoption import Target, replace
from yishu.lake.engine import engine, parquet, quoted
from yishu.lake.lake import Lake, OpenSpark, token_key
from yishu.lake.session import tune

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

log = logging.getLogger("yishu")

_FORM = "1"
"""Raised when what this module makes of the same inputs changes, so that all gold is built again."""


@dataclass(frozen=True)
class Shown:
    """One gold table to be: its name, contract fields, further columns and key."""

    table: str
    title: str
    fields: Sequence[Field]
    key: tuple[str, ...] = ()
    more: tuple[Column, ...] = ()
    contract: str = ""
    """A mart's wording, as the ledger keeps it."""


def build(lake: Lake, open_spark: OpenSpark, table: str) -> bool:
    """Build one mart if it is due; True if a new version stands.

    Args:
        lake: contracts, ledger and places.
        open_spark: opens a session of its own.
        table: `<database>.<mart>`.

    Raises:
        ContractError: the SELECT fails or gives other columns than the contract.
        DataError: the result breaks the mart's key.
        TableDamaged: an input or the mart's table is not as the ledger left it.
    """
    mart = lake.project.marts[table]
    due = _due(lake, table, mart.inputs, _texts(mart))
    if due is None:
        return False
    waiting = waits_for(lake, table)
    if waiting:
        log.warning("%s waits: the contracts of %s changed, see yishu plan", table, ", ".join(waiting))
        return False
    spark = open_spark()
    tune(spark, _rows_of(lake, mart.inputs))
    frame = _run_select(spark, mart, bind_inputs(lake, spark, mart.select.read_text(encoding="utf-8"), mart.inputs))
    shown = Shown(table, mart.title, mart.fields, mart.key, contract=wording_now(lake, mart))
    _publish_table(lake, spark, shown, frame, due)
    return True


def share(lake: Lake, open_spark: OpenSpark, dataset: Dataset) -> bool:
    """Build a dataset's shareable base table if it is due; datasets that may not be shared have none."""
    table, source = f"{dataset.database}.{dataset.name}", f"silver.{dataset.name}"
    if dataset.sharing == "none" or lake.ledger.table(source) is None:
        return False
    due = _due(lake, table, (source,), [silver_ddl(dataset), *[f"{f.grade}{f.mask}" for f in dataset.fields]])
    if due is None:
        return False
    spark = open_spark()
    tune(spark, _rows_of(lake, (source,)))
    system = tuple(c for c in system_columns(dataset.mode) if c.name not in ("_delivery", "_row"))
    target = Shown(table, dataset.title, dataset.fields, more=system)
    _publish_table(lake, spark, target, tables.read(spark, lake.silver(dataset.name)), due)
    return True


def _rows_of(lake: Lake, inputs: Sequence[str]) -> int:
    """How many rows the inputs hold, from their logs."""
    return sum(tables.row_count(lake.path(name)) for name in inputs if not name.startswith("codes."))


def is_due(lake: Lake, table: str) -> bool:
    """Whether a run would build the mart now; damage counts as due, for the run to name it."""
    mart = lake.project.marts[table]
    try:
        return _due(lake, table, mart.inputs, _texts(mart)) is not None
    except TableDamaged:
        return True


def _texts(mart: Mart) -> list[str]:
    masks = [f"{f.grade}{f.mask}" for f in mart.fields]  # an element may have changed them
    return [mart.select.read_text(encoding="utf-8"), mart.file.read_text(encoding="utf-8"), *masks]


@dataclass(frozen=True)
class Due:
    """Why a table is built: the state of its inputs and of its definition, as the ledger keeps them."""

    inputs: str
    definition: str

    @property
    def stamp(self) -> str:
        return hashlib.sha256(f"{self.inputs}|{self.definition}".encode()).hexdigest()[:16]


def _due(lake: Lake, table: str, inputs: Sequence[str], texts: Sequence[str]) -> Due | None:
    require_sound(lake, table, *[i for i in inputs if not i.startswith("codes.")])
    state = {name: input_state(lake, name) for name in sorted(inputs)}
    if all(state[name] == NEVER_FILLED for name in _own(lake, table, inputs)):
        return None  # nothing has come for it yet: there is no table, rather than an empty one
    definition = hashlib.sha256("\0".join([_FORM, lake.settings.token_key_id, *texts]).encode()).hexdigest()
    due = Due(json.dumps(state, sort_keys=True), definition)
    noted = lake.ledger.table(table)
    same = noted is not None and (noted.inputs, noted.definition) == (due.inputs, due.definition)
    return None if same else due


def _own(lake: Lake, table: str, inputs: Sequence[str]) -> Sequence[str]:
    """The inputs for which a table waits: those of its own database; a dimension that all share says nothing of its subject."""
    database = table.split(".")[0]
    mine = {f"silver.{d.name}" for d in lake.project.datasets.values() if d.database == database}
    return [i for i in inputs if i in mine or i.split(".")[0] == database] or inputs


def _run_select(spark: SparkSession, mart: Mart, sql: str) -> DataFrame:
    """The SELECT's rows in the contract's columns and types."""
    from pyspark.errors import PySparkException
    from pyspark.sql import functions as F

    try:
        frame = spark.sql(sql)
        found = frame.columns
    except PySparkException as error:
        raise _select_failed(mart, str(error).split("\n")[0]) from error
    wanted = [f.name for f in mart.fields]
    if found != wanted:
        raise _select_failed(mart, f"it gives {', '.join(found)}, the contract says {', '.join(wanted)}")
    return frame.select(*[F.col(f"`{f.name}`").cast(spark_type(f.type)).alias(f.name) for f in mart.fields])


def _select_failed(mart: Mart, why: str) -> ContractError:
    return ContractError(
        f"the SELECT of {mart.table} does not run: {why}", code="mart-select", place=Place(mart.select), subject=mart.table,
        expected="one SELECT over the declared inputs that gives the contract's columns", remedy="mend it, then yishu check",
    )  # fmt: skip


def _publish_table(lake: Lake, spark: SparkSession, target: Shown, frame: DataFrame, due: Due) -> None:
    path = lake.gold(target.table)
    columns = [*[c.column for c in gold_columns(target.fields)], *target.more]
    with lake.ledger.writing(target.table):
        masked = mask(lake, spark, frame, target)
        to = Target(lake, path, delta_schema(columns), f"gold:{target.table}:{due.stamp}:{_table_age(path)}")
        replace(masked, to, lambda files: _require_key(lake, target, files))
        noted = lake.ledger.table(target.table)
        if noted is None or noted.definition != due.definition:
            tables.register(spark, target.table, path, target.title)
        tables.assert_readable_by_all(path)
        note(lake, target.table, due.inputs, due.definition, target.contract)


def _table_age(path: Path) -> int:
    """The version before: inputs that return to an earlier state are new work, not a repeat."""
    found = tables.look(path)
    return found.version if found else -1


def mask(lake: Lake, spark: SparkSession, frame: DataFrame, target: Shown) -> DataFrame:
    """Gold's columns of a frame: high grades masked, tokens beside them, Chinese comments on all.

    The keys come from a one-row table, so that no plan, log or history ever shows them.
    """
    from pyspark.sql import functions as F

    columns = gold_columns(target.fields)
    if any(f.tokened for f in target.fields):
        inner, outer = padded_keys(token_key(lake.settings))
        keys = spark.createDataFrame([(inner, outer)], "_inner_key binary, _outer_key binary")
        frame = frame.crossJoin(F.broadcast(keys))
    shown = [F.expr(c.expression).cast(c.type).alias(c.name, metadata={"comment": c.comment}) for c in columns]
    return frame.select(*shown, *[F.col(c.name) for c in target.more])


def _require_key(lake: Lake, target: Shown, files: Sequence[Path]) -> None:
    """An analyst must be able to trust a mart's key: one row each, none missing."""
    key = gold_key(target.fields, target.key)
    if not key or not files:
        return
    named = ", ".join(map(quoted, key))
    missing = " OR ".join(f"{quoted(k)} IS NULL" for k in key)
    with engine(lake) as duck:
        bad = duck.sql(
            f"SELECT {named}, count(*) FROM {parquet(files)} GROUP BY {named} HAVING count(*) > 1 OR {missing} LIMIT 1"
        ).fetchall()
    if bad:
        values = ", ".join(f"{k}={'NULL' if v is None else v}" for k, v in zip(key, bad[0], strict=False))
        raise DataError(
            f"the mart {target.table} has a missing or repeated key ({values}, {bad[0][-1]} rows)", code="mart-key",
            subject=target.table, remedy="mend the SELECT's grouping or the contract's key",
        )  # fmt: skip
