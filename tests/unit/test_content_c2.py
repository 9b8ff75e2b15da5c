"""The thematic and special databases on environment, emergency, energy, traffic, logistics, coast and 京津冀 say what they must."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Field, Mart, Project, Rule

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "marts"
PAIRS = "expect_column_pair_values_"
ORDERING = "update_time"
"""The column that orders versions of a key: it stands in many datasets and is each one's own."""
DATABASES: dict[str, tuple[str, str, set[str], set[str]]] = {
    "environment": (
        "T13", "生态环境主题数据库", {"air_quality", "emission_online", "carbon_account", "carbon_factor"},
        {"14个报告单元PM2.5年均与改善率、重污染天数", "重点企业年碳排放＝Σ活动数据×热值×含碳量×氧化率×44/12＋电量×电网因子"},
    ),
    "emergency": (
        "T12", "应急管理和监管主题数据库",
        {
            "major_hazard", "hazard_alarm", "accident", "safety_inspection", "hydro_station", "hydro_downstream", "equip",
            "equip_inspect", "food_licence", "food_batch", "food_test", "drug_trace",
        },
        {"24小时未消警的红橙报警企业清单及其最近检查日期", "水库/河道超汛限并下游有重大危险源的县"},
    ),
    "energy": (
        "S4", "能源专题数据库", {"energy_use", "power_load", "region_energy_year", "energy_target"},
        {"单位GDP能耗（吨标煤/万元，可比价）同比与十四五目标差距"},
    ),
    "transport": (
        "S5", "交通专题数据库", {"road_traffic", "transport_licence", "vehicle_track", "traffic_control"},
        {"危货车辆在重大活动管控时段进入管控县的次数"},
    ),
    "logistics": (
        "S6", "物流专题数据库", {"freight_order", "express_volume"},
        {"县域快递进出比与特色产业集群出口额关联", "装卸时间倒置或里程/时长换算速度>130km/h的运单"},
    ),
    "coastal": (
        "T10", "沿海经济主题数据库", {"port_throughput", "marine_use"}, {"秦皇岛、唐山、沧州三市沿海县GDP占全省比重与港口吞吐量相关"},
    ),
    "jjj_coord": (
        "T9", "京津冀协同发展主题数据库", {"relocation_project", "cross_region_service"},
        {"雄安新区承接央企二三级子公司数与投资额按季变化", "跨省通办平均办理工作日与承诺比"},
    ),
}  # fmt: skip
NAMES = sorted(name for _, _, datasets, _ in DATABASES.values() for name in datasets)


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def ours(project: Project) -> list[Dataset]:
    return [d for d in project.datasets.values() if d.database in DATABASES]


def marts(project: Project) -> list[Mart]:
    return [m for m in project.marts.values() if m.database in DATABASES]


def written_rules(dataset: Dataset) -> list[Rule]:
    """What the contract's authors wrote, beyond what follows from types, keys and standards."""
    return [rule for field in dataset.fields for rule in field.rules] + list(dataset.rules)


def contract_of(file: Path) -> dict[str, object]:
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def code_of(mart: Mart) -> str:
    return re.sub(r"--[^\n]*", "", mart.select.read_text(encoding="utf-8")).lower()


def test_the_contracts_have_no_errors_between_them(project: Project) -> None:
    errors = [e for e in check(project) if e.place and DATABASES.keys() & set(Path(str(e.place.file)).parts)]
    assert not errors, "\n".join(map(str, errors))


def test_every_database_has_its_datasets(project: Project) -> None:
    for name, (code, title, datasets, _) in DATABASES.items():
        database = project.databases[name]
        kind = "thematic" if code.startswith("T") else "special"
        assert (database.code, database.title, database.kind) == (code, title, kind)
        assert {d.name for d in ours(project) if d.database == name} == datasets


@pytest.mark.parametrize("name", NAMES)
def test_each_dataset_has_three_rules_or_more_that_take_knowledge_of_the_field(name: str, project: Project) -> None:
    rules = [rule for rule in written_rules(project.datasets[name]) if rule.name != "row_count_not_zero"]
    assert len({rule.name for rule in rules}) == len(rules) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_tells_the_clerk_in_chinese_what_is_expected(name: str, project: Project) -> None:
    messages = [rule.message for rule in written_rules(project.datasets[name])]
    assert all(re.search("[一-龥]{4}", message) for message in messages)
    assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_delivery_is_held_and_missing_values_are_left_alone(name: str, project: Project) -> None:
    rules = {rule.name: rule for rule in written_rules(project.datasets[name])}
    assert (rules["row_count_not_zero"].severity, rules["row_count_not_zero"].kwargs) == ("critical", {"min_value": 1})
    for rule in rules.values():
        if rule.type.startswith(PAIRS):
            assert rule.kwargs["ignore_row_if"] == "either_value_is_missing", rule.name
        if "row_condition" in rule.kwargs:
            assert rule.kwargs["condition_parser"] == "spark", rule.name


@pytest.mark.parametrize("name", NAMES)
def test_pairs_are_compared_in_like_types(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    alike = {"date": "time", "timestamp": "time", "integer": "number", "decimal": "number"}
    for rule in written_rules(dataset):
        if rule.type == f"{PAIRS}a_to_be_greater_than_b":
            first, second = (alike[dataset.field(str(rule.kwargs[slot])).type.kind] for slot in ("column_A", "column_B"))
            assert first == second, rule.name


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_graded_and_masked_by_its_grade(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    schema = contract_of(dataset.file)["schema"]
    assert isinstance(schema, list)
    for given in schema[0]["properties"]:
        assert "classification" in given or "authoritativeDefinitions" in given, given["name"]
    for field in dataset.fields:
        assert field.masked == (field.mask is not None), field.name
        assert not field.masked or dataset.sharing == "conditional", field.name


@pytest.mark.parametrize("name", NAMES)
def test_supply_sharing_and_owner_are_said(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    properties = contract_of(dataset.file)["customProperties"]
    assert isinstance(properties, list)
    assert "yishu.supply" in {p["property"] for p in properties}
    assert dataset.system and re.fullmatch(r"2-[0-9]{2}-[0-9]{3}/[0-9]{6}", dataset.code)
    assert bool(dataset.sharing_condition) == (dataset.sharing == "conditional")
    areas = [project.departments[s].area for s in dataset.suppliers]
    assert len(set(areas)) == len(areas), "one supplier per area"
    if dataset.mode in ("history", "upsert"):
        assert dataset.sequence == ORDERING and dataset.field(ORDERING).type.kind == "timestamp"


def test_codes_of_datasets_are_each_ones_own(project: Project) -> None:
    assert not [code for code, n in Counter(d.code for d in project.datasets.values()).items() if n > 1]


def test_every_field_shared_across_datasets_is_an_element(project: Project) -> None:
    holders = Counter(field.name for dataset in project.datasets.values() for field in dataset.fields)
    for dataset in ours(project):
        for field in dataset.fields:
            if holders[field.name] > 1 and field.name != ORDERING:
                assert field.element is not None, f"{dataset.name}.{field.name}"


def test_whoever_carries_a_firms_code_looks_it_up_at_the_source(project: Project) -> None:
    for dataset in ours(project):
        for field in dataset.fields:
            if field.element == "uscc":
                assert field.reference and field.reference.dataset == "market_entity", (dataset.name, field.name)


def test_every_code_has_a_meaning_and_fits_its_field(project: Project) -> None:
    for dataset in ours(project):
        for field in dataset.fields:
            assert all(value.label for value in field.values), (dataset.name, field.name)
            for code in codes_of(field, project):
                assert len(code) <= (field.type.length or len(code)), (dataset.name, field.name, code)


def codes_of(field: Field, project: Project) -> list[str]:
    if field.codelist and field.check != "industry":
        with project.codelists[field.codelist].open(encoding="utf-8", newline="") as lines:
            return [row["code"] for row in csv.DictReader(lines)]
    return [value.value for value in field.values]


def test_every_question_has_its_mart_and_every_mart_its_case(project: Project) -> None:
    for name, (_, _, _, questions) in DATABASES.items():
        assert {m.question for m in marts(project) if m.database == name} == questions
    for mart in marts(project):
        assert (CASES / f"{mart.table}.yaml").is_file(), mart.table


def test_marts_have_keys_and_roll_up_by_the_dated_list(project: Project) -> None:
    cut = r"(left|substr|substring)\(\s*[a-z_.]*(division|unit_code|\bcode)"
    chance = r"current_date|current_timestamp|\bnow\(|\brand\(|\buuid\(|monotonically|\bfirst\(|\blast\(|any_value"
    for mart in marts(project):
        assert mart.key and all(f.required for f in mart.fields if f.name in mart.key), mart.table
        code = code_of(mart)
        assert not re.search(cut, code) and not re.search(chance, code), mart.table
        if "unit_code" in code:
            assert "codes.reporting_units" in mart.inputs and re.search(r"\bu?\.?valid_from", code), mart.table


def test_each_ratio_carries_its_numerator_and_denominator(project: Project) -> None:
    for mart in marts(project):
        texts = [f.description for f in mart.fields]
        if any(re.search(r"(_mean|_ratio|share_pct|intensity.*)$", f.name) for f in mart.fields):
            assert any(t.startswith("分子") for t in texts) and any(t.startswith("分母") for t in texts), mart.table
