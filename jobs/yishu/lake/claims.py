"""Landed files → a claimed delivery: its id from its content, its generation, and whether it brings anything new."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import sqlalchemy as sa

from yishu.errors import DataError
from yishu.lake import audit
from yishu.lake.ledger_records import LandedFile
from yishu.lake.ledger_tables import deliveries, landed_files


@dataclass(frozen=True)
class Claim:
    """What is claimed; `of` is department, dataset, period."""

    of: tuple[str, str, str]
    files: tuple[LandedFile, ...]
    reason: str
    state: Literal["waiting", "rejected"]
    manifest: str = ""
    supersedes: str | None = None
    corrects: str | None = None


def claim(conn: sa.Connection, now: dt.datetime, asked: Claim) -> str:
    """Write the delivery down and return its id, or the id of the delivery that the files belong to already.

    Where some of the files belong to an earlier claim (two scans met), the delivery holds the others. A set with a
    manifest holds all that it names, also what came alone before.
    """
    files = _files_of(conn, asked)
    if isinstance(files, str):
        return files
    parts = sorted(file.sha256 for file in files if file.role == "data")
    parts += [asked.manifest or file.sha256 for file in files if file.role == "manifest"]
    content = _hash(parts)
    earlier = conn.execute(_claims_of(asked.of)).all()
    repeat = sum(row.content == content for row in earlier)
    delivery = "d-" + _hash([*asked.of, parts, repeat])[:16]
    generation, state, why = _verdict(asked, content, earlier)
    department, dataset, period = asked.of
    conn.execute(
        sa.insert(deliveries).values(
            id=delivery, ordinal=_next(conn, deliveries.c.ordinal), department=department, dataset=dataset, period=period,
            content=content, repeat=repeat, state=state, generation=generation, received=0, loaded=0, duplicates=0,
            quarantined=0, rejected=0, reason=why, receipt="", supersedes=None, claimed_at=now.isoformat(),
            manifest=asked.manifest, corrects=asked.corrects, contract="",
        )
    )  # fmt: skip
    _write_files(conn, delivery, files)
    detail = {"state": state, "generation": generation, "reason": why, "files": {file.path: file.sha256 for file in files}}
    text = json.dumps(detail | {"of": list(asked.of)}, ensure_ascii=False, sort_keys=True)
    audit.append(conn, now.isoformat(), "pipeline", "claim", delivery, text)
    return delivery


def _files_of(conn: sa.Connection, asked: Claim) -> tuple[LandedFile, ...] | str:
    """The files that the new delivery holds, or the delivery that they are already."""
    owners = {file: _owner(conn, file) for file in asked.files}
    fresh = tuple(file for file, owner in owners.items() if owner is None)
    if fresh:
        return asked.files if any(file.role == "manifest" for file in asked.files) else fresh
    if not asked.files:
        raise DataError("a delivery without files cannot be claimed", code="claim-empty", subject="/".join(asked.of))
    return str(owners[asked.files[0]])


def _owner(conn: sa.Connection, file: LandedFile) -> str | None:
    c = landed_files.c
    same = (c.path == file.path, c.size == file.size, c.modified_ns == file.modified_ns, c.sha256 == file.sha256)
    newest = sa.select(landed_files.c.delivery).where(*same).order_by(landed_files.c.seq.desc()).limit(1)
    return conn.execute(newest).scalar()


def _claims_of(of: tuple[str, str, str]) -> sa.Select[str, str, str, int, str | None]:
    department, dataset, period = of
    d = deliveries.c
    columns = sa.select(d.id, d.content, d.state, d.generation, d.corrects)
    mine = (deliveries.c.department == department, deliveries.c.dataset == dataset, deliveries.c.period == period)
    return columns.where(*mine).order_by(deliveries.c.ordinal.desc())


def _verdict(asked: Claim, content: str, every: Sequence[sa.Row[str, str, str, int, str | None]]) -> tuple[int, str, str]:
    """Generation, state and reason: nothing new, a set that corrects the wrong delivery, or what was asked for."""
    if asked.corrects:
        return _corrected(asked, content, every)
    earlier = [row for row in every if row.corrects is None]
    standing = next((row for row in earlier if row.state not in ("rejected", "unchanged")), None)
    if asked.state == "waiting" and standing is not None and standing.content == content:
        return int(standing.generation), "unchanged", asked.reason or f"与交付 {standing.id} 内容相同"
    generation = _generation(earlier, content)
    if asked.state == "waiting" and asked.supersedes and (standing is None or standing.id != asked.supersedes):
        expected = f"应为：{standing.id}（本期现有的交付）" if standing else "本期没有可替代的交付，应不写这一项"
        why = f"manifest.json 中 supersedes 为“{asked.supersedes}”；{expected}；请改正清单后重新报送"
        return generation, "rejected", why
    return generation, asked.state, asked.reason


def _corrected(asked: Claim, content: str, every: Sequence[sa.Row[str, str, str, int, str | None]]) -> tuple[int, str, str]:
    """A correction is of the generation that it corrects; the same sheet once more brings nothing new."""
    generation = next((int(row.generation) for row in every if row.id == asked.corrects), 1)
    gone = ("rejected", "unchanged", "superseded")
    same = next((row.id for row in every if (row.corrects, row.content) == (asked.corrects, content) and row.state not in gone), None)
    if asked.state == "waiting" and same is not None:
        return generation, "unchanged", f"与更正件 {same} 内容相同"
    return generation, asked.state, asked.reason


def _generation(earlier: Sequence[sa.Row[str, str, str, int, str | None]], content: str) -> int:
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
