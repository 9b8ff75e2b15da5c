"""Ledger and tables → what the last runs say of one dataset or mart: rows, deliveries, quality, disputes.

Shares of quality are those of GB/T 36344-2018: of all cells and rows that a rule looked at, how many it found in order.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypedDict
from zoneinfo import ZoneInfo

from yishu.contract.model import Dataset, Mart
from yishu.derive.suite import suite
from yishu.lake import places, tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, RuleCount

SHOWN_DELIVERIES = 10
JUDGED = ("accepted", "held", "superseded")
DIMENSIONS = {
    "conformity": "规范性", "completeness": "完整性", "coverage": "完整性", "accuracy": "准确性", "uniqueness": "准确性",
    "consistency": "一致性", "timeliness": "时效性", "accessibility": "可访问性",
}  # fmt: skip
"""The contract's words (those of ODCS) → the six dimensions of GB/T 36344-2018, which counts repeats under accuracy."""


class TableJson(TypedDict):
    name: str
    rows: int | None
    version: int


class DeliveryJson(TypedDict):
    id: str
    department: str
    department_name: str
    period: str
    state: str
    generation: int
    claimed_at: str
    received: int
    loaded: int
    duplicates: int
    quarantined: int
    rejected: int
    reason: str
    receipt: str


class QualityJson(TypedDict):
    """`share` is that of good rows; `dimensions` that of checks passed, by the names of GB/T 36344; None: nothing judged."""

    delivery: str
    period: str
    rows: int
    bad: int
    share: float | None
    dimensions: dict[str, float | None]


class ScoreJson(TypedDict):
    """A department's scorecard over all its deliveries of a dataset that stand, were held or sent back."""

    department: str
    name: str
    deliveries: int
    accepted: int
    received: int
    good: int
    disputes: int


class RunJson(TypedDict):
    """`rows` is the table that readers see: gold, or silver where gold has none."""

    table: TableJson | None
    rows: int | None
    published: str | None
    deliveries: list[DeliveryJson]
    quality: list[QualityJson]
    scores: list[ScoreJson]
    disputes: int


def run_facts(lake: Lake, table: Dataset | Mart) -> RunJson:
    """The facts of one dataset or mart, newest delivery first.

    Args:
        lake: ledger and places.
        table: the contract.
    """
    if isinstance(table, Mart):
        return _facts(lake, _table(lake, table.table))
    found = _table(lake, f"{table.database}.{table.name}") or _table(lake, f"silver.{table.name}")
    deliveries = lake.ledger.deliveries(dataset=table.name)
    facts, newest = _facts(lake, found), deliveries[::-1]
    dimension_of = {m["rule"]: m["dimension"] for m in (e["meta"]["yishu"] for e in suite(table, lake.project)["expectations"])}
    judged = [d for d in newest if d.state in JUDGED][:SHOWN_DELIVERIES]
    facts["deliveries"] = [_delivery(lake, d) for d in newest[:SHOWN_DELIVERIES]]
    facts["quality"] = [quality(d, lake.ledger.rules(d.id), dimension_of) for d in judged]
    facts["scores"] = _scores(lake, table.name, deliveries)
    facts["disputes"] = sum(score["disputes"] for score in facts["scores"])
    return facts


def _facts(lake: Lake, found: TableJson | None) -> RunJson:
    rows, published = (found["rows"], _created(lake, found["name"])) if found else (None, None)
    return {
        "table": found, "rows": rows, "published": published, "deliveries": [], "quality": [], "scores": [], "disputes": 0,
    }  # fmt: skip


def _table(lake: Lake, name: str) -> TableJson | None:
    """Rows by the table's own log, without opening a data file; None rows where the log alone cannot say."""
    path = lake.path(name)
    if not tables.exists(path):
        return None
    import pyarrow as pa
    table = places.delta(path)
    counts = pa.table(table.get_add_actions(flatten=True)).column("num_records").to_pylist()
    known = None not in counts and table.protocol().min_reader_version == 1
    return {"name": name, "rows": sum(counts) if known else None, "version": table.version()}


def _created(lake: Lake, name: str) -> str:
    """The day on which the table first stood: 发布日期."""
    made = places.delta(lake.path(name)).metadata().created_time
    return dt.datetime.fromtimestamp(made / 1000, ZoneInfo(lake.settings.timezone)).date().isoformat()


def _delivery(lake: Lake, d: Delivery) -> DeliveryJson:
    known, b = lake.project.department_of(d.department), d.balance
    return {
        "id": d.id, "department": d.department, "department_name": known.name if known else "", "period": d.period,
        "state": d.state, "generation": d.generation, "claimed_at": d.claimed_at.isoformat(timespec="seconds"),
        "received": b.received, "loaded": b.loaded, "duplicates": b.duplicates, "quarantined": b.quarantined,
        "rejected": b.rejected, "reason": d.reason, "receipt": d.receipt,
    }  # fmt: skip


def quality(delivery: Delivery, counts: Sequence[RuleCount], dimension_of: Mapping[str, str]) -> QualityJson:
    """The shares of one delivery.

    Args:
        delivery: its balance gives the share of good rows.
        counts: its rules.
        dimension_of: the dimension of each rule, in the contract's word; a rule that is no more has none and is left out.
    """
    received, bad = delivery.balance.received, delivery.balance.quarantined + delivery.balance.rejected
    sums: dict[str, tuple[int, int]] = {}
    for count in counts:
        if count.rule in dimension_of:
            word = dimension_of[count.rule]
            good, total = sums.get(DIMENSIONS.get(word, word), (0, 0))
            sums[DIMENSIONS.get(word, word)] = (good + count.total - count.bad, total + count.total)
    return {
        "delivery": delivery.id, "period": delivery.period, "rows": received, "bad": bad,
        "share": _share(received - bad, received),
        "dimensions": {name: _share(*sums[name]) for name in sorted(sums)},
    }  # fmt: skip


def _share(good: int, total: int) -> float | None:
    return round(good / total, 6) if total else None


def _scores(lake: Lake, dataset: str, deliveries: Sequence[Delivery]) -> list[ScoreJson]:
    """What each department handed in; an identical re-send and what was corrected since do not count."""
    disputed = Counter(d.delivery for d in lake.ledger.disputes(dataset=dataset))
    mine: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.state in ("accepted", "held", "rejected"):
            mine.setdefault(delivery.department, []).append(delivery)
    return [_score(lake, code, found, disputed) for code, found in sorted(mine.items())]


def _score(lake: Lake, code: str, found: Sequence[Delivery], disputed: Mapping[str, int]) -> ScoreJson:
    known = lake.project.department_of(code)
    return {
        "department": code, "name": known.name if known else code, "deliveries": len(found),
        "accepted": sum(1 for d in found if d.state == "accepted"), "received": sum(d.balance.received for d in found),
        "good": sum(d.balance.received - d.balance.quarantined - d.balance.rejected for d in found),
        "disputes": sum(disputed[d.id] for d in found),
    }  # fmt: skip
