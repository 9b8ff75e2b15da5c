"""DuckDB over Parquet files of the lake: SQL where a JVM would cost more than the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.lake import places
from yishu.lake.lake import Lake

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_MEMORY = "512MB"
"""What the engine may hold; beyond that it goes on from disk."""


@contextmanager
def engine(lake: Lake) -> Iterator[DuckDBPyConnection]:
    """A database of one's own, with as many threads as Spark has, that spills below `ops/staging`."""
    import duckdb

    temporary = str(lake.settings.home / "ops" / "staging" / "duckdb").replace("'", "''")
    store = places.file_system(lake.root("lake"))
    with duckdb.connect() as opened:
        if store is not None:
            opened.register_filesystem(store)
        opened.execute(
            f"SET memory_limit = '{_MEMORY}'; SET temp_directory = '{temporary}'; SET threads = {lake.settings.spark.cores}"
        )
        yield opened


def parquet(files: Sequence[Path], *, named: bool = False) -> str:
    """Some Parquet files as a table of DuckDB's SQL, with a column `filename` if asked; each path is meant by the letter."""
    more = ", filename = true" if named else ""
    return f"read_parquet([{', '.join(map(_literal, files))}], hive_partitioning = false, union_by_name = true{more})"


def _literal(file: Path) -> str:
    exact = "".join(f"[{c}]" if c in "*?[" else c for c in str(file))  # DuckDB takes a path for a pattern
    return "'" + exact.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A column's name as DuckDB quotes it."""
    return '"' + name.replace('"', '""') + '"'
