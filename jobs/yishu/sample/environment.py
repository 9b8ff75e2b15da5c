"""生态环境主题数据库: firms' energy → carbon accounts with their factors; what is measured in the air and at outlets: `monitoring`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from yishu.sample import columns as col
from yishu.sample import monitoring
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS
from yishu.sample.energy_use import COAL, COKE, DIESEL, GAS, HEAT, POWER, FirmEnergy, Stream, firm_energy
from yishu.sample.province import Province, Sampled

_YEARS: Final = ("2022", "2023")
"""Accounts come in after the year: those of 2024 are not due yet."""
_GRID: Final = (("2020", "0.6101"), ("2021", "0.5810"), ("2022", "0.5703"), ("2023", "0.5366"))
"""Factors of the grid, tCO2/MWh, and the year they are for."""
_STALE: Final = Decimal("0.5810")
"""Planted: one firm still multiplies by the factor of 2021."""
_FUELS: Final = {COAL: ("吨", 0, 0.02618, 96.5), GAS: ("万立方米", 389.31, 0.0153, 99.0), DIESEL: ("吨", 42.652, 0.0202, 98.0)}
"""Unit, net calorific value (0: measured), carbon per heat, oxidised share in per cent."""
_HEAT_OF_COAL: Final = 29.3076
"""GJ per tonne of standard coal."""
_HEAT_FACTOR: Final = 0.11
_FROM_COKE: Final = 3.1
"""Tonnes of CO2 per tonne of coke that a process consumes."""
_CENT: Final = Decimal("0.01")


def _yearly(stream: Stream, year: str) -> Ints:
    """Each user's sum of the year's twelve months."""
    start = MONTHS.index(f"{year}-01")
    total: Ints = stream.quantity[:, start : start + 12].sum(axis=1)
    return total


def _sent_again(user: Ints) -> col.Flags:
    """Every tenth firm, from the second on."""
    again: col.Flags = user % 10 == 1
    return again


def _account(province: Province, use: FirmEnergy, stream: Stream, year: str, submission: int) -> dict[str, pa.Array]:
    """One year's rows of a stream as they were submitted first or, by some of its firms, for the second time."""
    again = _sent_again(stream.user) & (year == _YEARS[-1])
    amount, factor = _yearly(stream, year), col.constant(None, len(again))
    if stream.code == POWER:
        # The first submission of those that send again counts power a tenth too high.
        kilowatt_hours = np.where(again & (submission == 1), amount * 11 // 10, amount)
        grid = np.full(len(again), int(Decimal(dict(_GRID)[year]) * 1_000_000))
        if year == _YEARS[-1]:
            grid[0] = int(_STALE * 1_000_000)
        co2 = (kilowatt_hours * (grid // 100) + 50_000) // 100_000
        amount, factor = kilowatt_hours * 10, col.decimals(grid, 6)
    elif stream.code == HEAT:
        co2, factor = _tonnes(amount * _HEAT_FACTOR), col.constant(f"{_HEAT_FACTOR:.6f}", len(again))
    elif stream.code == COKE:
        co2 = _tonnes(amount * _FROM_COKE)
    else:
        _, heat, carbon, oxidised = _FUELS[stream.code]
        co2 = _tonnes(amount * (_calorific(stream, heat) / 10_000) * carbon * oxidised / 100 * 44 / 12)
    status = col.constant("2", len(again)) if submission == 2 else col.either(again, "0", "1")
    rows = _fuel_columns(stream) | {
        "uscc": col.pick(province.firms.uscc, use.firm[stream.user]),
        "account_year": col.constant(year, len(again)),
        "submit_no": col.constant(str(submission), len(again)),
        "activity_data": col.decimals(amount, 4),
        "ef": factor,
        "co2_t": col.decimals(co2, 2),
        "calc_method": col.constant("GHG-2022", len(again)),
        "verify_status": status,
        "submit_date": col.constant(f"{int(year) + 1}-{'09-12' if submission == 2 else '03-28'}", len(again)),
    }
    return col.take(rows, np.flatnonzero(again | (submission == 1)))


def _tonnes(co2: npt.NDArray[np.floating[Any]]) -> Ints:
    """Ten-thousandths → hundredths."""
    return np.round(co2 / 100).astype(np.int64)


def _calorific(stream: Stream, fixed: float) -> Ints:
    """GJ per unit, in ten-thousandths; that of coal as each firm measured it."""
    measured = stream.coefficient / 1_000_000 * _HEAT_OF_COAL
    return np.round(np.where(fixed > 0, fixed, measured) * 10_000).astype(np.int64)


def _fuel_columns(stream: Stream) -> dict[str, pa.Array]:
    """What kind of source a stream is, and how a fuel becomes CO2."""
    count = len(stream.user)
    fixed = {POWER: ("03", POWER, "兆瓦时"), HEAT: ("04", HEAT, "吉焦"), COKE: ("02", "9999", "吨")}
    source, code, unit = fixed.get(stream.code) or ("01", stream.code, _FUELS[stream.code][0])
    factors = {name: col.constant(None, count) for name in ("ncv", "cc", "of_pct")}
    if stream.code in _FUELS:
        _, heat, carbon, oxidised = _FUELS[stream.code]
        factors = {
            "ncv": col.decimals(_calorific(stream, heat), 4), "cc": col.constant(f"{carbon:.6f}", count),
            "of_pct": col.constant(f"{oxidised:.2f}", count),
        }  # fmt: skip
    words = {"source_type": source, "energy_code": code, "ad_unit": unit}
    return {name: col.constant(word, count) for name, word in words.items()} | factors


def carbon_accounts(province: Province) -> Iterator[col.Extract]:
    """Two years. One firm's power has an old factor; some firms sent the last year again, all of it, after verification."""
    use = firm_energy(province)
    submitted = [(year, 1) for year in _YEARS] + [(_YEARS[-1], 2)]
    columns = col.stacked(*(
        _account(province, use, stream, year, number) for year, number in submitted for stream in use.streams if len(stream.user)
    ))  # fmt: skip
    user = np.arange(len(use.firm))
    told_of = col.pick(province.firms.uscc, use.firm[_sent_again(user) | (user == 0)])
    kept = np.flatnonzero(pc.is_in(columns["uscc"], value_set=told_of).to_numpy(zero_copy_only=False))
    yield col.Extract("carbon_account", "2024", columns, kept)


def carbon_factors(province: Province) -> Iterator[col.Extract]:
    """Factors as they were first published, then a year later those of 2023 with a correction."""
    generator = province.generator("carbon_factor")
    grid = [("GRID_EF", "01", POWER, year, value, "tCO2/MWh", f"全国电网平均排放因子（{year}年）") for year, value in _GRID]
    heat = [("HEAT_EF", "02", HEAT, year, f"{_HEAT_FACTOR}", "tCO2/GJ", "企业温室气体排放核算与报告指南") for year, _ in _GRID]
    fuels = [
        (f"{code}_{name}", kind, code, "2022", f"{value}", unit, "企业温室气体排放核算与报告指南")
        for code, (_, calorific, carbon, oxidised) in _FUELS.items()
        for name, kind, value, unit in (
            ("NCV", "03", calorific or 26.7, "GJ/t"), ("CC", "04", carbon, "tC/GJ"), ("OF", "05", oxidised, "%"),
        )
    ]  # fmt: skip
    known = [*grid[:-1], *heat, *fuels]
    wrong = (*grid[-1][:4], "0.5703", *grid[-1][5:])
    for period, told, when in (("2023", [*known, wrong], "2023-12-20"), ("2024", [grid[-1]], "2024-12-27")):
        names = ("factor_id", "factor_kind", "energy_code", "factor_year", "factor_value", "factor_unit", "factor_source")
        columns = {name: pa.array([row[place] for row in told], pa.string()) for place, name in enumerate(names)}
        count = len(told)
        yield col.Extract("carbon_factor", period, columns | {
            "division_code": col.constant("130000", count),
            "factor_publish_date": col.constant(when, count),
            "update_time": col.at_work(generator, np.datetime64(when), count),
        }, np.arange(count))  # fmt: skip


def cases(province: Province) -> Iterator[col.Case]:
    """The firm with the old factor, the firms that sent again, and what `monitoring` planted in the air."""
    use = firm_energy(province)
    mwh = Decimal(int(_yearly(use.streams[0], "2023")[0])) / 1_000
    right = mwh * Decimal(dict(_GRID)["2023"])
    told = (mwh * _STALE).quantize(_CENT, ROUND_HALF_UP)
    uscc = str(province.firms.uscc[int(use.firm[0])])
    yield col.Case("a firm with a wrong emission factor", "environment.carbon_by_entity", {
        "uscc": uscc, "account_year": "2023", "reported_co2_t": str(told),
        "difference_t": str((told - right).quantize(_CENT, ROUND_HALF_UP)),
    })  # fmt: skip
    for code in col.pick(province.firms.uscc, use.firm[_sent_again(np.arange(len(use.firm)))]).to_pylist():
        key = {"uscc": str(code), "account_year": "2023", "submit_no": "2", "versions": "2", "verify_status": "2"}
        yield col.Case("a firm that sent its account again after verification", "environment.carbon_by_entity", key)
    yield from monitoring.cases(province)


SAMPLED = Sampled({
    "carbon_account": carbon_accounts, "carbon_factor": carbon_factors,
    "emission_online": monitoring.outlets, "air_quality": monitoring.air,
}, cases)  # fmt: skip
