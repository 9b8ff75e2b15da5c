"""Parquet files that Spark wrote → part of a table, in the place of some of its rows or of all, by one commit of delta-rs's.

Spark never commits: its commits on an object store are safe from one driver only, and cost more than the rows of a small
delivery. What gives way is found in the files by DuckDB, and only files that hold some of it are written anew.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from yishu.errors import DataError
from yishu.lake import places
from yishu.lake.engine import engine, parquet, quoted
from yishu.lake.lake import Lake
from yishu.lake.tables import committing, data_files, exists, mark, properties, raced, read_files, rows_in

if TYPE_CHECKING:
    from deltalake.transaction import AddAction, RemoveAction
    from pyspark.sql import DataFrame, SparkSession
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
    with _written(frame, to) as new:
        _commit(to, new.files, ())


def replace(frame: DataFrame, to: Target, check: Callable[[Sequence[Path]], None] | None = None) -> None:
    """Put the frame in the place of the whole table, its schema too; history is kept.

    Args:
        frame: in the types of `to.columns`.
        to: the table; it is made where there is none.
        check: is given the files before they become visible, and raises where they must not.
    """
    with _written(frame, to) as new:
        if check:
            check(new.files)
        _overwrite(to, new.files)


def put_by_key(frame: DataFrame, to: Target, on: Sequence[str], among: Sequence[Path] | None = None) -> None:
    """Put the frame's rows in the place of those with the same key; all others stay.

    Args:
        frame: one row for each key; columns of the table that it lacks become NULL.
        to: a table that exists.
        on: columns that are never NULL.
        among: the files of the table in which such keys can stand; None: any.
    """
    with _written(frame, to) as new:
        touched = _touched(to, _key_among(new.files, on), among)
        _exchange(new, to, touched, lambda old, come: old.join(come.select(*on), list(on), "left_anti"))


def put_where(frame: DataFrame, to: Target, predicate: str) -> None:
    """Put the frame's rows in the place of those that match.

    Args:
        frame: columns of the table that it lacks become NULL.
        to: a table that exists.
        predicate: comparisons with text, in words that Spark and DuckDB share.
    """
    with _written(frame, to) as new:
        _exchange(new, to, _touched(to, _matching(predicate)), lambda old, come: old.where(f"NOT coalesce({predicate}, false)"))


def met_by(files: Sequence[Path], to: Target, on: Sequence[str]) -> tuple[Path, ...]:
    """The table's files in which a key of some Parquet files stands, too."""
    return _touched(to, _key_among(files, on)).files


def rows_in_part(spark: SparkSession, to: Target, files: Sequence[Path]) -> DataFrame:
    """The rows of some of the table's files, in its columns."""
    return read_files(spark, files, _struct(places.delta(to.path).schema().to_json()))


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


def _touched(to: Target, judge: Judge, among: Sequence[Path] | None = None) -> _Touched:
    lying = data_files(to.path) if among is None else among
    if not lying:
        return _Touched((), 0)
    counted = "SELECT filename, count(*) FILTER (WHERE stale) AS gone, count(*) AS n"
    counted += f" FROM ({judge(parquet(lying, named=True))}) GROUP BY filename"
    with engine(to.lake) as duck:
        found = duck.sql(f"SELECT filename, n - gone FROM ({counted}) WHERE gone > 0").fetchall()
    by_name = {str(file): file for file in lying}
    return _Touched(tuple(by_name[name] for name, _ in sorted(found)), sum(staying for _, staying in found))


Stay = Callable[["DataFrame", "DataFrame"], "DataFrame"]


def _exchange(new: _New, to: Target, touched: _Touched, stay: Stay) -> None:
    """Rows of touched files that stay are written anew beside those that come."""
    kept: list[Path] = []
    if touched.staying:
        spark = new.frame.sparkSession
        old, come = rows_in_part(spark, to, touched.files), read_files(spark, new.files, _struct(to.columns))
        kept = _write(stay(old, come), new.folder / "kept")
    _commit(to, [*new.files, *kept], touched.files)


@contextmanager
def beside(path: Path, marks: Path) -> Iterator[Path]:
    """A new folder below a table's, for files that are to become part of it; what the table did not take in goes.

    Args:
        path: the table's folder.
        marks: a folder of the one who alone works on this now; what a killed run of theirs left is swept first.
    """
    for left in [*marks.glob("*")]:
        _sweep(path, left.name)
        left.unlink(missing_ok=True)
    mark = marks / f"new-{uuid4().hex[:12]}"
    marks.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield path / mark.name
    finally:
        _sweep(path, mark.name)
        mark.unlink(missing_ok=True)


def _sweep(path: Path, name: str) -> None:
    """Remove those files of the folder `name` below a table's that the table does not refer to."""
    folder = path / name
    if not folder.is_dir():
        return
    kept = data_files(path) if exists(path) else []
    for part in [p for p in folder.iterdir() if p.is_dir()]:
        if not any(part in file.parents for file in kept):
            places.remove(part)
    if not any(folder in file.parents for file in kept):
        places.remove(folder)
        if not places.in_bucket(path):
            with suppress(OSError):  # no table yet: the folder is nobody's
                path.rmdir()


@dataclass(frozen=True)
class _New:
    """A frame, and the files below the table's folder that hold its rows."""

    frame: DataFrame
    files: list[Path]
    folder: Path


@contextmanager
def _written(frame: DataFrame, to: Target) -> Iterator[_New]:
    marks = to.lake.ops("staging") / "unfinished" / to.path.parent.name / to.path.name  # the table's lease leaves one writer
    with beside(to.path, marks) as folder:
        yield _New(frame, _write(frame, folder / "rows"), folder)


def _write(frame: DataFrame, folder: Path) -> list[Path]:
    """The files that hold the frame's rows; none where it has none."""
    frame.write.parquet(str(folder))
    files = sorted(folder.glob("*.parquet"))
    for file in [file for file in files if not rows_in(file)]:
        file.unlink()
        files.remove(file)
    return files


def _struct(columns: str) -> StructType:
    from pyspark.sql.types import StructType

    return StructType.fromJson(json.loads(columns))


def _commit(to: Target, files: Sequence[Path], gone: Sequence[Path]) -> None:
    """Files come and others go, in one commit; not where another writer took some of those away since they were looked at."""
    if not exists(to.path):
        _create(to, files)
        return
    widen(to)
    table = places.delta(to.path)
    if set(gone) - set(data_files(to.path, table)):
        raise raced(to.path)
    actions: list[AddAction | RemoveAction] = [*(_added(file, to.path) for file in files), *(_removed(file, to.path) for file in gone)]
    with committing(to.path):
        table.create_write_transaction(actions, "append", table.schema(), commit_properties=properties(to.app_id))


def _overwrite(to: Target, files: Sequence[Path]) -> None:
    from deltalake import Schema

    if not exists(to.path):
        _create(to, files)
        return
    schema, adds = Schema.from_json(to.columns), [_added(file, to.path) for file in files]
    with committing(to.path):
        places.delta(to.path).create_write_transaction([*adds], "overwrite", schema, commit_properties=properties(to.app_id))


def _create(to: Target, files: Sequence[Path]) -> None:
    from deltalake import Schema
    from deltalake.transaction import create_table_with_add_actions

    create_table_with_add_actions(
        str(to.path), Schema.from_json(to.columns), [_added(file, to.path) for file in files], mode="error", partition_by=[],
        commit_properties=properties(to.app_id), storage_options=places.options(to.path),
    )  # fmt: skip


def widen(to: Target) -> None:
    """Give the table the columns that it lacks; its older rows have no value there. No file is touched.

    Raises:
        DataError: a column has another type in the table.
    """
    from deltalake import Schema

    table = places.delta(to.path)
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

    stat, rows = file.stat(), rows_in(file)
    stats = json.dumps({"numRecords": rows})
    return AddAction(file.relative_to(path).as_posix(), stat.st_size, {}, int(stat.st_mtime * 1000), True, stats)


def _removed(file: Path, path: Path) -> RemoveAction:
    from deltalake.transaction import RemoveAction

    return RemoveAction(file.relative_to(path).as_posix(), True, int(time.time() * 1000), file.stat().st_size, {})
