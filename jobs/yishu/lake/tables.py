"""Delta tables: read, append, replace and merge once each, and look at them without a JVM.

Every commit carries `txnAppId` = step, table and delivery with version 1 (a shared appId with growing versions
would silently skip late deliveries) and our own mark, so that a repeat is a no-op and a stranger's commit shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from yishu.errors import MachineError, TableDamaged
from yishu.lake import places

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

MARK = "yishu"


@dataclass(frozen=True)
class TableVersion:
    """A table as it lies there: Delta's own id of it and its newest version."""

    id: str
    version: int


def exists(path: Path) -> bool:
    """True from the table's first commit on; a log folder alone is a write that is going on, or was killed."""
    return any((path / "_delta_log").glob("*.json"))


def look(path: Path) -> TableVersion | None:
    """The table's id and version, or None where no table is. Reads the log only.

    Raises:
        TableDamaged: the log or a data file that it names is missing or unreadable.
    """
    from deltalake.exceptions import DeltaError

    if not exists(path):
        return None
    try:
        table = places.delta(path)
        missing = places.gone_from(path, data_files(path, table))
        version = TableVersion(str(table.metadata().id), table.version())
    except (DeltaError, OSError) as error:
        raise TableDamaged(f"table {path} cannot be read: {error}", code="table-damaged", subject=str(path)) from error
    if missing:
        raise TableDamaged(
            f"table {path} lacks {len(missing)} of its data files, first {missing[0].name}",
            code="table-damaged", subject=str(path),
        )  # fmt: skip
    return version


def row_count(path: Path) -> int:
    """Rows of the table as its log says, 0 where there is none; no data is read."""
    if not exists(path):
        return 0
    counts = places.delta(path).get_add_actions(flatten=True).column("num_records").to_pylist()
    return sum(n or 0 for n in counts)


def rows_in(file: Path) -> int:
    """Rows of a Parquet file, as its footer says."""
    with pq.ParquetFile(file.open("rb")) as opened:
        return int(opened.metadata.num_rows)


def schema_of(file: Path) -> pa.Schema:
    """The columns of a Parquet file."""
    with pq.ParquetFile(file.open("rb")) as opened:
        return opened.schema_arrow


def files_of(path: Path, delivery: str) -> list[Path]:
    """The files that hold the rows of one delivery, in a table of which each file holds one."""
    return data_files(path, only=[("_delivery", "=", delivery)])


def data_files(path: Path, table: DeltaTable | None = None, only: list[tuple[str, str, str]] | None = None) -> list[Path]:
    """Where the table's files lie; delta-rs names them as addresses, in which blanks and Chinese are escaped.

    Args:
        path: the table's folder.
        table: as it was opened; opened now where not given.
        only: partitions.
    """
    table = table or places.delta(path)
    start = len(table.table_uri.removeprefix("file://").rstrip("/")) + 1
    return [path / unquote(uri.removeprefix("file://")[start:]) for uri in table.file_uris(file_pruning_predicate=only)]


def done(path: Path, app_id: str) -> bool:
    """True if a commit with this appId already stands in the table's log."""
    return exists(path) and places.delta(path).transaction_version(app_id) is not None


def foreign_commits(path: Path, after: int) -> list[int]:
    """The versions above `after` that do not carry our mark."""
    history = places.delta(path).history()
    return sorted(h["version"] for h in history if h["version"] > after and MARK not in str(h))


_MANY_FILES = 500
"""Beyond this many, Spark reads the log itself, so that no plan carries endless names. Chosen, not measured."""


def read(spark: SparkSession, path: Path, delivery: str | None = None) -> DataFrame:
    """The table's rows as of now, or those of one delivery: delta-rs reads the log, Spark the files that it names.

    Measured on a table of one commit, warm, with a small aggregation: 0.4 s, against 1.1 to 1.6 s when Spark reads the log.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.types import StructType

    table = places.delta(path)
    files = data_files(path, table, [("_delivery", "=", delivery)] if delivery else None)
    apart = table.metadata().partition_columns  # not in the files
    if len(files) > _MANY_FILES or table.protocol().min_reader_version > 1 or set(apart) - {"_delivery" if delivery else ""}:
        frame = spark.read.format("delta").load(str(path))
        return frame.where(F.col("_delivery") == delivery) if delivery else frame
    schema = StructType.fromJson(json.loads(table.schema().to_json()))
    lying = StructType([field for field in schema.fields if field.name not in apart])
    frame = read_files(spark, files, lying)
    if not delivery:
        return frame
    return frame.withColumn("_delivery", F.lit(delivery)).select(*[F.col(f"`{name}`") for name in schema.names])


def read_files(spark: SparkSession, files: Sequence[Path], schema: StructType | str) -> DataFrame:
    """Rows of Parquet files, or of folders full of them; a column that one lacks is NULL there."""
    if not files:
        return spark.createDataFrame([], schema)
    # Spark takes a path for a pattern
    exact = ["".join(f"\\{c}" if c in "*?[]{}\\" else c for c in str(file)) for file in files]
    return spark.read.schema(schema).parquet(*exact)


def put_batches(rows: pa.RecordBatchReader, path: Path, app_id: str, replaced: Sequence[str] = ()) -> None:
    """Stream rows, each with its `_delivery`, into a table that delta-rs alone writes, in one commit.

    Args:
        rows: read once, a batch at a time.
        path: the table's folder; the table is made where there is none.
        app_id: of the commit.
        replaced: deliveries whose rows go in the same commit.
    """
    from deltalake import write_deltalake

    gone = ", ".join(f"'{delivery}'" for delivery in replaced)
    way = {"mode": "overwrite", "predicate": f"_delivery IN ({gone})"} if replaced and exists(path) else {"mode": "append"}
    with committing(path):
        write_deltalake(  # type: ignore[call-overload]
            str(path), rows, schema_mode="merge", partition_by=["_delivery"], commit_properties=properties(app_id),
            storage_options=places.options(path), **way,
        )  # fmt: skip


@contextmanager
def committing(path: Path) -> Iterator[None]:
    """A commit that another writer's makes impossible, as an error that a second try mends.

    Raises:
        MachineError: what was read has changed since; nothing was committed.
    """
    from deltalake.exceptions import CommitFailedError

    try:
        yield
    except CommitFailedError as error:
        raise raced(path) from error


def raced(path: Path) -> MachineError:
    return MachineError(f"another writer changed {path} in the meantime", code="table-race", subject=str(path), remedy="run again")


def properties(app_id: str) -> CommitProperties:
    """Our mark and the step's appId, of which a table takes each once."""
    from deltalake import CommitProperties, Transaction

    said = json.dumps({"by": MARK, "step": app_id})
    return CommitProperties(custom_metadata={"userMetadata": said}, app_transactions=[Transaction(app_id, 1)])


def mark(step: str) -> CommitProperties:
    """Our mark alone, for what changes no row."""
    from deltalake import CommitProperties

    return CommitProperties(custom_metadata={MARK: step})


def register(spark: SparkSession, table: str, path: Path, comment: str) -> None:
    """Make a gold table known by name, with its Chinese title, for JDBC; what the name meant before is forgotten."""
    lying = places.delta(path)
    if lying.metadata().description != comment:
        # a hundredth of what Spark's COMMENT ON TABLE costs
        lying.alter.set_table_description(comment, commit_properties=mark(f"register:{table}"))
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS `{table.split('.')[0]}`")
    spark.sql(f"DROP TABLE IF EXISTS {table}")
    spark.sql(f"CREATE TABLE {table} USING delta LOCATION '{path}'")


def assert_readable_by_all(path: Path) -> None:
    """Gold must be readable by every reader: protocol 1, no deletion vectors, no column mapping.

    Raises:
        TableDamaged: some setting of the cluster raised the table's reader protocol.
    """
    protocol = places.delta(path).protocol()
    if protocol.min_reader_version != 1:
        raise TableDamaged(
            f"table {path} needs Delta reader version {protocol.min_reader_version}", code="reader-protocol",
            expected="reader version 1, so that every BI reader can open it", subject=str(path),
            remedy="remove spark.databricks.delta.properties.defaults.* from the cluster, then yishu reprocess",
        )  # fmt: skip
