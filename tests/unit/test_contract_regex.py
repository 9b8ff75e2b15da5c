"""Patterns in contracts: those that both Java and Python understand pass, others are named with file, line and remedy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from regex_cases import BAD, CLASSES, GOOD

from yishu.contract.load import read_project
from yishu.contract.reading import Reading
from yishu.contract.regex import refuses, try_pattern
from yishu.contract.yaml_lines import read_document
from yishu.errors import ContractError

if TYPE_CHECKING:
    from conftest import ProjectFiles

VISIT = "schemas/basic/legal/visit.yaml"
KEY = "required: true, primaryKey: true}"


def told(files: ProjectFiles, pattern: object) -> list[ContractError]:
    reading = Reading(read_document(files.root / VISIT))
    try_pattern(pattern, reading, "schema", 0, "properties", 0)
    return reading.errors


@pytest.mark.parametrize("pattern", [*GOOD, *(rf"\p{{{name}}}" for name in CLASSES)])
def test_a_pattern_that_both_understand_passes(project_files: ProjectFiles, pattern: str) -> None:
    assert told(project_files, pattern) == []


@pytest.mark.parametrize("pattern", BAD)
def test_a_pattern_that_cannot_work_is_told_with_what_to_write(project_files: ProjectFiles, pattern: str) -> None:
    (error,) = told(project_files, pattern)
    assert BAD[pattern] in str(error) and error.code == "pattern" and error.remedy
    assert error.place is not None and error.place.line == project_files.line(VISIT, "visit_no")


def test_what_is_no_text_is_told(project_files: ProjectFiles) -> None:
    (error,) = told(project_files, 12)
    assert "pattern 12 is no text" in str(error) and error.remedy == "put it in quotes"


def rule(kind: str, **kwargs: object) -> str:
    body = json.dumps({"type": f"expect_column_values_to_{kind}", "kwargs": kwargs}, ensure_ascii=False)
    return f"[{{name: mine, type: custom, engine: greatExpectations, implementation: {body}}}]"


@pytest.mark.parametrize(
    "where",
    [
        r"logicalTypeOptions: {pattern: 'a\z'}",
        "quality: " + rule("match_regex", regex=r"a\z"),
        "quality: " + rule("not_match_regex", regex=r"a\z"),
        "quality: " + rule("match_regex_list", regex_list=["^a$", r"a\z"]),
        r"quality: [{name: mine, type: library, metric: invalidValues, mustBe: 0, arguments: {pattern: 'a\z'}}]",
    ],
    ids=["pattern", "regex", "not regex", "regex list", "library"],
)
def test_wherever_a_pattern_stands_file_line_and_remedy_are_named(project_files: ProjectFiles, where: str) -> None:
    path = project_files.change(VISIT, KEY, f"required: true, primaryKey: true,\n         {where}}}")
    project, (error,) = read_project(project_files.root)
    assert "visit" not in project.datasets
    assert (error.code, error.subject) == ("pattern", "visit") and (error.remedy or "").startswith("write $")
    assert error.place is not None
    assert (error.place.file, error.place.line) == (path, project_files.line(VISIT, where[:20]))


def test_a_table_s_and_a_mart_s_own_rules_are_tried_too(project_files: ProjectFiles) -> None:
    mart = "schemas/basic/legal/gold/firm_count.yaml"
    quality = rule("match_regex", column="division_code", regex="(")
    project_files.change(mart, "    properties:\n", f"    quality: {quality}\n    properties:\n")
    project_files.change(
        VISIT, "    properties:\n", f"    quality: {rule('match_regex', column='uscc', regex='(')}\n    properties:\n"
    )
    _, errors = read_project(project_files.root)
    assert [(e.code, e.place and e.place.line) for e in errors] == [
        ("pattern", project_files.line(VISIT, "name: mine")), ("pattern", project_files.line(mart, "name: mine"))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [("^[0-9]{18}$", True), ("E", False), ("^$", True), (r"^\p{Nd}$", False), ("(", False)],
)
def test_a_pattern_refuses_texts_of_which_none_fits(pattern: str, answer: bool) -> None:
    assert refuses(pattern, ["9.1E+17", "1E+15"]) is answer
