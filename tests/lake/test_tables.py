"""Tables looked at without a JVM, in a folder with a blank and Chinese in its name: what a table refers to is never swept."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyarrow import fs

from handed_in import opened
from yishu.errors import DataError, TableDamaged
from yishu.lake import adoption, places, tables
from yishu.lake.adoption import Target
from yishu.lake.lake import Lake


def to(lake: Lake, table: Path, step: str, columns: str = "") -> Target:
    return Target(lake, table, columns or SCHEMA, step)


SCHEMA = json.dumps({"type": "struct", "fields": [{"name": "a", "type": "string", "nullable": True, "metadata": {}}]})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "我的 lake" / "silver" / "firm"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return opened(tmp_path / "home")


def swept(table: Path, left: str) -> None:
    """As the next run does with what a killed one left."""
    marks = table.parent / "marks"
    marks.mkdir()
    (marks / left).touch()
    with adoption.beside(table, marks) as folder:
        assert folder.parent == table and not folder.exists()
    assert list(marks.iterdir()) == []


def written(table: Path, folder: str, kind: str) -> Path:
    file = table / folder / f"yishu_kind={kind}" / "part-0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"a": ["x"]}), file)
    return file


def test_files_that_a_table_took_in_stay_and_the_others_go(table: Path, lake: Lake) -> None:
    good, bad = written(table, "d-1", "good"), written(table, "d-1", "bad")
    adoption.adopt([good], to(lake, table, "one"))
    swept(table, "d-1")
    assert good.is_file() and not bad.parent.exists()
    found = tables.look(table)
    assert found is not None and (found.version, tables.row_count(table)) == (0, 1)


def test_a_folder_that_no_table_refers_to_goes_and_nothing_else(table: Path, lake: Lake) -> None:
    adoption.adopt([written(table, "d-1", "good")], to(lake, table, "one"))
    left = written(table, "d-2", "good")
    swept(table, "d-2")
    assert not left.parent.parent.exists() and tables.row_count(table) == 1


def test_before_the_first_commit_a_sweep_leaves_no_folder(table: Path) -> None:
    written(table, "d-1", "good")
    swept(table, "d-1")
    assert not table.exists()


def test_a_column_that_is_new_is_added_and_one_of_another_type_is_refused(table: Path, lake: Lake) -> None:
    adoption.adopt([written(table, "d-1", "good")], to(lake, table, "one"))
    wider = json.loads(SCHEMA)
    wider["fields"].append({"name": "b", "type": "long", "nullable": True, "metadata": {"comment": "乙"}})
    adoption.adopt([written(table, "d-2", "good")], to(lake, table, "two", json.dumps(wider)))
    found = DeltaTable(table)
    assert found.to_pyarrow_table().to_pylist() == [{"a": "x", "b": None}] * 2
    assert tables.done(table, "two") and tables.foreign_commits(table, 0) == []
    wider["fields"][1]["type"] = "string"
    with pytest.raises(DataError, match=r"b is .*long.*, the contract says .*string"):
        adoption.adopt([written(table, "d-3", "good")], to(lake, table, "three", json.dumps(wider)))
    assert not tables.done(table, "three")


def test_a_missing_file_is_named(table: Path, lake: Lake) -> None:
    good = written(table, "d-1", "good")
    adoption.adopt([good], to(lake, table, "one"))
    good.unlink()
    with pytest.raises(TableDamaged, match=r"part-0\.parquet"):
        tables.look(table)


def test_the_files_of_one_delivery(table: Path) -> None:
    for delivery in ("d-1", "d-2"):
        rows = pa.table({"a": ["x"], "_delivery": [delivery]})
        tables.put_batches(rows.to_reader(), table, delivery)
    [file] = tables.files_of(table, "d-2")
    assert file.is_file() and "d-2" in str(file)


def test_rows_are_read_by_arrow_without_pythons_help_from_the_files_of_one_delivery(table: Path) -> None:
    for delivery in ("d-1", "d-2"):
        rows = pa.table({"a": [delivery], "_delivery": [delivery]})
        tables.put_batches(rows.to_reader(), table, delivery)
    read = places.rows(table, "d-2")
    assert read.to_table()["a"].to_pylist() == ["d-2"] and len(read.files) == 1
    assert isinstance(read.filesystem, fs.SubTreeFileSystem) and isinstance(read.filesystem.base_fs, fs.LocalFileSystem)
