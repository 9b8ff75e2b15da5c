"""What a contract said when a table was written and a delivery judged, so that a change of it can be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the wordings by their hash, and which one a table and a delivery go by."""
    names = ("name", "text", "since")
    text = [sa.Column(name, sa.Text, nullable=False) for name in names]
    op.create_table("contracts", sa.Column("hash", sa.Text, primary_key=True), *text)
    for table in ("deliveries", "table_states"):
        op.add_column(table, sa.Column("contract", sa.Text, nullable=False, server_default=""))
