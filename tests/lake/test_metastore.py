"""A server whose metastore is new is told of the gold tables that stand already: by `yishu server start`, and by a run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from impala.dbapi import connect

from small_lake import SmallLake, free_ports, small_project
from yishu.flow import metastore
from yishu.lake import server
from yishu.lake.lake import open_lake
from yishu.settings import load_settings

JAN, FEB, AT = "2025-01", "2025-02", "2025-01-01 08:00:00"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """A lake with a server of its own, for its metastore is deleted."""
    root = tmp_path_factory.mktemp("metastore")
    ports = free_ports(2)
    env = {"YISHU_HOME": str(root / "home"), "YISHU_CONNECT_PORT": str(ports[0]), "YISHU_JDBC_PORT": str(ports[1])}
    settings = load_settings(env | {"YISHU_SPARK_MEMORY": "1g"}, small_project(root / "project"))
    small = SmallLake(open_lake(settings))
    try:
        small.drop("fact", JAN, [("a", "1.50", "R", AT)])
        small.drop("firm", JAN, [("a", "1", "R", AT)])
        assert not small.run("fact", "firm").errors
        yield small
    finally:
        small.close()
        server.stop(settings)


def shown(small: SmallLake) -> dict[str, str]:
    """What a BI tool sees: the tables of the schema, each with its title."""
    spark = small.lake.settings.spark
    with (
        closing(connect(spark.bind, spark.jdbc_port, auth_mechanism="PLAIN", user="bi", timeout=120)) as bi,
        closing(bi.cursor()) as cursor,
    ):
        cursor.execute("SHOW SCHEMAS LIKE 'toy'")
        if not cursor.fetchall():
            return {}
        cursor.execute("SHOW TABLES IN toy")
        names = [row[1] for row in cursor.fetchall()]
        return {name: title(cursor, name) for name in names}


def title(cursor, table: str) -> str:  # type: ignore[no-untyped-def]
    cursor.execute(f"DESCRIBE EXTENDED toy.{table}")
    return next(str(row[1]) for row in cursor.fetchall() if row[0] == "Comment")


def test_what_jdbc_logs_is_kept_apart_from_other_servers_of_the_machine(own: SmallLake) -> None:
    assert shown(own) == TABLES
    assert (own.lake.settings.home / "logs" / "jdbc").is_dir()


TABLES = {"fact": "玩具fact", "firm": "玩具firm", "total": "玩具total表", "firms": "玩具firms表"}


def forget(small: SmallLake) -> None:
    small.end_sessions()
    server.stop(small.lake.settings)
    shutil.rmtree(small.lake.settings.home / "ops" / "metastore")


def yishu(small: SmallLake, *words: str) -> str:
    settings = small.lake.settings
    env = {k: v for k, v in os.environ.items() if not k.startswith("YISHU")} | {
        "YISHU_HOME": str(settings.home), "YISHU_PROJECT": str(settings.project), "YISHU_SPARK_MEMORY": "1g",
        "YISHU_CONNECT_PORT": str(settings.spark.connect_port), "YISHU_JDBC_PORT": str(settings.spark.jdbc_port),
    }  # fmt: skip
    done = subprocess.run([Path(sys.executable).parent / "yishu", *words], env=env, capture_output=True, text=True, check=True)
    return done.stdout


def test_after_the_metastore_was_deleted_server_start_names_the_gold_tables_again(own: SmallLake) -> None:
    assert shown(own) == TABLES
    before = own.versions()
    forget(own)
    assert "4 gold tables are known by name again" in yishu(own, "server", "start")
    assert shown(own) == TABLES
    assert own.versions() == before
    assert not own.run().errors and own.versions() == before, "naming a table is no damage and no reason to build it"
    assert "again" not in yishu(own, "server", "start")


def test_a_run_that_starts_the_server_itself_names_those_too_that_it_does_not_build(own: SmallLake) -> None:
    forget(own)
    own.drop("fact", FEB, [("b", "2", "G", AT)])
    assert not own.run("fact").errors
    assert shown(own) == TABLES


def test_a_server_that_was_told_is_asked_nothing_also_after_it_was_started_anew(own: SmallLake) -> None:
    def nobody() -> None:
        raise AssertionError("a session was opened")

    settings = own.lake.settings
    own.end_sessions()
    server.stop(settings)
    server.start(settings)
    assert metastore.told(settings)
    assert metastore.make_known(own.lake, nobody) == []  # type: ignore[arg-type]


def test_a_damaged_table_is_left_and_keeps_no_other_from_its_name(own: SmallLake) -> None:
    forget(own)
    log = own.lake.gold("toy.firms") / "_delta_log"
    kept = log.rename(log.with_name("kept"))
    server.start(own.lake.settings)
    assert sorted(metastore.make_known(own.lake, own.open_spark)) == ["toy.fact", "toy.firm", "toy.total"]
    kept.rename(log)
