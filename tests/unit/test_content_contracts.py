"""The sixteen contracts of the six basic databases say what they must: rules, grades, sources, forms of supply."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Field, Project, Rule

ROOT = Path(__file__).parents[2]
DATABASES = {
    "macro_economy": (
        "B1",
        "宏观经济发展基础数据库",
        {"macro_indicator_obs", "macro_indicator_meta", "leading_indicator_day"},
    ),
    "legal_entity": (
        "B2",
        "法人基础数据库",
        {"market_entity", "entity_shareholder", "entity_social_insurance"},
    ),
    "population": (
        "B3",
        "人口基础数据库",
        {"person_base", "marriage_reg", "education_record"},
    ),
    "e_licence": ("B4", "电子证照基础数据库", {"licence_type", "licence"}),
    "land_resource": (
        "B5",
        "国土空间与自然资源基础数据库",
        {"land_use_parcel", "land_supply", "mining_right"},
    ),
    "credit": ("B6", "信用信息基础数据库", {"credit_record", "credit_score"}),
}
NAMES = sorted(name for _, _, datasets in DATABASES.values() for name in datasets)
PAIRS = "expect_column_pair_values_"
REFERENCES = {
    ("macro_indicator_obs", "indicator_code"): (
        "macro_indicator_meta",
        "indicator_code",
        "error",
    ),
    ("entity_shareholder", "uscc"): ("market_entity", "uscc", "warn"),
    ("entity_social_insurance", "uscc"): ("market_entity", "uscc", "warn"),
    ("marriage_reg", "a_id_no"): ("person_base", "id_no", "warn"),
    ("marriage_reg", "b_id_no"): ("person_base", "id_no", "warn"),
    ("education_record", "id_no"): ("person_base", "id_no", "warn"),
    ("licence", "type_code"): ("licence_type", "type_code", "error"),
    ("land_supply", "uscc"): ("market_entity", "uscc", "warn"),
    ("mining_right", "uscc"): ("market_entity", "uscc", "warn"),
    ("credit_record", "uscc"): ("market_entity", "uscc", "warn"),
    ("credit_score", "uscc"): ("market_entity", "uscc", "warn"),
}


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(ROOT)


def basic(project: Project) -> Iterator[Dataset]:
    yield from (
        dataset
        for dataset in project.datasets.values()
        if dataset.database in DATABASES
    )


def written_rules(dataset: Dataset) -> list[tuple[Field | None, Rule]]:
    """What the contract's authors wrote, beyond what follows from types, keys and standards."""
    return [(field, rule) for field in dataset.fields for rule in field.rules] + [
        (None, rule) for rule in dataset.rules
    ]


def test_the_contracts_have_no_errors_between_them(project: Project) -> None:
    # Errors of marts are found by the same command; here only what these contracts are to blame for.
    ours = [
        error
        for error in check(project)
        if error.place and "gold" not in error.place.file.parts
    ]
    assert not ours, "\n".join(map(str, ours))


def test_every_basic_database_has_its_datasets(project: Project) -> None:
    for name, (code, title, datasets) in DATABASES.items():
        database = project.databases[name]
        assert (database.code, database.title, database.kind) == (code, title, "basic")
        assert {
            d.name for d in project.datasets.values() if d.database == name
        } == datasets
    assert (project.databases["dim"].title, project.databases["dim"].kind) == (
        "公共维度",
        "shared",
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_dataset_has_three_rules_or_more_that_take_knowledge_of_the_field(
    name: str, project: Project
) -> None:
    rules = [
        rule
        for _, rule in written_rules(project.datasets[name])
        if rule.name != "row_count_not_zero"
    ]
    assert len({rule.name for rule in rules}) == len(rules) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_tells_the_clerk_in_chinese_what_is_wrong(
    name: str, project: Project
) -> None:
    messages = [rule.message for _, rule in written_rules(project.datasets[name])]
    assert all(re.search("[一-龥]{4}", message) for message in messages)
    assert len(set(messages)) == len(messages)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_delivery_is_held(name: str, project: Project) -> None:
    rules = {rule.name: rule for rule in project.datasets[name].rules}
    held = rules["row_count_not_zero"]
    assert (held.type, held.kwargs, held.severity) == (
        "expect_table_row_count_to_be_between",
        {"min_value": 1},
        "critical",
    )


@pytest.mark.parametrize("name", NAMES)
def test_rules_over_two_columns_leave_missing_values_alone(
    name: str, project: Project
) -> None:
    for _, rule in written_rules(project.datasets[name]):
        if rule.type.startswith(PAIRS):
            assert rule.kwargs["ignore_row_if"] == "either_value_is_missing", rule.name
        if "column_list" in rule.kwargs:
            assert rule.kwargs["ignore_row_if"] == "any_value_is_missing", rule.name
        if "row_condition" in rule.kwargs:
            assert rule.kwargs["condition_parser"] == "spark", rule.name


@pytest.mark.parametrize("name", NAMES)
def test_the_key_is_judged_by_the_merge_and_by_no_rule(
    name: str, project: Project
) -> None:
    assert not [
        rule.name
        for _, rule in written_rules(project.datasets[name])
        if rule.type == "expect_compound_columns_to_be_unique"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_rules_name_columns_and_dates_in_the_right_types(
    name: str, project: Project
) -> None:
    dataset = project.datasets[name]
    kinds = {field.name: field.type.kind for field in dataset.fields}
    comparable = {
        "date": "time",
        "timestamp": "time",
        "integer": "number",
        "decimal": "number",
    }
    for _, rule in written_rules(dataset):
        if rule.type == f"{PAIRS}a_to_be_greater_than_b":
            first, second = (
                kinds[str(rule.kwargs[slot])] for slot in ("column_A", "column_B")
            )
            assert comparable[first] == comparable[second], rule.name


@pytest.mark.parametrize("name", NAMES)
def test_write_mode_fits_the_key(name: str, project: Project) -> None:
    dataset = project.datasets[name]
    period = {"period", "stat_date", "eval_period"} & set(dataset.key)
    assert bool(period) == (dataset.mode == "append"), (
        "facts are appended where the key holds their period, and nowhere else"
    )
    if dataset.mode in ("history", "upsert"):
        assert dataset.sequence == "update_time"
        assert (
            dataset.field("update_time").required
            and dataset.field("update_time").type.kind == "timestamp"
        )


def test_all_four_write_modes_are_in_use(project: Project) -> None:
    assert Counter(d.mode for d in basic(project)) == {
        "history": 8,
        "append": 4,
        "upsert": 2,
        "snapshot": 2,
    }


def test_each_form_of_supply_is_used_by_two_datasets_or_more(project: Project) -> None:
    forms = Counter(
        (d.supply.format, d.supply.encoding if d.supply.format == "csv" else "")
        for d in basic(project)
    )
    assert set(forms) == {
        ("csv", "utf-8"),
        ("csv", "gb18030"),
        ("xlsx", ""),
        ("jsonl", ""),
        ("parquet", ""),
    }
    assert min(forms.values()) >= 2
    assert sum(d.supply.header == "title" for d in basic(project)) > len(NAMES) / 2
    for name in ("licence", "entity_social_insurance", "credit_score"):
        assert project.datasets[name].supply.format in ("csv", "parquet"), (
            f"{name} is big"
        )


@pytest.mark.parametrize("name", NAMES)
def test_whoever_and_whatever_names_a_person_is_masked(
    name: str, project: Project
) -> None:
    dataset = project.datasets[name]
    for field in dataset.fields:
        assert field.masked == (field.mask is not None), (
            f"{field.name}: a mask from general-3 on, and only then"
        )
        if field.element == "citizen_id" or field.name in (
            "holder_id_no",
            "licence_no",
            "shareholder_id",
        ):
            assert (field.grade, field.mask) == ("general-4", "id"), field.name
        if re.search(
            "姓名|法定代表人$|住所|居住地址|联系电话|^持证主体$|股东名称", field.title
        ):
            assert field.grade == "general-3" and field.mask in (
                "name",
                "address",
                "phone",
            ), field.name


def test_birth_date_is_not_shown_beside_sex_and_the_masked_number(
    project: Project,
) -> None:
    assert project.datasets["person_base"].field("birth_date").mask == "suppress"


def test_references_and_what_a_missing_value_does(project: Project) -> None:
    found = {
        (dataset.name, field.name): (field.reference.dataset, field.reference.field, field.reference.severity)
        for dataset in basic(project) for field in dataset.fields if field.reference
    }  # fmt: skip
    assert found == REFERENCES


def test_whoever_carries_a_firms_code_or_a_persons_number_looks_it_up_at_the_source(
    project: Project,
) -> None:
    outsiders = {
        ("market_entity", "legal_rep_id_no")
    }  # a representative may live in another province
    for element in ("uscc", "citizen_id"):
        source = project.elements[element].source
        for dataset in basic(project):
            for field in dataset.fields:
                if (
                    field.element == element
                    and dataset.name != source
                    and (dataset.name, field.name) not in outsiders
                ):
                    assert (
                        field.reference is not None
                        and field.reference.dataset == source
                    ), (dataset.name, field.name)


@pytest.mark.parametrize(("element", "source"), [
    ("uscc", "market_entity"), ("entity_name", "market_entity"), ("reg_status", "market_entity"), ("citizen_id", "person_base"),
    ("person_name", "person_base"), ("birth_date", "person_base"), ("alive_flag", "person_base"), ("marital_status", "marriage_reg"),
    ("land_class", "land_use_parcel"), ("licence_id", "licence"), ("licence_type_code", "licence_type"),
    ("indicator_code", "macro_indicator_meta"),
])  # fmt: skip
def test_one_source(element: str, source: str, project: Project) -> None:
    assert project.elements[element].source == source
    assert [d.name for d in project.datasets.values() if element in d.source_of] == [
        source
    ]


def test_every_element_is_in_use(project: Project) -> None:
    used = {
        field.element
        for dataset in project.datasets.values()
        for field in dataset.fields
    }
    assert set(project.elements) <= used


def test_every_field_with_codes_says_what_they_mean(project: Project) -> None:
    for dataset in basic(project):
        for field in dataset.fields:
            assert all(value.label for value in field.values), (
                dataset.name,
                field.name,
            )
            assert len({value.value for value in field.values}) == len(field.values)
            longest = max((len(value.value) for value in field.values), default=0)
            assert longest <= (field.type.length or longest), (dataset.name, field.name)


def test_codes_of_code_lists_fit_their_fields(project: Project) -> None:
    for dataset in basic(project):
        for field in dataset.fields:
            if field.codelist and field.check != "industry":
                with project.codelists[field.codelist].open(
                    encoding="utf-8", newline=""
                ) as lines:
                    longest = max(len(row["code"]) for row in csv.DictReader(lines))
                assert field.type.length is not None and longest <= field.type.length, (
                    dataset.name,
                    field.name,
                )


def test_wrong_issuers_stay_in_silver_so_that_gold_can_list_them(
    project: Project,
) -> None:
    issuer = project.datasets["licence"].field("issuer_code")
    assert issuer.check == "none"
    assert [(rule.type, rule.severity) for rule in issuer.rules] == [
        ("expect_column_values_to_be_uscc", "warn")
    ]


def test_conditional_sharing_names_its_conditions(project: Project) -> None:
    for dataset in basic(project):
        assert dataset.sharing in ("conditional", "unconditional")
        assert bool(dataset.sharing_condition) == (dataset.sharing == "conditional"), (
            dataset.name
        )
        if dataset.sharing == "unconditional":
            assert not [field.name for field in dataset.fields if field.masked], (
                dataset.name
            )
