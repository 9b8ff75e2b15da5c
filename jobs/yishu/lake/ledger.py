"""The ledger: which delivery is where, what was decided, and by whom; the only source of what there is to do.

Start with `Ledger`; its records stand in `ledger_records`, what a delivery may do next in `transitions`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Literal

import sqlalchemy as sa
from pydantic import JsonValue

from yishu.lake import audit, cases, claims, leases, transitions
from yishu.lake import ledger_tables as t
from yishu.lake.delivery_rows import deliveries as found_deliveries
from yishu.lake.delivery_rows import one, resolve
from yishu.lake.ledger_records import (
    AuditRow,
    Balance,
    Case,
    CaseState,
    Decision,
    Delivery,
    DeliveryState,
    Dispute,
    LandedFile,
    RuleCount,
    StageRun,
    TableState,
    Verb,
)
from yishu.lake.ledger_store import Store

__all__ = [
    "AuditRow", "Balance", "Case", "CaseState", "Decision", "Delivery", "DeliveryState", "Dispute", "LandedFile", "Ledger",
    "RuleCount", "StageRun", "TableState", "Verb",
]  # fmt: skip


class Ledger:
    """Safe for many processes and threads at once, and across a fork; each writing call is one transaction."""

    def __init__(self, url: str, clock: Callable[[], dt.datetime]) -> None:
        """Nothing is opened yet.

        Args:
            url: a SQLAlchemy address, `sqlite:///…` or `postgresql://…`.
            clock: gives the time with its time zone.
        """
        self._store = Store(url)
        self._clock = clock
        self._known: set[tuple[str, int, int]] = set()
        self._known_up_to = 0

    def migrate(self) -> None:
        """Create the tables or bring them to this version; quick when there is nothing to do."""
        self._store.migrate()

    def close(self) -> None:
        self._store.close()

    def knows(self, path: str, size: int, modified_ns: int) -> bool:
        """Was this landing file claimed already? A known file stays known, so only a miss asks the database."""
        if (path, size, modified_ns) not in self._known:
            files = t.landed_files.c
            query = sa.select(files.seq, files.path, files.size, files.modified_ns).where(files.seq > self._known_up_to)
            with self._store.read() as conn:
                for row in conn.execute(query.order_by(files.seq)):
                    self._known.add((row.path, row.size, row.modified_ns))
                    self._known_up_to = row.seq
        return (path, size, modified_ns) in self._known

    def landed(self, path: str, sha256: str) -> LandedFile | None:
        """A file that was claimed before, by its place and its content."""
        c = t.landed_files.c
        query = sa.select(c.path, c.size, c.modified_ns, c.sha256).where(c.path == path, c.sha256 == sha256)
        with self._store.read() as conn:
            row = conn.execute(query.order_by(c.seq.desc()).limit(1)).first()
        return LandedFile(*row) if row else None

    def claim(
        self, department: str, dataset: str, period: str, files: Sequence[LandedFile],
        *, reason: str = "", state: Literal["waiting", "rejected"] = "waiting", manifest: str = "", supersedes: str | None = None,
        corrects: str | None = None,
    ) -> Delivery:  # fmt: skip
        """Make landed files a delivery; claiming the very same files again returns the delivery that they are.

        The state becomes `unchanged` where the newest delivery that stands (neither rejected nor unchanged) of this
        department, dataset and period has the same content, else `rejected` where `supersedes` names another than that one.

        Args:
            files: those with rows, and first the manifest that names them, where there is one.
            manifest: what that manifest promises, as JSON; part of the content.
            supersedes: the delivery whose place this one takes, as the department says.
            corrects: the delivery of which it holds bad rows, corrected; it takes the place of no delivery.
        """
        claim = claims.Claim((department, dataset, period), tuple(files), reason, state, manifest, supersedes, corrects)
        with self._store.write() as conn:
            return one(conn, claims.claim(conn, self._clock(), claim))

    def delivery(self, id: str) -> Delivery:
        """A delivery by its id or a beginning of it that only one has.

        Raises:
            UsageError: no delivery or several begin so.
        """
        with self._store.read() as conn:
            return one(conn, resolve(conn, id))

    def deliveries(
        self, *, dataset: str | None = None, database_datasets: Collection[str] | None = None,
        states: Collection[str] | None = None,
    ) -> list[Delivery]:  # fmt: skip
        """Deliveries in the order of their claims; each condition that is given must hold."""
        query = sa.select(t.deliveries)
        if dataset is not None:
            query = query.where(t.deliveries.c.dataset == dataset)
        if database_datasets is not None:
            query = query.where(t.deliveries.c.dataset.in_(sorted(database_datasets)))
        if states is not None:
            query = query.where(t.deliveries.c.state.in_(sorted(states)))
        with self._store.read() as conn:
            return found_deliveries(conn, query)

    def move(
        self, id: str, state: DeliveryState, *,
        balance: Balance | None = None, reason: str | None = None, receipt: str | None = None,
    ) -> Delivery:  # fmt: skip
        """Put a delivery into a state; what is not given stays. See `transitions.LEGAL` for what is allowed."""
        with self._store.write() as conn:
            found = resolve(conn, id)
            transitions.move(conn, self._clock(), found, state, balance, reason, receipt)
            return one(conn, found)

    def supersede(self, old_id: str, new_id: str) -> None:
        """A corrected hand-in takes the place of an accepted (or held) one."""
        with self._store.write() as conn:
            transitions.supersede(conn, self._clock(), resolve(conn, old_id), resolve(conn, new_id))

    def record_stage(
        self, delivery_id: str, stage: str, started: dt.datetime, finished: dt.datetime, detail: Mapping[str, JsonValue]
    ) -> None:
        """Keep when a stage ran over a delivery and what it says of it; the same start again replaces it."""
        with self._store.write() as conn:
            same = (t.stages.c.delivery == delivery_id, t.stages.c.stage == stage, t.stages.c.started == started.isoformat())
            conn.execute(sa.delete(t.stages).where(*same))
            text = json.dumps(dict(detail), ensure_ascii=False, sort_keys=True)
            row = {"delivery": delivery_id, "stage": stage, "started": started.isoformat(), "finished": finished.isoformat()}
            conn.execute(sa.insert(t.stages).values(seq=_number(t.stages), detail=text, **row))

    def stages(self, delivery_id: str) -> list[StageRun]:
        query = sa.select(t.stages).where(t.stages.c.delivery == delivery_id).order_by(t.stages.c.seq)
        with self._store.read() as conn:
            rows = conn.execute(query).all()
        return [StageRun(row.stage, _time(row.started), _time(row.finished), json.loads(row.detail)) for row in rows]

    def record_rules(self, delivery_id: str, counts: Sequence[RuleCount], contract: str = "") -> None:
        """Replace the delivery's counts per rule, in their order, and the wording by which its rows were judged."""
        rows = [{"delivery": delivery_id, "position": at} | asdict(count) for at, count in enumerate(counts)]
        with self._store.write() as conn:
            _replace(conn, t.rule_counts, delivery_id, rows)
            conn.execute(sa.update(t.deliveries).where(t.deliveries.c.id == delivery_id).values(contract=contract))

    def rules(self, delivery_id: str) -> list[RuleCount]:
        rules = t.rule_counts.c
        with self._store.read() as conn:
            rows = conn.execute(sa.select(t.rule_counts).where(rules.delivery == delivery_id).order_by(rules.position)).all()
        return [RuleCount(*row[2:]) for row in rows]

    def table(self, name: str) -> TableState | None:
        with self._store.read() as conn:
            row = conn.execute(sa.select(t.table_states).where(t.table_states.c.name == name)).first()
        return TableState(*row) if row else None

    def tables(self) -> list[TableState]:
        with self._store.read() as conn:
            return [TableState(*row) for row in conn.execute(sa.select(t.table_states).order_by(t.table_states.c.name))]

    def record_table(self, state: TableState) -> None:
        """Write down what a table was built from, in place of what stood there."""
        with self._store.write() as conn:
            conn.execute(sa.delete(t.table_states).where(t.table_states.c.name == state.name))
            conn.execute(sa.insert(t.table_states).values(**asdict(state)))

    def forget_table(self, name: str) -> None:
        with self._store.write() as conn:
            conn.execute(sa.delete(t.table_states).where(t.table_states.c.name == name))

    def keep_contracts(self, name: str, texts: Mapping[str, str]) -> None:
        """Keep wordings of a contract, and what belongs to them, by the hash of each; what is known is not written again."""
        c = t.contracts.c
        with self._store.read() as conn:
            known = set(conn.execute(sa.select(c.hash).where(c.hash.in_(texts))).scalars())
        if set(texts) <= known:
            return
        with self._store.write() as conn:
            known = set(conn.execute(sa.select(c.hash).where(c.hash.in_(texts))).scalars())
            rows = [{"hash": h, "name": name, "text": text, "since": self._clock().isoformat()} for h, text in texts.items()]
            conn.execute(sa.insert(t.contracts), [row for row in rows if row["hash"] not in known])

    def contract(self, hash: str) -> str:
        """The text that was kept under a hash; empty where there is none."""
        with self._store.read() as conn:
            return conn.execute(sa.select(t.contracts.c.text).where(t.contracts.c.hash == hash)).scalar() or ""

    def date_contract(self, dataset: str, contract: str, *, every: bool = False) -> None:
        """Accepted deliveries count as judged by this wording: those that have none, or every one."""
        d = t.deliveries.c
        mine = sa.update(t.deliveries).where(d.dataset == dataset, d.state == "accepted", sa.or_(d.contract == "", sa.literal(every)))
        with self._store.write() as conn:
            conn.execute(mine.values(contract=contract))

    def decide(self, delivery_id: str, verb: Verb, *, actor: str, reason: str) -> None:
        """Write down what a person decides, before it is carried out.

        Raises:
            UsageError: the delivery's state leaves nothing of the kind to decide, or the reason is missing.
        """
        with self._store.write() as conn:
            transitions.decide(conn, self._clock(), resolve(conn, delivery_id), verb, actor, reason)

    def decisions(self, delivery_id: str) -> list[Decision]:
        query = sa.select(t.decisions).where(t.decisions.c.delivery == delivery_id).order_by(t.decisions.c.seq)
        with self._store.read() as conn:
            rows = conn.execute(query).all()
        return [Decision(r.delivery, r.verb, r.actor, r.reason, _time(r.decided_at), r.pending) for r in rows]

    def record_cases(self, found: Sequence[Case]) -> None:
        """Write what became of bad rows; each change stands in the audit."""
        with self._store.write() as conn:
            cases.record(conn, self._clock(), found)

    def cases(self, delivery_id: str) -> list[Case]:
        with self._store.read() as conn:
            return cases.of(conn, delivery_id)

    def case_counts(self) -> dict[str, dict[str, int]]:
        with self._store.read() as conn:
            return cases.counts(conn)

    def dispute(self, delivery_id: str, found: Sequence[Dispute]) -> None:
        """Replace the disputes that a delivery raised."""
        with self._store.write() as conn:
            first = conn.execute(sa.select(_number(t.disputes))).scalar_one()
            rows = [{"seq": first + at} | asdict(dispute) | {"delivery": delivery_id} for at, dispute in enumerate(found)]
            _replace(conn, t.disputes, delivery_id, rows)

    def disputes(
        self, *, dataset: str | None = None, source_dataset: str | None = None, delivery: str | None = None
    ) -> list[Dispute]:
        """Disputes, oldest first; each condition that is given must hold."""
        query = sa.select(t.disputes).order_by(t.disputes.c.seq)
        asked = {"dataset": dataset, "source_dataset": source_dataset, "delivery": delivery}
        query = query.where(*(t.disputes.c[name] == value for name, value in asked.items() if value is not None))
        names = ("element", "key", "dataset", "value", "source_dataset", "source_value", "delivery")
        with self._store.read() as conn:
            return [Dispute(*(getattr(row, name) for name in names)) for row in conn.execute(query)]

    def audit(self, actor: str, action: str, subject: str, detail: str) -> None:
        """Add a row to the audit for what is not a change of state or a decision, such as a look at clear values."""
        with self._store.write() as conn:
            audit.append(conn, self._clock().isoformat(), actor, action, subject, detail)

    def audit_rows(self, subject: str | None = None) -> list[AuditRow]:
        with self._store.read() as conn:
            return audit.rows(conn, subject)

    def verify_audit(self) -> int:
        """Walk the whole hash chain; returns the number of rows, raises DataError where it breaks."""
        with self._store.read() as conn:
            return audit.verify(conn)

    def writing(self, name: str, timeout: float = 600.0) -> AbstractContextManager[None]:
        """Be the only writer of a table while the block runs; MachineError where another keeps it beyond `timeout` seconds."""
        return leases.hold(self._store, name, timeout)


def _replace(conn: sa.Connection, table: sa.Table, delivery: str, rows: Sequence[Mapping[str, object]]) -> None:
    conn.execute(sa.delete(table).where(table.c.delivery == delivery))
    if rows:
        conn.execute(sa.insert(table), list(rows))


def _number(table: sa.Table) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.coalesce(sa.func.max(table.c.seq), 0) + 1).scalar_subquery()


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
