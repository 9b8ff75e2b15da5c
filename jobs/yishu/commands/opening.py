"""What every command needs: settings, the lake, sessions per thread, and JSON on standard output."""

from __future__ import annotations

import getpass
import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import click

from yishu.lake.lake import Lake, OpenSpark, open_lake
from yishu.settings import load_settings


@dataclass(frozen=True)
class Opened:
    """The lake, and a way to a session of the calling thread."""

    lake: Lake
    open_spark: OpenSpark


@contextmanager
def opened() -> Iterator[Opened]:
    """Open the lake of the settings; sessions that were opened in the block are closed with it."""
    from yishu.lake.session import sessions

    settings = load_settings()
    lake = open_lake(settings)
    with closing(lake.ledger), sessions(settings) as open_spark:
        yield Opened(lake, open_spark)


def say_json(document: Mapping[str, object] | Sequence[object]) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def logs_to_stderr(debug: bool = False) -> None:
    """Plain lines on standard error; standard output stays for results."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", level=logging.WARNING)
    logging.getLogger("yishu").setLevel(logging.DEBUG if debug else logging.INFO)


def actor() -> str:
    """Who runs the command, for the audit."""
    return getpass.getuser()
