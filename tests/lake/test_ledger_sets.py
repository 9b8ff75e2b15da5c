"""Sets with a manifest in the ledger, on SQLite and on a real PostgreSQL: content, shared files, scans that meet, migration."""

from __future__ import annotations

import json

import sqlalchemy as sa

from ledger_moves import FORKS, OF, all_succeed, brought_to, claimed, clock, fork, landed, raw
from yishu.lake.ledger import Delivery, LandedFile, Ledger
from yishu.lake.ledger_store import MIGRATIONS, newest_version

PROMISE = '{"files": ["甲"], "totals": {"金额": "1,000.50"}}'


def manifest(content: str, name: str = "manifest.json") -> LandedFile:
    return LandedFile(f"{'/'.join(OF)}/{name}", 99, ord(content), content * 64, "manifest")


def claimed_set(
    ledger: Ledger, content: str, *files: LandedFile, promise: str = PROMISE, supersedes: str | None = None
) -> Delivery:
    return ledger.claim(*OF, [manifest(content), *files], manifest=promise, supersedes=supersedes)


def test_a_set_keeps_its_manifest_apart_from_its_files(ledger: Ledger) -> None:
    a, b = landed("a"), landed("b")
    got = claimed_set(ledger, "m", a, b)
    assert (got.files, got.manifest_file, got.manifest) == ((a, b), manifest("m"), PROMISE)
    assert ledger.delivery(got.id) == got == claimed_set(ledger, "m", a, b)
    assert all(ledger.knows(f.path, f.size, f.modified_ns) for f in (a, b, manifest("m")))
    plain = claimed(ledger, "z")
    assert (plain.manifest_file, plain.manifest) == (None, "")


def test_the_promise_is_part_of_the_content(ledger: Ledger) -> None:
    alone = claimed(ledger, "a")
    promised = claimed_set(ledger, "m", landed("a"))
    again = claimed_set(ledger, "n", landed("a"))
    other = claimed_set(ledger, "o", landed("a"), promise='{"rows": 5}')
    assert [(d.state, d.generation) for d in (alone, promised, again, other)] == [
        ("waiting", 1), ("waiting", 2), ("unchanged", 2), ("waiting", 3),
    ]  # fmt: skip
    assert len({d.id for d in (alone, promised, again, other)}) == 4


def test_a_manifest_that_promises_nothing_is_told_by_its_bytes(ledger: Ledger) -> None:
    first, second = (ledger.claim(*OF, [manifest(c)], state="rejected", reason="不能用") for c in "mn")
    assert (first.files, first.manifest, first.generation, second.generation) == ((), "", 1, 2)


def test_files_may_belong_to_a_set_after_they_came_alone(ledger: Ledger) -> None:
    a, b = landed("a"), landed("b")
    alone = ledger.claim(*OF, [a])
    both = claimed_set(ledger, "m", a, b)
    assert (ledger.delivery(alone.id).files, both.files) == ((a,), (a, b))
    assert ledger.claim(*OF, [a]) == both, "a scan that began before the set was claimed adds nothing"
    assert ledger.claim(*OF, [b]) == both
    assert len(ledger.deliveries()) == 2 == ledger.verify_audit()


def test_supersedes_names_the_newest_that_stands_or_the_set_is_rejected(ledger: Ledger) -> None:
    nothing_there = claimed_set(ledger, "k", landed("a"), supersedes="d-0000000000000000")
    assert nothing_there.state == "rejected" and "没有可替代的交付" in nothing_there.reason
    accepted = brought_to(ledger, "accepted", "b")
    wrong = claimed_set(ledger, "l", landed("c"), supersedes=nothing_there.id)
    assert wrong.state == "rejected" and f"应为：{accepted}" in wrong.reason
    right = claimed_set(ledger, "m", landed("c"), promise=PROMISE + " ", supersedes=accepted)
    assert (right.state, right.reason) == ("waiting", "")
    assert claimed_set(ledger, "n", landed("c"), promise=PROMISE + " ", supersedes=accepted).state == "unchanged"


def test_processes_claiming_the_same_set_get_one_delivery(ledger: Ledger, url: str) -> None:
    sets = [
        (LandedFile(f"{n}/manifest.json", 9, n, f"{n:064}", "manifest"), landed("a", f"a{n}"), landed("b", f"b{n}"))
        for n in range(8)
    ]
    out = FORKS.SimpleQueue()

    def scan(number: int) -> None:
        mine = Ledger(url, clock)
        out.put([mine.claim(OF[0], OF[1], f"{n}", s, manifest=PROMISE).id for n, s in enumerate(sets)])

    all_succeed([fork(scan, number) for number in range(4)])
    seen = [out.get() for _ in range(4)]
    assert seen[0] == seen[1] == seen[2] == seen[3] and len(set(seen[0])) == 8
    got = ledger.deliveries()
    assert len(got) == 8 == ledger.verify_audit()
    assert all(len(d.files) == 2 and d.manifest_file for d in got)


def test_a_ledger_of_the_first_version_keeps_all_it_holds(url: str) -> None:
    old = Ledger(url, clock)
    _upgrade_to(url, "0001")
    with raw(url).begin() as conn:
        columns = "id, ordinal, department, dataset, period, content, repeat, state, generation, received, loaded, duplicates, quarantined, rejected, reason, receipt, claimed_at"
        conn.execute(sa.text(
            f"INSERT INTO deliveries ({columns}) VALUES ('d-1', 1, 'd', 's', '2024', 'c', 0, 'waiting', 1, 0, 0, 0, 0, 0, '', '', "
            "'2024-07-01T09:00:00+08:00')"
        ))  # fmt: skip
        conn.execute(sa.text(
            "INSERT INTO landed_files (seq, delivery, path, size, modified_ns, sha256) VALUES (1, 'd-1', 'd/s/2024/a.csv', 5, 7, 'f')"
        ))  # fmt: skip
    old.migrate()
    (kept,) = old.deliveries()
    assert (kept.files, kept.manifest, kept.manifest_file) == ((LandedFile("d/s/2024/a.csv", 5, 7, "f"),), "", None)
    assert old.knows("d/s/2024/a.csv", 5, 7)
    with_manifest = old.claim(
        "d", "s", "2024", [LandedFile("d/s/2024/manifest.json", 9, 9, "e", "manifest"), *kept.files], manifest="{}"
    )
    assert (with_manifest.files, with_manifest.generation) == (kept.files, 2)
    with raw(url).connect() as conn:
        assert conn.exec_driver_sql("SELECT version_num FROM ledger_version").scalar() == newest_version()
        names = {i["name"] for i in sa.inspect(conn).get_indexes("landed_files")}
        assert "landed_files_delivery" in names
    assert json.loads(old.audit_rows(with_manifest.id)[0].detail)["files"] == {
        "d/s/2024/manifest.json": "e",
        "d/s/2024/a.csv": "f",
    }


def _upgrade_to(url: str, version: str) -> None:
    from alembic import command
    from alembic.config import Config

    Ledger(url, clock).migrate()  # makes the database's folder
    engine = raw(url)
    with engine.begin() as conn:
        if engine.dialect.name == "sqlite":
            tables = [r[0] for r in conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in reversed(tables):
                conn.exec_driver_sql(f'DROP TABLE IF EXISTS "{table}"')
        else:
            schema = conn.exec_driver_sql("SELECT current_schema()").scalar()
            conn.exec_driver_sql(f'DROP SCHEMA "{schema}" CASCADE')
            conn.exec_driver_sql(f'CREATE SCHEMA "{schema}"')
    with engine.begin() as conn:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = conn
        command.upgrade(config, version)
