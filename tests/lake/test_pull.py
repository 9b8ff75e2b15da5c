"""Extracts pulled from real PostgreSQL and MariaDB servers: their cells, watermarks, corrections, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import mariadb
import pulled
from postgres import Postgres
from pulled import QUERY, VARIABLE, Source, accept, in_landing, pulling, rows_of, taken
from small_lake import small_project
from yishu.cli import cli
from yishu.errors import DataError, MachineError, UsageError
from yishu.flow import extract, pipeline
from yishu.flow.landing import waiting
from yishu.flow.pull import pull, pull_due
from yishu.flow.receive import receive
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance
from yishu.steps import is_transient

JUNE = [(1, "许可甲", "2024-06-01 08:00:00"), (2, "许可 B", "2024-06-20 23:59:59.5")]


@pytest.fixture(scope="module")
def maria() -> Iterator[mariadb.MariaDb]:
    with mariadb.running() as server:
        yield server


@pytest.fixture(params=["postgresql", "mariadb"])
def source(request: pytest.FixtureRequest, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Source:
    """An empty database of the department's, whose address stands in the environment."""
    found = Source(postgres.database() if request.param == "postgresql" else request.getfixturevalue("maria").database())
    monkeypatch.setenv(VARIABLE, found.address)
    return found


@pytest.fixture
def permits(source: Source) -> Source:
    moment = "timestamp" if source.is_postgres else "datetime(6)"
    source.do(f"CREATE TABLE permit (id int PRIMARY KEY, name varchar(60), changed {moment})")
    source.permits(*JUNE)
    return source


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with pulling(tmp_path) as lake:
        yield lake


def ids(lake: Lake, period: str = "2024-06") -> list[str | None]:
    """The ids in the newest extract of a period, as bronze holds them."""
    return [row["id"] for row in rows_of(lake, taken(lake, period))]


# --- cells


def test_values_become_the_text_that_a_careful_clerk_would_write(source: Source, tmp_path: Path) -> None:
    truth, moment, double = ("boolean", "timestamp", "double precision") if source.is_postgres else ("int", "datetime(6)", "double")
    source.do(
        f"CREATE TABLE permit (id int, name text, amount decimal(30,8), day date, moment {moment}, at time, ok {truth}, share {double})",
        "INSERT INTO permit VALUES (1, '冀A·囍𠮷“引号”,\n第二行', 12345678901234567890.00000001, '2024-02-29', "
        "'2024-06-30 23:59:59.000001', '08:30:00', {}, 1e-7)".format("true" if source.is_postgres else "1"),
        "INSERT INTO permit VALUES (2, '', -0.00000001, '1949-10-01', '2024-06-30 00:00:00', '23:59:59', NULL, 1e21)",
        "INSERT INTO permit VALUES (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    )
    kinds = dict.fromkeys(("name", "at", "ok", "share"), "string") | {"amount": "decimal", "day": "date", "moment": "timestamp"}
    query = "SELECT id, name, amount, day, moment, at, ok, share FROM permit ORDER BY id"
    with pulling(tmp_path, query, None, id="integer", **kinds) as lake:
        rows = [list(row.values()) for row in rows_of(lake, taken(lake))]
    assert sorted(map(str, rows[0])) == sorted(
        ["1", "冀A·囍𠮷“引号”,\n第二行", "12345678901234567890.00000001", "2024-02-29", "2024-06-30 23:59:59.000001", "08:30:00",
         "true" if source.is_postgres else "1", "0.0000001"]
    )  # fmt: skip
    assert {"-0.00000001", "1949-10-01", "2024-06-30 00:00:00", "23:59:59", "1000000000000000000000", "", None} <= {*rows[1]}
    assert [value for value in rows[2] if value is not None] == ["3"]


def test_moments_with_a_zone_are_shown_and_compared_in_the_platforms(source: Source, lake: Lake) -> None:
    kind = "timestamptz" if source.is_postgres else "timestamp"
    source.do(f"CREATE TABLE permit (id int, name text, changed {kind} NULL)")
    zone = "SET TIME ZONE 'UTC'" if source.is_postgres else "SET time_zone = '+00:00'"
    source.do(zone, "INSERT INTO permit VALUES (1, 'a', '2024-05-31 18:00:00')")
    may = taken(lake, "2024-05")
    assert [row["changed"] for row in rows_of(lake, may)] == ["2024-06-01 02:00:00"]
    accept(lake, may)
    source.do(zone, "INSERT INTO permit VALUES (2, 'b', '2024-05-31 18:00:01')")
    assert ids(lake) == ["2"]


def test_bytes_are_refused_with_the_column(source: Source, tmp_path: Path) -> None:
    source.do(f"CREATE TABLE permit (id int, name {'bytea' if source.is_postgres else 'blob'})", "INSERT INTO permit VALUES (1, 'x')")
    with pulling(tmp_path, "SELECT id, name FROM permit", None, id="integer", name="string") as lake:
        with pytest.raises(UsageError, match="thing: column 'name' of the query: values of type bytes have no text"):
            pull(lake, "thing", "2024-06")
        assert in_landing(lake) == []


# --- watermarks and corrections


def test_the_next_period_takes_only_what_is_newer(permits: Source, lake: Lake) -> None:
    accept(lake, taken(lake))
    permits.permits((3, "许可丙", "2024-06-20 23:59:59.500001"), (4, "许可丁", "2024-07-02 00:00:00"))
    july = taken(lake, "2024-07")
    assert [row["id"] for row in rows_of(lake, july)] == ["3", "4"]
    assert json.loads(july.manifest)["watermark"] == "2024-07-02 00:00:00"


def test_a_second_pull_of_a_period_restates_it_with_all_that_it_held_before(permits: Source, lake: Lake) -> None:
    accept(lake, taken(lake))
    permits.permits((3, "许可丙", "2024-06-30 10:00:00"))
    again = taken(lake)
    assert ([row["id"] for row in rows_of(lake, again)], again.generation) == (["1", "2", "3"], 2)


def test_the_same_rows_again_are_unchanged(permits: Source, lake: Lake) -> None:
    first = taken(lake)
    before = in_landing(lake)
    assert (taken(lake).state, in_landing(lake)) == ("unchanged", before)
    accept(lake, first)
    assert taken(lake).state == "unchanged"
    assert len(before) == 2


def test_what_was_rejected_is_taken_again_with_the_next_period(permits: Source, lake: Lake) -> None:
    june = taken(lake)
    lake.ledger.move(june.id, "rejected", balance=Balance(2, rejected=2), reason="不合格")
    permits.permits((3, "许可丙", "2024-07-05 10:00:00"))
    assert ids(lake, "2024-07") == ["1", "2", "3"]


def test_periods_are_pulled_one_after_another(permits: Source, lake: Lake) -> None:
    june = taken(lake)
    with pytest.raises(DataError, match=f"thing/2024-07 cannot be pulled now: {june.id} of 2024-06 is not decided yet"):
        pull(lake, "thing", "2024-07")
    with pytest.raises(DataError, match="of 2024-06 comes after it, and the query has no :end"):
        pull(lake, "thing", "2024-05")


def test_a_query_that_ends_with_its_period_can_restate_an_old_one(permits: Source, tmp_path: Path) -> None:
    with pulling(tmp_path, QUERY.replace("WHERE ", "WHERE changed < :end AND (").replace(" ORDER", ") ORDER")) as lake:
        accept(lake, taken(lake))
        permits.permits((3, "许可丙", "2024-07-05 10:00:00"), (4, "许可丁", "2024-06-30 12:00:00"))
        accept(lake, taken(lake, "2024-07"))
        assert ids(lake) == ["1", "2", "4"]


def test_a_moment_in_the_future_does_not_become_the_watermark(permits: Source, lake: Lake) -> None:
    permits.permits((3, "手误", "9999-12-31 00:00:00"))
    accept(lake, taken(lake))
    permits.permits((4, "许可丁", "2024-07-01 08:00:00"))
    assert ids(lake, "2024-07") == ["3", "4"]


def test_no_rows_write_nothing_and_are_asked_for_once_a_day(permits: Source, lake: Lake) -> None:
    permits.do("DELETE FROM permit")
    assert pull_due(lake, "thing") == "2024-06"
    assert pipeline.receive(lake, "thing") == []
    assert (in_landing(lake), pull_due(lake, "thing"), pipeline.pending(lake)) == ([], None, [])


def test_both_doors_pull_what_is_due_by_themselves(permits: Source, lake: Lake) -> None:
    assert pipeline.pending(lake) == ["d"]
    (june,) = pipeline.receive(lake, "thing")
    assert (june.period, june.state) == ("2024-06", "waiting")
    assert pipeline.receive(lake, "thing") == []
    (row,) = lake.ledger.audit_rows("thing/2024-06")
    assert json.loads(row.detail) == {"rows": 2, "after": None, "watermark": "2024-06-20 23:59:59.500000"}


def test_values_that_cannot_be_compared_are_no_watermark(maria: mariadb.MariaDb, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(maria.database())
    monkeypatch.setenv(VARIABLE, source.address)
    source.do("CREATE TABLE permit (id int, name text, changed datetime)", "INSERT INTO permit VALUES (1, 'a', '2024-06-01')",
              "SET sql_mode = ''", "INSERT INTO permit VALUES (2, 'b', '0000-00-00')")  # fmt: skip
    with pytest.raises(UsageError, match="not all values of the watermark 'changed' can be compared"):
        pull(lake, "thing", "2024-06")


# --- what goes wrong


def test_a_failed_pull_holds_nobody_up_and_is_tried_again(
    permits: Source, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.delenv(VARIABLE)
        patched.setattr(pipeline, "publish", lambda lake, database: None)  # this lake has no catalogue
        report = pipeline.run(lake, lambda: pytest.fail("no session is needed"))
        assert [error.code for error in report.errors] == ["source"]
    assert pipeline.pending(lake) == [], "no DAG is woken for it within the hour"
    assert [delivery.state for delivery in pipeline.receive(lake, "thing")] == ["waiting"], "a run tries at once"


def test_a_pull_that_is_killed_midway_leaves_nothing_to_be_seen(
    permits: Source, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    permits.permits((3, "许可丙", "2024-06-30 10:00:00"))
    with monkeypatch.context() as patched:
        calls = iter([True, False])
        whole = extract._texts
        patched.setattr(extract, "_texts", lambda *of: whole(*of) if next(calls) else (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            pull(lake, "thing", "2024-06")
    assert (in_landing(lake), receive(lake), waiting(lake)) == ([], [], [])
    assert ids(lake) == ["1", "2", "3"]


def test_a_pull_that_is_killed_just_before_its_manifest_is_not_taken_for_a_hand_in(permits: Source, lake: Lake) -> None:
    name = pull(lake, "thing", "2024-06")
    assert name is not None
    file = lake.settings.landing / name
    file.with_name("manifest.json").unlink()
    assert receive(lake) == []
    permits.permits((3, "许可丙", "2024-06-30 10:00:00"))
    assert ids(lake) == ["1", "2", "3"]
    assert file.name not in in_landing(lake) and waiting(lake) == []


def test_a_connection_that_is_lost_midway_is_the_machines_fault(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, whole = _many(source, 400_000), extract._texts

    def cut(*of: object) -> object:
        _hang_up(source)
        return whole(*of)  # type: ignore[arg-type]

    monkeypatch.setattr(extract, "_texts", cut)
    with pulling(tmp_path, many, None, 1000, id="integer", name="string") as lake:
        with pytest.raises(MachineError, match="thing: LICENCES broke off") as caught:
            pull(lake, "thing", "2024-06")
        assert (is_transient(caught.value), in_landing(lake)) == (True, [])
        assert [row.action for row in lake.ledger.audit_rows("thing/2024-06")] == ["pull-failed"]


def _hang_up(source: Source) -> None:
    if source.is_postgres:
        source.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
    else:
        source.do(
            "BEGIN NOT ATOMIC FOR one IN (SELECT id FROM information_schema.processlist WHERE db = database()"
            " AND id <> connection_id()) DO KILL one.id; END FOR; END"
        )


def _many(source: Source, rows: int) -> str:
    series = f"generate_series(1, {rows}) AS s(seq)" if source.is_postgres else f"seq_1_to_{rows}"
    return f"SELECT seq AS id, concat(seq, repeat('字', 60)) AS name FROM {series}"


@pytest.mark.parametrize("wrong", ["password", "port", "address", "driver"])
def test_no_error_tells_the_password(
    source: Source, lake: Lake, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {
        "password": ("secret-word", "other-secret-word"), "port": ("@127.0.0.1:", "@127.0.0.1:1"), "address": ("://", ":/"),
        "driver": (source.address.partition(":")[0], "oracle"),
    }  # fmt: skip
    address = source.address.replace(*changes[wrong])
    monkeypatch.setenv(VARIABLE, address.replace(f":1{source.address.rsplit(':', 1)[1]}", ":1/x") if wrong == "port" else address)
    with pytest.raises((MachineError, UsageError)) as caught:
        pull(lake, "thing", "2024-06")
    said = str(caught.value)
    assert said.startswith(("thing: cannot connect to LICENCES: ", "thing: YISHU_SOURCE_LICENCES is no address of a database"))
    assert "secret" not in said + repr(caught.value.__cause__) and caught.value.__suppress_context__
    assert "secret" not in "".join(row.detail for row in lake.ledger.audit_rows())


def test_an_unknown_environment_variable_is_named(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UsageError, match=r"thing: the environment has no YISHU_SOURCE_LICENCES .* set it where yishu or Airflow runs"):
        pull(lake, "thing", "2024-06")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT id, nothing AS name, changed FROM permit", "LICENCES refuses the query: .*nothing"),
        ("SELECT id, name FROM permit", "does not give the watermark 'changed'"),
        ("SELECT id, name, name, changed FROM permit", "gives 'name' twice"),
        ("SELECT id, name, id AS changed FROM permit", "the watermark '2' of this extract is no timestamp"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused(permits: Source, tmp_path: Path, query: str, words: str) -> None:
    with pulling(tmp_path, query) as lake:
        with pytest.raises(UsageError, match=words) as caught:
            pull(lake, "thing", "2024-06")
        assert not is_transient(caught.value) and in_landing(lake) == []


def test_the_database_is_only_read(permits: Source, tmp_path: Path) -> None:
    """The query's one SELECT may still call what writes: the server forbids it."""
    if permits.is_postgres:
        permits.do("CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM permit; SELECT 1'")
    else:
        permits.do("CREATE FUNCTION wipe() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM permit; RETURN 1; END")
    with (
        pulling(tmp_path, "SELECT wipe() AS id, 'a' AS name, null AS changed") as lake,
        pytest.raises((UsageError, MachineError), match=r"(?i)read.only"),
    ):
        pull(lake, "thing", "2024-06")


def test_three_hundred_thousand_rows_pass_through_little_memory(source: Source, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, pulled.__file__, str(tmp_path), _many(source, 300_000)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows, file, grown = map(int, done.stdout.split())
    assert rows == 300_000
    assert grown < 60, f"{grown} MiB for a file of {file} MiB"


def test_the_command_pulls_what_is_due_and_says_so(
    permits: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = small_project(tmp_path / "project")
    query = "SELECT id, changed AS seen FROM permit WHERE :after IS NULL OR changed > :after ORDER BY id"
    contract = project / "schemas/basic/toy/fact.yaml"
    supply = f'{{format: parquet, pull: {{connection: LICENCES, query: "{query}", watermark: seen}}}}'
    contract.write_text(contract.read_text("utf-8") + f"  - {{property: yishu.supply, value: {supply}}}\n", "utf-8")
    monkeypatch.setenv("YISHU_PROJECT", str(project))
    monkeypatch.setenv("YISHU_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(cli, ["pull", "--json"], standalone_mode=False)
    (found,) = json.loads(done.stdout)["pulled"]
    assert (found["dataset"], done.return_value) == ("fact", 0)
    assert (tmp_path / "home/landing" / found["file"]).is_file()
    permits.do("DELETE FROM permit")
    again = CliRunner().invoke(cli, ["pull", "fact", "--period", "1999-12"], standalone_mode=False)
    assert "1999-12 cannot be pulled now" in again.stderr and again.return_value == 1
    wrong = CliRunner().invoke(cli, ["pull", "firm"], standalone_mode=False)
    assert "firm is no dataset that is pulled — expected one of fact" in wrong.stderr and wrong.return_value == 2
