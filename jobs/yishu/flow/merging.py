"""Good rows → silver, as the contract's write mode says: append, upsert, history, snapshot.

Each mode is one function from (rows of one delivery, the table) to one commit, and repeating it changes nothing.
A table is rebuilt by replaying its deliveries through the same functions, so there is no second definition of a mode.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.contract.model import Dataset
from yishu.flow.repeats import with_limits
from yishu.flow.stage import period_start
from yishu.lake import adoption, tables
from yishu.lake.adoption import Target
from yishu.lake.ledger import Delivery

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Arrival:
    """Rows of one delivery on their way into one table."""

    dataset: Dataset
    delivery: Delivery
    rows: DataFrame
    to: Target
    files: tuple[Path, ...] | None = None
    """The Parquet files, below the table's folder, that hold exactly these rows; None where the rows are yet to be computed."""
    kept_open: DataFrame | None = None
    """Snapshot only: keys of bad rows. They were handed in, so they have not vanished."""
    restates: bool = False
    """True where the period's rows in the table, if any, give way to these."""


def merge_in(arrival: Arrival) -> None:
    """Put one delivery's rows into the table; a repeat with the same `app_id` does nothing."""
    if tables.done(arrival.to.path, arrival.to.app_id):
        return
    modes = {"append": _append, "upsert": _upsert, "history": _history, "snapshot": _snapshot}
    modes[arrival.dataset.mode](arrival)


def _append(a: Arrival) -> None:
    """Facts by period: the period's rows are replaced by the newest generation."""
    if a.restates and tables.exists(a.to.path):
        period = f"_department = '{a.delivery.department}' AND _period = '{a.delivery.period}'"
        adoption.put_where(a.rows, a.to, period)
    else:
        _add(a)


def _add(a: Arrival) -> None:
    """Put the rows beside those that are there: files that lie there already are not written again."""
    if a.files is None:
        adoption.add(a.rows, a.to)
    else:
        adoption.adopt(a.files, a.to)


def _met(a: Arrival) -> tuple[Path, ...]:
    """The table's files that hold a key of the delivery: none for most first deliveries of a period, and for all of a new table."""
    if not tables.exists(a.to.path):
        return ()
    return tuple(tables.data_files(a.to.path)) if a.files is None else adoption.met_by(a.files, a.to, a.dataset.key)


def _upsert(a: Arrival) -> None:
    """Latest by key: the sequence decides, then the period; never the order of arrival."""
    met = _met(a)
    if not met:
        _add(a)
        return
    from pyspark.sql import functions as F

    table = adoption.rows_in_part(a.rows.sparkSession, a.to, met)
    later = f"struct(t.`{a.dataset.sequence}`, t._period) > struct(s.`{a.dataset.sequence}`, s._period)"
    newest = a.rows.alias("s").join(table.alias("t"), F.expr(f"{_same_key(a.dataset)} AND {later}"), "left_anti")
    adoption.put_by_key(newest, a.to, a.dataset.key, met)


def _history(a: Arrival) -> None:
    """SCD2: one row per key and sequence; a late version finds its place and moves its neighbours' limits."""
    met = _met(a)
    if not met:
        _add(a)
        return
    table = adoption.rows_in_part(a.rows.sparkSession, a.to, met)
    touched = table.join(a.rows.select(*a.dataset.key).distinct(), list(a.dataset.key), "left_semi")
    both = touched.unionByName(a.rows, allowMissingColumns=True)
    versions = with_limits(_one_per_version(both, a.dataset), a.dataset)
    adoption.put_by_key(versions, a.to, (*a.dataset.key, "_valid_from"), met)


def _one_per_version(both: DataFrame, dataset: Dataset) -> DataFrame:
    """Two deliveries with the same key and sequence: the later period wins, then the row already there last."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    window = Window.partitionBy(*dataset.key, "_valid_from").orderBy(F.col("_period").desc(), F.col("_delivery"), F.col("_row").desc())
    return both.withColumn("__rank", F.row_number().over(window)).where("__rank = 1").drop("__rank")


def _snapshot(a: Arrival) -> None:
    """A full list as of its period: new and changed keys open a row, changed and vanished ones close theirs."""
    from pyspark.sql import functions as F

    new, start = a.rows, F.lit(period_start(a.delivery.period)).cast("timestamp")
    if not tables.exists(a.to.path):
        _add(a)
        return
    current = tables.read(a.rows.sparkSession, a.to.path).where("_is_current")
    same = _same_content(a.dataset)
    opened = new.alias("s").join(current.alias("t"), F.expr(same), "left_anti")
    closed = current.alias("t").join(new.alias("s"), F.expr(same), "left_anti")
    if a.kept_open is not None:
        closed = closed.join(a.kept_open, list(a.dataset.key), "left_anti")
    closed = closed.withColumn("_valid_to", start).withColumn("_is_current", F.lit(False))
    adoption.put_by_key(closed.unionByName(opened, allowMissingColumns=True), a.to, (*a.dataset.key, "_valid_from"))


def _same_key(dataset: Dataset) -> str:
    return " AND ".join(f"t.`{k}` = s.`{k}`" for k in dataset.key)


def _same_content(dataset: Dataset) -> str:
    rest = [f.name for f in dataset.fields if f.name not in dataset.key]
    return " AND ".join([_same_key(dataset), *[f"t.`{c}` <=> s.`{c}`" for c in rest]])


def order_of_arrival(dataset: Dataset, delivery: Delivery) -> tuple[object, ...]:
    """The order in which deliveries are replayed: by period where the order matters, else as they came."""
    return (period_start(delivery.period), delivery.ordinal) if dataset.mode == "snapshot" else (delivery.ordinal,)


def needs_rebuild(dataset: Dataset, delivery: Delivery, restates: bool, accepted: list[Delivery]) -> bool:
    """True where one delivery cannot simply be put on top.

    A correction of anything but facts by period takes back what the earlier delivery did to its keys;
    a full list that comes late belongs between lists already there.
    """
    if dataset.mode == "append":
        return False
    later = any(d.id != delivery.id and period_start(d.period) > period_start(delivery.period) for d in accepted)
    return restates or (dataset.mode == "snapshot" and later)
