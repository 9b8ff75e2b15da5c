"""Delivery in bronze → verdicts: every row judged once and written once, sorted by its verdict, before anything is decided.

One pass reads bronze, casts, evaluates all rules as a bit mask and writes typed rows into a folder of their own beside the
table: good ones, bad ones, and those whose key may stand twice.
Nothing refers to the folder until the gate has decided; then the good files become part of the table as they lie.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow.parquet as pq

from yishu.contract.model import Dataset
from yishu.derive.spark_types import silver_ddl, silver_table
from yishu.derive.suite import suite as derive_suite
from yishu.flow.bronze import known_cells
from yishu.flow.reading.plain import Cells
from yishu.flow.repeats import best, suspects
from yishu.flow.stage import silver_columns, stage, staged_schema
from yishu.flow.waivers import waivers, without_waived
from yishu.lake import adoption, tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, RuleCount
from yishu.quality.codelists import bind
from yishu.quality.conditions import MASK_BITS, Compiled, RowRule, compile_suite, rule_that_fails, spark_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Kind = Literal["good", "bad", "repeated", "best"]
"""`repeated`: good, but the key may stand in another row too; `best`: those of them that go on."""
_KIND = "yishu_kind"
_MASK = "__mask"
_PARQUET = {"parquet.column.statistics.enabled": "false", "parquet.dictionary.page.size": str(128 << 10)}
"""Nobody searches silver by value, and a column of many values is soon known for one: a tenth of the pass."""
_COMPILED: dict[str, Compiled] = {}
"""Suites that GX has turned into columns in this process, by content; half a second each."""


@dataclass(frozen=True)
class Verdicts:
    """What judging found: counts for ledger and gate, and where the judged rows lie until the block ends."""

    received: int
    bad: int
    counts: tuple[RuleCount, ...]
    compiled: Compiled
    folder: Path
    repeated: Future[int]
    """Settled by Spark while Python goes on to the bad rows."""

    @property
    def duplicates(self) -> int:
        """Good rows in whose place another of the same key goes on."""
        return self.repeated.result()

    def files(self, *kinds: Kind) -> tuple[Path, ...]:
        if "best" in kinds:
            self.repeated.result()
        return tuple(file for kind in kinds for file in sorted((self.folder / f"{_KIND}={kind}").glob("*.parquet")))


@contextmanager
def judged(
    lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery, patch: Delivery | None = None
) -> Iterator[Verdicts]:
    """Judge one delivery; its judged rows lie there until the block ends, and those that a table took in stay.

    Args:
        lake: contracts and places.
        spark: a session of its own.
        dataset: the contract.
        delivery: rows of it must stand in bronze.
        patch: a correction of it; it is judged as it would be with the corrected rows.
    """
    compiled = compiled_suite(lake, spark, dataset)
    marks = lake.staging(delivery.id) / "judging"
    with adoption.beside(lake.silver(dataset.name), marks) as folder, ThreadPoolExecutor(1) as aside:
        _write_judged(lake, spark, dataset, delivery, compiled, folder, patch)
        counted = _count(folder, compiled)
        yield Verdicts(*counted, compiled, folder, aside.submit(_settle_repeated, spark, dataset, folder))


def rows(spark: SparkSession, dataset: Dataset, verdicts: Verdicts, *kinds: Kind) -> DataFrame:
    """The judged rows of some kinds, in silver's columns."""
    from pyspark.sql import functions as F

    frame = tables.read_files(spark, verdicts.files(*kinds), silver_ddl(dataset))
    titles = {f.name: {"comment": f.title} for f in dataset.fields}
    return frame.select(*[F.col(f"`{c.name}`").alias(c.name, metadata=titles.get(c.name, {})) for c in silver_table(dataset)])


def compiled_suite(lake: Lake, spark: SparkSession, dataset: Dataset) -> Compiled:
    """The dataset's suite as columns; made once per content and process."""
    suite = bind(derive_suite(dataset, lake.project), lake.project)
    content = hashlib.sha256(json.dumps([suite, staged_schema(dataset)], sort_keys=True).encode()).hexdigest()
    if content not in _COMPILED:
        _COMPILED[content] = compile_suite(spark, suite, staged_schema(dataset))
    return _COMPILED[content]


def _write_judged(
    lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery, compiled: Compiled, folder: Path, patch: Delivery | None
) -> None:
    """The one pass."""
    from pyspark.sql import functions as F

    staged = stage(lake, spark, dataset, delivery, patch)
    masks = compiled.masks(_surely_kept(compiled, known_cells(lake, delivery) if patch is None else {}))
    named = [mask.whole.alias(name) for mask, name in zip(masks, mask_names(compiled), strict=True)]
    # Each part of a mask stands twice in one projection, in the mask and by itself: what stands twice becomes a method
    # of its own. Said once, all rules are one method, too long for HotSpot: the pass takes a quarter longer.
    outs = [out.alias(f"__out{i}") for i, out in enumerate(out for mask in masks for out in mask.keep_out)]
    frame = _with_suspicion(lake, spark, dataset, delivery, staged).select("*", *named, *outs)
    out = reduce(lambda a, b: a | b, [F.col(f"__out{i}") for i in range(len(outs))])
    excused = waivers(lake, spark, delivery, compiled)
    if excused is not None:
        frame = without_waived(frame, excused, mask_names(compiled))
        out = reduce(lambda a, b: a | b, [F.col(n).bitwiseAND(m.fatal) != 0 for n, m in zip(mask_names(compiled), masks, strict=True)])
    kind = F.when(out, "bad").when(F.col("__suspect"), "repeated").otherwise("good").alias(_KIND)
    file = F.when(out | F.col("__suspect"), F.col("_file")).alias("_file")  # good rows are not looked for again
    sorted_out = frame.select(*silver_columns(dataset, delivery), file, *mask_names(compiled), kind)
    try:
        sorted_out.write.partitionBy(_KIND).options(**_PARQUET).parquet(str(folder))
    except spark_errors() as error:  # a rule that Spark cannot evaluate is named, so that other datasets go on past it
        to_blame = rule_that_fails(staged, compiled, dataset.name)
        if to_blame is None:
            raise
        raise to_blame from error


def _with_suspicion(lake: Lake, spark: SparkSession, dataset: Dataset, delivery: Delivery, staged: DataFrame) -> DataFrame:
    """`__suspect`: the row may share its key with another."""
    from pyspark.sql import functions as F

    found = suspects(lake, dataset, delivery)
    if found is None or not found.num_rows:
        return staged.withColumn("__suspect", F.lit(found is None))
    marked = spark.createDataFrame(found).withColumn("__suspect", F.lit(True))
    return staged.join(F.broadcast(marked), found.column_names, "left")


def _surely_kept(compiled: Compiled, cells: Mapping[str, Cells]) -> set[str]:
    """The rules that no row can break, as the bytes of the cells tell: a greatest length, text that must be there."""
    cast = {rule.name.removeprefix("type:") for rule in compiled.rows if rule.name.startswith("type:")}

    def kept(rule: RowRule) -> bool:
        arguments = dict(rule.expectation["kwargs"])
        field = str(arguments.pop("column", ""))
        known, longest = cells.get(field, Cells()), arguments.pop("max_value", None)
        if arguments:
            return False
        if rule.expectation["type"] == "expect_column_value_lengths_to_be_between":
            return isinstance(longest, int) and known.longest <= longest  # there are no more characters than bytes
        missing = rule.expectation["type"] == "expect_column_values_to_not_be_null"
        return missing and known.plain and known.filled and field not in cast

    return {rule.name for rule in compiled.rows if kept(rule)}


def mask_names(compiled: Compiled) -> list[str]:
    return [f"{_MASK}{i}" for i in range(compiled.mask_count)]


def _count(folder: Path, compiled: Compiled) -> tuple[int, int, tuple[RuleCount, ...]]:
    """How many rows there are, how many are bad, and how many break each rule; only the masks are read."""
    total, bad, broken = 0, 0, np.zeros(len(compiled.rows), np.int64)
    for file in folder.glob(f"{_KIND}=*/*.parquet"):
        with pq.ParquetFile(file.open("rb")) as parquet:
            total += parquet.metadata.num_rows
            bad += parquet.metadata.num_rows if file.parent.name.endswith("=bad") else 0
            for batch in parquet.iter_batches(columns=mask_names(compiled)):
                broken += _broken(batch.columns, len(compiled.rows))
    counts = tuple(_rule_count(rule, int(n), total) for rule, n in zip(compiled.rows, broken, strict=True))
    return total, bad, counts


def _broken(masks: Sequence[object], rules: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found = np.zeros(rules, np.int64)
    for at, column in enumerate(masks):
        mask = np.asarray(column)
        mask = mask[mask != 0]
        for rule in range(at * MASK_BITS, min((at + 1) * MASK_BITS, rules)) if len(mask) else ():
            found[rule] = np.count_nonzero(mask & (1 << rule % MASK_BITS))
    return found


def _rule_count(rule: RowRule, bad: int, total: int) -> RuleCount:
    meta = rule.expectation["meta"]["yishu"]
    return RuleCount(
        rule=rule.name, type=rule.expectation["type"], column=str(meta["column"]), severity=rule.severity,
        bad=bad, total=total, message=str(meta["message"]), expected=str(meta["expected"]),
    )  # fmt: skip


def _settle_repeated(spark: SparkSession, dataset: Dataset, folder: Path) -> int:
    """Of the rows that may share a key, the best go on; returns how many others there are."""
    suspect = folder / f"{_KIND}=repeated"
    if not suspect.is_dir():
        return 0
    chosen = folder / f"{_KIND}=best"
    best(tables.read_files(spark, [suspect], f"{silver_ddl(dataset)}, _file string"), dataset).coalesce(1).write.parquet(str(chosen))
    return _rows(suspect) - _rows(chosen)


def _rows(folder: Path) -> int:
    return sum(tables.rows_in(file) for file in folder.glob("*.parquet"))
