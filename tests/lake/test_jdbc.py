"""Gold over the JDBC door: Hive's own client and a Python one see what DuckDB and delta-rs see, and nothing of silver."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

import pytest
from impala.dbapi import connect
from impala.error import Error
from impala.hiveserver2 import HiveServer2Connection

from processes import listening
from small_lake import SmallLake, open_small_lake
from yishu.lake import server as local
from yishu.lake.query import select
from yishu.settings import Settings

JAN, FEB, AT = "2025-01", "2025-02", "2025-01-01 08:00:00"


@pytest.fixture(scope="module")
def lake(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    small = open_small_lake(server, tmp_path_factory.mktemp("jdbc"))
    small.drop("fact", JAN, [("甲", "1.50", "R", AT), ("乙", "2", None, AT), ("丙", "x", "B", AT)])
    small.drop("fact", FEB, [("甲", "-0.01", "G", AT)])
    assert not small.run("fact").errors
    yield small
    small.close()


@pytest.fixture(scope="module")
def client(server: Settings, lake: SmallLake) -> Iterator[HiveServer2Connection]:
    connection = connect(server.spark.bind, server.spark.jdbc_port, auth_mechanism="PLAIN", user="bi", timeout=120)
    yield connection
    connection.close()


def asked(client: HiveServer2Connection, sql: str) -> list[tuple[object, ...]]:
    with closing(client.cursor()) as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def by_duckdb(lake: SmallLake, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in select(lake.lake, sql).to_pylist()]


TOTAL = "SELECT period, amount FROM toy.total ORDER BY period"


def test_a_python_client_reads_the_same_mart_as_duckdb_and_delta_rs(client: HiveServer2Connection, lake: SmallLake) -> None:
    found = asked(client, TOTAL)
    assert [(period, str(amount)) for period, amount in found] == [(JAN, "3.50"), (FEB, "-0.01")]
    assert found == by_duckdb(lake, TOTAL)
    assert [(period, str(amount)) for period, amount in found] == lake.rows("toy.total", "period", "amount")


def test_the_shareable_base_table_comes_with_its_chinese_values_and_nulls(
    client: HiveServer2Connection, lake: SmallLake
) -> None:
    sql = "SELECT id, amount, colour, _period FROM toy.fact ORDER BY id, _period"
    found = asked(client, sql)
    assert {row[0] for row in found} == {"甲", "乙"} and None in {row[2] for row in found}
    assert found == by_duckdb(lake, sql)


def test_hives_own_client_reads_the_same_mart(server: Settings, lake: SmallLake) -> None:
    spec = find_spec("pyspark")
    assert spec is not None and spec.origin is not None
    env = os.environ | {"SPARK_HOME": str(Path(spec.origin).parent), "TERM": "dumb"}
    url = f"jdbc:hive2://{server.spark.bind}:{server.spark.jdbc_port}"
    done = subprocess.run(
        [Path(sys.executable).parent / "beeline", "-u", url, "-n", "bi", "--silent=true", "--outputformat=csv2", "-e", TOTAL],
        env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # without a terminal, beeline may write its prompt before the answer
    header, *rows = csv.reader(re.sub(r"^.*> ", "", line) for line in done.stdout.splitlines())
    assert header == ["period", "amount"]
    assert [tuple(row) for row in rows] == [(period, str(amount)) for period, amount in by_duckdb(lake, TOTAL)]


@pytest.mark.parametrize(
    ("table", "title", "columns"),
    [
        ("toy.total", "玩具total表", {"period": "键", "amount": "值"}),
        ("toy.fact", "玩具fact", {"id": "编号", "amount": "金额", "colour": "颜色", "seen": "时间"}),
    ],
)
def test_tables_and_columns_explain_themselves_in_chinese(
    client: HiveServer2Connection, table: str, title: str, columns: dict[str, str]
) -> None:
    rows = asked(client, f"DESCRIBE EXTENDED {table}")
    said = {str(row[0]): (row[1], row[2]) for row in rows}
    assert said["Comment"][0] == title
    assert {name: said[name][1] for name in columns} == columns


def test_only_gold_is_known_by_name(client: HiveServer2Connection) -> None:
    schemas = {str(row[0]) for row in asked(client, "SHOW SCHEMAS")}
    assert "toy" in schemas and not schemas & {"silver", "bronze", "quarantine", "ops"}
    for layer in ("silver", "bronze", "quarantine"):
        with pytest.raises(Error, match="TABLE_OR_VIEW_NOT_FOUND"):
            asked(client, f"SELECT * FROM {layer}.fact")


def test_the_server_listens_to_this_machine_alone(server: Settings) -> None:
    running = local.status(server)
    assert running is not None
    found = listening({running.pid})
    assert {server.spark.connect_port, server.spark.jdbc_port} <= {port for _, port in found}
    assert [address for address, _ in found if not ip_address(address).is_loopback] == []
