"""Rows of one delivery that share a key: who they are, told from bronze without a JVM, and which of them is the best.

Nearly all deliveries have few such rows or none, so the many are never sorted or sent about for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from yishu.contract.model import Dataset, Field
from yishu.derive.casts import BLANKS, FULL, HALF, NOTHING
from yishu.flow.bronze import known_cells
from yishu.flow.family import ROW
from yishu.flow.reading.plain import Cells
from yishu.lake import tables
from yishu.lake.engine import engine, parquet, quoted
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

def suspects(lake: Lake, dataset: Dataset, delivery: Delivery) -> pa.Table | None:
    """`_row`, and `_file` where there are several, of the rows that may share their key with another; None where every row may.

    Keys are compared as handed in, but coarsely: two rows with one key always meet, some others do too, and only the
    typed keys themselves decide in the end (`best`).
    """
    cells = known_cells(lake, delivery)
    keys = [
        coarse(f, cells.get(f.name, Cells()).plain)
        for f in dataset.fields
        if f.name in dataset.key and f.type.kind in _COMPARED
    ]
    if not keys:
        return None
    files = tables.files_of(lake.bronze(dataset.name), delivery.id)
    lying = tables.schema_of(files[0]) if files else pa.schema([])
    nobody = pa.table({"_row": pa.array([], pa.int64())})
    if {f.name for f in dataset.fields if f.name in dataset.key} - set(lying.names):
        return nobody  # no row has a key, so none passes
    bronze, hashed = parquet(files), f"hash({', '.join(keys)})"
    with engine(lake) as duck:
        duck.execute(f"CREATE TEMP TABLE repeated AS SELECT {hashed} AS h FROM {bronze} GROUP BY h HAVING count(*) > 1")
        if not duck.sql("SELECT 1 FROM repeated LIMIT 1").fetchall():
            return nobody
        # a number is cheaper to join by than a name and a number, and most deliveries are one file
        [(handed_in,)] = duck.sql(f"SELECT count(DISTINCT _file) FROM {bronze}").fetchall()
        place = ", ".join(ROW if handed_in > 1 else ROW[1:])
        return duck.sql(f"SELECT {place} FROM {bronze} WHERE {hashed} IN (SELECT h FROM repeated)").to_arrow_table()


_COMPARED = ("string", "integer", "date")
"""Kinds of which equal values can be told from their texts; keys of other kinds only make more rows suspect."""


def coarse(field: Field, plain: bool) -> str:
    """DuckDB text of a key cell, the same for all cells that become the same key."""
    cell = quoted(field.name)
    if not plain:
        wide, narrow = FULL + BLANKS + NOTHING, HALF.replace("'", "''")  # what has no counterpart goes
        cell = f"translate({cell}, '{wide}', '{narrow}')"
    if field.type.kind == "string":
        return f"upper({cell})"
    # 2024-01-06, 2024/1/6 and 20240106 are one day; 1,000 and 01000.0 one number: what is left are digits other than 0
    return f"regexp_replace(split_part({cell}, '.', 1), '[^1-9]', '', 'g')"


def best(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """One row for each key (history: for each key and version): the latest, or the last in the file; with its limits."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    history = dataset.mode == "history"
    sequence = [F.col(f"`{dataset.sequence}`")] if dataset.sequence else []
    key = [F.col(f"`{name}`") for name in dataset.key]
    order = [*([] if history else [s.desc() for s in sequence]), *[F.col(c).desc() for c in ROW]]
    window = Window.partitionBy(*key, *(sequence if history else [])).orderBy(*order)
    ranked = rows.withColumn("__rank", F.row_number().over(window)).where("__rank = 1").drop("__rank")
    return with_limits(ranked, dataset) if history else ranked


def with_limits(versions: DataFrame, dataset: Dataset) -> DataFrame:
    """Each version of a key holds until the next begins; the last one is current."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    window = Window.partitionBy(*dataset.key).orderBy("_valid_from")
    limited = versions.withColumn("_valid_to", F.lead("_valid_from").over(window))
    return limited.withColumn("_is_current", F.col("_valid_to").isNull())
