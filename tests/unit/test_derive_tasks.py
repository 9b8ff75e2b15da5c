"""Project → the manifest and the list of steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from derive_case import MARTS, PENSION, mart, project

from yishu.derive.tasks import manifest, walk
from yishu.errors import ContractError


def test_the_manifest_lists_databases_by_name_and_tables_after_their_inputs() -> None:
    databases = manifest(project())["databases"]
    assert [d["name"] for d in databases] == ["dim", "people", "work"]
    assert [m["table"] for m in databases[1]["marts"]] == ["people.z_count", "people.a_share"]


def test_a_mart_s_inputs_are_told_apart_by_the_database_that_makes_them() -> None:
    marts = {m["table"]: m for d in manifest(project())["databases"] for m in d["marts"]}
    assert {name: (m["after"], m["foreign"]) for name, m in marts.items()} == {
        "dim.division": ([], []),
        "people.z_count": (["silver.person"], ["dim.division"]),
        "people.a_share": (["people.z_count"], ["work.paid"]),
        "work.paid": (["silver.pension"], ["people.z_count", "silver.person"]),
    }


def test_a_reference_that_keeps_rows_out_is_told_and_a_warning_is_not() -> None:
    datasets = {d["name"]: d for b in manifest(project())["databases"] for d in b["datasets"]}
    assert (datasets["pension"]["after"], datasets["pension"]["foreign"]) == ([], ["silver.person"])
    assert (datasets["person"]["after"], datasets["person"]["foreign"]) == ([], [])


def test_each_table_has_a_pool_and_an_asset_of_its_own() -> None:
    tables = [t for d in manifest(project())["databases"] for t in [*d["datasets"], *d["marts"]]]
    assert len({t["pool"] for t in tables}) == len({t["asset"] for t in tables}) == len(tables) == 6
    person = next(t for t in tables if t["name"] == "person")
    assert (person["pool"], person["asset"]) == ("write_silver_person", "silver.person")


def test_docs_name_source_supplier_cycle_key_mode_and_receipts() -> None:
    work = manifest(project())["databases"][2]
    pension = work["datasets"][0]
    assert (pension["owner"], pension["supplier"], pension["cycle"]) == ("省人社厅", "省人社厅、省劳动厅", "half-yearly")
    for part in ("养老待遇", "每半年 half-yearly", "`id_no`、`period`", "按期追加 append", "10.00%", "不予共享 none",
                 "`receipts/11130000000210497B/pension/`", "`yishu receipt <delivery>`"):  # fmt: skip
        assert part in pension["doc_md"]
    assert "就业与社保" in work["doc_md"] and work["tags"] == ["special", "yishu", "专题库"]


def test_the_manifest_does_not_depend_on_the_order_in_which_contracts_were_read() -> None:
    there, back = json.dumps(manifest(project())), json.dumps(manifest(project(backwards=True)))
    assert there == back


def test_nothing_in_the_manifest_names_a_place_on_a_machine() -> None:
    here = json.dumps(manifest(project(Path("/somewhere/else"))))
    assert here == json.dumps(manifest(project())) and "/somewhere" not in here


def test_every_step_comes_after_the_steps_that_it_needs() -> None:
    steps = walk(project())
    done: set[str] = set()
    for step in steps:
        assert set(step.after) <= done, step
        done.add(step.name)
    assert len(done) == len(steps)


def test_the_walk_goes_across_databases() -> None:
    steps = {s.name: s for s in walk(project())}
    assert [s for s in steps if s.startswith("build:")] == [
        "build:dim.division", "build:people.z_count", "build:work.paid", "build:people.a_share",
    ]  # fmt: skip
    assert steps["build:work.paid"].after == ("build:people.z_count", "refine:pension", "refine:person")
    assert steps["refine:pension"].after == ("receive:pension", "refine:person")
    assert steps["build:people.a_share"].after == ("build:people.z_count", "build:work.paid")
    assert steps["publish:people"].after == ("refine:person", "build:people.z_count", "build:people.a_share")


def test_the_walk_and_the_manifest_hold_the_same_work() -> None:
    tables = {t["asset"] for d in manifest(project())["databases"] for t in [*d["datasets"], *d["marts"]]}
    steps = walk(project())
    assert {f"silver.{s.target}" for s in steps if s.kind == "refine"} | {
        s.target for s in steps if s.kind == "build"
    } == tables
    assert [s.target for s in steps if s.kind == "publish"] == [d["name"] for d in manifest(project())["databases"]]


def test_a_dataset_that_refers_to_a_broken_contract_does_not_wait_for_it() -> None:
    alone = project().model_copy(update={"datasets": {"pension": PENSION}, "marts": {}})
    assert [s.after for s in walk(alone) if s.kind == "refine"] == [("receive:pension",)]
    assert [d["foreign"] for b in manifest(alone)["databases"] for d in b["datasets"]] == [[]]


def test_marts_made_from_each_other_are_an_error() -> None:
    ring = {m.table: m for m in (*MARTS, mart("people.one", "people.two"), mart("people.two", "people.one"))}
    for derive in (manifest, walk):
        with pytest.raises(ContractError, match=r"people\.one → people\.two"):
            derive(project().model_copy(update={"marts": ring}))
