"""Delivery in bronze → silver and quarantine: judge, decide, and only then make visible.

Killed anywhere and run again it does the same: each commit carries its delivery, and the ledger moves last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from yishu.contract.model import Dataset
from yishu.derive.spark_types import delta_schema, silver_table
from yishu.errors import DataError
from yishu.flow import cases, judge
from yishu.flow.agreed import require_agreed, wording_now
from yishu.flow.bad_rows import spelled_out
from yishu.flow.family import root_of
from yishu.flow.gate import Decision, decide
from yishu.flow.judge import Verdicts
from yishu.flow.merging import Arrival, merge_in, needs_rebuild
from yishu.flow.rebuild import rebuild
from yishu.flow.soundness import note, require_sound
from yishu.lake import places, tables
from yishu.lake.adoption import Target
from yishu.lake.lake import Lake, OpenSpark
from yishu.lake.ledger import Balance, Delivery, RuleCount
from yishu.lake.session import tune
from yishu.quality import whole_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def settle(lake: Lake, open_spark: OpenSpark, delivery: Delivery) -> Delivery:
    """Take one delivery from bronze to `accepted` or `held`.

    Args:
        lake: contracts, ledger and places.
        open_spark: opens a session of its own.
        delivery: in state `bronze`, or `held` and released.

    Raises:
        TableDamaged: silver or quarantine is not as the ledger left it.
        ContractError: a rule cannot run.
        DataError: the contract changed so that new rows may not stand beside those that are there.
    """
    dataset = lake.project.datasets[delivery.dataset]
    require_sound(lake, f"bronze.{dataset.name}", f"silver.{dataset.name}", f"quarantine.{dataset.name}")
    require_agreed(lake, dataset)
    spark = open_spark()
    tune(spark, delivery.balance.received)
    with judge.judged(lake, spark, dataset, delivery) as verdicts:
        decision, counts = decided(lake, spark, dataset, verdicts)
        lake.ledger.record_rules(delivery.id, counts, wording_now(lake, dataset))
        if not decision.accepted and not released(lake, delivery):
            return hold(lake, dataset, delivery, verdicts, decision)
        return _accept(lake, spark, passage(lake, dataset, delivery, verdicts))


@dataclass(frozen=True)
class Passage:
    """One delivery on its way through the gate."""

    dataset: Dataset
    delivery: Delivery
    verdicts: Verdicts
    attempt: int
    replaced: tuple[Delivery, ...]
    """Deliveries of the same department and period that this one takes the place of."""

    @property
    def restates(self) -> bool:
        return bool(self.replaced) or self.attempt > 0

    def app_id(self, layer: str) -> str:
        return f"{layer}:{self.dataset.name}:{self.delivery.id}:{self.attempt}"


def passage(lake: Lake, dataset: Dataset, delivery: Delivery, verdicts: Verdicts) -> Passage:
    """The delivery with its verdicts and those standing deliveries whose place it takes."""
    every = lake.ledger.deliveries(dataset=dataset.name)
    standing = [d for d in every if d.state in ("accepted", "held")]
    same = [d for d in standing if (d.department, d.period) == (delivery.department, delivery.period)]
    replaced = tuple(d for d in same if root_of(every, d).ordinal < delivery.ordinal)
    return Passage(dataset, delivery, verdicts, attempt(lake, delivery), replaced)


def attempt(lake: Lake, delivery: Delivery) -> int:
    """How often the delivery was sent through again on purpose; part of every appId, so that a redo is no repeat."""
    return sum(1 for d in lake.ledger.decisions(delivery.id) if d.verb in ("reprocess", "replay", "waive"))


def ready(lake: Lake, dataset: str) -> list[Delivery]:
    """Deliveries that can go through the gate: in bronze, or held and released since; in the order of their claims."""
    waiting = lake.ledger.deliveries(dataset=dataset, states={"bronze", "held"})
    return [d for d in waiting if d.state == "bronze" or to_release(lake, d)]


def to_release(lake: Lake, delivery: Delivery) -> bool:
    """A release was decided, or a correction lifts the delivery over the gate, and it waits to be carried out."""
    return any(d.verb in _PASSES and d.pending for d in lake.ledger.decisions(delivery.id))


_PASSES = ("release", "correct")


def released(lake: Lake, delivery: Delivery) -> bool:
    """A person or a correction once let the delivery pass; that holds when it is sent through again."""
    return any(d.verb in _PASSES for d in lake.ledger.decisions(delivery.id))


def decided(lake: Lake, spark: SparkSession, dataset: Dataset, verdicts: Verdicts) -> tuple[Decision, list[RuleCount]]:
    """Whether what was judged may pass as a whole, and how often each rule was broken, those on the whole table too."""
    expectations = verdicts.compiled.tables
    every = judge.rows(spark, dataset, verdicts, "good", "repeated", "bad") if expectations else None
    whole = whole_table.evaluate(every, expectations, verdicts.received, dataset.name) if every is not None else ()
    limits = {r.name: r.expectation["meta"]["yishu"]["tolerance"] for r in verdicts.compiled.rows}
    tolerances = {name: limit for name, limit in limits.items() if limit is not None}
    decision = decide(dataset, verdicts.received, verdicts.bad, verdicts.counts, whole, tolerances)
    return decision, [*verdicts.counts, *whole]


def hold(lake: Lake, dataset: Dataset, delivery: Delivery, verdicts: Verdicts, decision: Decision) -> Delivery:
    """Nothing of it becomes visible until a person decides."""
    show_bad_rows(lake, dataset, delivery, verdicts)
    balance = Balance(verdicts.received, 0, verdicts.duplicates, verdicts.bad, 0)
    return lake.ledger.move(delivery.id, "held", balance=balance, reason=decision.reason)


def show_bad_rows(lake: Lake, dataset: Dataset, delivery: Delivery, verdicts: Verdicts) -> None:
    """The bad rows of a delivery that is not accepted, beside the tables: its receipt needs them."""
    if verdicts.bad:
        app_id = f"staging:{dataset.name}:{delivery.id}:{lake.clock().isoformat()}"
        tables.put_batches(spelled_out(lake, verdicts, dataset, delivery), lake.staging(delivery.id) / "bad", app_id, [delivery.id])


def _accept(lake: Lake, spark: SparkSession, passage: Passage) -> Delivery:
    dataset, delivery, verdicts = passage.dataset, passage.delivery, passage.verdicts
    require_all(delivery, verdicts)
    with lake.ledger.writing(f"silver.{dataset.name}"):
        _quarantine(lake, passage)
        _merge(lake, spark, passage)
    if passage.attempt:
        cases.look_again(lake, delivery)
    for old in passage.replaced:
        lake.ledger.supersede(old.id, delivery.id)
    balance = Balance(
        received=verdicts.received, loaded=verdicts.received - verdicts.bad - verdicts.duplicates,
        duplicates=verdicts.duplicates, quarantined=verdicts.bad, rejected=0,
    )  # fmt: skip
    moved = lake.ledger.move(delivery.id, "accepted", balance=balance, reason="")
    for settled in (delivery, *passage.replaced):
        places.remove(lake.staging(settled.id))
    return moved


def require_all(delivery: Delivery, verdicts: Verdicts) -> None:
    """Bronze holds as many rows of the delivery as the ledger says.

    Raises:
        DataError: it does not.
    """
    if delivery.balance.received != verdicts.received:
        raise DataError(
            f"bronze.{delivery.dataset} holds {verdicts.received} rows of {delivery.id}, the ledger {delivery.balance.received}",
            code="balance", subject=delivery.dataset, remedy=f"yishu reprocess {delivery.dataset} --reason …",
        )  # fmt: skip


def _quarantine(lake: Lake, passage: Passage) -> None:
    """The bad rows, as handed in, with their reasons; those of the deliveries that this one restates go."""
    dataset, delivery = passage.dataset, passage.delivery
    path, app_id = lake.quarantine(dataset.name), passage.app_id("quarantine")
    gone = [d.id for d in (delivery, *passage.replaced)] if passage.restates and tables.exists(path) else []
    if not tables.done(path, app_id) and (gone or passage.verdicts.bad):
        tables.put_batches(spelled_out(lake, passage.verdicts, dataset, delivery), path, app_id, gone)
    note(lake, f"quarantine.{dataset.name}")


def _merge(lake: Lake, spark: SparkSession, passage: Passage) -> None:
    dataset, delivery = passage.dataset, passage.delivery
    accepted = lake.ledger.deliveries(dataset=dataset.name, states={"accepted"})
    if needs_rebuild(dataset, delivery, passage.restates, accepted):
        gone = {d.id for d in (delivery, *passage.replaced)}
        kept = [d for d in accepted if d.id not in gone]
        rebuild(lake, spark, dataset, [*kept, delivery], passage.app_id("silver"))
    else:
        merge_in(_arrival(lake, spark, passage))
    note(lake, f"silver.{dataset.name}", contract=wording_now(lake, dataset))


def _arrival(lake: Lake, spark: SparkSession, passage: Passage) -> Arrival:
    verdicts, dataset = passage.verdicts, passage.dataset
    kept_open = None
    if dataset.mode == "snapshot" and verdicts.bad:
        kept_open = judge.rows(spark, dataset, verdicts, "bad").select(*dataset.key)
    to = Target(lake, lake.silver(dataset.name), delta_schema(silver_table(dataset)), passage.app_id("silver"))
    rows = judge.rows(spark, dataset, verdicts, "good", "best")
    return Arrival(dataset, passage.delivery, rows, to, verdicts.files("good", "best"), kept_open, passage.restates)
