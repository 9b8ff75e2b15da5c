"""One step of the flow by verb and name → what it changed: what an orchestrator's task calls, whichever orchestrator it is.

Knows no Airflow. Whether a step changed anything is read from the ledger, so that the flow need not report it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from yishu.errors import YishuError
from yishu.settings import Settings, load_settings

if TYPE_CHECKING:
    from yishu.flow.reminders import Reminder
    from yishu.lake.lake import Lake, OpenSpark

Verb = Literal["look", "receive", "refine", "build", "publish", "find_work"]


@dataclass(frozen=True)
class Outcome:
    """What a step leaves behind: whether anything changed, and the names that a person may look for."""

    changed: bool
    found: tuple[dict[str, str], ...] = ()
    why: str = ""


def take(verb: Verb, target: str, project: Path | None = None) -> Outcome:
    """Take one step on this machine's lake.

    Nothing is refined or built while what it is made from is on its way: no row is kept out for want of one that has arrived,
    and no mart is built twice.

    Args:
        verb: which step.
        target: the dataset, the mart's table or the database that it is for; empty for `find_work`.
        project: the checkout; from the environment where not given.

    Raises:
        YishuError: as the flow raises it; `is_transient` tells whether another try can help.
    """
    with _opened(load_settings(project=project)) as (lake, open_spark):
        busy = _holds_up(lake, verb, target)
        if busy:
            return Outcome(False, why=f"{target} waits for {', '.join(busy)}, which have deliveries on their way")
        return _DO[verb](lake, open_spark, target)


def is_transient(error: BaseException) -> bool:
    """True where another try can help: the machine, the network or a busy database was at fault."""
    if isinstance(error, YishuError):
        return not error.terminal
    # by name: importing gRPC, SQLAlchemy and delta-rs to ask would cost more than the answer is worth
    names = {base.__name__ for base in type(error).__mro__}
    # only itself: its children are errors of the query
    lost_server = type(error).__name__ == "SparkConnectGrpcException"
    return lost_server or bool(names & {"OSError", "EOFError", "RpcError", "OperationalError", "CommitFailedError"})


def audit_failure(subject: str, detail: str, project: Path | None = None) -> None:
    """A failed task's row in the audit: the ledger tells it even when the orchestrator's own database is gone."""
    from yishu.lake.ledger import Ledger

    settings = load_settings(project=project)
    ledger = Ledger(settings.ledger_url, _clock(settings))
    try:
        ledger.audit("airflow", "task-failed", subject, detail)
    finally:
        ledger.close()


def remind(send: Callable[[Reminder], None], at: datetime, project: Path | None = None) -> Outcome:
    """On a working day, remind the owners of what is late; who was told is not told again.

    Args:
        send: delivers one reminder; where it fails, the others are sent, and this one at the next try.
        at: the moment at which one looks.
        project: the checkout; from the environment where not given.

    Raises:
        OSError: a reminder could not be sent.
    """
    from yishu.derive.workdays import is_workday
    from yishu.flow import reminders

    failed: list[OSError] = []
    found = []
    with _opened(load_settings(project=project)) as (lake, _):
        day = at.astimezone(ZoneInfo(lake.settings.timezone)).date()
        if not is_workday(day):
            return Outcome(False, why=f"{day} is no working day")
        for reminder in reminders.remind(lake, day):
            try:
                send(reminder)
            except OSError as error:  # smtplib's errors are of this kind too
                failed.append(error)
                continue
            reminders.told(lake, reminder)
            found += [{"owner": reminder.owner, "late": step} for step in reminder.news]
    if failed:
        raise failed[0]
    return Outcome(bool(found), tuple(found), why="nothing is late that its owner does not know")


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Lake, OpenSpark]]:
    """The lake, and how to get a session; both closed at the end, so that the server keeps nothing of a finished task."""
    from yishu.contract.load import read_project
    from yishu.lake.lake import open_lake
    from yishu.lake.session import sessions

    # a contract that broke since the manifest was rendered must not stop the others
    lake = open_lake(settings, _clock(settings), read_project(settings.project)[0])
    with closing(lake.ledger), sessions(settings) as open_spark:
        yield lake, open_spark


def _clock(settings: Settings) -> Callable[[], datetime]:
    zone = ZoneInfo(settings.timezone)
    return lambda: datetime.now(zone)


def _holds_up(lake: Lake, verb: Verb, target: str) -> list[str]:
    from yishu.flow.work import Work

    table = {"refine": f"silver.{target}", "build": target}.get(verb)
    return Work(lake).holds_up(table) if table else []


def _look(lake: Lake, open_spark: OpenSpark, database: str) -> Outcome:
    from yishu.flow.work import Work

    found = Work(lake).of_a_run(database)
    return Outcome(bool(found), tuple({"table": table} for table in found))


def _receive(lake: Lake, open_spark: OpenSpark, dataset: str) -> Outcome:
    from yishu.flow import pipeline

    return _deliveries(lake, [delivery.id for delivery in pipeline.receive(lake, dataset)])


def _refine(lake: Lake, open_spark: OpenSpark, dataset: str) -> Outcome:
    from yishu.flow import pipeline

    table = f"silver.{dataset}"
    waiting = [d.id for d in lake.ledger.deliveries(dataset=dataset, states=("waiting", "bronze"))]
    before = lake.ledger.table(table)
    pipeline.refine(lake, open_spark, dataset)
    found = _deliveries(lake, waiting)
    return Outcome(found.changed or lake.ledger.table(table) != before, found.found)


def _build(lake: Lake, open_spark: OpenSpark, table: str) -> Outcome:
    from yishu.flow import pipeline

    before = lake.ledger.table(table)
    pipeline.build(lake, open_spark, table)
    after = lake.ledger.table(table)
    return Outcome(after != before, ({"table": table, "version": str(after.version)},) if after else ())


def _publish(lake: Lake, open_spark: OpenSpark, database: str) -> Outcome:
    from yishu.flow import pipeline

    pipeline.publish(lake, database)
    return Outcome(True)


def _find_work(lake: Lake, open_spark: OpenSpark, target: str) -> Outcome:
    from yishu.flow import pipeline

    names = sorted(pipeline.pending(lake))
    return Outcome(bool(names), tuple({"database": name} for name in names))


_DO: dict[Verb, Callable[[Lake, OpenSpark, str], Outcome]] = {
    "look": _look, "receive": _receive, "refine": _refine, "build": _build, "publish": _publish, "find_work": _find_work,
}  # fmt: skip


def _deliveries(lake: Lake, ids: Iterable[str]) -> Outcome:
    from yishu.flow.receipts import receipt_name

    deliveries = [lake.ledger.delivery(name) for name in ids]
    rows = tuple({"delivery": d.id, "state": d.state, "receipt": receipt_name(lake, lake.receipt(d))} for d in deliveries)
    return Outcome(bool(rows), rows)
