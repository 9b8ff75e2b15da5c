"""A process of its own that commits to one table as fast as it can: `racing_writer.py <name> <commits> <how>`; prints what it did."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from yishu.errors import MachineError
from yishu.lake import adoption, places, tables
from yishu.lake.adoption import Target
from yishu.lake.lake import open_lake
from yishu.settings import load_settings

SCHEMA = json.dumps({
    "type": "struct",
    "fields": [{"name": n, "type": t, "nullable": True, "metadata": {}} for n, t in (("who", "string"), ("n", "long"))],
})  # fmt: skip
COLUMNS = pa.schema([("who", pa.string()), ("n", pa.int64())])


def race(name: str, commits: int, how: str) -> dict[str, list[int]]:
    """Which numbers were committed, and which were refused because another writer came first."""
    lake = open_lake(load_settings(os.environ, Path(os.environ["YISHU_PROJECT"])))
    path = lake.silver("raced")
    done: dict[str, list[int]] = {"kept": [], "refused": []}
    for n in range(commits):
        rows = pa.table({"who": [name], "n": [n]}, COLUMNS)
        try:
            if how == "count":  # read, then write in the place of what was read
                _count_on(Target(lake, path, SCHEMA, f"{name}:{n}"), f"{name}-{n}")
            elif how == "adopt":  # as silver and gold are committed
                adoption.adopt([_file(path, rows, f"{name}-{n}")], Target(lake, path, SCHEMA, f"{name}:{n}"))
            else:  # as bronze and quarantine are
                tables.put_batches(pa.RecordBatchReader.from_batches(*_delivered(rows, name)), path, f"{name}:{n}", _replaced(how, name))
        except MachineError as error:
            assert error.code == "table-race", error
            done["refused"].append(n)
        else:
            done["kept"].append(n)
    return done


def _file(path: Path, rows: pa.Table, name: str) -> Path:
    data, file = io.BytesIO(), path / "raced" / f"{name}.parquet"
    pq.write_table(rows, data)
    places.put(file, data.getvalue())
    return file


def _delivered(rows: pa.Table, name: str) -> tuple[pa.Schema, list[pa.RecordBatch]]:
    stamped = rows.append_column("_delivery", pa.array([f"d-{name}"]))
    return stamped.schema, stamped.to_batches()


def _replaced(how: str, name: str) -> list[str]:
    return [f"d-{name}"] if how == "replace" else []


def _count_on(to: Target, name: str) -> None:
    table = places.delta(to.path)
    lying, [count] = tables.data_files(to.path, table), table.to_pyarrow_table()["n"].to_pylist()
    adoption._commit(to, [_file(to.path, pa.table({"who": [name], "n": [count + 1]}, COLUMNS), name)], lying)


if __name__ == "__main__":
    print(json.dumps(race(sys.argv[1], int(sys.argv[2]), sys.argv[3])))
