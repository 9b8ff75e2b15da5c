"""Farms, harvests and subsidies: one county and firm wherever they show up, yields that recompute, one payment a year but for three."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest

from sample_parts import Row, clean_rows_of, keys_of, province_of, rows_of
from yishu.contract.load import load_project
from yishu.sample import agriculture
from yishu.sample.economy import economy
from yishu.sample.province import Province


@pytest.fixture(scope="module")
def province() -> Province:
    return province_of(load_project(Path(__file__).parents[2]), ("agri_entity", "agri_subsidy", "crop_output"))


@pytest.fixture(scope="module")
def harvests(province: Province) -> list[Row]:
    return rows_of(*agriculture.harvests(province))


def test_farms_are_firms_of_their_kind_in_the_county_of_the_department(province: Province) -> None:
    firms, extracts = province.firms, list(agriculture.farms(province))
    known = dict(zip(firms.uscc.to_pylist(), zip(firms.name.to_pylist(), firms.county_code.tolist(), strict=True), strict=True))
    area = dict(province.suppliers["agri_entity"])
    for extract in extracts:
        rows = rows_of(extract)
        units = province.places.unit_of(np.array([int(row["division_code"]) for row in rows]))
        assert set(units.tolist()) == {area[str(extract.department)]}
        for row in rows:
            assert known[row["uscc"]] == (row["entity_name"], int(row["division_code"]))
            assert (row["entity_kind"] == "4") == row["uscc"].startswith("N")
    kinds = Counter(row["entity_kind"] for row in rows_of(*extracts))
    assert set(kinds) == set("1234") and min(kinds.values()) > 5


def test_a_leading_enterprise_earns_what_it_reports_to_the_statisticians(province: Province) -> None:
    known = economy(province)
    year = dict(zip(province.firms.uscc.take(known.firm).to_pylist(), known.revenue[:, 24:].sum(axis=1).tolist(), strict=True))
    both = [row for row in rows_of(*agriculture.farms(province)) if row["uscc"] in year and row["income_wan"]]
    assert len(both) > 10
    assert all(Decimal(row["income_wan"]) == Decimal(year[row["uscc"]] // 100) / 100 for row in both)


def test_every_unit_reports_harvests_and_yields_recompute(province: Province, harvests: list[Row]) -> None:
    assert len({extract.department for extract in agriculture.harvests(province)}) == 14
    assert len({(r["division_code"], r["crop_code"], r["year"], r["season"]) for r in harvests}) == len(harvests)
    for row in harvests:
        kilograms = Decimal(row["output_t"]) * 1_000 / (Decimal(row["sown_ha"]) * 15)
        assert abs(kilograms - Decimal(row["yield_kg_mu"])) < Decimal("0.01")
        assert Decimal(row["damaged_ha"]) <= Decimal(row["sown_ha"])
    assert not [row for row in harvests if row["crop_code"] == "010100" and row["division_code"][:4] in ("1307", "1308")]


def test_wheat_of_the_stricken_counties_lies_far_below_their_own_five_years(province: Province, harvests: list[Row]) -> None:
    wheat: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for row in harvests:
        if row["crop_code"] == "010100":
            wheat[row["division_code"]][row["year"]] = float(row["yield_kg_mu"])
    deviations = {}
    for code, years in wheat.items():
        base = [years[str(year)] for year in range(2019, 2024)]
        deviations[code] = (years["2024"] - mean(base)) / stdev(base)
    stricken = {key["division_code"] for key in keys_of(agriculture.cases(province), "agriculture.wheat_yield_warning")}
    assert len(stricken) == 3 and all(deviations[code] < -4 for code in stricken)
    assert sum(deviation < -2 for deviation in deviations.values()) < len(deviations) / 10
    clean = clean_rows_of(*agriculture.harvests(province))
    assert Counter(row["division_code"] for row in clean) == dict.fromkeys(stricken, 10)


def test_nobody_gets_a_subsidy_twice_in_a_year_but_three(province: Province) -> None:
    extracts = list(agriculture.subsidies(province))
    assert [(extract.period, extract.department) for extract in extracts] == [
        ("2024-11", "agri"), ("2024-12", "agri"), ("2024-12", "finance"),
    ]  # fmt: skip
    newest = {row["pay_id"]: row for row in rows_of(*extracts)}
    paid: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in newest.values():
        assert row["payment_date"] <= row["update_time"][:10] and row["town_code"].startswith(row["division_code"])
        assert row["area_mu"] or row["subsidy_code"] in ("NB02", "NB07", "NB08", "NB09", "NB10")
        if row["pay_status"] == "1":
            paid[row["id_no"], row["subsidy_code"], row["payment_date"][:4]].append(row)
    twice = [rows for rows in paid.values() if len(rows) > 1]
    amounts = {str(sum(Decimal(row["amount"]) for row in rows)) for rows in twice}
    assert amounts == {key["amount"] for key in keys_of(agriculture.cases(province), "agriculture.repeated_subsidy")}
    assert all(len({row["division_code"] for row in rows}) == 2 for rows in twice)
    numbers = set(province.people.id_no.to_pylist())
    assert all(row["id_no"] in numbers for row in newest.values())


def test_december_turns_some_of_novembers_payments_into_returned_ones(province: Province) -> None:
    november, december, _ = (rows_of(extract) for extract in agriculture.subsidies(province))
    before = {row["pay_id"]: row["pay_status"] for row in november}
    turned = [row for row in december if row["pay_id"] in before]
    assert turned and all((before[row["pay_id"]], row["pay_status"]) == ("1", "2") for row in turned)
