"""CSV of a gigabyte in the landing bucket to bronze on MinIO, against PyArrow that reads and writes the same file there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.csv
import pyarrow.fs
import pyarrow.parquet as pq
from tests.bench.firms import CHECKOUT, DEPARTMENT, write_firms, write_project
from tests.bench.measuring import Figure, figure, rounds

sys.path.append(str(CHECKOUT / "tests" / "lake"))

from yishu.flow import pipeline
from yishu.lake.lake import open_lake
from yishu.lake.store_admin import provision
from yishu.lake.tables import row_count
from yishu.settings import load_settings

ROWS_PER_GB = 6_500_000


def run(folder: Path, rows: int, count: int) -> Iterator[Figure]:
    import object_store

    project, file = write_project(folder / "project"), folder / "firms.csv"
    written = write_firms(file, rows * ROWS_PER_GB // 2_000_000)
    with object_store.running() as server:
        os.environ.update(server.environment("bench"))
        store = server.seen_by(prefix="bench")
        provision(store, [], folder / "keys.json", object_store.ADMIN)

        def ours(turn: int) -> None:
            lake = open_lake(load_settings({"YISHU_HOME": str(folder / f"home{turn}"), **os.environ}, project))
            [delivery] = pipeline.receive(lake, "firms")
            assert pipeline.to_bronze(lake, delivery).balance.received == written
            assert row_count(lake.bronze("firms")) == written * (turn + 1)
            lake.ledger.close()

        def before(turn: int) -> None:
            store.upload("landing", f"{DEPARTMENT}/firms/2024-0{turn + 1}/firms.csv", file)

        there = pyarrow.fs.S3FileSystem(
            access_key=object_store.ADMIN[0], secret_key=object_store.ADMIN[1], endpoint_override=server.endpoint
        )

        def plain(turn: int) -> None:
            with there.open_input_stream(f"bench-landing/{DEPARTMENT}/firms/2024-0{turn + 1}/firms.csv") as source:
                _copy(pyarrow.csv.open_csv(source), there, f"bench-lake/plain{turn}.parquet")

        def local(turn: int) -> None:
            _copy(pyarrow.csv.open_csv(file), pyarrow.fs.LocalFileSystem(), str(folder / f"plain{turn}.parquet"))

        times = rounds({"upload": before, "PyArrow in the store": plain, "PyArrow on disk": local, "ours": ours}, count, warm=1)
    parts = times | {"MB": file.stat().st_size >> 20}
    yield figure("gigabyte-to-bronze-in-a-store-to-pyarrow", times["ours"], times["PyArrow in the store"], 2.0, parts)


def _copy(reader: pyarrow.csv.CSVStreamingReader, into: pyarrow.fs.FileSystem, name: str) -> None:
    with pq.ParquetWriter(name, reader.schema, filesystem=into) as writer:
        for batch in reader:
            writer.write_batch(batch)
