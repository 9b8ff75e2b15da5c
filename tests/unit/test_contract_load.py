"""Reading `schemas/`: what a contract means, and what is told of each kind of mistake in a single file."""

from __future__ import annotations

import copy
import json
import random
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from yishu.contract.load import load_project, read_project
from yishu.contract.model import CodeValue, Reference, Type
from yishu.contract.odcs import shape_errors
from yishu.contract.yaml_lines import read_document
from yishu.errors import ContractErrors

if TYPE_CHECKING:
    from conftest import ProjectFiles

ELEMENTS, DEPARTMENTS = "schemas/elements.yaml", "schemas/departments.yaml"
FIRM, VISIT = "schemas/basic/legal/firm.yaml", "schemas/basic/legal/visit.yaml"
MART, DATABASE = "schemas/basic/legal/gold/firm_count.yaml", "schemas/basic/legal/database.yaml"


def test_dataset_is_read_with_its_yishu_keys(project_files: ProjectFiles) -> None:
    firm = load_project(project_files.root).datasets["firm"]
    assert (firm.mode, firm.sequence, firm.cycle, firm.sharing) == ("history", "update_time", "daily", "conditional")
    assert (firm.supply.encoding, firm.suppliers, firm.tolerance, firm.source_of) == ("gb18030", ("amr",), 0.05, ("uscc",))
    assert (firm.title, firm.database, firm.key, firm.description) == ("企业登记", "legal", ("uscc",), "企业")
    assert firm.rules[0].name == "has_rows"
    assert firm.rules[0].severity == "critical"


def test_field_takes_check_standard_mask_and_grade_from_its_element(project_files: ProjectFiles) -> None:
    firm = load_project(project_files.root).datasets["firm"]
    uscc, rep, division = firm.field("uscc"), firm.field("rep_id_no"), firm.field("division_code")
    assert (uscc.check, uscc.standard, uscc.grade, uscc.masked) == ("uscc", "GB 32100-2015", "general-1", False)
    assert (rep.check, rep.grade, rep.mask, rep.masked) == ("citizen_id", "general-4", "id", True)
    assert (division.codelist, division.as_of) == ("divisions", "est_date")
    assert firm.grade == "general-4"


def test_rule_at_a_field_is_about_that_field(project_files: ProjectFiles) -> None:
    (rule,) = load_project(project_files.root).datasets["firm"].field("address").rules
    assert rule.kwargs == {"column": "address", "min_value": 4}
    assert (rule.severity, rule.message) == ("warn", "住所过短")
    assert rule.line == project_files.line(FIRM, "address_long_enough")


def test_relationship_is_read_with_its_severity(project_files: ProjectFiles) -> None:
    reference = load_project(project_files.root).datasets["visit"].field("uscc").reference
    line = project_files.line(VISIT, "firm.uscc")
    assert reference == Reference(dataset="firm", field="uscc", severity="error", line=line)


def test_mart_knows_its_inputs_and_select(project_files: ProjectFiles) -> None:
    mart = load_project(project_files.root).marts["legal.firm_count"]
    assert mart.inputs == ("silver.firm", "dim.division")
    assert mart.select == project_files.root / "jobs/gold/legal/firm_count.sql"
    assert mart.question == "各县有多少企业"


@pytest.mark.parametrize(
    ("physical", "logical", "kind"),
    [
        ("varchar(30)", "string", Type(kind="string", length=30)),
        ("CHAR(2)", "string", Type(kind="string", length=2)),
        ("text", "string", Type(kind="string")),
        ("string", "string", Type(kind="string")),
        ("json", "object", Type(kind="string")),
        ("int", "integer", Type(kind="integer")),
        ("integer", "integer", Type(kind="integer")),
        ("bigint", "integer", Type(kind="integer")),
        ("decimal(38, 10)", "number", Type(kind="decimal", precision=38, scale=10)),
        ("date", "date", Type(kind="date")),
        ("timestamp", "timestamp", Type(kind="timestamp")),
        ("boolean", "boolean", Type(kind="boolean")),
    ],
)
def test_physical_types(project_files: ProjectFiles, physical: str, logical: str, kind: Type) -> None:
    old = "logicalType: string, physicalType: varchar(20)"
    project_files.change(VISIT, old, f"logicalType: {logical}, physicalType: '{physical}'")
    assert load_project(project_files.root).datasets["visit"].field("visit_no").type == kind


@pytest.mark.parametrize("physical", ["varchar(0)", "decimal(39,2)", "decimal(4,5)", "double", "decimal", "array<string>", ""])
def test_types_that_are_not_understood(project_files: ProjectFiles, physical: str) -> None:
    file = project_files.change(VISIT, "physicalType: varchar(20)", f"physicalType: '{physical}'")
    _, (error,) = read_project(project_files.root)
    assert error.code == "type"
    assert error.place is not None
    assert (error.place.file, error.place.line) == (file, project_files.line(VISIT, "visit_no"))


def test_limits_pattern_and_code_values(project_files: ProjectFiles) -> None:
    project_files.change(VISIT, "required: true, primaryKey: true}",
        "required: true, primaryKey: true, logicalTypeOptions: {pattern: '^\\p{IsHan}+[0-9]+$', maxLength: 12},"
        " enum: [{value: 1, label: 一}, {value: '02', label: 二}]}")  # fmt: skip
    project = load_project(project_files.root)
    number, capital = project.datasets["visit"].field("visit_no"), project.datasets["firm"].field("capital")
    assert (number.type.length, number.pattern) == (12, "^\\p{IsHan}+[0-9]+$")
    assert number.values == (CodeValue(value="1", label="一"), CodeValue(value="02", label="二"))
    assert (capital.minimum, capital.maximum) == (0, 100_000_000)


@pytest.mark.parametrize(
    ("written", "kind", "kwargs"),
    [
        ("metric: nullValues, mustBe: 0", "expect_column_values_to_not_be_null", {}),
        ("metric: duplicateValues, mustBe: 0", "expect_column_values_to_be_unique", {}),
        ("metric: invalidValues, mustBe: 0, arguments: {validValues: [甲, 乙]}", "expect_column_values_to_be_in_set",
         {"value_set": ["甲", "乙"]}),
        ("metric: invalidValues, mustBe: 0, arguments: {pattern: '^a'}",
            "expect_column_values_to_match_regex", {"regex": "^a"}),
    ],
)  # fmt: skip
def test_library_metrics_that_have_an_expectation(
    project_files: ProjectFiles, written: str, kind: str, kwargs: dict[str, Any]
) -> None:
    rule = f"{{name: mine, type: library, {written}}}"
    project_files.change(VISIT, "required: true, primaryKey: true}", f"required: true, primaryKey: true, quality: [{rule}]}}")
    (made,) = load_project(project_files.root).datasets["visit"].field("visit_no").rules
    assert (made.type, made.kwargs) == (kind, {"column": "visit_no", **kwargs})


@pytest.mark.parametrize(
    ("written", "kwargs"),
    [
        ("mustBeGreaterThan: 0", {"min_value": 1}),
        ("mustBeGreaterThan: 2.5", {"min_value": 3}),
        ("mustBeLessThan: 2.5", {"max_value": 2}),
        ("mustBeBetween: [2, 9]", {"min_value": 2, "max_value": 9}),
        ("mustBe: 3", {"min_value": 3, "max_value": 3}),
    ],
)
def test_row_count_metric(project_files: ProjectFiles, written: str, kwargs: dict[str, int]) -> None:
    old = "type: custom\n        engine: greatExpectations\n        severity: critical\n        dimension: coverage\n"
    project_files.change(FIRM, old, f"type: library\n        metric: rowCount\n        {written}\n")
    line = "        implementation: {type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}}\n"
    project_files.change(FIRM, line, "")
    (rule,) = load_project(project_files.root).datasets["firm"].rules
    assert (rule.type, rule.kwargs) == ("expect_table_row_count_to_be_between", kwargs)


_QUALITY = "implementation: {type: expect_column_value_lengths_to_be_between, kwargs: {min_value: 4}}"
_BAD = [
    # file, what is written, what is written instead, part of the line to be named, code, part of the message
    (FIRM, "        physicalType: date\n", "        physicalType: date\n        requierd: true\n", "requierd", "odcs",
        "'requierd'"),
    (FIRM, "status: active", "status: active\nstate: active", "state:", "odcs", "'state' is not known"),
    (FIRM, "severity: critical", "sevrity: critical", "sevrity", "odcs", "'sevrity' is not known"),
    (FIRM, "version: 1.0.0", "version: 1.0", "version: 1.0", "odcs", "1.0 is not of type 'string'"),
    (FIRM, "logicalType: date", "logicalType: day", "logicalType: day", "odcs", "'day' is not one of"),
    (FIRM, "{minimum: 0, maximum", "{minimum: none, maximum", "minimum: none", "odcs", "'none' is not of type 'number'"),
    (FIRM, "{minimum: 0, maximum", "{exclusiveMinimum: 0, maximum", "exclusiveMinimum", "option", "'exclusiveMinimum'"),
    (FIRM, "dimension: coverage", "dimension: size", "dimension: size", "odcs", "'size' is not one of"),
    (FIRM, "domain: legal", "domain: law", "domain: law", "name", "domain is 'law'"),
    (FIRM, "id: firm", "id: firms", "id: firms", "name", "id is 'firms'"),
    (FIRM, "{property: yishu.mode, value: history}", "{property: yishu.mode, value: scd2}", "scd2", "value", "yishu.mode"),
    (FIRM, "yishu.sharing,", "yishu.shareing,", "yishu.shareing", "unknown-key", "'yishu.shareing' is not known"),
    (FIRM, "  - {property: yishu.suppliers, value: [amr]}\n", "", "customProperties:", "missing",
        "yishu.suppliers is missing"),
    (FIRM, "encoding: gb18030", "encoding: gbk", "encoding: gbk", "value", "yishu.supply.encoding"),
    (FIRM, "encoding: gb18030", "encodng: utf-8", "encodng", "unknown-key", "'encodng' is not known"),
    (FIRM, "yishu.asOf", "yishu.asof", "yishu.asof", "unknown-key", "'yishu.asof'"),
    (FIRM, "value: daily", "value: nightly", "nightly", "cycle", "'nightly'"),
    (FIRM, "classification: general-3", "classification: secret", "secret", "grade", "'secret'"),
    (FIRM, "elements.yaml#citizen_id}]", "elements.yaml#citizen_id}]\n        classification: general-2", "general-2",
        "grade",
     "lowers the grade of element 'citizen_id'"),
    (FIRM, "[{property: yishu.asOf, value: est_date}]", "[{property: yishu.codelist, value: others}]", "others",
        "one-standard",
     "its own yishu.codelist"),
    (FIRM, "elements.yaml#uscc", "uscc", "url: uscc", "element", "refers to uscc"),
    (FIRM, "logicalType: date", "logicalType: string", "logicalType: string", "type", "string by logicalType and date"),
    (FIRM, "        businessName: 成立日期\n", "", "name: est_date", "title", "'est_date' has no businessName"),
    (FIRM, "severity: warning", "severity: grave", "severity: grave", "severity", "'grave'"),
    (FIRM, "kwargs: {min_value: 4}", "kwargs: {min_value: 4}, mostly: 1", "mostly", "unknown-key", "'mostly'"),
    (FIRM, "kwargs: {min_value: 4}", "kwargs: {min_value: 4, column: capital}", "column: capital", "rule",
        "about column 'capital'"),
    (FIRM, "expect_table_row", "ExpectTableRow", "ExpectTableRow", "rule", "is no expectation's type"),
    (FIRM, _QUALITY, "implementation: SodaCL", "SodaCL", "rule", "implementation is not understood"),
    (FIRM, "        physicalType: date\n",
        "        physicalType: date\n        quality:\n          - {name: a, type: sql, query: q, mustBe: 0}\n",
     "query: q", "rule", "cannot be run"),
    (FIRM, "        physicalType: date\n",
     "        physicalType: date\n        quality:\n        - {name: b, type: library, metric: rowCount, mustBe: 5}\n",
     "rowCount", "rule", "cannot be run"),
    (VISIT, "to: firm.uscc", "to: a.b.c", "a.b.c", "relationship", "'a.b.c'"),
    (VISIT, "required: true, primaryKey: true", "required: true, primaryKeyPosition: 1", "visit_no", "key",
        "no primaryKey: true"),
    (VISIT, "primaryKey: true}", "primaryKey: true, logicalTypeOptions: {pattern: '(a'}}", "visit_no", "pattern", "'(a'"),
    (VISIT, "id: visit", "id: visit\nid: visit", "id: visit", "yaml", "'id' stands twice"),
    (VISIT, "domain: legal", "domain: [legal", "schema:", "yaml", "not valid YAML"),
    (MART, "  - {property: yishu.question, value: 各县有多少企业}\n", "  - {property: yishu.mode, value: append}\n",
        "yishu.mode",
     "unknown-key", "'yishu.mode'"),
    (DATABASE, "kind: basic", "kind: special", "kind: special", "folder", "kind is 'special' in a folder 'basic'"),
    (DATABASE, "lead: 省市场监管局", "leader: 省市场监管局", "leader", "unknown-key", "'leader'"),
    (ELEMENTS, "check: citizen_id", "check: citizen", "check: citizen", "value", "check"),
    (ELEMENTS, "name: citizen_id", "name: uscc", "公民身份号码", "repeated", "'uscc' stands twice"),
    (DEPARTMENTS, "valid_from: 2018-06-15", "valid_from: 2018-06-31", "2018-06-31", "value", "valid_from"),
    (DEPARTMENTS, "valid_from: 2018-06-15", "validfrom: 2018-06-15", "validfrom", "unknown-key", "'validfrom'"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "line", "code", "what"), _BAD, ids=[f"{b[4]}: {b[5]}" for b in _BAD])
def test_mistake_is_told_with_its_line(
    project_files: ProjectFiles, file: str, old: str, new: str, line: str, code: str, what: str
) -> None:
    path = project_files.change(file, old, new)
    _, errors = read_project(project_files.root)
    found = [e for e in errors if e.code == code and what in str(e)]
    assert len(found) == 1, [str(e) for e in errors]
    place = found[0].place
    assert place is not None
    assert place.file == path
    assert line in path.read_text("utf-8").splitlines()[(place.line or 0) - 1], str(found[0])
    assert found[0].remedy


def test_one_mistake_is_told_once(project_files: ProjectFiles) -> None:
    project_files.change(FIRM, "version: 1.0.0", "version: 1.0")
    project_files.change(FIRM, "        physicalType: date\n", "        physicalType: date\n        requierd: true\n")
    _, errors = read_project(project_files.root)
    assert [e.place.line for e in errors if e.place] == [
        project_files.line(FIRM, "version: 1.0"), project_files.line(FIRM, "requierd"),
    ]  # fmt: skip
    assert errors[1].remedy == "write 'required'"


def test_broken_contract_hides_no_other(project_files: ProjectFiles) -> None:
    project_files.change(FIRM, "domain: legal", "domain: [legal")
    project_files.change(MART, "domain: legal", "domain: law")
    project, errors = read_project(project_files.root)
    assert (sorted(project.datasets), sorted(project.marts)) == (["visit"], ["dim.division"])
    assert len(errors) == 2
    with pytest.raises(ContractErrors) as raised:
        load_project(project_files.root)
    assert [str(e) for e in raised.value.errors] == [str(e) for e in errors]


def test_mask_stays_where_a_contract_lowers_a_grade(project_files: ProjectFiles) -> None:
    project_files.change(FIRM, "elements.yaml#citizen_id}]", "elements.yaml#citizen_id}]\n        classification: general-1")
    project, errors = read_project(project_files.root)
    assert "firm" not in project.datasets
    assert [e.code for e in errors] == ["grade"]


def test_contract_may_raise_a_grade(project_files: ProjectFiles) -> None:
    project_files.change(FIRM, "elements.yaml#citizen_id}]", "elements.yaml#citizen_id}]\n        classification: important")
    assert load_project(project_files.root).datasets["firm"].field("rep_id_no").grade == "important"


def test_same_dataset_in_two_databases_names_both_files(project_files: ProjectFiles) -> None:
    project_files.write("schemas/thematic/tax/database.yaml", "name: tax\ntitle: 税\nkind: thematic\nlead: 局\n")
    text = (project_files.root / VISIT).read_text("utf-8").replace("domain: legal", "domain: tax")
    file = project_files.write("schemas/thematic/tax/visit.yaml", text)
    _, (error,) = read_project(project_files.root)
    assert error.code == "repeated"
    assert error.place is not None
    assert error.place.file == file
    assert str(project_files.root / VISIT) in error.what


def test_file_that_is_not_utf8_is_named_with_the_line(project_files: ProjectFiles) -> None:
    (project_files.root / VISIT).write_bytes("id: visit\nname: 检查\n".encode("gb18030"))
    _, (error,) = read_project(project_files.root)
    assert error.place is not None
    assert (error.code, error.place.line, error.remedy) == ("yaml", 2, "save it as UTF-8")


def test_dates_stay_text_and_lines_are_those_of_the_keys(project_files: ProjectFiles) -> None:
    document = read_document(project_files.write("a.yaml", "a: 2024-01-31\nb:\n  - c: 1\n  - c: [x,\n     y]\n"))
    assert document.value == {"a": "2024-01-31", "b": [{"c": 1}, {"c": ["x", "y"]}]}
    assert document.line("b", 1, "c", 1) == 5
    assert document.line("b", ("c", "1")) == 3
    assert document.line("b", 7, "nowhere") == 2


def test_contract_of_another_odcs_tool_is_judged_by_the_standard_alone() -> None:
    """Keys beyond the usual ones (servers, roles, other tools' properties) take the slow way and pass."""
    value = {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "x", "version": "1", "roles": [{"role": "reader"}],
        "servers": [{"server": "s", "type": "local", "path": "p", "format": "csv"}],
        "schema": [{"name": "x", "properties": [{"name": "a", "logicalType": "string", "partitioned": True}]}],
    }  # fmt: skip
    assert shape_errors(value) == []
    assert [e.path for e in shape_errors(value | {"owner": "me"})] == [("owner",)]


def test_quick_way_accepts_nothing_that_the_standard_refuses(project_files: ProjectFiles) -> None:
    """Seeded mutations of a contract: an error is told exactly where the standard's JSON schema finds one."""
    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    validator = jsonschema.Draft201909Validator(schema)
    value = read_document(project_files.root / MART).value
    dice = random.Random(7)
    accepted = refused = 0
    for _ in range(60):
        mutant = copy.deepcopy(value)
        _mutate(mutant, dice)
        told = shape_errors(mutant)
        assert bool(told) != validator.is_valid(mutant), (mutant, told)
        accepted, refused = accepted + (not told), refused + bool(told)
    assert accepted > 10
    assert refused > 10


_JUNK = (None, True, 0, -1, 2.5, "", "x", "a.b", [], {}, ["x"], {"name": "x"}, "string", "v3.1.0")
_KEYS = ("name", "id", "type", "to", "quality", "enum", "extra", "required", "tags", "logicalTypeOptions", "customProperties")


def _mutate(value: Any, dice: random.Random) -> None:
    spots = list(_containers(value))
    for _ in range(dice.choice((1, 1, 2))):
        spot = dice.choice(spots)
        junk = copy.deepcopy(dice.choice(_JUNK))
        if isinstance(spot, list):
            spot.append(junk if dice.random() < 0.5 else copy.deepcopy(spot[0]) if spot else "x")
        elif dice.random() < 0.3 and spot:
            spot.pop(dice.choice(sorted(spot)))
        elif dice.random() < 0.5 and spot:
            spot[dice.choice(sorted(spot))] = junk
        else:
            spot[dice.choice(_KEYS)] = junk


def _containers(value: Any) -> Any:
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)
