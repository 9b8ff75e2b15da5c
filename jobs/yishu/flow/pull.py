"""A department's database → one Parquet file with its manifest in landing, where `receive` finds it as any other hand-in.

How far an extract reaches (its watermark) stands in its manifest, which the ledger keeps with the delivery: a pull that was
killed or rejected has moved nothing, and the next one starts where the last accepted one ended.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from pathlib import Path

from yishu.errors import DataError, MachineError, Place, UsageError, YishuError
from yishu.flow.due import last_ended
from yishu.flow.extract import Extract, write_extract
from yishu.flow.manifest import NAME
from yishu.flow.pull_order import UNDECIDED, Order, in_the_way, order_of, pulled_dataset, reached
from yishu.flow.receive import receive
from yishu.lake.drop_zone import drop_zone
from yishu.lake.lake import Lake

log = logging.getLogger(__name__)

FAILED_REST = dt.timedelta(hours=1)
"""So long nobody is woken for a pull that failed."""


def pull(lake: Lake, dataset: str, period: str) -> str | None:
    """Run the contract's query for one period and leave its rows in landing, all of them or nothing.

    Args:
        lake: contracts, ledger, places and clock.
        dataset: one whose contract has a `pull`.
        period: as landing's folders are named.

    Returns:
        The file's path in landing, where it lies complete beside its manifest; None where the query gave no rows.

    Raises:
        UsageError: no such dataset or period, no address, or the database refuses the query.
        DataError: an earlier period is not decided yet, or a later one has these rows already.
        MachineError: the database was not reached or broke off, or the file cannot be written.
    """
    order = order_of(lake, dataset, period)
    with lake.ledger.writing(f"pull.{dataset}"):
        receive(lake, dataset)  # what an earlier pull left whole is a delivery before this one takes its place
        try:
            return _pulled(lake, order)
        except YishuError as error:
            lake.ledger.audit("pipeline", "pull-failed", order.subject, str(error))
            raise


def period_now(lake: Lake, dataset: str) -> str:
    """The last period of a dataset that has ended.

    Raises:
        UsageError: it is not pulled, or it has none, because its cycle is `realtime` or nothing of it is owed yet.
    """
    period = last_ended(pulled_dataset(lake, dataset)[0], lake.clock().date())
    if period is None:
        raise UsageError(f"{dataset} has no period that has ended", code="period", subject=dataset, remedy="name one: --period")
    return period.text


def pull_due(lake: Lake, dataset: str, rest: dt.timedelta = dt.timedelta(0)) -> str | None:
    """The last ended period, where it is to be pulled: nothing of it stands, and it was not looked for today already.

    Args:
        lake: contracts, ledger and clock.
        dataset: any dataset, pulled or not.
        rest: so long a failed pull is left alone.
    """
    contract, now = lake.project.datasets.get(dataset), lake.clock()
    if contract is None or contract.supply.pull is None:
        return None
    period = last_ended(contract, now.date())
    if period is None:
        return None
    order = order_of(lake, dataset, period.text)
    standing = lake.ledger.deliveries(dataset=dataset, states={*UNDECIDED, "accepted"})
    if any((d.department, d.period) == (order.code, period.text) for d in standing) or in_the_way(lake, order):
        return None
    since = {"pull": now.replace(hour=0, minute=0, second=0, microsecond=0), "pull-failed": now - rest}
    tries = lake.ledger.audit_rows(order.subject)
    return None if any(dt.datetime.fromisoformat(t.at) > since.get(t.action, now) for t in tries) else period.text


def _pulled(lake: Lake, order: Order) -> str | None:
    why = in_the_way(lake, order)
    if why:
        raise DataError(f"{order.subject} cannot be pulled now: {why}", code="pull-order", subject=order.dataset.name,
                        expected="periods one after another, so that no row comes twice", remedy="decide or run that first")  # fmt: skip
    part = lake.settings.home / "spool" / "pull" / f"{order.dataset.name}.parquet"
    after = reached(lake, order)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        extract = write_extract(lake, order, after, part)
        file = _publish(lake, order, extract, part) if extract.rows else None
    except OSError as error:
        raise MachineError(f"{order.subject}: the extract cannot be written: {error}", code="landing", place=Place(part),
                           remedy="look at disk space and rights, then try again") from error  # fmt: skip
    finally:
        part.unlink(missing_ok=True)
    told = {"rows": extract.rows, "after": str(after) if after is not None else None, "watermark": extract.watermark}
    lake.ledger.audit("pipeline", "pull", order.subject, json.dumps(told))
    log.info("pulled %s from %s: %s rows", order.subject, order.pull.connection, extract.rows or "no")
    return file


def _publish(lake: Lake, order: Order, extract: Extract, part: Path) -> str:
    """Show the file, then the manifest, without which it is not taken; the name comes from the content, as the delivery does."""
    with part.open("rb") as raw:
        sha256 = hashlib.file_digest(raw, "sha256").hexdigest()
    zone, folder = drop_zone(lake), f"{order.code}/{order.dataset.name}/{order.period.text}"
    name = f"pull-{sha256[:16]}.parquet"
    listed = {"name": name, "sha256": sha256, "rows": extract.rows}
    document = {"files": [listed], "rows": extract.rows, "period": order.period.text, "watermark": extract.watermark}
    zone.drop(f"{folder}/{name}", part)
    part.write_text(json.dumps(document, indent=1), encoding="utf-8")
    zone.drop(f"{folder}/{NAME}", part)
    left = (f for files in zone.folders(order.dataset.name) for f in files if f.new and f.name.startswith(f"{folder}/pull-"))
    for other in [f for f in left if f.file_name != name]:  # of a pull that was killed just before its manifest
        zone.take_away(other)
    return f"{folder}/{name}"
