"""Calls to Airflow that it fails for a moment are tried again; what it refuses is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from yishu import rest
from yishu.errors import MachineError, UsageError
from yishu.settings import AirflowSettings, Settings

CHECKOUT = Path(__file__).parents[2]


@contextmanager
def airflow(answers: list[int], home: Path) -> Iterator[Settings]:
    """Something that answers at Airflow's port: tokens to everyone, and to changes of pools one status after another."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"access_token": "t"})

        def do_PATCH(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(answers.pop(0), {})

        def _answer(self, status: int, said: dict[str, str]) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Settings(home=home, project=CHECKOUT, airflow=AirflowSettings(port=server.server_port))
        server.shutdown()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "WAITS", (0.01, 0.01))


def test_a_database_that_is_locked_for_a_moment_is_asked_again(tmp_path: Path) -> None:
    answers = [500, 500, 200]
    with airflow(answers, tmp_path) as settings:
        rest.import_pools(settings)
    assert answers == []


def test_one_that_stays_so_is_the_machines_fault(tmp_path: Path) -> None:
    with airflow([500] * 3, tmp_path) as settings, pytest.raises(MachineError, match=r"500.*airflow-api-server\.log"):
        rest.import_pools(settings)


def test_what_is_refused_is_not_asked_again(tmp_path: Path) -> None:
    answers = [422, 200]
    with airflow(answers, tmp_path) as settings, pytest.raises(UsageError, match="422"):
        rest.import_pools(settings)
    assert answers == [200]


def test_where_nobody_listens_it_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with airflow([], tmp_path) as settings:
        pass
    slept: list[float] = []
    monkeypatch.setattr(rest.time, "sleep", slept.append)
    with pytest.raises(MachineError, match="does not answer"):
        rest.trigger(settings, "tax")
    assert slept == []
