"""What a manifest promised stands with its delivery; a landed file may be part of a set after it came alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the promise, the role of a landed file, and let a file belong to several deliveries."""
    op.add_column("deliveries", sa.Column("manifest", sa.Text, nullable=False, server_default=""))
    with op.batch_alter_table("landed_files") as files:
        files.add_column(sa.Column("role", sa.Text, nullable=False, server_default="data"))
        files.drop_constraint("landed_files_once", type_="unique")
        files.create_unique_constraint("landed_files_once", ["path", "size", "modified_ns", "delivery"])
