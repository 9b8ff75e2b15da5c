"""Project and seed → the datasets as their departments send them, and the truth about what was planted in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.contract.model import Dataset, Project
from yishu.errors import ContractError, Place, UsageError
from yishu.sample import (
    agriculture,
    coastal,
    consumption,
    county_industry,
    credit,
    dev_zone,
    drug_tracing,
    e_licence,
    elder_health,
    emergency,
    employment,
    energy,
    environment,
    fiscal,
    food_tracing,
    hydrology,
    investment,
    jjj_coord,
    land_resource,
    leading_industry,
    legal_entity,
    logistics,
    macro_economy,
    policy_doc,
    population,
    science_tech,
    special_equipment,
    state_assets,
    tax,
    trade,
    transport,
)
from yishu.sample.columns import Case, Extract, take
from yishu.sample.dirt import Planted, plant
from yishu.sample.faults import faults, oddities
from yishu.sample.form_sheets import sheet_room
from yishu.sample.forms import file_ending, write_file
from yishu.sample.province import Province, make_province, part_generator
from yishu.sample.spread import spread

_DATABASES: Final = (
    macro_economy, legal_entity, population, e_licence, land_resource, credit, investment, agriculture, leading_industry,
    science_tech, trade, consumption, dev_zone, state_assets, jjj_coord, coastal, county_industry, emergency, food_tracing,
    drug_tracing, special_equipment, hydrology, environment, fiscal, tax, employment, energy, transport, logistics,
    elder_health, policy_doc,
)  # fmt: skip
_SAMPLED: Final = {database.__name__: database.SAMPLED for database in _DATABASES}
_EXTRACTS: Final[dict[str, Callable[[Province], Iterator[Extract]]]] = {
    name: extracts for sampled in _SAMPLED.values() for name, extracts in sampled.extracts.items()
}
DATASETS: Final = tuple(_EXTRACTS)
"""What can be written, in the order of the databases."""


@dataclass(frozen=True)
class PlantedDelivery:
    """One written file and all that is wrong with it. Rows count from 1, the first data row."""

    department: str
    dataset: str
    period: str
    file: str
    rows: int
    duplicates: int
    bad: tuple[Planted, ...]


@dataclass(frozen=True)
class Truth:
    """All that was written and planted."""

    deliveries: tuple[PlantedDelivery, ...]
    cases: tuple[Case, ...]

    def write(self, path: Path) -> None:
        """The document `truth.json`, fault by fault: of many rows it is larger than what it is made of."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            json.dump(vars(self), file, ensure_ascii=False, indent=1, default=vars)


def write_sample(
    project: Project, landing: Path, *, datasets: Sequence[str] | None, rows: int, seed: int, dirt: float, truth: Path,
    processes: int = 1,
) -> Truth:  # fmt: skip
    """Write the extracts, then the truth.

    Args:
        project: contracts, departments and code lists.
        landing: the folder `landing/`; files go to `<department code>/<dataset>/<period>/`.
        datasets: names; None: all of `DATASETS`.
        rows: rows of the largest datasets; the others scale with it, to what there is (counties, papers) or a sheet holds.
        seed: the same seed gives the same bytes.
        dirt: share of rows (0–1) that get one planted fault each.
        truth: where `truth.json` goes.
        processes: how many share the work, whatever the bytes; more than 1 only where no other library has threads, which
            are lost in a fork.

    Raises:
        UsageError: an unknown dataset, or a number out of bounds.
        ContractError: a contract has a field that the sample does not know.
    """
    chosen = _chosen(project, datasets)
    if rows < 1 or not 0 <= dirt <= 0.3:
        raise UsageError(
            f"cannot write {rows} rows with dirt {dirt}", code="sample", expected="rows ≥ 1 and dirt from 0 to 0.3"
        )
    province = province_of(project, chosen, rows, seed)
    told = [name for name, sampled in _SAMPLED.items() if sampled.extracts.keys() <= set(chosen)]
    deliveries = spread(lambda name: tuple(_deliveries(project, province, landing, name, dirt)), chosen, processes)
    cases = spread(lambda name: tuple(_SAMPLED[name].cases(province)), told, processes)
    written = Truth(tuple(chain.from_iterable(deliveries)), tuple(chain.from_iterable(cases)))
    written.write(truth)
    return written


def _chosen(project: Project, datasets: Sequence[str] | None) -> list[str]:
    if datasets is None:
        return [name for name in DATASETS if name in project.datasets]
    for name in datasets:
        if name not in _EXTRACTS or name not in project.datasets:
            raise UsageError(f"no sample of {name}", code="sample", expected=", ".join(DATASETS), remedy="name one of these")
    return [name for name in DATASETS if name in datasets]


def province_of(project: Project, datasets: Sequence[str], rows: int, seed: int) -> Province:
    """The province whose departments hand in these datasets; arguments as of `make_province`."""
    known = project.departments
    each = {name: [known[id] for id in project.datasets[name].suppliers] for name in datasets}
    return make_province(
        project.codelists, {name: those[0].code for name, those in each.items()}, rows, seed,
        {name: [(d.id, int(d.area)) for d in those] for name, those in each.items()},
    )  # fmt: skip


def _deliveries(project: Project, province: Province, landing: Path, name: str, dirt: float) -> Iterator[PlantedDelivery]:
    dataset = project.datasets[name]
    wrong, odd = faults(dataset, project.codelists), oddities(dataset)
    for extract in _EXTRACTS[name](province):
        sender = project.departments[extract.department].code if extract.department else province.offices[name]
        part = f"/{extract.department}" if extract.department else ""
        generator = part_generator(province.seed, f"dirt/{name}/{extract.period}{part}")
        dirty = plant(_fitting(_as_agreed(extract, dataset), dataset, dirt), dataset, wrong, odd, dirt, generator)
        folder = landing / sender / name / extract.period
        file = folder / _file_name(dataset, extract.period)
        folder.mkdir(parents=True, exist_ok=True)
        # Written under a hidden name first: a receiver never sees half a file.
        partial = folder / f".{file.name}.part"
        lines = write_file(partial, dataset, dirty.columns, dirty.broken)
        partial.replace(file)
        bad = tuple(Planted(f.row, f.column, f.rule, lines.get(f.row - 1, f.value)) for f in dirty.bad)
        yield PlantedDelivery(sender, name, extract.period, file.name, dirty.rows, dirty.duplicates, bad)
    # What Arrow keeps for later the next dataset cannot use for its numbers: hundreds of MB of a million rows.
    pa.default_memory_pool().release_unused()


def _as_agreed(extract: Extract, dataset: Dataset) -> Extract:
    """The contract's columns, in its order."""
    missing = [field.name for field in dataset.fields if field.name not in extract.columns]
    if missing:
        raise ContractError(
            f"the sample has no column {', '.join(missing)}", code="sample-field", place=Place(dataset.file, dataset.line),
            subject=dataset.name, expected=", ".join(extract.columns), remedy="teach it to jobs/yishu/sample",
        )  # fmt: skip
    columns = {field.name: extract.columns[field.name] for field in dataset.fields}
    return replace(extract, columns=columns)


def _fitting(extract: Extract, dataset: Dataset, dirt: float) -> Extract:
    """Where a list and its copies have more rows than a sheet: those that carry an answer, and of the others as many as fit, evenly."""
    room = sheet_room(dataset)
    most = extract.rows if room is None else int(room / (1 + dirt / 2))
    if extract.rows <= most:
        return extract
    clean = np.unique(extract.keep_clean)
    others = np.setdiff1d(np.arange(extract.rows), clean)
    left = max(0, most - len(clean))
    rows = np.sort(np.concatenate([clean, others[np.arange(left) * len(others) // max(1, left)]]))
    return replace(extract, columns=take(extract.columns, rows), keep_clean=np.searchsorted(rows, clean))


def _file_name(dataset: Dataset, period: str) -> str:
    """As a department names it: title and period, without marks that file systems refuse."""
    title = re.sub(r"[^0-9A-Za-z_\u4e00-\u9fff]", "", dataset.title)
    return f"{title}_{period}.{file_ending(dataset)}"
