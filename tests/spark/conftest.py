"""One small local Spark for all tests of this folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from yishu.lake.session import tune


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    os.environ["TZ"] = "Asia/Shanghai"  # Python dates and Spark's must agree
    time.tzset()
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        # these queries end before what C2 compiles of them is of use: 41 s of JVM time, not 78, for the rules of all contracts
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "Asia/Shanghai")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def quick(spark: SparkSession) -> SparkSession:
    """A session that interprets: compiling each of hundreds of small queries costs more than running it."""
    own = spark.newSession()
    tune(own, 1_000)
    return own


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = Path(__file__).parents[3] / "shared" / "data"
    assert folder.is_dir(), f"the tests need the shared vectors at {folder}"
    return folder
