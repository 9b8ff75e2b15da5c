"""Airflow: the DAG that reminds, each working day, of deliveries that are late."""

from yishu.orchestrate import duties

dag = duties()
