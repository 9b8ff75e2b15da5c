"""宏观经济发展基础数据库: counties → monthly figures in several vintages, their metadata, daily leading indicators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.sample import columns as col
from yishu.sample.digits import Ints, decimal_digits, text_of
from yishu.sample.macro_figures import (
    FIGURE_MONTHS,
    GDP,
    GDP_YEARS,
    RETAIL,
    Figures,
    figures,
    gdp_history,
    place_of,
)
from yishu.sample.province import Province, Sampled

_BEFORE: Final = "2023-12"
_METRICS: Final = (
    ("elec_kwh", "千瓦时"),
    ("freight_t", "吨"),
    ("loan_bal", "亿元"),
    ("recruit_cnt", "人"),
    ("invoice_amt", "万元"),
)
_REVISED: Final = (1, 4, 7)
"""Indicators whose final growth differs by more than one percentage point from the first figure."""


def observations(province: Province) -> Iterator[col.Extract]:
    """First figures of January to November (with the year before), of December, then the final ones as a second vintage."""
    generator, year = province.generator("macro_indicator_obs"), figures(province)
    cells = _cells(province, year)
    month = cells[2]
    early = _observed(province, year, [axis[month < 11] for axis in cells], 1)
    past = col.stacked(early, _december(province, year, 0, _BEFORE, year.before[0, :, -2:]), _gdp_columns(province, year))
    december = _observed(province, year, [axis[month == 11] for axis in cells], 1)
    for period, columns in (("2024-11", past), ("2024-12", december)):
        # Other databases' questions need every county's GDP and retail sales.
        needed = pc.is_in(columns["indicator_code"], value_set=pa.array([GDP, RETAIL])).to_numpy(zero_copy_only=False)
        yield col.Extract("macro_indicator_obs", period, columns, np.flatnonzero(needed))
    upper = cells[1] < year.upper
    again = [axis[upper] for axis in cells]
    yield col.Extract("macro_indicator_obs", "2025-01", _observed(province, _revised(generator, year), again, 2))


def _cells(province: Province, year: Figures) -> tuple[Ints, Ints, Ints]:
    """Which indicator, place and month are reported.

    Province and cities report all indicators (few rows: the first of them); counties report as many as fit, December first,
    and always the year's GDP and the months' retail sales.
    """
    rows, months = province.rows, len(FIGURE_MONTHS)
    kinds = min(len(province.indicators), max(3, rows // (months * year.upper)))
    counties = len(year.places) - year.upper
    parts = [_grid(kinds, np.arange(year.upper), np.arange(months))]
    below = np.arange(year.upper, len(year.places))
    reported = np.zeros((len(province.indicators), months), dtype=np.bool_)
    reported[:kinds].ravel()[: -(-rows // counties)] = True
    reported[place_of(province, GDP), 0] = reported[place_of(province, RETAIL)] = True
    for kind, back in np.argwhere(reported).tolist():
        parts.append((np.full(counties, kind), below, np.full(counties, months - 1 - back)))
    indicator, place, month = (np.concatenate([part[axis] for part in parts]) for axis in range(3))
    quarterly = np.array([known.quarterly for known in province.indicators])
    due = ~quarterly[indicator] | (month % 3 == 2)
    return indicator[due], place[due], month[due]


def _grid(kinds: int, place: Ints, month: Ints) -> tuple[Ints, Ints, Ints]:
    first, second, third = np.meshgrid(np.arange(kinds), place, month, indexing="ij")
    return first.ravel(), second.ravel(), third.ravel()


def _revised(generator: np.random.Generator, year: Figures) -> Figures:
    """Final figures: growth moves a little, for some indicators by more than a point; values follow."""
    shift = generator.integers(-30, 31, size=year.growth.shape)
    much = generator.integers(110, 300, size=year.growth.shape) * generator.choice([-1, 1], size=year.growth.shape)
    for indicator in _REVISED:
        shift[indicator : indicator + 1] = much[indicator : indicator + 1]
    value = np.round(year.value * (1 + shift / 10_000)).astype(np.int64)
    return replace(year, value=value, growth=year.growth + shift, total=np.cumsum(value, axis=2))


def _observed(province: Province, year: Figures, cells: Sequence[Ints], vintage: int) -> dict[str, pa.Array]:
    indicator, place, month = cells
    ended = np.array([np.datetime64(text, "M") + 1 for text in FIGURE_MONTHS]).astype("datetime64[D]")[month]
    release = ended + 8 if vintage == 1 else np.full(len(month), np.datetime64("2025-01-31"))
    chosen = (indicator, place, month)
    indexes = np.array([known.index for known in province.indicators])[indicator]
    return _named(province, indicator) | {
        "division_code": col.padded(year.places[place], 6),
        "period": col.pick(FIGURE_MONTHS, month),
        "value": col.decimals(year.value[chosen], 4),
        "yoy_pct": col.decimals(year.growth[chosen], 2),
        "cum_value": col.decimals(year.total[chosen], 4, indexes),
        "vintage_no": col.integers(np.full(len(month), vintage)),
        "release_date": col.days(release),
        "data_status": col.constant("P" if vintage == 1 else "F", len(month)),
    }


def _december(province: Province, year: Figures, indicator: int, period: str, totals: Ints) -> dict[str, pa.Array]:
    """December of an earlier year, all places: the year's cumulative figure, from those of its last two months."""
    count = len(year.places)
    return _named(province, np.full(count, indicator)) | {
        "division_code": col.padded(year.places, 6),
        "period": col.constant(period, count),
        "value": col.decimals(totals[:, 1] - totals[:, 0], 4),
        "yoy_pct": col.constant(None, count),
        "cum_value": col.decimals(totals[:, 1], 4),
        "vintage_no": col.constant("1", count),
        "release_date": col.constant(f"{int(period[:4]) + 1}-01-18", count),
        "data_status": col.constant("F", count),
    }


def _gdp_columns(province: Province, year: Figures) -> dict[str, pa.Array]:
    """December of the years before: final figures with the year's growth at comparable prices."""
    history, count = gdp_history(province), len(year.places)
    place, at = (axis.ravel() for axis in np.indices(history.total.shape))
    told = np.array([np.datetime64(f"{known + 1}-01-20") for known in GDP_YEARS])
    return _named(province, np.full(len(place), place_of(province, GDP))) | {
        "division_code": col.padded(year.places[place], 6),
        "period": col.pick([f"{known}-12" for known in GDP_YEARS], at),
        "value": col.decimals(history.fourth_quarter[place, at], 4),
        "yoy_pct": col.decimals(history.growth[place, at], 2),
        "cum_value": col.decimals(history.total[place, at], 4),
        "vintage_no": col.constant("1", count * len(GDP_YEARS)),
        "release_date": col.days(told[at].astype("datetime64[D]")),
        "data_status": col.constant("F", count * len(GDP_YEARS)),
    }


def _named(province: Province, indicator: Ints) -> dict[str, pa.Array]:
    known = province.indicators
    return {
        "indicator_code": col.pick([one.code for one in known], indicator),
        "period_type": col.pick(["Q" if one.quarterly else "M" for one in known], indicator),
        "unit": col.pick([one.unit for one in known], indicator),
        "source_dept": col.constant(province.offices["macro_indicator_obs"], len(indicator)),
    }


def indicator_meta(province: Province) -> Iterator[col.Extract]:
    """What the indicators mean; then sub-indicators (up to 300 in all), which no figure refers to yet."""
    known = province.indicators
    count = min(300, max(len(known) + 18, province.rows // 40))
    number = np.arange(count)
    kind, part = number % len(known), number // len(known)
    code, name = col.pick([one.code for one in known], kind), col.pick([one.name for one in known], kind)
    sub = part > 0
    generator = province.generator("macro_indicator_meta")
    yield col.Extract("macro_indicator_meta", "2024", {
        "indicator_code": col.either(sub, col.joined("B", col.padded(number, 5)), code),
        "indicator_name": col.either(sub, col.joined(name, "：分项", col.integers(part)), name),
        "definition": col.joined("按现行统计报表制度，报告期内", name, "的统计数。"),
        "unit": col.pick([one.unit for one in known], kind),
        "method": col.constant("联网直报，分级核算汇总", count),
        "freq": col.pick(["Q" if one.quarterly else "M" for one in known], kind),
        "direction": col.pick([one.direction for one in known], kind),
        "parent_code": col.either(sub, code, col.pick([one.parent or None for one in known], kind)),
        "valid_from": col.constant("2018-01-01", count),
        "valid_to": col.constant(None, count),
        "update_time": col.at_work(generator, "2024-03-01", count),
    }, np.arange(len(known)))  # fmt: skip


def falling_unit(province: Province) -> int:
    """The reporting unit whose use of power falls by some 8 % against the year before; elsewhere it grows or stands."""
    return province.places.units[1]


def leading_days(province: Province) -> Iterator[col.Extract]:
    """Days of leading indicators of the 14 reporting units, with the power of the same days a year before; then one day more."""
    generator, codes = province.generator("leading_indicator_day"), np.array(province.places.units)
    span = min(366, max(14, province.rows // (2 * len(codes) * len(_METRICS))))
    level = generator.integers(1_000_000, 90_000_000, size=(len(codes), len(_METRICS)))
    growth = np.where(codes == falling_unit(province), -0.08, generator.uniform(0.0, 0.09, size=len(codes)))
    for period, back in (("2025-01-08", span), ("2025-01-09", 1)):
        stretch: col.Days = np.datetime64(period) - np.arange(back, 0, -1).astype("timedelta64[D]")
        day, place, metric = _grid(back, np.arange(len(codes)), np.arange(len(_METRICS)))
        value = (level[place, metric] * generator.uniform(0.98, 1.02, size=len(day))).astype(np.int64)
        now = _leading(generator, period, codes, stretch[day], place, metric, value)
        # 28 and 29 February have one day a year before between them.
        before = (metric == 0) & (_a_year_before(stretch + 1)[day] != _a_year_before(stretch)[day])
        then = (value / (1 + growth[place]))[before].astype(np.int64)
        past = _a_year_before(stretch)[day][before]
        yield col.Extract("leading_indicator_day", period, col.stacked(
            now, _leading(generator, period, codes, past, place[before], metric[before], then),
        ))  # fmt: skip


def _a_year_before(day: col.Days) -> col.Days:
    month = day.astype("datetime64[M]")
    same = (month - 12).astype("datetime64[D]") + (day - month.astype("datetime64[D]"))
    moved: col.Days = np.minimum(same, (month - 11).astype("datetime64[D]") - 1)
    return moved


def _leading(
    generator: np.random.Generator, period: str, codes: Ints, when: col.Days, place: Ints, metric: Ints, value: Ints
) -> dict[str, pa.Array]:
    count = len(when)
    date = text_of(decimal_digits(np.full(count, int(period.replace("-", ""))), 8))
    return {
        "division_code": col.padded(codes[place], 6),
        "stat_date": col.days(when),
        "metric": col.pick([name for name, _ in _METRICS], metric),
        "value": col.decimals(value, 4),
        "unit": col.pick([unit for _, unit in _METRICS], metric),
        "is_estimated": col.pick(["0", "1"], (generator.random(count) < 0.05).astype(np.int64)),
        "batch_id": col.joined("B", date, col.padded(place, 3)),
        "report_time": col.at_work(generator, when + 1, count),
    }


SAMPLED = Sampled({"macro_indicator_obs": observations, "macro_indicator_meta": indicator_meta, "leading_indicator_day": leading_days})
