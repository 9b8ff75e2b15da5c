"""Airflow: the DAG that looks every minute for work and wakes the databases that have some."""

from yishu.orchestrate import reconcile

dag = reconcile()
