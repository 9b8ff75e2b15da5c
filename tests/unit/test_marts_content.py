"""The marts of the basic databases and the shared dimensions: what their contracts and SELECTs must keep to."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import chinese_calendar
import pytest

from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.contract.model import Mart, Project

ROOT = Path(__file__).parents[2]
BASIC = ("macro_economy", "legal_entity", "population", "e_licence", "land_resource", "credit")
DIMENSIONS = {"division", "reporting_unit", "reporting_unit_division", "industry", "department", "date", "indicator"}
QUESTIONS = {"macro_economy": 2, "legal_entity": 2, "population": 2, "e_licence": 2, "land_resource": 2, "credit": 2}


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def marts(project: Project) -> list[Mart]:
    return [m for m in project.marts.values() if m.database in BASIC or m.database == "dim"]


def code_of(mart: Mart) -> str:
    """The SELECT without its comments, in lower case."""
    return re.sub(r"--[^\n]*", "", mart.select.read_text(encoding="utf-8")).lower()


def code_rows(project: Project, name: str) -> list[dict[str, str]]:
    with project.codelists[name].open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_contracts_and_selects_have_no_errors(project: Project) -> None:
    ours = [error for error in check(project) if error.place and {"gold", "dim"} & set(Path(str(error.place.file)).parts)]
    assert not ours, "\n".join(map(str, ours))


def test_every_question_of_the_basic_databases_has_its_mart(project: Project) -> None:
    for database, count in QUESTIONS.items():
        asked = {m.question for m in marts(project) if m.database == database}
        assert "" not in asked
        assert len(asked) == count, database


def test_the_shared_dimensions_are_there(project: Project) -> None:
    assert {m.name for m in marts(project) if m.database == "dim"} == DIMENSIONS


def test_each_mart_has_a_key_that_is_required(project: Project) -> None:
    for mart in marts(project):
        assert mart.key, mart.table
        assert all(f.required for f in mart.fields if f.name in mart.key), mart.table


def test_no_key_is_hidden_by_a_mask(project: Project) -> None:
    for mart in marts(project):
        assert not [f.name for f in mart.fields if f.name in mart.key and f.masked], mart.table


def test_the_same_inputs_give_the_same_rows(project: Project) -> None:
    clock_or_chance = r"current_date|current_timestamp|\bnow\(|\brand\(|\buuid\(|monotonically|\bfirst\(|\blast\(|any_value"
    for mart in marts(project):
        assert not re.search(clock_or_chance, code_of(mart)), mart.table


def test_areas_roll_up_by_the_dated_list_and_never_by_cutting_the_code(project: Project) -> None:
    cut = r"(left|substr|substring)\(\s*[a-z_.]*(division|unit_code|\bcode)"
    for mart in marts(project):
        code = code_of(mart)
        assert not re.search(cut, code), mart.table
        if "unit_code" in code and mart.database != "dim":
            assert "codes.reporting_units" in mart.inputs, mart.table
            assert re.search(r"\bu?\.?valid_from", code), f"{mart.table} reads the mapping without its dates"


def test_each_share_carries_its_numerator_and_denominator(project: Project) -> None:
    for mart in marts(project):
        titles = {f.name: f.description for f in mart.fields}
        computed = [name for name in titles if re.match(r"(share|wrong|growth)_pct$", name)]
        for name in computed:
            parts = [text for text in titles.values() if text.startswith(("分子", "分母"))]
            assert len(parts) == 2, f"{mart.table}.{name}"


def test_persons_are_named_by_masked_elements_only(project: Project) -> None:
    personal = {"id_no", "legal_rep_id_no", "a_id_no", "b_id_no", "holder_id_no", "name", "legal_rep_name", "holder_name"}
    for mart in marts(project):
        for field in mart.fields:
            assert field.masked or field.name not in personal, f"{mart.table}.{field.name}"


def test_departments_are_those_of_the_register(project: Project) -> None:
    listed = [
        (r["code"], r["name"], r["id"], r["area"], r["valid_from"], r["valid_to"], r["successor"])
        for r in code_rows(project, "departments")
    ]
    known = [
        (d.code, d.name, d.id, d.area, str(d.valid_from), str(d.valid_to or ""), d.successor or "")
        for d in project.departments.values()
    ]
    assert sorted(listed) == sorted(known)


def test_workdays_list_the_exceptions_of_the_calendar(project: Project) -> None:
    calendar = chinese_calendar.constants
    exceptions = {d.isoformat(): "0" for d in calendar.holidays if d.weekday() < 5}
    exceptions |= {d.isoformat(): "1" for d in calendar.workdays if d.weekday() >= 5}
    rows = {r["code"]: r["workday"] for r in code_rows(project, "workdays")}
    # A later release of the calendar may know more years; what it says of ours must not differ.
    assert rows == {day: kind for day, kind in exceptions.items() if day < "2027"}
    assert all(re.search("[一-龥]", r["name"]) for r in code_rows(project, "workdays"))
