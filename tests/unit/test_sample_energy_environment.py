"""Energy, carbon and the air of the sample province: meters, statistics and accounts agree; the planted stories are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from test_sample_province import Row, rows_of
from yishu.contract.load import load_project
from yishu.sample import energy, macro_economy
from yishu.sample.columns import Extract
from yishu.sample.economy import economy
from yishu.sample.province import Province, Sampled, make_province


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(load_project(Path(__file__).parents[2]).codelists, {"macro_indicator_obs": "x"}, rows=1_000, seed=11)


def rows(make: Callable[[Province], Iterator[Extract]], province: Province) -> list[Row]:
    return [row for extract in make(province) for row in rows_of(extract)]


def the_case(sampled: Sampled, province: Province, name: str) -> dict[str, str]:
    return next(case.key for case in sampled.cases(province) if case.name == name)


def test_a_firms_power_is_the_economys_meter_and_all_coal_equivalents_recompute(province: Province) -> None:
    model = economy(province)
    meter = {str(province.firms.uscc[int(firm)]): kwh for firm, kwh in zip(model.firm, model.power, strict=True)}
    used = rows(energy.energy_use, province)
    assert {row["period"] for row in used} >= {"202201", "202412"} and {"1", "2"} == {row["vintage"] for row in used}
    december = [r for r in used if (r["energy_code"], r["period"], r["vintage"]) == ("3301", "202412", "1")]
    assert december and all(Decimal(r["physical_qty"]) * 10_000 == int(meter[r["uscc"]][-1]) for r in december)
    for row in used:
        product = Decimal(row["physical_qty"]) * Decimal(row["coef"])
        assert abs(product - Decimal(row["tce"])) <= Decimal("0.0001")
        assert row["energy_purpose"] == "1" or row["energy_code"] == "0701"


def test_energy_of_the_province_is_that_of_its_units_and_every_unit_has_a_target(province: Province) -> None:
    newest: dict[tuple[str, str], Decimal] = {}
    for row in sorted(rows(energy.region_years, province), key=lambda r: r["vintage"]):
        newest[row["division_code"], row["energy_year"]] = Decimal(row["total_tce_wan"])
    for year in ("2020", "2024"):
        units = [total for (place, y), total in newest.items() if y == year and place != "130000"]
        assert len(units) == 14 and sum(units) == newest["130000", year]
    planned = {r["division_code"] for r in rows(energy.targets, province) if r["plan_name"] == "十四五"}
    assert planned == {place for place, _ in newest}


def test_the_lagging_unit_recomputed_from_the_handed_in_rows(province: Province) -> None:
    key = the_case(energy.SAMPLED, province, "a city far behind its target for energy per GDP")
    growth: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows(macro_economy.observations, province):
        if row["indicator_code"] == "A01001" and row["period"].endswith("-12"):
            growth[row["division_code"]][row["period"][:4]] = row
    real: defaultdict[str, float] = defaultdict(float)
    for code, years in growth.items():
        unit = str(province.places.unit_of(province.places.code[province.places.code == int(code)])[0]) if code[4:] != "00" else ""
        if unit == key["unit_code"]:
            chained = float(years["2020"]["cum_value"])
            real["2020"] += chained
            for year in ("2021", "2022", "2023", "2024"):
                chained *= 1 + float(years[year]["yoy_pct"]) / 100
                real[year] += chained
    used = {
        r["energy_year"]: float(r["total_tce_wan"]) - float(r["material_tce_wan"])
        for r in sorted(rows(energy.region_years, province), key=lambda r: r["vintage"])
        if r["division_code"] == key["unit_code"]
    }
    target = next(float(r["target_cum_pct"]) for r in rows(energy.targets, province)
                  if (r["division_code"], r["plan_name"]) == (key["unit_code"], "十四五"))  # fmt: skip
    saved = (1 - used["2024"] / real["2024"] / (used["2020"] / real["2020"])) * 100
    assert saved - target * 4 / 5 == pytest.approx(float(key["schedule_gap_pts"]), abs=0.006)
    assert float(key["schedule_gap_pts"]) < -5


def test_load_curves_have_dark_nights_and_every_quarter_of_an_hour(province: Province) -> None:
    points = rows(energy.load_curves, province)
    assert all(float(r["gen_mw"]) == 0 for r in points if r["fuel"] == "5" and not "05:00" <= r["stat_time"][11:16] < "20:00")
    assert len({r["stat_time"] for r in points}) % 96 == 0
    assert all((r["gen_mw"] is None) != (r["load_mw"] is None) for r in points)
