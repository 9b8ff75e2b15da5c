"""What became of bad rows: one case for each that somebody touched, kept up to date; each change stands in the audit."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import sqlalchemy as sa

from yishu.lake import audit
from yishu.lake.ledger_records import Case
from yishu.lake.ledger_tables import cases

_TOLD = 1000
"""Rows of one change that the audit names; the others are counted."""


def record(conn: sa.Connection, now: dt.datetime, found: Sequence[Case]) -> None:
    """Write cases, each in the place of what stood there; one that says nothing new changes nothing."""
    for delivery in dict.fromkeys(case.delivery for case in found):
        standing = {(c.file, c.row): c for c in of(conn, delivery)}
        fresh = [c for c in found if c.delivery == delivery and _new(c, standing.get((c.file, c.row)))]
        if fresh:
            _write(conn, now, fresh, standing.keys())


def of(conn: sa.Connection, delivery: str) -> list[Case]:
    """The cases of one hand-in by file and row."""
    query = sa.select(cases).where(cases.c.delivery == delivery).order_by(cases.c.file, cases.c.row)
    return [
        Case(r.delivery, r.file, r.row, r.state, tuple(json.loads(r.rules)), r.settled_by, r.actor, r.reason, r.at)
        for r in conn.execute(query)
    ]


def counts(conn: sa.Connection) -> dict[str, dict[str, int]]:
    """How many cases of each hand-in are in each state."""
    found: dict[str, dict[str, int]] = {}
    c = cases.c
    query = sa.select(c.delivery, c.state, sa.func.count().label("n")).group_by(c.delivery, c.state).order_by(c.delivery, c.state)
    for row in conn.execute(query):
        found.setdefault(row.delivery, {})[row.state] = row.n
    return found


def _new(case: Case, standing: Case | None) -> bool:
    return standing is None or replace(standing, at=case.at) != case


def _write(conn: sa.Connection, now: dt.datetime, fresh: Sequence[Case], standing: object) -> None:
    first = int(conn.execute(sa.select(sa.func.coalesce(sa.func.max(cases.c.seq), 0))).scalar_one()) + 1
    one = (cases.c.delivery == sa.bindparam("of"), cases.c.file == sa.bindparam("in_file"), cases.c.row == sa.bindparam("at_row"))
    keys = [{"of": c.delivery, "in_file": c.file, "at_row": c.row} for c in fresh]
    conn.execute(sa.delete(cases).where(*one), keys)
    rows = [asdict(c) | {"seq": first + n, "rules": json.dumps(c.rules), "at": now.isoformat()} for n, c in enumerate(fresh)]
    conn.execute(sa.insert(cases), rows)
    for state, by, actor, reason in dict.fromkeys((c.state, c.settled_by, c.actor, c.reason) for c in fresh):
        places = [[c.file, c.row] for c in fresh if (c.state, c.settled_by, c.actor, c.reason) == (state, by, actor, reason)]
        told = {"state": state, "by": by, "reason": reason, "count": len(places), "rows": places[:_TOLD]}
        audit.append(conn, now.isoformat(), actor, "case", fresh[0].delivery, json.dumps(told, ensure_ascii=False, sort_keys=True))
