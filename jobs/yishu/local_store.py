"""The local object store: a MinIO of this home's own, for a machine that has no store yet; `make run STORE=minio` starts it.

Its administrator's key is made once, under `home/ops`; buckets, users and policies are those of `yishu store provision`.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from yishu.contract.model import Project
from yishu.derive.access import grants
from yishu.errors import MachineError, UsageError
from yishu.lake.server import is_open
from yishu.lake.store import Store, secrets_file
from yishu.lake.store_admin import provision
from yishu.processes import await_end, born
from yishu.settings import LOOPBACK, Settings, StoreSettings

START_SECONDS = 60


def start_store(settings: Settings, project: Project) -> bool:
    """Start the store that the settings name, if it is to run on this machine and nothing answers there; True if it is ours.

    Raises:
        UsageError: nothing answers there, and it is not for us to start one.
        MachineError: it did not come up in time; the log's path is named.
    """
    store = settings.s3
    if store is None:
        return False
    if not _runs(settings):
        if _answers(store):
            return False
        _launch(settings, store, _binary(store))
    keys = _administrator(settings)
    provision(Store(store, *keys), grants(store, project.departments.values()), secrets_file(settings), keys)
    return True


def stop_store(settings: Settings) -> bool:
    """End the store of this home; True if one was running."""
    pid = _runs(settings)
    if not pid:
        return False
    for sign, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, sign)
        await_end([pid], seconds)
    _record(settings).unlink(missing_ok=True)
    return True


def _answers(store: StoreSettings) -> bool:
    address = urlsplit(store.endpoint)
    return is_open(address.hostname or "", address.port or (443 if address.scheme == "https" else 80))


def _binary(store: StoreSettings) -> Path:
    binary, address = Path(sys.prefix) / "bin" / "minio", urlsplit(store.endpoint)
    if address.hostname not in LOOPBACK or not binary.is_file():
        raise UsageError(
            f"no store answers at {store.endpoint}", code="store-gone", expected="an S3-compatible store there",
            remedy="docker compose -f conf/compose/minio.yaml up, or make run STORE=minio, which builds one with Go",
        )  # fmt: skip
    return binary


def _launch(settings: Settings, store: StoreSettings, binary: Path) -> None:
    user, secret = _administrator(settings)
    env = os.environ | {"MINIO_ROOT_USER": user, "MINIO_ROOT_PASSWORD": secret, "MINIO_BROWSER": "off"}
    log = settings.home / "logs" / "store.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    address = urlsplit(store.endpoint)
    with log.open("ab") as out:
        server = subprocess.Popen(
            [str(binary), "server", str(settings.home / "store"), "--address", f"{address.hostname}:{address.port or 80}"],
            env=env, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, cwd=settings.home,
        )  # fmt: skip
    _record(settings).write_text(f"{server.pid} {born(server.pid)}")
    end = time.monotonic() + START_SECONDS
    while not _answers(store):
        if server.poll() is not None or time.monotonic() > end:
            raise MachineError("the local store did not come up", code="store", remedy=f"read the end of {log}, then run again")
        time.sleep(0.1)


def _administrator(settings: Settings) -> tuple[str, str]:
    file = settings.home / "ops" / "store-administrator.json"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(["administrator", secrets.token_urlsafe(24)]))
    user, secret = json.loads(file.read_text())
    return user, secret


def _runs(settings: Settings) -> int:
    """Its process, 0 for none."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        pid, then = _record(settings).read_text().split()
        if born(int(pid)) == then:
            return int(pid)
    return 0


def _record(settings: Settings) -> Path:
    return settings.home / "ops" / "store.pid"
