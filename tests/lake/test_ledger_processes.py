"""Many processes and threads on one ledger, kill -9, and the lease of one writer per table."""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkProcess
from pathlib import Path

import pytest

from ledger_moves import FORKS, OF, all_succeed, claimed, clock, fork, landed, until
from yishu.errors import MachineError
from yishu.lake import leases
from yishu.lake.ledger import Balance, Ledger, RuleCount
from yishu.lake.ledger_store import Store

# --- many at once


def test_processes_claiming_the_same_file_get_one_delivery(ledger: Ledger, url: str) -> None:
    files = [landed("a", f"same {n}") for n in range(10)]
    out = FORKS.SimpleQueue()

    def scan(number: int) -> None:
        mine = Ledger(url, clock) if number % 2 else ledger  # one opened before the fork, one after
        out.put([mine.claim(OF[0], OF[1], f"{n}", [file]).id for n, file in enumerate(files)])

    all_succeed([fork(scan, number) for number in range(4)])
    seen = [out.get() for _ in range(4)]
    assert seen[0] == seen[1] == seen[2] == seen[3] and len(set(seen[0])) == 10
    assert len(ledger.deliveries()) == 10 == ledger.verify_audit()


def test_processes_and_threads_writing_at_once_keep_order_and_chain(ledger: Ledger, url: str) -> None:
    def work(number: int) -> None:
        def one(n: int) -> None:
            id = ledger.claim(OF[0], OF[1], OF[2], [landed(f"{number}-{n}", f"{number}-{n}")]).id
            ledger.move(id, "bronze", balance=Balance(received=n))
            ledger.move(id, "accepted", balance=Balance(received=n, loaded=n))

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(one, range(6)))

    all_succeed([fork(work, number) for number in range(3)])
    got = ledger.deliveries()
    assert [d.ordinal for d in got] == list(range(1, 19))
    assert [d.generation for d in got] == list(range(1, 19))
    assert {d.state for d in got} == {"accepted"}
    assert ledger.verify_audit() == 3 * 18


# --- kill -9


def test_killed_in_the_middle_of_writing_the_ledger_is_whole(ledger: Ledger, url: str) -> None:
    def work(round: int) -> None:
        old = ""
        for n in itertools.count():
            files = [landed(f"{round}-{n}-{part}", f"{round}-{n}-{part}") for part in "ab"]
            id = ledger.claim(*OF, files).id
            ledger.move(id, "bronze", balance=Balance(received=4))
            ledger.record_rules(id, [RuleCount(f"r{i}", "t", "c", "error", 0, 4, "", "") for i in range(3)])
            ledger.move(id, "accepted", balance=Balance(received=4, loaded=4))
            if old:
                ledger.supersede(old, id)
            old = id

    for round in range(6):
        before = len(ledger.deliveries())
        process = fork(work, round)
        until(lambda: len(ledger.deliveries()) > before + 1)  # noqa: B023  (called within this turn)
        time.sleep(0.013 * round)
        process.kill()
        process.join()
        _assert_whole(Ledger(url, clock), url)
    claimed(ledger, "z")  # and it still takes writes
    _assert_whole(ledger, url)


def _assert_whole(ledger: Ledger, url: str) -> None:
    """Each delivery stands as the audit last said, complete with its files and rules, in order."""
    ledger.verify_audit()
    ledger.migrate()
    last: dict[str, str] = {}
    for row in ledger.audit_rows():
        last[row.subject] = json.loads(row.detail)["state"]
    got = ledger.deliveries()
    assert {d.id: d.state for d in got} == last
    assert [d.ordinal for d in got] == list(range(1, len(got) + 1))
    assert all(len(d.files) == (2 if "-" in d.files[0].sha256 else 1) for d in got)
    assert all(len(ledger.rules(d.id)) in ((3,) if d.state in ("accepted", "superseded") else (0, 3)) for d in got)
    followed = {d.supersedes for d in got if d.supersedes}
    assert followed == {d.id for d in got if d.state == "superseded"}


def test_killed_in_the_middle_of_the_first_opening_the_next_one_finishes_it(url: str) -> None:
    import alembic.command  # noqa: F401

    for delay in (0.005, 0.02, 0.04, 0.08):
        process = fork(Ledger(url, clock).migrate)
        time.sleep(delay)
        process.kill()
        process.join()
    ledger = Ledger(url, clock)
    ledger.migrate()
    claimed(ledger, "a")
    assert ledger.verify_audit() == 1


# --- leases


def test_two_processes_never_write_one_table_at_once(ledger: Ledger, tmp_path: Path) -> None:
    diary = tmp_path / "diary"

    def write(number: int) -> None:
        for _ in range(4):
            with ledger.writing("silver.x"):
                with diary.open("a") as file:
                    file.write(f"in {number}\n")
                time.sleep(0.01)
                with diary.open("a") as file:
                    file.write(f"out {number}\n")

    all_succeed([fork(write, number) for number in range(3)])
    lines = diary.read_text().split("\n")[:-1]
    assert len(lines) == 24
    assert all(a.replace("in", "out") == b for a, b in zip(lines[::2], lines[1::2], strict=True))


def test_a_lease_is_waited_for_and_then_refused_naming_its_owner(ledger: Ledger) -> None:
    process = _holding(ledger, "silver.x")
    start = time.monotonic()
    with pytest.raises(MachineError, match=str(process.pid)), ledger.writing("silver.x", timeout=0.4):
        pytest.fail("two owners")
    assert 0.35 < time.monotonic() - start < 3
    with ledger.writing("silver.y", timeout=0):
        pass  # another table is free
    process.kill()
    process.join()


def test_the_lease_of_a_killed_process_is_taken_over_at_once(ledger: Ledger) -> None:
    process = _holding(ledger, "silver.x")
    os.kill(process.pid or 0, signal.SIGKILL)  # not joined: a zombie is dead too
    start = time.monotonic()
    with ledger.writing("silver.x", timeout=20):
        pass
    assert time.monotonic() - start < 5
    process.join()


def test_a_lease_is_given_back_after_an_error_and_is_one_per_thread(ledger: Ledger) -> None:
    with pytest.raises(ValueError), ledger.writing("silver.x", timeout=0):
        raise ValueError
    with ledger.writing("silver.x", timeout=0), pytest.raises(MachineError), ledger.writing("silver.x", timeout=0):
        pytest.fail("two owners")
    with ledger.writing("silver.x", timeout=0):
        pass


def test_a_silent_owner_elsewhere_loses_the_lease_when_it_expires(
    ledger: Ledger, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(url)
    held = leases.hold(store, "silver.x", timeout=0, life=1.0)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(leases, "_host", lambda: "another machine/")
        elsewhere.setattr(leases, "_keep_alive", lambda *_: None)
        held.__enter__()
    with pytest.raises(MachineError, match="another machine"), ledger.writing("silver.x", timeout=0.1):
        pytest.fail("two owners")
    with ledger.writing("silver.x", timeout=10), pytest.raises(MachineError, match="lost"):
        held.__exit__(None, None, None)


def test_a_working_owner_keeps_its_lease_beyond_its_first_life(ledger: Ledger, url: str) -> None:
    with leases.hold(Store(url), "silver.x", timeout=0, life=0.8):
        time.sleep(1.5)
        with pytest.raises(MachineError), ledger.writing("silver.x", timeout=0):
            pytest.fail("two owners")


def _holding(ledger: Ledger, name: str) -> ForkProcess:
    """A process that owns the lease until it is killed."""
    ready = FORKS.Event()

    def own() -> None:
        with ledger.writing(name):
            ready.set()
            threading.Event().wait(60)

    process = fork(own)
    assert ready.wait(20)
    return process
