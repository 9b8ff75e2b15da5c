"""A lake without a JVM whose one dataset is pulled from a real database; called as a program, it tells what a pull weighs."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
import sqlalchemy as sa

from handed_sets import OWNER, lake_at
from yishu.contract.model import Dataset, Field, Pull, Supply, Type
from yishu.flow.pipeline import receive, to_bronze
from yishu.flow.pull import pull
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery
from yishu.settings import RunSettings

VARIABLE = "YISHU_SOURCE_LICENCES"
QUERY = "SELECT id, name, changed FROM permit WHERE :after IS NULL OR changed > :after ORDER BY id"
_FIELDS = {"id": "integer", "name": "string", "changed": "timestamp"}
CLOCK = dt.datetime(2024, 7, 1, 9, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@dataclass(frozen=True)
class Source:
    """A department's database: its address, and how its owner changes it."""

    address: str

    @property
    def is_postgres(self) -> bool:
        return self.address.startswith("postgresql")

    def do(self, *statements: str) -> None:
        drivername = "postgresql+psycopg" if self.is_postgres else "mysql+pymysql"
        engine = sa.create_engine(sa.make_url(self.address).set(drivername=drivername), isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            for statement in statements:
                conn.exec_driver_sql(statement)
        engine.dispose()

    def permits(self, *rows: tuple[int, str, str]) -> None:
        for id, name, changed in rows:
            self.do(f"INSERT INTO permit VALUES ({id}, '{name}', '{changed}')")


@contextmanager
def pulling(home: Path, query: str = QUERY, watermark: str | None = "changed", batch_rows: int = 2, **types: str) -> Iterator[Lake]:
    """Args: types: the contract's fields and their kinds; id, name and changed where not given."""
    fields = tuple(
        Field(name=name, title=name, type=Type(kind=kind), key_position=1 if name == "id" else None)  # type: ignore[arg-type]
        for name, kind in (types or _FIELDS).items()
    )
    with lake_at(home) as lake:
        thing: Dataset = lake.project.datasets["thing"].model_copy(
            update={
                "fields": fields,
                "supply": Supply(format="parquet", pull=Pull(connection="LICENCES", query=query, watermark=watermark)),
            }
        )
        project = lake.project.model_copy(update={"datasets": {"thing": thing}})
        settings = lake.settings.model_copy(update={"run": RunSettings(batch_rows=batch_rows)})
        yield replace(lake, project=project, settings=settings, clock=lambda: CLOCK)


def taken(lake: Lake, period: str = "2024-06") -> Delivery:
    """Pulled, claimed and in bronze; the only delivery that this made."""
    assert pull(lake, "thing", period) is not None
    (delivery,) = receive(lake, "thing")
    return to_bronze(lake, delivery) if delivery.state == "waiting" else delivery


def accept(lake: Lake, delivery: Delivery) -> None:
    rows = delivery.balance.received
    lake.ledger.move(delivery.id, "accepted", balance=Balance(rows, loaded=rows))


def rows_of(lake: Lake, delivery: Delivery) -> list[dict[str, str | None]]:
    """What stands in bronze, by the contract's columns, in the file's order."""
    from deltalake import DeltaTable

    names = [field.name for field in lake.project.datasets["thing"].fields]
    table = DeltaTable(lake.bronze("thing")).to_pyarrow_table(filters=[("_delivery", "=", delivery.id)])
    return table.sort_by("_row").select(names).to_pylist()  # type: ignore[no-any-return]


def in_landing(lake: Lake, period: str = "2024-06") -> list[str]:
    """Everything that lies there, hidden or not."""
    folder = lake.settings.landing / OWNER / "thing" / period
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _weigh(home: Path, query: str) -> None:
    import gc

    with pulling(home, query, None, 8192, id="integer", name="string") as lake:
        assert pull(lake, "thing", "2024-05") is not None  # loads what a pull needs
        gc.collect()
        before = _kilobytes("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        name = pull(lake, "thing", "2024-06")
        assert name is not None
        file = lake.settings.landing / name
        print(pq.read_metadata(file).num_rows, file.stat().st_size >> 20, (_kilobytes("VmHWM") - before) >> 10)


def _kilobytes(key: str) -> int:
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(key + ":"))


if __name__ == "__main__":
    assert os.environ[VARIABLE]
    _weigh(Path(sys.argv[1]), sys.argv[2])
