"""The worker's peak memory while a file goes to bronze: ten times the rows must not cost more (streamed)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.firms import DEPARTMENT, write_firms, write_project
from tests.bench.measuring import Figure, figure

_CODE = """
import sys
from pathlib import Path
from yishu.settings import load_settings
from yishu.lake.lake import open_lake
from yishu.flow import pipeline
lake = open_lake(load_settings({"YISHU_HOME": sys.argv[1]}, Path(sys.argv[2])))
for delivery in pipeline.receive(lake, "firms"):
    pipeline.to_bronze(lake, delivery)
# not ru_maxrss: that one remembers the size of the process that started this one
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def run(folder: Path, rows: int, count: int) -> Iterator[Figure]:
    project = write_project(folder / "project")
    small, large = (_peak(folder, project, n) for n in (rows // 10, rows))
    yield figure("peak-memory-of-ten-times-the-rows", large, small, 1.5, {"MiB at a tenth": small, "MiB": large})


def _peak(folder: Path, project: Path, rows: int) -> float:
    home = folder / f"home{rows}"
    landing = home / "landing" / DEPARTMENT / "firms" / "2024-01"
    landing.mkdir(parents=True)
    write_firms(landing / "firms.csv", rows)
    done = subprocess.run([sys.executable, "-c", _CODE, str(home), str(project)], capture_output=True, text=True, check=True)
    return round(int(done.stdout.split()[-1]) / 1024, 1)
