"""Places and people → the market entities of the sample province. Vectors of one length, the newest entities last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample.columns import Days, Flags, days_between, draw, either, joined, padded, pick
from yishu.sample.digits import Ints, distinct_serials, usccs
from yishu.sample.people import People
from yishu.sample.places import Places, former_code
from yishu.sample.words import BRAND_ENDS, BRAND_HEADS, BRAND_TAILS, CROPS, SHOPS, TRADES, VILLAGES

COMPANY, SOLE_TRADER, COOPERATIVE, COLLECTIVE = range(4)
_HEADS: Final = ("91", "92", "93", "N2")
_SHARES: Final = (0.55, 0.38, 0.05, 0.02)
CROWDED: Final = 120
"""So many entities share each of the crowded addresses (疑似虚假注册: 100 and more at one address)."""


@dataclass(frozen=True)
class Firms:
    """The province's firms, all vectors of one length."""

    uscc: pa.Array
    name: pa.Array
    kind: Ints
    county: Ints
    """Index of the county."""
    county_code: Ints
    division: Ints
    """Code at registration: some were abolished since."""
    founded: Days
    representative: Ints
    """Index of the person."""
    capital: Ints
    """Registered capital in yuan."""
    industry: pa.Array
    address: pa.Array
    active: Flags
    listed: int
    """So many stand in the first full list; those after it were founded in the last days."""

    @property
    def count(self) -> int:
        return len(self.kind)


def make_firms(places: Places, people: People, industries: list[str], generator: np.random.Generator, listed: int) -> Firms:
    """`listed` entities of four kinds, and a hundredth more that were founded in the last days."""
    count = listed + max(2, listed // 100)
    kind = draw(generator, 4, count, _SHARES)
    county = draw(generator, len(places.code), count, places.weight)
    # The younger the register, the more entities: squares of even draws lie near the present.
    age = (generator.random(count) ** 2 * 365 * 30).astype(np.int64)
    founded = (np.datetime64("2024-12-27", "D") - age).astype("datetime64[D]")
    division, founded = former_code(places, generator, county, founded, 0.01)
    fresh = np.arange(count) >= listed
    founded[fresh] = days_between(generator, "2024-12-30", "2025-01-09", int(fresh.sum()))
    division[fresh] = places.code[county[fresh]]
    head = joined(pick(_HEADS, kind), padded(division, 6))
    steps = np.array([10_000, 1_000, 5_000, 10_000])[kind]
    return Firms(
        uscc=usccs(head, distinct_serials(generator, count)),
        name=_names(places, generator, kind, county),
        kind=kind,
        county=county,
        county_code=places.code[county],
        division=division,
        founded=founded,
        representative=people.draw_adults(generator, count),
        capital=(np.exp(generator.normal(4.0, 1.4, size=count)) + 1).astype(np.int64) * steps,
        industry=pick(industries, _industry(generator, industries, kind)),
        address=_addresses(places, generator, county),
        active=generator.random(count) < np.where(fresh, 1.0, 0.86),
        listed=listed,
    )


def _names(places: Places, generator: np.random.Generator, kind: Ints, county: Ints) -> pa.Array:
    count = len(kind)
    brand = joined(*[pick(words, draw(generator, len(words), count)) for words in (BRAND_HEADS, BRAND_TAILS, BRAND_ENDS)])
    trade, shop, crop = (pick(words, draw(generator, len(words), count)) for words in (TRADES, SHOPS, CROPS))
    village = pick(VILLAGES, draw(generator, len(VILLAGES), count))
    where = pick(places.name, county)
    name = joined(where, brand, shop)
    name = either(kind == COMPANY, joined(pick(places.city, county), brand, trade, "有限公司"), name)
    name = either(kind == COOPERATIVE, joined(where, brand, crop, "农民专业合作社"), name)
    return either(kind == COLLECTIVE, joined(where, village, "村股份经济合作社"), name)


def _industry(generator: np.random.Generator, industries: list[str], kind: Ints) -> Ints:
    """Cooperatives and village collectives farm (section A); the others do anything."""
    farms = sum(code.startswith("A") for code in industries)
    index = generator.integers(0, len(industries), size=len(kind))
    return np.where((kind >= COOPERATIVE) & (farms > 0), index % max(farms, 1), index)


def _addresses(places: Places, generator: np.random.Generator, county: Ints) -> pa.Array:
    """Mostly an address each; every thousandth part of a list of some size shares one, written in three ways."""
    address = places.addresses(generator, county)
    count = len(county)
    groups = min(4, count // 900)
    if groups == 0:
        return address
    members = generator.permutation(count)[: groups * CROWDED]
    which = np.full(count, -1, dtype=np.int64)
    which[members] = np.arange(len(members)) // CROWDED
    spellings: list[str] = []
    for group in range(groups):
        spellings += _spellings(f"河北省{places.city[group].as_py()}{places.name[group].as_py()}", 88 + group)
    style = generator.integers(0, 3, size=count)
    return either(which >= 0, pick(spellings, np.maximum(which, 0) * 3 + style), address)


def _spellings(where: str, number: int) -> list[str]:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    return [f"{where}创业路{number}号众创大厦", f"{where}创业路{wide}号众创大厦", f"{where} 创业路{number}号 众创大厦"]
