"""Who is reminded of what is late, and once only: on a real ledger with a fixed clock, then by a real Airflow and a mail server."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import JsonValue

import mail_server
from mail_server import Mailbox
from small_lake import CHECKOUT, STATS, ZONE, free_ports, small_project
from yishu import rest, stack, steps
from yishu.contract.load import load_project
from yishu.derive.render import write
from yishu.flow.reminders import Reminder, remind, told
from yishu.lake.lake import Lake, open_lake
from yishu.lake.ledger import Balance, LandedFile
from yishu.settings import Settings, load_settings

LEAD = "省统计局"
DUE = dt.date(2024, 10, 18)
"""Of 2024-09: ten working days after its end and a week of holidays."""
FIRST, SECOND, FIFTH, TWENTIETH = (dt.date(2024, *day) for day in ((10, 21), (10, 22), (10, 25), (11, 15)))


def owing(root: Path) -> Path:
    """A project in which `fact` is owed from September 2024 on, and the lead can be written to."""
    project = small_project(root)
    for name in ("firm", "person", "school"):
        contract = project / "schemas" / "basic" / "toy" / f"{name}.yaml"
        contract.write_text(contract.read_text(encoding="utf-8").replace("value: monthly", "value: realtime"), encoding="utf-8")
    contract = project / "schemas" / "basic" / "toy" / "fact.yaml"
    since = "  - {property: frequency, value: monthly}\n  - {property: generalAvailability, value: '2024-09-01'}\n"
    text = contract.read_text(encoding="utf-8").replace("  - {property: frequency, value: monthly}\n", since)
    contract.write_text(text, encoding="utf-8")
    departments = project / "schemas" / "departments.yaml"
    text = departments.read_text(encoding="utf-8").replace("name: 省统计局,", "name: 省统计局, email: tongji@example.gov.cn,")
    departments.write_text(text, encoding="utf-8")
    return project


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    settings = load_settings({"YISHU_HOME": str(tmp_path / "home")}, owing(tmp_path / "project"))
    opened = open_lake(settings, lambda: dt.datetime(2024, 10, 21, 9, tzinfo=ZONE))
    yield opened
    opened.ledger.close()


def news(lake: Lake, day: dt.date) -> list[str]:
    """What owners are reminded of on a day, who then know it."""
    found = []
    for reminder in remind(lake, day):
        told(lake, reminder)
        found += reminder.news
    return found


def late(days: int, period: str = "2024-09") -> str:
    return f"fact {period} of {STATS}: {days} working day{'s' if days > 1 else ''} late"


def test_an_owner_is_reminded_once_per_step(lake: Lake) -> None:
    assert news(lake, DUE) == []
    assert news(lake, FIRST) == [late(1)]
    assert news(lake, FIRST) == [] and news(lake, SECOND) == []
    assert news(lake, FIFTH) == [late(5)]
    assert news(lake, TWENTIETH) == [late(20), late(1, "2024-10")]
    rows = [(row.actor, row.action, row.detail) for row in lake.ledger.audit_rows(LEAD)]
    assert rows == [("yishu", "reminded", step) for step in (late(1), late(5), late(20), late(1, "2024-10"))]
    lake.ledger.verify_audit()


def test_steps_that_passed_unseen_are_told_as_the_last_of_them(lake: Lake) -> None:
    assert news(lake, TWENTIETH) == [late(20), late(1, "2024-10")]


def test_what_came_is_nobodys_news_and_what_is_held_is(lake: Lake) -> None:
    held = lake.ledger.claim(STATS, "fact", "2024-09", [LandedFile(f"{STATS}/fact/2024-09/a.csv", 1, 1, "a" * 64)])
    assert remind(lake, FIRST) == [], "it waits for us"
    lake.ledger.move(held.id, "bronze", balance=Balance(received=1))
    lake.ledger.move(held.id, "held", balance=Balance(received=1, loaded=1))
    (reminder,) = remind(lake, FIRST)
    assert "待定" in reminder.page and reminder.addresses == ("tongji@example.gov.cn",)
    assert reminder.subject == "催报：“玩具fact”逾期未报（2024-10-21）"


def test_several_may_lead_a_database(lake: Lake) -> None:
    stats, police = (lake.project.departments[name] for name in ("stats", "police"))
    toy = lake.project.databases["toy"].model_copy(update={"lead": f"{stats.name}、{police.name}"})
    both = {"stats": stats, "police": police.model_copy(update={"email": "gongan@example.gov.cn"})}
    project = lake.project.model_copy(update={"databases": {"toy": toy}, "departments": both})
    (reminder,) = remind(dataclasses.replace(lake, project=project), FIRST)
    assert reminder.addresses == ("tongji@example.gov.cn", "gongan@example.gov.cn")


def test_the_department_finds_a_notice_beside_its_receipts(lake: Lake) -> None:
    assert remind(lake, TWENTIETH)
    folder = lake.settings.home / "receipts" / STATS / "催报"
    assert sorted(file.name for file in folder.iterdir()) == ["2024-11-15.html", "2024-11-15.json"]
    document = json.loads((folder / "2024-11-15.json").read_text(encoding="utf-8"))
    assert [(row["dataset"], row["period"], row["days_late"]) for row in document["late"]] == [
        ("fact", "2024-09", 20), ("fact", "2024-10", 1),
    ]  # fmt: skip
    page = (folder / "2024-11-15.html").read_text(encoding="utf-8")
    assert "2024-09 至 2024-10（2 期）" in page and page.count("<tr data-dataset=") == 1


def test_one_that_cannot_be_told_is_told_at_the_next_try(lake: Lake) -> None:
    lake.ledger.close()
    sent: list[Reminder] = []

    def refuse(reminder: Reminder) -> None:
        raise ConnectionRefusedError("no mail server")

    def go(send: Callable[[Reminder], None], day: dt.date = FIRST) -> steps.Outcome:
        return steps.remind(send, dt.datetime.combine(day, dt.time(9), ZONE), lake.settings.project)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YISHU_HOME", str(lake.settings.home))
        assert go(sent.append, dt.date(2024, 10, 20)).why == "2024-10-20 is no working day"
        with pytest.raises(ConnectionRefusedError):
            go(refuse)
        assert go(sent.append).found == ({"owner": LEAD, "late": late(1)},)
        assert not go(sent.append).changed
    assert len(sent) == 1


@pytest.fixture(scope="module")
def post() -> Iterator[Mailbox]:
    with mail_server.running() as server:
        yield server


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An Airflow with the DAG `duties` alone, and no connection yet."""
    root = tmp_path_factory.mktemp("duties")
    project = owing(root / "project")
    write(load_project(project))
    shutil.copy(CHECKOUT / "dags" / "duties.py", project / "dags")
    (port,) = free_ports(1)
    env = {"YISHU_HOME": str(root / "home"), "YISHU_AIRFLOW_PORT": str(port), "YISHU_ARRIVAL_SECONDS": "0"}
    settings = load_settings(env, project)
    try:
        stack.start_airflow(settings)
        yield settings
    finally:
        stack.stop_airflow(settings)


def connect(settings: Settings, post: Mailbox) -> None:
    extra = {"from_email": "yishu@example.gov.cn", "disable_ssl": True, "disable_tls": True, "retry_limit": 0}
    connection: dict[str, JsonValue] = {"connection_id": "smtp_default", "conn_type": "smtp", "host": "127.0.0.1", "port": post.port}
    rest._call(settings, "POST", "/api/v2/connections", connection | {"extra": json.dumps(extra)})


def select(settings: Settings, query: str) -> list[tuple]:
    """Rows of Airflow's own database."""
    file = settings.home / "airflow" / "airflow.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as database:
        return database.execute(query).fetchall()


def until(settings: Settings, run: str, *states: str) -> str:
    """The state of a run's one task, as soon as it is one of these."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        found = select(settings, f"SELECT state FROM task_instance WHERE dag_id = 'duties' AND run_id LIKE '{run}'")
        if found and found[0][0] in states:
            return str(found[0][0])
        time.sleep(0.5)
    pytest.fail(f"{run} is not {states}: {select(settings, 'SELECT run_id, state FROM dag_run')}, {rest.import_errors(settings)}")


def start(settings: Settings, run: str, day: dt.date, hour: int = 9) -> None:
    body: dict[str, JsonValue] = {"dag_run_id": run, "logical_date": f"{day}T{hour:02d}:00:00+08:00"}
    rest._call(settings, "POST", "/api/v2/dags/duties/dagRuns", body)


def outcome(settings: Settings, run: str, day: dt.date, hour: int = 9) -> str:
    """Run the DAG for a day; how its task ended."""
    start(settings, run, day, hour)
    return until(settings, run, "success", "skipped", "failed")


def test_without_a_connection_notice_and_log_are_all(airflow: Settings, post: Mailbox) -> None:
    until(airflow, "scheduled__%", "success", "skipped")  # today's, whatever day that is
    assert outcome(airflow, "first", FIRST) == "success"
    assert (airflow.home / "receipts" / STATS / "催报" / f"{FIRST}.html").is_file()
    assert any(late(1) in log.read_text() for log in airflow.home.glob("logs/tasks/dag_id=duties/run_id=first/**/*.log"))
    quiet = {"again": (FIRST, 15), "next-day": (SECOND, 9), "sunday": (dt.date(2024, 10, 27), 9)}
    assert {name: outcome(airflow, name, *at) for name, at in quiet.items()} == dict.fromkeys(quiet, "skipped")
    assert post.messages == []


def test_airflow_mails_the_owner(airflow: Settings, post: Mailbox) -> None:
    connect(airflow, post)
    assert outcome(airflow, "fifth", FIFTH) == "success"
    (message,) = post.messages
    assert (message["To"], message["From"]) == ("tongji@example.gov.cn", "yishu@example.gov.cn")
    assert message["Subject"] == f"催报：“玩具fact”逾期未报（{FIFTH}）"
    page = message.get_body(("html",))
    assert page is not None and "2024-09" in page.get_content()


def test_mail_that_the_server_does_not_take_is_sent_by_the_next_try(airflow: Settings, post: Mailbox) -> None:
    post.messages.clear()
    post.refuses = True
    start(airflow, "refused", TWENTIETH)
    until(airflow, "refused", "up_for_retry")
    assert post.messages == []
    post.refuses = False
    assert until(airflow, "refused", "success", "failed") == "success"
    assert len(post.messages) == 1


def test_airflow_gets_its_connections_from_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", "smtp://mail.example.gov.cn:25")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "other")
    env = stack.environment(load_settings({"YISHU_HOME": str(tmp_path)}, CHECKOUT))
    assert env["AIRFLOW_CONN_SMTP_DEFAULT"] == "smtp://mail.example.gov.cn:25"
    assert env["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
