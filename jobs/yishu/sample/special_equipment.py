"""特种设备: boilers, vessels and lifts from notice to use and scrap, their inspections, and those whose next one is overdue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.places import TODAY
from yishu.sample.province import Province, Sampled

_TYPES: Final = (
    ("1000", 6, 12, 20), ("2000", 22, 36, 25), ("3000", 45, 12, 15), ("4000", 14, 24, 20), ("5000", 9, 12, 10),
    ("6000", 1, 12, 15), ("8000", 2, 36, 30), ("9000", 1, 12, 30),
)  # fmt: skip
"""Type, share, months between inspections, years of use it was made for."""
_ANNOUNCED, _USED, _STOPPED, _SCRAPPED, _STRUCK = range(1, 6)
_LIFT: Final = 2
_OVERDUE: Final = 0.03
_CERTAIN: Final = 2
"""The first devices are lifts that are overdue in every sample."""


@dataclass(frozen=True)
class _Register:
    """Vectors of one length."""

    kind: Ints
    """Index in `_TYPES`."""
    firm: Ints
    status: Ints
    installed: col.Days
    used: col.Days
    inspected: col.Days
    """The last time that it passed."""
    due: col.Days
    code: pa.Array

    @property
    def overdue(self) -> col.Flags:
        """In use, though the day of its next inspection has passed."""
        late: col.Flags = (self.status == _USED) & (self.due < np.datetime64(TODAY))
        return late


def _register(province: Province) -> _Register:
    generator, firms = province.generator("equip"), province.firms
    count = max(40, province.rows // 2)
    old = firms.active[: firms.listed] & (firms.founded[: firms.listed] < np.datetime64("2023-01-01"))
    pool = np.flatnonzero(old & (firms.kind[: firms.listed] == COMPANY))
    firm = pool[col.draw(generator, len(pool), count)]
    kind = col.draw(generator, len(_TYPES), count, [share for _, share, _, _ in _TYPES])
    status = 1 + col.draw(generator, 5, count, (3, 85, 6, 4, 2))
    kind[:_CERTAIN], status[:_CERTAIN] = _LIFT, _USED
    first = np.maximum(firms.founded[firm], np.datetime64("2010-01-01"))
    installed = col.days_between(generator, first, "2023-09-30", count)
    installed[:_CERTAIN] = np.datetime64("2019-04-01")
    months = np.array([number for _, _, number, _ in _TYPES])[kind]
    # A device passed between one span ago and now; of a few the span is over.
    late = generator.random(count) < _OVERDUE
    late[:_CERTAIN] = True
    back = (months * 30 * np.where(late, generator.uniform(1.05, 1.6, size=count), generator.uniform(0.05, 0.95, size=count))).astype(np.int64)
    used = col.after(installed, generator.integers(20, 90, size=count))
    inspected = np.maximum(col.after(TODAY, -back), used)
    year, serial = col.integers(col.year_of(installed)), col.padded(np.arange(count) + 1, 6)
    name = col.pick([name for name, _, _, _ in _TYPES], kind)
    return _Register(
        kind=kind, firm=firm, status=status, installed=installed, used=used, inspected=inspected,
        due=col.after(inspected, months * 30), code=col.joined(name, col.padded(firms.county_code[firm], 6), year, serial),
    )  # fmt: skip


def equipment(province: Province) -> Iterator[col.Extract]:
    """All devices; nine days later some that were announced have come into use, some in use have been stopped."""
    generator, known = province.generator("equip/text"), _register(province)
    firms, count = province.firms, len(known.kind)
    columns = {
        "reg_code": known.code,
        "equip_type": col.pick([name for name, _, _, _ in _TYPES], known.kind),
        "uscc": col.pick(firms.uscc, known.firm),
        "division_code": col.padded(firms.county_code[known.firm], 6),
        "equip_status": col.integers(known.status),
        "install_date": col.days(known.installed),
        "use_date": col.days(known.used, known.status == _ANNOUNCED),
        "design_years": col.integers(np.array([years for _, _, _, years in _TYPES])[known.kind]),
        "update_time": col.at_work(generator, np.maximum(col.after(known.used, 5), np.datetime64("2022-03-01")), count),
    }
    yield col.Extract("equip", "2024-12-31", columns, np.flatnonzero(known.overdue)[:_CERTAIN])
    begun = np.flatnonzero(known.status == _ANNOUNCED)[:20]
    stopped = np.flatnonzero((known.status == _USED) & ~known.overdue)[:20]
    changed, began = np.concatenate([begun, stopped]), np.arange(len(begun) + len(stopped)) < len(begun)
    rows = col.take(columns, changed)
    yield col.Extract("equip", "2025-01-09", rows | {
        "equip_status": col.either(began, str(_USED), str(_STOPPED)),
        "use_date": col.either(began, "2025-01-06", rows["use_date"]),
        "update_time": col.at_work(generator, "2025-01-08", len(changed)),
    })  # fmt: skip


def inspections(province: Province) -> Iterator[col.Extract]:
    """The first inspection of each device and its last regular one up to November; then December's."""
    generator, known = province.generator("equip_inspect"), _register(province)
    count = len(known.kind)
    again = np.flatnonzero(known.inspected > col.after(known.used, 30))
    failed = again[(generator.random(len(again)) < 0.02) & ~known.overdue[again]]
    device = np.concatenate([np.arange(count), again, failed])
    kind = np.concatenate([np.full(count, 1), np.full(len(again), 2), np.full(len(failed), 2)])
    day = np.concatenate([known.used, known.inspected[again], col.after(known.inspected[failed], -20)])
    months = np.array([number for _, _, number, _ in _TYPES])[known.kind[device]]
    wrong = np.arange(len(device)) >= count + len(again)
    result = np.where(wrong, 3, np.where(generator.random(len(device)) < 0.1, 2, 1))
    columns = {
        "report_no": col.joined("JY", col.integers(col.year_of(day)), col.padded(np.arange(len(device)) + 1, 10)),
        "reg_code": col.pick(known.code, device),
        "inspect_type": col.integers(kind),
        "inspect_day": col.days(day),
        "conclusion": col.integers(result),
        "next_due": col.days(col.after(day, months * 30), wrong),
        "update_time": col.at_work(generator, col.after(day, 2), len(device)),
    }
    told = np.isin(device, np.flatnonzero(known.overdue)[:_CERTAIN])
    for period, rows in (
        ("2024-11", np.flatnonzero(day < np.datetime64("2024-12-01"))),
        ("2024-12", np.flatnonzero((day >= np.datetime64("2024-12-01")) & (day < np.datetime64("2025-01-01")))),
    ):
        if len(rows):
            yield col.Extract("equip_inspect", period, col.take(columns, rows), np.flatnonzero(told[rows]))


def cases(province: Province) -> Iterator[col.Case]:
    """Two devices in use whose next inspection is overdue."""
    known = _register(province)
    for row in np.flatnonzero(known.overdue)[:_CERTAIN].tolist():
        key = {"reg_code": str(known.code[row].as_py()), "next_due": str(known.due[row]), "standing": "2"}
        yield col.Case("a device in use that was not inspected again in time", "emergency.equip_due", key)


SAMPLED = Sampled({"equip": equipment, "equip_inspect": inspections}, cases)
