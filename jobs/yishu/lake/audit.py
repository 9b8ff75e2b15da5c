"""Who did what, when → an append-only chain: each row's hash covers the row and the hash before it."""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa

from yishu.errors import DataError
from yishu.lake.ledger_records import AuditRow
from yishu.lake.ledger_tables import audit, audit_head

FIRST = "0" * 64
"""What stands as the hash before the first row."""


def append(conn: sa.Connection, at: str, actor: str, action: str, subject: str, detail: str) -> None:
    """Add one row, inside the caller's writing transaction."""
    last = conn.execute(sa.select(audit_head.c.seq, audit_head.c.hash)).first()
    seq, previous = (int(last.seq) + 1, str(last.hash)) if last else (1, FIRST)
    fresh = digest(seq, at, actor, action, subject, detail, previous)
    conn.execute(
        sa.insert(audit).values(
            seq=seq, at=at, actor=actor, action=action, subject=subject, detail=detail, previous=previous, hash=fresh
        )
    )
    # The head stands apart, so that rows cut off the end are noticed too.
    change = sa.update(audit_head) if last else sa.insert(audit_head)
    conn.execute(change.values(seq=seq, hash=fresh))


def verify(conn: sa.Connection) -> int:
    """Walk the chain and return its length.

    Raises:
        DataError: a row was changed, removed or slipped in; `subject` is its number.
    """
    count, previous = 0, FIRST
    chain = sa.select(audit).order_by(audit.c.seq).execution_options(yield_per=1000)
    with conn.execute(chain) as links:
        for row in links:
            fresh = digest(row.seq, row.at, row.actor, row.action, row.subject, row.detail, previous)
            if row.seq != count + 1 or row.previous != previous or row.hash != fresh:
                raise _broken(count + 1)
            count, previous = count + 1, fresh
    last = conn.execute(sa.select(audit_head.c.seq, audit_head.c.hash)).first()
    if (count, previous) != ((last.seq, last.hash) if last else (0, FIRST)):
        raise _broken(count + 1)
    return count


def rows(conn: sa.Connection, subject: str | None) -> list[AuditRow]:
    """The audit in the order of its writing; of one subject where one is given."""
    query = sa.select(audit).order_by(audit.c.seq)
    found = conn.execute(query.where(audit.c.subject == subject) if subject is not None else query)
    return [AuditRow(**row._mapping) for row in found]


def digest(seq: int, at: str, actor: str, action: str, subject: str, detail: str, previous: str) -> str:
    """A row's link of the hash chain: SHA-256 over the previous link and the row as canonical JSON."""
    row = {"seq": seq, "at": at, "actor": actor, "action": action, "subject": subject, "detail": detail}
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((previous + text).encode()).hexdigest()


def _broken(seq: int) -> DataError:
    return DataError(
        f"the audit's hash chain breaks at row {seq}", code="audit-broken", subject=str(seq),
        expected="every row to follow from the one before it",
        remedy="someone changed the ledger behind Yishu's back: compare it with a backup",
    )  # fmt: skip
