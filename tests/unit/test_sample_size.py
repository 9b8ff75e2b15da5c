"""The sample at sizes beyond the tests' own: many processes, lists longer than a sheet, a year without a gap, columns that begin empty."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sample_cells import cells_of

from reading_case import thing
from test_sample_write import digests, file_of
from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.errors import ContractError, MachineError
from yishu.sample import form_sheets, monitoring
from yishu.sample.columns import Extract
from yishu.sample.dirt import plant
from yishu.sample.faults import Fault, Oddity
from yishu.sample.form_sheets import sheet_room
from yishu.sample.spread import spread
from yishu.sample.state_assets import finance
from yishu.sample.write import province_of, write_sample


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


def test_the_bytes_are_the_same_however_many_processes_write_them(project: Project, tmp_path: Path) -> None:
    names = ["person_base", "marriage_reg", "credit_score", "agri_subsidy", "elder_org", "elder_subsidy", "infectious_report"]
    found = []
    for processes in (1, 3):
        home = tmp_path / str(processes)
        truth = write_sample(
            project,
            home / "landing",
            datasets=names,
            rows=300,
            seed=5,
            dirt=0.06,
            truth=home / "truth.json",
            processes=processes,
        )
        found.append((truth, digests(home)))
    assert found[0] == found[1] and found[0][0].cases


def killed(_: str) -> str:
    os._exit(9)


def refused(name: str) -> str:
    raise ContractError(f"no {name}", code="sample")


def test_what_goes_wrong_in_a_process_is_told_as_if_it_had_been_this_one() -> None:
    with pytest.raises(ContractError, match="no a"):
        spread(refused, ["a", "b"], 2)
    with pytest.raises(MachineError, match="killed"):
        spread(killed, ["a", "b"], 2)
    assert spread(str.upper, ["a", "b", "c"], 2) == ["A", "B", "C"]


def test_a_list_longer_than_a_sheet_comes_thinned_with_the_rows_that_tell_a_story(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, most, rows, dirt = project.datasets["soe_finance"], 260, 2_000, 0.2
    monkeypatch.setitem(form_sheets._MOST, "xlsx", most)
    names = ["soe_finance", "mu_evaluation"]
    truth = write_sample(project, tmp_path, datasets=names, rows=rows, seed=5, dirt=dirt, truth=tmp_path / "truth.json")
    whole = {e.department: e for e in finance(province_of(project, names, rows, 5))}["sasac"]
    assert whole.rows > most
    for delivery in truth.deliveries:
        found = cells_of(file_of(tmp_path, delivery), project.datasets[delivery.dataset])
        assert len(found) == delivery.rows <= (sheet_room(project.datasets[delivery.dataset]) or 0) and all(
            bad.row <= delivery.rows for bad in delivery.bad
        )
        if delivery.dataset == "mu_evaluation":
            assert {row["eval_year"] for row in found} >= {"2022", "2023", "2024"} and delivery.rows > most * 0.9
    largest = max((d for d in truth.deliveries if d.dataset == dataset.name), key=lambda d: d.rows)
    assert largest.rows > most * 0.9 and largest.duplicates
    keys = {(row["uscc"], row["period"]) for row in cells_of(file_of(tmp_path, largest), dataset)}
    told = whole.columns["uscc"].take(whole.keep_clean), whole.columns["period"].take(whole.keep_clean)
    assert keys >= set(zip(*(column.to_pylist() for column in told), strict=True))


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
