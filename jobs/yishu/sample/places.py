"""`schemas/codes/divisions.csv` and `industries.csv` → the counties, cities and trades that the sample province lives by."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.errors import ContractError, Place
from yishu.sample.columns import Days, days_between, joined, pick
from yishu.sample.digits import Ints
from yishu.sample.words import STREET_KINDS, STREETS

PROVINCE: Final = "13"
TODAY: Final = "2025-01-10"
"""The day on which the sample's last extract is drawn; licences expire and terms run against it."""

_OTHER_UNITS: Final = (130181, 130682, 133100)
_XIONGAN: Final = (130629, 130632, 130638)
_CENTRES: Final = {
    "1301": (114.51, 38.04), "1302": (118.18, 39.63), "1303": (119.60, 39.93), "1304": (114.54, 36.62), "1305": (114.50, 37.07),
    "1306": (115.46, 38.87), "1307": (114.88, 40.82), "1308": (117.96, 40.95), "1309": (116.84, 38.30), "1310": (116.68, 39.54),
    "1311": (115.67, 37.74),
}  # fmt: skip


@dataclass(frozen=True)
class Former:
    """A county code that is no longer in force, and the last day on which it was."""

    code: int
    first: str
    last: str


@dataclass(frozen=True)
class Places:
    """Counties in force on `TODAY`, all vectors of one length; `cities`, `units` and `former` beside them."""

    code: Ints
    name: pa.Array
    city: pa.Array
    weight: tuple[float, ...]
    cities: tuple[int, ...]
    units: tuple[int, ...]
    """The 14 reporting units: the cities, 辛集, 定州 and 雄安新区, where the code list has them."""
    former: tuple[Former, ...]

    def unit_of(self, county_code: Ints) -> Ints:
        """The reporting unit of each county (by code): its city, unless it reports for itself or belongs to 雄安新区."""
        unit = np.where(np.isin(county_code, _OTHER_UNITS), county_code, county_code // 100 * 100)
        return np.where(np.isin(county_code, _XIONGAN), _OTHER_UNITS[-1], unit)

    def scattered(self, count: int) -> Ints:
        """About `count` counties (by index) from all over the province, at least one of each reporting unit."""
        _, first = np.unique(self.unit_of(self.code), return_index=True)
        others = np.setdiff1d(np.arange(len(self.code)), first)
        more = min(len(others), max(0, count - len(first)))
        return np.sort(np.concatenate([first, others[np.arange(more) * len(others) // max(more, 1)]]))

    def spread(self, county_code: Ints) -> Ints:
        """An order of rows with these counties in which one of each reporting unit comes first: every office has something to hand in."""
        _, first = np.unique(self.unit_of(county_code), return_index=True)
        return np.concatenate([first, np.delete(np.arange(len(county_code)), first)])

    def addresses(self, generator: np.random.Generator, county: Ints) -> pa.Array:
        """An invented street and number in each county (by index)."""
        count = len(county)
        number = pa.array(generator.integers(1, 400, size=count)).cast(pa.string())
        street = pick(STREETS, generator.integers(0, len(STREETS), size=count))
        kind = pick(STREET_KINDS, generator.integers(0, len(STREET_KINDS), size=count))
        room = pa.array(generator.integers(101, 2700, size=count)).cast(pa.string())
        return joined("河北省", pick(self.city, county), pick(self.name, county), street, kind, number, "号", room, "室")

    def centres(self, county: Ints) -> tuple[Ints, Ints]:
        """Longitude and latitude near the county's prefecture city, in millionths of a degree."""
        pairs = np.array([_CENTRES.get(str(code)[:4], (115.5, 38.5)) for code in self.code])
        # Counties of one city stand on a small grid around it, so that two counties do not share a point.
        step = self.code % 100
        lon = pairs[:, 0] + (step % 5 - 2) * 0.11
        lat = pairs[:, 1] + (step // 5 % 5 - 2) * 0.09
        return (lon[county] * 1e6).astype(np.int64), (lat[county] * 1e6).astype(np.int64)


def read_places(codelists: Mapping[str, Path], generator: np.random.Generator) -> Places:
    """The province's counties; sizes are drawn, so that counties differ.

    Raises:
        ContractError: the code list of divisions is missing or holds no county of the province.
    """
    rows = [row for row in _rows(codelists, "divisions") if row["code"].startswith(PROVINCE)]
    counties = sorted((row["code"], row["name"]) for row in rows if _county(row) and _in_force(row))
    if not counties:
        raise ContractError(
            "no county of the province in the code list", code="sample-places", place=Place(codelists["divisions"]),
            expected=f"codes {PROVINCE}xxxx without an end of validity",
        )  # fmt: skip
    cities = {
        row["code"]: row["name"] for row in rows if row["code"].endswith("00") and row["code"] != "130000" and _in_force(row)
    }
    legal = tuple(sorted(int(code) for code in cities if code[:4] in _CENTRES))
    known = {int(code) for code, _ in counties} | {int(code) for code in cities}
    return Places(
        code=np.array([int(code) for code, _ in counties]),
        name=pa.array([name for _, name in counties]),
        city=pa.array([cities.get(code[:4] + "00", "") for code, _ in counties]),
        weight=tuple(generator.gamma(4.0, size=len(counties)).tolist()),
        cities=legal,
        units=(*legal, *(code for code in _OTHER_UNITS if code in known)),
        former=_former(rows, {code for code, _ in counties}),
    )


def read_industries(codelists: Mapping[str, Path], edition: str = "2017") -> list[str]:
    """The divisions (大类: a letter and two digits) of one edition of GB/T 4754, sorted."""
    codes = {row["code"] for row in _rows(codelists, "industries") if row.get("edition", edition) == edition}
    return sorted(code for code in codes if len(code) == 3)


@dataclass(frozen=True)
class Indicator:
    """One indicator of the macro economy."""

    code: str
    name: str
    unit: str
    quarterly: bool
    direction: str
    parent: str

    @property
    def index(self) -> bool:
        """An index number (base 100): it has no sum."""
        return self.unit == "指数"


def read_indicators(codelists: Mapping[str, Path], first: str = "规模以上工业增加值") -> tuple[Indicator, ...]:
    """The macro indicators of the code list; the one that the counties report (`first`, by name) comes first."""
    rows = sorted(_rows(codelists, "indicators"), key=lambda row: (row["name"] != first, row["code"]))
    return tuple(
        Indicator(row["code"], row["name"], row["unit"], row["freq"] == "Q", row["direction"], row.get("parent") or "")
        for row in rows
    )


@dataclass(frozen=True)
class Department:
    """Who issues documents and gets tasks, from `departments.csv`."""

    id: str
    code: str
    name: str
    area: str
    first: str
    """Its first day …"""
    last: str
    """… and its last; empty: it is still there."""
    successor: str


def read_departments(codelists: Mapping[str, Path]) -> tuple[Department, ...]:
    """All departments, those that have ended, too.

    Raises:
        ContractError: the code list of departments is missing.
    """
    return tuple(
        Department(row["id"], row["code"], row["name"], row["area"], row["valid_from"], row["valid_to"], row["successor"])
        for row in _rows(codelists, "departments")
    )


def place_of_birth(places: Places, generator: np.random.Generator, county: Ints, birth: Days) -> Ints:
    """The division in each resident number: mostly today's code, for some of the older an abolished one valid then."""
    code = places.code[county].copy()
    for former in places.former:
        same_city = code // 100 == former.code // 100
        in_force = (birth >= np.datetime64(former.first)) & (birth <= np.datetime64(former.last))
        chosen = same_city & in_force & (generator.random(len(code)) < 0.03)
        code[chosen] = former.code
    return code


def former_code(places: Places, generator: np.random.Generator, county: Ints, day: Days, share: float) -> tuple[Ints, Days]:
    """Divisions and days of old registrations: a share gets a code that was in force then and is not any more."""
    code, when = places.code[county].copy(), day.copy()
    for former in places.former:
        chosen = (code // 100 == former.code // 100) & (generator.random(len(code)) < share)
        code[chosen] = former.code
        when[chosen] = days_between(generator, max(former.first, "1985-01-01"), former.last, int(chosen.sum()))
    return code, when


def _rows(codelists: Mapping[str, Path], name: str) -> Iterator[dict[str, str]]:
    if name not in codelists:
        raise ContractError(
            f"no code list {name}", code="sample-places", place=Place(f"schemas/codes/{name}.csv"),
            remedy="add the code list: the sample takes its codes from there",
        )  # fmt: skip
    with codelists[name].open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _county(row: dict[str, str]) -> bool:
    return len(row["code"]) == 6 and not row["code"].endswith("00")


def _in_force(row: dict[str, str]) -> bool:
    return (row.get("valid_from") or "") <= TODAY and (row.get("valid_to") or "9999") > TODAY


def _former(rows: list[dict[str, str]], current: set[str]) -> tuple[Former, ...]:
    """Codes abolished after 2000 (older ones would date every registration too far back)."""
    ended = [row for row in rows if _county(row) and row["code"] not in current and _ended_lately(row.get("valid_to") or "")]
    last = {row["code"]: Former(int(row["code"]), row.get("valid_from") or "1980-01-01", row["valid_to"]) for row in ended}
    return tuple(last[code] for code in sorted(last))


def _ended_lately(day: str) -> bool:
    return day > "2000" and day < TODAY
