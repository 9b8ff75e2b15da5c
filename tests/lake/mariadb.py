"""A real MariaDB for tests: started once per run from the machine's own binaries, on loopback, thrown away after."""

from __future__ import annotations

import getpass
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pymysql
import pytest

_PASSWORD = "secret-word"


@dataclass
class MariaDb:
    """A running server; `database()` makes an empty one and returns its address."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def database(self) -> str:
        name = f"yishu_{next(self._numbers)}"
        with _connect(self.port, _PASSWORD) as conn:
            conn.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return f"mysql+pymysql://root:{_PASSWORD}@127.0.0.1:{self.port}/{name}"


@contextmanager
def running() -> Iterator[MariaDb]:
    folder = Path(tempfile.mkdtemp(prefix="yishu-mariadb-", dir="/tmp"))
    process: subprocess.Popen[bytes] | None = None
    port = _free_port()
    try:
        process = _start(folder, port)
        yield MariaDb(port)
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        pytest.fail(
            f"{name} is missing: these tests need MariaDB's server programs"
            " (Debian: apt-get install mariadb-server-core mariadb-client-core)"
        )
    return found


def _start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    # no file of this machine's own server is read; it refuses root unless root is named
    own = ["--no-defaults", f"--user={getpass.getuser()}", f"--datadir={folder / 'data'}"]
    made = subprocess.run(
        [_program("mariadb-install-db"), *own, "--auth-root-authentication-method=normal", "--skip-test-db"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, f"mariadb-install-db failed:\n{made.stdout}\n{made.stderr}"
    log = folder / "log"
    options = [
        f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}",
        "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
    ]  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen([_program("mariadbd"), *own, *options], stdout=out, stderr=out)
    _await(process, port, log)
    return process


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            with _connect(port, "") as conn:
                conn.cursor().execute(f"SET PASSWORD FOR root@'127.0.0.1' = PASSWORD('{_PASSWORD}')")
            return
        except pymysql.OperationalError:
            time.sleep(0.05)
    process.kill()
    pytest.fail(f"MariaDB does not start:\n{log.read_text(errors='replace')}")


def _connect(port: int, password: str) -> pymysql.Connection:  # type: ignore[type-arg,unused-ignore]
    return pymysql.connect(host="127.0.0.1", port=port, user="root", password=password, connect_timeout=2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
