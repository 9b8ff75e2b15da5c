"""A delivery's bad rows, as they were handed in, from staging or quarantine; and what a correction changed.

Read with delta-rs, so that a receipt needs no JVM; only the rows that are shown are held in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from pydantic import JsonValue

from yishu.lake import places, tables
from yishu.lake.engine import quoted
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset as Rows
    from pyarrow.dataset import Expression

BadRow = dict[str, JsonValue]
"""Bronze's columns as text, `_file`, `_row`, and `_violations`: a list of rule, column, message."""


@dataclass(frozen=True)
class BadRows:
    """`rows` are the first ones by file and row number, `total` is how many there are."""

    total: int
    rows: list[BadRow]


class ChangesJson(TypedDict):
    """A correction against the delivery that it replaced; a changed row counts as one removed and one added."""

    replaced: str
    added: int
    removed: int


def read_bad_rows(lake: Lake, delivery: Delivery, limit: int) -> BadRows:
    """The delivery's bad rows, at most `limit` of them spelled out.

    Args:
        lake: ledger and places.
        delivery: in any state; one without bad rows gives none.
        limit: how many rows at most.
    """
    path = place_of_bad_rows(lake, delivery)
    if path is None:
        return BadRows(0, [])
    import pyarrow.dataset as ds
    rows = places.rows(path)
    mine = ds.field("_delivery") == delivery.id
    total = rows.count_rows(filter=mine)
    return BadRows(total, _first(rows, mine, total, limit) if total and limit > 0 else [])


def place_of_bad_rows(lake: Lake, delivery: Delivery) -> Path | None:
    """Where the bad rows stand: quarantine once they are accepted, beside the tables until then."""
    if delivery.state == "accepted":
        path = lake.quarantine(delivery.dataset)
        return path if delivery.balance.quarantined and tables.exists(path) else None
    if delivery.state == "superseded":
        return None  # the correction took their place, in quarantine too
    path = lake.staging(delivery.id) / "bad"
    broken = any(rule.bad and rule.severity != "warn" for rule in lake.ledger.rules(delivery.id))
    # rows that an earlier attempt staged stay there; they count only while the last judgement found some
    return path if broken and tables.exists(path) else None


def _first(rows: Rows, mine: Expression, total: int, limit: int) -> list[BadRow]:
    """The first rows in the department's own order."""
    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    order = [("_file", "ascending"), ("_row", "ascending")]
    wanted = mine
    if total > limit:
        places = rows.to_table(columns=["_file", "_row"], filter=mine)
        last = places.take(pc.sort_indices(places, sort_keys=order)[:limit]).slice(limit - 1).to_pylist()[0]
        file, row = ds.field("_file"), ds.field("_row")
        wanted = mine & ((file < last["_file"]) | ((file == last["_file"]) & (row <= last["_row"])))
    found: list[BadRow] = rows.to_table(filter=wanted).sort_by(order).slice(0, limit).to_pylist()
    return found


def read_changes(lake: Lake, delivery: Delivery) -> ChangesJson | None:
    """How the rows of a correction differ from those of the delivery that it replaced; None where there is none.

    Whole rows are compared, as handed in, without regard to their order.
    """
    if delivery.supersedes is None or delivery.dataset not in lake.project.datasets:
        return None
    path = lake.bronze(delivery.dataset)
    if not tables.exists(path):
        return None
    import duckdb
    bronze = places.rows(path)
    fields = [f.name for f in lake.project.datasets[delivery.dataset].fields if f.name in bronze.schema.names]
    cells = ", ".join(map(quoted, (*fields, "_raw")))
    side = f"SELECT hash({cells}) AS h, count(*) AS n FROM bronze WHERE _delivery = ? GROUP BY 1"
    query = (
        f"SELECT coalesce(sum(greatest(coalesce(new.n, 0) - coalesce(old.n, 0), 0)), 0)::BIGINT,"
        f" coalesce(sum(greatest(coalesce(old.n, 0) - coalesce(new.n, 0), 0)), 0)::BIGINT"
        f" FROM ({side}) new FULL JOIN ({side}) old ON new.h = old.h"
    )
    with duckdb.connect() as engine:
        engine.register("bronze", bronze)
        added, removed = engine.execute(query, [delivery.id, delivery.supersedes]).fetchall()[0]
    return {"replaced": delivery.supersedes, "added": int(added), "removed": int(removed)}
