"""Firms → 36 months of what they make, employ, use and owe: one model, so that departments which see the same firm agree."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from yishu.sample.columns import Flags
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province

MONTHS: Final = tuple(f"{year}-{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13))
"""The months that the province lives through."""
FALLING_FROM: Final = MONTHS.index("2024-05")
"""From then on the failing firms make, employ and use less each month."""
DIVERGING_FROM: Final = MONTHS.index("2024-07")
"""From then on the diverging firms sell more than a year before and use less power."""
_SEASON: Final = (0.90, 0.82, 1.06, 1.01, 1.02, 1.06, 0.97, 0.98, 1.02, 1.01, 1.04, 1.11)
_INDUSTRY: Final = ("B", "C", "D")
"""Sections of GB/T 4754: mining, manufacturing, energy and water."""
_FALL: Final = 0.86


@dataclass(frozen=True)
class Economy:
    """The firms that hand in monthly statistics. `firm`, `failing` and `industrial` are of one length; figures are firm × month."""

    firm: Ints
    """Index in `province.firms`; all are companies on the register, founded before 2022 and in business."""
    industrial: Flags
    """Whether it is in mining, manufacturing, or energy and water."""
    failing: Flags
    """Planted: shrinks from May 2024 on, to about a third of its figures at the year's end."""
    diverging: Flags
    """Planted: from July 2024 on 30 % more revenue and 20 % less power than in the same months of the year before."""
    revenue: Ints
    """Yuan without tax."""
    output: Ints
    """Yuan; what an industrial firm made, of which it sold 94 to 100 %."""
    staff: Ints
    """Persons at the month's end."""
    power: Ints
    """Kilowatt hours."""
    tax: Ints
    """Yuan, all kinds."""
    export: Ints
    """Yuan, part of the revenue; nothing for most."""

    def first(self, chosen: Flags, count: int) -> Ints:
        """At most `count` of the chosen (places in these vectors, in order); those that fail are among them."""
        places = np.flatnonzero(chosen)
        return np.sort(places[np.argsort(~self.failing[places], kind="stable")][:count])


@lru_cache(maxsize=1)
def economy(province: Province) -> Economy:
    """The same figures whoever asks; they take seconds in a large province, so they are drawn once and cannot be written to."""
    generator, firms = province.generator("economy"), province.firms
    old = (firms.kind == COMPANY) & firms.active & (firms.founded < np.datetime64("2022-01-01"))
    firm = np.flatnonzero(old[: firms.listed])
    sections = np.array([str(code)[0] for code in firms.industry.to_pylist()])[firm]
    count, industrial = len(firm), np.isin(sections, _INDUSTRY)
    failing = generator.random(count) < 0.02
    if not failing.any() and industrial.any():
        failing[np.flatnonzero(industrial)[0]] = True
    size = np.exp(generator.normal(14.0, 1.1, size=count))
    staff = np.maximum(3, (size / generator.uniform(25_000, 70_000, size=count)).astype(np.int64))
    pace = _pace(generator, count, failing)
    revenue = (size[:, None] * pace * np.exp(generator.normal(0, 0.05, size=pace.shape))).astype(np.int64) + 1_000
    diverging = np.isin(np.arange(count), np.flatnonzero(industrial & ~failing)[:2])
    _a_year_on(revenue, diverging, 130)
    sold = generator.uniform(0.94, 1.0, size=pace.shape)
    exports = (generator.random(count) < 0.12) * generator.uniform(0.05, 0.6, size=count)
    if count and not exports[failing].any():
        exports[np.flatnonzero(failing)[:1]] = 0.4
    slow = np.sqrt(pace / np.array(_SEASON * 3))
    power = (revenue * generator.uniform(0.02, 0.25, size=count)[:, None]).astype(np.int64) + 100
    _a_year_on(power, diverging, 80)
    drawn = Economy(
        firm=firm, industrial=industrial, failing=failing, diverging=diverging, revenue=revenue,
        output=(revenue / sold).astype(np.int64),
        staff=np.maximum(1, (staff[:, None] * slow).astype(np.int64)),
        power=power,
        tax=(revenue * generator.uniform(0.01, 0.06, size=count)[:, None]).astype(np.int64),
        export=(revenue * exports[:, None]).astype(np.int64),
    )  # fmt: skip
    for one in fields(drawn):
        getattr(drawn, one.name).setflags(write=False)
    return drawn


def _a_year_on(figures: Ints, firms: Flags, per_cent: int) -> None:
    """The last months of these firms become so much of the same months of the year before."""
    figures[firms, DIVERGING_FROM:] = figures[firms, DIVERGING_FROM - 12 : -12] * per_cent // 100


def _pace(generator: np.random.Generator, count: int, failing: Flags) -> npt.NDArray[np.float64]:
    """Firm × month against an ordinary month of 2021: a trend of its own, the seasons, the fall of those that fail."""
    months = np.arange(len(MONTHS))
    growth = generator.normal(0.05, 0.06, size=count)
    pace: npt.NDArray[np.float64] = np.exp(growth[:, None] * months / 12) * np.array(_SEASON * 3)
    pace[failing] *= _FALL ** np.maximum(0, months - FALLING_FROM + 1)
    return pace
