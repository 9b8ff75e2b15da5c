"""A person's decision → what it sets in motion: release, reject, reprocess (and `replay`, on rows); each with a reason in the audit."""

from __future__ import annotations

from yishu.errors import UsageError
from yishu.flow import bronze
from yishu.flow.cases import Because
from yishu.flow.family import family, root_of
from yishu.flow.quarantine import replay
from yishu.flow.soundness import find_damage, note
from yishu.lake import places
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery

__all__ = ["Because", "reject", "release", "replay", "reprocess"]

IN_BRONZE = frozenset({"bronze", "accepted", "held", "superseded"})
"""States of deliveries whose rows lie in bronze."""


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
    places.remove(lake.path(table))
    lake.ledger.forget_table(table)
