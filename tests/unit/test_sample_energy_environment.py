"""Energy, carbon and the air of the sample province: meters, statistics and accounts agree; the planted stories are there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sample_parts import Row, rows_of, the_case
from yishu.contract.load import load_project
from yishu.sample import energy, environment, macro_economy, monitoring
from yishu.sample.columns import Extract
from yishu.sample.economy import economy
from yishu.sample.province import Province, make_province


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(load_project(Path(__file__).parents[2]).codelists, {"macro_indicator_obs": "x"}, rows=1_000, seed=11)


def rows(make: Callable[[Province], Iterator[Extract]], province: Province) -> list[Row]:
    return rows_of(*make(province))


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
        unit = (
            str(province.places.unit_of(province.places.code[province.places.code == int(code)])[0]) if code[4:] != "00" else ""
        )
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


def test_carbon_accounts_count_what_the_energy_statistics_count(province: Province) -> None:
    used: defaultdict[tuple[str, ...], Decimal] = defaultdict(Decimal)
    for row in rows(energy.energy_use, province):
        if row["period"][:4] == "2023" and row["vintage"] == "1":
            used[row["uscc"], row["energy_code"]] += Decimal(row["physical_qty"])
    newest = {
        (r["uscc"], r["source_type"], r["energy_code"]): r
        for r in sorted(rows(environment.carbon_accounts, province), key=lambda r: r["submit_no"])
        if r["account_year"] == "2023"
    }
    assert {(uscc, "0701" if code == "9999" else code) for uscc, _, code in newest} == set(used)
    for (uscc, source, code), row in newest.items():
        factor = 10 if source == "03" else 1
        assert Decimal(row["activity_data"]) == used[uscc, "0701" if code == "9999" else code] * factor


def test_fuels_recompute_and_the_wrong_factor_makes_the_difference_that_the_case_names(province: Province) -> None:
    key = the_case(environment.SAMPLED, province, "a firm with a wrong emission factor")
    difference = Decimal(0)
    for row in rows(environment.carbon_accounts, province):
        amount, told = float(row["activity_data"]), float(row["co2_t"])
        if row["source_type"] == "01":
            burnt = amount * float(row["ncv"]) * float(row["cc"]) * float(row["of_pct"]) / 100 * 44 / 12
            assert told == pytest.approx(burnt, abs=0.01, rel=1e-4)
        if (row["uscc"], row["account_year"]) == (key["uscc"], key["account_year"]):
            assert row["source_type"] == "03"
            difference += Decimal(row["co2_t"]) - Decimal(row["activity_data"]) * Decimal("0.5366")
    assert round(difference, 2) == Decimal(key["difference_t"]) > 0
    factors = [
        {r["factor_year"]: r["factor_value"] for r in rows_of(e) if r["factor_kind"] == "01"}
        for e in environment.carbon_factors(province)
    ]
    assert factors[0]["2023"] != factors[1]["2023"] == "0.5366"


def test_the_air_of_all_units_is_measured_and_only_one_station_is_dark_for_too_long(province: Province) -> None:
    valid: Counter[tuple[str, str]] = Counter()
    for row in rows(monitoring.air, province):
        assert (row["pm25"] is None) == (row["qc_flag"] == "M")
        assert row["pm25"] is None or float(row["pm25"]) <= float(row["pm10"])
        valid[row["station_code"], row["monitor_time"][:10]] += row["qc_flag"] == "H"
    assert len({station for station, _ in valid}) >= 14
    assert len({station for (station, _), hours in valid.items() if hours < 18}) == 1


def test_outlets_recompute_and_exceed_only_while_they_run(province: Province) -> None:
    readings = rows(monitoring.outlets, province)
    for row in readings:
        above = row["value_avg"] is not None and float(row["value_avg"]) > float(row["limit_value"])
        assert (row["exceed_flag"] == "1") == (above and row["run_status"] == "1")
        per = 1e6 if row["pollutant"].startswith("a") else 1e3
        if row["value_avg"] is not None:
            assert float(row["emission_kg"]) == pytest.approx(float(row["value_avg"]) * float(row["flow"]) / per, abs=2e-4)
    assert 0 < sum(row["exceed_flag"] == "1" for row in readings) < len(readings) / 50
