"""Sessions: a thin client of the server, one inside this process, or one of any Connect endpoint."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from yishu.errors import MachineError
from yishu.lake import server
from yishu.lake.jars import jar_folder
from yishu.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from yishu.lake.lake import OpenSpark

RETRIES, MAX_BACKOFF_MS = 8, 4000
"""Some 17 seconds in all: longer than a hiccup, shorter than a clerk's patience."""
SMALL_ROWS = 100_000
"""Below this many rows a session interprets instead of compiling."""


@contextmanager
def sessions(settings: Settings) -> Iterator[OpenSpark]:
    """One session for each thread that asks; all are closed with the block.

    A server keeps what an open session held, plans above all, until it times out: 53 sessions left open by one run of
    sixteen small deliveries cost it 300 MB of heap, and the collector a quarter of all its time.
    """
    own, opened, lock = threading.local(), ExitStack(), threading.Lock()

    def open_spark() -> SparkSession:
        if not hasattr(own, "spark"):
            own.spark = open_session(settings)
            if settings.spark.mode != "local":
                with lock:
                    opened.callback(own.spark.stop)
        spark: SparkSession = own.spark
        return spark

    with opened:
        yield open_spark


def open_session(settings: Settings) -> SparkSession:
    """A session of its own: settings and temporary views are not shared with any other.

    Raises:
        MachineError: the endpoint does not answer.
    """
    if settings.spark.mode == "local":
        return _local(settings)
    if settings.spark.mode == "remote":
        _require_door(settings.spark.remote)
        return _connect(settings.spark.remote, settings)
    return _connect(server.start(settings).connect, settings)


def _require_door(address: str) -> None:
    """A dead endpoint would be tried for minutes; ask its port first."""
    door = urlsplit(address)
    if not server.is_open(door.hostname or "", door.port or 15002):
        raise MachineError(f"no Spark Connect at {address}", code="connect", remedy="start that server or set YISHU_SPARK_REMOTE")


def tune(spark: SparkSession, rows: int) -> None:
    """Fit a session to the size of what comes: below 100,000 rows, compiling a suite's code costs more than it saves.

    Measured on three deliveries of market_entity, 1,047 rows in all, 47 rules: 19 to 21 s of JVM time compiled,
    14 s interpreted, 10 s without adaptive re-planning too.
    """
    small = "false" if rows < SMALL_ROWS else "true"
    spark.conf.set("spark.sql.codegen.wholeStage", small)
    spark.conf.set("spark.sql.adaptive.enabled", small)
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if rows < SMALL_ROWS else "FALLBACK")


def _connect(address: str, settings: Settings) -> SparkSession:
    from grpc import RpcError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import DefaultPolicy

    try:
        spark = SparkSession.builder.remote(address).create()
        # PySpark would try a server that died for ten minutes; ours is started again by the next session
        spark.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES, max_backoff=MAX_BACKOFF_MS)])
        if settings.spark.mode == "remote":
            spark.conf.set("spark.sql.session.timeZone", settings.timezone)
    except (RpcError, PySparkException) as error:
        raise MachineError(f"no Spark Connect at {address}: {error}", code="connect", remedy="yishu server start") from error
    return spark


def _local(settings: Settings) -> SparkSession:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(f"local[{settings.spark.cores}]").appName("yishu")
    builder = builder.config("spark.driver.memory", settings.spark.memory)
    builder = builder.config("spark.driver.extraClassPath", f"{jar_folder()}/*")
    for key, value in server.server_conf(settings).items():
        builder = builder.config(key, value)
    return builder.getOrCreate().newSession()
