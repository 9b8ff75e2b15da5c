"""What there is to do on a lake of the project's own contracts: what is on its way holds up what is made from it, for a while."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest

from handed_in import claimed, opened
from yishu.flow import pipeline, work
from yishu.flow.inputs import input_state
from yishu.flow.soundness import note
from yishu.flow.work import Work
from yishu.lake import tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import TableState

MART = "legal_entity.mass_registration_address"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return opened(tmp_path / "home")


def fill(lake: Lake, *datasets: str) -> None:
    for name in datasets:
        tables.put_batches(pa.table({"a": ["x"], "_delivery": ["d-1"]}).to_reader(), lake.silver(name), uuid4().hex)
        note(lake, f"silver.{name}")


def sources(lake: Lake, mart: str) -> list[str]:
    return [name.partition(".")[2] for name in lake.project.marts[mart].inputs if name.startswith("silver.")]


def test_a_dataset_waits_for_what_it_refers_to_but_its_run_takes_it_along(lake: Lake) -> None:
    claimed(lake, "a", "2024-06-30", dataset="licence_type")
    claimed(lake, "b", "2024-06-30", dataset="licence")
    look = Work(lake)
    assert (look.holds_up("silver.licence_type"), look.holds_up("silver.licence")) == ([], ["licence_type"])
    assert [table for table in look.tables() if table.startswith("silver.")] == ["silver.licence_type"]
    assert {"silver.licence", "e_licence.expiring_licence_count"} <= {*look.of_a_run("e_licence")}, "they follow in the same run"
    assert set(pipeline.pending(lake)) - {"dim"} == {"e_licence"}


def test_a_mart_is_not_built_while_one_of_its_inputs_is_on_its_way(lake: Lake) -> None:
    fill(lake, *sources(lake, MART))
    assert MART in Work(lake).tables("legal_entity")
    delivery = claimed(lake)
    assert Work(lake).holds_up(MART) == ["market_entity"]
    assert MART not in Work(lake).tables("legal_entity")
    assert {"silver.market_entity", MART} <= {*Work(lake).of_a_run("legal_entity")}, "its turn comes after the delivery's"
    lake.ledger.move(delivery.id, "rejected", reason="没有数据行")
    assert Work(lake).holds_up(MART) == [] and MART in Work(lake).tables("legal_entity")


def test_an_input_that_never_rests_holds_a_mart_up_for_an_hour(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(lake, *sources(lake, MART))
    claimed(lake)
    assert Work(lake).holds_up(MART)
    first = lake.silver("market_entity") / "_delta_log" / f"{0:020}.json"
    first.write_text(re.sub(r'"timestamp":\d+', '"timestamp":1700000000000', first.read_text()))
    assert Work(lake).holds_up(MART) == [] and MART in Work(lake).tables(), "an input has been there for years"
    state = input_state(lake, "silver.market_entity")
    lake.ledger.record_table(TableState(MART, "id", 0, json.dumps({"silver.market_entity": state}), "definition"))
    fill(lake, "market_entity")
    assert Work(lake).holds_up(MART) == ["market_entity"], "the mart has what was there; another commit came just now"
    monkeypatch.setattr(work, "PATIENCE", dt.timedelta(0))
    assert Work(lake).holds_up(MART) == []


def test_a_mart_waits_for_an_input_of_its_own_database(lake: Lake) -> None:
    """Else one table that all share would wake every database, for marts without a row."""
    tables.put_batches(pa.table({"uscc": ["x"], "_delivery": ["d-1"]}).to_reader(), lake.silver("market_entity"), "d-1")
    note(lake, "silver.market_entity")
    readers = {mart.database for mart in lake.project.marts.values() if "silver.market_entity" in mart.inputs}
    assert len(readers) > 3
    assert set(pipeline.pending(lake)) - {"dim"} == {"legal_entity"}
    others = {name: dataset for name, dataset in lake.project.datasets.items() if name != "cluster_month"}
    broken = dataclasses.replace(lake, project=lake.project.model_copy(update={"datasets": others}))
    assert pipeline.pending(broken) == pipeline.pending(lake), "a contract that cannot be read stops nobody else"
