"""Rows of the ledger's deliveries → records, each with its files; and a delivery's id from a beginning of it."""

from __future__ import annotations

import datetime as dt
import difflib

import sqlalchemy as sa

from yishu.errors import UsageError
from yishu.lake import ledger_tables as t
from yishu.lake.ledger_records import Balance, Delivery, LandedFile


def resolve(conn: sa.Connection, asked: str) -> str:
    """The id that is asked for, or of which a beginning is given that only one has."""
    ids = t.deliveries.c.id
    exact = conn.execute(sa.select(ids).where(ids == asked)).scalar()
    if exact is not None:
        return str(exact)
    start = asked if asked.startswith("d-") else f"d-{asked}"
    found = list(conn.execute(sa.select(ids).where(ids.startswith(start, autoescape=True)).order_by(ids).limit(6)).scalars())
    if len(found) == 1:
        return str(found[0])
    if not found:
        newest = conn.execute(sa.select(ids).order_by(t.deliveries.c.ordinal.desc()).limit(2000)).scalars().all()
        near = difflib.get_close_matches(start, newest, n=3, cutoff=0.4) or list(newest[:3])
        hint = f"near ones: {', '.join(near)}" if near else "the ledger holds no delivery yet"
        raise UsageError(f"no delivery {asked!r}", code="delivery", subject=asked, remedy=hint)
    several = ", ".join(found)
    raise UsageError(f"several deliveries begin with {asked!r}: {several}", code="delivery", remedy="give more characters")


def one(conn: sa.Connection, id: str) -> Delivery:
    return deliveries(conn, sa.select(t.deliveries).where(t.deliveries.c.id == id))[0]


def deliveries(conn: sa.Connection, query: sa.Select[tuple[object, ...]]) -> list[Delivery]:
    """What the query finds, in the order of claims."""
    rows = conn.execute(query.order_by(t.deliveries.c.ordinal)).all()
    mine = t.landed_files.c.delivery.in_(query.with_only_columns(t.deliveries.c.id))
    files: dict[tuple[str, str], list[LandedFile]] = {}
    for file in conn.execute(sa.select(t.landed_files).where(mine).order_by(t.landed_files.c.seq)):
        landed = LandedFile(file.path, file.size, file.modified_ns, file.sha256, file.role)
        files.setdefault((file.delivery, file.role), []).append(landed)
    return [
        Delivery(
            id=r.id, department=r.department, dataset=r.dataset, period=r.period, state=r.state, generation=r.generation,
            ordinal=r.ordinal, files=tuple(files.get((r.id, "data"), ())),
            balance=Balance(r.received, r.loaded, r.duplicates, r.quarantined, r.rejected),
            reason=r.reason, receipt=r.receipt, supersedes=r.supersedes, claimed_at=dt.datetime.fromisoformat(r.claimed_at),
            manifest_file=next(iter(files.get((r.id, "manifest"), ())), None), manifest=r.manifest, corrects=r.corrects,
            contract=r.contract,
        )
        for r in rows
    ]  # fmt: skip
