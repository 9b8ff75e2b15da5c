"""A database address → reading and one-writer transactions, and a schema at its newest version.

One writer at a time (`BEGIN IMMEDIATE`, or a lock on the audit): ordinals, generations and the hash chain need an order.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import NullPool

from yishu.errors import MachineError, UsageError

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "ledger_version"
WAIT_SECONDS = 30
_MIGRATION_LOCK = 0x7969_7368_75  # 'yishu': any number that no one else takes


class Store:
    """Connections are opened per transaction and never kept: a forked Airflow task must not inherit one."""

    def __init__(self, url: str) -> None:
        self._url = _address(url)
        self._sqlite = self._url.get_backend_name() == "sqlite"
        wait = {"timeout": WAIT_SECONDS} if self._sqlite else {"connect_timeout": 10}
        self._engine = sa.create_engine(self._url, poolclass=NullPool, connect_args=wait)
        self._writer = self._engine.execution_options(one_writer=True)
        if self._sqlite:
            event.listen(self._engine, "connect", _take_over_begin)
            event.listen(self._engine, "begin", _begin_sqlite)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        with self._reachable(), self._engine.begin() as conn:
            yield conn

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """All or nothing; nobody else writes meanwhile."""
        with self._reachable(), self._writer.begin() as conn:
            if not self._sqlite:
                conn.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
                conn.exec_driver_sql("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE")
            yield conn

    def migrate(self) -> None:
        """Bring the schema to the newest version; alembic is imported only where there is something to do."""
        if self._sqlite and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        with self.read() as conn:
            if self._is_newest(conn):
                return
        with self._reachable():
            if self._sqlite:
                self._switch_to_wal()
            with self._writer.begin() as conn:
                if not self._sqlite:
                    conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                if not self._is_newest(conn):
                    _upgrade(conn)

    def _is_newest(self, conn: sa.Connection) -> bool:
        head, stored = newest_version(), ""
        if sa.inspect(conn).has_table(VERSION_TABLE):
            stored = conn.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar() or ""
        if stored > head:
            raise UsageError(
                f"the ledger has version {stored}, this Yishu knows up to {head}", code="ledger-newer",
                place=None, remedy="use the Yishu that wrote it, or a newer one",
            )  # fmt: skip
        return stored == head

    def _switch_to_wal(self) -> None:
        # Two first openings can meet here, and SQLite does not wait for this one pragma.
        patience = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                with self._engine.connect() as conn:
                    conn.connection.cursor().execute("PRAGMA journal_mode=WAL")
                return
            except exc.OperationalError:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.02)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except (exc.IntegrityError, exc.ProgrammingError, exc.DataError):
            raise
        except exc.DBAPIError as error:
            said = " ".join(str(error.orig).split())
            raise MachineError(
                f"the ledger at {self._url.render_as_string()} cannot be used: {said}", code="ledger",
                remedy="check that the database runs, its disk has room and no one blocks it, then try again",
            ) from error  # fmt: skip


def newest_version() -> str:
    """The newest migration; revisions are called like their files (`0001_…py`), so no alembic is needed to know."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def _address(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError:
        raise _unusable("it cannot be read as an address") from None
    backend = parsed.drivername.partition("+")[0]
    if backend == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    raise _unusable(f"{parsed.drivername!r} is not supported" if backend != "sqlite" else "it needs a file")


def _unusable(why: str) -> UsageError:
    return UsageError(
        f"the ledger's address is wrong: {why}", code="ledger-url",
        expected="sqlite:////absolute/path or postgresql://user:password@host/database", remedy="set YISHU_LEDGER",
    )  # fmt: skip


def _take_over_begin(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # sqlite3 would begin late and by itself
    connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]


def _begin_sqlite(conn: sa.Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("one_writer") else "BEGIN")


def _upgrade(conn: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
