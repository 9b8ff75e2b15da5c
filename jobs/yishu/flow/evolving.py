"""A contract that changed safely → its tables brought up to date by the next run: new columns, new names, wider types.

Nothing is judged and no value changes. Each step looks at what lies there, so a killed one is done again; each is one commit,
and the versions before it stay readable. What is not safe waits (`agreed`) for `restatement`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset
from yishu.derive.spark_types import delta_schema, silver_table
from yishu.flow.agreed import require_agreed, wording_now, wording_of_table
from yishu.flow.bronze import text_columns
from yishu.flow.soundness import note, require_sound
from yishu.lake import places, tables
from yishu.lake.adoption import Target, replace, widen
from yishu.lake.lake import Lake, OpenSpark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Types = Mapping[str, object]


def keep_up(lake: Lake, open_spark: OpenSpark, dataset: Dataset) -> None:
    """Bring silver to today's contract where that loses nothing; new names were taken over before.

    Args:
        lake: contracts, ledger and places.
        open_spark: opens a session of its own; a new column alone needs none.
        dataset: as it is today.

    Raises:
        DataError: the contract changed in another way; nothing of silver is touched.
        TableDamaged: a table is not as the ledger left it.
    """
    table, now = f"silver.{dataset.name}", wording_now(lake, dataset)
    noted = lake.ledger.table(table)
    if noted is None or noted.contract == now:
        return
    require_agreed(lake, dataset)
    with lake.ledger.writing(table):
        require_sound(lake, table)
        if wording_of_table(lake, table):
            reshape(lake, open_spark, dataset, f"reshape:{dataset.name}:{now}:{noted.version}")
        else:
            lake.ledger.date_contract(dataset.name, now)
        note(lake, table, contract=now)


def in_shape(frame: DataFrame, dataset: Dataset) -> DataFrame:
    """Silver's rows in today's columns and types, under today's names; a column that they lack is NULL."""
    from pyspark.sql import functions as F

    there, before = set(frame.columns), {f.name: f.renamed_from for f in dataset.fields}
    columns = []
    for column in silver_table(dataset):
        name = next((n for n in (column.name, before.get(column.name)) if n in there), None)
        cell = F.col(f"`{name}`") if name else F.lit(None)
        columns.append(cell.cast(column.type).alias(column.name, metadata={"comment": column.comment}))
    return frame.select(*columns)


def reshape(lake: Lake, open_spark: OpenSpark, dataset: Dataset, app_id: str) -> None:
    """Give silver today's columns, names and types, in one commit; no row is judged. A new column alone moves no data."""
    path = lake.silver(dataset.name)
    to = Target(lake, path, delta_schema(silver_table(dataset)), app_id)
    lying, wanted = _types(places.delta(path).schema().to_json()), _types(to.columns)
    if lying.keys() - wanted.keys() or any(lying[name] != kind for name, kind in wanted.items() if name in lying):
        replace(in_shape(tables.read(open_spark(), path), dataset), to)
    else:
        widen(to)


def _types(schema: str) -> Types:
    return {field["name"]: field["type"] for field in json.loads(schema)["fields"]}


def take_over_names(lake: Lake, dataset: Dataset) -> None:
    """Give renamed fields their new names where rows lie as they were handed in: in bronze, in quarantine, beside the tables."""
    if not any(f.renamed_from for f in dataset.fields):
        return
    for table in (f"bronze.{dataset.name}", f"quarantine.{dataset.name}"):
        if under_old_names(lake.path(table), dataset):
            require_sound(lake, table)
            with lake.ledger.writing(table.replace("quarantine", "silver")):
                rename(lake.path(table), lake.path(table), dataset)
                note(lake, table)
    for held in lake.ledger.deliveries(dataset=dataset.name, states={"held"}):
        shown = lake.staging(held.id) / "bad"
        if under_old_names(shown, dataset):
            rename(shown, shown, dataset)


def under_old_names(path: Path, dataset: Dataset) -> bool:
    """True where a table has columns under names that fields had before."""
    old = {f.renamed_from for f in dataset.fields if f.renamed_from}
    return bool(old) and tables.exists(path) and bool(old & _types(places.delta(path).schema().to_json()).keys())


def rename(path: Path, into: Path, dataset: Dataset) -> None:
    """All rows of a table of text, with today's names, in one commit.

    Args:
        path: a table that delta-rs alone writes.
        into: the same, or where a copy is to lie.
        dataset: says what was called how.
    """
    from deltalake import WriterProperties, write_deltalake

    names = {f.renamed_from: f.name for f in dataset.fields if f.renamed_from}
    rows = places.rows(path)
    kept = [f for f in rows.schema if f.name not in names]
    fresh = [pa.field(names[f.name], f.type) for f in rows.schema if f.name in names and names[f.name] not in rows.schema.names]
    schema = pa.schema([*fresh, *kept])
    before = {new: old for old, new in names.items() if old in rows.schema.names}

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows.to_batches():
            yield pa.RecordBatch.from_arrays([_cells(batch, name, before.get(name)) for name in schema.names], schema=schema)

    found = places.delta(path)
    said = found.metadata().configuration or None  # of bronze: no statistics; where the table does not say so, rows of a file without them are passed over
    app_id = f"rename:{path.parent.name}:{path.name}:{found.metadata().id}@{found.version()}"
    with tables.committing(into):
        write_deltalake(
            str(into), pa.RecordBatchReader.from_batches(schema, batches()), mode="overwrite", schema_mode="overwrite",
            partition_by=["_delivery"], configuration=said,
            writer_properties=text_columns() if said else WriterProperties(compression="SNAPPY"),
            storage_options=places.options(into), commit_properties=tables.properties(app_id),
        )  # fmt: skip


def _cells(batch: pa.RecordBatch, name: str, before: str | None) -> pa.Array:
    """A delivery came under one name or the other."""
    if before is None:
        return batch[name]
    return pc.coalesce(batch[name], batch[before]) if name in batch.schema.names else batch[before]
