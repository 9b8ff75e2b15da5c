"""Airflow: no DAG of its own. Raises every broken contract by file and line, so that Airflow shows them in its banner.

A file apart: what raises here hides no DAG of databases.py, and what it costs to read the contracts delays none.
"""

from pathlib import Path

from yishu.contract.load import read_project
from yishu.errors import ContractErrors

if errors := read_project(Path(__file__).resolve().parents[1])[1]:
    raise ContractErrors(errors)
