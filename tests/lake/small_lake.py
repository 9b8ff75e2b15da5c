"""A small real lake for tests: four datasets, one per write mode, two marts, one server for the whole session."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from deltalake import DeltaTable

from yishu.flow import pipeline
from yishu.lake import places, server, tables
from yishu.lake.lake import Lake, open_lake
from yishu.lake.ledger import Delivery
from yishu.lake.session import sessions
from yishu.lake.store import Store, pipeline_keys
from yishu.settings import Settings, load_settings

CHECKOUT = Path(__file__).parents[2]
STATS, POLICE = "11130000000211908Y", "111300000002107532"
ZONE = ZoneInfo("Asia/Shanghai")
MODES = {"fact": "append", "firm": "upsert", "person": "history", "school": "snapshot"}
"""Dataset → write mode. All have: id, amount, colour (a code), seen (the sequence)."""
HEADER = ("编号", "金额", "颜色", "时间")


def small_project(root: Path) -> Path:
    """Write the contracts; returns the folder. Columns of every dataset: `id`, `amount`, `colour`, `seen`, and a name."""
    files = {
        "schemas/elements.yaml": "elements:\n"
        "  - {name: citizen_id, title: 公民身份号码, check: citizen_id, grade: general-4, mask: id, length: 18}\n",
        "schemas/departments.yaml": "departments:\n"
        f"  - {{id: stats, code: '{STATS}', name: 省统计局, valid_from: 2000-01-01}}\n"
        f"  - {{id: police, code: '{POLICE}', name: 省公安厅, valid_from: 2000-01-01}}\n",
        "schemas/codes/colours.csv": "code,name\nR,红\nG,绿\nB,蓝\n",
        "schemas/basic/toy/database.yaml": "name: toy\ntitle: 玩具库\nkind: basic\nlead: 省统计局\n",
        "schemas/basic/toy/gold/total.yaml": _mart("total", "[silver.fact]", "period", "amount", "decimal(18,2)"),
        "jobs/gold/toy/total.sql": "SELECT _period AS period, sum(amount) AS amount FROM silver.fact GROUP BY _period\n",
        "schemas/basic/toy/gold/firms.yaml": _mart("firms", "[silver.firm, toy.total]", "colour", "firms", "bigint"),
        "jobs/gold/toy/firms.sql": "SELECT colour, count(*) AS firms FROM silver.firm\n"
        "WHERE (SELECT count(*) FROM toy.total) >= 0 GROUP BY colour\n",
        "conf/base.yaml": (CHECKOUT / "conf/base.yaml").read_text(encoding="utf-8"),
        "conf/local.yaml": "{}\n",
    } | {f"schemas/basic/toy/{name}.yaml": _contract(name, mode) for name, mode in MODES.items()}
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / "catalog").mkdir()
    (root / "catalog" / "templates").symlink_to(CHECKOUT / "catalog" / "templates")
    return root


def _contract(name: str, mode: str) -> str:
    return f"""\
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
domain: toy
schema:
  - name: {name}
    businessName: 玩具{name}
    properties:
      - {{name: id, businessName: 编号, logicalType: string, physicalType: varchar(10), required: true, primaryKey: true}}
      - {{name: amount, businessName: 金额, logicalType: number, physicalType: 'decimal(18,2)'}}
      - name: colour
        businessName: 颜色
        logicalType: string
        physicalType: varchar(1)
        customProperties: [{{property: yishu.check, value: codelist}}, {{property: yishu.codelist, value: colours}}]
      - {{name: seen, businessName: 时间, logicalType: timestamp, physicalType: timestamp, required: true}}
slaProperties:
  - {{property: frequency, value: monthly}}
customProperties:
  - {{property: yishu.suppliers, value: [stats]}}
  - {{property: yishu.mode, value: {mode}}}
  - {{property: yishu.sequence, value: seen}}
  - {{property: yishu.tolerance, value: 0.5}}
  - {{property: yishu.sharing, value: unconditional}}
"""


def _mart(name: str, inputs: str, key: str, value: str, kind: str) -> str:
    logical = "integer" if kind == "bigint" else "number"
    return f"""\
apiVersion: v3.1.0
kind: DataContract
id: toy.{name}
name: {name}
version: 1.0.0
domain: toy
schema:
  - name: {name}
    businessName: 玩具{name}表
    properties:
      - {{name: {key}, businessName: 键, logicalType: string, physicalType: varchar(10), required: true, primaryKey: true}}
      - {{name: {value}, businessName: 值, logicalType: {logical}, physicalType: '{kind}'}}
customProperties:
  - {{property: yishu.inputs, value: {inputs}}}
"""


@dataclass
class SmallLake:
    """A lake with a home of its own; what a test reads of it is plain Python."""

    lake: Lake
    _opened: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _handed: int = 0

    def __post_init__(self) -> None:
        self.open_spark = self._opened.enter_context(sessions(self.lake.settings))

    def drop(self, dataset: str, period: str, rows: Sequence[Sequence[object]], name: str = "", header: Sequence[str] = HEADER) -> Path:
        """Hand in a CSV: rows of (id, amount, colour, seen)."""
        lines = [",".join(header), *[",".join("" if c is None else str(c) for c in row) for row in rows]]
        return self.put(dataset, period, "\n".join(lines).encode() + b"\n", name or f"{dataset}.csv")

    def put(self, dataset: str, period: str, data: bytes, name: str, department: str = STATS) -> Path:
        if self.lake.settings.s3 is not None:
            key = f"{department}/{dataset}/{period}/{name}"
            Store(self.lake.settings.s3, *pipeline_keys(self.lake.settings)).put("landing", key, data)
            return Path(key)
        file = self.lake.settings.landing / department / dataset / period / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        self._handed += 1
        then = datetime(2025, 3, 1, 8, tzinfo=ZONE).timestamp() + self._handed  # the order of hand-ins is the order of calls
        os.utime(file, (then, then))
        return file

    def run(self, *targets: str) -> pipeline.Report:
        return pipeline.run(self.lake, self.open_spark, targets)

    def rows(self, table: str, *columns: str) -> list[tuple[object, ...]]:
        """The table's rows, sorted as text; decimals and times as text, system columns only where they are named."""
        path = self.lake.path(table)
        if not tables.exists(path):
            return []
        found = places.rows(path).to_table()
        names = list(columns) or [n for n in found.column_names if not n.startswith("_")]
        return sorted((tuple(_plain(row[n]) for n in names) for row in found.to_pylist()), key=str)

    def versions(self) -> dict[str, int]:
        """Every Delta table under the home, and its version."""
        logs = self.lake.settings.home.glob("*/**/_delta_log")
        return {str(p.parent.relative_to(self.lake.settings.home)): DeltaTable(p.parent).version() for p in logs}

    def newest(self, dataset: str) -> Delivery:
        return self.lake.ledger.deliveries(dataset=dataset)[-1]

    def states(self, dataset: str) -> list[str]:
        return [d.state for d in self.lake.ledger.deliveries(dataset=dataset)]

    def end_sessions(self) -> None:
        """As a process that ends: the next step opens new ones."""
        self._opened.close()
        self.__post_init__()

    def close(self) -> None:
        self._opened.close()
        self.lake.ledger.close()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    return value if isinstance(value, str | int | bool | None) else str(value)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


@contextlib.contextmanager
def running_server(home: Path, store: Mapping[str, str] | None = None) -> Iterator[Settings]:
    """A server of its own for a test session, on free ports; `store`: its address and prefix, as the environment says them."""
    connect, jdbc = free_ports(2)
    env = {"YISHU_HOME": str(home), "YISHU_CONNECT_PORT": str(connect), "YISHU_JDBC_PORT": str(jdbc), "YISHU_SPARK_MEMORY": "2g"}
    env |= store or {}
    settings = load_settings(env, CHECKOUT)
    server.start(settings)
    try:
        yield settings
    finally:
        server.stop(settings)


def open_small_lake(server_settings: Settings, root: Path, *, project: Path | None = None, ledger: str = "") -> SmallLake:
    """A fresh home and project under `root`, on a server that runs already."""
    folder = project or small_project(root / "project")
    own = load_settings({"YISHU_HOME": str(root / "home")}, folder)
    own = own.model_copy(update={"s3": server_settings.s3})
    remote = f"sc://{server_settings.spark.bind}:{server_settings.spark.connect_port}"
    spark = own.spark.model_copy(update={"mode": "remote", "remote": remote})
    settings = own.model_copy(update={"spark": spark, "ledger": ledger})
    return SmallLake(open_lake(settings))
