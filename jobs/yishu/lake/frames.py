"""Frames that several actions use: named, so that the server analyses their plan once, and computed once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_numbers = count()


@contextmanager
def kept(frame: DataFrame) -> Iterator[DataFrame]:
    """The same rows under a temporary name of the frame's session, cached from their first use to the end of the block."""
    spark, name = frame.sparkSession, f"yishu__frame_{next(_numbers)}"
    frame.createOrReplaceTempView(name)
    short = spark.table(name).persist()
    try:
        yield short
    finally:
        short.unpersist()
        spark.catalog.dropTempView(name)
