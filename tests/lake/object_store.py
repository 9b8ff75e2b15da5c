"""A real S3 server for tests: MinIO from the environment's own folder, on loopback, thrown away after."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from small_lake import free_ports
from yishu.lake.server import is_open
from yishu.lake.store import Store
from yishu.settings import StoreSettings

ADMIN = ("administrator", "a-secret-of-the-tests")


@dataclass(frozen=True)
class ObjectStore:
    """A running server; its settings name no bucket that exists."""

    endpoint: str

    def settings(self, prefix: str = "yishu") -> StoreSettings:
        return StoreSettings(endpoint=self.endpoint, prefix=prefix)

    def environment(self, prefix: str = "yishu") -> dict[str, str]:
        """As one who runs Yishu on it would set it."""
        return {
            "YISHU_S3_ENDPOINT": self.endpoint, "YISHU_S3_PREFIX": prefix,
            "AWS_ACCESS_KEY_ID": ADMIN[0], "AWS_SECRET_ACCESS_KEY": ADMIN[1],
        }  # fmt: skip

    def seen_by(self, keys: tuple[str, str] = ADMIN, prefix: str = "yishu") -> Store:
        return Store(self.settings(prefix), *keys)


@contextmanager
def running() -> Iterator[ObjectStore]:
    binary = Path(sys.prefix) / "bin" / "minio"
    if not binary.is_file():
        pytest.fail(f"{binary} is missing: make setup builds it with Go")
    [port] = free_ports(1)
    folder = Path(tempfile.mkdtemp(prefix="yishu-store-"))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "MINIO_ROOT_USER": ADMIN[0], "MINIO_ROOT_PASSWORD": ADMIN[1]}
    with (folder / "server.log").open("wb") as log:
        command = [str(binary), "server", str(folder / "data"), "--address", f"127.0.0.1:{port}", "--console-address", "127.0.0.1:0"]
        server = subprocess.Popen(command, env=env | {"MINIO_BROWSER": "off"}, stdout=log, stderr=log, start_new_session=True)
    try:
        end = time.monotonic() + 60
        while not is_open("127.0.0.1", port):
            assert server.poll() is None and time.monotonic() < end, (folder / "server.log").read_text()
            time.sleep(0.1)
        yield ObjectStore(f"http://127.0.0.1:{port}")
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
