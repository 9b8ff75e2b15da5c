"""The ledger's first tables: deliveries and all that hangs on them, decisions, disputes, the audit, leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table of the ledger."""
    _deliveries()
    _what_hangs_on_deliveries()
    _decisions_and_disputes()
    _tables_and_leases()
    _audit()


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _number() -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False)


def _delivery(key: bool = False) -> sa.Column[str]:
    return sa.Column("delivery", sa.Text, sa.ForeignKey("deliveries.id"), nullable=False, primary_key=key)


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        *_whole("ordinal"), *_text("department", "dataset", "period", "content"), *_whole("repeat"),
        *_text("state"), *_whole("generation", "received", "loaded", "duplicates", "quarantined", "rejected"),
        *_text("reason", "receipt"),
        sa.Column("supersedes", sa.Text, sa.ForeignKey("deliveries.id")),
        *_text("claimed_at"),
        sa.UniqueConstraint("ordinal", name="deliveries_ordinal"),
        sa.UniqueConstraint("department", "dataset", "period", "content", "repeat", name="deliveries_content"),
    )  # fmt: skip
    op.create_index("deliveries_state", "deliveries", ["state", "dataset"])


def _what_hangs_on_deliveries() -> None:
    op.create_table(
        "landed_files", _number(), _delivery(), *_text("path"), *_whole("size", "modified_ns"), *_text("sha256"),
        sa.UniqueConstraint("path", "size", "modified_ns", name="landed_files_once"),
    )  # fmt: skip
    op.create_index("landed_files_delivery", "landed_files", ["delivery"])
    op.create_table(
        "stages", _number(), _delivery(), *_text("stage", "started", "finished", "detail"),
        sa.UniqueConstraint("delivery", "stage", "started", name="stages_once"),
    )  # fmt: skip
    op.create_table(
        "rule_counts", _delivery(key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        *_text("rule", "type", "column", "severity"), *_whole("bad", "total"), *_text("message", "expected"),
    )  # fmt: skip


def _decisions_and_disputes() -> None:
    op.create_table(
        "decisions", _number(), _delivery(), *_text("verb", "actor", "reason", "decided_at"),
        sa.Column("pending", sa.Boolean, nullable=False),
    )  # fmt: skip
    op.create_index("decisions_delivery", "decisions", ["delivery"])
    op.create_table(
        "disputes", _number(), _delivery(), *_text("element", "key", "dataset", "value", "source_dataset", "source_value")
    )
    op.create_index("disputes_delivery", "disputes", ["delivery"])
    op.create_index("disputes_dataset", "disputes", ["dataset"])


def _tables_and_leases() -> None:
    op.create_table(
        "table_states", sa.Column("name", sa.Text, primary_key=True), *_text("table_id"), *_whole("version"),
        *_text("inputs", "definition"),
    )  # fmt: skip
    op.create_table(
        "leases", sa.Column("name", sa.Text, primary_key=True), *_text("token", "host"), *_whole("pid"), *_text("born"),
        sa.Column("expires", sa.Double, nullable=False),
    )  # fmt: skip


def _audit() -> None:
    op.create_table(
        "audit", _number(), *_text("at", "actor", "action", "subject", "detail", "previous", "hash"),
        sa.UniqueConstraint("previous", name="audit_one_chain"),
    )  # fmt: skip
    op.create_table("audit_head", _number(), *_text("hash"))
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        )
