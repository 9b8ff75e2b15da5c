"""The way of data, read downwards: receive → bronze → silver → gold → publish. One short function per stage.

`yishu run` and the Airflow tasks both walk these functions; the ledger alone says what there is to do.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from yishu.contract.graph import database_of
from yishu.contract.levels import dataset_levels, mart_levels
from yishu.contract.model import Dataset
from yishu.errors import DataError, MachineError, YishuError
from yishu.flow import amend, bronze, evolving, gold, silver
from yishu.flow import publish as publishing
from yishu.flow import receive as receiving
from yishu.flow.metastore import make_known
from yishu.flow.promise import hold_to_manifest
from yishu.flow.pull import pull, pull_due
from yishu.flow.receipts import receipt_name, write_receipt
from yishu.flow.soundness import note, require_sound
from yishu.flow.work import Work
from yishu.lake.lake import Lake, OpenSpark
from yishu.lake.ledger import Delivery

log = logging.getLogger("yishu")

FINISHED = ("accepted", "held", "rejected", "unchanged", "superseded")


def receive(lake: Lake, dataset: str | None = None) -> list[Delivery]:
    """Landing → claimed deliveries in the ledger; what cannot be taken at all is answered at once.

    One dataset's extract is pulled before, where its contract says so and its last ended period has not come yet.
    """
    found = _claimed(lake, dataset)
    period = pull_due(lake, dataset) if dataset is not None else None
    if dataset is not None and period is not None and pull(lake, dataset, period) is not None:
        found += _claimed(lake, dataset)
    return found


def _claimed(lake: Lake, dataset: str | None) -> list[Delivery]:
    found = receiving.receive(lake, dataset)
    for delivery in found:
        log.info("received %s %s %s: %s %s", delivery.dataset, delivery.period, delivery.id, delivery.state, delivery.reason)
    _answer(lake, dataset)
    return found


def to_bronze(lake: Lake, delivery: Delivery) -> Delivery:
    """Delivery → bronze, every cell as text, nothing lost, and held to its manifest; no JVM."""
    started = lake.clock()
    require_sound(lake, f"bronze.{delivery.dataset}")
    with lake.ledger.writing(f"bronze.{delivery.dataset}"):
        loaded = bronze.load_bronze(lake, delivery)
        note(lake, f"bronze.{delivery.dataset}")
    lake.ledger.record_stage(delivery.id, "bronze", started, lake.clock(), {"rows": loaded.balance.received})
    return hold_to_manifest(lake, loaded)


def to_silver(lake: Lake, open_spark: OpenSpark, delivery: Delivery) -> Delivery:
    """Bronze → silver: judge every row in one pass, decide, and only then make visible."""
    started = lake.clock()
    settled = amend.settle(lake, open_spark, delivery)
    lake.ledger.record_stage(delivery.id, "silver", started, lake.clock(), {"state": settled.state})
    log.info("settled %s %s %s: %s %s", settled.dataset, settled.period, settled.id, settled.state, settled.reason)
    return settled


def refine(lake: Lake, open_spark: OpenSpark, dataset: str) -> list[Delivery]:
    """All that waits of one dataset, in the order of its claims, through bronze and silver; then its base table in gold."""
    contract = lake.project.datasets[dataset]
    evolving.take_over_names(lake, contract)
    counted = [to_bronze(lake, delivery) for delivery in lake.ledger.deliveries(dataset=dataset, states={"waiting"})]
    for delivery in lake.ledger.deliveries(dataset=dataset, states={"bronze"}):
        counted.append(hold_to_manifest(lake, delivery))  # a run was killed between the two, or it is sent through again
    done = [delivery for delivery in counted if delivery.state == "rejected"]
    if not _kept_up(lake, open_spark, contract):
        return done
    for delivery in silver.ready(lake, dataset):
        done.append(to_silver(lake, open_spark, delivery))
    _answer(lake, dataset)
    gold.share(lake, open_spark, contract)
    make_known(lake, open_spark)
    return done


def _kept_up(lake: Lake, open_spark: OpenSpark, dataset: Dataset) -> bool:
    """False where the contract changed so that somebody must decide, and nothing has come meanwhile that waits for it."""
    try:
        evolving.keep_up(lake, open_spark, dataset)
    except DataError as error:
        _answer(lake, dataset.name)
        if silver.ready(lake, dataset.name):
            raise
        log.warning("%s", error)
        return False
    return True


def build(lake: Lake, open_spark: OpenSpark, table: str) -> bool:
    """Silver → one mart, if any of its inputs changed; not while one of them waits for a person."""
    built = gold.build(lake, open_spark, table)
    make_known(lake, open_spark)
    if built:
        log.info("built %s", table)
    return built


def publish(lake: Lake, *databases: str) -> None:
    """Catalog entries, quality history and Data Docs of some databases."""
    publishing.publish(lake, *databases)


@dataclass
class Report:
    """What a run did and what stood in its way; other deliveries and marts go on past an error."""

    received: list[Delivery] = field(default_factory=list)
    settled: list[Delivery] = field(default_factory=list)
    built: list[str] = field(default_factory=list)
    errors: list[YishuError] = field(default_factory=list)


def run(lake: Lake, open_spark: OpenSpark, targets: Iterable[str] = ()) -> Report:
    """Everything that waits, through to gold, in this process.

    Args:
        lake: contracts, ledger and places.
        open_spark: a session of its own for each thread that asks.
        targets: databases or datasets; all where none is given.
    """
    report = Report()
    datasets = chosen(lake, tuple(targets))
    for name in datasets if len(datasets) < len(lake.project.datasets) else [None, *_pulled(lake)]:
        while found := _guarded(report, receive, lake, name):
            report.received += found
    for level in dataset_levels(lake.project):
        with ThreadPoolExecutor(lake.settings.run.parallel) as pool:
            for done in pool.map(lambda d: _guarded(report, refine, lake, open_spark, d), [d for d in level if d in datasets]):
                report.settled += done or []
    databases = {lake.project.datasets[d].database for d in datasets}
    for level in mart_levels(lake.project):
        due = [t for t in level if _concerned(lake, t, databases)]
        with ThreadPoolExecutor(lake.settings.run.parallel) as pool:
            built = list(pool.map(lambda t: _guarded(report, build, lake, open_spark, t), due))
        report.built += [t for t, b in zip(due, built, strict=True) if b]
    _guarded(report, publish, lake, *sorted(databases | {t.split(".")[0] for t in report.built}))
    return report


def pending(lake: Lake) -> list[str]:
    """The databases for which there is something to do now: new files, extracts to pull, deliveries on their way, changed marts."""
    work = Work(lake)
    if work.new - lake.project.datasets.keys():
        receive(lake)  # what no contract knows has no task of its own: it is answered here
    return sorted({str(database_of(lake.project, table)) for table in work.tables()})


def _pulled(lake: Lake) -> list[str]:
    """The datasets that come from a department's own database."""
    return [dataset.name for dataset in lake.project.datasets.values() if dataset.supply.pull]


def _answer(lake: Lake, dataset: str | None) -> None:
    """A receipt for every delivery that has come to an end and has none, also after a kill between the two."""
    for delivery in lake.ledger.deliveries(dataset=dataset, states=set(FINISHED)):
        if not delivery.receipt:
            lake.ledger.move(delivery.id, delivery.state, receipt=receipt_name(lake, write_receipt(lake, delivery)))


def chosen(lake: Lake, targets: tuple[str, ...]) -> list[str]:
    """The datasets that databases' and datasets' names stand for; all where none is given."""
    if not targets:
        return sorted(lake.project.datasets)
    from yishu.errors import UsageError

    found: set[str] = set()
    for target in targets:
        inside = {d.name for d in lake.project.datasets.values() if target in (d.name, d.database)}
        if not inside and target not in lake.project.databases:
            raise UsageError(
                f"no database or dataset {target}", code="target", expected="a name that yishu check lists",
                remedy=f"one of {', '.join(sorted(lake.project.databases))}, or a dataset's name",
            )  # fmt: skip
        found |= inside
    return sorted(found)


def _concerned(lake: Lake, table: str, databases: set[str]) -> bool:
    """A mart is looked at if it is shared, lies in a chosen database or reads one; whether it is built, its inputs decide."""
    mart = lake.project.marts[table]
    if lake.project.databases[mart.database].kind == "shared":
        return True
    sources = {lake.project.datasets[i.split(".")[1]].database for i in mart.inputs if i.startswith("silver.")}
    return mart.database in databases or bool(sources & databases)


def _guarded(report: Report, step, *args):  # type: ignore[no-untyped-def]
    """Run one step; an error is kept for the end, so that it holds nobody else up."""
    from grpc import RpcError
    from pyspark.errors import PySparkException

    try:
        return step(*args)
    except YishuError as error:
        kept = error
    except (PySparkException, RpcError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        kept = MachineError(f"Spark failed in {step.__name__} {args[-1]}: {first}", code="spark", remedy="yishu run again")
    log.error("%s", kept)
    report.errors.append(kept)
    return None
