"""What Linux tells of the processes that we left running: a number counts only with the moment of its start (proc(5))."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path


def born(pid: int) -> str:
    """When a living process started, in ticks since boot; empty for none or a zombie (proc(5), fields 3 and 22)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] == "Z" else fields[19]


def alive(sessions: Iterable[int]) -> list[int]:
    """Every living process of these sessions: a part, its workers and their tasks."""
    wanted, found = set(sessions), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and born(int(entry.name)):
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(int(entry.name)) in wanted:
                    found.append(int(entry.name))
    return found


def await_end(sessions: Iterable[int], seconds: float) -> None:
    """Wait until nothing of these sessions lives, but no longer."""
    end = time.monotonic() + seconds
    while alive(sessions) and time.monotonic() < end:
        time.sleep(0.2)
