"""Fixtures for what runs against real databases: an empty ledger on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_moves import clock
from postgres import Postgres, running
from yishu.lake.ledger import Ledger


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as server:
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
