"""One delivery of two million rows: receive, bronze, all rules, quarantine, receipt, ledger and one mart, against by hand."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from tests.bench import by_hand
from tests.bench.firms import DEPARTMENT, write_firms, write_project
from tests.bench.measuring import Figure, figure, rounds
from tests.bench.platform import open_platform

from yishu.flow import gold, pipeline


def run(folder: Path, rows: int, count: int) -> Iterator[Figure]:
    file = folder / "firms.csv"
    total = write_firms(file, rows)
    print(f"  {total} rows, {file.stat().st_size / 1e6:.0f} MB", file=sys.stderr)
    with open_platform(folder, write_project(folder / "project")) as platform:
        spark = platform.open_spark()
        stages: dict[str, float] = {}

        def ours(turn: int) -> None:
            lake = platform.fresh_lake(f"ours{turn}")
            landing = lake.settings.landing / DEPARTMENT / "firms" / "2024-01"
            landing.mkdir(parents=True)
            (landing / "firms.csv").hardlink_to(file)
            marks = [time.perf_counter()]
            [delivery] = pipeline.receive(lake, "firms")
            delivery = pipeline.to_bronze(lake, delivery)
            marks.append(time.perf_counter())
            pipeline.to_silver(lake, lambda: spark, delivery)
            pipeline.refine(lake, lambda: spark, "firms")
            marks.append(time.perf_counter())
            assert gold.build(lake, lambda: spark, "bench.by_county")
            marks.append(time.perf_counter())
            stages.update(zip(("bronze", "silver", "mart"), [round(b - a, 2) for a, b in pairwise(marks)], strict=True))
            _check(lake, total)
            shutil.rmtree(lake.settings.home)

        def hand(turn: int) -> None:
            by_hand.without_checks(spark, file, folder / f"hand{turn}")
            shutil.rmtree(folder / f"hand{turn}")

        def hand_gx(turn: int) -> None:
            by_hand.with_stock_gx(spark, file, folder / f"gx{turn}")
            shutil.rmtree(folder / f"gx{turn}")

        times = rounds({"ours": ours, "by hand": hand, "by hand with stock GX": hand_gx}, count)
    parts = {**times, **{f"ours: {k}": v for k, v in stages.items()}}
    yield figure("big-delivery-to-by-hand-without-checks", times["ours"], times["by hand"], 0.9, parts)
    yield figure("big-delivery-to-by-hand-with-stock-gx", times["ours"], times["by hand with stock GX"], 0.5, parts)


def _check(lake, total: int) -> None:  # type: ignore[no-untyped-def]
    """A fast answer must also be the right one."""
    [delivery] = lake.ledger.deliveries()
    balance = delivery.balance
    assert delivery.state == "accepted" and balance.balanced and balance.received == total, delivery
    assert balance.quarantined > total * 0.005 and balance.duplicates > total * 0.003, balance
    assert delivery.receipt and (lake.settings.home / delivery.receipt / "receipt.json").is_file()
