"""Ledger → `ops.deliveries`, `ops.quality` and `ops.duties`, small Delta tables for BI; written by delta-rs, only when something changed.

The commit carries a hash of the content: an equal one writes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.flow.due import Row, as_row, reckon
from yishu.lake import places, tables
from yishu.lake.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

    Schema = Sequence[tuple[str, pa.DataType]]

_CONTENT = "yishu.content"


def publish_ops(lake: Lake, *databases: str) -> None:
    """Bring the tables up to date: all deliveries, and the rule counts and duties of some databases' datasets.

    Args:
        lake: ledger and places.
        databases: whose rule counts and duties are looked at.
    """
    import pyarrow as pa

    text, number = pa.string(), pa.int64()
    delivery_columns = [
        *[(n, text) for n in ("delivery", "department", "department_name", "dataset", "database", "period", "state")],
        *[(n, number) for n in ("generation", "ordinal", "received", "loaded", "duplicates", "quarantined", "rejected")],
        *[(n, text) for n in ("reason", "receipt", "supersedes", "corrects", "claimed_at")],
    ]
    quality_columns = [
        *[(n, text) for n in ("delivery", "dataset", "database", "rule", "type", "column", "severity")],
        ("bad", number), ("total", number), ("message", text), ("expected", text),
    ]  # fmt: skip
    duty_columns = [
        *[(n, text) for n in ("department", "department_name", "dataset", "title", "database", "owner", "period", "due", "standing")],
        ("days_late", number), *[(n, text) for n in ("delivery", "state", "came")],
    ]  # fmt: skip
    with lake.ledger.writing("ops"):
        _overwrite(lake.ops("deliveries"), pa.schema(delivery_columns), {None: _deliveries(lake)})
        _overwrite(lake.ops("quality"), pa.schema(quality_columns), {name: _quality(lake, name) for name in databases})
        _overwrite(lake.ops("duties"), pa.schema(duty_columns), _duties(lake, databases))


def _deliveries(lake: Lake) -> list[Row]:
    rows: list[Row] = []
    for d in lake.ledger.deliveries():
        department, dataset, b = lake.project.department_of(d.department), lake.project.datasets.get(d.dataset), d.balance
        rows.append({
            "delivery": d.id, "department": d.department, "department_name": department.name if department else None,
            "dataset": d.dataset, "database": dataset.database if dataset else None, "period": d.period, "state": d.state,
            "generation": d.generation, "ordinal": d.ordinal, "received": b.received, "loaded": b.loaded,
            "duplicates": b.duplicates, "quarantined": b.quarantined, "rejected": b.rejected, "reason": d.reason,
            "receipt": d.receipt, "supersedes": d.supersedes, "corrects": d.corrects, "claimed_at": d.claimed_at.isoformat(),
        })  # fmt: skip
    return rows


def _quality(lake: Lake, database: str) -> list[Row]:
    names = [d.name for d in lake.project.datasets.values() if d.database == database]
    return [
        {"delivery": d.id, "dataset": d.dataset, "database": database, "rule": c.rule, "type": c.type, "column": c.column,
         "severity": c.severity, "bad": c.bad, "total": c.total, "message": c.message, "expected": c.expected}
        for d in lake.ledger.deliveries(database_datasets=names) for c in lake.ledger.rules(d.id)
    ]  # fmt: skip


def _duties(lake: Lake, databases: Collection[str]) -> dict[str | None, list[Row]]:
    found: dict[str | None, list[Row]] = {name: [] for name in databases}
    mine = {d.name: d for d in lake.project.datasets.values() if d.database in found}
    asked = lake.project.model_copy(update={"datasets": mine})
    for one in reckon(asked, lake.ledger.deliveries(), lake.clock().date()):
        found[mine[one.duty.dataset].database].append(as_row(lake.project, one))
    return found


def _overwrite(path: Path, schema: pa.Schema, parts: Mapping[str | None, Sequence[Row]]) -> None:
    """Put rows in the place of a table's partitions of some databases, or (None) of the whole table; one commit."""
    import pyarrow as pa
    from deltalake import CommitProperties, write_deltalake

    standing, marks, changed = _standing(path), {}, []
    for database, rows in parts.items():
        mark = _CONTENT if database is None else f"{_CONTENT}.{database}"
        digest = _hash(schema, rows)
        if standing.get(mark) != digest and (rows or mark in standing):
            marks[mark] = digest
            changed.append(database)
    if not changed:
        return
    names = ", ".join(f"'{name}'" for name in changed)
    partition = {} if None in parts else {"predicate": f"database IN ({names})", "partition_by": ["database"]}
    write_deltalake(  # type: ignore[call-overload]
        str(path), pa.Table.from_pylist([row for name in changed for row in parts[name]], schema), mode="overwrite", **partition,
        schema_mode=None if partition else "overwrite", storage_options=places.options(path),
        commit_properties=CommitProperties(custom_metadata={**marks, "yishu": path.name}),
    )  # fmt: skip


def _hash(schema: pa.Schema, rows: Sequence[Row]) -> str:
    content = json.dumps([schema.names, list(rows)], ensure_ascii=False, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _standing(path: Path) -> dict[str, str]:
    """For each mark the hash that its newest commit carries."""
    if not tables.exists(path):
        return {}
    oldest_first = reversed(places.delta(path).history())
    return {name: str(value) for h in oldest_first for name, value in h.items() if name.startswith(_CONTENT)}
