"""The lake as every flow function sees it: settings, contracts, ledger and clock, and where each table lies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.lake import places
from yishu.lake.ledger import Delivery, Ledger
from yishu.settings import Settings, Zone

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Clock = Callable[[], datetime]
OpenSpark = Callable[[], "SparkSession"]
"""Opens a session when it is first needed: a run without work never pays for one."""


@dataclass(frozen=True)
class Lake:
    """What a flow function may touch. Paths are built here and nowhere else."""

    settings: Settings
    project: Project
    ledger: Ledger
    clock: Clock

    def root(self, zone: Zone) -> Path:
        """The folder or bucket of a zone."""
        return places.root(self.settings, zone)

    def bronze(self, dataset: str) -> Path:
        return self.root("lake") / "bronze" / dataset

    def silver(self, dataset: str) -> Path:
        return self.root("lake") / "silver" / dataset

    def quarantine(self, dataset: str) -> Path:
        return self.root("lake") / "quarantine" / dataset

    def gold(self, table: str) -> Path:
        """Args: table: `<database>.<mart>`."""
        database, name = table.split(".")
        return self.root("gold") / database / name

    def ops(self, name: str) -> Path:
        return self.root("lake") / "ops" / name

    def staging(self, delivery: str) -> Path:
        """Where a delivery's rows wait until the gate has decided."""
        return self.ops("staging") / delivery

    def receipt(self, delivery: Delivery) -> Path:
        return self.root("receipts") / delivery.department / delivery.dataset / delivery.period / delivery.id

    def reminders(self, department: str) -> Path:
        """Where a department finds what it is late with, beside its receipts: the one place that it reads."""
        return self.root("receipts") / department / "催报"

    def path(self, table: str) -> Path:
        """The folder of `bronze.x`, `silver.x`, `quarantine.x` or `<database>.<mart>`."""
        layer, name = table.split(".")
        layers = {"bronze": self.bronze, "silver": self.silver, "quarantine": self.quarantine, "ops": self.ops}
        return layers[layer](name) if layer in layers else self.gold(table)

    @property
    def catalog(self) -> Path:
        return self.root("catalog")


def open_lake(settings: Settings, clock: Clock | None = None, project: Project | None = None) -> Lake:
    """Read the contracts, open the ledger and bring it up to date.

    Args:
        settings: places and sizes.
        clock: gives the present moment with its zone; the machine's clock where not given.
        project: contracts already read; read from `settings.project` where not given.

    Raises:
        ContractErrors: a contract is broken (every error is listed).
    """
    zone = ZoneInfo(settings.timezone)
    now = clock or (lambda: datetime.now(zone))
    settings.home.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(settings.ledger_url, now)
    ledger.migrate()
    return Lake(settings, project or load_project(settings.project), ledger, now)


def token_key(settings: Settings) -> bytes:
    """The secret of the keyed tokens: `YISHU_TOKEN_KEY`, else a key made once for this machine under `home/ops`.

    The file serves a machine of one's own; a platform sets the variable, so that key and data lie apart.
    """
    given = os.environ.get("YISHU_TOKEN_KEY")
    if given:
        return given.encode()
    file = settings.home / "ops" / "token.key"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(os.urandom(32).hex().encode())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, file)  # the first of two racing processes wins; both read the same key below
        fresh.unlink()
    return file.read_bytes()
