"""Every rule that the contracts of T2, T3, T5, T6, T11, S7 and P1 add: a right row passes it, a wrong one breaks it, missing values pass."""

from __future__ import annotations

import pytest
from pyspark.sql import SparkSession

from content_cases_province import BAD, GOOD
from test_content_rules import TABLE_RULES, broken, project, written
from yishu.contract.model import Dataset


def test_every_rule_has_its_wrong_row() -> None:
    assert set(GOOD) == set(BAD)
    for name, cases in BAD.items():
        assert set(cases) == written(project().datasets[name]) - TABLE_RULES, name


def strange(dataset: Dataset) -> dict[str, str]:
    """A row that no rule may choke on: Spark's ANSI mode stops at a text that is no number and at a division by zero."""
    kinds = {"string": "无〔x〕", "date": "1900-01-01", "timestamp": "1900-01-01 00:00:00", "boolean": "false"}
    return {field.name: kinds.get(field.type.kind, "0") for field in dataset.fields}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_rules_of(name: str, spark: SparkSession) -> None:
    cases = list(BAD[name].items())
    rows = [GOOD[name], *(GOOD[name] | cells for _, cells in cases), {}, strange(project().datasets[name])]
    good, *bad, empty, _ = broken(spark, project().datasets[name], rows)
    assert good == set(), "the right row"
    for (rule, cells), found in zip(cases, bad, strict=True):
        assert rule in found, f"{rule} lets {cells} pass"
    assert empty == set(), "a row without values"
