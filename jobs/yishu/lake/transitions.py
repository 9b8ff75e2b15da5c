"""A delivery's state and what was decided → its next state, where that is legal, balanced and written to the audit.

`unchanged` is an end. Out of `held`, and back to an earlier state, only a person's decision leads (`decide` first).
"""

from __future__ import annotations

import datetime as dt
import json
from typing import get_args

import sqlalchemy as sa

from yishu.errors import DataError, UsageError
from yishu.lake import audit
from yishu.lake.ledger_records import Balance, DeliveryState, Verb
from yishu.lake.ledger_tables import decisions, deliveries

LEGAL: dict[tuple[DeliveryState, DeliveryState], tuple[Verb, ...]] = {
    ("waiting", "bronze"): (),
    ("waiting", "rejected"): (),
    ("bronze", "accepted"): (),
    ("bronze", "held"): (),
    ("bronze", "rejected"): (),
    ("held", "accepted"): ("release", "correct"),
    ("held", "rejected"): ("reject",),
    ("held", "superseded"): (),  # a corrected hand-in was accepted: releasing the old one would undo it
    ("held", "bronze"): ("reprocess", "waive"),
    ("accepted", "superseded"): (),
    ("accepted", "bronze"): ("reprocess",),
    ("superseded", "bronze"): ("reprocess",),  # a rebuild replays the old generations too, in order
    ("rejected", "bronze"): ("reprocess",),
    ("rejected", "waiting"): ("reprocess",),  # rejected at the door: no row of it is in bronze yet
}
"""From, to → the decisions of which one must stand for it, if any."""
DECIDABLE: dict[Verb, tuple[DeliveryState, ...]] = {
    "release": ("held",),
    "reject": ("held",),
    "reprocess": ("bronze", "held", "accepted", "rejected", "superseded"),
    "replay": ("accepted",),
    "correct": ("held",),
    "fix": ("waiting",),
    "waive": ("held", "accepted"),
    "restate": ("accepted",),
}
_COUNTS = ("received", "loaded", "duplicates", "quarantined", "rejected")


def move(
    conn: sa.Connection, now: dt.datetime, delivery: str, state: DeliveryState,
    balance: Balance | None = None, reason: str | None = None, receipt: str | None = None,
) -> None:  # fmt: skip
    """Change state, counts, reason or receipt; asking again for what already stands changes nothing.

    Raises:
        DataError: the move is not legal, lacks its decision, or the rows do not balance.
    """
    old = conn.execute(sa.select(deliveries).where(deliveries.c.id == delivery)).one()
    back = state != old.state and state in ("waiting", "bronze") and old.state != "waiting"
    if state != old.state:
        _check_legal(conn, delivery, old.state, state)
        receipt = receipt or ""  # the one that was written tells of the state before
    if back:
        balance = balance or Balance(received=old.received if state == "bronze" else 0)
        reason = reason or ""
    new: dict[str, str | int] = {"state": state}
    new |= {name: getattr(balance if balance is not None else old, name) for name in _COUNTS}
    new |= {"reason": old.reason if reason is None else reason, "receipt": old.receipt if receipt is None else receipt}
    if state in ("accepted", "rejected"):
        _check_balance(delivery, state, Balance(**{name: int(new[name]) for name in _COUNTS}))
    changed = {name: value for name, value in new.items() if getattr(old, name) != value}
    if changed:
        conn.execute(sa.update(deliveries).where(deliveries.c.id == delivery).values(**changed))
        text = json.dumps({"from": old.state} | new, ensure_ascii=False, sort_keys=True)
        audit.append(conn, now.isoformat(), "pipeline", "move", delivery, text)


def supersede(conn: sa.Connection, now: dt.datetime, old_id: str, new_id: str) -> None:
    """The new delivery takes the old one's place."""
    pair = {row.id: row for row in conn.execute(sa.select(deliveries).where(deliveries.c.id.in_([old_id, new_id])))}
    old, new = pair[old_id], pair[new_id]
    of = [(row.department, row.dataset, row.period) for row in (old, new)]
    if old_id == new_id or of[0] != of[1]:
        raise DataError(
            f"{new_id} cannot supersede {old_id}", code="supersede", subject=new_id,
            expected="two deliveries of one department, dataset and period",
        )  # fmt: skip
    if old.corrects is None and (new.supersedes is None or old.state == "accepted"):
        conn.execute(sa.update(deliveries).where(deliveries.c.id == new_id).values(supersedes=old_id))
    move(conn, now, old_id, "superseded", reason=f"被交付 {new_id} 更正替代")


def decide(conn: sa.Connection, now: dt.datetime, delivery: str, verb: Verb, actor: str, reason: str) -> None:
    """Write a person's decision down; it waits for the move that it opens, if any, and replaces an earlier one that waits."""
    if verb not in get_args(Verb) or not reason.strip() or not actor.strip():
        raise UsageError(
            f"decision {verb!r} on {delivery} by {actor!r} lacks something", code="decision", subject=delivery,
            expected=f"one of {', '.join(get_args(Verb))}, who decided, and a reason", remedy="give --reason",
        )  # fmt: skip
    state = conn.execute(sa.select(deliveries.c.state).where(deliveries.c.id == delivery)).scalar_one()
    if state not in DECIDABLE[verb]:
        raise UsageError(
            f"cannot {verb} delivery {delivery}: it is {state}", code="decision", subject=delivery,
            expected=f"a delivery that is {' or '.join(DECIDABLE[verb])}", remedy="see yishu status",
        )  # fmt: skip
    _settle(conn, delivery)
    number = sa.select(sa.func.coalesce(sa.func.max(decisions.c.seq), 0) + 1).scalar_subquery()
    conn.execute(
        sa.insert(decisions).values(
            seq=number, delivery=delivery, verb=verb, actor=actor, reason=reason, decided_at=now.isoformat(),
            pending=any(start == state and verb in verbs for (start, _), verbs in LEGAL.items()),
        )
    )  # fmt: skip
    audit.append(conn, now.isoformat(), actor, verb, delivery, reason)


def _check_legal(conn: sa.Connection, delivery: str, old: DeliveryState, new: DeliveryState) -> None:
    if (old, new) not in LEGAL:
        onward = [end for start, end in LEGAL if start == old]
        raise DataError(
            f"delivery {delivery} cannot go from {old} to {new}", code="transition", subject=delivery,
            expected=f"one of {', '.join(onward)}" if onward else "no further move",
        )  # fmt: skip
    verbs = LEGAL[old, new]
    if not verbs:
        return
    waiting = sa.select(decisions.c.verb).where(decisions.c.delivery == delivery, decisions.c.pending)
    if conn.execute(waiting).scalar() not in verbs:
        raise DataError(
            f"delivery {delivery} goes from {old} to {new} only by a decision", code="undecided", subject=delivery,
            expected=f"a pending decision {verbs[0]!r}", remedy=f"yishu {verbs[0]} {delivery} --reason …",
        )  # fmt: skip
    _settle(conn, delivery)


def _settle(conn: sa.Connection, delivery: str) -> None:
    conn.execute(sa.update(decisions).where(decisions.c.delivery == delivery, decisions.c.pending).values(pending=False))


def _check_balance(delivery: str, state: str, balance: Balance) -> None:
    if not balance.balanced:
        raise DataError(
            f"the rows of delivery {delivery} do not balance, so it cannot be {state}: {balance}", code="balance",
            subject=delivery, expected="received = loaded + duplicates + quarantined + rejected",
            remedy="rows were lost or made up on the way: keep the lake as it is and report it",
        )  # fmt: skip
