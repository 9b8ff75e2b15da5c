"""Fiscal, tax, employment, state assets, investment, development zones, science: their contracts and marts say what they must."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Field, Project, Rule

ROOT = Path(__file__).parents[2]
DATABASES = {
    "fiscal": ("S1", "special", {"budget_exec", "fund_payment"}, {"weakest_counties"}),
    "tax": ("S2", "special", {"tax_collect", "taxpayer_status"}, {"tax_per_mu", "invoice_gap"}),
    "employment": (
        "S3",
        "special",
        {"job_register", "benefit_pay", "hire_monitor"},
        {"early_warning", "pay_after_death"},
    ),
    "state_assets": ("T8", "thematic", {"soe_finance", "soe_tree"}, {"leveraged_loss_groups"}),
    "investment": ("T1", "thematic", {"invest_project", "invest_progress"}, {"lagging_counties"}),
    "science_tech": ("T4", "thematic", {"hightech_ent", "ip_right"}, {"innovation_density"}),
    "dev_zone": ("T7", "thematic", {"dev_zone", "dev_zone_kpi", "dev_zone_entity"}, {"tax_per_mu_grade"}),
}
NAMES = sorted(name for _, _, datasets, _ in DATABASES.values() for name in datasets)
TABLES = sorted(f"{database}.{mart}" for database, (_, _, _, marts) in DATABASES.items() for mart in marts)
SEQUENCE = "update_time"
"""Every history has it: it orders versions and says nothing about the world, so it is no element."""


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def written_rules(dataset: Dataset) -> list[Rule]:
    """What the contract's authors wrote, beyond what follows from types, keys and standards."""
    return [rule for field in dataset.fields for rule in field.rules] + list(dataset.rules)


def shared_fields(project: Project) -> dict[str, list[tuple[Dataset, Field]]]:
    found: dict[str, list[tuple[Dataset, Field]]] = defaultdict(list)
    for dataset in project.datasets.values():
        for field in dataset.fields:
            found[field.name].append((dataset, field))
    return {name: places for name, places in found.items() if len(places) > 1 and name != SEQUENCE}


def test_these_databases_have_no_errors(project: Project) -> None:
    ours = [error for error in check(project) if error.place and set(DATABASES) & set(Path(str(error.place.file)).parts)]
    assert not ours, "\n".join(map(str, ours))


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_each_database_has_its_datasets_and_marts(name: str, project: Project) -> None:
    code, kind, datasets, marts = DATABASES[name]
    database = project.databases[name]
    assert (database.code, database.kind, database.file.parent.parent.name) == (code, kind, kind)
    assert {d.name for d in project.datasets.values() if d.database == name} == datasets
    assert {m.name for m in project.marts.values() if m.database == name} == marts


@pytest.mark.parametrize("name", NAMES)
def test_each_dataset_has_three_rules_that_take_knowledge_of_the_field(name: str, project: Project) -> None:
    rules = [
        rule for rule in written_rules(project.datasets[name]) if rule.name not in ("row_count_not_zero", "period_is_yyyymm")
    ]
    assert len({rule.name for rule in rules}) == len(rules) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_tells_the_clerk_in_chinese_what_is_expected(name: str, project: Project) -> None:
    messages = [rule.message for rule in written_rules(project.datasets[name])]
    assert all(re.search("[一-龥]{4}", message) and re.search("应|不能|不得", message) for message in messages), messages
    assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_delivery_is_held_and_missing_values_are_left_alone(name: str, project: Project) -> None:
    rules = {rule.name: rule for rule in written_rules(project.datasets[name])}
    assert rules["row_count_not_zero"].severity == "critical"
    for rule in rules.values():
        if rule.type.startswith("expect_column_pair_values_"):
            assert rule.kwargs["ignore_row_if"] == "either_value_is_missing", rule.name
        if "row_condition" in rule.kwargs:
            assert rule.kwargs["condition_parser"] == "spark", rule.name


@pytest.mark.parametrize("name", NAMES)
def test_pairs_compare_values_of_one_kind(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    kinds = {"date": "time", "timestamp": "time", "integer": "number", "decimal": "number"}
    for rule in written_rules(dataset):
        if rule.type == "expect_column_pair_values_a_to_be_greater_than_b":
            first, second = (dataset.field(str(rule.kwargs[slot])).type.kind for slot in ("column_A", "column_B"))
            assert kinds[first] == kinds[second], rule.name


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_graded_and_masked_by_its_grade(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    text = dataset.file.read_text(encoding="utf-8")
    for field in dataset.fields:
        written = re.search(rf"- name: {field.name}\n(.*?)(?=\n      - name: |\n    quality:)", text, re.S)
        assert written is not None
        assert "classification:" in written[1] or field.element in project.elements, f"{field.name} has no grade"
        assert field.masked == (field.mask is not None), f"{field.name}: a mask from general-3 on, and only then"
        if re.search("姓名|身份证|公民身份号码|账号|^收款人", field.title) and field.name != "payee_type":
            assert field.masked, field.name


@pytest.mark.parametrize("name", NAMES)
def test_owner_cycle_supply_and_sharing_are_said(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    text = dataset.file.read_text(encoding="utf-8")
    assert "yishu.supply" in text and "yishu.tolerance" in text and "frequency" in text and "username: steward-" in text
    assert dataset.suppliers and dataset.system and dataset.code
    assert bool(dataset.sharing_condition) == (dataset.sharing == "conditional")
    if dataset.sharing == "unconditional":
        assert not [field.name for field in dataset.fields if field.masked]


def test_forms_of_supply_vary(project: Project) -> None:
    forms = Counter((project.datasets[n].supply.format, project.datasets[n].supply.encoding) for n in NAMES)
    assert len({form for form, _ in forms}) >= 6


@pytest.mark.parametrize("name", NAMES)
def test_write_mode_fits_key_and_sequence(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    if dataset.mode in ("history", "upsert"):
        assert dataset.sequence == SEQUENCE and dataset.field(SEQUENCE).required
    else:
        assert dataset.sequence is None
    if "vintage_no" in {f.name for f in dataset.fields}:
        assert "vintage_no" in dataset.key, "every vintage stays"


@pytest.mark.parametrize("name", NAMES)
def test_firms_and_persons_are_looked_up_at_their_source(name: str, project: Project) -> None:
    for field in project.datasets[name].fields:
        source = project.elements[field.element].source if field.element else None
        if source and field.element in ("uscc", "citizen_id", "project_code", "zone_id") and source != name:
            assert field.reference is not None and field.reference.dataset == source, field.name


def test_a_name_that_two_datasets_share_is_an_element_with_one_meaning(project: Project) -> None:
    for name, places in shared_fields(project).items():
        if {dataset.name for dataset, _ in places} & set(NAMES):
            elements = {field.element for _, field in places}
            assert len(elements) == 1 and None not in elements, f"{name}: {[d.name for d, _ in places]}"


def test_names_that_the_province_shares_are_elements_here(project: Project, shared_data: Path) -> None:
    province = json.loads((shared_data.parent / "datasets.json").read_text(encoding="utf-8"))
    uses = Counter(field["en"] for database in province for dataset in database["datasets"] for field in dataset["fields"])
    for name in NAMES:
        for field in project.datasets[name].fields:
            assert field.element or uses[field.name] < 2, f"{name}.{field.name}"


def test_local_suppliers_are_one_for_each_of_the_14_units(project: Project) -> None:
    units = {row.split(",")[0] for row in (ROOT / "schemas/codes/reporting_units.csv").read_text("utf-8").splitlines()[1:]}
    for name in NAMES:
        areas = [project.departments[s].area for s in project.datasets[name].suppliers]
        assert len(set(areas)) == len(areas) and (len(areas) == 1 or units <= set(areas)), name


def test_every_gold_question_has_its_mart_and_case(project: Project, shared_data: Path) -> None:
    province = json.loads((shared_data.parent / "datasets.json").read_text(encoding="utf-8"))
    asked = {database["en"]: len(database["questions"]) for database in province}
    for name in DATABASES:
        questions = {m.question for m in project.marts.values() if m.database == name} - {""}
        assert len(questions) == asked[name], name


@pytest.mark.parametrize("table", TABLES)
def test_marts_are_readable_keyed_and_worked_by_hand(table: str, project: Project) -> None:
    mart = project.marts[table]
    assert (ROOT / "tests" / "cases" / "marts" / f"{table}.yaml").is_file()
    assert mart.key and all(f.required and not f.masked for f in mart.fields if f.name in mart.key)
    assert all(re.search("[一-龥]", f.title) for f in mart.fields)
    assert "as_of" in {f.name for f in mart.fields}


@pytest.mark.parametrize("table", TABLES)
def test_ratios_carry_numerator_and_denominator(table: str, project: Project) -> None:
    fields = project.marts[table].fields
    parts = [f.description[:2] for f in fields if f.description.startswith(("分子", "分母"))]
    if any(re.search("_pct$|_per_", f.name) for f in fields):
        assert {"分子", "分母"} <= set(parts), table


@pytest.mark.parametrize("table", TABLES)
def test_areas_roll_up_by_the_dated_list_and_nothing_depends_on_the_clock(table: str, project: Project) -> None:
    mart = project.marts[table]
    code = re.sub(r"--[^\n]*", "", mart.select.read_text(encoding="utf-8")).lower()
    assert not re.search(r"(left|substr|substring)\(\s*[a-z_.]*(division|unit_code|\bcode)", code)
    assert not re.search(r"current_date|current_timestamp|\bnow\(|\brand\(|\bfirst\(|\blast\(|any_value", code)
    if "unit_code" in code:
        assert "codes.reporting_units" in mart.inputs and "u.valid_from" in code
