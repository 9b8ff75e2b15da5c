"""A real PostgreSQL for tests: started once per run from the machine's own binaries, on loopback, thrown away after."""

from __future__ import annotations

import os
import pwd
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

import psycopg
import pytest


@dataclass
class Postgres:
    """A running server; `database()` and the quicker `schema()` make an empty one and return its address."""

    port: int
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def database(self) -> str:
        name = f"yishu_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as conn:
            conn.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type,unused-ignore]
        return self._address(name)

    def schema(self) -> str:
        name = f"yishu_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as conn:
            conn.execute(f'CREATE SCHEMA "{name}"')  # type: ignore[arg-type,unused-ignore]
        return f"{self._address('postgres')}?options=-csearch_path%3D{name}"

    def _address(self, database: str) -> str:
        return f"postgresql://yishu:secret-word@127.0.0.1:{self.port}/{database}"


@contextmanager
def running() -> Iterator[Postgres]:
    programs = find_programs()
    folder = Path(tempfile.mkdtemp(prefix="yishu-postgres-", dir="/tmp"))
    port = _free_port()
    process: subprocess.Popen[bytes] | None = None
    try:
        process = _start(programs, folder, port)
        yield Postgres(port)
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast: do not wait for clients
            process.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path:
    """The newest PostgreSQL on this machine, from Debian's folders or PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: float(file.parts[-3]))
    on_path = shutil.which("initdb")
    found = debian[-1].parent if debian else Path(on_path).resolve().parent if on_path else None
    if found is None:
        pytest.fail("PostgreSQL is missing: these tests need its server programs (Debian: apt-get install postgresql)")
    return found


def _start(programs: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    data, log, word = folder / "data", folder / "log", folder / "password"
    word.write_text("secret-word")
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:  # initdb and postgres refuse root
        owner = pwd.getpwnam("postgres")
        for path in (folder, word):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "yishu", "--pwfile", word, "-A", "scram-sha-256", "-E", "UTF8",
         "--locale=C", "--no-sync"],
        capture_output=True, text=True, cwd="/tmp", timeout=120, check=False, **user,  # type: ignore[call-overload]
    )  # fmt: skip
    assert made.returncode == 0, f"initdb failed:\n{made.stdout}\n{made.stderr}"
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    command = [str(programs / "postgres"), "-D", str(data), *(f"--{key}={value}" for key, value in options.items())]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd="/tmp", **user)  # type: ignore[call-overload]
    _await(process, port, log)
    return process  # type: ignore[no-any-return]


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 60
    address = f"postgresql://yishu:secret-word@127.0.0.1:{port}/postgres"
    while process.poll() is None and time.monotonic() < end:
        try:
            psycopg.connect(address, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    process.kill()
    pytest.fail(f"PostgreSQL does not start:\n{log.read_text(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
