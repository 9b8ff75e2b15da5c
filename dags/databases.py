"""Airflow: one DAG per database, from the manifest that `yishu render` compiled out of the contracts."""

from pathlib import Path

from yishu.orchestrate import databases

for dag in databases(Path(__file__).with_name("manifest.json")):
    globals()[dag.dag_id] = dag
