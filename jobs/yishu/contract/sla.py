"""slaProperties of a contract → how often the dataset is handed in, how soon after a period's end, and since when.

`frequency` is the update cycle, `latency` the working days after the period's end, `generalAvailability` the first day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast, get_args

from open_data_contract_standard.model import OpenDataContractStandard, ServiceLevelAgreementProperty

from yishu.contract.model import Cycle
from yishu.contract.reading import Reading

_DAYS = ("d", "day", "days")
_MOST_DAYS = 250


@dataclass(frozen=True)
class Terms:
    """When a dataset is due, as far as its contract says so."""

    cycle: Cycle
    deadline: int | None
    since: dt.date | None


def read_terms(contract: OpenDataContractStandard, reading: Reading) -> Terms | None:
    """The terms, or None where no cycle can be read; what is wrong is noted in `reading`."""
    cycle = _cycle(contract, reading)
    if cycle is None:
        return None
    return Terms(cycle, None if cycle == "realtime" else _deadline(contract, reading), _since(contract, reading))


def _cycle(contract: OpenDataContractStandard, reading: Reading) -> Cycle | None:
    stated = [p.value for p in contract.slaProperties or () if p.property == "frequency"]
    if len(stated) == 1 and stated[0] in get_args(Cycle):
        return cast(Cycle, stated[0])
    what = f"frequency is {', '.join(map(repr, stated))}" if stated else "slaProperties have no frequency"
    reading.wrong(
        what, "slaProperties", ("property", "frequency"), "value", code="cycle",
        expected=f"one {{property: frequency, value: …}} of {', '.join(get_args(Cycle))}", remedy="write it so",
    )  # fmt: skip
    return None


def _deadline(contract: OpenDataContractStandard, reading: Reading) -> int | None:
    stated = _stated(contract, "latency")
    if not stated:
        return None
    first = stated[0]
    days = first.value if isinstance(first.value, int) and not isinstance(first.value, bool) else 0
    if len(stated) == 1 and 1 <= days <= _MOST_DAYS and (first.unit or "d") in _DAYS:
        return days
    _refuse("latency", stated, f"one {{property: latency, value: 1 to {_MOST_DAYS}, unit: d}}, in working days", reading)
    return None


def _since(contract: OpenDataContractStandard, reading: Reading) -> dt.date | None:
    stated = _stated(contract, "generalAvailability")
    if not stated:
        return None
    try:
        if len(stated) == 1:
            return dt.datetime.fromisoformat(str(stated[0].value)).date()
    except ValueError:
        pass
    _refuse("generalAvailability", stated, "one {property: generalAvailability, value: '2024-01-01'}", reading)
    return None


def _stated(contract: OpenDataContractStandard, name: str) -> list[ServiceLevelAgreementProperty]:
    return [p for p in contract.slaProperties or () if p.property == name]


def _refuse(name: str, stated: list[ServiceLevelAgreementProperty], expected: str, reading: Reading) -> None:
    written = ", ".join(f"{p.value!r}{f' {p.unit}' if p.unit else ''}" for p in stated)
    reading.wrong(
        f"{name} is {written}", "slaProperties", ("property", name), "value", code=name, expected=expected, remedy="write it so"
    )
