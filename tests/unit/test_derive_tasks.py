"""Project → the manifest, and the order in which `yishu run` does the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from derive_case import MARTS, PENSION, mart, project

from yishu.contract.levels import dataset_levels, mart_levels
from yishu.derive.tasks import manifest
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


def test_a_run_in_one_process_does_the_same_work_in_an_order_that_suits_the_manifest() -> None:
    tables = {t["asset"]: t for d in manifest(project())["databases"] for t in [*d["datasets"], *d["marts"]]}
    levels = [[f"silver.{d}" for d in level] for level in dataset_levels(project())] + mart_levels(project())
    place = {table: n for n, level in enumerate(levels) for table in level}
    assert place.keys() == tables.keys()
    for name, table in tables.items():
        assert all(place[before] < place[name] for before in (*table["after"], *table["foreign"])), name
    assert [table for table in place if not table.startswith("silver.")] == [
        "dim.division", "people.z_count", "work.paid", "people.a_share",
    ]  # fmt: skip


def test_a_dataset_that_refers_to_a_broken_contract_does_not_wait_for_it() -> None:
    alone = project().model_copy(update={"datasets": {"pension": PENSION}, "marts": {}})
    assert [d["foreign"] for b in manifest(alone)["databases"] for d in b["datasets"]] == [[]]


def test_marts_made_from_each_other_are_an_error() -> None:
    ring = {m.table: m for m in (*MARTS, mart("people.one", "people.two"), mart("people.two", "people.one"))}
    with pytest.raises(ContractError, match=r"people\.one → people\.two"):
        manifest(project().model_copy(update={"marts": ring}))
