"""Run by alembic: bring the ledger's schema forward, on the connection and in the transaction of `ledger_store`."""

from __future__ import annotations

from alembic import context

from yishu.lake.ledger_store import VERSION_TABLE
from yishu.lake.ledger_tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata,
    version_table=VERSION_TABLE, transactional_ddl=True,
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()
