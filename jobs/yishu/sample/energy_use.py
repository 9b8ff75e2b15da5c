"""Industrial firms of the economy → what energy they use by month and kind: statistics and carbon accounts read the same meter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, economy
from yishu.sample.province import Province

_ROWS_OF_A_FIRM: Final = 126
"""About three and a half kinds in 36 months."""
COAL, GAS, DIESEL, COKE, HEAT, POWER = "0101", "1501", "2001", "0701", "3201", "3301"
_UNITS: Final = {COAL: "吨", GAS: "万立方米", DIESEL: "吨", COKE: "吨", HEAT: "吉焦", POWER: "万千瓦时"}
_COEFFICIENTS: Final = {GAS: 13_300_000, DIESEL: 1_457_100, COKE: 971_400, HEAT: 34_120, POWER: 1_229_000}
"""Tonnes of standard coal per unit, in millionths (GB/T 2589-2020); coal is measured by each firm."""
_FROM_2024: Final = MONTHS.index("2024-01")


@dataclass(frozen=True)
class Stream:
    """One kind of energy and its users; vectors of one length, quantities user × month."""

    code: str
    material: bool
    """Used as raw material, not burnt."""
    user: Ints
    """Index in `FirmEnergy.firm`."""
    quantity: Ints
    """In ten-thousandths of the unit."""
    coefficient: Ints
    """Tonnes of standard coal per unit, in millionths."""


@dataclass(frozen=True)
class FirmEnergy:
    """The firms that report energy, and their streams."""

    firm: Ints
    """Index in `province.firms`; the first uses nothing but power."""
    streams: tuple[Stream, ...]


def firm_energy(province: Province) -> FirmEnergy:
    """All buy power; most burn one fuel, some buy heat or need coke as material."""
    generator, model = province.generator("firm_energy"), economy(province)
    at = model.first(model.industrial, max(5, province.rows // _ROWS_OF_A_FIRM))
    count, revenue = len(at), model.revenue[at]
    fuel = col.draw(generator, 4, count, (2, 3, 3, 2))
    heated, coked = generator.random(count) < 0.4, generator.random(count) < 0.15
    plain = np.arange(count) == 0
    measured = generator.integers(450_000, 800_000, size=count)
    # Tonnes of standard coal per 10,000 yuan of revenue.
    rate = generator.uniform(0.03, 0.3, size=(count, 1)) * generator.uniform(0.93, 1.07, size=revenue.shape)

    def used(code: str, users: col.Flags, share: float) -> Stream:
        user = np.flatnonzero(users & ~plain | (code == POWER))
        coefficient = measured[user] if code == COAL else np.full(len(user), _COEFFICIENTS[code])
        quantity = (revenue[user] * rate[user] * share * 1e6 / coefficient[:, None]).astype(np.int64)
        # A kilowatt hour is a ten-thousandth of the unit: the meter of the model is taken as it stands.
        return Stream(code, code == COKE, user, model.power[at][user] if code == POWER else quantity + 1, coefficient)

    burnt = [used(code, fuel == place, 0.7) for place, code in enumerate((COAL, GAS, DIESEL), start=1)]
    return FirmEnergy(model.firm[at], (used(POWER, fuel >= 0, 1), *burnt, used(HEAT, heated, 0.2), used(COKE, coked, 0.5)))


def energy_use(province: Province) -> Iterator[col.Extract]:
    """Up to November, then December and with it some corrected months of the year (a second vintage)."""
    generator, use = province.generator("energy_use"), firm_energy(province)
    last = len(MONTHS) - 1
    early, december = (
        [_rows(province, use, stream, *_cells(stream, months), 1) for stream in use.streams if len(stream.user)]
        for months in (np.arange(last), np.array([last]))
    )
    yield col.Extract("energy_use", "2024-11", col.stacked(*early))
    user, month = _cells(use.streams[0], np.arange(_FROM_2024, last))
    chosen = np.sort(generator.permutation(len(user))[: max(2, len(user) // 40)])
    corrected = _rows(province, use, use.streams[0], user[chosen], month[chosen], 2)
    yield col.Extract("energy_use", "2024-12", col.stacked(*december, corrected))


def _cells(stream: Stream, months: Ints) -> tuple[Ints, Ints]:
    return np.repeat(np.arange(len(stream.user)), len(months)), np.tile(months, len(stream.user))


def _rows(province: Province, use: FirmEnergy, stream: Stream, user: Ints, month: Ints, vintage: int) -> dict[str, pa.Array]:
    """One row per user of the stream and month; a second vintage is one per cent more."""
    count, firm = len(user), use.firm[stream.user[user]]
    quantity = stream.quantity[user, month] * (99 + vintage) // 100
    coefficient = stream.coefficient[user]
    return {
        "uscc": col.pick(province.firms.uscc, firm),
        "period": col.pick([text.replace("-", "") for text in MONTHS], month),
        "energy_code": col.constant(stream.code, count),
        "energy_purpose": col.constant("2" if stream.material else "1", count),
        "vintage": col.constant(str(vintage), count),
        "physical_qty": col.decimals(quantity, 4),
        "unit": col.constant(_UNITS[stream.code], count),
        "coef": col.decimals(coefficient, 6),
        "tce": col.decimals(np.round(quantity * (coefficient / 1e6)).astype(np.int64), 4),
        "industry_code": col.pick(province.firms.industry, firm),
    }
