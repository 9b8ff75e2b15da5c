"""Contracts of T2, T3, T5, T6, T11, S7 and P1: rules, grades, forms of supply, shared elements, a mart and a case for each question."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml

from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Field, Mart, Project, Rule

ROOT = Path(__file__).parents[2]
DATABASES = {
    "county_industry": ("T11", "thematic", {"cluster_month", "cluster_entity", "mu_evaluation"}),
    "leading_industry": ("T3", "thematic", {"industrial_ent_month", "chain_link"}),
    "agriculture": ("T2", "thematic", {"crop_output", "agri_subsidy", "agri_entity"}),
    "trade": ("T5", "thematic", {"customs_trade"}),
    "consumption": ("T6", "thematic", {"retail_month", "tour_visit", "voucher_redeem"}),
    "elder_health": ("S7", "special", {"elder_org", "elder_subsidy", "infectious_report"}),
    "policy_doc": ("P1", "policy", {"policy_document", "policy_clause", "supervise_task"}),
}
QUESTIONS = {
    "county_industry": {"107个重点集群营收合计并与公开值（2024年3.6万亿元，税金872.64亿元）对照", "集群主导企业信用等级、亩均税收、用电三项综合评分排名"},
    "leading_industry": {"各主导产业省内配套率及断链高风险环节", "营收与用电同比背离(营收+10%而用电−10%)的企业"},
    "agriculture": {"小麦单产低于近5年均值2个标准差的县（预警）", "同一身份证同一补贴项目同年重复领取"},
    "trade": {"前十大出口商品对RCEP国家的出口额与同比", "出口额连续3个月同比降幅超30%的企业并对照用工变化"},
    "consumption": {"社零总额与消费券核销的相关性；节假日（含调休）同比要对齐假日"},
    "elder_health": {"每千名60岁以上老人拥有护理型床位数（县级）", "传染病周发病数超过历史同期均值+2σ的县×病种（早期预警）"},
    "policy_doc": {"某企业可免申即享的现行条款清单与理由（反事实：缺哪一条件）", "仍被引用但已失效/废止的文件", "各部门季度督导考核得分与排名"},
}  # fmt: skip
NAMES = sorted(name for _, _, datasets in DATABASES.values() for name in datasets)
LISTS = (
    "industry_chains", "crops", "subsidy_items", "countries", "rcep_members", "trade_modes", "customs_units", "hs_chapters",
    "lunar_new_years", "diseases", "policy_themes",
)  # fmt: skip


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def marts(project: Project) -> list[Mart]:
    return [m for m in project.marts.values() if m.database in DATABASES]


def code_of(mart: Mart) -> str:
    """The SELECT without its comments, in lower case."""
    return re.sub(r"--[^\n]*", "", mart.select.read_text(encoding="utf-8")).lower()


def written_rules(dataset: Dataset) -> list[tuple[Field | None, Rule]]:
    return [(field, rule) for field in dataset.fields for rule in field.rules] + [(None, rule) for rule in dataset.rules]


def listed(project: Project, name: str) -> list[dict[str, str]]:
    with project.codelists[name].open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_contracts_and_selects_have_no_errors(project: Project) -> None:
    assert not check(project), "\n".join(map(str, check(project)))


def test_each_database_has_its_datasets_in_its_class(project: Project) -> None:
    for name, (code, kind, datasets) in DATABASES.items():
        database = project.databases[name]
        assert (database.code, database.kind) == (code, kind)
        assert database.lead and database.duty
        assert {d.name for d in project.datasets.values() if d.database == name} == datasets


@pytest.mark.parametrize("name", NAMES)
def test_each_dataset_has_three_rules_or_more_with_a_reason_in_chinese(name: str, project: Project) -> None:
    rules = [rule for _, rule in written_rules(project.datasets[name])]
    assert len({rule.name for rule in rules}) == len(rules) > 3
    assert len({rule.message for rule in rules}) == len(rules)
    assert all(re.search("[一-龥]{4}", rule.message) for rule in rules)
    held = next(rule for rule in rules if rule.name == "row_count_not_zero")
    assert (held.type, held.severity) == ("expect_table_row_count_to_be_between", "critical")


@pytest.mark.parametrize("name", NAMES)
def test_rules_leave_missing_values_alone(name: str, project: Project) -> None:
    for _, rule in written_rules(project.datasets[name]):
        if rule.type.startswith("expect_column_pair_values_"):
            assert rule.kwargs["ignore_row_if"] == "either_value_is_missing", rule.name
        if "row_condition" in rule.kwargs:
            assert rule.kwargs["condition_parser"] == "spark", rule.name


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_graded(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    given = yaml.safe_load(dataset.file.read_text(encoding="utf-8"))["schema"][0]["properties"]
    for entry, field in zip(given, dataset.fields, strict=True):
        assert entry.get("classification") or field.element, field.name
        assert field.masked == (field.mask is not None), f"{field.name}: a mask from general-3 on, and only then"
    if dataset.sharing == "unconditional":
        assert not [f.name for f in dataset.fields if f.masked]
    else:
        assert dataset.sharing_condition


@pytest.mark.parametrize("name", NAMES)
def test_the_form_of_supply_cycle_and_write_mode_are_said(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    said = yaml.safe_load(dataset.file.read_text(encoding="utf-8"))
    assert any(entry["property"] == "yishu.supply" for entry in said["customProperties"])
    assert dataset.deadline or dataset.cycle == "realtime"
    period = {"period", "stat_date", "year", "eval_year"} & set(dataset.key)
    assert bool(period) == (dataset.mode == "append"), "facts are appended where the key holds their period, and nowhere else"
    if dataset.mode in ("history", "upsert"):
        assert dataset.sequence == "update_time" and dataset.field("update_time").required


def test_supply_comes_in_every_form(project: Project) -> None:
    forms = Counter(project.datasets[name].supply.format for name in NAMES)
    assert {"csv", "xlsx", "jsonl", "json", "xml", "fixed"} <= set(forms)
    assert {project.datasets[n].supply.encoding for n in NAMES if project.datasets[n].supply.format == "csv"} == {"utf-8", "gb18030"}


def test_revisions_of_monthly_reports_stay_visible(project: Project) -> None:
    for name in ("industrial_ent_month", "retail_month"):
        assert "vintage_no" in project.datasets[name].key


def test_local_duties_are_handed_in_by_all_fourteen_units(project: Project) -> None:
    for name in ("cluster_month", "cluster_entity", "crop_output", "agri_entity", "elder_org", "elder_subsidy"):
        areas = {project.departments[s].area for s in project.datasets[name].suppliers}
        assert areas == {row["code"] for row in listed(project, "reporting_units")}, name


def test_a_field_of_several_datasets_is_one_element(project: Project) -> None:
    used: dict[str, set[str]] = defaultdict(set)
    for dataset in project.datasets.values():
        for field in dataset.fields:
            used[field.name].add(dataset.name)
    for name in NAMES:
        for field in project.datasets[name].fields:
            assert field.element or len(used[field.name]) == 1, f"{name}.{field.name} is also in {used[field.name]}"


def test_firms_and_persons_are_looked_up_at_the_source(project: Project) -> None:
    for name in NAMES:
        for field in project.datasets[name].fields:
            if field.element in ("uscc", "citizen_id"):
                source = project.elements[field.element].source
                assert field.reference is not None and field.reference.dataset == source, (name, field.name)


@pytest.mark.parametrize(
    ("element", "source"),
    [("cluster_id", "cluster_month"), ("chain_code", "chain_link"), ("employees", "industrial_ent_month"), ("policy_id", "policy_document")],
)
def test_one_source(element: str, source: str, project: Project) -> None:
    assert project.elements[element].source == source
    assert [d.name for d in project.datasets.values() if element in d.source_of] == [source]


def test_every_question_has_its_mart_and_each_mart_its_case(project: Project) -> None:
    for database, questions in QUESTIONS.items():
        assert {m.question for m in marts(project) if m.database == database} == questions
    for mart in marts(project):
        assert (ROOT / "tests/cases/marts" / f"{mart.table}.yaml").is_file(), mart.table


def test_marts_can_be_read_by_an_analyst(project: Project) -> None:
    for mart in marts(project):
        assert mart.key and all(f.required for f in mart.fields if f.name in mart.key), mart.table
        assert all(re.search("[一-龥]", f.title) for f in mart.fields), mart.table
        texts = [f.description for f in mart.fields]
        if any(f.name.endswith(("_pct", "per_thousand", "correlation")) for f in mart.fields):
            assert any("分子" in t for t in texts) and any("分母" in t for t in texts), f"{mart.table}: a ratio without its parts"


def test_the_same_inputs_give_the_same_rows(project: Project) -> None:
    chance = r"current_date|current_timestamp|\bnow\(|\brand\(|\buuid\(|monotonically|\bfirst\(|\blast\(|any_value"
    for mart in marts(project):
        assert not re.search(chance, code_of(mart)), mart.table


def test_areas_roll_up_by_the_dated_list_and_never_by_cutting_the_code(project: Project) -> None:
    for mart in marts(project):
        code = code_of(mart)
        assert not re.search(r"(left|substr|substring)\(\s*[a-z_.]*(division|unit_code|\bcode)", code), mart.table
        if "unit_code" in code:
            assert "codes.reporting_units" in mart.inputs and re.search(r"\bu?\.?valid_from", code), mart.table


def test_persons_are_named_by_masked_elements_only(project: Project) -> None:
    for mart in marts(project):
        assert all(field.masked or field.name not in ("id_no", "name", "bank_account") for field in mart.fields), mart.table


def test_code_lists_are_in_use_and_in_the_readme(project: Project) -> None:
    readme = (ROOT / "schemas/codes/README.md").read_text(encoding="utf-8")
    used = {field.codelist for dataset in project.datasets.values() for field in dataset.fields}
    used |= {name.removeprefix("codes.") for mart in project.marts.values() for name in mart.inputs}
    for name in LISTS:
        assert listed(project, name) and name in used and f"`{name}`" in readme, name


def test_lists_that_marts_lean_on_agree_with_each_other(project: Project) -> None:
    countries = {row["code"]: row["name"] for row in listed(project, "countries")}
    members = listed(project, "rcep_members")
    assert len(members) == 14 and all(countries[row["code"]] == row["name"] for row in members)
    assert all(row["code"][:4] == row["name"][:4] for row in listed(project, "lunar_new_years"))
    holidays = {row["code"][:4] for row in listed(project, "workdays") if row["name"] == "春节" and row["code"] > "2010"}
    assert holidays <= {row["code"][:4] for row in listed(project, "lunar_new_years")}
    diseases = {row["code"]: row for row in listed(project, "diseases")}
    assert {row["report_hours"] for row in diseases.values() if row["class"] == "甲"} == {"2"}
