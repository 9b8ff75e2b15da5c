"""A backlog: 1,000 deliveries of 1,000 rows from 20 departments wait at once; do the last go as fast as the first?"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from tests.bench.firms import write_firms, write_load_project
from tests.bench.measuring import Figure, figure
from tests.bench.platform import Platform, open_platform

from yishu.flow import pipeline
from yishu.lake.lake import Lake
from yishu.sample.digits import usccs

MODES = {"facts_a": "append", "facts_b": "append", "firms_a": "upsert", "firms_b": "upsert"}
DEPARTMENTS, DELIVERIES, ROWS, HUNDRED = 20, 1000, 1000, 100
_NEW = 800
"""Of the rows of a delivery so many bring firms that the one before did not have."""


def run(folder: Path, rows: int, count: int) -> Iterator[Figure]:
    deliveries = min(DELIVERIES, max(rows // ROWS, 2 * HUNDRED))
    codes = usccs(pa.array(["11130000"] * DEPARTMENTS), pa.array(range(DEPARTMENTS)).to_numpy() + 7_000_000).to_pylist()
    each = {f"d{n}": str(code) for n, code in enumerate(codes)}
    suppliers = {name: dict(list(each.items())[at :: len(MODES)]) for at, name in enumerate(MODES)}
    with open_platform(folder, write_load_project(folder / "project", suppliers, MODES)) as platform:
        _hand_in(platform.fresh_lake("warm"), suppliers, 20)
        pipeline.run(platform.fresh_lake("warm"), platform.open_spark)
        lake = platform.fresh_lake("load")
        _hand_in(lake, suppliers, deliveries)
        yield _timed(platform, lake, deliveries)


def _hand_in(lake: Lake, suppliers: dict[str, dict[str, str]], deliveries: int) -> None:
    """Round by round, a file of each department: the order in which they come is the order of their periods."""
    everyone = [(code, name) for name, those in suppliers.items() for code in those.values()]
    for n in range(deliveries):
        code, name = everyone[n % len(everyone)]
        turn = n // len(everyone)
        period = (dt.date(2024, 1, 1) + dt.timedelta(days=turn)).isoformat()
        file = lake.settings.landing / code / name / period / "firms.csv"
        file.parent.mkdir(parents=True)
        write_firms(file, ROWS, seed=n, first=10_000_000 + (n % len(everyone)) * 1_000_000 + turn * _NEW)


def _timed(platform: Platform, lake: Lake, deliveries: int) -> Figure:
    began, cpu = time.perf_counter(), time.process_time()
    started = lake.clock()
    report = pipeline.run(lake, platform.open_spark)
    took, busy = time.perf_counter() - began, time.process_time() - cpu
    assert not report.errors and len(report.settled) == deliveries, report.errors
    ends = sorted(run.ended for d in report.settled for run in lake.ledger.stages(d.id) if run.stage == "silver")
    # the datasets go through one after another, two at a time, so hundreds are taken in the order in which they were done
    first, last = ends[HUNDRED - 1] - started, ends[-1] - ends[-HUNDRED - 1]
    parts = {
        "deliveries per minute": round(deliveries / took * 60, 1), "seconds": round(took, 1), "first hundred": first.total_seconds(),
        "last hundred": last.total_seconds(), "share outside Spark and I/O": round(busy / took, 3),
    }  # fmt: skip
    print(f"  {parts}", file=sys.stderr, flush=True)
    return figure("last-hundred-of-a-backlog-to-the-first", last.total_seconds(), first.total_seconds(), 1.3, parts)
