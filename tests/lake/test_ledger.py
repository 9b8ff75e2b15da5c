"""The ledger on SQLite and on a real PostgreSQL: claims, states, the audit, many processes, kill -9."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import get_args

import pytest
import sqlalchemy as sa
from postgres import Postgres, postgres  # noqa: F401  (a fixture)
from yishu.errors import DataError, MachineError, UsageError
from yishu.lake import leases
from yishu.lake.ledger import (
    Balance,
    Delivery,
    DeliveryState,
    Dispute,
    LandedFile,
    Ledger,
    RuleCount,
    TableState,
)
from yishu.lake.ledger_store import MIGRATIONS, Store, newest_version
from yishu.lake.ledger_tables import audit, metadata

CHINA = dt.timezone(dt.timedelta(hours=8))
OF = ("11130000000218752E", "market_entity", "2024-01")
ALL_REJECTED = Balance(received=3, rejected=3)
ALL_LOADED = Balance(received=3, loaded=3)
_forks = multiprocessing.get_context("fork")  # as Airflow's LocalExecutor does
_numbers = itertools.count(1)


def clock() -> dt.datetime:
    return dt.datetime.now(CHINA)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'ledger.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = Ledger(url, clock)
    opened.migrate()
    yield opened
    opened.close()


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


# --- claims


def test_a_claim_is_waiting_in_generation_one_and_keeps_its_files(ledger: Ledger) -> None:
    files = [landed("b"), landed("a")]
    got = ledger.claim(*OF, files)
    assert (got.department, got.dataset, got.period) == OF
    assert (got.state, got.generation, got.ordinal, got.supersedes, got.balance) == ("waiting", 1, 1, None, Balance())
    assert got.files == tuple(files)
    assert got.id.startswith("d-") and len(got.id) == 18
    assert abs(got.claimed_at - clock()) < dt.timedelta(seconds=60) and got.claimed_at.utcoffset() == dt.timedelta(hours=8)
    assert ledger.delivery(got.id) == got


def test_the_id_follows_from_the_content_alone(url: str, tmp_path: Path, ledger: Ledger) -> None:
    other = Ledger(f"sqlite:///{tmp_path / 'other.db'}", clock)
    other.migrate()
    other.claim("d", "s", "2023", [landed("z")])
    here = ledger.claim(*OF, [landed("a", "one"), landed("b", "two")])
    there = other.claim(*OF, [landed("b", "drei"), landed("a", "vier")])
    assert here.id == there.id
    assert ledger.claim(OF[0], OF[1], "2024-02", [landed("a"), landed("b")]).id != here.id


def test_claiming_the_same_landed_file_again_returns_its_delivery(ledger: Ledger) -> None:
    file = landed("a")
    first = ledger.claim(*OF, [file])
    assert ledger.claim(*OF, [file]) == first
    ledger.move(first.id, "bronze")
    assert ledger.claim(*OF, [file]).state == "bronze"
    assert len(ledger.deliveries()) == 1


def test_files_that_another_scan_claimed_stay_where_they_are(ledger: Ledger) -> None:
    early, late = landed("a"), landed("b")
    first = ledger.claim(*OF, [early])
    second = ledger.claim(*OF, [early, late])
    assert second.files == (late,) and first.files == (early,)


def test_a_claim_without_files_is_refused(ledger: Ledger) -> None:
    with pytest.raises(DataError, match="without files"):
        ledger.claim(*OF, [])


def test_a_resend_is_unchanged_has_its_own_id_and_names_the_earlier_delivery(ledger: Ledger) -> None:
    first = claimed(ledger, "a")
    ledger.move(first.id, "bronze")
    second, third = claimed(ledger, "a"), claimed(ledger, "a")
    assert [second.state, third.state] == ["unchanged", "unchanged"]
    assert second.generation == third.generation == 1
    assert first.id in second.reason and first.id in third.reason and second.supersedes is None
    assert len({first.id, second.id, third.id}) == 3


def test_other_content_is_the_next_generation_and_going_back_is_one_more(ledger: Ledger) -> None:
    got = [claimed(ledger, content) for content in "abba"]
    assert [(d.state, d.generation) for d in got] == [("waiting", 1), ("waiting", 2), ("unchanged", 2), ("waiting", 3)]
    elsewhere = ledger.claim(OF[0], OF[1], "2024-02", [landed("c")])
    assert elsewhere.generation == 1 and elsewhere.ordinal == 5


def test_what_was_rejected_may_be_handed_in_again(ledger: Ledger) -> None:
    first = brought_to(ledger, "rejected")
    again = claimed(ledger, "a")
    assert (again.state, again.generation) == ("waiting", 1) and again.id != first
    ledger.move(again.id, "rejected")
    assert claimed(ledger, "a").state == "waiting"


def test_a_resend_of_a_held_delivery_does_not_outlive_its_rejection(ledger: Ledger) -> None:
    held = brought_to(ledger, "held")
    assert claimed(ledger, "a").state == "unchanged"
    ledger.decide(held, "reject", actor="王工", reason="口径不符")
    ledger.move(held, "rejected", balance=ALL_REJECTED)
    assert claimed(ledger, "a").state == "waiting"


def test_a_delivery_can_be_claimed_as_rejected(ledger: Ledger) -> None:
    accepted = brought_to(ledger, "accepted")
    got = ledger.claim(*OF, [landed("a")], reason="该部门无权报送", state="rejected")
    assert (got.state, got.reason) == ("rejected", "该部门无权报送")
    assert ledger.delivery(accepted).state == "accepted"
    assert claimed(ledger, "a").state == "unchanged"


def test_known_files_are_those_claimed_with_the_same_size_and_time(ledger: Ledger, url: str) -> None:
    file = landed("a")
    assert not ledger.knows(file.path, file.size, file.modified_ns)
    Ledger(url, clock).claim(*OF, [file])  # another process
    assert ledger.knows(file.path, file.size, file.modified_ns)
    assert not ledger.knows(file.path, file.size + 1, file.modified_ns)
    assert not ledger.knows(file.path, file.size, file.modified_ns + 1)


# --- looking up


def test_a_delivery_is_found_by_a_beginning_of_its_id(ledger: Ledger) -> None:
    ids = [claimed(ledger, content).id for content in "abcdefghijklmnopqrstuvwxyz"[:20]]
    assert ledger.delivery(ids[3][:12]).id == ids[3]
    assert ledger.delivery(ids[3][2:14]).id == ids[3]
    with pytest.raises(UsageError, match="several"):
        ledger.delivery("d-")
    with pytest.raises(UsageError, match=ids[3]):
        ledger.delivery(ids[3][:-1] + "z")
    with pytest.raises(UsageError, match="no delivery"):
        ledger.delivery("d-%")


def test_deliveries_are_filtered_and_in_claim_order(ledger: Ledger) -> None:
    a = ledger.claim("d", "one", "2024", [landed("a")])
    b = ledger.claim("d", "two", "2024", [landed("b")])
    c = ledger.claim("d", "one", "2025", [landed("c")])
    ledger.move(c.id, "bronze")
    assert [d.id for d in ledger.deliveries()] == [a.id, b.id, c.id]
    assert [d.id for d in ledger.deliveries(dataset="one")] == [a.id, c.id]
    assert [d.id for d in ledger.deliveries(database_datasets={"two", "three"})] == [b.id]
    assert ledger.deliveries(database_datasets=()) == []
    assert [d.id for d in ledger.deliveries(dataset="one", states=("bronze", "held"))] == [c.id]
    assert ledger.deliveries(states=("waiting",))[0].files == a.files


# --- states

LEGAL = {
    "waiting": "bronze rejected",
    "bronze": "accepted held rejected",
    "held": "superseded",
    "accepted": "superseded",
    "rejected": "",
    "superseded": "",
    "unchanged": "",
}
DECIDED = {
    ("held", "release"): "accepted", ("held", "reject"): "rejected", ("held", "reprocess"): "bronze",
    ("accepted", "reprocess"): "bronze", ("superseded", "reprocess"): "bronze", ("rejected", "reprocess"): "bronze waiting",
}  # fmt: skip


@pytest.mark.parametrize("start", get_args(DeliveryState))
def test_only_legal_moves_are_possible_without_a_decision(ledger: Ledger, start: DeliveryState) -> None:
    for end in get_args(DeliveryState):
        id = brought_to(ledger, start, content=f"{start}{end}")
        balance = Balance() if end == "waiting" else ALL_LOADED
        if end in LEGAL[start].split() or end == start:
            assert ledger.move(id, end, balance=balance).state == end
        else:
            with pytest.raises(DataError):
                ledger.move(id, end, balance=balance)
            assert ledger.delivery(id).state == start
    ledger.verify_audit()


@pytest.mark.parametrize(("start", "verb"), DECIDED)
def test_a_decision_opens_one_move_and_is_used_up_by_it(ledger: Ledger, start: DeliveryState, verb: str) -> None:
    for end in DECIDED[start, verb].split():
        id = brought_to(ledger, start, content=f"{start}{end}")
        ledger.decide(id, verb, actor="王工", reason="已核实")  # type: ignore[arg-type]
        assert [d.pending for d in ledger.decisions(id)] == [True]
        assert ledger.move(id, end, balance=ALL_LOADED if end == "accepted" else None).state == end  # type: ignore[arg-type]
        decision = ledger.decisions(id)[0]
        assert (decision.verb, decision.actor, decision.reason, decision.pending) == (verb, "王工", "已核实", False)


def test_the_later_decision_counts(ledger: Ledger) -> None:
    id = brought_to(ledger, "held")
    ledger.decide(id, "release", actor="a", reason="ok")
    ledger.decide(id, "reject", actor="b", reason="no")
    with pytest.raises(DataError, match="release"):
        ledger.move(id, "accepted", balance=ALL_LOADED)
    assert ledger.move(id, "rejected", balance=ALL_REJECTED).state == "rejected"


def test_a_decision_that_the_state_leaves_no_room_for_is_wrong_use(ledger: Ledger) -> None:
    waiting = claimed(ledger, "a").id
    for verb in ("release", "reject", "reprocess", "replay"):
        with pytest.raises(UsageError, match="waiting"):
            ledger.decide(waiting, verb, actor="a", reason="r")  # type: ignore[arg-type]
    held = brought_to(ledger, "held", "b")
    with pytest.raises(UsageError, match="reason"):
        ledger.decide(held, "release", actor="a", reason="  ")
    with pytest.raises(UsageError, match="replay"):
        ledger.decide(held, "replay", actor="a", reason="r")
    assert ledger.decisions(held) == []


def test_reprocessing_forgets_the_counts_but_not_what_was_received(ledger: Ledger) -> None:
    id = brought_to(ledger, "accepted")
    ledger.decide(id, "reprocess", actor="a", reason="r")
    got = ledger.move(id, "bronze")
    assert got.balance == Balance(received=3)
    with pytest.raises(DataError, match="balance"):
        ledger.move(id, "accepted")


@pytest.mark.parametrize("end", ["accepted", "rejected"])
def test_rows_must_balance_at_the_end(ledger: Ledger, end: DeliveryState) -> None:
    id = brought_to(ledger, "bronze")
    for wrong in (Balance(3, 2), Balance(3, 4), Balance(3, 1, 1, 1, 1), Balance(3, 4, -1), None):
        with pytest.raises(DataError, match="balance"):
            ledger.move(id, end, balance=wrong)
    assert ledger.delivery(id).balance == Balance(received=3) and ledger.delivery(id).state == "bronze"
    right = Balance(received=10, loaded=4, duplicates=3, quarantined=2, rejected=1)
    assert ledger.move(id, end, balance=right).balance == right


def test_counts_of_an_accepted_delivery_change_after_a_replay_only_in_balance(ledger: Ledger) -> None:
    id = brought_to(ledger, "bronze")
    ledger.move(id, "accepted", balance=Balance(received=3, loaded=1, quarantined=2))
    ledger.decide(id, "replay", actor="a", reason="r")
    assert ledger.move(id, "accepted", balance=ALL_LOADED).balance == ALL_LOADED
    with pytest.raises(DataError, match="balance"):
        ledger.move(id, "accepted", balance=Balance(received=3, loaded=2))


def test_repeating_a_move_changes_nothing_and_adds_nothing_to_the_audit(ledger: Ledger) -> None:
    id = brought_to(ledger, "bronze")
    once = ledger.move(id, "accepted", balance=ALL_LOADED, reason="ok", receipt="receipts/x")
    rows = ledger.verify_audit()
    assert ledger.move(id, "accepted", balance=ALL_LOADED, reason="ok", receipt="receipts/x") == once
    assert ledger.move(id, "accepted") == once
    assert ledger.verify_audit() == rows


def test_a_corrected_delivery_takes_the_place_of_the_accepted_one(ledger: Ledger) -> None:
    old, new = brought_to(ledger, "accepted", "a"), brought_to(ledger, "accepted", "b")
    ledger.supersede(old, new)
    ledger.supersede(old, new)
    assert ledger.delivery(old).state == "superseded" and new in ledger.delivery(old).reason
    assert ledger.delivery(new).supersedes == old


def test_only_deliveries_of_one_period_supersede_each_other(ledger: Ledger) -> None:
    old = brought_to(ledger, "accepted")
    other = ledger.claim(OF[0], OF[1], "2024-02", [landed("b")]).id
    for new in (other, old):
        with pytest.raises(DataError, match="supersede"):
            ledger.supersede(old, new)
    assert ledger.delivery(old).state == "accepted"


# --- what hangs on a delivery


def test_stages_rules_and_disputes_are_kept_and_replaced(ledger: Ledger) -> None:
    id, other = claimed(ledger, "a").id, claimed(ledger, "b").id
    start = clock()
    ledger.record_stage(id, "bronze", start, start, {"rows": 1})
    ledger.record_stage(id, "bronze", start, start + dt.timedelta(seconds=2), {"rows": 2, "说明": ["甲", None]})
    ledger.record_stage(id, "silver", start, start, {})
    assert [(s.stage, s.started, s.detail) for s in ledger.stages(id)] == [
        ("bronze", start, {"rows": 2, "说明": ["甲", None]}), ("silver", start, {}),
    ]  # fmt: skip
    counts = [RuleCount(r, "expect_x", "uscc", "error", 1, 9, "代码不符", "18位") for r in ("z", "a")]
    ledger.record_rules(id, counts)
    ledger.record_rules(other, counts[:1])
    assert ledger.rules(id) == counts
    ledger.record_rules(id, [])
    assert ledger.rules(id) == [] and ledger.rules(other) == counts[:1]
    found = [Dispute("uscc", f"k{n}", "tax", "甲", "market_entity", "乙", id) for n in range(3)]
    ledger.dispute(id, found)
    ledger.dispute(id, found[1:])
    ledger.dispute(other, [])
    assert ledger.disputes() == ledger.disputes(dataset="tax") == ledger.disputes(source_dataset="market_entity") == found[1:]
    assert ledger.disputes(delivery=other) == ledger.disputes(dataset="market_entity") == []


def test_what_a_table_was_built_from_is_kept_and_forgotten(ledger: Ledger) -> None:
    state = TableState("silver.market_entity", "id-1", 3, "in", "def")
    assert ledger.table(state.name) is None
    ledger.record_table(state)
    newer = TableState("silver.market_entity", "id-1", 4, "in2", "def")
    ledger.record_table(newer)
    ledger.record_table(TableState("dim.division", "id-2", 0, "", ""))
    assert ledger.table(state.name) == newer and [s.name for s in ledger.tables()] == ["dim.division", state.name]
    ledger.forget_table(state.name)
    assert ledger.table(state.name) is None


# --- the audit


def test_every_change_of_state_and_decision_stands_in_the_audit(ledger: Ledger) -> None:
    id = brought_to(ledger, "held")
    ledger.decide(id, "release", actor="王工", reason="已核实")
    ledger.move(id, "accepted", balance=ALL_LOADED)
    ledger.audit("李工", "query", "silver.market_entity", "SELECT 1")
    assert [row.action for row in ledger.audit_rows(id)] == ["claim", "move", "move", "release", "move"]
    assert [(row.actor, row.detail) for row in ledger.audit_rows(id)][3] == ("王工", "已核实")
    assert json.loads(ledger.audit_rows(id)[4].detail)["loaded"] == 3
    assert ledger.verify_audit() == len(ledger.audit_rows()) == 6


def test_the_audit_refuses_changes(ledger: Ledger, url: str) -> None:
    brought_to(ledger, "bronze")
    for change in (sa.update(audit).values(actor="x"), sa.delete(audit)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), _raw(url).begin() as conn:
            conn.execute(change)
    assert ledger.verify_audit() == 2


TAMPER = {
    "a changed word": "UPDATE audit SET detail = 'x' WHERE seq = 2",
    "a changed time": "UPDATE audit SET at = '2020-01-01T00:00:00+08:00' WHERE seq = 1",
    "a row taken out": "DELETE FROM audit WHERE seq = 2",
    "the last row cut off": "DELETE FROM audit WHERE seq = 3",
    "all rows gone": "DELETE FROM audit",
    "a row slipped in": "INSERT INTO audit VALUES (4, 'at', 'x', 'move', 'd', '', 'p', 'h')",
    "a forged head": "UPDATE audit_head SET hash = 'x'",
}


@pytest.mark.parametrize("change", TAMPER.values(), ids=TAMPER)
def test_a_tampered_audit_is_noticed(ledger: Ledger, url: str, change: str) -> None:
    brought_to(ledger, "held")
    assert ledger.verify_audit() == 3
    with _raw(url).begin() as conn:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql("DROP TRIGGER audit_no_update")
            conn.exec_driver_sql("DROP TRIGGER audit_no_delete")
        else:
            conn.exec_driver_sql("DROP TRIGGER audit_append_only ON audit")
        conn.exec_driver_sql(change)
    with pytest.raises(DataError, match="hash chain breaks"):
        ledger.verify_audit()


# --- opening


def test_the_newest_migration_makes_exactly_the_tables_that_the_code_knows(ledger: Ledger, url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with _raw(url).connect() as conn:
        seen = MigrationContext.configure(conn, opts={"version_table": "ledger_version"})
        assert compare_metadata(seen, metadata) == []
        assert seen.get_current_revision() == newest_version()


def test_the_newest_version_is_alembics_head() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [newest_version()]


def test_opening_an_up_to_date_ledger_is_quick_and_needs_no_alembic(ledger: Ledger, url: str) -> None:
    script = (
        "import sys, time, datetime as dt\nfrom yishu.lake.ledger import Ledger\n"
        "times = []\n"
        "for _ in range(3):\n"
        "    start = time.perf_counter()\n"
        "    Ledger(sys.argv[1], dt.datetime.now).migrate()\n"
        "    times.append(time.perf_counter() - start)\n"
        "print(min(times), any(m.split('.')[0] in ('alembic', 'pyspark', 'deltalake', 'pandas') for m in sys.modules))\n"
    )
    out = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, check=True, timeout=60).stdout
    seconds, heavy = out.split()
    assert float(seconds) < 0.15 and heavy == "False"


def test_a_ledger_of_a_newer_yishu_is_refused(ledger: Ledger, url: str) -> None:
    with _raw(url).begin() as conn:
        conn.exec_driver_sql("UPDATE ledger_version SET version_num = '9999'")
    with pytest.raises(UsageError, match="9999"):
        ledger.migrate()


def test_processes_that_open_a_new_ledger_at_once_all_find_it_ready(url: str) -> None:
    import alembic.command  # noqa: F401  (so that the processes meet in the migration, not in the import)

    def open_and_claim(number: int) -> None:
        ledger = Ledger(url, clock)
        ledger.migrate()
        ledger.claim(*OF, [landed(str(number), f"file {number}")])

    _all_succeed([_fork(open_and_claim, number) for number in range(5)])
    assert len(Ledger(url, clock).deliveries()) == 5


@pytest.mark.parametrize(
    ("address", "why"),
    [("mysql://u:pass-word@h/d", "mysql"), ("sqlite://", "needs a file"), ("ledger.db", "cannot be read"), ("", "cannot be read")],
)
def test_a_wrong_address_is_wrong_use(address: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as caught:
        Ledger(address, clock)
    assert "pass-word" not in str(caught.value)


def test_a_database_that_is_away_is_the_machines_fault_and_the_password_stays_secret(tmp_path: Path) -> None:
    with pytest.raises(MachineError) as caught:
        Ledger("postgresql://me:pass-word@127.0.0.1:1/x", clock).migrate()
    assert "pass-word" not in str(caught.value)
    (tmp_path / "ledger.db").write_bytes(b"this is no database at all" * 100)
    with pytest.raises(MachineError, match="not a database"):
        Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", clock).migrate()


# --- many at once


def test_processes_claiming_the_same_file_get_one_delivery(ledger: Ledger, url: str) -> None:
    files = [landed("a", f"same {n}") for n in range(10)]
    out = _forks.SimpleQueue()

    def scan(number: int) -> None:
        mine = Ledger(url, clock) if number % 2 else ledger  # one opened before the fork, one after
        out.put([mine.claim(OF[0], OF[1], f"{n}", [file]).id for n, file in enumerate(files)])

    _all_succeed([_fork(scan, number) for number in range(4)])
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

    _all_succeed([_fork(work, number) for number in range(3)])
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
        process = _fork(work, round)
        _until(lambda seen=before: len(ledger.deliveries()) > seen + 1)
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
        process = _fork(lambda: Ledger(url, clock).migrate())
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

    _all_succeed([_fork(write, number) for number in range(3)])
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
    ready = _forks.Event()

    def own() -> None:
        with ledger.writing(name):
            ready.set()
            threading.Event().wait(60)

    process = _fork(own)
    assert ready.wait(20)
    return process


def _fork(work: Callable[..., None], *args: object) -> ForkProcess:
    process = _forks.Process(target=work, args=args, daemon=True)
    process.start()
    return process


def _all_succeed(processes: list[ForkProcess]) -> None:
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end, "nothing was written in 30 s"
        time.sleep(0.005)


def _raw(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.NullPool)
