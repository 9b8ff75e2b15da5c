"""What every command needs: settings, the lake, sessions per thread, and JSON on standard output."""

from __future__ import annotations

import getpass
import json
import logging
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from yishu.lake.lake import Lake, OpenSpark, open_lake
from yishu.settings import load_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Opened:
    """The lake, and a way to a session of the calling thread."""

    lake: Lake
    open_spark: OpenSpark


@contextmanager
def opened() -> Iterator[Opened]:
    """Open the lake of the settings; sessions that were opened in the block are closed with it."""
    settings = load_settings()
    lake = open_lake(settings)
    local, all_sessions, lock = threading.local(), [], threading.Lock()

    def open_spark() -> SparkSession:
        if not hasattr(local, "spark"):
            from yishu.lake.session import open_session

            local.spark = open_session(settings)
            with lock:
                all_sessions.append(local.spark)
        spark: SparkSession = local.spark
        return spark

    try:
        yield Opened(lake, open_spark)
    finally:
        if settings.spark.mode != "local":
            for spark in all_sessions:
                spark.stop()
        lake.ledger.close()


def say_json(document: Mapping[str, object] | Sequence[object]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def logs_to_stderr(debug: bool = False) -> None:
    """Plain lines on standard error; standard output stays for results."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING)
    logging.getLogger("yishu").setLevel(logging.DEBUG if debug else logging.INFO)


def actor() -> str:
    """Who runs the command, for the audit."""
    return getpass.getuser()
