"""Times within one run: rounds in turn, the median of each side, and the ratio as a figure."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

Figure = dict[str, object]


def rounds(sides: dict[str, Callable[[int], None]], count: int, warm: int = 2) -> dict[str, float]:
    """Median seconds of each side; the sides take turns, so that a busy moment hits all. `warm` rounds do not count.

    Args:
        sides: name → a function of the round's number.
        count: how many rounds count.
        warm: how many come before; in the second the JVM is still optimising.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(warm + count):
        for name, side in sides.items():
            began = time.perf_counter()
            side(turn)
            took = time.perf_counter() - began
            print(f"  round {turn} {name}: {took:.2f} s{' (warm-up)' if turn < warm else ''}", file=sys.stderr, flush=True)
            if turn >= warm:
                times[name].append(took)
    return {name: round(statistics.median(all_), 3) for name, all_ in times.items()}


def figure(bench: str, ours: float, theirs: float, limit: float, parts: dict[str, float]) -> Figure:
    return {"bench": bench, "ratio": round(ours / theirs, 3), "limit": limit, "parts": parts}
