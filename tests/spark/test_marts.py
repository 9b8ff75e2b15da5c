"""Each mart's SELECT gives, on rows written by hand, what was worked out by hand."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from marts_case import CASES, Case, expected_value, read_case, run_mart, shown_in_gold, values_of
from yishu.contract.load import load_project
from yishu.contract.model import Mart, Project
from yishu.derive.masks import field_mask

FILES = sorted(CASES.glob("*.yaml"))


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


@pytest.mark.parametrize("file", FILES, ids=[f.stem for f in FILES])
def test_the_select_gives_what_was_worked_out_by_hand(file: Path, project: Project, spark: SparkSession) -> None:
    case = read_case(file)
    mart = project.marts[case.table]
    frame = run_mart(spark, project, mart, case.inputs).cache()
    found = {tuple(row[k] for k in mart.key): row for row in values_of(frame.where(case.only))}
    assert frame.count() == case.count
    assert len(found) == len(case.outputs)
    for expected in case.outputs:
        fields = {f.name: f for f in mart.fields}
        wanted = {name: expected_value(fields[name], text) for name, text in expected.items()}
        row = found.get(tuple(wanted[k] for k in mart.key))
        assert row is not None, f"{[wanted[k] for k in mart.key]} is not among {sorted(map(str, found))}"
        assert {name: row[name] for name in wanted} == wanted
    keys = frame.dropna(subset=list(mart.key)).select(*mart.key).distinct().count()
    assert keys == case.count, "the key must name one row"
    assert_masked(spark, mart, case, values_of(shown_in_gold(spark, mart, frame)))
    frame.unpersist()


def assert_masked(spark: SparkSession, mart: Mart, case: Case, shown: Sequence[Mapping[str, object]]) -> None:
    """No value that the mart's fields mask is to be read anywhere in what gold shows."""
    masked = [f.name for f in mart.fields if field_mask(f)]
    clear = {row[name] for row in case.outputs for name in masked if name in row} - {"~"}
    assert bool(clear) == bool(masked and case.outputs), "a case of a mart with masked fields gives their clear values"
    for row in shown:
        assert not [text for text in clear for cell in row.values() if text in str(cell)]


def test_each_column_of_each_mart_is_in_its_case(project: Project) -> None:
    cases = {file.stem: read_case(file) for file in FILES}
    assert set(cases) == set(project.marts)
    for table, mart in project.marts.items():
        given = {name for row in cases[table].outputs for name in row}
        assert given == {f.name for f in mart.fields}, table


def test_wrong_issuers_are_those_that_the_standard_refuses(project: Project, spark: SparkSession, shared_data: Path) -> None:
    lines = (shared_data / "vectors" / "uscc.csv").read_text(encoding="utf-8").splitlines()
    vectors = {row["number"]: row["expected"] for row in csv.DictReader(lines) if row["number"]}
    rows = [{"licence_id": str(n), "issuer_code": number} for n, number in enumerate(vectors)]
    listed = values_of(run_mart(spark, project, project.marts["e_licence.wrong_issuer"], {"silver.licence": rows}))
    assert {row["issuer_code"] for row in listed} == {number for number, expected in vectors.items() if expected != "ok"}
    reasons = {"org_digit": "组织机构代码校验位错误", "check": "校验码错误", "charset": "含有不允许的字符"}
    for row in listed:
        expected = vectors[str(row["issuer_code"])]
        assert row["reason"] == reasons.get(expected, f"应为18位，实为{len(str(row['issuer_code']))}位")


def test_marts_of_nothing_are_empty(project: Project, spark: SparkSession) -> None:
    for table in (
        "credit.grade_distribution",
        "legal_entity.entity_count_by_county",
        "macro_economy.industrial_growth_by_unit",
    ):
        mart = project.marts[table]
        assert run_mart(spark, project, mart, {name: [] for name in mart.inputs if name.startswith("silver.")}).count() == 0
