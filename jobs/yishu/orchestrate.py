"""The compiled manifest → Airflow DAGs, one per database; and what their tasks do when they run.

Parsing needs nothing but `airflow.sdk` and the base class of triggers; a task imports the flow when it runs,
and gets names, never paths: those follow from the settings of the machine it runs on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Required, TypedDict, Unpack
from zoneinfo import ZoneInfo

from airflow.sdk import (  # isort: skip
    DAG, Asset, AssetAny, AssetWatcher, BaseOperator, Connection, Context, RetryDecision, RetryPolicy, TaskGroup, TriggerRule,
    get_parsing_context,
)  # fmt: skip

from yishu.arrival_trigger import ArrivalTrigger

if TYPE_CHECKING:
    from yishu.derive.tasks import DatabaseJson, DatasetJson, MartJson
    from yishu.flow.reminders import Reminder
    from yishu.steps import Verb

FIRST, MARTS, LAST = 100, 50, 1
"""Weights: whoever looks for work, then datasets by level, marts by level, and what publishes."""
WAIT_AFTER_FAILURE = 5
"""Minutes before reconcile wakes a database again whose last run failed."""


def databases(manifest: Path) -> Iterator[DAG]:
    """A DAG per database of the manifest; while one task runs, only the DAG that it belongs to."""
    wanted = get_parsing_context().dag_id
    for database in json.loads(manifest.read_text(encoding="utf-8"))["databases"]:
        if wanted in (None, database["name"]):
            yield _dag(database)


def reconcile() -> DAG:
    """The DAG that asks the ledger every minute which databases have work, and wakes theirs.

    Asset events only make a run come sooner: what they lose, the next minute finds.
    """
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

    with DAG(
        "reconcile", schedule="* * * * *", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, max_active_runs=1,
        tags=["yishu"], is_paused_upon_creation=False, default_args=_defaults("yishu"), doc_md=reconcile.__doc__,
        dagrun_timeout=timedelta(minutes=15),
    ) as dag:  # fmt: skip
        work = Step(task_id="find_work", verb="find_work", target="")
        wake = TriggerDagRunOperator.partial(task_id="wake", logical_date=None, skip_when_already_exists=True)
        wake.expand_kwargs(work.output)
    return dag


def duties() -> DAG:
    """The DAG that reminds, at nine of each working day, who answers for a dataset of what is late: after 1, 5 and 20 working days.

    A notice lies in `receipts/<department>/催报/`; e-mail goes out where the connection `smtp_default` exists and the department
    has an address. The day is that of the run's logical date.
    """
    with DAG(
        "duties", schedule="0 9 * * *", start_date=datetime(2020, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")), catchup=False,
        max_active_runs=1, tags=["yishu"], is_paused_upon_creation=False, default_args=_defaults("yishu"), doc_md=duties.__doc__,
    ) as dag:  # fmt: skip
        Remind(task_id="remind")
    return dag


def scheduler() -> None:
    """Airflow's scheduler with the heavy libraries already imported.

    Workers and tasks are forked from it: GX and PySpark are imported once, not once per task. Nothing is opened here: a gRPC
    channel or a Delta table used before the fork would be broken after it.
    """
    import logging
    import sys

    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it tells of each of its 150 closures
    import great_expectations  # noqa: F401
    import pyspark.sql.connect.session  # noqa: F401
    from airflow.__main__ import main

    import yishu.flow.pipeline  # noqa: F401

    # its log server would listen on every address, and the API server reads the same disk
    sys.argv = ["airflow", "scheduler", "--skip-serve-logs"]
    main()  # type: ignore[no-untyped-call]


class StepArguments(TypedDict, total=False):
    """An operator's arguments that our steps set one by one; the rest is the same for all (`_defaults`)."""

    task_id: Required[str]
    task_display_name: str
    owner: str
    pool: str
    doc_md: str
    outlets: list[Asset]
    priority_weight: int


class Step(BaseOperator):
    """One step of the flow, by name. Skipped, without an asset event, where nothing changed."""

    def __init__(self, *, verb: Verb, target: str, **arguments: Unpack[StepArguments]) -> None:
        super().__init__(**arguments)
        self.verb, self.target = verb, target

    def execute(self, context: Context) -> object:
        from airflow.sdk.exceptions import AirflowSkipException

        from yishu.steps import take

        outcome = take(self.verb, self.target, _project(context))
        if self.verb == "find_work":
            return _wakings(outcome.found, context)
        if not outcome.changed:
            raise AirflowSkipException(outcome.why or f"nothing to {self.verb} for {self.target}")
        return list(outcome.found)


class Look(Step):
    """The first step of a run: what there is nothing to do for is skipped from here, without a process each."""

    def __init__(self, *, target: str, steps: Mapping[str, list[str]], **arguments: Unpack[StepArguments]) -> None:
        super().__init__(verb="look", target=target, **arguments)
        self.steps = dict(steps)

    def execute(self, context: Context) -> object:
        from airflow.sdk.exceptions import DownstreamTasksSkipped

        from yishu.steps import take

        found = [row["table"] for row in take(self.verb, self.target, _project(context)).found]
        idle = [task for table, tasks in self.steps.items() if table not in found for task in tasks] + ["publish"] * (not found)
        self.log.info("work for %s", ", ".join(found) or "nothing")
        if idle:
            raise DownstreamTasksSkipped(tasks=idle)  # type: ignore[no-untyped-call]
        return found


class Remind(BaseOperator):
    """Tells owners what is late. Mail that cannot go out is tried again; a callback's would be lost."""

    def execute(self, context: Context) -> object:
        from airflow.sdk.exceptions import AirflowSkipException

        from yishu.steps import remind

        run = context["dag_run"]
        outcome = remind(partial(_mail, context), run.logical_date or run.run_after, _project(context))
        if not outcome.changed:
            raise AirflowSkipException(outcome.why)
        return list(outcome.found)


class RetryWhereItHelps(RetryPolicy):
    """A second try only where the machine was at fault: our transient errors, the network, a busy database."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        from yishu.steps import is_transient

        if is_transient(exception):
            return RetryDecision.default()
        return RetryDecision.fail(reason=f"{type(exception).__name__} is terminal: another try cannot help")


def record_failure(context: Context) -> None:
    """The failure callback: a row in the audit, which tells it even when Airflow's database is gone."""
    from yishu.steps import audit_failure

    ti = context["ti"]
    detail = f"run {ti.run_id}, try {ti.try_number}: {context.get('exception')}"
    audit_failure(f"{ti.dag_id}.{ti.task_id}", detail, _project(context))


def _dag(database: DatabaseJson) -> DAG:
    """Look, then per dataset receive → refine, then the marts after their inputs, then publish."""
    with DAG(
        database["name"], dag_display_name=f"{database['title']} {database['name']}", schedule=_wakers(database),
        doc_md=database["doc_md"], tags=sorted(database["tags"]), max_active_runs=1, catchup=False,
        is_paused_upon_creation=False, default_args=_defaults(database["owner"]),
    ) as dag:  # fmt: skip
        ends = {dataset["asset"]: _dataset(dataset) for dataset in database["datasets"]}
        with TaskGroup("gold", group_display_name="gold 成果"):
            ends |= {mart["asset"]: _mart(mart) for mart in database["marts"]}
        for made in (*database["datasets"], *database["marts"]):
            ends[made["asset"]].set_upstream([ends[name] for name in made["after"]])
        name, doc = database["name"], database["doc_md"]
        publish = Step(task_id="publish", verb="publish", target=name, pool="write_catalog", priority_weight=LAST, doc_md=doc)
        publish.set_upstream([task for task in ends.values() if not task.downstream_task_ids])
        steps = {made["asset"]: [f"{made['name']}.receive", f"{made['name']}.refine"] for made in database["datasets"]}
        steps |= {made["asset"]: [f"gold.{made['name']}"] for made in database["marts"]}
        roots = dag.roots
        Look(task_id="look", target=name, steps=steps, doc_md=doc).set_downstream(roots)
    return dag


def _dataset(dataset: DatasetJson) -> BaseOperator:
    name, owner, doc = dataset["name"], dataset["owner"] or "yishu", dataset["doc_md"] + _RECEIPTS.format(name=dataset["name"])
    with TaskGroup(name, group_display_name=f"{dataset['title']} {name}", tooltip=f"{dataset['supplier']} · {dataset['cycle']}"):
        weight = FIRST - 1 - dataset["level"]
        receive = Step(task_id="receive", verb="receive", target=name, owner=owner, doc_md=doc, priority_weight=weight)
        refine = Step(
            task_id="refine", verb="refine", target=name, pool=dataset["pool"], outlets=[Asset(dataset["asset"])], owner=owner,
            doc_md=doc, priority_weight=weight,
        )  # fmt: skip
        refine.set_upstream(receive)
    return refine


def _mart(mart: MartJson) -> BaseOperator:
    return Step(
        task_id=mart["name"], task_display_name=f"{mart['title']} {mart['name']}", verb="build", target=mart["table"],
        pool=mart["pool"], outlets=[Asset(mart["asset"])], doc_md=mart["doc_md"], priority_weight=MARTS - mart["level"],
    )  # fmt: skip


def _wakers(database: DatabaseJson) -> AssetAny | None:
    """What wakes a database besides reconcile: what arrives for it, and any table of another one that its own refer to."""
    names = sorted({name for made in (*database["datasets"], *database["marts"]) for name in made["foreign"]})
    watcher = AssetWatcher(name="arrival", trigger=ArrivalTrigger(database["name"]))
    arrivals = [Asset(f"landing.{database['name']}", watchers=[watcher])] if database["datasets"] else []
    wakers = [*map(Asset, names), *arrivals]
    return AssetAny(*wakers) if wakers else None


def _defaults(owner: str) -> dict[str, object]:
    """What holds for every task of a DAG, as Airflow's `default_args`."""
    return {
        "owner": owner,
        # a step without work is skipped; what comes after it looks for itself
        "trigger_rule": TriggerRule.NONE_FAILED,
        # what others refer to goes first, whichever DAG it is in; who looks or reminds waits for nobody
        "weight_rule": "absolute",
        "priority_weight": FIRST,
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=5),
        "retry_policy": RetryWhereItHelps(),
        "on_failure_callback": record_failure,
    }


def _mail(context: Context, reminder: Reminder) -> None:
    """By Airflow's own notifier, if its connection exists; the log and the departments' notices tell it in any case."""
    import logging

    from airflow.providers.smtp.notifications.smtp import SmtpNotifier
    from airflow.sdk.exceptions import AirflowNotFoundException

    log = logging.getLogger(__name__)
    log.warning("late for %s: %s", reminder.owner, "; ".join(reminder.news))
    try:
        Connection.get("smtp_default")
    except AirflowNotFoundException:
        return
    if not reminder.addresses:
        log.warning("no e-mail to %s: departments.yaml has no address of it", reminder.owner)
        return
    # not called but told to notify: what stands in the page is no template
    SmtpNotifier(to=list(reminder.addresses), subject=reminder.subject, html_content=reminder.page).notify(context)


_RECEIPTS = """

**回执 Receipts** — what each run took, with state and receipt, stands in the task's [XCom](/xcoms); the place is
`receipts/<department>/{name}/<period>/<delivery>/` under `YISHU_HOME`, and `yishu receipt <delivery>` shows it.
"""


def _project(context: Context) -> Path | None:
    """Where this machine keeps the checkout: `YISHU_PROJECT`, else above the DAG file that the worker has just read."""
    from yishu.settings import find_project

    return None if os.environ.get("YISHU_PROJECT") else find_project(Path(context["dag"].fileloc).parent)


def _wakings(work: Iterable[dict[str, str]], context: Context) -> list[dict[str, str]]:
    """The runs to start: not while one is under way, and not at once again after one failed."""
    ti, now = context["ti"], context["dag_run"].run_after
    recent = [f"reconcile__{now - timedelta(minutes=m):%Y%m%dT%H%M}" for m in range(1, WAIT_AFTER_FAILURE + 1)]
    return [
        {"trigger_dag_id": row["database"], "trigger_run_id": f"reconcile__{now:%Y%m%dT%H%M}"}
        for row in work
        if not ti.get_dr_count(dag_id=row["database"], states=["queued", "running"])
        and not ti.get_dr_count(dag_id=row["database"], run_ids=recent, states=["failed"])
    ]
