"""A server for one benchmark, and fresh homes on it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yishu.lake import server
from yishu.lake.lake import Lake, OpenSpark, open_lake
from yishu.lake.session import sessions
from yishu.settings import Settings, load_settings


@dataclass(frozen=True)
class Platform:
    settings: Settings
    folder: Path
    open_spark: OpenSpark

    def fresh_lake(self, name: str) -> Lake:
        """An empty home; the same server and project."""
        return open_lake(self.settings.model_copy(update={"home": self.folder / name}))


@contextlib.contextmanager
def open_platform(folder: Path, project: Path) -> Iterator[Platform]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = one.getsockname()[1], two.getsockname()[1]
    env = {"YISHU_HOME": str(folder / "server"), "YISHU_CONNECT_PORT": str(ports[0]), "YISHU_JDBC_PORT": str(ports[1])}
    settings = load_settings(env, project)
    server.start(settings)
    try:
        with sessions(settings) as open_spark:
            yield Platform(settings, folder, open_spark)
    finally:
        server.stop(settings)
