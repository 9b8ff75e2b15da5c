"""Landed files → a claimed delivery: its id from its content, its generation, and whether it brings anything new."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Literal

import sqlalchemy as sa

from yishu.errors import DataError
from yishu.lake import audit
from yishu.lake.ledger_records import LandedFile
from yishu.lake.ledger_tables import deliveries, landed_files


def claim(
    conn: sa.Connection, now: dt.datetime, of: tuple[str, str, str], files: Sequence[LandedFile],
    reason: str, state: Literal["waiting", "rejected"],
) -> str:  # fmt: skip
    """Write the delivery down and return its id, or the id of the delivery that the files belong to already.

    Where some of the files belong to an earlier claim (two scans met), the delivery holds the others.

    Args:
        of: department, dataset, period.
    """
    owners = {file: _owner(conn, file) for file in files}
    fresh = [file for file, owner in owners.items() if owner is None]
    if not fresh:
        if not files:
            raise DataError("a delivery without files cannot be claimed", code="claim-empty", subject="/".join(of))
        return str(owners[files[0]])
    content = _hash(sorted(file.sha256 for file in fresh))
    earlier = conn.execute(_claims_of(of)).all()
    repeat = sum(row.content == content for row in earlier)
    delivery = "d-" + _hash([*of, sorted(file.sha256 for file in fresh), repeat])[:16]
    same = _still_standing(earlier, content) if state == "waiting" else None
    final, why = ("unchanged", reason or f"与交付 {same.id} 内容相同") if same else (state, reason)
    generation = same.generation if same else _generation(earlier, content)
    department, dataset, period = of
    conn.execute(
        sa.insert(deliveries).values(
            id=delivery, ordinal=_next(conn, deliveries.c.ordinal), department=department, dataset=dataset, period=period,
            content=content, repeat=repeat, state=final, generation=generation, received=0, loaded=0, duplicates=0,
            quarantined=0, rejected=0, reason=why, receipt="", supersedes=None, claimed_at=now.isoformat(),
        )
    )  # fmt: skip
    _write_files(conn, delivery, fresh)
    detail = {"state": final, "generation": generation, "reason": why, "files": {file.path: file.sha256 for file in fresh}}
    text = json.dumps(detail | {"of": list(of)}, ensure_ascii=False, sort_keys=True)
    audit.append(conn, now.isoformat(), "pipeline", "claim", delivery, text)
    return delivery


def _owner(conn: sa.Connection, file: LandedFile) -> str | None:
    same = (landed_files.c.path == file.path, landed_files.c.size == file.size, landed_files.c.modified_ns == file.modified_ns)
    return conn.execute(sa.select(landed_files.c.delivery).where(*same)).scalar()


def _claims_of(of: tuple[str, str, str]) -> sa.Select[str, str, str, int]:
    department, dataset, period = of
    columns = sa.select(deliveries.c.id, deliveries.c.content, deliveries.c.state, deliveries.c.generation)
    mine = (deliveries.c.department == department, deliveries.c.dataset == dataset, deliveries.c.period == period)
    return columns.where(*mine).order_by(deliveries.c.ordinal.desc())


def _still_standing(earlier: Sequence[sa.Row[str, str, str, int]], content: str) -> sa.Row[str, str, str, int] | None:
    """The newest delivery that counts, if it says the same; `unchanged` ones only point at another."""
    newest = next((row for row in earlier if row.state not in ("rejected", "unchanged")), None)
    return newest if newest is not None and newest.content == content else None


def _generation(earlier: Sequence[sa.Row[str, str, str, int]], content: str) -> int:
    if earlier and earlier[0].content == content:
        return int(earlier[0].generation)  # the same content handed in again after a rejection
    return 1 + max((int(row.generation) for row in earlier), default=0)


def _write_files(conn: sa.Connection, delivery: str, files: Sequence[LandedFile]) -> None:
    first = _next(conn, landed_files.c.seq)
    rows = [{"seq": first + at, "delivery": delivery} | asdict(file) for at, file in enumerate(files)]
    conn.execute(sa.insert(landed_files), rows)


def _next(conn: sa.Connection, number: sa.Column[int]) -> int:
    return int(conn.execute(sa.select(sa.func.coalesce(sa.func.max(number), 0))).scalar_one()) + 1


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
