"""Parquet files that Spark wrote → part of a table, in the place of some of its rows or of all, by one commit of delta-rs's.

Spark never commits: its commits on an object store are safe from one driver only, and cost more than the rows of a small
delivery. What gives way is found in the files by DuckDB, and only files that hold some of it are written anew.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from yishu.errors import DataError
from yishu.lake.engine import engine, parquet, quoted
from yishu.lake.lake import Lake
from yishu.lake.tables import data_files, exists, mark, properties, read_files

if TYPE_CHECKING:
    from deltalake.transaction import AddAction, RemoveAction
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType


@dataclass(frozen=True)
class Target:
    """One table and the commit that will change it; `columns` is the schema of what comes, as Delta's JSON."""

    lake: Lake
    path: Path
    columns: str
    app_id: str


def adopt(files: Sequence[Path], to: Target) -> None:
    """Make Parquet files that lie in the table's folder part of the table; no data is moved.

    Args:
        files: written by Spark below the table's folder.
        to: the table; it is made where there is none, and gains the columns that it lacks.

    Raises:
        DataError: a column has another type in the table.
    """
    _commit(to, files, ())


def add(frame: DataFrame, to: Target) -> None:
    """Put the frame's rows beside those that are there; else as `adopt`."""
    with _beside(to) as folder:
        _commit(to, _written(frame, folder / "rows"), ())


def replace(frame: DataFrame, to: Target, check: Callable[[Sequence[Path]], None] | None = None) -> None:
    """Put the frame in the place of the whole table, its schema too; history is kept.

    Args:
        frame: in the types of `to.columns`.
        to: the table; it is made where there is none.
        check: is given the files before they become visible, and raises where they must not.
    """
    with _beside(to) as folder:
        files = _written(frame, folder / "rows")
        if check:
            check(files)
        _overwrite(to, files)


def put_by_key(frame: DataFrame, to: Target, on: Sequence[str]) -> None:
    """Put the frame's rows in the place of those with the same key; all others stay.

    Args:
        frame: one row for each key; columns of the table that it lacks become NULL.
        to: a table that exists.
        on: columns that are never NULL.
    """
    with _beside(to) as folder:
        files = _written(frame, folder / "rows")
        _exchange(frame, to, files, _touched(to, _key_among(files, on)), lambda old, new: old.join(new.select(*on), list(on), "left_anti"))


def put_where(frame: DataFrame, to: Target, predicate: str) -> None:
    """Put the frame's rows in the place of those that match.

    Args:
        frame: columns of the table that it lacks become NULL.
        to: a table that exists.
        predicate: comparisons with text, in words that Spark and DuckDB share.
    """
    with _beside(to) as folder:
        files = _written(frame, folder / "rows")
        _exchange(frame, to, files, _touched(to, _matching(predicate)), lambda old, new: old.where(f"NOT coalesce({predicate}, false)"))


def holds_any(files: Sequence[Path], to: Target, on: Sequence[str]) -> bool:
    """True if a key of some Parquet files stands in the table too."""
    return bool(_touched(to, _key_among(files, on)).files)


@dataclass(frozen=True)
class _Touched:
    """The files that hold rows which give way, and how many of their rows stay."""

    files: tuple[Path, ...]
    staying: int


Judge = Callable[[str], str]
"""The table's rows, as DuckDB's SQL → a query for `filename` and `stale` of each."""


def _key_among(files: Sequence[Path], on: Sequence[str]) -> Judge:
    """Stale is what has its key in the files too."""
    keys = ", ".join(map(quoted, on))
    if not files:
        return _matching("false")
    known = f"SELECT DISTINCT {keys}, true AS stale FROM {parquet(files)}"
    return lambda rows: f"SELECT filename, stale IS NOT NULL AS stale FROM {rows} LEFT JOIN ({known}) USING ({keys})"


def _matching(predicate: str) -> Judge:
    return lambda rows: f"SELECT filename, coalesce({predicate}, false) AS stale FROM {rows}"


def _touched(to: Target, judge: Judge) -> _Touched:
    from deltalake import DeltaTable

    lying = data_files(DeltaTable(to.path))
    if not lying:
        return _Touched((), 0)
    counted = "SELECT filename, count(*) FILTER (WHERE stale) AS gone, count(*) AS n"
    counted += f" FROM ({judge(parquet(lying, named=True))}) GROUP BY filename"
    with engine(to.lake) as duck:
        found = duck.sql(f"SELECT filename, n - gone FROM ({counted}) WHERE gone > 0").fetchall()
    return _Touched(tuple(sorted(Path(name) for name, _ in found)), sum(staying for _, staying in found))


Stay = Callable[["DataFrame", "DataFrame"], "DataFrame"]


def _exchange(frame: DataFrame, to: Target, files: Sequence[Path], touched: _Touched, stay: Stay) -> None:
    """Rows of touched files that stay are written anew beside those that come."""
    from deltalake import DeltaTable

    kept: list[Path] = []
    if touched.staying:
        spark, lying = frame.sparkSession, _struct(DeltaTable(to.path).schema().to_json())
        old, new = read_files(spark, touched.files, lying), read_files(spark, files, _struct(to.columns))
        kept = _written(stay(old, new), _folder(to) / "kept")
    _commit(to, [*files, *kept], touched.files)


def _folder(to: Target) -> Path:
    from deltalake import DeltaTable

    return to.path / f"version-{DeltaTable(to.path).version() + 1 if exists(to.path) else 0}"


@contextmanager
def _beside(to: Target) -> Iterator[Path]:
    """A new folder below the table's, where files lie until the commit; without one they go."""
    folder = _folder(to)
    shutil.rmtree(folder, ignore_errors=True)  # that of a run which was killed before its commit has this very name
    try:
        yield folder
    finally:
        if _folder(to) == folder:  # the table's version did not change
            shutil.rmtree(folder, ignore_errors=True)


def _written(frame: DataFrame, folder: Path) -> list[Path]:
    """The files that hold the frame's rows; none where it has none."""
    frame.write.parquet(str(folder))
    files = sorted(folder.glob("*.parquet"))
    for file in [file for file in files if not pq.read_metadata(file).num_rows]:
        file.unlink()
        files.remove(file)
    return files


def _struct(columns: str) -> StructType:
    from pyspark.sql.types import StructType

    return StructType.fromJson(json.loads(columns))


def _commit(to: Target, files: Sequence[Path], gone: Sequence[Path]) -> None:
    """Files come and others go, in one commit."""
    from deltalake import DeltaTable

    if not exists(to.path):
        _create(to, files)
        return
    _widen(to)
    table = DeltaTable(to.path)
    actions: list[AddAction | RemoveAction] = [*(_added(file, to.path) for file in files), *(_removed(file, to.path) for file in gone)]
    table.create_write_transaction(actions, "append", table.schema(), commit_properties=properties(to.app_id))


def _overwrite(to: Target, files: Sequence[Path]) -> None:
    from deltalake import DeltaTable, Schema

    if not exists(to.path):
        _create(to, files)
        return
    schema, adds = Schema.from_json(to.columns), [_added(file, to.path) for file in files]
    DeltaTable(to.path).create_write_transaction([*adds], "overwrite", schema, commit_properties=properties(to.app_id))


def _create(to: Target, files: Sequence[Path]) -> None:
    from deltalake import Schema
    from deltalake.transaction import create_table_with_add_actions

    create_table_with_add_actions(
        str(to.path), Schema.from_json(to.columns), [_added(file, to.path) for file in files], mode="error", partition_by=[],
        commit_properties=properties(to.app_id),
    )  # fmt: skip


def _widen(to: Target) -> None:
    """Give the table the columns that it lacks; its older rows have no value there."""
    from deltalake import DeltaTable, Schema

    table = DeltaTable(to.path)
    known, wanted = {f.name: f for f in table.schema().fields}, Schema.from_json(to.columns).fields
    other = [f for f in wanted if f.name in known and known[f.name].type != f.type]
    if other:
        told = ", ".join(f"{f.name} is {known[f.name].type}, the contract says {f.type}" for f in other)
        raise DataError(
            f"table {to.path} has columns of other types: {told}", code="column-type", subject=to.path.name,
            remedy=f"yishu reprocess {to.path.name} --reason …, which builds it anew",
        )  # fmt: skip
    new = [f for f in wanted if f.name not in known]
    if new:
        table.alter.add_columns(new, commit_properties=mark(f"widen:{to.app_id}"))


def _added(file: Path, path: Path) -> AddAction:
    from deltalake.transaction import AddAction

    stat, rows = file.stat(), pq.read_metadata(file).num_rows
    stats = json.dumps({"numRecords": rows})
    return AddAction(file.relative_to(path).as_posix(), stat.st_size, {}, int(stat.st_mtime * 1000), True, stats)


def _removed(file: Path, path: Path) -> RemoveAction:
    from deltalake.transaction import RemoveAction

    return RemoveAction(file.relative_to(path).as_posix(), True, int(time.time() * 1000), file.stat().st_size, {})


def sweep(path: Path, name: str) -> None:
    """Remove those files of the folder `name` below a table's that the table does not refer to."""
    from deltalake import DeltaTable

    folder = path / name
    if not folder.is_dir():
        return
    kept = data_files(DeltaTable(path)) if exists(path) else []
    for part in [p for p in folder.iterdir() if p.is_dir()]:
        if not any(part in file.parents for file in kept):
            shutil.rmtree(part)
    if not any(folder in file.parents for file in kept):
        shutil.rmtree(folder)
        with suppress(OSError):  # no table yet: the folder is nobody's
            path.rmdir()
