"""Work, benefits, homes for the old and infections of the sample: what must agree agrees, and the planted cases are there."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from sample_parts import Row, keys_of, province_of, rows_of
from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.sample import elder_health, employment, macro_economy, population
from yishu.sample.economy import economy
from yishu.sample.province import Province

ROWS = 2_000
SEVERAL = ("hire_monitor", "elder_org", "elder_subsidy")


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def province(project: Project) -> Province:
    return province_of(project, [*SEVERAL, "macro_indicator_obs"], ROWS)


@pytest.fixture(scope="module")
def persons(province: Province) -> dict[str, Row]:
    return {row["id_no"]: row for row in rows_of(next(population.persons(province)))}


def test_staff_moves_from_month_to_month_and_is_that_of_the_economy(province: Province) -> None:
    extracts = list(employment.staff(province))
    assert {extract.department for extract in extracts} == {id for id, _ in province.suppliers["hire_monitor"]}
    months: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    for row in (row for extract in extracts for row in rows_of(extract)):
        months[row["uscc"]][row["period"]] = row
        assert int(row["staff_begin"]) + int(row["hires"]) - int(row["leaves"]) == int(row["staff_end"])
    known = economy(province)
    of_firm = dict(zip(province.firms.uscc.take(known.firm).to_pylist(), known.staff.tolist(), strict=True))
    for uscc, rows in months.items():
        ends = [int(rows[period]["staff_end"]) for period in sorted(rows)]
        assert ends == of_firm[uscc] and len(ends) == 36
        assert [int(rows[period]["staff_begin"]) for period in sorted(rows)][1:] == ends[:-1]


def test_the_staff_of_each_county_of_a_case_falls_by_three_per_cent(province: Province) -> None:
    begin: defaultdict[str, int] = defaultdict(int)
    end: defaultdict[str, int] = defaultdict(int)
    county = dict(zip(province.firms.uscc.to_pylist(), province.firms.division.tolist(), strict=True))
    for row in rows_of(*employment.staff(province)):
        if row["period"] == "202412":
            begin[str(county[row["uscc"]])] += int(row["staff_begin"])
            end[str(county[row["uscc"]])] += int(row["staff_end"])
    keys = keys_of(employment.cases(province), "employment.early_warning")
    red = [key["division_code"] for key in keys if "staff_light" in key]
    assert red
    assert all(end[code] * 100 <= begin[code] * 97 for code in red)


def test_every_eighth_is_out_of_work_in_the_county_of_the_case(province: Province) -> None:
    rows = rows_of(next(employment.registrations(province)))
    current = [row for row in rows if row["status_to"] is None]
    (poor,) = [
        key["division_code"]
        for key in keys_of(employment.cases(province), "employment.early_warning")
        if "unemployment_light" in key
    ]
    share = [row["job_status"] == "20" for row in current if row["division_code"] == poor]
    assert sum(share) / len(share) > 0.1
    assert sum(row["job_status"] == "20" for row in current) / len(current) < 0.06
    assert len({row["id_no"] for row in current}) == len(current)


def test_registrations_are_of_persons_of_working_age_and_change(province: Province, persons: dict[str, Row]) -> None:
    full, changes = (rows_of(extract) for extract in employment.registrations(province))
    for row in full + changes:
        assert persons[row["id_no"]]["alive_flag"] == "1"
        assert 16 <= int(row["status_from"][:4]) - int(row["id_no"][6:10]) <= 69
        assert row["job_status"] != "20" or row["uscc"] is None
        assert row["status_from"] <= row["update_time"][:10]
    ended = {row["reg_no"] for row in changes if row["status_to"]}
    assert ended and ended <= {row["reg_no"] for row in full}


def test_nobody_is_paid_after_death_but_those_of_the_cases(province: Province, persons: dict[str, Row]) -> None:
    extracts = list(employment.payments(province))
    suspects: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for extract in extracts:
        clean = set(extract.keep_clean.tolist())
        for place, row in enumerate(rows_of(extract)):
            death = persons[row["id_no"]]["death_date"]
            if death is not None and row["period"] > death[:7].replace("-", ""):
                assert place in clean and row["pay_result"] == "1"
                suspects[row["division_code"], row["benefit_code"]].add(row["id_no"])
    keys = keys_of(employment.cases(province), "employment.pay_after_death")
    told = {(key["division_code"], key["benefit_code"]): key["persons"] for key in keys}
    assert told == {place: str(len(those)) for place, those in suspects.items()}
    assert all(len(extract.keep_clean) >= 0.99 * extract.rows for extract in extracts), "a hundredth of bad rows is the most"
    assert [len({row["period"] for row in rows_of(extract)}) for extract in extracts] == [11, 1]


def test_one_dead_person_draws_two_pensions(province: Province) -> None:
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows_of(*employment.payments(province)):
        kinds[row["id_no"]].add(row["benefit_code"])
    assert {"110", "130"} in kinds.values()


def test_power_of_the_same_days_a_year_before_is_known(province: Province) -> None:
    value = {
        (r["division_code"], r["stat_date"]): Decimal(r["value"])
        for r in rows_of(*macro_economy.leading_days(province))
        if r["metric"] == "elec_kwh"
    }
    fallen = set()
    for (unit, day), now in value.items():
        if day >= "2024-06":
            before = value[unit, f"{int(day[:4]) - 1}{day[4:]}"]
            fallen |= {unit} if now * 100 / before < 95 else set()
    assert fallen == {str(macro_economy.falling_unit(province))}


def test_every_office_hands_in_its_own_homes_and_one_county_has_none(province: Province, persons: dict[str, Row]) -> None:
    area = dict(province.suppliers["elder_org"])
    homes: list[Row] = []
    for extract in elder_health.homes(province):
        rows = rows_of(extract)
        units = province.places.unit_of(np.array([int(row["division_code"]) for row in rows]))
        assert set(units.tolist()) == {area[str(extract.department)]}
        homes += rows
    keys = keys_of(elder_health.cases(province), "elder_health.nursing_beds_per_thousand")
    empty, unsafe = (key["division_code"] for key in keys)
    assert empty not in {home["division_code"] for home in homes}
    assert any(p["resid_division"] == empty and p["alive_flag"] == "1" and p["birth_date"] < "1964" for p in persons.values())
    there = [home for home in homes if home["division_code"] == unsafe]
    assert {home["fire_ok"] for home in there} == {"0"}
    assert str(sum(int(home["nursing_beds"]) for home in there)) == keys[1]["nursing_beds"]
    assert max(home["update_time"] for home in homes)[:10] == "2024-12-31"


def test_homes_keep_to_their_beds_and_belong_to_institutions_or_firms(province: Province) -> None:
    firms = set(province.firms.uscc.to_pylist())
    homes = rows_of(*elder_health.homes(province))
    for home in homes:
        assert int(home["nursing_beds"]) <= int(home["beds"]) >= int(home["residents"])
        assert home["fire_ok"] == "1" or (home["star"], home["residents"]) == (None, "0")
        assert (home["uscc"] in firms) == (home["org_nature"] != "1")
    assert any(home["licence_id"] for home in homes)


def test_subsidies_go_to_the_old_on_the_account_of_their_pension(province: Province) -> None:
    extracts = list(elder_health.subsidies(province))
    assert {extract.department for extract in extracts} == {id for id, _ in province.suppliers["elder_subsidy"]}
    rows = rows_of(*iter(extracts))
    for row in rows:
        age = int(row["period"][:4]) - int(row["birth_date"][:4])
        assert age >= (80 if row["subsidy_type"] == "01" else 60)
        assert row["subsidy_type"] != "03" or row["ability_level"] in ("2", "3", "4")
    accounts = {row["id_no"]: row["bank_account"] for row in rows_of(*employment.payments(province))}
    assert any(accounts.get(row["id_no"]) == row["bank_account"] for row in rows)
    assert all(accounts.get(row["id_no"], row["bank_account"]) == row["bank_account"] for row in rows)


def test_cards_are_in_order_and_the_outbreak_stands_out(province: Province) -> None:
    full, revised = (rows_of(extract) for extract in elder_health.infections(province))
    for row in full + revised:
        assert row["onset_date"] <= row["diag_time"][:10] and row["diag_time"] <= row["report_time"] <= row["update_time"]
        assert row["revised_flag"] == "0" or row["update_time"] > row["report_time"]
    assert {row["card_no"] for row in revised} <= {row["card_no"] for row in full}
    (key,) = keys_of(elder_health.cases(province), "elder_health.weekly_outbreak_warning")
    told, where = int(key["cases"]), (key["division_code"], key["disease_code"])
    ill = [row for row in full if (row["division_code"], row["disease_code"]) == where and row["case_type"] in "23"]
    weeks = Counter("{}-W{:02}".format(*dt.date.fromisoformat(row["onset_date"]).isocalendar()[:2]) for row in ill)
    assert weeks[key["week_period"]] == told >= 10
    before = [weeks[f"{year}-W20"] for year in (2021, 2022, 2023)]
    assert told > np.mean(before) + 2 * np.std(before, ddof=1)
