"""The DAG files as Airflow parses them: quickly, with nothing heavy, the same each time, and in the manifest's order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
HEAVY = (
    "pyspark", "great_expectations", "deltalake", "pandas", "pyarrow", "grpc", "yishu.contract", "yishu.lake", "yishu.flow",
)  # fmt: skip
PARSE = """
import json, runpy, sys, time
start = time.process_time()
import airflow.sdk
import airflow.triggers.base
from airflow.providers.standard.operators import trigger_dagrun
loaded = time.process_time() - start
def parse(folder):
    start = time.process_time()
    dags = [d for d in runpy.run_path(f"{folder}/databases.py").values() if isinstance(d, airflow.sdk.DAG)]
    dags += [runpy.run_path(f"{folder}/{name}.py")["dag"] for name in ("duties", "reconcile")]
    return {d.dag_id: d for d in dags}, time.process_time() - start
from airflow.serialization.serialized_objects import DagSerialization
out = {"loaded": loaded}
for name, folder in (("small", sys.argv[1]), ("real", sys.argv[2])):
    dags, seconds = parse(folder)
    out[name] = {
        "seconds": seconds,
        "tasks": {i: {t.task_id: sorted(t.upstream_task_ids) for t in d.tasks} for i, d in dags.items()},
        "pools": sorted({t.pool for d in dags.values() for t in d.tasks}),
        "weights": {f"{i}.{t.task_id}": t.priority_weight for i, d in dags.items() for t in d.tasks},
        "rules": sorted({str(t.weight_rule) for d in dags.values() for t in d.tasks}),
        "steps": {i: d.get_task("look").steps for i, d in dags.items() if d.has_task("look")},
        "owners": {f"{i}.{t.task_id}": t.owner for i, d in dags.items() for t in d.tasks},
        "docs": {f"{i}.{t.task_id}": t.doc_md or "" for i, d in dags.items() for t in d.tasks},
        "tags": {i: sorted(d.tags) for i, d in dags.items()},
        "wakes": {i: sorted(a.name for a in d.schedule.objects)
                  for i, d in dags.items() if isinstance(d.schedule, airflow.sdk.AssetAny)},
        "same": [json.dumps(DagSerialization.to_dict(d), sort_keys=True, default=str) for d in dags.values()]
                == [json.dumps(DagSerialization.to_dict(d), sort_keys=True, default=str) for d in parse(folder)[0].values()],
    }
out["modules"] = sorted(sys.modules)
print("\\n" + json.dumps(out))
"""


@dataclass(frozen=True)
class Parsed:
    small: dict
    real: dict
    loaded: float
    modules: list[str]


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Parsed:
    """Both manifests parsed in one process of their own, for importing airflow is what costs."""
    folder = tmp_path_factory.mktemp("dags")
    for name in ("databases.py", "duties.py", "reconcile.py"):
        shutil.copy(CHECKOUT / "dags" / name, folder)
    shutil.copy(CHECKOUT / "tests" / "lake" / "airflow_stub" / "manifest.json", folder)
    env = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")} | {"AIRFLOW_HOME": str(folder / "home")}
    command = [sys.executable, "-c", PARSE, str(folder), str(CHECKOUT / "dags")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Parsed(**json.loads(done.stdout.splitlines()[-1]))


def test_parsing_imports_neither_spark_nor_gx_nor_contracts(parsed: Parsed) -> None:
    found = [m for m in parsed.modules if any(m == heavy or m.startswith(f"{heavy}.") for heavy in HEAVY)]
    assert found == []


def test_all_dags_parse_in_under_a_second(parsed: Parsed, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        dags = parsed.real["tasks"]
        size, seconds = f"{len(dags)} DAGs, {sum(map(len, dags.values()))} tasks", parsed.real["seconds"]
        print(f"\nparse: {size}: {seconds:.3f} s CPU (airflow itself {parsed.loaded:.1f} s)")
    assert parsed.real["seconds"] < 1


def test_parsing_twice_gives_the_same_dags(parsed: Parsed) -> None:
    assert parsed.small["same"]
    assert parsed.real["same"]


def test_every_database_of_the_manifest_is_a_dag_of_its_name(parsed: Parsed) -> None:
    manifest = json.loads((CHECKOUT / "dags" / "manifest.json").read_text(encoding="utf-8"))
    names = [database["name"] for database in manifest["databases"]]
    assert len(names) == len(set(names))
    assert sorted(parsed.real["tasks"]) == sorted([*names, "duties", "reconcile"])


def test_every_dataset_and_mart_of_the_manifest_has_its_steps(parsed: Parsed) -> None:
    for database in json.loads((CHECKOUT / "dags" / "manifest.json").read_text(encoding="utf-8"))["databases"]:
        expected = {f"{d['name']}.{step}" for d in database["datasets"] for step in ("receive", "refine")}
        expected |= {f"gold.{mart['name']}" for mart in database["marts"]} | {"look", "publish"}
        assert set(parsed.real["tasks"][database["name"]]) == expected


def test_steps_follow_the_manifests_order(parsed: Parsed) -> None:
    assert parsed.small["tasks"]["alpha"] == {
        "look": [],
        "ents.receive": ["look"],
        "ents.refine": ["ents.receive"],
        "lics.receive": ["look"],
        "lics.refine": ["ents.refine", "lics.receive"],
        "gold.by_county": ["ents.refine"],
        "gold.by_unit": ["gold.by_county", "lics.refine"],
        "publish": ["gold.by_unit"],
    }


def test_a_database_is_woken_by_what_arrives_and_by_the_foreign_tables_that_it_reads(parsed: Parsed) -> None:
    assert parsed.small["wakes"] == {
        "alpha": ["landing.alpha", "silver.persons"],
        "beta": ["landing.beta", "silver.ents"],
    }
    assert "landing.dim" not in parsed.real["wakes"]["dim"], "it has no datasets: nothing can arrive"


def test_what_others_refer_to_goes_first_whichever_dag_it_is_in(parsed: Parsed) -> None:
    weights, levels = parsed.real["weights"], {}
    for database in json.loads((CHECKOUT / "dags" / "manifest.json").read_text(encoding="utf-8"))["databases"]:
        levels |= {f"{database['name']}.{d['name']}.refine": (0, d["level"]) for d in database["datasets"]}
        levels |= {f"{database['name']}.gold.{m['name']}": (1, m["level"]) for m in database["marts"]}
    in_turn = sorted(levels, key=lambda task: -weights[task])
    assert [levels[task] for task in in_turn] == sorted(levels.values())
    assert weights["reconcile.find_work"] == weights["tax.look"] == max(weights.values())
    assert weights["tax.publish"] == min(weights.values()) > 0
    assert parsed.real["rules"] == ["absolute"]


def test_the_look_knows_the_steps_that_make_each_table(parsed: Parsed) -> None:
    assert parsed.small["steps"]["alpha"] == {
        "silver.ents": ["ents.receive", "ents.refine"], "silver.lics": ["lics.receive", "lics.refine"],
        "alpha.by_county": ["gold.by_county"], "alpha.by_unit": ["gold.by_unit"],
    }  # fmt: skip


def test_each_table_has_one_writer(parsed: Parsed) -> None:
    assert {"write_silver_ents", "write_gold_alpha_by_unit", "write_catalog"} <= set(parsed.small["pools"])


def test_tasks_carry_owner_and_the_way_to_the_receipt(parsed: Parsed) -> None:
    assert parsed.small["owners"]["alpha.ents.refine"] == "市场监管局"
    assert "receipts/<department>/ents/" in parsed.small["docs"]["alpha.ents.refine"]
    assert parsed.small["tags"]["alpha"] == ["basic", "yishu"]
