"""A department's own database → the rows of one SELECT, streamed in batches; read only, and no error tells the password.

The address stands in the environment alone, under `YISHU_SOURCE_<connection>`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.pool import NullPool

from yishu.contract.model import Kind, Pull
from yishu.errors import MachineError, UsageError, YishuError

VARIABLE = "YISHU_SOURCE_"
Parameter = int | Decimal | dt.date | dt.datetime | None
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
_CONNECT: dict[str, dict[str, str | int]] = {
    # a server that is gone without a word is noticed within two minutes
    "postgresql": {"connect_timeout": 10, "client_encoding": "utf8", "keepalives_idle": 30, "keepalives_interval": 10},
    "mysql": {"connect_timeout": 10, "charset": "utf8mb4", "read_timeout": 3600},
}
_NOT_THE_NETWORK = {1044, 1045, 1049, 1054, 1142, 1143}
"""MySQL's no right, no such database, no such column: PyMySQL reports them in the class of lost connections."""


@dataclass(frozen=True)
class Asked:
    """One SELECT with its parameters; `kind` is that of `:after`, whose value may be NULL."""

    dataset: str
    pull: Pull
    values: Mapping[str, Parameter]
    kind: Kind
    zone: dt.tzinfo
    """Moments with a time zone are shown in this one."""
    batch_rows: int


@contextlib.contextmanager
def selected(asked: Asked) -> Iterator[sa.CursorResult[tuple[object, ...]]]:
    """The result, to be read while the block runs; a server-side cursor, so that only one batch is ever in memory.

    Raises:
        UsageError: no address, or the database refuses the query.
        MachineError: the database cannot be reached, or the connection was lost meanwhile; trying again can help.
    """
    url = _address(asked)
    backend = "postgresql" if url.get_backend_name() == "postgresql" else "mysql"
    engine = sa.create_engine(url, poolclass=NullPool, connect_args=_CONNECT[backend], hide_parameters=True)
    try:
        conn = engine.connect()
    except exc.SQLAlchemyError as error:
        raise MachineError(
            f"{asked.dataset}: cannot connect to {asked.pull.connection}: {_said(error, url)}", code="source",
            subject=asked.dataset, remedy=f"check the database, and {VARIABLE}{asked.pull.connection}; then try again",
        ) from None  # fmt: skip
    whole = False
    try:
        for setting in _session(backend, asked.zone):
            conn.exec_driver_sql(setting)
        yield conn.execution_options(yield_per=asked.batch_rows).execute(_query(asked), dict(asked.values))
        whole = True
    except exc.SQLAlchemyError as error:
        raise _failed(asked, error, _said(error, url)) from None
    finally:
        with contextlib.suppress(exc.SQLAlchemyError):  # what a lost connection says once more
            if not whole:
                conn.invalidate()  # to close it properly, PyMySQL would first read all the rows that are left
            conn.close()
        engine.dispose()


def _address(asked: Asked) -> sa.URL:
    variable = VARIABLE + asked.pull.connection
    expected = "postgresql+psycopg://user:password@host/database or mysql+pymysql://user:password@host/database"
    given = os.environ.get(variable)
    if not given:
        raise UsageError(
            f"{asked.dataset}: the environment has no {variable}", code="source", subject=asked.dataset, expected=expected,
            remedy="set it where yishu or Airflow runs",
        )  # fmt: skip
    try:
        url = sa.make_url(given)
        return url.set(drivername=_DRIVERS[url.get_backend_name()])
    except (exc.ArgumentError, KeyError, ValueError):  # what they say may hold the address
        raise UsageError(
            f"{asked.dataset}: {variable} is no address of a database", code="source", subject=asked.dataset, expected=expected,
            remedy="write it so; signs such as @ or / in the password as %40, %2F",
        ) from None  # fmt: skip


def _session(backend: str, zone: dt.tzinfo) -> tuple[str, str]:
    """Read only, whatever the query is; moments in the platform's zone, as a parameter's are."""
    if backend == "postgresql":
        return "SET TRANSACTION READ ONLY", f"SET TIME ZONE '{zone}'"
    offset = dt.datetime.now(zone).strftime("%z")  # by name only where the server has loaded the names
    return "SET SESSION TRANSACTION READ ONLY", f"SET time_zone = '{offset[:3]}:{offset[3:5]}'"


def _query(asked: Asked) -> sa.TextClause:
    """With typed parameters: PostgreSQL cannot tell the type of a NULL."""
    query = sa.text(asked.pull.query)
    kinds = {"integer": sa.BigInteger(), "decimal": sa.Numeric(), "date": sa.Date(), "timestamp": sa.DateTime()}
    types = {"after": kinds.get(asked.kind, sa.Text()), "start": sa.Date(), "end": sa.Date()}
    return query.bindparams(*(sa.bindparam(name, type_=types[name]) for name in asked.values))  # type: ignore[arg-type]


def _failed(asked: Asked, error: exc.SQLAlchemyError, said: str) -> YishuError:
    code = _code(error)
    lost = isinstance(error, exc.OperationalError | exc.InterfaceError) and code not in _NOT_THE_NETWORK
    if lost or (isinstance(error, exc.DBAPIError) and error.connection_invalidated):
        return MachineError(
            f"{asked.dataset}: {asked.pull.connection} broke off: {said}", code="source", subject=asked.dataset,
            remedy="try again: nothing of it was kept",
        )  # fmt: skip
    return UsageError(
        f"{asked.dataset}: {asked.pull.connection} refuses the query: {said}", code="pull-query", subject=asked.dataset,
        expected="a SELECT that the database understands and allows", remedy="mend yishu.supply.pull.query, or ask for the right",
    )  # fmt: skip


def _said(error: exc.SQLAlchemyError, url: sa.URL) -> str:
    """The database's own words in one line, without the password."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    words = str(original.args[-1] if original is not None and original.args else original)
    first = next(iter(words.strip().splitlines()), type(error).__name__)
    return first.replace(url.password, "***") if url.password else first


def _code(error: exc.SQLAlchemyError) -> object:
    original = error.orig if isinstance(error, exc.DBAPIError) else None
    return original.args[0] if original is not None and original.args else None
