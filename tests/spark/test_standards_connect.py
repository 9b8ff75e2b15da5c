"""The checks are native columns of Spark Connect as well as of a classic session."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def test_every_check_finds_its_bad_row_through_spark_connect_and_passes_null() -> None:
    script = FOLDER / "standards_on_connect.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=280, check=False, cwd=FOLDER)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert ".connect." in found["module"]
    assert len(found["bad"]) == 8
    assert all(found["bad"].values()), found["bad"]
    assert not any(found["missing"].values()), found["missing"]
