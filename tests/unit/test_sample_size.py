"""The sample at sizes beyond the tests' own: a year without a gap, columns that begin empty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from reading_case import thing
from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.sample import monitoring
from yishu.sample.columns import Extract
from yishu.sample.dirt import plant
from yishu.sample.faults import Fault, Oddity
from yishu.sample.write import province_of


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


def test_a_whole_year_of_air_has_each_day_once(project: Project) -> None:
    province = province_of(project, ["air_quality"], 200, 5)
    for rows in (2_000, 240_000, 300_000):
        _, days = monitoring._extent(replace(province, rows=rows))
        assert len(set(days.tolist())) == len(days) and days.max() == 364 and (days.min() == 10 or len(days) > 355)


def test_a_fault_on_an_empty_cell_starts_from_the_columns_first_value_however_far_down_it_stands() -> None:
    count = 20_001
    given = {
        "code": pa.array([None] * (count - 1) + ["911301020000000000"], pa.string()),
        "title": pa.array(["河北省"] * count),
    }
    wrong = [Fault("code", "standard:code", lambda value: value[:16] + value[17])]
    odd = [Oddity("title", lambda value: f" {value}")]
    dirty = plant(Extract("thing", "202401", given), thing(format="csv"), wrong, odd, 0.001, np.random.default_rng(1))
    assert {bad.value for bad in dirty.bad} == {"91130102000000000"} and len(dirty.bad) == 20
