"""Counties → a year of macro figures that add up to cities and the province, and their GDP of the years before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from yishu.sample.digits import Ints
from yishu.sample.province import Province

FIGURE_MONTHS: Final = tuple(f"2024-{month:02d}" for month in range(1, 13))
PROVINCE_CODE: Final = 130000
GDP, RETAIL, REVENUE = "A01001", "A04001", "A06001"
"""Indicators that other databases stand beside: 地区生产总值, 社会消费品零售总额, 一般公共预算收入."""
GDP_YEARS: Final = (2020, 2021, 2022, 2023)
"""Years before the monthly figures of which GDP is known, from the plan's base year on."""


@dataclass(frozen=True)
class Figures:
    """Indicator × place × month; values in ten-thousandths of a unit, growth in hundredths of a per cent."""

    places: Ints
    """Codes: the province, its prefecture cities (by law, with all their counties), the counties."""
    value: Ints
    growth: Ints
    total: Ints
    """Since the year's start."""
    before: Ints
    """The same of the year before."""

    @property
    def upper(self) -> int:
        """So many places stand above the counties."""
        return int((self.places % 100 == 0).sum())

    def monthly(self, code: str, province: Province) -> Ints:
        """Place × month of one indicator."""
        known: Ints = self.value[place_of(province, code)]
        return known


def figures(province: Province) -> Figures:
    """A year of figures that add up: a city is the sum of its counties, the province the sum of its cities."""
    generator, places = province.generator("macro_figures"), province.places
    shape = (len(province.indicators), len(places.code), len(FIGURE_MONTHS))
    size = np.array(places.weight)[None, :, None] * np.exp(generator.normal(0, 0.3, size=(shape[0], shape[1], 1)))
    value = (size * (1 + 0.1 * generator.random(shape)) * 20_000).astype(np.int64) + 1
    pace = generator.normal(5.0, 3.0, size=(1, shape[1], 1)) + generator.normal(0, 1.5, size=shape)
    former = np.maximum((value / (1 + pace / 100)).astype(np.int64), 1)
    city = places.code // 100 * 100
    uppers = [np.ones(shape[1], dtype=np.bool_), *[city == code for code in places.cities]]
    now, then = (
        np.concatenate([np.stack([part[:, chosen].sum(axis=1) for chosen in uppers], axis=1), part], axis=1)
        for part in (value, former)
    )
    for place, indicator in enumerate(province.indicators):
        if indicator.quarterly:
            now[place], then[place] = _quarters(now[place]), _quarters(then[place])
    growth = np.round((now / np.maximum(then, 1) - 1) * 10_000).astype(np.int64)
    for place, indicator in enumerate(province.indicators):
        if indicator.index:
            growth[place] = growth[place] % 400 - 50
            now[place] = 1_000_000 + growth[place] * 100
    codes = np.concatenate([[PROVINCE_CODE], places.cities, places.code]).astype(np.int64)
    return Figures(places=codes, value=now, growth=growth, total=np.cumsum(now, axis=2), before=np.cumsum(then, axis=2))


def place_of(province: Province, code: str) -> int:
    return [one.code for one in province.indicators].index(code)


def gdp_growth(province: Province, year: Figures) -> Ints:
    """Each place's growth as it is told in the year's last GDP figure."""
    known: Ints = year.growth[place_of(province, GDP), :, -1]
    return known


@dataclass(frozen=True)
class History:
    """GDP of each place of `Figures` in `GDP_YEARS`, in ten-thousandths of 亿元 of that year."""

    total: Ints
    """Place × year."""
    fourth_quarter: Ints
    growth: Ints
    """At comparable prices, in hundredths of a per cent. That of 2024 is `gdp_growth`."""


def gdp_history(province: Province) -> History:
    """Back from the year before the monthly figures: real growth of each county and some inflation; cities and province sum them up."""
    generator, year, kind = province.generator("gdp_history"), figures(province), place_of(province, GDP)
    upper, known = year.upper, len(GDP_YEARS)
    last = year.before[kind]
    growth = np.round(generator.normal(550, 90, size=(len(year.places), known))).astype(np.int64)
    inflation = generator.normal(1.2, 0.4, size=known)
    total = np.empty(growth.shape, dtype=np.int64)
    total[:, -1] = last[:, -1]
    for back in range(known - 1, 0, -1):
        pace = (1 + growth[upper:, back] / 10_000) * (1 + inflation[back] / 100)
        total[upper:, back - 1] = (total[upper:, back] / pace).astype(np.int64)
    city = year.places[upper:] // 100 * 100
    for place, code in enumerate(year.places[:upper]):
        inside = np.ones(len(city), dtype=np.bool_) if code == PROVINCE_CODE else city == code
        below = total[upper:][inside]
        total[place, :-1] = below.sum(axis=0)[:-1]
        real = (below[:, :-1] * growth[upper:][inside][:, 1:]).sum(axis=0)
        growth[place, 1:] = np.round(real / np.maximum(below[:, :-1].sum(axis=0), 1)).astype(np.int64)
    share = (last[:, -1] - last[:, -2]) / np.maximum(last[:, -1], 1)
    return History(total=total, fourth_quarter=(total * share[:, None]).astype(np.int64), growth=growth)


def _quarters(monthly: Ints) -> Ints:
    """Quarterly sums in the quarter's last month, 0 in the others (they are not reported, but count for the running total)."""
    sums = np.zeros_like(monthly)
    sums[:, 2::3] = monthly.reshape(len(monthly), 4, 3).sum(axis=2)
    return sums
