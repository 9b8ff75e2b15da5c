"""A lake without a JVM into whose landing tests put files and manifests, and the words that they do it with."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from yishu.contract.model import Dataset, Department, Field, Project, Supply, Type
from yishu.flow.pipeline import to_bronze
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, Ledger
from yishu.settings import Settings

ZONE = ZoneInfo("Asia/Shanghai")
NOW = dt.datetime(2024, 7, 1, 9, 0, tzinfo=ZONE)
OWNER = "11130000MB16272007"
FOLDER = f"{OWNER}/thing/2024-06"
TWO = {"a.csv": '代码,金额\n1,10.50\n2,"1,000"\n', "b.csv": "代码,金额\n3,５\n"}
"""Two files of 2 and 1 rows; the amounts sum to 1015.5."""


@contextmanager
def lake_at(home: Path, manifest: Literal["optional", "required"] = "optional", ledger: str = "") -> Iterator[Lake]:
    kinds = {"code": ("代码", "string"), "amount": ("金额", "decimal")}
    fields = tuple(
        Field(name=n, title=t, type=Type(kind=k), key_position=1 if n == "code" else None)  # type: ignore[arg-type]
        for n, (t, k) in kinds.items()
    )
    thing = Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=("owner",), mode="append", cycle="monthly",
        sharing="none", supply=Supply(manifest=manifest), fields=fields, file=Path("thing.yaml"),
    )  # fmt: skip
    owner = Department(id="owner", code=OWNER, name="省甲局", valid_from=dt.date(2018, 10, 29))
    project = Project(
        root=home, elements={}, departments={"owner": owner}, codelists={}, databases={}, marts={}, datasets={"thing": thing}
    )
    settings = Settings(home=home / "home", project=home, ledger=ledger)
    settings.landing.mkdir(parents=True, exist_ok=True)
    opened = Ledger(settings.ledger_url, lambda: NOW)
    opened.migrate()
    yield Lake(settings, project, opened, lambda: NOW)
    opened.close()


def later(lake: Lake, **passed: float) -> Lake:
    """The same lake, so much after the real present: arrival is told by the machine's clock."""
    moment = dt.datetime.now(ZONE) + dt.timedelta(**passed)
    return replace(lake, clock=lambda: moment)


def land(lake: Lake, name: str, content: str | bytes, folder: str = FOLDER, age: int = 60) -> Path:
    """Args: age: seconds before the test's clock at which the file was written."""
    path = lake.settings.landing / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    moment = int(NOW.timestamp() - age) * 10**9
    os.utime(path, ns=(moment, moment))
    return path


def listing(*names: str, **more: object) -> dict[str, object]:
    """A right manifest of some of the two files."""
    named = names or tuple(TWO)
    files = [{"name": n, "sha256": hashlib.sha256(TWO[n].encode()).hexdigest(), "rows": TWO[n].count("\n") - 1} for n in named]
    return {"files": files} | more


def land_manifest(lake: Lake, document: object, age: int = 60) -> Path:
    text = document if isinstance(document, str | bytes) else json.dumps(document, ensure_ascii=False, indent=1)
    return land(lake, "manifest.json", text, age=age)


def land_two(lake: Lake, age: int = 60) -> None:
    for name, content in TWO.items():
        land(lake, name, content, age=age)


def counted(lake: Lake) -> list[Delivery]:
    """Everything that waits in the ledger, taken to bronze and held to its manifest."""
    return [to_bronze(lake, d) for d in lake.ledger.deliveries(states={"waiting"})]
