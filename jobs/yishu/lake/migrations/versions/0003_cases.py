"""A delivery may correct rows of another; what became of a bad row is a case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add which delivery one corrects (no foreign key: SQLite would make the table anew), and the cases."""
    op.add_column("deliveries", sa.Column("corrects", sa.Text))
    text = [sa.Column(name, sa.Text, nullable=False) for name in ("state", "rules", "settled_by", "actor", "reason", "at")]
    op.create_table(
        "cases",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("delivery", sa.Text, sa.ForeignKey("deliveries.id"), nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("row", sa.BigInteger, nullable=False),
        *text,
        sa.UniqueConstraint("delivery", "file", "row", name="cases_once"),
    )
