"""The ledger's tables as SQLAlchemy sees them; `migrations/` makes them, and a test holds the two together.

Times are ISO 8601 text with their offset, because SQLite keeps no time zone. Running numbers are given out inside the
one-writer transaction (see `ledger_store`), so that their order is the order of commits on both databases.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()


def _text(name: str, **options: bool) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, **options)  # type: ignore[arg-type]


def _whole(name: str, **options: bool) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, **options)  # type: ignore[arg-type]


def _delivery() -> sa.Column[str]:
    return sa.Column("delivery", sa.Text, sa.ForeignKey("deliveries.id"), nullable=False)


def _number() -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False)


deliveries = sa.Table(
    "deliveries", metadata,
    _text("id", primary_key=True), _whole("ordinal"), _text("department"), _text("dataset"), _text("period"),
    _text("content"), _whole("repeat"), _text("state"), _whole("generation"),
    _whole("received"), _whole("loaded"), _whole("duplicates"), _whole("quarantined"), _whole("rejected"),
    _text("reason"), _text("receipt"), sa.Column("supersedes", sa.Text, sa.ForeignKey("deliveries.id")), _text("claimed_at"),
    _text("manifest"), sa.Column("corrects", sa.Text), _text("contract"),
    sa.UniqueConstraint("ordinal", name="deliveries_ordinal"),
    sa.UniqueConstraint("department", "dataset", "period", "content", "repeat", name="deliveries_content"),
    sa.Index("deliveries_state", "state", "dataset"),
)  # fmt: skip

landed_files = sa.Table(
    "landed_files", metadata,
    _number(), _delivery(), _text("path"), _whole("size"), _whole("modified_ns"), _text("sha256"), _text("role"),
    sa.UniqueConstraint("path", "size", "modified_ns", "delivery", name="landed_files_once"),
    sa.Index("landed_files_delivery", "delivery"),
)  # fmt: skip

stages = sa.Table(
    "stages", metadata,
    _number(), _delivery(), _text("stage"), _text("started"), _text("finished"), _text("detail"),
    sa.UniqueConstraint("delivery", "stage", "started", name="stages_once"),
)  # fmt: skip

rule_counts = sa.Table(
    "rule_counts", metadata,
    sa.Column("delivery", sa.Text, sa.ForeignKey("deliveries.id"), primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("rule"), _text("type"), _text("column"), _text("severity"), _whole("bad"), _whole("total"),
    _text("message"), _text("expected"),
)  # fmt: skip

table_states = sa.Table(
    "table_states", metadata,
    _text("name", primary_key=True), _text("table_id"), _whole("version"), _text("inputs"), _text("definition"), _text("contract"),
)  # fmt: skip

contracts = sa.Table("contracts", metadata, _text("hash", primary_key=True), _text("name"), _text("text"), _text("since"))

decisions = sa.Table(
    "decisions", metadata,
    _number(), _delivery(), _text("verb"), _text("actor"), _text("reason"), _text("decided_at"),
    sa.Column("pending", sa.Boolean, nullable=False),
    sa.Index("decisions_delivery", "delivery"),
)  # fmt: skip

cases = sa.Table(
    "cases", metadata,
    _number(), _delivery(), _text("file"), _whole("row"), _text("state"), _text("rules"), _text("settled_by"), _text("actor"),
    _text("reason"), _text("at"),
    sa.UniqueConstraint("delivery", "file", "row", name="cases_once"),
)  # fmt: skip

disputes = sa.Table(
    "disputes", metadata,
    _number(), _delivery(), _text("element"), _text("key"), _text("dataset"), _text("value"),
    _text("source_dataset"), _text("source_value"),
    sa.Index("disputes_delivery", "delivery"), sa.Index("disputes_dataset", "dataset"),
)  # fmt: skip

audit = sa.Table(
    "audit", metadata,
    _number(), _text("at"), _text("actor"), _text("action"), _text("subject"), _text("detail"),
    _text("previous"), _text("hash"),
    sa.UniqueConstraint("previous", name="audit_one_chain"),
)  # fmt: skip

audit_head = sa.Table("audit_head", metadata, _number(), _text("hash"))

leases = sa.Table(
    "leases", metadata,
    _text("name", primary_key=True), _text("token"), _text("host"), _whole("pid"), _text("born"),
    sa.Column("expires", sa.Double, nullable=False),
)  # fmt: skip
