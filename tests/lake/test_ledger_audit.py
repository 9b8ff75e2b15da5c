"""The audit's hash chain, and opening: migrations, wrong addresses, databases that are away."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger_moves import ALL_LOADED, OF, all_succeed, brought_to, clock, fork, landed, raw
from yishu.errors import DataError, MachineError, UsageError
from yishu.lake.ledger import Ledger
from yishu.lake.ledger_store import MIGRATIONS, newest_version
from yishu.lake.ledger_tables import audit, metadata

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
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), raw(url).begin() as conn:
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
    with raw(url).begin() as conn:
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

    with raw(url).connect() as conn:
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
    with raw(url).begin() as conn:
        conn.exec_driver_sql("UPDATE ledger_version SET version_num = '9999'")
    with pytest.raises(UsageError, match="9999"):
        ledger.migrate()


def test_processes_that_open_a_new_ledger_at_once_all_find_it_ready(url: str) -> None:
    import alembic.command  # noqa: F401  (so that the processes meet in the migration, not in the import)

    def open_and_claim(number: int) -> None:
        ledger = Ledger(url, clock)
        ledger.migrate()
        ledger.claim(*OF, [landed(str(number), f"file {number}")])

    all_succeed([fork(open_and_claim, number) for number in range(5)])
    assert len(Ledger(url, clock).deliveries()) == 5


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("mysql://u:pass-word@h/d", "mysql"),
        ("sqlite://", "needs a file"),
        ("ledger.db", "cannot be read"),
        ("", "cannot be read"),
    ],
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
