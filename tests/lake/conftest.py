"""Fixtures for what runs against real databases: an empty ledger on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import object_store as s3
from ledger_moves import clock
from object_store import ObjectStore
from postgres import Postgres, running
from small_lake import SmallLake, open_small_lake, running_server
from yishu.lake.ledger import Ledger
from yishu.settings import Settings


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    with s3.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'ledger.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.schema()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger(url, clock)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One local server, Connect and JDBC, for all tests of this folder; each test has a home of its own."""
    with running_server(tmp_path_factory.mktemp("server")) as settings:
        yield settings


@pytest.fixture
def small(server: Settings, tmp_path: Path) -> Iterator[SmallLake]:
    opened = open_small_lake(server, tmp_path)
    yield opened
    opened.close()
