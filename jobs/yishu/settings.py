"""Places and sizes: `conf/*.yaml`, then the environment. No secret and no dataset knowledge stands in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yishu.errors import Place, UsageError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SparkSettings(_Section):
    """`mode`: `server` (one local JVM, started when needed), `local` (in this process) or `remote` (an sc:// address)."""

    mode: Literal["server", "local", "remote"] = "server"
    remote: str = ""
    memory: str = "3g"
    cores: int = 2
    shuffle_partitions: int = 2
    connect_port: int = 15002
    jdbc_port: int = 10000
    bind: str = "127.0.0.1"
    conf: dict[str, str] = {}


class AirflowSettings(_Section):
    port: int = 8080
    bind: str = "127.0.0.1"
    arrival_seconds: float = Field(default=5, ge=0)
    """Between two looks at landing, whose finds wake a database at once; 0: nobody looks, reconcile's minute is soon enough."""


class RunSettings(_Section):
    parallel: int = 2
    """How many datasets `yishu run` refines at once, each in a session of its own."""
    batch_rows: int = 65_536
    receipt_rows: int = 10_000
    """How many bad rows the receipt's sheet spells out at most; the JSON beside it counts all."""


LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""What only this machine reaches."""

Zone = Literal["landing", "archive", "receipts", "lake", "gold", "catalog"]
ZONES: tuple[Zone, ...] = ("landing", "archive", "receipts", "lake", "gold", "catalog")
"""A bucket each. `lake` holds what is in clear: bronze, silver, quarantine and what runs leave on their way."""
VERSIONED: tuple[Zone, ...] = ("landing", "archive")
LOCKED: tuple[Zone, ...] = ("archive",)
"""Buckets whose objects nobody can take away: what was handed in stays as it came."""


class StoreSettings(_Section):
    """An S3-compatible store. Its keys come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, never from a file."""

    endpoint: str = Field(pattern=r"^https?://[^/]+$")
    public_endpoint: str = Field(default="", pattern=r"^(https?://[^/]+)?$")
    """The address by which departments reach it, where that is another one; it stands in their forms and links."""
    region: str = "us-east-1"
    prefix: str = Field(default="yishu", pattern=r"^[a-z0-9][a-z0-9-]{1,40}$")
    """Before the name of every bucket: `yishu-landing`, `yishu-gold` …"""

    @property
    def public(self) -> StoreSettings:
        """The same store by the address that departments use."""
        return self.model_copy(update={"endpoint": self.public_endpoint or self.endpoint})

    def bucket(self, zone: Zone) -> str:
        return f"{self.prefix}-{zone}"


class Settings(_Section):
    """Everything a function may ask about the machine; passed as a parameter, never read at import."""

    home: Path
    project: Path
    ledger: str = ""
    """SQLAlchemy address; empty: SQLite at `home/ledger.db`."""
    token_key_id: str = "local"
    timezone: str = "Asia/Shanghai"
    spark: SparkSettings = SparkSettings()
    airflow: AirflowSettings = AirflowSettings()
    run: RunSettings = RunSettings()
    s3: StoreSettings | None = None
    """None: everything lies on a file system below `home`."""

    @property
    def ledger_url(self) -> str:
        return self.ledger or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def landing(self) -> Path:
        return self.home / "landing"


def find_project(start: Path) -> Path:
    """The checkout: the nearest folder at or above `start` that holds `schemas/` and `conf/`."""
    for folder in (start, *start.parents):
        if (folder / "schemas").is_dir() and (folder / "conf" / "base.yaml").is_file():
            return folder
    raise UsageError(
        f"no Yishu project at or above {start}", code="project", expected="a folder with schemas/ and conf/base.yaml",
        remedy="change into the checkout or set YISHU_PROJECT",
    )  # fmt: skip


def load_settings(env: Mapping[str, str] = os.environ, project: Path | None = None) -> Settings:
    """Read `conf/base.yaml`, then `conf/$YISHU_CONF.yaml` (default `local`), then `YISHU_HOME` and `YISHU_LEDGER`.

    Args:
        env: where `YISHU_PROJECT`, `YISHU_CONF`, `YISHU_HOME`, `YISHU_LEDGER` and the ports are looked up.
        project: the checkout; found from the working directory where not given.

    Raises:
        UsageError: a file is missing or holds a key that does not exist.
    """
    root = project or Path(env.get("YISHU_PROJECT") or find_project(Path.cwd()))
    merged: dict[str, object] = {}
    for name in ("base", env.get("YISHU_CONF", "local")):
        file = root / "conf" / f"{name}.yaml"
        if not file.is_file():
            raise UsageError(f"no settings file {file}", code="conf", remedy="set YISHU_CONF to a file's name in conf/")
        _merge(merged, yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    home = Path(env.get("YISHU_HOME") or merged.get("home") or root / ".yishu")  # type: ignore[arg-type]
    merged |= {"home": (root / home).resolve(), "project": root.resolve()}
    if env.get("YISHU_LEDGER"):
        merged["ledger"] = env["YISHU_LEDGER"]
    _override(merged, env)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"setting {key}: {first['msg']}", code="conf", place=Place(root / "conf"), remedy="mend or remove the key"
        ) from error


_FROM_ENV = {
    "YISHU_SPARK_MODE": ("spark", "mode"), "YISHU_SPARK_REMOTE": ("spark", "remote"), "YISHU_SPARK_MEMORY": ("spark", "memory"),
    "YISHU_CONNECT_PORT": ("spark", "connect_port"), "YISHU_JDBC_PORT": ("spark", "jdbc_port"),
    "YISHU_AIRFLOW_PORT": ("airflow", "port"), "YISHU_S3_ENDPOINT": ("s3", "endpoint"), "YISHU_S3_PREFIX": ("s3", "prefix"),
    "YISHU_S3_PUBLIC_ENDPOINT": ("s3", "public_endpoint"),
    "YISHU_ARRIVAL_SECONDS": ("airflow", "arrival_seconds"),
}  # fmt: skip


def _override(merged: dict[str, object], env: Mapping[str, str]) -> None:
    for name, (section, key) in _FROM_ENV.items():
        if env.get(name):
            part = merged.setdefault(section, {})
            assert isinstance(part, dict)
            part[key] = env[name]


def _merge(into: dict[str, object], more: Mapping[str, object]) -> None:
    for key, value in more.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            into[key] = {**old, **value}
        else:
            into[key] = value
