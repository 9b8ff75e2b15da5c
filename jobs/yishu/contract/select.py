"""A mart's SQL text → the columns that it gives and the tables that it reads; a pull's → its parameters. Nothing is run."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class TableRead:
    """A table that a SELECT reads, and the line on which it is named."""

    name: str
    line: int


@dataclass(frozen=True)
class Select:
    """One readable SELECT."""

    columns: tuple[str, ...]
    tables: tuple[TableRead, ...]
    """In the order of the text, each once."""


@dataclass(frozen=True)
class Unreadable:
    """Why a text is no SELECT that a mart can have."""

    what: str
    line: int
    remedy: str


QUERY_PARAMETERS = frozenset({"after", "start", "end"})
"""What the query of a pull may ask for."""
_DIALECTS = ("postgres", "mysql")
"""Those of the databases that can be pulled from; which of them it is, the address says, and that is not known here."""


@functools.lru_cache(maxsize=512)
def read_select(text: str) -> Select | Unreadable:
    """Parse one SELECT in Spark's dialect."""
    import sqlglot  # 0.4 s: only `check` needs it
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [s for s in sqlglot.parse(text, dialect="spark") if s is not None]
    except SqlglotError as error:
        detail = (getattr(error, "errors", None) or [{}])[0]
        return Unreadable(
            f"the SELECT cannot be parsed: {detail.get('description') or error}", int(detail.get("line") or 1), "mend it there"
        )
    if len(statements) != 1:
        return Unreadable(f"the file holds {len(statements)} statements", 1, "leave exactly one SELECT")
    if not isinstance(statements[0], exp.Query):
        return Unreadable("the file holds another statement than a SELECT", 1, "leave exactly one SELECT")
    return _read_query(statements[0])


@functools.lru_cache(maxsize=512)
def read_parameters(query: str) -> frozenset[str] | Unreadable:
    """The names of the parameters in a pull's one SELECT, as PostgreSQL or MySQL reads it."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    why = ""
    for dialect in _DIALECTS:
        try:
            statements = [s for s in sqlglot.parse(query, dialect=dialect) if s is not None]
        except SqlglotError as error:
            detail = (getattr(error, "errors", None) or [{}])[0]
            why = why or f"the query cannot be parsed: {detail.get('description') or error}"
            continue
        if len(statements) != 1:
            return Unreadable(f"the query holds {len(statements)} statements", 1, "leave exactly one SELECT")
        (found,) = statements
        if not isinstance(found, exp.Query) or found.find(exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into):
            return Unreadable("the query is another statement than a SELECT, or changes something", 1, "leave exactly one SELECT")
        return frozenset(str(p.this or "?") for p in found.find_all(exp.Placeholder, exp.Parameter))
    return Unreadable(why, 1, "write a SELECT of PostgreSQL or MySQL")


def _read_query(query: exp.Query) -> Select | Unreadable:
    from sqlglot import exp

    tables = _tables(query)
    if isinstance(tables, Unreadable):
        return tables
    columns = _columns(query, {cte.alias.lower(): cte.this for cte in query.find_all(exp.CTE)})
    return columns if isinstance(columns, Unreadable) else Select(columns, tables)


def _columns(query: exp.Query, parts: Mapping[str, exp.Expr]) -> tuple[str, ...] | Unreadable:
    """Names in order; `select *` is followed where it reads one named part of the same query and nothing else."""
    selects = query.selects
    if len(selects) == 1 and selects[0].is_star:
        inner, rest = _only_source(query, parts)
        return _columns(inner, rest) if inner is not None else _star(selects[0])
    for number, column in enumerate(selects, 1):
        if column.is_star:
            return _star(column)
        if not column.output_name:
            return Unreadable(f"column {number} of the SELECT has no name", _line(column), "add `as <name>`")
    return tuple(column.output_name for column in selects)


def _star(column: exp.Expr) -> Unreadable:
    return Unreadable("the SELECT gives `*`", _line(column), "list the columns by name")


def _only_source(query: exp.Query, parts: Mapping[str, exp.Expr]) -> tuple[exp.Query | None, Mapping[str, exp.Expr]]:
    """The part of the query that a bare `select *` shows, and the parts that it may show itself (never itself again)."""
    from sqlglot import exp

    source = query.args.get("from_")
    bare = isinstance(query.selects[0], exp.Star) and not query.selects[0].args.get("except_")
    if source is None or not bare or query.args.get("joins") or query.args.get("laterals"):
        return None, parts
    part = source.this
    if isinstance(part, exp.Subquery):
        found: exp.Expr | None = part.unnest()
    else:
        found = parts.get(part.name.lower()) if isinstance(part, exp.Table) and not part.db else None
        parts = {name: query for name, query in parts.items() if name != part.name.lower()}
    return (found if isinstance(found, exp.Query) else None), parts


def _tables(query: exp.Query) -> tuple[TableRead, ...] | Unreadable:
    from sqlglot import exp

    ctes = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    found: dict[str, TableRead] = {}
    for table in query.find_all(exp.Table, bfs=False):
        if not isinstance(table.this, exp.Identifier):
            continue  # a function that gives rows, such as range(10)
        if not table.db:
            if table.name.lower() in ctes:
                continue
            return Unreadable(
                f"table {table.name!r} has no schema", _line(table), "write `silver.<dataset>` or `<database>.<mart>`"
            )
        name = ".".join(part.name for part in table.parts).lower()
        found.setdefault(name, TableRead(name, _line(table)))
    return tuple(sorted(found.values(), key=lambda t: (t.line, t.name)))


def _line(node: exp.Expr) -> int:
    """sqlglot keeps lines on identifiers and stars: the first one found in the node says where it stands."""
    lines = [int(part.meta["line"]) for part in node.walk() if "line" in part.meta]
    return min(lines, default=1)


def condition_trouble(text: str, columns: Collection[str]) -> str:
    """Why a text is no condition on a table with these columns; empty where it is one. Columns of ours begin with `_`."""
    import sqlglot
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(f"SELECT 1 WHERE {text}", read="spark")
    except sqlglot.ParseError as error:
        return f"cannot be read: {error.errors[0]['description']} near {error.errors[0]['highlight']!r}"
    # sqlglot reads `BETWEEN 1 2` as if the AND were there; Spark does not
    ands = [sum(token.token_type == sqlglot.TokenType.AND for token in sqlglot.tokenize(sql, read="spark")) for sql in (text, tree.sql("spark"))]
    if ands[0] != ands[1]:
        return "cannot be read: an AND is missing"
    named = [c.name for c in tree.find_all(exp.Column) if not c.find_ancestor(exp.Lambda)]
    strange = [name for name in named if name not in columns and not name.startswith("_")]
    return f"is about column {strange[0]!r}, which does not exist" if strange else ""
