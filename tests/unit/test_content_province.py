"""The thematic, special and policy databases say what they must: rules, grades, sources, forms of supply, a mart and a case for each question."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Field, Mart, Project, Rule

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "marts"
DATABASES: dict[str, tuple[str, set[str]]] = {
    "investment": ("T1", {"invest_project", "invest_progress"}),
    "agriculture": ("T2", {"crop_output", "agri_subsidy", "agri_entity"}),
    "leading_industry": ("T3", {"industrial_ent_month", "chain_link"}),
    "science_tech": ("T4", {"hightech_ent", "ip_right"}),
    "trade": ("T5", {"customs_trade"}),
    "consumption": ("T6", {"retail_month", "tour_visit", "voucher_redeem"}),
    "dev_zone": ("T7", {"dev_zone", "dev_zone_kpi", "dev_zone_entity"}),
    "state_assets": ("T8", {"soe_finance", "soe_tree"}),
    "jjj_coord": ("T9", {"relocation_project", "cross_region_service"}),
    "coastal": ("T10", {"port_throughput", "marine_use"}),
    "county_industry": ("T11", {"cluster_month", "cluster_entity", "mu_evaluation"}),
    "emergency": (
        "T12",
        {
            "major_hazard", "hazard_alarm", "accident", "safety_inspection", "hydro_station", "hydro_downstream", "equip",
            "equip_inspect", "food_licence", "food_batch", "food_test", "drug_trace",
        },
    ),
    "environment": ("T13", {"air_quality", "emission_online", "carbon_account", "carbon_factor"}),
    "fiscal": ("S1", {"budget_exec", "fund_payment"}),
    "tax": ("S2", {"tax_collect", "taxpayer_status"}),
    "employment": ("S3", {"job_register", "benefit_pay", "hire_monitor"}),
    "energy": ("S4", {"energy_use", "power_load", "region_energy_year", "energy_target"}),
    "transport": ("S5", {"road_traffic", "transport_licence", "vehicle_track", "traffic_control"}),
    "logistics": ("S6", {"freight_order", "express_volume"}),
    "elder_health": ("S7", {"elder_org", "elder_subsidy", "infectious_report"}),
    "policy_doc": ("P1", {"policy_document", "policy_clause", "supervise_task"}),
}  # fmt: skip
KINDS = {"T": "thematic", "S": "special", "P": "policy"}
NAMES = sorted(name for _, datasets in DATABASES.values() for name in datasets)
TABLES = sorted(file.stem for file in CASES.glob("*.yaml") if file.stem.split(".")[0] in DATABASES)
SEQUENCE = "update_time"
"""Every history has it: it orders versions and says nothing about the world, so it is no element."""
PAIRS = "expect_column_pair_values_"
LISTS = (
    "accident_types", "budget_subjects", "cargo_classes", "coastal_counties", "countries", "crops", "customs_units", "diseases",
    "energies", "harbours", "hs_chapters", "industry_chains", "job_warning_lights", "lunar_new_years", "policy_themes", "pollutants",
    "rcep_members", "sea_use_types", "subsidy_items", "tax_kinds", "trade_modes",
)  # fmt: skip


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


@pytest.fixture(scope="module")
def province(shared_data: Path) -> dict[str, dict[str, list[dict[str, str]]]]:
    """The databases as the province's catalogue names them."""
    found = json.loads((shared_data.parent / "datasets.json").read_text(encoding="utf-8"))
    return {database["en"]: database for database in found}


def written_rules(dataset: Dataset) -> list[Rule]:
    """What the contract's authors wrote, beyond what follows from types, keys and standards."""
    return [rule for field in dataset.fields for rule in field.rules] + list(dataset.rules)


def code_of(mart: Mart) -> str:
    """The SELECT without its comments, in lower case."""
    return re.sub(r"--[^\n]*", "", mart.select.read_text(encoding="utf-8")).lower()


def listed(project: Project, name: str) -> list[dict[str, str]]:
    with project.codelists[name].open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_contracts_and_selects_have_no_errors(project: Project) -> None:
    assert not check(project), "\n".join(map(str, check(project)))


def test_the_26_databases_and_the_policy_documents_are_there(project: Project, province: dict[str, object]) -> None:
    assert set(province) == set(project.databases) - {"dim"}
    assert len(province) == 27


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_each_database_has_its_datasets_in_its_class(name: str, project: Project, province: dict[str, dict[str, object]]) -> None:
    code, datasets = DATABASES[name]
    database = project.databases[name]
    kind = KINDS[code[0]]
    assert (database.code, database.kind, database.file.parent.parent.name) == (code, kind, kind)
    assert database.title == province[name]["cn"]
    assert database.lead
    assert {d.name for d in project.datasets.values() if d.database == name} == datasets


def test_each_periodic_dataset_says_until_when_it_is_handed_in(project: Project) -> None:
    """In working days; the daily ones with a week follow the seven days of 双公示."""
    latest = {"daily": 7, "weekly": 3, "monthly": 20, "quarterly": 30, "half-yearly": 30, "yearly": 120}
    for dataset in project.datasets.values():
        if dataset.cycle != "realtime":
            assert dataset.deadline and dataset.deadline <= latest[dataset.cycle], dataset.name


TRACING = {"emergency": {"bad_food_lot_reach", "food_lot_gap", "drug_chain_gap", "equip_due"}}
"""Marts of the tables that trace food, drugs and special equipment, which no question of the databases asks for."""


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_every_question_has_its_mart(name: str, project: Project, province: dict[str, dict[str, list[dict[str, str]]]]) -> None:
    asked = {question["q"] for question in province[name]["questions"]}
    answered = {m.question: m.name for m in project.marts.values() if m.database == name}
    assert answered.keys() >= asked
    assert {answered[question] for question in answered.keys() - asked} == TRACING.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_each_dataset_has_three_rules_that_take_knowledge_of_the_field(name: str, project: Project) -> None:
    generic = ("row_count_not_zero", "period_is_yyyymm")
    rules = [rule for rule in written_rules(project.datasets[name]) if rule.name not in generic]
    assert len({rule.name for rule in rules}) == len(rules) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_tells_the_clerk_in_chinese_what_is_expected(name: str, project: Project) -> None:
    messages = [rule.message for rule in written_rules(project.datasets[name])]
    assert all(re.search("[一-龥]{4}", message) for message in messages), messages
    assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_delivery_is_held_and_missing_values_are_left_alone(name: str, project: Project) -> None:
    rules = {rule.name: rule for rule in written_rules(project.datasets[name])}
    held = rules["row_count_not_zero"]
    assert (held.type, held.severity, held.kwargs) == ("expect_table_row_count_to_be_between", "critical", {"min_value": 1})
    for rule in rules.values():
        if rule.type.startswith(PAIRS):
            assert rule.kwargs["ignore_row_if"] == "either_value_is_missing", rule.name
        if "row_condition" in rule.kwargs:
            assert rule.kwargs["condition_parser"] == "spark", rule.name


@pytest.mark.parametrize("name", NAMES)
def test_pairs_compare_values_of_one_kind(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    kinds = {"date": "time", "timestamp": "time", "integer": "number", "decimal": "number"}
    for rule in written_rules(dataset):
        if rule.type == f"{PAIRS}a_to_be_greater_than_b":
            first, second = (dataset.field(str(rule.kwargs[slot])).type.kind for slot in ("column_A", "column_B"))
            assert kinds[first] == kinds[second], rule.name


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_graded_and_masked_by_its_grade(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    given = yaml.safe_load(dataset.file.read_text(encoding="utf-8"))["schema"][0]["properties"]
    for entry, field in zip(given, dataset.fields, strict=True):
        assert entry.get("classification") or field.element in project.elements, f"{field.name} has no grade"
        assert field.masked == (field.mask is not None), f"{field.name}: a mask from general-3 on, and only then"
        if re.search("姓名|身份证|公民身份号码|账号|^收款人", field.title) and field.name != "payee_type":
            assert field.masked, field.name


@pytest.mark.parametrize("name", NAMES)
def test_owner_cycle_supply_and_sharing_are_said(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    text = dataset.file.read_text(encoding="utf-8")
    for said in ("yishu.supply", "yishu.tolerance", "frequency", "username: steward-"):
        assert said in text, said
    assert dataset.suppliers
    assert dataset.system
    assert re.fullmatch(r"2-[0-9]{2}-[0-9]{3}/[0-9]{6}", dataset.code)
    assert bool(dataset.sharing_condition) == (dataset.sharing != "unconditional")
    if dataset.sharing == "unconditional":
        assert not [field.name for field in dataset.fields if field.masked]


def test_codes_of_datasets_are_each_ones_own(project: Project) -> None:
    assert not [code for code, n in Counter(d.code for d in project.datasets.values()).items() if n > 1]


def test_supply_comes_in_every_form(project: Project) -> None:
    supplies = [project.datasets[name].supply for name in NAMES]
    assert {"csv", "xlsx", "jsonl", "json", "xml", "fixed"} <= {supply.format for supply in supplies}
    assert {"utf-8", "gb18030"} <= {supply.encoding for supply in supplies if supply.format == "csv"}


@pytest.mark.parametrize("name", NAMES)
def test_write_mode_fits_key_and_sequence(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    if dataset.mode in ("history", "upsert"):
        assert dataset.sequence == SEQUENCE
        assert dataset.field(SEQUENCE).required
        assert dataset.field(SEQUENCE).type.kind == "timestamp"
    else:
        assert dataset.sequence is None
    if "vintage_no" in {field.name for field in dataset.fields}:
        assert "vintage_no" in dataset.key, "every vintage stays"


@pytest.mark.parametrize("name", NAMES)
def test_firms_persons_projects_zones_and_policies_are_looked_up_at_their_source(name: str, project: Project) -> None:
    looked_up = ("uscc", "citizen_id", "project_code", "zone_id", "policy_id", "hazard_id", "cluster_id")
    for field in project.datasets[name].fields:
        source = project.elements[field.element].source if field.element else None
        if source and field.element in looked_up and source != name:
            assert field.reference is not None, field.name
            assert field.reference.dataset == source, field.name


def test_a_name_that_two_datasets_share_is_an_element_with_one_meaning(project: Project) -> None:
    places: dict[str, list[tuple[Dataset, Field]]] = defaultdict(list)
    for dataset in project.datasets.values():
        for field in dataset.fields:
            places[field.name].append((dataset, field))
    for name, found in places.items():
        ours = [field for dataset, field in found if dataset.database in DATABASES]
        if name == SEQUENCE or not ours or len(found) == 1:
            continue
        assert all(field.element for field in ours), f"{name}: {[dataset.name for dataset, _ in found]}"
        # What issued a licence is kept as it was written, wrong codes too: it alone shares a name without being the element.
        elements = {field.element for dataset, field in found if (dataset.name, name) != ("licence", "issuer_code")}
        assert len(elements) == 1, f"{name}: {[dataset.name for dataset, _ in found]}"


def test_names_that_the_provinces_catalogue_shares_are_elements(
    project: Project, province: dict[str, dict[str, list[dict[str, list[dict[str, str]]]]]]
) -> None:
    uses = Counter(field["en"] for database in province.values() for dataset in database["datasets"] for field in dataset["fields"])
    for name in NAMES:
        for field in project.datasets[name].fields:
            assert field.element or uses[field.name] < 2 or field.name == SEQUENCE, f"{name}.{field.name}"


@pytest.mark.parametrize(("element", "source"), [
    ("project_code", "invest_project"), ("tax_amt", "tax_collect"), ("zone_id", "dev_zone"), ("hazard_id", "major_hazard"),
    ("cluster_id", "cluster_month"), ("chain_code", "chain_link"), ("employees", "industrial_ent_month"),
    ("policy_id", "policy_document"), ("plate_no", "transport_licence"), ("st_id", "hydro_station"),
])  # fmt: skip
def test_one_source(element: str, source: str, project: Project) -> None:
    assert project.elements[element].source == source
    assert [d.name for d in project.datasets.values() if element in d.source_of] == [source]


def test_every_source_in_the_elements_is_claimed_once(project: Project) -> None:
    claims = Counter(element for dataset in project.datasets.values() for element in dataset.source_of)
    assert claims == Counter(element.name for element in project.elements.values() if element.source)


def test_local_duties_are_handed_in_by_all_fourteen_units(project: Project) -> None:
    units = {row["code"] for row in listed(project, "reporting_units")}
    local = {n for n in NAMES if units <= {project.departments[s].area for s in project.datasets[n].suppliers}}
    assert local >= {
        "agri_entity", "cluster_entity", "cluster_month", "crop_output", "dev_zone_kpi", "elder_org", "elder_subsidy",
        "hire_monitor", "relocation_project", "safety_inspection", "soe_finance",
    }  # fmt: skip
    several = {name for name in set(NAMES) - local if len(project.datasets[name].suppliers) > 1}
    assert several == {"agri_subsidy", "policy_clause"}, "of these several departments of the province hand in their part"


def test_every_code_has_a_meaning_and_fits_its_field(project: Project) -> None:
    for name in NAMES:
        for field in project.datasets[name].fields:
            assert all(value.label for value in field.values), (name, field.name)
            codes = [value.value for value in field.values]
            if field.codelist and field.check != "industry":
                codes = [row["code"] for row in listed(project, field.codelist)]
            assert all(len(code) <= (field.type.length or len(code)) for code in codes), (name, field.name)


def test_code_lists_are_in_use_and_in_the_readme(project: Project) -> None:
    readme = (ROOT / "schemas" / "codes" / "README.md").read_text(encoding="utf-8")
    used = {field.codelist for dataset in project.datasets.values() for field in dataset.fields}
    used |= {name.removeprefix("codes.") for mart in project.marts.values() for name in mart.inputs}
    for name in LISTS:
        assert listed(project, name), name
        assert name in used, name
        assert f"`{name}`" in readme, name


def test_no_two_code_lists_have_the_same_content(project: Project) -> None:
    contents = {name: frozenset((row["code"], row["name"]) for row in listed(project, name)) for name in project.codelists}
    for name in LISTS:
        others = [other for other, content in contents.items() if other != name and content == contents[name]]
        assert not others, (name, others)


def test_lists_that_marts_lean_on_agree_with_each_other(project: Project) -> None:
    countries = {row["code"]: row["name"] for row in listed(project, "countries")}
    members = listed(project, "rcep_members")
    assert len(members) == 14
    assert all(countries[row["code"]] == row["name"] for row in members)
    new_years = {row["code"][:4] for row in listed(project, "lunar_new_years")}
    assert {row["code"][:4] for row in listed(project, "workdays") if row["name"] == "春节" and row["code"] > "2010"} <= new_years
    assert {row["report_hours"] for row in listed(project, "diseases") if row["class"] == "甲"} == {"2"}


def test_each_mart_has_its_case(project: Project) -> None:
    assert {mart.table for mart in project.marts.values() if mart.database in DATABASES} == set(TABLES)


@pytest.mark.parametrize("table", TABLES)
def test_marts_can_be_read_by_an_analyst(table: str, project: Project) -> None:
    mart = project.marts[table]
    assert mart.key
    assert all(field.required for field in mart.fields if field.name in mart.key)
    assert all(re.search("[一-龥]", field.title) for field in mart.fields)
    assert all(field.masked or field.name not in ("id_no", "name", "bank_account") for field in mart.fields)


@pytest.mark.parametrize("table", TABLES)
def test_ratios_carry_numerator_and_denominator(table: str, project: Project) -> None:
    fields = project.marts[table].fields
    texts = [field.description for field in fields]
    if any(re.search("(_pct|_per_[a-z_]+|_ratio|intensity.*|correlation)$", field.name) for field in fields):
        assert any("分子" in text for text in texts)
        assert any("分母" in text for text in texts)


@pytest.mark.parametrize("table", TABLES)
def test_areas_roll_up_by_the_dated_list_and_nothing_depends_on_chance(table: str, project: Project) -> None:
    mart = project.marts[table]
    code = code_of(mart)
    chance = r"current_date|current_timestamp|\bnow\(|\brand\(|\buuid\(|monotonically|\bfirst\(|\blast\(|any_value"
    assert not re.search(r"(left|substr|substring)\(\s*[a-z_.]*(division|unit_code|\bcode)", code)
    assert not re.search(chance, code)
    if "unit_code" in code:
        assert "codes.reporting_units" in mart.inputs
        assert re.search(r"\bu?\.?valid_from", code)
