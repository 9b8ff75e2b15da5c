"""Every rule of `check`: silent on a good project, and on a broken one it names file, line and remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from yishu.contract.check import RULES, check, code_of, text_of
from yishu.contract.load import read_project
from yishu.errors import ContractError

if TYPE_CHECKING:
    from conftest import ProjectFiles

ELEMENTS, DEPARTMENTS = "schemas/elements.yaml", "schemas/departments.yaml"
FIRM, VISIT = "schemas/basic/legal/firm.yaml", "schemas/basic/legal/visit.yaml"
MART, SELECT = "schemas/basic/legal/gold/firm_count.yaml", "jobs/gold/legal/firm_count.sql"
DIM, DIM_SELECT, CODES = "schemas/shared/dim/gold/division.yaml", "jobs/gold/dim/division.sql", "schemas/codes/divisions.csv"


@dataclass(frozen=True)
class Bad:
    """One change that breaks one rule. `line` is part of the line that must be named."""

    code: str
    file: str
    old: str
    new: str
    line: str
    what: str


_PULL = (
    'pull: {connection: FIRMS, query: "SELECT uscc, update_time FROM firms WHERE update_time > :after AND update_time < :end",'
    " watermark: update_time}"
)
_PULLED = f"format: parquet, {_PULL}"

_BAD = (
    Bad("unknown-element", FIRM, "#citizen_id", "#citizen", "#citizen}", "'citizen', which does not exist"),
    Bad("one-data", VISIT, "        authoritativeDefinitions: [{type: element, url: elements.yaml#uscc}]\n", "",
        "- name: uscc", "field 'uscc' does not refer to the element"),
    Bad("one-data", FIRM, "elements.yaml#division_code", "elements.yaml#citizen_id", "- name: division_code",
        "'division_code'"),
    Bad("source-carries", ELEMENTS, "source: firm", "source: firms", "name: uscc", "'firms', which is no dataset"),
    Bad("source-carries", ELEMENTS, "    codelist: divisions\n", "    codelist: divisions\n    source: visit\n",
        "source: visit", "no field of 'visit'"),
    Bad("one-source", VISIT, "  - {property: yishu.mode, value: append}\n",
        "  - {property: yishu.mode, value: append}\n  - property: yishu.sourceOf\n    value:\n      - uscc\n",
        "      - uscc", "'visit' claims to be the source of 'uscc', whose source is 'firm'"),
    Bad("one-source", FIRM, "value: [uscc]", "value: [uscc, citizen_id]", "yishu.sourceOf", "which has no `source`"),
    Bad("one-source", FIRM, "value: [uscc]", "value: [uscc, ghost]", "yishu.sourceOf", "which is no element"),
    Bad("codelist-exists", ELEMENTS, "codelist: divisions", "codelist: division", "codelist: division",
        "'division', which does not"),
    Bad("codelist-exists", ELEMENTS, "    codelist: divisions\n", "", "name: division_code", "but no code list"),
    Bad("codelist-exists", VISIT, "required: true, primaryKey: true}",
        "required: true, primaryKey: true, customProperties: [{property: yishu.codelist, value: kinds}]}",
        "visit_no", "'kinds', which does not exist"),
    Bad("codelist-exists", ELEMENTS, "check: division\n", "check: industry\n", "codelist", "no edition"),
    Bad("codelist-header", CODES, "code,name,", "code,title,", "code,title", "the header lacks name"),
    Bad("departments", DEPARTMENTS, "'11130000MB16272081'", "'11130000MB1627208'", "id: tax", "is no USCC"),
    Bad("departments", DEPARTMENTS, "'11130000MB16272081'", "'11130000MB16272080'", "id: tax", "at the same time"),
    Bad("departments", DEPARTMENTS, "valid_from: 2018-06-15", "valid_from: 2018-06-15, successor: it", "id: tax",
        "successor 'it'"),
    Bad("departments", DEPARTMENTS, "valid_from: 2018-06-15", "valid_from: 2018-06-15, valid_to: 2018-01-01", "id: tax",
        "ends before"),
    Bad("names", FIRM, "- name: capital", "- name: Capital", "name: Capital", "field 'Capital'"),
    Bad("names", FIRM, "name: has_rows", "name: has-rows", "has-rows", "rule 'has-rows'"),
    Bad("names-once", FIRM, "- name: capital", "- name: est_date", "- name: est_date", "field 'est_date' stands twice"),
    Bad("names-once", FIRM, "businessName: 注册资本", "businessName: 住所", "- name: address", "title '住所' stands twice"),
    Bad("names-once", FIRM, "name: has_rows", "name: address_long_enough", "name: address_long_enough",
        "rule 'address_long_enough' stands twice"),
    Bad("reserved-names", FIRM, "name: has_rows", "name: unparsable", "name: unparsable", "rule 'unparsable'"),
    Bad("renames", FIRM, "customProperties: [{property: yishu.asOf, value: est_date}]",
        "customProperties: [{property: yishu.asOf, value: est_date}, {property: yishu.renamedFrom, value: capital}]",
        "yishu.renamedFrom", "renamed from 'capital', which is another field's"),
    Bad("key-not-null", FIRM, "        required: true\n        primaryKey: true\n", "        primaryKey: true\n",
        "primaryKey: true", "key field 'uscc' may be null"),
    Bad("key-not-null", VISIT, ", primaryKey: true", "", "- name: visit", "no primary key"),
    Bad("sequence", FIRM, "  - {property: yishu.sequence, value: update_time}\n", "", "customProperties:",
        "history but no yishu.sequence"),
    Bad("sequence", FIRM, "yishu.sequence, value: update_time", "yishu.sequence, value: changed", "yishu.sequence",
        "is no field"),
    Bad("sequence", FIRM, "yishu.sequence, value: update_time", "yishu.sequence, value: est_date", "yishu.sequence",
        "may be null"),
    Bad("as-of-date", FIRM, "yishu.asOf, value: est_date", "yishu.asOf, value: capital", "yishu.asOf", "which is a decimal"),
    Bad("as-of-date", FIRM, "yishu.asOf, value: est_date", "yishu.asOf, value: born", "yishu.asOf", "which is no field"),
    Bad("masks", FIRM, "        customProperties: [{property: yishu.mask, value: address}]\n", "",
        "classification: general-3", "grade general-3 but no mask"),
    Bad("no-reference-cycle", FIRM, "elements.yaml#citizen_id}]\n", "elements.yaml#citizen_id}]\n        relationships:\n"
        "          - {to: visit.visit_no, customProperties: [{property: yishu.severity, value: error}]}\n",
        "visit.visit_no", "firm → visit → firm"),
    Bad("references", VISIT, "to: firm.uscc", "to: firms.uscc", "firms.uscc", "'firms' is no dataset"),
    Bad("references", VISIT, "to: firm.uscc", "to: firm.code", "firm.code", "no such field"),
    Bad("references", VISIT, "to: firm.uscc", "to: firm.est_date", "firm.est_date", "a date, and is a string"),
    Bad("rule-columns", FIRM, "type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}",
        "type: expect_column_max_to_be_between, kwargs: {column: capitals}", "name: has_rows", "column 'capitals'"),
    Bad("rule-conditions", FIRM, "type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}",
        "type: expect_column_values_to_not_be_null, kwargs: {column: capital, row_condition: capital between 1 2, condition_parser: spark}",
        "name: has_rows", "cannot be read"),
    Bad("rule-conditions", FIRM, "type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}",
        "type: expect_column_values_to_not_be_null, kwargs: {column: capital, row_condition: capitals > 1, condition_parser: spark}",
        "name: has_rows", "column 'capitals', which does not exist"),
    Bad("suppliers", FIRM, "value: [amr]", "value: [arm]", "yishu.suppliers", "supplier 'arm' is no department"),
    Bad("suppliers", FIRM, "value: [amr]", "value: [amr, amr]", "yishu.suppliers", "supplier 'amr' stands twice"),
    Bad("sharing-terms", FIRM, "  - {property: yishu.sharingCondition, value: 依法履职}\n", "", "yishu.sharing,",
        "without terms"),
    Bad("supply-keys", FIRM, "encoding: gb18030}", "encoding: gb18030, headerRow: 2}", "yishu.supply", "'headerRow' says nothing"),
    Bad("supply-keys", FIRM, "format: csv, encoding: gb18030", "format: parquet, encoding: gb18030", "yishu.supply",
        "'encoding' says nothing for the format parquet"),
    Bad("supply-path", FIRM, "format: csv, encoding", "format: xml, path: rows/row, encoding", "yishu.supply", "'rows/row'"),
    Bad("supply-path", FIRM, "format: csv, encoding", "format: xml, encoding", "yishu.supply", "the path is ''"),
    Bad("supply-positions", FIRM, "format: csv, encoding: gb18030",
        "format: fixed, positions: {uscc: {start: 1, length: 18}}", "yishu.supply", "fields update_time have no position"),
    Bad("supply-positions", FIRM, "format: csv, encoding: gb18030",
        "format: fixed, positions: {uscc: {start: 1, length: 18}, update_time: {start: 18, length: 19}}", "yishu.supply",
        "'update_time' begins within 'uscc'"),
    Bad("supply-positions", FIRM, "format: csv, encoding: gb18030",
        "format: fixed, positions: {uscc: {start: 1, length: 18}, update_time: {start: 19, length: 19}, x: {start: 50, length: 1}}",
        "yishu.supply", "'x' is no field"),
    Bad("supply-positions", FIRM, "format: csv, encoding: gb18030",
        "format: fixed, unit: bytes, encoding: utf-16, positions: {uscc: {start: 1, length: 18}, update_time: {start: 19, length: 19}}",
        "yishu.supply", "where a line's end is none"),
    Bad("pull-format", FIRM, "format: csv, encoding: gb18030", f"format: csv, {_PULL}", "yishu.supply", "a pull, but the format csv"),
    Bad("pull-query", FIRM, "format: csv, encoding: gb18030", _PULLED.replace("SELECT", "DELETE"), "yishu.supply",
        "another statement than a SELECT"),
    Bad("pull-query", FIRM, "format: csv, encoding: gb18030", _PULLED.replace("firms", "firms; SELECT 1"), "yishu.supply",
        "2 statements"),
    Bad("pull-query", FIRM, "format: csv, encoding: gb18030", _PULLED.replace("FROM", "FROM ("), "yishu.supply", "cannot be parsed"),
    Bad("pull-query", FIRM, "format: csv, encoding: gb18030", _PULLED.replace(":end", ":until"), "yishu.supply", "asks for 'until'"),
    Bad("pull-watermark", FIRM, "format: csv, encoding: gb18030", _PULLED.replace("watermark: update_time", "watermark: changed"),
        "yishu.supply", "'changed' is no field"),
    Bad("pull-watermark", FIRM, "format: csv, encoding: gb18030", _PULLED.replace("watermark: update_time", "watermark: address"),
        "yishu.supply", "'address' is a string"),
    Bad("pull-watermark", FIRM, "format: csv, encoding: gb18030", _PULLED.replace(", watermark: update_time", ""), "yishu.supply",
        "asks for :after, but no watermark"),
    Bad("pull-supplier", VISIT, "value: [tax]}\n", "value: [tax, amr]}\n  - property: yishu.supply\n    value: "
        "{format: parquet, pull: {connection: VISITS, query: SELECT visit_no FROM visits}}\n", "yishu.suppliers", "a pull, but 2 suppliers"),
    Bad("inputs-exist", MART, "- silver.firm", "- silver.firms", "silver.firms", "'silver.firms' is no dataset"),
    Bad("inputs-exist", DIM, "codes.divisions", "codes.division", "codes.division", "'codes.division' is no code list"),
    Bad("inputs-exist", MART, "- dim.division", "- dim.divisions", "dim.divisions", "is no mart"),
    Bad("inputs-exist", MART, "- dim.division", "- silver.firm", "      - silver.firm", "stands twice"),
    Bad("select-exists", SELECT, "join dim.division d on", "join dim.division d on on (", "join", "cannot be parsed"),
    Bad("select-exists", SELECT, "select d.code as division_code, count(*) as firms", "select d.*, count(*) as firms",
        "select", "`*`"),
    Bad("select-exists", SELECT, "count(*) as firms", "count(*)", "select", "column 2 of the SELECT has no name"),
    Bad("select-columns", SELECT, "as firms", "as n", "-- firms", "lacks firms; adds n"),
    Bad("select-columns", SELECT, "d.code as division_code, count(*) as firms", "count(*) as firms, d.code as division_code",
        "-- firms", "in another order"),
    Bad("select-inputs", SELECT, "from silver.firm f", "from silver.firm f\ncross join silver.visit", "silver.visit",
        "'silver.visit'"),
    Bad("select-inputs", MART, "      - dim.division\n", "      - dim.division\n      - silver.visit\n", "silver.visit",
        "is not read by the SELECT"),
    Bad("key-shown", MART, "- {name: firms, businessName: 企业数, logicalType: integer, physicalType: bigint}",
        "- {name: firms, businessName: 企业数, logicalType: integer, physicalType: bigint, primaryKey: true, classification: general-3}",
        "name: firms", "'firms' is masked"),
)  # fmt: skip


def problems(files: ProjectFiles) -> list[ContractError]:
    """What `yishu check` would say: single files first, then all together."""
    project, errors = read_project(files.root)
    return [*errors, *check(project)]


def test_good_project_has_no_findings(project_files: ProjectFiles) -> None:
    assert problems(project_files) == []


@pytest.mark.parametrize("bad", _BAD, ids=lambda bad: f"{bad.code}: {bad.what}")
def test_rule_names_file_line_and_remedy(project_files: ProjectFiles, bad: Bad) -> None:
    file = project_files.change(bad.file, bad.old, bad.new)
    found = [e for e in problems(project_files) if e.code == bad.code and bad.what in str(e)]
    assert len(found) == 1, [str(e) for e in problems(project_files)]
    place = found[0].place
    assert place is not None
    assert (place.file, bad.line in file.read_text("utf-8").splitlines()[(place.line or 0) - 1]) == (file, True), str(found[0])
    assert found[0].remedy
    assert found[0].expected


def test_base_table_of_a_dataset_that_is_not_shared_is_no_input(project_files: ProjectFiles) -> None:
    project_files.change(MART, "- silver.firm", "- legal.firm")
    project_files.change(SELECT, "silver.firm", "legal.firm")
    assert problems(project_files) == []
    project_files.change(FIRM, "yishu.sharing, value: conditional", "yishu.sharing, value: none")
    assert [e.code for e in problems(project_files)] == ["inputs-exist"]


def test_cycle_among_marts_is_named_with_its_way(project_files: ProjectFiles) -> None:
    project_files.change(DIM, "[codes.divisions]", "[legal.firm_count]")
    project_files.write(DIM_SELECT, "select division_code as code, division_code as name from legal.firm_count\n")
    (found,) = problems(project_files)
    assert found.code == "no-cycle"
    assert "dim.division → legal.firm_count → dim.division" in found.what
    assert found.place is not None
    assert found.place.line == project_files.line(DIM, "yishu.inputs")


def test_a_ring_of_references_is_told_at_the_one_that_keeps_rows_out(project_files: ProjectFiles) -> None:
    warns = "        relationships: [{to: visit.visit_no}]\n"
    keeps_out = "        relationships:\n          - {to: visit.visit_no, customProperties: [{property: yishu.severity, value: error}]}\n"
    project_files.change(FIRM, "elements.yaml#citizen_id}]\n", f"elements.yaml#citizen_id}}]\n{warns}")
    assert problems(project_files) == []
    project_files.change(FIRM, "        businessName: 住所\n", f"        businessName: 住所\n{keeps_out}")
    (found,) = problems(project_files)
    assert found.code == "no-reference-cycle"
    assert found.place is not None
    assert found.place.line == project_files.line(FIRM, "yishu.severity, value: error")


def test_missing_select_is_told_at_the_contract(project_files: ProjectFiles) -> None:
    (project_files.root / SELECT).unlink()
    (found,) = problems(project_files)
    assert found.code == "select-exists"
    assert "jobs/gold/legal/firm_count.sql" in found.what


def test_mart_may_not_be_called_like_a_dataset_of_its_database(project_files: ProjectFiles) -> None:
    text = (project_files.root / MART).read_text("utf-8").replace("firm_count", "visit")
    project_files.write("schemas/basic/legal/gold/visit.yaml", text)
    project_files.write("jobs/gold/legal/visit.sql", (project_files.root / SELECT).read_text("utf-8"))
    (found,) = problems(project_files)
    assert (found.code, found.place and found.place.line) == ("names-once", 4)


def test_database_may_not_be_called_like_a_layer(project_files: ProjectFiles) -> None:
    project_files.write("schemas/basic/silver/database.yaml", "name: silver\ntitle: 银\nkind: basic\nlead: 局\n")
    (found,) = problems(project_files)
    assert (found.code, found.place and found.place.line) == ("reserved-names", 1)


def test_shared_database_takes_no_dataset(project_files: ProjectFiles) -> None:
    text = (project_files.root / VISIT).read_text("utf-8").replace("domain: legal", "domain: dim")
    (project_files.root / VISIT).unlink()
    project_files.write("schemas/shared/dim/visit.yaml", text)
    (found,) = problems(project_files)
    assert found.code == "shared-holds-marts"
    assert "move it" in found.remedy


def test_department_that_was_renamed_keeps_its_code(project_files: ProjectFiles) -> None:
    old = "code: '11130000MB16272081', name: 省税务局, valid_from: 2018-06-15"
    new = "code: '11130000MB16272080', name: 省工商局, valid_from: 2001-01-01, valid_to: 2018-10-28, successor: amr"
    project_files.change(DEPARTMENTS, old, new)
    assert problems(project_files) == []


def test_every_rule_has_a_bad_case_and_a_text() -> None:
    tested = {bad.code for bad in _BAD} | {"no-cycle", "shared-holds-marts"}
    assert {code_of(rule) for rule in RULES} == tested
    assert all(len(text_of(rule)) > 20 for rule in RULES)


def test_a_pull_that_is_right_has_no_findings(project_files: ProjectFiles) -> None:
    for query in ("SELECT uscc::text, update_time FROM a.firms WHERE :after IS NULL OR update_time > :after",
                  "WITH f AS (SELECT * FROM `firms`) SELECT uscc, update_time FROM f WHERE update_time < :end"):  # fmt: skip
        supply = f'format: parquet, pull: {{connection: A_1, query: "{query}", watermark: update_time}}'
        changed = project_files.change(FIRM, "format: csv, encoding: gb18030", supply)
        assert problems(project_files) == []
        changed.write_text(changed.read_text("utf-8").replace(supply, "format: csv, encoding: gb18030"), "utf-8")
