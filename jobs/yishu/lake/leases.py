"""A table's name → the right to be its only writer, across processes, for as long as the block runs.

The row in `leases` names the owner's process; a dead owner's lease is taken over at once, a silent one's when it expires.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from yishu.errors import MachineError
from yishu.lake.ledger_store import Store
from yishu.lake.ledger_tables import leases

LIFE_SECONDS = 120.0


@contextmanager
def hold(store: Store, name: str, timeout: float, life: float = LIFE_SECONDS) -> Iterator[None]:
    """Wait for the lease, keep it alive in the background, give it back at the end.

    Not re-entrant: a second block on the same name waits, in the same process too.

    Args:
        timeout: seconds to wait for another owner.
        life: seconds without a sign of life after which another machine may take over.

    Raises:
        MachineError: another process kept the lease for longer than `timeout`, or took it meanwhile (this one was
            suspended, say).
    """
    token = uuid.uuid4().hex
    _wait(store, name, token, timeout, life)
    done = threading.Event()
    pulse = threading.Thread(target=_keep_alive, args=(store, name, token, life, done), name=f"lease {name}", daemon=True)
    pulse.start()
    try:
        yield
    finally:
        done.set()
        pulse.join()
        with store.write() as conn:
            kept = conn.execute(sa.delete(leases).where(leases.c.name == name, leases.c.token == token)).rowcount
    if not kept:
        raise MachineError(
            f"the lease on {name} was lost to another process", code="lease-lost", subject=name,
            expected=f"a sign of life every {life:g} s", remedy="run it again: what was done is not done twice",
        )  # fmt: skip


def _wait(store: Store, name: str, token: str, timeout: float, life: float) -> None:
    end, pause = time.monotonic() + timeout, 0.02
    while (owner := _take(store, name, token, life)) is not None:
        if time.monotonic() >= end:
            raise MachineError(
                f"{name} is being written by process {owner.pid} on {owner.host.partition('/')[0]}, waited {timeout:g} s",
                code="lease", subject=name, remedy="try again when it has finished",
            )  # fmt: skip
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(pause * 1.5, 0.5)


def _take(store: Store, name: str, token: str, life: float) -> sa.Row[str, int, str, float] | None:
    """Take the lease, or say whose it is."""
    wanted = sa.select(leases.c.host, leases.c.pid, leases.c.born, leases.c.expires).where(leases.c.name == name)
    with store.read() as conn:  # a look first: those who wait must not keep the writers' lock busy
        owner = conn.execute(wanted).first()
    if owner is not None and _lives(owner):
        return owner
    with store.write() as conn:
        owner = conn.execute(wanted).first()
        if owner is not None and _lives(owner):
            return owner
        conn.execute(sa.delete(leases).where(leases.c.name == name))
        mine = {"host": _host(), "pid": os.getpid(), "born": _born(os.getpid()), "expires": time.time() + life}
        conn.execute(sa.insert(leases).values(name=name, token=token, **mine))
    return None


def _keep_alive(store: Store, name: str, token: str, life: float, done: threading.Event) -> None:
    while not done.wait(life / 4):
        try:
            with store.write() as conn:
                mine = sa.update(leases).where(leases.c.name == name, leases.c.token == token)
                conn.execute(mine.values(expires=time.time() + life))
        except MachineError:
            continue  # the database is away for a moment; the lease lives on until it expires


def _lives(owner: sa.Row[str, int, str, float]) -> bool:
    # Machine time, not the flow's clock: other processes must agree on it.
    if float(owner.expires) < time.time():
        return False
    return bool(owner.host != _host() or _born(owner.pid) == owner.born)


def _host() -> str:
    """This machine and, where containers share its name, this process namespace: a pid means something only there."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()}/{os.readlink(space) if space.is_symlink() else ''}"


def _born(pid: int) -> str:
    """When a living process was started (a pid alone may have been given out again); empty for a dead one."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        return _answers(pid)
    try:
        state, *fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if state in "ZX" else fields[18]


def _answers(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
