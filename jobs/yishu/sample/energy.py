"""能源专题数据库: the economy's firms and the counties' GDP → energy use, load curves, the units' totals and targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample import macro_figures as macro
from yishu.sample.digits import Ints
from yishu.sample.energy_use import energy_use
from yishu.sample.province import Province, Sampled

_Reals: TypeAlias = npt.NDArray[np.float64]
_YEARS: Final = (*macro.GDP_YEARS, 2024)
_TARGETS: Final = (15, 15, 16, 14, 15, 15, 16, 14, 14, 15, 15, 14, 15, 14, 16)
"""Of the province and the 14 units, in per cent by 2025."""
_LAGGING: Final = 7
"""Planted: the unit that saves far less than planned: 张家口."""
_POINTS: Final = 96
"""Quarters of an hour in a day."""
_COAL, _GAS, _WATER, _WIND, _SUN, _BIOMASS, _STORAGE = range(1, 8)
_PLANTS: Final = (0, _COAL, _COAL, _WIND, _SUN, _GAS, _WATER, _WIND, _SUN, _BIOMASS, _STORAGE)
"""Every eleventh is an area that only draws."""


@dataclass(frozen=True)
class UnitEnergy:
    """Place (the province, then its units) × year of `_YEARS`; tonnes of standard coal."""

    codes: Ints
    total: Ints
    material: Ints
    gap: Decimal
    """By how many points the lagging unit has saved less in 2024 than the plan's share of the years."""


def unit_energy(province: Province) -> UnitEnergy:
    """Units save a little more than planned per unit of real GDP, but for one; the province is their sum."""
    generator, units = province.generator("unit_energy"), np.array(province.places.units)
    gdp = _real_gdp(province)
    count, steps = len(units), np.arange(len(_YEARS))
    targets = np.array(_TARGETS[1 : count + 1])
    yearly = targets / 5 + generator.uniform(0.1, 0.5, size=count)
    lagging = min(_LAGGING, count) - 1
    yearly[lagging] = targets[lagging] / 20
    intensity = generator.uniform(0.5, 1.4, size=count)[:, None] * (1 - yearly[:, None] * steps / 100)
    used = (gdp * intensity * 10_000).astype(np.int64)
    material = (used * generator.uniform(0.02, 0.08, size=(count, 1))).astype(np.int64)
    per_gdp = used[lagging] / 10_000 / gdp[lagging]
    saved = (1 - per_gdp[-1] / per_gdp[0]) * 100 - float(targets[lagging]) * (len(_YEARS) - 1) / 5
    with_all = [np.concatenate([part.sum(axis=0)[None], part]) for part in (used + material, material)]
    return UnitEnergy(
        codes=np.concatenate([[130_000], units]), total=with_all[0], material=with_all[1],
        gap=Decimal(saved).quantize(Decimal("0.01"), ROUND_HALF_UP),
    )  # fmt: skip


def _real_gdp(province: Province) -> _Reals:
    """Unit × year of `_YEARS`: the counties' GDP of 2020, each with its own growth since, in 亿元."""
    year, history = macro.figures(province), macro.gdp_history(province)
    growth = np.concatenate([history.growth, macro.gdp_growth(province, year)[:, None]], axis=1)[year.upper :, 1:]
    chain = np.cumprod(1 + growth / 10_000, axis=1)
    counties = history.total[year.upper :, 0] / 10_000
    real = counties[:, None] * np.concatenate([np.ones((len(counties), 1)), chain], axis=1)
    unit = province.places.unit_of(year.places[year.upper :])
    return np.stack([real[unit == code].sum(axis=0) for code in province.places.units])


def targets(province: Province) -> Iterator[col.Extract]:
    """The plan's target of the province and each unit, and that of the plan before."""
    generator = province.generator("energy_target")
    codes = np.array([130_000, *province.places.units])
    count = len(codes)
    goals = np.array(_TARGETS[:count])
    plans = (("十三五", 2015, goals + 2, "2017-06-01"), ("十四五", 2020, goals, "2022-03-01"))
    yield col.Extract("energy_target", "2024", col.stacked(*(
        {
            "division_code": col.padded(codes, 6),
            "plan_name": col.constant(plan, count),
            "base_year": col.constant(str(start), count),
            "end_year": col.constant(str(start + 5), count),
            "target_cum_pct": col.decimals(goal * 100, 2),
            "target_doc": col.constant(f"河北省“{plan}”节能减排综合实施方案", count),
            "update_time": col.at_work(generator, np.datetime64(told), count),
        }
        for plan, start, goal, told in plans
    )), np.arange(2 * count))  # fmt: skip


def region_years(province: Province) -> Iterator[col.Extract]:
    """Five years; those before the last were accounted twice, first a little more or less."""
    generator, known = province.generator("region_energy_year"), unit_energy(province)
    place, at = (axis.ravel() for axis in np.indices(known.total.shape))
    total, material = known.total[place, at], known.material[place, at]
    early = at < len(_YEARS) - 1
    first = np.where(early, (total * generator.uniform(0.98, 1.02, size=len(total))).astype(np.int64), total)
    ended: col.Days = np.array([f"{year + 1}-01-01" for year in _YEARS], dtype="datetime64[D]")[at]
    account: col.Days = np.where(early, ended + 180 * col.DAY, np.datetime64("2025-01-09"))

    def rows(chosen: Ints, total: Ints, vintage: str, when: col.Days) -> dict[str, pa.Array]:
        return {
            "division_code": col.padded(known.codes[place[chosen]], 6),
            "energy_year": col.pick([str(year) for year in _YEARS], at[chosen]),
            "vintage": col.constant(vintage, len(chosen)),
            "total_tce_wan": col.decimals(total[chosen], 4),
            "material_tce_wan": col.decimals(material[chosen], 4),
            "nonfossil_tce_wan": col.decimals(total[chosen] * (9 + at[chosen]) // 100, 4),
            "account_date": col.days(when[chosen]),
        }

    again = rows(np.flatnonzero(early), total, "2", ended + 330 * col.DAY)
    columns = col.stacked(rows(np.arange(len(place)), first, "1", account), again)
    yield col.Extract("region_energy_year", "2024", columns, np.arange(len(columns["vintage"])))


def load_curves(province: Province) -> Iterator[col.Extract]:
    """The last days of the year: plants by their fuel, wind and sun with some power thrown away; areas with their load."""
    generator, rows = province.generator("power_load"), province.rows
    plants = min(300, max(len(_PLANTS), rows // _POINTS))
    days = min(366, max(1, rows // (_POINTS * plants)))
    plant, point = (axis.ravel() for axis in np.indices((plants, days * _POINTS)))
    start = np.datetime64("2025-01-01T00:00:00") - np.timedelta64(days, "D")
    when = start + point * np.timedelta64(15, "m")
    fuel = np.array(_PLANTS)[np.arange(plants) % len(_PLANTS)][plant]
    size = np.exp(generator.normal(5.3, 0.6, size=plants)).clip(20, 3_000)[plant]
    size = np.where(fuel == _COAL, size * 3, size)
    output: Ints = np.round(size * _profile(generator, fuel, point % _POINTS / 4) * 1_000).astype(np.int64)
    county = col.draw(generator, len(province.places.code), plants, province.places.weight)
    wasted: col.Flags = np.isin(fuel, (_WIND, _SUN)) & (output > 0) & (generator.random(len(plant)) < 0.15)
    area: col.Flags = fuel == 0
    yield col.Extract("power_load", "2024-12-31", {
        "plant_id": col.joined(col.either(area, "FQ", "DC"), "13", col.padded(plant + 1, 4)),
        "stat_time": pa.array(when).cast(pa.string()),
        "gen_mw": col.decimals(output, 3, area),
        "fuel": col.either(area, None, col.integers(fuel)),
        "load_mw": col.decimals(output, 3, ~area),
        "curtail_mw": col.decimals(output // 8 * wasted, 3, ~np.isin(fuel, (_WATER, _WIND, _SUN))),
        "division_code": col.padded(province.places.code[county[plant]], 6),
    })  # fmt: skip


def _profile(generator: np.random.Generator, fuel: Ints, hour: _Reals) -> _Reals:
    """Share of a plant's size (of an area's peak) at each hour."""
    noise = generator.uniform(0.9, 1.0, size=len(fuel))
    sun = np.maximum(0, np.sin((hour - 6.5) / 11 * np.pi)) * (hour > 6.5) * (hour < 17.5)
    evening = np.exp(-(((hour - 19) / 3) ** 2))
    steady = 0.6 + 0.3 * evening
    wind = 0.35 + 0.3 * np.cos(hour / 24 * 2 * np.pi)
    storage = np.where(hour < 5, -0.6, 0.8 * evening)
    shares = np.stack([steady, steady, steady, 0.4 + 0.4 * evening, wind, sun, np.full(len(fuel), 0.8), storage])
    share: _Reals = shares[fuel, np.arange(len(fuel))] * noise
    return share


def cases(province: Province) -> Iterator[col.Case]:
    """Who is far behind the plan."""
    known = unit_energy(province)
    unit = str(known.codes[min(_LAGGING, len(known.codes) - 1)])
    key = {"unit_code": unit, "stat_year": str(_YEARS[-1]), "schedule_gap_pts": str(known.gap)}
    yield col.Case("a city far behind its target for energy per GDP", "energy.energy_intensity", key)


SAMPLED = Sampled(
    {"energy_use": energy_use, "power_load": load_curves, "energy_target": targets, "region_energy_year": region_years}, cases
)
