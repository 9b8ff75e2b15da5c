"""Rendered suites are Great Expectations' own: it reads each file, knows each type and gives it back unchanged."""

from __future__ import annotations

import json

import pytest
from derive_case import PENSION, PERSON, project
from great_expectations.core.expectation_suite import ExpectationSuite, expectationSuiteSchema

from yishu.contract.model import Dataset
from yishu.derive.suite import suite
from yishu.quality import standards


@pytest.mark.parametrize("dataset", [PERSON, PENSION], ids=lambda d: d.name)
def test_great_expectations_reads_a_suite_and_keeps_all_of_it(dataset: Dataset) -> None:
    standards.register()
    ours = suite(dataset, project())
    read = ExpectationSuite(**expectationSuiteSchema.loads(json.dumps(ours)))
    back = read.to_json_dict()
    assert [e.expectation_type for e in read.expectations] == [e["type"] for e in ours["expectations"]]
    kept = [
        {key: e.get(key) for key in ("type", "kwargs", "meta", "id", "severity", "description")} for e in back["expectations"]
    ]  # type: ignore[union-attr, index]
    assert kept == ours["expectations"]
    assert (back["name"], back["id"]) == (ours["name"], ours["id"])
