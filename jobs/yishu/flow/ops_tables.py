"""Ledger → `ops.deliveries`, `ops.quality` and `ops.duties`, small Delta tables for BI; written by delta-rs, only when something changed.

The commit carries a hash of the content: an equal one writes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.flow.due import Row, as_row, reckon
from yishu.lake import places, tables
from yishu.lake.lake import Lake

if TYPE_CHECKING:
    import pyarrow as pa

    Schema = Sequence[tuple[str, pa.DataType]]

_CONTENT = "yishu.content"


def publish_ops(lake: Lake, database: str) -> None:
    """Bring the tables up to date: all deliveries, and the rule counts and duties of the database's datasets.

    Args:
        lake: ledger and places.
        database: whose rule counts and duties are looked at.
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
        _overwrite(lake.ops("deliveries"), pa.Table.from_pylist(_deliveries(lake), pa.schema(delivery_columns)), None)
        _overwrite(lake.ops("quality"), pa.Table.from_pylist(_quality(lake, database), pa.schema(quality_columns)), database)
        _overwrite(lake.ops("duties"), pa.Table.from_pylist(_duties(lake, database), pa.schema(duty_columns)), database)


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


def _duties(lake: Lake, database: str) -> list[Row]:
    found = reckon(lake.project, lake.ledger.deliveries(), lake.clock().date())
    return [as_row(lake.project, one) for one in found if lake.project.datasets[one.duty.dataset].database == database]


def _overwrite(path: Path, rows: pa.Table, database: str | None) -> None:
    """Put the rows in the place of the table, or of its partition of one database."""
    from deltalake import CommitProperties, write_deltalake

    mark = _CONTENT if database is None else f"{_CONTENT}.{database}"
    content = json.dumps([rows.schema.names, rows.to_pylist()], ensure_ascii=False, default=str)
    digest = hashlib.sha256(content.encode()).hexdigest()
    standing = _standing(path, mark)
    if standing == digest or (standing is None and not rows.num_rows):
        return
    partition = {} if database is None else {"predicate": f"database = '{database}'", "partition_by": ["database"]}
    write_deltalake(  # type: ignore[call-overload]
        str(path), rows, mode="overwrite", **partition,
        schema_mode=None if partition else "overwrite", storage_options=places.options(path),
        commit_properties=CommitProperties(custom_metadata={mark: digest, "yishu": path.name}),
    )  # fmt: skip


def _standing(path: Path, mark: str) -> str | None:
    """The hash that the newest commit of this mark carries."""
    if not tables.exists(path):
        return None
    return next((str(h[mark]) for h in places.delta(path).history() if mark in h), None)
