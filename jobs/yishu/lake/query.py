"""SQL over the lake without a server: Delta tables through Arrow into DuckDB; gold to everyone, clear layers on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from yishu.errors import UsageError
from yishu.lake import places, tables
from yishu.lake.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

CLEAR = ("bronze", "silver", "quarantine")


def select(lake: Lake, sql: str, *, clear: bool = False) -> pa.Table:
    """Run one SELECT.

    Args:
        lake: places.
        sql: DuckDB's SQL; tables are written `<database>.<table>`, with `clear` also `silver.<dataset>` and so on.
        clear: whether the layers that hold values in clear may be read.

    Raises:
        UsageError: no SELECT, an unknown table, a clear layer without `clear`, or SQL that does not run.
    """
    import duckdb
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.ParseError as error:
        raise UsageError(f"the SQL cannot be read: {error}", code="sql", expected="one SELECT") from error
    if not isinstance(tree, exp.Query):
        raise UsageError("only SELECT is possible here", code="sql", expected="one SELECT")
    with duckdb.connect() as connection:
        connection.execute("SET enable_external_access = false")
        named = {f"{t.db}.{t.name}" for t in tree.find_all(exp.Table) if t.db}
        for name in sorted(named):
            _require(lake, name, clear)
            data = places.rows(lake.path(name))
            schema, short = name.split(".")
            connection.register(f"yishu__{schema}__{short}", data)
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            connection.execute(f'CREATE VIEW "{schema}"."{short}" AS SELECT * FROM yishu__{schema}__{short}')
        try:
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise UsageError(f"the SQL does not run: {error}", code="sql", remedy="the catalog lists tables and columns") from error


def _require(lake: Lake, name: str, clear: bool) -> None:
    layer = name.split(".")[0]
    if layer in CLEAR and not clear:
        raise UsageError(f"{name} holds values in clear", code="clear", expected="a gold table", remedy="add --clear; it is audited")
    if (layer not in CLEAR and layer not in lake.project.databases) or not tables.exists(lake.path(name)):
        known = sorted(t.name for t in lake.ledger.tables() if t.name.split(".")[0] not in CLEAR)
        raise UsageError(f"there is no table {name}", code="table", expected=f"one of {', '.join(known) or 'none yet: yishu run'}")
