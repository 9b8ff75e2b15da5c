"""The flow without tables, on a real ledger: what the scheduler's test puts in the place of yishu.flow.pipeline.

A landing file `landing/<dataset>/<name>` is a delivery; what it says decides how its refining goes.
"""

from __future__ import annotations

import os
import sys
import time

from yishu.errors import DataError, MachineError
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery, LandedFile, TableState

DATASETS = {"ents": "alpha", "lics": "alpha", "persons": "beta"}
INPUTS = {
    "alpha.by_county": ["silver.ents"],
    "alpha.by_unit": ["alpha.by_county", "silver.lics", "silver.persons"],
    "beta.ages": ["silver.persons", "silver.ents"],
}


def moving(lake: Lake) -> set[str]:
    return {d.dataset for d in lake.ledger.deliveries(states=("waiting",))} | {name for name in DATASETS if _new_files(lake, name)}


def is_due(lake: Lake, table: str) -> bool:
    before = lake.ledger.table(table)
    return before is None or before.inputs != _state(lake, table)


def pending(lake: Lake) -> list[str]:
    return sorted({DATASETS[name] for name in moving(lake)} | {table.partition(".")[0] for table in INPUTS if is_due(lake, table)})


def receive(lake: Lake, dataset: str) -> list[Delivery]:
    return [lake.ledger.claim("D1", dataset, "2024", [file]) for file in _new_files(lake, dataset)]


def refine(lake: Lake, open_spark: object, dataset: str) -> None:
    _measure_import(lake, dataset)
    for delivery in lake.ledger.deliveries(dataset=dataset, states=("waiting",)):
        said = (lake.settings.landing / delivery.files[0].path).read_text()
        tried = lake.settings.home / f"tried-{delivery.id}"
        if said.startswith("once") and not tried.exists():
            tried.touch()
            raise MachineError("the server went away", code="stub")
        if said.startswith("never"):
            raise DataError("it does not balance", code="stub")
        lake.ledger.move(delivery.id, "bronze", balance=Balance(received=1))
        lake.ledger.move(delivery.id, "accepted", balance=Balance(received=1, loaded=1))
        _next_version(lake, f"silver.{dataset}", delivery.id)


def build(lake: Lake, open_spark: object, table: str) -> None:
    if is_due(lake, table):
        _next_version(lake, table, _state(lake, table))


def publish(lake: Lake, database: str) -> None:
    (lake.settings.home / f"published-{database}").touch()


def _new_files(lake: Lake, dataset: str) -> list[LandedFile]:
    found = []
    for file in sorted((lake.settings.landing / dataset).glob("*")):
        stat, name = file.stat(), f"{dataset}/{file.name}"
        if not lake.ledger.knows(name, stat.st_size, stat.st_mtime_ns):
            found.append(LandedFile(name, stat.st_size, stat.st_mtime_ns, file.read_bytes().hex().ljust(64, "0")[:64]))
    return found


def _state(lake: Lake, table: str) -> str:
    known = [lake.ledger.table(name) for name in INPUTS[table]]
    return str([state.version if state else None for state in known])


def _next_version(lake: Lake, table: str, inputs: str) -> None:
    before = lake.ledger.table(table)
    lake.ledger.record_table(TableState(table, "id", before.version + 1 if before else 0, inputs, "stub"))


def _measure_import(lake: Lake, dataset: str) -> None:
    """What importing GX costs inside a task; and that delta-rs, first used after the fork, works in it."""
    there, started = "great_expectations" in sys.modules, time.process_time()
    import great_expectations  # noqa: F401

    seconds = time.process_time() - started
    import deltalake
    import pyarrow as pa

    place = lake.settings.home / "delta" / f"{dataset}-{os.getpid()}"
    deltalake.write_deltalake(place, pa.table({"a": [1, 2]}))
    with (lake.settings.home / "imports.txt").open("a") as out:
        print(f"{there} {seconds:.4f} {deltalake.DeltaTable(place).to_pyarrow_table().num_rows}", file=out)
