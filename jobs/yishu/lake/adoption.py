"""Parquet files that Spark wrote into a table's folder → part of the table, or all of it, by one commit of delta-rs's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow.parquet as pq

from yishu.lake.tables import LEAN, data_files, exists, properties

if TYPE_CHECKING:
    from deltalake.transaction import AddAction
    from pyspark.sql import DataFrame


def adopt(files: Sequence[Path], path: Path, columns: str, app_id: str) -> bool:
    """Make Parquet files that lie in the table's folder part of the table, in one commit that moves no data.

    Args:
        files: written by Spark below `path`; each holds rows of one delivery.
        path: the table's folder; the table is made where there is none.
        columns: the table's schema as Delta's JSON.
        app_id: of the commit.

    Returns:
        False where the table has other columns: then rows must be appended, which widens it.
    """
    from deltalake import DeltaTable, Schema

    schema = Schema.from_json(columns)
    if exists(path) and [(f.name, f.type) for f in DeltaTable(path).schema().fields] != [(f.name, f.type) for f in schema.fields]:
        return False
    _take_in(files, path, columns, app_id, "append", LEAN)
    return True


def replace(frame: DataFrame, path: Path, columns: str, app_id: str, check: Callable[[Sequence[Path]], None]) -> None:
    """Put the frame in the place of the whole table, its schema too, in one commit; history is kept.

    Spark writes plain files beside those that stand, and delta-rs makes them the table: Spark's own commit reads the
    log of every table in the plan and of this one, which costs a small mart more than its rows do.

    Args:
        frame: in the order and types of `columns`.
        path: the table's folder; the table is made where there is none.
        columns: the table's schema as Delta's JSON.
        app_id: of the commit.
        check: is given the files before they become visible, and raises where they must not.
    """
    from deltalake import DeltaTable

    # the folder of a run that was killed before its commit has this very name, and is written over
    folder = path / f"version-{DeltaTable(path).version() + 1 if exists(path) else 0}"
    with ExitStack() as unseen:
        unseen.callback(shutil.rmtree, folder, ignore_errors=True)
        frame.write.mode("overwrite").parquet(str(folder))
        files = sorted(folder.glob("*.parquet"))
        check(files)
        unseen.pop_all()
    _take_in(files, path, columns, app_id, "overwrite", {})


def _take_in(
    files: Sequence[Path], path: Path, columns: str, app_id: str, mode: Literal["append", "overwrite"], new: Mapping[str, str | None]
) -> None:
    from deltalake import DeltaTable, Schema
    from deltalake.transaction import create_table_with_add_actions

    schema, said = Schema.from_json(columns), properties(app_id)
    adds = [_added(file, path) for file in files]
    if exists(path):
        DeltaTable(path).create_write_transaction([*adds], mode, schema, commit_properties=said)
        return
    create_table_with_add_actions(
        str(path), schema, adds, mode="error", partition_by=[], configuration=new, commit_properties=said
    )


def _added(file: Path, path: Path) -> AddAction:
    from deltalake.transaction import AddAction

    stat, rows = file.stat(), pq.read_metadata(file).num_rows
    stats = json.dumps({"numRecords": rows})
    return AddAction(file.relative_to(path).as_posix(), stat.st_size, {}, int(stat.st_mtime * 1000), True, stats)


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
