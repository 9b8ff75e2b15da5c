"""A dataset × today's contract → what its tables would be if all deliveries that stand were judged anew; and then they are.

`tried` makes it aside, through the very functions that judge and rebuild, and takes it away again: `plan` only counts it,
`apply` puts it in the place of silver and quarantine, one commit each, so that the versions before stay readable.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset
from yishu.derive.spark_types import columns_ddl, delta_schema, silver_table
from yishu.flow import silver
from yishu.flow.agreed import BEGUN, wording_now, wording_of_table
from yishu.flow.bad_rows import spelled_out
from yishu.flow.cases import Because, look_again
from yishu.flow.evolving import in_shape, rename, under_old_names
from yishu.flow.family import ROW, balanced, corrections, members, root_of, spots
from yishu.flow.judge import judged
from yishu.flow.rebuild import loaded_rows, rebuild
from yishu.flow.soundness import note, require_sound
from yishu.lake import places, tables
from yishu.lake.adoption import Target, replace
from yishu.lake.lake import Lake, OpenSpark
from yishu.lake.ledger import Balance, Delivery, RuleCount
from yishu.lake.session import tune

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Aside(Lake):
    """The lake, but what belongs to one dataset lies below a folder of its own: what is made there nobody sees."""

    only: str
    at: Path

    def bronze(self, dataset: str) -> Path:
        copied = self.at / "bronze"
        return copied if dataset == self.only and tables.exists(copied) else super().bronze(dataset)

    def silver(self, dataset: str) -> Path:
        return self.at / "silver" if dataset == self.only else super().silver(dataset)

    def quarantine(self, dataset: str) -> Path:
        return self.at / "quarantine" if dataset == self.only else super().quarantine(dataset)

    def ops(self, name: str) -> Path:
        return self.at / name


@dataclass(frozen=True)
class Tried:
    """What all standing deliveries come to. `come` and `go` are rows of silver that are not there now, or would no more be."""

    aside: Aside
    dataset: Dataset
    deliveries: tuple[Delivery, ...]
    balances: dict[str, Balance]
    counts: dict[str, list[RuleCount]]
    over: dict[str, str]
    """Deliveries that the gate would hold today, and why."""
    before: int
    after: int
    come: int
    go: int

    @property
    def quarantined(self) -> tuple[int, int]:
        """Before and after."""
        return sum(d.balance.quarantined for d in self.deliveries), sum(b.quarantined for b in self.balances.values())

    @property
    def collisions(self) -> int:
        """Rows in whose place another of the same key would stand."""
        was, now = self.quarantined
        return max(0, self.before - self.after - (now - was))


@contextmanager
def tried(lake: Lake, open_spark: OpenSpark, dataset: Dataset) -> Iterator[Tried]:
    """Judge all standing deliveries by today's contract, aside; nothing of it is left when the block ends.

    Args:
        lake: contracts, ledger and places.
        open_spark: opens a session of its own.
        dataset: as it is today.

    Raises:
        TableDamaged: a table is not as the ledger left it.
        ContractError: a rule cannot run.
    """
    require_sound(lake, *(f"{layer}.{dataset.name}" for layer in ("bronze", "silver", "quarantine")))
    at = lake.ops("staging") / f"restate-{dataset.name}"
    with lake.ledger.writing(f"restate.{dataset.name}"):
        places.remove(at)  # a killed one left it
        try:
            parts = {f.name: getattr(lake, f.name) for f in dataclasses.fields(lake)}
            yield _all_anew(lake, Aside(**parts, only=dataset.name, at=at), open_spark(), dataset)
        finally:
            places.remove(at)


def _all_anew(lake: Lake, aside: Aside, spark: SparkSession, dataset: Dataset) -> Tried:
    if under_old_names(lake.bronze(dataset.name), dataset):
        rename(lake.bronze(dataset.name), aside.at / "bronze", dataset)
    every = lake.ledger.deliveries(dataset=dataset.name)
    standing = [d for d in every if d.state == "accepted"]
    balances: dict[str, Balance] = {}
    counts: dict[str, list[RuleCount]] = {}
    over: dict[str, str] = {}
    for delivery in standing:
        balances[delivery.id], counts[delivery.id], over[delivery.id] = _judge(aside, spark, dataset, delivery, standing)
    rebuild(aside, spark, dataset, standing, f"restate:{dataset.name}")
    for delivery in standing:
        kin = members(standing, root_of(every, delivery))
        if len(kin) > 1 or corrections(lake, delivery):  # which of their rows go on is told by all of them
            loaded = loaded_rows(aside, spark, dataset, kin)[delivery.id]
            balances[delivery.id] = balanced(aside, delivery, kin, loaded)
    old, new = _rows(lake, spark, dataset), _rows(aside, spark, dataset)
    before, after = (tables.row_count(place.silver(dataset.name)) for place in (lake, aside))
    come, go = new.exceptAll(old).count(), old.exceptAll(new).count()
    told = {name: why for name, why in over.items() if why}
    return Tried(aside, dataset, tuple(standing), balances, counts, told, before, after, come, go)


def _judge(
    aside: Aside, spark: SparkSession, dataset: Dataset, delivery: Delivery, standing: Sequence[Delivery]
) -> tuple[Balance, list[RuleCount], str]:
    """One delivery's bad rows into the quarantine aside; what became of its rows, and why the gate would hold it."""
    tune(spark, delivery.balance.received)
    mine = [d for d in standing if d.corrects == delivery.id]
    taken = {spot for d in mine for spot in spots(aside.bronze(dataset.name), d.id)}

    def still_its_own(batch: pa.RecordBatch) -> pa.Array:
        spots_of = zip(*(batch[name].to_pylist() for name in ROW), strict=True)
        return pa.array([spot not in taken for spot in spots_of], pa.bool_())

    with judged(aside, spark, dataset, delivery) as verdicts:
        silver.require_all(delivery, verdicts)
        decision, counts = silver.decided(aside, spark, dataset, verdicts)
        bad = spelled_out(aside, verdicts, dataset, delivery, still_its_own if taken else None)
        if verdicts.bad:
            tables.put_batches(bad, aside.quarantine(dataset.name), f"restate:{delivery.id}")
        good = verdicts.received - verdicts.bad - verdicts.duplicates
        balance = Balance(verdicts.received, good, verdicts.duplicates, verdicts.bad)
    asked_as_a_whole = delivery.corrects is None and not mine
    return balance, counts, decision.reason if asked_as_a_whole else ""


def _rows(place: Lake, spark: SparkSession, dataset: Dataset) -> DataFrame:
    """Silver there, in today's columns."""
    path = place.silver(dataset.name)
    if not tables.exists(path):
        return spark.createDataFrame([], columns_ddl(silver_table(dataset)))
    return in_shape(tables.read(spark, path), dataset)


def restate(lake: Lake, open_spark: OpenSpark, found: Tried, because: Because) -> None:
    """Put what was tried in the place of silver and quarantine, and let balances, rule counts and receipts follow.

    Stopped in between, the dataset waits until it is done again. The caller is the tables' one writer.

    Args:
        lake: ledger and places.
        open_spark: opens a session of its own.
        found: tried just now.
        because: who and why.
    """
    dataset, table = found.dataset, f"silver.{found.dataset.name}"
    now, was = wording_now(lake, dataset), found.quarantined
    said = {"reason": because.reason, "contract": now, "come": found.come, "go": found.go, "quarantined": was}
    lake.ledger.audit(because.actor, "apply", table, json.dumps(said, ensure_ascii=False))
    for delivery in found.deliveries:
        lake.ledger.decide(delivery.id, "restate", actor=because.actor, reason=because.reason)
    note(lake, table, contract=BEGUN + wording_of_table(lake, table).removeprefix(BEGUN))
    _swap(lake, open_spark(), found, f"restate:{dataset.name}:{now}:{lake.clock().isoformat()}")
    for delivery in found.deliveries:
        look_again(lake, delivery)
        lake.ledger.record_rules(delivery.id, found.counts[delivery.id], now)
        lake.ledger.move(delivery.id, "accepted", balance=found.balances[delivery.id], receipt="")
    note(lake, table, contract=now)


def _swap(lake: Lake, spark: SparkSession, found: Tried, app_id: str) -> None:
    """What waits in quarantine first: between the two commits a row may stand in both tables, or wait for the second."""
    dataset, name = found.dataset, found.dataset.name
    bad, path = found.aside.quarantine(name), lake.quarantine(name)
    if tables.exists(bad) or tables.exists(path):
        rows = places.rows(bad).scanner() if tables.exists(bad) else places.rows(path).scanner(filter=pc.scalar(False))
        tables.put_batches(rows.to_reader(), path, f"quarantine:{app_id}", [d.id for d in found.deliveries])
        note(lake, f"quarantine.{name}")
    to = Target(lake, lake.silver(name), delta_schema(silver_table(dataset)), f"silver:{app_id}")
    replace(_rows(found.aside, spark, dataset), to)
    note(lake, f"silver.{name}")
