"""Contract fields → Spark DDL, with the Chinese titles as column comments.

Text, no Spark: what is written here is parsed by Spark's own DDL and SQL parsers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yishu.contract.model import Dataset, Field, Type, WriteMode

_PLAIN = {"string": "string", "integer": "bigint", "date": "date", "timestamp": "timestamp", "boolean": "boolean"}
_DELTA = {"bigint": "long"}


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, Spark type and comment."""

    name: str
    type: str
    comment: str = ""


_HANDED_IN = (
    Column("_department", "string", "交付部门代码"),
    Column("_period", "string", "所属期"),
    Column("_delivery", "string", "交付标识"),
    Column("_row", "bigint", "部门文件中的行号（首个数据行为1）"),
)
_VALIDITY = (
    Column("_valid_from", "timestamp", "版本生效时间"),
    Column("_valid_to", "timestamp", "版本失效时间"),
    Column("_is_current", "boolean", "是否当前版本"),
)


def ddl(fields: Iterable[Field]) -> str:
    """The fields' columns as Spark DDL: `` `uscc` string COMMENT '统一社会信用代码', … ``."""
    return columns_ddl(field_columns(fields))


def silver_table(dataset: Dataset) -> tuple[Column, ...]:
    """A dataset's silver table: its fields, then the system columns of its write mode."""
    return (*field_columns(dataset.fields), *system_columns(dataset.mode))


def silver_ddl(dataset: Dataset) -> str:
    """The same as Spark DDL."""
    return columns_ddl(silver_table(dataset))


def delta_schema(columns: Iterable[Column]) -> str:
    """Columns as Delta's JSON."""
    fields = [
        {"name": c.name, "type": _DELTA.get(c.type, c.type), "nullable": True, "metadata": {"comment": c.comment} if c.comment else {}}
        for c in columns
    ]
    return json.dumps({"type": "struct", "fields": fields}, ensure_ascii=False)


def field_columns(fields: Iterable[Field]) -> tuple[Column, ...]:
    return tuple(Column(f.name, spark_type(f.type), f.title) for f in fields)


def system_columns(mode: WriteMode) -> tuple[Column, ...]:
    """What silver adds: who handed a row in, and for kept versions from when to when it held."""
    return _HANDED_IN + (_VALIDITY if mode in ("history", "snapshot") else ())


def spark_type(kind: Type) -> str:
    """Spark's name of a contract type; text is always `string`, its length is a rule of the suite."""
    if kind.kind != "decimal":
        return _PLAIN[kind.kind]
    if kind.precision is None:
        return "decimal(38,18)"
    return f"decimal({kind.precision},{kind.scale or 0})"


def columns_ddl(columns: Sequence[Column]) -> str:
    return ", ".join(_column(c) for c in columns)


def _column(column: Column) -> str:
    comment = f" COMMENT {text_literal(column.comment)}" if column.comment else ""
    return f"{identifier(column.name)} {column.type}{comment}"


def identifier(name: str) -> str:
    """A column's name as Spark SQL quotes it."""
    return "`" + name.replace("`", "``") + "`"


def text_literal(text: str) -> str:
    """A text as a Spark SQL literal; Spark reads backslashes in it as escapes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
