"""The clean province: persons, firms and facts that agree with each other across the departments' extracts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from sample_parts import Row, rows_of
from test_sample_digits import citizen_id_is_right, uscc_is_right
from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.sample import credit, e_licence, land_resource, legal_entity, macro_economy, population
from yishu.sample.places import TODAY
from yishu.sample.province import Province, make_province

ROWS = 2_000


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def province(project: Project) -> Province:
    return make_province(project.codelists, {"macro_indicator_obs": "11130000MB16272080"}, rows=ROWS, seed=11)


@pytest.fixture(scope="module")
def entities(province: Province) -> list[Row]:
    return rows_of(next(legal_entity.market_entities(province)))


@pytest.fixture(scope="module")
def persons(province: Province) -> list[Row]:
    return rows_of(next(population.persons(province)))


def test_persons_have_right_distinct_numbers_that_tell_birth_and_sex(persons: list[Row]) -> None:
    assert len({p["id_no"] for p in persons}) == len({p["person_id"] for p in persons}) == len(persons) == ROWS
    for person in persons:
        assert citizen_id_is_right(person["id_no"])
        assert person["id_no"][6:14] == person["birth_date"].replace("-", "")
        assert int(person["id_no"][16]) % 2 == int(person["sex_code"]) % 2
        assert (person["alive_flag"] == "0") == (person["death_date"] is not None)
        assert person["death_date"] is None or person["death_date"] >= person["birth_date"]
    assert 0.005 < sum(p["alive_flag"] == "0" for p in persons) / ROWS < 0.1


def test_some_numbers_start_with_a_county_code_that_has_been_abolished(persons: list[Row], province: Province) -> None:
    former = {str(f.code) for f in province.places.former}
    assert {"130521", "130526", "130527"} <= former
    born_there = [p for p in persons if p["id_no"][:6] in former]
    assert born_there
    assert all(p["hukou_division"] not in former for p in born_there)


def test_entities_have_right_distinct_codes_and_living_adult_representatives(entities: list[Row], persons: list[Row]) -> None:
    assert len({e["uscc"] for e in entities}) == ROWS
    assert all(uscc_is_right(e["uscc"]) and uscc_is_right(e["reg_authority"]) for e in entities)
    by_number = {p["id_no"]: p for p in persons}
    for entity in entities:
        person = by_number[entity["legal_rep_id_no"]]
        assert person["name"] == entity["legal_rep_name"]
        assert person["alive_flag"] == "1" and person["birth_date"] < "2007-01-10"
    assert {e["uscc"][:2] for e in entities} == {"91", "92", "93", "N2"}


def test_some_addresses_are_shared_by_a_hundred_entities_in_several_spellings(entities: list[Row]) -> None:
    plain = Counter(e["reg_address"].replace(" ", "").translate({0xFF10 + d: 0x30 + d for d in range(10)}) for e in entities)
    crowded = [address for address, count in plain.items() if count >= 100]
    assert crowded
    assert len({e["reg_address"] for e in entities if "众创大厦" in e["reg_address"]}) > len(crowded)


def test_later_deliveries_change_known_entities_bring_new_ones_and_tell_older_news_late(
    province: Province, entities: list[Row]
) -> None:
    _, changes, late = (rows_of(extract) for extract in legal_entity.market_entities(province))
    known = {e["uscc"]: e for e in entities}
    assert {c["uscc"] for c in changes} - known.keys(), "no newly founded entity"
    struck = [c for c in changes if c["reg_status"] == "4"]
    assert struck and all(known[c["uscc"]]["reg_status"] == "1" for c in struck)
    newest = {c["uscc"]: c["update_time"] for c in changes}
    assert late and all(known[row["uscc"]]["update_time"] < row["update_time"] < newest[row["uscc"]] for row in late)


def test_stakes_of_every_company_sum_to_a_hundred_per_cent_before_and_after_transfers(
    province: Province, entities: list[Row]
) -> None:
    full, transfers = (rows_of(extract) for extract in legal_entity.shareholders(province))
    stakes = {(r["uscc"], r["shareholder_id"], r["seq"]): r for r in full}
    for state in (stakes, stakes | {(r["uscc"], r["shareholder_id"], r["seq"]): r for r in transfers}):
        total: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in state.values():
            if row["end_date"] is None:
                total[row["uscc"]] += Decimal(row["ratio_pct"])
                assert row["shareholder_id"] != row["uscc"]
        assert set(total.values()) == {Decimal(100)}
    assert {r["uscc"] for r in full} <= {e["uscc"] for e in entities}
    assert any(r["end_date"] for r in transfers)


def test_contributions_balance_to_the_cent_for_three_months(province: Province, entities: list[Row]) -> None:
    months = [rows_of(extract) for extract in legal_entity.social_insurance(province)]
    known = {e["uscc"]: e for e in entities}
    assert len(months) == 3
    for row in (row for month in months for row in month):
        assert Decimal(row["payable_amt"]) == Decimal(row["paid_amt"]) + Decimal(row["arrears_amt"])
        assert row["uscc"] in known
    assert any(known[row["uscc"]]["reg_status"] == "4" for row in months[0]), "no struck-off firm with insured staff"
    assert any(Decimal(row["arrears_amt"]) > 0 for row in months[0])


def test_couples_are_a_man_and_a_woman_known_and_of_age(province: Province, persons: list[Row]) -> None:
    by_number = {p["id_no"]: p for p in persons}
    (extract,) = population.marriages(province)
    rows = rows_of(extract)
    assert len({r["cert_no"] for r in rows}) == len(rows)
    assert {r["reg_type"] for r in rows} == {"1", "2", "3"}
    wedded = {(r["a_id_no"], r["b_id_no"]): r["reg_date"] for r in rows if r["reg_type"] == "1"}
    for row in rows:
        husband, wife = by_number[row["a_id_no"]], by_number[row["b_id_no"]]
        assert (husband["sex_code"], wife["sex_code"]) == ("1", "2")
        assert int(row["reg_date"][:4]) - int(husband["birth_date"][:4]) >= 22
        assert wedded[row["a_id_no"], row["b_id_no"]] <= row["reg_date"] <= TODAY


def test_the_second_school_list_drops_and_adds_pupils(province: Province, persons: list[Row]) -> None:
    first, second = (rows_of(extract) for extract in population.education(province))
    before, after = ({r["record_id"] for r in part} for part in (first, second))
    assert before - after and after - before and before & after
    assert {r["id_no"] for r in first + second} <= {p["id_no"] for p in persons}


def test_licences_are_held_by_known_holders_and_some_expire_within_thirty_days(
    province: Province, entities: list[Row], persons: list[Row]
) -> None:
    types = {r["type_code"]: r for extract in e_licence.licence_types(province) for r in rows_of(extract)}
    full, today = (rows_of(extract) for extract in e_licence.licences(province))
    firms, people = {e["uscc"]: e for e in entities}, {p["id_no"]: p["name"] for p in persons}
    for row in full + today:
        assert types[row["type_code"]]["holder_type"] == "1" if row["holder_id_type"] == "111" else row["holder_id_no"] in firms
        name = people.get(row["holder_id_no"]) or firms[row["holder_id_no"]]["entity_name"]
        assert name == row["holder_name"]
    soon = [r for r in full if TODAY < r["valid_to"] <= "2025-02-09" and r["status"] == "1"]
    assert [r for r in soon if firms.get(r["holder_id_no"], {}).get("reg_status") == "1"]
    signed_wrong = [r for r in full if not (len(r["issuer_code"]) == 18 and uscc_is_right(r["issuer_code"]))]
    assert 0 < len(signed_wrong) < len(full) * 0.04


def test_a_countys_area_is_the_same_in_both_surveys_though_arable_land_changes(province: Province) -> None:
    surveys = [rows_of(extract) for extract in land_resource.parcels(province)]
    areas = [area_by_county(rows) for rows in surveys]
    arable = [area_by_county([r for r in rows if r["land_class"].startswith("01")]) for rows in surveys]
    assert areas[0] == areas[1]
    assert arable[0] != arable[1]
    assert any(r["cons_zone"] == "11" and not r["land_class"].startswith("01") for r in surveys[1]), "no farmland built over"
    assert {r["parcel_id"] for r in surveys[0]} - {r["parcel_id"] for r in surveys[1]}, "no parcel vanished"


def area_by_county(rows: list[Row]) -> dict[str, Decimal]:
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        total[row["division_code"]] += Decimal(row["area_sqm"])
    return dict(total)


def test_grades_have_the_published_shares_and_scores_lie_in_their_bands(province: Province, entities: list[Row]) -> None:
    quarters = [rows_of(extract) for extract in credit.scores(province)]
    for rows in quarters:
        assert {r["uscc"] for r in rows} == {e["uscc"] for e in entities}
        shares = {grade: count / len(rows) for grade, count in Counter(r["grade4"] for r in rows).items()}
        for grade, published in zip("ABCD", (0.0424, 0.9205, 0.0318, 0.0053), strict=True):
            assert shares[grade] == pytest.approx(published, abs=0.0005)
        bands = {"A": (90, 100), "B": (70, 90), "C": (50, 70), "D": (0, 50)}
        for row in rows:
            low, high = bands[row["grade4"]]
            assert low <= float(row["score"]) < high and row["grade"][0] == row["grade4"]
            assert len(json.loads(row["indicator_json"])) == 8


def test_firms_that_fell_from_b_to_d_were_punished_between_the_two_scores(province: Province) -> None:
    before, after = ({r["uscc"]: r["grade4"] for r in rows_of(extract)} for extract in credit.scores(province))
    fallen = {code for code, grade in after.items() if grade == "D" and before[code] == "B"}
    records = [row for extract in credit.records(province) for row in rows_of(extract)]
    punished = {
        r["uscc"] for r in records if r["record_kind"] in ("02", "03") and "2024-10-01" <= r["decide_date"] <= "2024-12-31"
    }
    assert len(fallen) >= 3
    assert fallen <= punished


def test_city_figures_are_the_sum_of_their_counties_and_some_final_figures_differ(province: Province) -> None:
    rows = [row for extract in macro_economy.observations(province) for row in rows_of(extract)]
    key = province.indicators[0].code
    december = {
        r["division_code"]: r for r in rows if (r["indicator_code"], r["period"], r["vintage_no"]) == (key, "2024-12", "1")
    }
    for city in province.places.cities:
        counties = [r for code, r in december.items() if code[:4] == str(city)[:4] and not code.endswith("00")]
        assert sum(Decimal(r["cum_value"]) for r in counties) == Decimal(december[str(city)]["cum_value"])
    assert len(december) == 1 + 11 + 167
    first, final = (growth_by_cell(rows, vintage) for vintage in ("1", "2"))
    revised = {cell[0] for cell, growth in final.items() if abs(growth - first[cell]) > 1}
    assert 1 <= len(revised) < len(province.indicators)


def growth_by_cell(rows: list[Row], vintage: str) -> dict[tuple[str, ...], Decimal]:
    return {
        (row["indicator_code"], row["division_code"], row["period"]): Decimal(row["yoy_pct"])
        for row in rows
        if row["vintage_no"] == vintage and row["yoy_pct"] is not None
    }


def test_leading_indicators_cover_the_fourteen_reporting_units(province: Province) -> None:
    for extract in macro_economy.leading_days(province):
        assert len({row["division_code"] for row in rows_of(extract)}) == 14


def test_a_small_province_still_has_every_dataset(project: Project) -> None:
    small = make_province(project.codelists, {"macro_indicator_obs": "11130000MB16272080"}, rows=1, seed=1)
    for make in (
        legal_entity.market_entities,
        population.marriages,
        e_licence.licences,
        credit.records,
        macro_economy.observations,
    ):
        assert all(extract.rows > 0 for extract in make(small))
