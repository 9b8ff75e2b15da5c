"""A backlog: 1,000 deliveries of 1,000 rows from 20 departments wait at once; do the last go as fast as the first?"""

from __future__ import annotations

import bisect
import contextlib
import datetime as dt
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pyarrow as pa
from tests.bench.firms import write_firms, write_load_project
from tests.bench.measuring import Figure, figure
from tests.bench.platform import Platform, open_platform

from yishu.flow import pipeline
from yishu.lake import server
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
        yield from _timed(platform, lake, deliveries)


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


def _timed(platform: Platform, lake: Lake, deliveries: int) -> Iterator[Figure]:
    began, cpu = time.perf_counter(), time.process_time()
    with _cpu(lake, _running(platform)) as spent:
        report = pipeline.run(lake, platform.open_spark)
    took, busy = time.perf_counter() - began, time.process_time() - cpu
    assert not report.errors and len(report.settled) == deliveries, report.errors
    whole = {
        "deliveries per minute": round(deliveries / took * 60, 1), "seconds": round(took, 1),
        "share outside Spark and I/O": round(busy / took, 3),
    }  # fmt: skip
    print(f"  {whole}", file=sys.stderr, flush=True)
    ends: dict[str, list[dt.datetime]] = {mode: [] for mode in dict.fromkeys(MODES.values())}
    for d in report.settled:
        ends[MODES[d.dataset]] += [run.finished for run in lake.ledger.stages(d.id) if run.stage == "silver"]
    for mode, each in ends.items():
        # the datasets of one mode go through together, two at a time; those of the other mode before or after them
        ordered = sorted(each)
        hundreds = [ordered[0], *ordered[HUNDRED - 1 :: HUNDRED]]
        wall = [round((b - a).total_seconds(), 1) for a, b in pairwise(hundreds)]
        work = [round(spent(b) - spent(a), 1) for a, b in pairwise(hundreds)]
        parts = whole | {f"hundred {n}": s for n, s in enumerate(wall, 1)} | {f"CPU of hundred {n}": s for n, s in enumerate(work, 1)}
        print(f"  {mode}: {wall} s, CPU {work} s", file=sys.stderr, flush=True)
        yield figure(f"last-hundred-of-a-backlog-to-the-first-{mode}", wall[-1], wall[0], 1.3, parts)


def _running(platform: Platform) -> int:
    found = server.status(platform.settings)
    assert found is not None
    return found.pid


@contextlib.contextmanager
def _cpu(lake: Lake, pid: int) -> Iterator[Callable[[dt.datetime], float]]:
    """CPU seconds of this process and the server up to a moment; unlike time, they do not hang on the neighbours."""
    seen: list[tuple[dt.datetime, float]] = []
    ended = threading.Event()
    processes = psutil.Process(), psutil.Process(pid)

    def watch() -> None:
        while not ended.wait(0.5):
            seen.append((lake.clock(), sum(sum(p.cpu_times()[:2]) for p in processes)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield lambda moment: seen[max(0, bisect.bisect([at for at, _ in seen], moment) - 1)][1]
    finally:
        ended.set()
        thread.join()
