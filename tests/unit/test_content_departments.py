"""Departments: right codes, names with dates, and a supplier for every dataset."""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from pathlib import Path

import pytest

from yishu.contract.load import load_project
from yishu.contract.model import Department, Project

ROOT = Path(__file__).parents[2]
TODAY = dt.date(2025, 1, 10)
SYMBOLS = {
    symbol: value for value, symbol in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")
}


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def organisation_digit_is_right(code: str) -> bool:
    """GB 11714: the weighted sum of nine characters, X counted as ten, is divisible by 11."""
    values = [
        10 if place == 8 and symbol == "X" else int(symbol, 36)
        for place, symbol in enumerate(code)
    ]
    return (
        sum(
            value * weight
            for value, weight in zip(values, (3, 7, 9, 10, 5, 8, 4, 2, 1), strict=True)
        )
        % 11
        == 0
    )


def credit_digit_is_right(code: str) -> bool:
    """GB 32100: read from the right as a number to the base 3 modulo 31, the 18 characters give no rest with weights 3^i."""
    rest, weight = 0, 1
    for symbol in code[:17]:
        rest, weight = (rest + SYMBOLS[symbol] * weight) % 31, weight * 3 % 31
    return (rest + SYMBOLS[code[17]]) % 31 == 0


@pytest.mark.parametrize(("code", "organisation", "credit"), [
    ("91110000600037341L", True, True), ("11430000006122244L", True, True), ("N2130102MF1234567D", True, True),
    ("91130102MA07K0QX07", False, True), ("51130682EUHUXQEE45", True, False),
])  # fmt: skip
def test_the_checks_themselves_tell_right_from_wrong(
    code: str, organisation: bool, credit: bool
) -> None:
    assert (organisation_digit_is_right(code[8:17]), credit_digit_is_right(code)) == (
        organisation,
        credit,
    )


def test_every_code_is_a_state_organs_uscc_of_its_area_with_both_check_digits(
    project: Project,
) -> None:
    for department in project.departments.values():
        code = department.code
        assert (
            len(code) == 18
            and set(code) <= set(SYMBOLS)
            and code.startswith(f"11{department.area}")
            and department.area.startswith("13")
        ), department
        assert organisation_digit_is_right(code[8:17]) and credit_digit_is_right(
            code
        ), department


def test_codes_and_names_are_each_ones_own(project: Project) -> None:
    departments = project.departments.values()
    assert (
        len({d.code for d in departments})
        == len({d.name for d in departments})
        == len(departments)
    )


def test_the_reform_of_2024_leaves_no_day_without_and_none_with_two(
    project: Project,
) -> None:
    old, new = project.departments["gov_services"], project.departments["dgs"]
    assert (old.name, new.name) == ("省政务服务管理办公室", "省数据和政务服务局")
    assert old.successor == "dgs" and old.valid_to is not None and new.valid_to is None
    assert old.valid_to + dt.timedelta(days=1) == new.valid_from
    assert new.valid_from.year == 2024


def test_only_a_department_that_ended_has_a_successor(project: Project) -> None:
    for department in project.departments.values():
        assert (department.successor is None) == (department.valid_to is None), (
            department
        )


def _valid(department: Department, day: dt.date) -> bool:
    return department.valid_from <= day and (
        department.valid_to is None or day <= department.valid_to
    )


def test_every_dataset_has_suppliers_that_are_valid_now(project: Project) -> None:
    for dataset in project.datasets.values():
        suppliers = [project.departments[s] for s in dataset.suppliers]
        assert len({d.code for d in suppliers}) == len(suppliers) >= 1, dataset.name
        assert len(suppliers) == 1 or dataset.database not in BASIC, dataset.name
        assert all(_valid(department, TODAY) for department in suppliers), dataset.name


def test_where_the_duty_is_local_each_area_hands_in_its_own_part_once(
    project: Project,
) -> None:
    units = {"130181", "130682", "133100"} | {f"13{n:02d}00" for n in range(1, 12)}
    for dataset in project.datasets.values():
        areas = [project.departments[s].area for s in dataset.suppliers]
        local = [area for area in areas if area != "130000"]
        assert not local or sorted(local) == sorted(units), dataset.name


def test_suppliers_are_those_of_the_provinces_catalogue(project: Project) -> None:
    named = {
        name: project.departments[d.suppliers[0]].name
        for name, d in project.datasets.items()
        if d.database in BASIC
    }
    assert named == {
        "macro_indicator_obs": "省统计局", "macro_indicator_meta": "省统计局", "leading_indicator_day": "省发展改革委",
        "market_entity": "省市场监管局", "entity_shareholder": "省市场监管局", "entity_social_insurance": "省人力资源社会保障厅",
        "person_base": "省公安厅", "marriage_reg": "省民政厅", "education_record": "省教育厅",
        "licence_type": "省数据和政务服务局", "licence": "省数据和政务服务局", "land_use_parcel": "省自然资源厅",
        "land_supply": "省自然资源厅", "mining_right": "省自然资源厅", "credit_record": "省数据和政务服务局",
        "credit_score": "省数据和政务服务局",
    }  # fmt: skip


BASIC = (
    "macro_economy",
    "legal_entity",
    "population",
    "e_licence",
    "land_resource",
    "credit",
)


def test_no_two_departments_could_be_taken_for_each_other(project: Project) -> None:
    for one, other in combinations(project.departments.values(), 2):
        assert one.name not in other.name, (one.name, other.name)
