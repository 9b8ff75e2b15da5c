"""Reads delivered files in processes of their own and tells what came of each: rows or refusal, memory, seconds.

A server on standard input and output, one JSON document a line; each file is read by a fork, which starts with all modules
loaded, may take GUARD bytes of address space more and no more, and tells the peak of what it took.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from reading_case import read, thing
from yishu.errors import DeliveryRejected

GUARD = 2 << 30


@dataclass(frozen=True)
class Weighed:
    """What one file cost, and what came of it."""

    rows: int
    first: list[JsonValue]
    refused: str
    megabytes: int
    """Resident memory at its peak, beyond what the loaded modules take."""
    seconds: float
    """Of the processor: other work on the machine does not count."""


class Scales:
    """The client: one server for all files of a test module."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def read(self, path: Path, /, **supply: JsonValue) -> Weighed:
        """Read a delivered file as bronze would."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"path": str(path), "supply": supply}) + "\n")
        self._server.stdin.flush()
        return Weighed(**json.loads(self._server.stdout.readline()))


@contextmanager
def scales() -> Iterator[Scales]:
    """A server, ended with the block."""
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield Scales(server)
        assert server.stdin is not None
        server.stdin.close()


def _serve() -> None:
    import ijson  # noqa: F401 - what readers import when they are called is loaded before the fork
    import openpyxl.styles.numbers  # noqa: F401
    import pandas  # noqa: F401
    import xlrd  # noqa: F401

    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _weigh(**json.loads(line))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status:
            print(
                json.dumps({"rows": 0, "first": [], "refused": f"died: {status}", "megabytes": -1, "seconds": 0.0}), flush=True
            )


def _weigh(path: str, supply: dict[str, JsonValue]) -> None:
    before = _kilobytes("VmRSS")
    most = _kilobytes("VmSize") * 1024 + GUARD
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    start = time.process_time()
    rows, refused, first = 0, "", []
    try:
        for reading in read(Path(path), thing(**supply)).values():
            for batch in reading.batches:
                first = first or batch.slice(0, 1).to_pylist()
                rows += batch.num_rows
    except DeliveryRejected as error:
        refused = error.what if error.expected and error.remedy else "a refusal that does not help"
    seconds = time.process_time() - start
    shown = [value[:200] if isinstance(value, str) else value for row in first for value in row.values()]
    taken = (_kilobytes("VmHWM") - before) >> 10
    print(json.dumps({"rows": rows, "first": shown, "refused": refused, "megabytes": taken, "seconds": seconds}))


def _kilobytes(key: str) -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(key + ":"))


if __name__ == "__main__":
    _serve()
