"""Tables that Spark writes as plain files and delta-rs commits, and reads the other way round: on a real server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from handed_in import opened
from yishu.derive.spark_types import Column, delta_schema
from yishu.errors import DataError
from yishu.lake import adoption, tables
from yishu.lake.adoption import Target
from yishu.lake.session import open_session
from yishu.settings import Settings

COLUMNS = (Column("a", "bigint", "甲"), Column("b", "string"))
WIDER = (*COLUMNS, Column("c", "decimal(10,2)", "丙"))


@pytest.fixture(scope="module")
def spark(server: Settings) -> Iterator[SparkSession]:
    session = open_session(server)
    yield session
    session.stop()


@pytest.fixture(params=["plain", "我的 [lake]*? 50%"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The second is a pattern to whoever takes it for one."""
    table: Path = tmp_path / request.param / "t"
    return table


def to(path: Path, step: str, columns: Sequence[Column] = COLUMNS) -> Target:
    return Target(opened(path.parent / "home"), path, delta_schema(columns), step)


def nothing(files: Sequence[Path]) -> None:
    assert all(file.is_file() for file in files)


def put(spark: SparkSession, path: Path, rows: str, columns: Sequence[Column] = COLUMNS, step: str = "s") -> None:
    adoption.replace(spark.sql(f"SELECT * FROM VALUES {rows}"), to(path, step, columns), nothing)


def rows_of(spark: SparkSession, path: Path) -> list[tuple[object, ...]]:
    read = sorted((tuple(row) for row in tables.read(spark, path).collect()), key=str)
    assert read == sorted((tuple(row.values()) for row in DeltaTable(path).to_pyarrow_table().to_pylist()), key=str)
    return read


def test_a_table_is_made_and_replaced_and_its_history_kept(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'x'), (2L, NULL) AS t(a, b)")
    put(spark, path, "(3L, 'y') AS t(a, b)", step="next")
    assert rows_of(spark, path) == [(3, "y")]
    assert sorted(r["a"] for r in DeltaTable(path, version=0).to_pyarrow_table().to_pylist()) == [1, 2]
    assert tables.done(path, "s") and tables.done(path, "next") and not tables.foreign_commits(path, -1)
    tables.assert_readable_by_all(path)
    assert [f.metadata.get("comment") for f in DeltaTable(path).schema().fields] == ["甲", None]


def test_its_columns_may_change(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'x') AS t(a, b)")
    put(spark, path, "(1L, 'x', 2.50BD) AS t(a, b, c)", WIDER)
    assert [f.name for f in DeltaTable(path).schema().fields] == ["a", "b", "c"]
    assert rows_of(spark, path)[0][:2] == (1, "x")


def test_no_rows_are_a_table_too(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'x') AS t(a, b) WHERE a > 1")
    assert rows_of(spark, path) == [] and tables.row_count(path) == 0


def test_what_a_check_refuses_is_not_seen_and_not_left(spark: SparkSession, path: Path) -> None:
    def refuse(files: Sequence[Path]) -> None:
        raise DataError("no", code="no")

    put(spark, path, "(1L, 'x') AS t(a, b)")
    before = sorted(p for p in path.rglob("*.parquet"))
    with pytest.raises(DataError):
        adoption.replace(spark.sql("SELECT 2L AS a, 'y' AS b"), to(path, "bad"), refuse)
    assert rows_of(spark, path) == [(1, "x")] and sorted(path.rglob("*.parquet")) == before


def test_what_a_killed_run_wrote_before_its_commit_is_written_over(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'x') AS t(a, b)")
    left = path / "new-left" / "rows"
    spark.sql("SELECT 9L AS a, 'left' AS b").write.parquet(str(left))
    marks = path.parent / "home" / "ops" / "staging" / "unfinished" / path.parent.name / path.name
    (marks / "new-left").touch()
    put(spark, path, "(2L, 'y') AS t(a, b)", step="next")
    assert rows_of(spark, path) == [(2, "y")] and not left.exists() and list(marks.iterdir()) == []


def test_rows_take_the_place_of_those_with_their_key_and_untouched_files_stay(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'old'), (2L, 'stays') AS t(a, b)")
    adoption.add(spark.sql("SELECT 7L AS a, 'apart' AS b"), to(path, "more"))
    [apart] = [file for file in tables.data_files(path) if pq.read_table(file)["b"].to_pylist() == ["apart"]]
    changed = spark.sql("SELECT * FROM VALUES (1L, 'new'), (3L, 'came') AS t(a, b)")
    adoption.put_by_key(changed, to(path, "changed"), ["a"])
    assert rows_of(spark, path) == [(1, "new"), (2, "stays"), (3, "came"), (7, "apart")]
    assert apart in tables.data_files(path) and DeltaTable(path).version() == 2
    adoption.put_by_key(changed.where("a > 9"), to(path, "nothing"), ["a"])
    assert tables.done(path, "nothing") and len(rows_of(spark, path)) == 4


def test_keys_of_two_columns_match_only_together(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'x', 1.00BD), (1L, 'y', 1.00BD), (2L, 'x', 1.00BD) AS t(a, b, c)", WIDER)
    adoption.put_by_key(spark.sql("SELECT 1L AS a, 'x' AS b, CAST(2 AS DECIMAL(10,2)) AS c"), to(path, "s2", WIDER), ["a", "b"])
    assert [(a, b, str(c)) for a, b, c in rows_of(spark, path)] == [(1, "x", "2.00"), (1, "y", "1.00"), (2, "x", "1.00")]


def test_rows_take_the_place_of_those_that_match(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'x'), (2L, NULL), (3L, 'y') AS t(a, b)")
    adoption.put_where(spark.sql("SELECT 9L AS a, 'x' AS b"), to(path, "where"), "b = 'x'")
    assert rows_of(spark, path)[0::2] == [(2, None), (9, "x")] and len(rows_of(spark, path)) == 3


def test_a_column_that_is_new_is_null_in_what_stays(spark: SparkSession, path: Path) -> None:
    put(spark, path, "(1L, 'x'), (2L, 'y') AS t(a, b)")
    adoption.put_by_key(spark.sql("SELECT 2L AS a, 'z' AS b, CAST(2 AS DECIMAL(10,2)) AS c"), to(path, "s2", WIDER), ["a"])
    assert [(a, b, c and str(c)) for a, b, c in rows_of(spark, path)] == [(1, "x", None), (2, "z", "2.00")]


@pytest.mark.parametrize("many", [500, 0], ids=["by name", "by Spark"])
def test_rows_of_one_delivery_in_the_tables_own_columns(
    spark: SparkSession, tmp_path: Path, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_MANY_FILES", many)
    path = tmp_path / "t"
    for delivery, extra in (("d-1", {}), ("d-2", {"c": ["new"]})):
        rows = pa.table({"a": ["x"], "_delivery": [delivery], "_row": pa.array([1], pa.int64()), **extra})
        tables.put_batches(rows.to_reader(), path, delivery)
    names = ["a", "_delivery", "_row", "c"]
    for delivery, c in (("d-1", None), ("d-2", "new")):
        frame = tables.read(spark, path, delivery)
        assert sorted(frame.columns) == sorted(names)
        assert [tuple(r) for r in frame.select(*names).collect()] == [("x", delivery, 1, c)]
    assert tables.read(spark, path, "d-3").count() == 0
    assert tables.read(spark, path).count() == 2  # partitioned: Spark's own reading


def test_a_pattern_in_a_path_is_no_pattern(spark: SparkSession, tmp_path: Path) -> None:
    put(spark, tmp_path / "q[1]", "(1L, 'right') AS t(a, b)")
    put(spark, tmp_path / "q1", "(2L, 'wrong') AS t(a, b)")
    assert rows_of(spark, tmp_path / "q[1]") == [(1, "right")]
