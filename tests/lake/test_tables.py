"""Tables looked at without a JVM, in a folder with a blank and Chinese in its name: what a table refers to is never swept."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yishu.errors import TableDamaged
from yishu.lake import adoption, tables

SCHEMA = json.dumps({"type": "struct", "fields": [{"name": "a", "type": "string", "nullable": True, "metadata": {}}]})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "我的 lake" / "silver" / "firm"


def written(table: Path, folder: str, kind: str) -> Path:
    file = table / folder / f"yishu_kind={kind}" / "part-0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"a": ["x"]}), file)
    return file


def test_files_that_a_table_took_in_stay_and_the_others_go(table: Path) -> None:
    good, bad = written(table, "d-1", "good"), written(table, "d-1", "bad")
    assert adoption.adopt([good], table, SCHEMA, "one")
    adoption.sweep(table, "d-1")
    assert good.is_file() and not bad.parent.exists()
    found = tables.look(table)
    assert found is not None and (found.version, tables.row_count(table)) == (0, 1)


def test_a_folder_that_no_table_refers_to_goes_and_nothing_else(table: Path) -> None:
    adoption.adopt([written(table, "d-1", "good")], table, SCHEMA, "one")
    left = written(table, "d-2", "good")
    adoption.sweep(table, "d-2")
    assert not left.parent.parent.exists() and tables.row_count(table) == 1


def test_before_the_first_commit_a_sweep_leaves_no_folder(table: Path) -> None:
    written(table, "d-1", "good")
    adoption.sweep(table, "d-1")
    assert not table.exists()


def test_other_columns_are_not_taken_in(table: Path) -> None:
    adoption.adopt([written(table, "d-1", "good")], table, SCHEMA, "one")
    wider = json.loads(SCHEMA)
    wider["fields"].append({"name": "b", "type": "long", "nullable": True, "metadata": {}})
    assert not adoption.adopt([written(table, "d-2", "good")], table, json.dumps(wider), "two")
    assert not tables.done(table, "two") and tables.done(table, "one")


def test_a_missing_file_is_named(table: Path) -> None:
    good = written(table, "d-1", "good")
    adoption.adopt([good], table, SCHEMA, "one")
    good.unlink()
    with pytest.raises(TableDamaged, match=r"part-0\.parquet"):
        tables.look(table)


def test_the_files_of_one_delivery(table: Path) -> None:
    for delivery in ("d-1", "d-2"):
        rows = pa.table({"a": ["x"], "_delivery": [delivery]})
        tables.put_batches(rows.to_reader(), table, delivery)
    [file] = tables.files_of(table, "d-2")
    assert file.is_file() and "d-2" in str(file)
