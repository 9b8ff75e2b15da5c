"""A person's decision → what it sets in motion: release, reject, reprocess, replay; each with a reason in the audit."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from yishu.errors import UsageError
from yishu.flow import bronze
from yishu.flow.bad_rows import Wanted, spelled_out
from yishu.flow.family import ROW, balanced, family, root_of
from yishu.flow.judge import judged
from yishu.flow.rebuild import loaded_rows, rebuild
from yishu.flow.soundness import find_damage, note, require_sound
from yishu.lake import tables
from yishu.lake.lake import Lake, OpenSpark
from yishu.lake.ledger import Balance, Delivery

IN_BRONZE = frozenset({"bronze", "accepted", "held", "superseded"})
"""States of deliveries whose rows lie in bronze."""


@dataclass(frozen=True)
class Because:
    """Who decides, and why."""

    actor: str
    reason: str


def release(lake: Lake, delivery: str, because: Because) -> Delivery:
    """Let a held delivery pass; the next run merges it."""
    found = lake.ledger.delivery(delivery)
    lake.ledger.decide(found.id, "release", actor=because.actor, reason=because.reason)
    return lake.ledger.move(found.id, found.state, receipt="")


def reject(lake: Lake, delivery: str, because: Because) -> Delivery:
    """Send a held delivery back: none of its rows becomes visible, all of them count as rejected."""
    found = lake.ledger.delivery(delivery)
    lake.ledger.decide(found.id, "reject", actor=because.actor, reason=because.reason)
    all_rejected = Balance(received=found.balance.received, rejected=found.balance.received)
    return lake.ledger.move(found.id, "rejected", balance=all_rejected, reason=because.reason, receipt="")


def reprocess(lake: Lake, target: str, because: Because) -> list[Delivery]:
    """Send a delivery, all deliveries of a dataset, or what a damaged table was made of, through the flow again.

    Args:
        lake: ledger and places.
        target: a delivery's id, a dataset, `silver.<dataset>` (or bronze, quarantine), or a gold table.
        because: who and why.

    Returns:
        The deliveries that the next run takes up; none for a gold table, which the next run builds anew.
    """
    if target.startswith("d-"):
        return _whole_family(lake, lake.ledger.delivery(target), because)
    name = target.split(".")[-1]
    is_gold = "." in target and target.split(".")[0] not in ("bronze", "silver", "quarantine")
    if is_gold and (target in lake.project.marts or name in lake.project.datasets):
        _drop(lake, target)
        lake.ledger.audit(because.actor, "reprocess", target, because.reason)
        return []
    if name not in lake.project.datasets:
        raise UsageError(f"nothing is called {target}", code="target", expected="a delivery, a dataset or a table")
    return _whole_dataset(lake, name, because)


def _whole_family(lake: Lake, delivery: Delivery, because: Because) -> list[Delivery]:
    """A delivery goes with the corrections that stand: they take their rows over again, once it is judged anew."""
    root = root_of(lake.ledger.deliveries(dataset=delivery.dataset), delivery)
    if root.state == "accepted" and delivery.state == "accepted":
        return [_again(lake, d, because) for d in family(lake, delivery)]
    return [_again(lake, delivery, because)]


def _whole_dataset(lake: Lake, dataset: str, because: Because) -> list[Delivery]:
    """Silver and quarantine are made from nothing again; bronze too, from landing, if it is damaged."""
    if find_damage(lake, f"bronze.{dataset}"):
        _drop(lake, f"bronze.{dataset}")
        for delivery in lake.ledger.deliveries(dataset=dataset, states=IN_BRONZE):
            bronze.write_bronze(lake, delivery)
        note(lake, f"bronze.{dataset}")
    for layer in ("silver", "quarantine"):
        _drop(lake, f"{layer}.{dataset}")
    standing = lake.ledger.deliveries(dataset=dataset, states={"accepted", "bronze"})
    return [_again(lake, d, because) for d in standing]


def _again(lake: Lake, delivery: Delivery, because: Because) -> Delivery:
    lake.ledger.decide(delivery.id, "reprocess", actor=because.actor, reason=because.reason)
    # a correction's rows are looked at anew: what they correct may have changed meanwhile
    no_rows_yet = delivery.state == "rejected" and (delivery.corrects or not delivery.balance.received)
    return lake.ledger.move(delivery.id, "waiting" if no_rows_yet else "bronze", receipt="")


def _drop(lake: Lake, table: str) -> None:
    shutil.rmtree(lake.path(table), ignore_errors=True)
    lake.ledger.forget_table(table)


def replay(lake: Lake, open_spark: OpenSpark, datasets: Iterable[str], because: Because) -> list[Delivery]:
    """Judge quarantined rows again, by today's rules, code lists and reference tables; rows that pass join silver.

    Args:
        lake: ledger and places.
        open_spark: opens a session of its own.
        datasets: whose quarantine is replayed.
        because: who and why.

    Returns:
        The deliveries of which at least one row came back, with their new balance.
    """
    back = []
    for dataset in datasets:
        require_sound(lake, f"bronze.{dataset}", f"silver.{dataset}", f"quarantine.{dataset}")
        for delivery in lake.ledger.deliveries(dataset=dataset, states={"accepted"}):
            if delivery.balance.quarantined:
                moved = _replay_one(lake, open_spark, delivery, because)
                back += [moved] if moved else []
    return back


def _replay_one(lake: Lake, open_spark: OpenSpark, delivery: Delivery, because: Because) -> Delivery | None:
    dataset, spark = lake.project.datasets[delivery.dataset], open_spark()
    path = lake.quarantine(dataset.name)
    with judged(lake, spark, dataset, delivery) as verdicts:
        # rows that were good stay good: a rule that became stricter judges the next delivery, not this one
        before = _were_bad(path, delivery)
        bad = sum(batch.num_rows for batch in spelled_out(lake, verdicts, dataset, delivery, before))
        if bad == delivery.balance.quarantined:
            return None
        lake.ledger.decide(delivery.id, "replay", actor=because.actor, reason=because.reason)
        turn = sum(1 for d in lake.ledger.decisions(delivery.id))
        with lake.ledger.writing(f"silver.{dataset.name}"):
            app_id = f"{dataset.name}:{delivery.id}:replay{turn}"
            tables.put_batches(spelled_out(lake, verdicts, dataset, delivery, before), path, f"quarantine:{app_id}", [delivery.id])
            note(lake, f"quarantine.{dataset.name}")
            standing = lake.ledger.deliveries(dataset=dataset.name, states={"accepted"})
            rebuild(lake, spark, dataset, standing, f"silver:{app_id}")
            note(lake, f"silver.{dataset.name}")
        standing = family(lake, delivery)
        loaded = loaded_rows(lake, spark, dataset, standing)
    for other in standing:
        lake.ledger.move(other.id, "accepted", balance=balanced(lake, other, standing, loaded[other.id]))
    return lake.ledger.move(delivery.id, "accepted", receipt="")


def _were_bad(path: Path, delivery: Delivery) -> Wanted:
    """Which rows of a batch lay in quarantine when it began."""
    import pyarrow.compute as pc
    from deltalake import DeltaTable

    def place(rows: pa.Table | pa.RecordBatch) -> pa.Array:
        return pc.binary_join_element_wise(rows["_file"], rows["_row"].cast("string"), "\n")

    mine = pc.field("_delivery") == delivery.id
    known = place(DeltaTable(path).to_pyarrow_dataset().to_table(columns=[*ROW], filter=mine))
    return lambda batch: pc.is_in(place(batch), value_set=known.combine_chunks())
