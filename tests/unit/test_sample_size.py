"""The sample at sizes beyond the tests' own: what is planted in columns that begin empty."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from reading_case import thing
from yishu.sample.columns import Extract
from yishu.sample.dirt import plant
from yishu.sample.faults import Fault, Oddity


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
