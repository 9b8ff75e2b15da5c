"""Every rule that a thematic, special or policy contract adds: a right row passes it, a wrong one breaks it, missing values pass."""

from __future__ import annotations

from itertools import chain

import pytest
from pyspark.sql import SparkSession

import content_cases
import content_cases_emergency
import content_cases_province
import content_cases_special
import content_cases_thematic
from test_content_rules import TABLE_RULES, Cells, judge, project, written

FILES = (content_cases_emergency, content_cases_province, content_cases_special, content_cases_thematic)
GOOD: dict[str, Cells] = {name: cells for file in FILES for name, cells in file.GOOD.items()}
BAD: dict[str, dict[str, Cells]] = {name: cases for file in FILES for name, cases in file.BAD.items()}


def test_every_rule_has_its_wrong_row() -> None:
    assert set(GOOD) == set(BAD)
    for name, cases in BAD.items():
        assert set(cases) == written(project().datasets[name]) - TABLE_RULES, name


def test_every_dataset_has_its_rows_in_one_file() -> None:
    found = sorted(chain(*(file.GOOD for file in (content_cases, *FILES))))
    assert found == sorted(project().datasets)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_rules_of(name: str, quick: SparkSession) -> None:
    judge(quick, name, GOOD[name], BAD[name])
