"""What the ledger's tests do again and again: claim, lead to a state, fork, wait."""

from __future__ import annotations

import datetime as dt
import itertools
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess

import sqlalchemy as sa

from yishu.lake.ledger import Balance, Delivery, DeliveryState, LandedFile, Ledger

CHINA = dt.timezone(dt.timedelta(hours=8))
OF = ("11130000000218752E", "market_entity", "2024-01")
ALL_REJECTED = Balance(received=3, rejected=3)
ALL_LOADED = Balance(received=3, loaded=3)
FORKS = multiprocessing.get_context("fork")  # as Airflow's LocalExecutor does
_numbers = itertools.count(1)


def clock() -> dt.datetime:
    return dt.datetime.now(CHINA)


def landed(content: str, name: str = "") -> LandedFile:
    """A new landing file; equal `content` means equal bytes."""
    return LandedFile(f"{'/'.join(OF)}/{name or f'{next(_numbers)}.csv'}", 10, 1_700_000_000_123_456_789, content * 64)


def claimed(ledger: Ledger, content: str) -> Delivery:
    return ledger.claim(*OF, [landed(content)])


def brought_to(ledger: Ledger, state: DeliveryState, content: str = "a") -> str:
    """A delivery of its own, led to a state."""
    if state == "unchanged":
        claimed(ledger, content)
    id = claimed(ledger, content).id
    if state in ("bronze", "held", "accepted", "superseded"):
        ledger.move(id, "bronze", balance=Balance(received=3))
    if state in ("held", "accepted", "superseded"):
        ledger.move(id, "held" if state == "held" else "accepted", balance=ALL_LOADED)
    if state == "superseded":
        ledger.move(id, "superseded")
    if state == "rejected":
        ledger.move(id, "rejected", balance=ALL_REJECTED, reason="整批拒收")
    assert ledger.delivery(id).state == state
    return id


def fork(work: Callable[..., None], *args: object) -> ForkProcess:
    process = FORKS.Process(target=work, args=args, daemon=True)
    process.start()
    return process


def all_succeed(processes: list[ForkProcess]) -> None:
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "nothing was written in 30 s"
        time.sleep(0.005)


def raw(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
