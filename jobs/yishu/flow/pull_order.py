"""A dataset and a period → what is pulled, from which watermark on, and why perhaps not now; from the ledger alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from yishu.contract.model import Dataset, Kind, Pull
from yishu.contract.period import Period, parse_period
from yishu.contract.select import read_parameters
from yishu.errors import UsageError
from yishu.flow.manifest import promised
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery
from yishu.lake.source_database import Parameter

UNDECIDED = ("waiting", "bronze", "held")
_COUNTED = ("accepted", "superseded")


@dataclass(frozen=True)
class Order:
    """What is pulled."""

    dataset: Dataset
    pull: Pull
    period: Period
    code: str

    @property
    def subject(self) -> str:
        """By which the audit knows it."""
        return f"{self.dataset.name}/{self.period.text}"

    @property
    def kind(self) -> Kind:
        return self.dataset.field(self.pull.watermark).type.kind if self.pull.watermark else "string"


def order_of(lake: Lake, dataset: str, period: str) -> Order:
    """What is pulled.

    Raises:
        UsageError: the dataset is none that is pulled, or the period is none.
    """
    contract, spec = pulled_dataset(lake, dataset)
    span = parse_period(period)
    if span is None:
        raise UsageError(
            f"{period!r} is no period", code="period", expected="2024, 2024H1, 2024Q3, 2024-06, 2024-W05 or 2024-06-30",
            remedy="write it so",
        )  # fmt: skip
    return Order(contract, spec, span, lake.project.departments[contract.suppliers[0]].code)


def pulled_dataset(lake: Lake, name: str) -> tuple[Dataset, Pull]:
    """A dataset's contract and how it is pulled.

    Raises:
        UsageError: there is none of this name, or it is handed in.
    """
    contract = lake.project.datasets.get(name)
    if contract is not None and contract.supply.pull is not None:
        return contract, contract.supply.pull
    names = [d.name for d in lake.project.datasets.values() if d.supply.pull]
    raise UsageError(
        f"{name} is no dataset that is pulled", code="pull", subject=name,
        expected=f"one of {', '.join(names)}" if names else "a contract with yishu.supply: {pull: …}", remedy="name such a one",
    )  # fmt: skip


def in_the_way(lake: Lake, order: Order) -> str:
    """Why now is not the time: rows would come twice. Without a watermark, no period depends on another."""
    if order.pull.watermark is None:
        return ""
    asked = read_parameters(order.pull.query)
    bounded = isinstance(asked, frozenset) and "end" in asked
    for period, delivery, _ in _marks(lake, order):
        if period.start < order.period.start and delivery.state in UNDECIDED:
            return f"{delivery.id} of {period.text} is not decided yet ({delivery.state})"
        if period.start > order.period.start and delivery.state in (*UNDECIDED, *_COUNTED) and not bounded:
            return f"{delivery.id} of {period.text} comes after it, and the query has no :end"
    return ""


def reached(lake: Lake, order: Order) -> Parameter:
    """The greatest watermark that counts of earlier periods: so a second pull of a period holds all that the first did."""
    found = [
        typed(order, text, f"of {delivery.id}")
        for period, delivery, text in _marks(lake, order)
        if period.start < order.period.start and delivery.state in _COUNTED
    ]
    return max(found, default=None)  # type: ignore[type-var]


def _marks(lake: Lake, order: Order) -> Iterator[tuple[Period, Delivery, str]]:
    for delivery in lake.ledger.deliveries(dataset=order.dataset.name):
        period = parse_period(delivery.period)
        if delivery.department == order.code and delivery.manifest and period is not None:
            mark = promised(delivery.manifest).watermark
            if mark is not None:
                yield period, delivery, mark


def typed(order: Order, text: str, whose: str) -> Parameter:
    """A watermark's text as the value that the database compares with.

    Raises:
        UsageError: it is none of the field's kind.
    """
    read = {"integer": int, "decimal": Decimal, "date": dt.date.fromisoformat, "timestamp": dt.datetime.fromisoformat}
    try:
        value: Parameter = read[order.kind](text)  # type: ignore[operator]
        if (isinstance(value, Decimal) and not value.is_finite()) or (isinstance(value, dt.datetime) and value.tzinfo):
            raise ValueError(text)
        return value
    except (KeyError, ValueError, InvalidOperation):
        raise UsageError(
            f"{order.subject}: the watermark {text!r} {whose} is no {order.kind}", code="watermark", subject=order.dataset.name,
            expected="an integer, decimal, date or timestamp, as the contract says of the field",
            remedy=f"cast {order.pull.watermark} in the query, or mend its type in the contract",
        ) from None  # fmt: skip
