"""What tests of readers share: a small dataset in any supply form, and what a reading gave."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from yishu.contract.model import Dataset, Field, Kind, Supply, Type
from yishu.flow.bronze import READERS
from yishu.flow.reading.containers import data_files
from yishu.flow.reading.form import check_form
from yishu.flow.reading.rows import Reading, bronze_schema

TITLES = ("代码", "名称", "金额", "日期")
NAMES = ("code", "title", "amount", "day")
_KINDS: tuple[Kind, ...] = ("string", "string", "decimal", "date")
Rows = list[dict[str, object]]


def thing(**supply: JsonValue) -> Dataset:
    """A dataset of four fields, its supply form as a contract would say it."""
    fields = tuple(
        Field(name=name, title=title, type=Type(kind=kind), key_position=1 if name == "code" else None)
        for name, title, kind in zip(NAMES, TITLES, _KINDS, strict=True)
    )
    return Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=("x",), mode="append", cycle="daily",
        sharing="none", supply=Supply.model_validate(supply), fields=fields, file=Path("thing.yaml"),
    )  # fmt: skip


def read(path: Path, dataset: Dataset) -> dict[str, Reading]:
    """What bronze would read: the readings of a delivered file, by the names that stand in `_file`."""
    check_form(path, dataset)
    reader = READERS[dataset.supply.format]
    return {source.name: reader(source, dataset) for source in data_files(path)}


def one(path: Path, dataset: Dataset) -> Reading:
    """The only reading of a delivered file."""
    (reading,) = read(path, dataset).values()
    return reading


def rows(reading: Reading) -> Rows:
    """All rows, in bronze's columns."""
    found: Rows = []
    for batch in reading.batches:
        assert batch.schema == reading.schema
        assert batch.schema.names[-3:] == bronze_schema(thing()).names[-3:]
        batch.validate(full=True)
        found += batch.to_pylist()
    return found


def cells(reading: Reading) -> list[tuple[object, ...]]:
    """Row number and cells of each row; where it could not be parsed, its number and its text."""
    return [(row["_row"], row["_raw"]) if row["_raw"] is not None else _cells(row) for row in rows(reading)]


def _cells(row: dict[str, object]) -> tuple[object, ...]:
    extra = (row["_extra"],) if row["_extra"] is not None else ()
    return (row["_row"], *(row[name] for name in NAMES), *extra)
