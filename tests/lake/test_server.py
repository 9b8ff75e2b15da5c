"""A starter that is killed while its server comes up: the next one waits for that server and takes it for its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from small_lake import CHECKOUT, free_ports
from yishu.lake import server
from yishu.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    connect, jdbc = free_ports(2)
    env = {"YISHU_CONNECT_PORT": str(connect), "YISHU_JDBC_PORT": str(jdbc), "YISHU_SPARK_MEMORY": "1g"}
    found = load_settings(env | {"YISHU_HOME": str(tmp_path / "a home")}, CHECKOUT)
    yield found
    server.stop(found)


@pytest.mark.parametrize("written_down", [True, False])
def test_a_server_whose_starter_was_killed_is_waited_for(settings: Settings, written_down: bool) -> None:
    record = settings.home / "ops" / "server.json"
    env = os.environ | {
        "YISHU_HOME": str(settings.home), "YISHU_CONNECT_PORT": str(settings.spark.connect_port),
        "YISHU_JDBC_PORT": str(settings.spark.jdbc_port), "YISHU_SPARK_MEMORY": "1g",
    }  # fmt: skip
    starter = subprocess.Popen([sys.executable, "-m", "yishu", "server", "start"], env=env, cwd=CHECKOUT)
    end = time.monotonic() + 60
    while not record.is_file():
        assert starter.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    pid = json.loads(record.read_text())["pid"]
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    assert server.status(settings) is None, "its doors are not open yet"
    if not written_down:
        record.unlink()
    found = server.start(settings)
    assert found.pid == pid and server.status(settings) == found
