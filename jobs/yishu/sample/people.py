"""Places → the persons of the sample province: valid resident numbers, names, homes, deaths. Vectors of one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from yishu.sample.columns import Days, Flags, days_between, draw, joined, pick, ranks
from yishu.sample.digits import Ints, citizen_ids, hex_digits
from yishu.sample.places import TODAY, Places, place_of_birth


@dataclass(frozen=True)
class People:
    """The province's people, all vectors of one length."""

    person_id: pa.Array
    id_no: pa.Array
    name: pa.Array
    male: Flags
    birth: Days
    county: Ints
    """Index of the county of residence."""
    hukou: Ints
    """Index of the county of registered household."""
    alive: Flags
    death: Days

    @property
    def count(self) -> int:
        return len(self.birth)

    def adults(self) -> Ints:
        """Living persons of 18 and more on `TODAY`."""
        return np.flatnonzero(self.alive & (self.birth < np.datetime64(TODAY) - np.timedelta64(18 * 366, "D")))

    def draw_adults(self, generator: np.random.Generator, count: int) -> Ints:
        """`count` of the adults; one can come twice."""
        adults = self.adults()
        return adults[draw(generator, len(adults), count)]


def make_people(places: Places, generator: np.random.Generator, count: int) -> People:
    """`count` persons of all ages; about 4 % have died, some 12 % live away from their registered household."""
    hukou = draw(generator, len(places.code), count, places.weight)
    away = generator.random(count) < 0.12
    county = np.where(away, draw(generator, len(places.code), count, [w**2 for w in places.weight]), hukou)
    birth = _births(generator, count)
    death = days_between(generator, np.maximum(birth, np.datetime64("2015-01-01")), "2024-11-30", count)
    age = (np.datetime64(TODAY) - birth).astype(np.int64) / 365.25
    alive = generator.random(count) > np.where(age > 60, 0.12, 0.01)
    male = generator.random(count) < 0.505
    return People(
        person_id=hex_digits(generator, count, 32), id_no=_numbers(places, generator, hukou, birth, male),
        name=person_names(generator, male), male=male, birth=birth, county=county, hukou=hukou, alive=alive, death=death,
    )  # fmt: skip


def person_names(generator: np.random.Generator, male: Flags) -> pa.Array:
    """Names put together from Faker's zh_CN lists of surnames and given names."""
    from faker.providers.person.zh_CN import Provider

    surnames = list(Provider.last_names)
    family = pick(surnames, draw(generator, len(surnames), len(male), list(Provider.last_names.values())))
    given = _given(generator, Provider.first_names_male, Provider.first_names_female, male)
    return joined(family, given)


def _given(generator: np.random.Generator, men: Sequence[str], women: Sequence[str], male: Flags) -> pa.Array:
    count = len(male)
    first = np.where(
        male, generator.integers(0, len(men), size=count), len(men) + generator.integers(0, len(women), size=count)
    )
    words = [*men, *women]
    single = [word for word in dict.fromkeys(words) if len(word) == 1]
    more = (generator.random(count) < 0.6) & np.array([len(word) == 1 for word in words])[first]
    second = np.where(more, 1 + generator.integers(0, len(single), size=count), 0)
    return joined(pick(words, first), pick(["", *single], second))


def _births(generator: np.random.Generator, count: int) -> Days:
    """Ages by a rough pyramid: from 0 to 94 years, most between 20 and 60."""
    age_days = (generator.beta(1.9, 2.4, size=count) * 94 * 365.25).astype(np.int64)
    return (np.datetime64("2024-12-27", "D") - age_days).astype("datetime64[D]")


def _numbers(places: Places, generator: np.random.Generator, county: Ints, birth: Days, male: Flags) -> pa.Array:
    """Resident numbers, all distinct: persons of one place, day and sex get the next free order number."""
    division = place_of_birth(places, generator, county, birth)
    group = (division * 100_000 + birth.astype(np.int64) + 50_000) * 2 + male
    offset = (group * 7919) % 500
    order = (offset + ranks(group)) % 500 * 2 + male
    return citizen_ids(division, birth, order)
