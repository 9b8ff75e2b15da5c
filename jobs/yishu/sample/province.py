"""A seed and a size → one believable province, from which every department's extracts are drawn.

All parts are drawn from one seed by name, so a dataset looks the same whether it is written alone or with the others.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample.columns import Case, Extract, joined, padded
from yishu.sample.digits import Ints, distinct_serials, usccs
from yishu.sample.firms import Firms, make_firms
from yishu.sample.people import People, make_people
from yishu.sample.places import Department, Indicator, Places, read_departments, read_indicators, read_industries, read_places

_FIRMS_AT_LEAST: Final = 200
"""So many are enough for some of each kind that departments ask: old ones, industry, exporters."""


@dataclass(frozen=True, eq=False)
class Province:
    """Everything that the departments' extracts are drawn from; only equal to itself, so that what is drawn from it can be kept."""

    seed: int
    rows: int
    """How many rows the largest datasets get; the others scale with it."""
    places: Places
    people: People
    firms: Firms
    indicators: tuple[Indicator, ...]
    departments: tuple[Department, ...]
    """The province's and the cities' departments of today and before, whoever hands in data."""
    bureau_code: pa.Array
    """One office per county that signs registrations, licences and penalties: its USCC …"""
    bureau_name: pa.Array
    """… and its name."""
    offices: Mapping[str, str]
    """Dataset → code (USCC) of the department that hands it in."""
    suppliers: Mapping[str, Sequence[tuple[str, int]]]
    """Dataset → id and area of every department that hands a part of it in."""

    def parts(self, dataset: str, county_code: Ints) -> Iterator[tuple[str, Ints]]:
        """The rows of each local department: those in the counties of its reporting unit.

        Args:
            dataset: one that several departments hand in.
            county_code: each row's county.

        Yields:
            Department id and its rows (from 0); departments without rows and those of the whole province are left out.
        """
        unit = self.places.unit_of(county_code)
        for department, area in self.suppliers[dataset]:
            rows = np.flatnonzero(unit == area)
            if len(rows):
                yield department, rows

    def generator(self, part: str) -> np.random.Generator:
        """The random numbers of one part, whatever other parts drew."""
        return part_generator(self.seed, part)


def _no_cases(_: Province) -> Iterator[Case]:
    yield from ()


@dataclass(frozen=True)
class Sampled:
    """What the sample writes of one database."""

    extracts: Mapping[str, Callable[[Province], Iterator[Extract]]]
    """Dataset → its extracts, in the order in which they are handed in."""
    cases: Callable[[Province], Iterator[Case]] = _no_cases
    """The stories that are planted in them."""


def part_generator(seed: int, part: str) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(part.encode())])


def make_province(
    codelists: Mapping[str, Path], offices: Mapping[str, str], rows: int, seed: int,
    suppliers: Mapping[str, Sequence[tuple[str, int]]] = MappingProxyType({}),
) -> Province:  # fmt: skip
    """Draw places, people and firms.

    Args:
        codelists: name → file of the project's code lists (`divisions`, `industries`, `indicators`, `departments`).
        offices: dataset → code of the department that hands it in.
        rows: rows of the largest datasets.
        seed: the same seed gives the same province.
        suppliers: dataset → id and area of every department that hands a part of it in.

    Raises:
        ContractError: a code list is missing.
    """
    places = read_places(codelists, part_generator(seed, "places"))
    people = make_people(places, part_generator(seed, "people"), max(rows, 50))
    firms = make_firms(places, people, read_industries(codelists), part_generator(seed, "firms"), max(rows, _FIRMS_AT_LEAST))
    codes, names = _bureaus(places, part_generator(seed, "bureaus"))
    return Province(
        seed=seed,
        rows=rows,
        places=places,
        people=people,
        firms=firms,
        indicators=read_indicators(codelists),
        departments=read_departments(codelists),
        bureau_code=codes,
        bureau_name=names,
        offices=dict(offices),
        suppliers=dict(suppliers),
    )


def _bureaus(places: Places, generator: np.random.Generator) -> tuple[pa.Array, pa.Array]:
    codes = usccs(joined("11", padded(places.code, 6)), distinct_serials(generator, len(places.code)))
    return codes, joined(places.name, "行政审批局")
