"""康养专题数据库: counties, firms and persons → homes for the old, subsidies to them, cards of infectious diseases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.sample import columns as col
from yishu.sample.digits import Ints, distinct_serials, usccs
from yishu.sample.e_licence import licences
from yishu.sample.economy import MONTHS
from yishu.sample.firms import COMPANY
from yishu.sample.infections import infections, outbreak_case
from yishu.sample.pensions import PAID_MONTHS, bank_accounts
from yishu.sample.province import Province, Sampled

_CARE: Final = ("Q84", "Q85")
"""Health, and social work with lodging (GB/T 4754)."""
_PUBLIC: Final = 0
_NAMES: Final = ("康宁", "福寿", "夕阳红", "颐和", "安泰", "怡养")
_KINDS: Final = ("敬老院", "养老服务有限公司", "养老中心")
_HOMES: Final = 2_000
"""So many there are at most."""
_AS_OF: Final = "2024-12-31"


def homes(province: Province) -> Iterator[col.Extract]:
    """All homes, from each city's office its own; those of one county fail fire inspection, one county has none."""
    generator, places = province.generator("elder_org"), province.places
    county = _counties_of_homes(province)
    count = len(county)
    nature = col.draw(generator, 3, count, (35, 45, 20))
    unsafe = (county == county[0]) | (generator.random(count) < 0.03)
    beds, nursing = _beds(province, count)
    star = generator.random(count) < 0.55
    code, uscc = col.padded(places.code[county], 6), _owners(province, generator, nature, county)
    lon, lat = places.centres(county)
    told = col.days_between(generator, "2024-01-05", _AS_OF, count)
    told[0] = np.datetime64(_AS_OF)
    columns = {
        "org_id": col.joined("YL", code, col.padded(np.arange(count) + 1, 5)),
        "uscc": uscc,
        "org_name": col.joined(col.pick(places.name, county), col.choose(generator, _NAMES, count), col.pick(_KINDS, nature)),
        "org_nature": col.pick(["1", "2", "3"], nature),
        "beds": col.integers(beds),
        "nursing_beds": col.integers(nursing),
        "residents": col.integers(np.where(unsafe, 0, beds * generator.integers(25, 95, size=count) // 100)),
        "star": col.either(star & ~unsafe, col.choose(generator, ["1", "2", "3", "4", "5"], count, (10, 25, 40, 20, 5)), None),
        "lon": col.decimals(lon + generator.integers(-40_000, 40_000, size=count), 6),
        "lat": col.decimals(lat + generator.integers(-30_000, 30_000, size=count), 6),
        "division_code": code,
        "fire_ok": col.either(unsafe, "0", "1"),
        "licence_id": _licence_of(province, uscc),
        "update_time": col.at_work(generator, told, count),
    }
    for department, rows in province.parts("elder_org", places.code[county]):
        clean = np.flatnonzero(county[rows] == county[0])
        yield col.Extract("elder_org", MONTHS[-1], col.take(columns, rows), clean, department)


def _beds(province: Province, count: int) -> tuple[Ints, Ints]:
    """Beds, and those of them for nursing."""
    generator = province.generator("beds")
    beds: Ints = generator.integers(30, 320, size=count)
    return beds, beds * generator.integers(35, 80, size=count) // 100


def _counties_of_homes(province: Province) -> Ints:
    """One in each reporting unit, the others anywhere but in one county."""
    generator, places = province.generator("homes"), province.places
    _, first = np.unique(places.unit_of(places.code), return_index=True)
    wanted = max(len(first), min(_HOMES, province.rows // 5))
    drawn = col.draw(generator, len(places.code), wanted * 2, places.weight)
    return np.concatenate([first, drawn[drawn != _without_home(province)]])[:wanted]


def _without_home(province: Province) -> int:
    """Of the counties that are not their unit's first, the one with most of the old."""
    places, people = province.places, province.people
    old = people.alive & (people.birth < np.datetime64("1964-01-01"))
    many = np.bincount(people.county[old], minlength=len(places.code))
    _, first = np.unique(places.unit_of(places.code), return_index=True)
    many[first] = -1
    return int(many.argmax())


def _owners(province: Province, generator: np.random.Generator, nature: Ints, county: Ints) -> pa.Array:
    """Public homes are institutions (codes 12…), which no register of firms knows; the others belong to firms that care."""
    firms, count = province.firms, len(nature)
    industry = pc.is_in(firms.industry.slice(0, firms.listed), value_set=pa.array(_CARE)).to_numpy(zero_copy_only=False)
    alive = firms.active[: firms.listed] & (firms.kind[: firms.listed] == COMPANY)
    those = np.flatnonzero(alive & industry)
    those = those if len(those) else np.flatnonzero(firms.active[: firms.listed])
    head = col.joined("12", col.padded(province.places.code[county], 6))
    firm = col.pick(firms.uscc, those[col.draw(generator, len(those), count)])
    return col.either(nature == _PUBLIC, usccs(head, distinct_serials(generator, count)), firm)


def _licence_of(province: Province, uscc: pa.Array) -> pa.Array:
    """A licence that the owner holds; most have been registered without one."""
    held = next(licences(province)).columns
    return held["licence_id"].take(pc.index_in(uscc, value_set=held["holder_id_no"]))


def subsidies(province: Province) -> Iterator[col.Extract]:
    """A year of subsidies, one line per person, month and kind, from each city's office its own."""
    generator, people = province.generator("elder_subsidy"), province.people
    old = generator.permutation(np.flatnonzero(people.alive & (people.birth < np.datetime64("1963-12-01"))))
    old = old[province.places.spread(province.places.code[people.county[old]])]
    person = np.sort(old[: max(len(province.places.units), province.rows // 24)])
    kind = np.where(people.birth[person] < np.datetime64("1944-01-01"), 0, col.draw(generator, 3, len(person), (0, 6, 4)))
    level = np.where(kind == 2, generator.integers(2, 5, size=len(person)), col.draw(generator, 3, len(person)))
    amount = np.array([10_000, 8_000, 6_000])[kind] + level * 4_000
    line, month = np.divmod(np.arange(len(person) * len(PAID_MONTHS)), len(PAID_MONTHS))
    who, code = person[line], province.places.code[people.county[person[line]]]
    assessed = (kind[line] == 2) | (line % 3 == 0)
    columns = {
        "id_no": col.pick(people.id_no, who),
        "period": col.pick([text.replace("-", "") for text in PAID_MONTHS], month),
        "subsidy_type": col.pick(["01", "02", "03"], kind[line]),
        "name": col.pick(people.name, who),
        "birth_date": col.days(people.birth[who]),
        "ability_level": col.either(assessed, col.integers(level[line]), None),
        "amount": col.decimals(amount[line], 2),
        "bank_account": bank_accounts(province, who),
        "division_code": col.padded(code, 6),
        "pay_status": col.choose(generator, ["1", "2", "3"], len(line), (98, 1, 1)),
    }
    for department, rows in province.parts("elder_subsidy", code):
        yield col.Extract("elder_subsidy", MONTHS[-1], col.take(columns, rows), department=department)


def cases(province: Province) -> Iterator[col.Case]:
    """A county without a home, one whose homes may burn, and an outbreak."""
    places, county = province.places, _counties_of_homes(province)
    mart = "elder_health.nursing_beds_per_thousand"
    empty, unsafe = (str(places.code[place]) for place in (_without_home(province), county[0]))
    yield col.Case("a county without a home for its old", mart, {"division_code": empty, "orgs": "0", "nursing_beds": "0"})
    beds = int(_beds(province, len(county))[1][county == county[0]].sum())
    key = {"division_code": unsafe, "nursing_beds": str(beds), "unsafe_nursing_beds": str(beds)}
    yield col.Case("a county where no home passes fire inspection", mart, key)
    yield outbreak_case(province)


SAMPLED = Sampled({"elder_org": homes, "elder_subsidy": subsidies, "infectious_report": infections}, cases)
