"""Run the benchmarks: `python -m tests.bench [big] [small] [memory] [load] [drop] [--rows N] [--rounds N]`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.bench import big, drop, load, memory, small

PARTS = {"big": big.run, "small": small.run, "memory": memory.run, "load": load.run, "drop": drop.run}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    for name in args.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="yishu-bench-") as folder:
            for figure in PARTS[name](Path(folder), args.rows, args.rounds):
                print(json.dumps(figure), flush=True)


if __name__ == "__main__":
    sys.exit(main())
