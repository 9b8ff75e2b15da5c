"""Delivery in bronze → verdicts: every row judged once, in one pass, by all rules of its suite.

The pass keeps a narrow frame (row, mask of broken rules, key) that later steps join to; wide rows are read once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from yishu.contract.model import Dataset, Field
from yishu.derive.casts import cast_sql, text_sql
from yishu.derive.spark_types import spark_type
from yishu.derive.suite import suite as derive_suite
from yishu.flow.bronze import plain_fields
from yishu.lake import tables
from yishu.lake.frames import kept, named
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, RuleCount
from yishu.quality.codelists import bind
from yishu.quality.conditions import Compiled, RowRule, compile_suite, rule_that_fails, spark_errors

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

ROW = ("_file", "_row")
_IN = "__in_"
_RAW = "__raw_"
_REF = "__ref_"
_COMPILED: dict[str, Compiled] = {}
"""Suites that GX has turned into columns in this process, by content; half a second each."""


@dataclass(frozen=True)
class Verdicts:
    """What judging found: counts for ledger and gate, and narrow frames for the steps that follow."""

    received: int
    bad: int
    duplicates: int
    counts: tuple[RuleCount, ...]
    staged: DataFrame
    """Typed fields, `__in_<field>` as handed in, `_file`, `_row`: all rows, nothing decided."""
    bad_rows: DataFrame
    """`row` and the mask columns of the rows that may not pass."""
    losers: DataFrame | None
    """`row` of the good rows whose key a better row of the same delivery holds; None where no key repeats."""
    compiled: Compiled
    row: tuple[str, ...]
    """The columns that tell rows apart: `_row` alone, a cheap number to join by, where the delivery is one file."""

    @property
    def repeated_keys(self) -> bool:
        return self.losers is not None


@contextmanager
def judged(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery) -> Iterator[Verdicts]:
    """Judge one delivery; the narrow frame stays cached until the block ends.

    Args:
        lake: contracts and places.
        spark: a session of its own.
        dataset: the contract.
        delivery: rows of it must stand in bronze.
    """
    from pyspark.sql import functions as F

    compiled = compiled_suite(lake, spark, dataset)
    row = ("_row",) if len(delivery.files) == 1 else ROW
    with ExitStack() as open_:
        staged = open_.enter_context(named(stage(lake, spark, dataset, delivery)))
        try:
            narrow = open_.enter_context(kept(_narrow(staged, dataset, compiled, row)))
            received, bad, counts = _count(narrow, compiled)
        except spark_errors() as error:  # a rule that Spark cannot evaluate is named, so that other datasets go on past it
            to_blame = rule_that_fails(staged, compiled, dataset.name)
            if to_blame is None:
                raise
            raise to_blame from error
        good, bad_rows = narrow.where(~_fatal(compiled)), narrow.where(_fatal(compiled)).select(*row, *_mask_names(compiled))
        repeated, losers, duplicates = open_.enter_context(kept(_repeated(good))), None, 0
        if repeated.count():
            candidates = good.join(F.broadcast(repeated), "__hash", "left_semi")
            losers = open_.enter_context(kept(_losers(candidates, dataset, row)))
            duplicates = losers.count()
        yield Verdicts(received, bad, duplicates, counts, staged, bad_rows, losers, compiled, row)


def stage(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery) -> DataFrame:
    """The delivery's rows with standardised, typed fields beside the cells as handed in; lazy."""
    from pyspark.sql import functions as F

    bronze = tables.read(spark, lake.bronze(dataset.name)).where(F.col("_delivery") == delivery.id)
    known = set(bronze.columns)
    cells = [(F.col(f"`{f.name}`") if f.name in known else F.lit(None).cast("string")).alias(_IN + f.name) for f in dataset.fields]
    frame = bronze.select(*cells, "_raw", "_extra", "_delivery", *ROW)
    plain = plain_fields(lake, delivery)
    texts = [F.expr(text_sql(f, f"`{_IN}{f.name}`", f.name in plain)).alias(_RAW + f.name) for f in dataset.fields]
    frame = frame.select("*", *texts)
    typed = [F.expr(cast_sql(f, f"`{_RAW}{f.name}`")).alias(f.name) for f in dataset.fields]
    return _with_references(lake, spark, dataset, frame.select("*", *typed))


def compiled_suite(lake: Lake, spark: SparkSession, dataset: Dataset) -> Compiled:
    """The dataset's suite as columns; made once per content and process."""
    suite = bind(derive_suite(dataset, lake.project), lake.project)
    content = hashlib.sha256(json.dumps([suite, staged_schema(dataset)], sort_keys=True).encode()).hexdigest()
    if content not in _COMPILED:
        _COMPILED[content] = compile_suite(spark, suite, staged_schema(dataset))
    return _COMPILED[content]


def staged_schema(dataset: Dataset) -> str:
    """DDL of the frame that a suite judges."""
    columns = [f"`{f.name}` {spark_type(f.type)}" for f in dataset.fields]
    columns += [f"`{_RAW}{f.name}` string" for f in dataset.fields if f.type.kind != "string"]
    columns += [f"`{_REF}{f.name}` boolean" for f in dataset.fields if f.reference]
    return ", ".join([*columns, "_raw string"])


def _with_references(lake: Lake, spark: SparkSession, dataset: Dataset, frame: DataFrame) -> DataFrame:
    """`__ref_<field>`: does the value stand in the referenced dataset? NULL values refer to nothing."""
    from pyspark.sql import functions as F

    for field in (f for f in dataset.fields if f.reference):
        assert field.reference is not None
        path = lake.silver(field.reference.dataset)
        flag = _REF + field.name
        if field.reference.dataset == dataset.name or not tables.exists(path):
            absent = F.when(F.col(f"`{field.name}`").isNotNull(), F.lit(field.reference.dataset == dataset.name))
            frame = frame.withColumn(flag, absent)
            continue
        known = tables.read(spark, path).select(F.col(f"`{field.reference.field}`").alias("__known")).distinct()
        joined = frame.join(known, frame[field.name] == known["__known"], "left")
        hit = F.when(F.col(f"`{field.name}`").isNotNull(), F.col("__known").isNotNull())
        frame = joined.withColumn(flag, hit).drop("__known")
    return frame


def _narrow(staged: DataFrame, dataset: Dataset, compiled: Compiled, row: Sequence[str]) -> DataFrame:
    from pyspark.sql import functions as F

    masks = [mask.alias(name) for mask, name in zip(compiled.masks(), _mask_names(compiled), strict=True)]
    compared = [F.col(f"`{name}`") for name in (*dataset.key, dataset.sequence) if name]
    return staged.select(*row, *masks, F.xxhash64(*compared[: len(dataset.key)]).alias("__hash"), *compared)


def _mask_names(compiled: Compiled) -> list[str]:
    return [f"__mask{i}" for i in range(len(compiled.fatal_masks()))]


def _fatal(compiled: Compiled) -> Column:
    """True for a row that may not pass."""
    from pyspark.sql import functions as F

    hits = [F.col(n).bitwiseAND(F.lit(bits)) != 0 for n, bits in zip(_mask_names(compiled), compiled.fatal_masks(), strict=True)]
    return reduce(lambda a, b: a | b, hits)


def broken(compiled: Compiled) -> Iterator[tuple[RowRule, Column]]:
    """Each row rule with the column that says, from the masks, whether a row breaks it."""
    from pyspark.sql import functions as F

    from yishu.quality.conditions import MASK_BITS

    for i, rule in enumerate(compiled.rows):
        yield rule, F.col(f"__mask{i // MASK_BITS}").bitwiseAND(F.lit(1 << (i % MASK_BITS))) != 0


def _count(narrow: DataFrame, compiled: Compiled) -> tuple[int, int, tuple[RuleCount, ...]]:
    """One aggregate over the narrow frame; it also fills the cache."""
    from pyspark.sql import functions as F

    sums = [F.count_if(hit).alias(f"r{i}") for i, (_, hit) in enumerate(broken(compiled))]
    row = narrow.agg(F.count(F.lit(1)).alias("n"), F.count_if(_fatal(compiled)).alias("bad"), *sums).collect()[0]
    counts = tuple(_rule_count(rule, int(row[f"r{i}"]), int(row["n"])) for i, rule in enumerate(compiled.rows))
    return int(row["n"]), int(row["bad"]), counts


def _rule_count(rule: RowRule, bad: int, total: int) -> RuleCount:
    meta = rule.expectation["meta"]["yishu"]
    return RuleCount(
        rule=rule.name, type=rule.expectation["type"], column=str(meta["column"]), severity=rule.severity,
        bad=bad, total=total, message=str(meta["message"]), expected=str(meta["expected"]),
    )  # fmt: skip


def _repeated(good: DataFrame) -> DataFrame:
    """Hashes of the keys that stand in more than one good row; where keys are unique, as they should be, none."""
    from pyspark.sql import functions as F

    return good.groupBy("__hash").agg(F.count(F.lit(1)).alias("n")).where("n > 1").select("__hash")


def _losers(candidates: DataFrame, dataset: Dataset, row: Sequence[str]) -> DataFrame:
    """Those of the candidates whose key a better row has; the keys themselves decide, a hash only brought them together."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    history = dataset.mode == "history"
    sequence = [F.col(f"`{dataset.sequence}`")] if dataset.sequence else []
    versions = [*[F.col(f"`{name}`") for name in dataset.key], *(sequence if history else [])]
    best = [*([] if history else [s.desc() for s in sequence]), *[F.col(c).desc() for c in row]]
    ranked = candidates.withColumn("__rank", F.row_number().over(Window.partitionBy(*versions).orderBy(*best)))
    return ranked.where("__rank > 1").select(*row)


def good_rows(verdicts: Verdicts, dataset: Dataset, delivery: Delivery) -> DataFrame:
    """The rows that go on: typed fields and `_department, _period, _delivery, _row`."""
    from pyspark.sql import functions as F

    out = [verdicts.bad_rows] if verdicts.bad else []
    out += [verdicts.losers] if verdicts.losers is not None else []
    frame = verdicts.staged
    if out:
        left_out = reduce(lambda a, b: a.unionByName(b), [rows.select(*verdicts.row) for rows in out])
        frame = frame.join(F.broadcast(left_out), list(verdicts.row), "left_anti")
    return frame.select(*silver_columns(dataset.fields, delivery))


def silver_columns(fields: Sequence[Field], delivery: Delivery) -> list[Column]:
    """What a row becomes in silver: its typed fields with their titles, and where it came from."""
    from pyspark.sql import functions as F

    typed = [F.col(f"`{f.name}`").alias(f.name, metadata={"comment": f.title}) for f in fields]
    origin = [F.lit(delivery.department).alias("_department"), F.lit(delivery.period).alias("_period")]
    return [*typed, *origin, F.lit(delivery.id).alias("_delivery"), F.col("_row")]


def spelled_out(verdicts: Verdicts, dataset: Dataset) -> DataFrame:
    """The bad rows as they were handed in, each with the rules it broke; reasons are built for these rows only."""
    from pyspark.sql import functions as F

    def reason(rule: RowRule, hit: Column) -> Column:
        meta = rule.expectation["meta"]["yishu"]
        parts = {"rule": rule.name, "column": str(meta["column"]), "message": str(meta["message"])}
        return F.when(hit, F.struct(*[F.lit(v).alias(k) for k, v in parts.items()]))

    # warnings do not keep a row out, and some depend on which other dataset came first: they are counted, not listed
    fatal = {r.name: (r, h) for r, h in broken(verdicts.compiled) if r.fatal}
    for field in dataset.fields:  # what could not be read is not also called missing
        if {f"type:{field.name}", f"required:{field.name}"} <= fatal.keys():
            rule, hit = fatal[f"required:{field.name}"]
            fatal[rule.name] = (rule, hit & ~fatal[f"type:{field.name}"][1])
    every = F.array_compact(F.array(*[reason(r, h) for r, h in fatal.values()]))
    # a row that could not be read has no cells to complain about
    reasons = F.when(fatal["unparsable"][1], F.array(reason(*fatal["unparsable"]))).otherwise(every)
    rows = verdicts.staged.join(F.broadcast(verdicts.bad_rows.select(*verdicts.row, *_mask_names(verdicts.compiled))), list(verdicts.row))
    cells = [F.col(f"`{_IN}{f.name}`").alias(f.name) for f in dataset.fields]
    return rows.select(*cells, "_extra", "_raw", "_delivery", *ROW, reasons.alias("_violations"))
