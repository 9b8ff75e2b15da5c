"""人口基础数据库: the province's persons → what 公安, 民政 and 教育 hand in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints, hex_digits
from yishu.sample.pensions import paid_dead
from yishu.sample.province import Province, Sampled

_ETHNIC: Final = (("01", 955), ("11", 30), ("03", 8), ("02", 3), ("10", 1), ("06", 1), ("08", 1), ("15", 1))
_STAGES: Final = (("80", 6, 6), ("70", 12, 3), ("60", 15, 3), ("20", 18, 4))
"""Code (GB/T 4658), age at entry and years of primary school, junior and senior secondary school, university."""
_COUPLES: Final = 50_000
"""More would not fit the workbook that marriages come in (with divorces and re-issues)."""


def persons(province: Province) -> Iterator[col.Extract]:
    """All persons, then a day's changes: removals to another county, deaths."""
    generator, people = province.generator("person_base"), province.people
    first = np.maximum(np.where(people.alive, people.birth + 1, people.death), np.datetime64("2020-01-01"))
    told = col.at_work(generator, col.days_between(generator, first, "2024-12-30", people.count), people.count)
    columns = _person_columns(province, generator) | {"update_time": told}
    yield col.Extract("person_base", "2024-12-31", columns, np.unique(paid_dead(province).person))
    changed = np.sort(generator.permutation(people.adults())[: max(4, people.count // 40)])
    died = np.arange(len(changed)) % 5 == 0
    moved = col.draw(generator, len(province.places.code), len(changed), province.places.weight)
    county = np.where(died, people.county[changed], moved)
    day = col.days_between(generator, "2025-01-02", "2025-01-08", len(changed))
    rows = col.take(columns, changed) | {
        "resid_division": col.padded(province.places.code[county], 6),
        "resid_address": province.places.addresses(generator, county),
        "alive_flag": col.either(died, "0", "1"),
        "death_date": col.days(day, ~died),
        "update_time": col.at_work(generator, "2025-01-09", len(changed)),
    }
    yield col.Extract("person_base", "2025-01-09", rows)


def _person_columns(province: Province, generator: np.random.Generator) -> dict[str, pa.Array]:
    people, places = province.people, province.places
    return {
        "person_id": people.person_id,
        "id_no": people.id_no,
        "name": people.name,
        "sex_code": col.either(people.male, "1", "2"),
        "birth_date": col.days(people.birth),
        "ethnic_code": col.choose(generator, [code for code, _ in _ETHNIC], people.count, [share for _, share in _ETHNIC]),
        "hukou_division": col.padded(places.code[people.hukou], 6),
        "resid_division": col.padded(places.code[people.county], 6),
        "resid_address": places.addresses(generator, people.county),
        "hukou_type": col.choose(generator, ["1", "2"], people.count, (93, 7)),
        "alive_flag": col.either(people.alive, "1", "0"),
        "death_date": col.days(people.death, people.alive),
    }


def marriages(province: Province) -> Iterator[col.Extract]:
    """Marriages between living adults, a fifth of them divorced later, some certificates issued anew."""
    generator, people = province.generator("marriage_reg"), province.people
    husband, wife = _couples(province, generator)
    count = len(husband)
    grown = np.maximum(
        people.birth[husband] + np.timedelta64(22 * 366, "D"), people.birth[wife] + np.timedelta64(20 * 366, "D")
    )
    wedding = col.days_between(generator, grown, "2024-12-20", count)
    married = _marriage_columns(province, generator, husband, wife, wedding, "1")
    parted = np.flatnonzero((generator.random(count) < 0.2) & (wedding < np.datetime64("2024-06-01")))
    end = col.days_between(generator, wedding[parted] + 60, "2024-12-20", len(parted))
    divorced = _marriage_columns(province, generator, husband[parted], wife[parted], end, "2")
    together = np.setdiff1d(np.arange(count), parted)[::9]
    again = col.days_between(generator, wedding[together], "2024-12-20", len(together))
    anew = _marriage_columns(province, generator, husband[together], wife[together], again, "3")
    yield col.Extract("marriage_reg", "2024-12-31", col.stacked(married, divorced, anew))


def _couples(province: Province, generator: np.random.Generator) -> tuple[Ints, Ints]:
    people = province.people
    grown = np.flatnonzero(people.alive & (people.birth < np.datetime64("2002-01-01")))
    adults = generator.permutation(grown)
    men, women = adults[people.male[adults]], adults[~people.male[adults]]
    count = min(len(men), len(women), max(2, province.rows // 7), _COUPLES)
    by_age = [group[:count][np.argsort(people.birth[group[:count]], kind="stable")] for group in (men, women)]
    return by_age[0], by_age[1]


def _marriage_columns(
    province: Province, generator: np.random.Generator, husband: Ints, wife: Ints, day: col.Days, kind: str
) -> dict[str, pa.Array]:
    people, places = province.people, province.places
    count = len(husband)
    county = people.hukou[wife]
    year = col.year_of(day)
    letter = {"1": "J", "2": "L", "3": "B"}[kind]
    after = {"1": "21", "2": "40", "3": "20"}[kind]
    return {
        "cert_no": col.joined(
            letter, col.padded(places.code[county], 6), "-", col.integers(year), "-", col.padded(np.arange(count) + 1, 7)
        ),
        "reg_type": col.constant(kind, count),
        "a_id_no": col.pick(people.id_no, husband),
        "b_id_no": col.pick(people.id_no, wife),
        "reg_date": col.days(day),
        "reg_org": col.joined(col.pick(places.name, county), "民政局婚姻登记处"),
        "division_code": col.padded(places.code[county], 6),
        "a_marital": col.constant(after, count),
        "update_time": col.at_work(generator, np.minimum(day + 3, np.datetime64("2024-12-30")), count),
        "b_marital": col.choose(generator, [after, "22"], count, (9, 1)) if kind == "1" else col.constant(after, count),
    }


def education(province: Province) -> Iterator[col.Extract]:
    """Two full lists, a term apart: some graduates have left the second one, first-year pupils have come."""
    generator = province.generator("education_record")
    columns, entered, left = _education_columns(province, generator)
    for period, first, last in (("2024H1", "2024-03-01", "2024-03-01"), ("2024H2", "2024-10-01", "2024-09-01")):
        listed = np.flatnonzero((entered <= np.datetime64(first)) & (left > np.datetime64(last) - np.timedelta64(366, "D")))
        finished = left[listed] <= np.datetime64(first)
        rows = col.take(columns, listed)
        status = col.choose(generator, ["01", "05", "07"], len(listed), (97, 2, 1))
        yield col.Extract("education_record", period, rows | {
            "grad_date": col.days(left[listed], ~finished), "status": col.either(finished, "02", status),
        })  # fmt: skip


def _education_columns(province: Province, generator: np.random.Generator) -> tuple[dict[str, pa.Array], col.Days, col.Days]:
    """One record per person and stage reached, for everyone born since 1998."""
    people, places = province.people, province.places
    young = np.flatnonzero(people.alive & (people.birth > np.datetime64("1998-01-01")))
    chosen = np.sort(generator.permutation(young)[: max(5, province.rows // 2)])
    person = np.repeat(chosen, len(_STAGES))
    stage = np.tile(np.arange(len(_STAGES)), len(chosen))
    entry_age, years = (np.array([s[place] for s in _STAGES])[stage] for place in (1, 2))
    birth_year = col.year_of(people.birth[person])
    entered = _september(birth_year + entry_age)
    left = _september(birth_year + entry_age + years) - np.timedelta64(70, "D")
    county = people.county[person]
    school = col.joined("13", col.padded(county, 3), col.pick(["1", "2", "3", "4"], stage), col.padded(person % 37, 4))
    university = np.array([s[0] for s in _STAGES])[stage] == "20"
    majors = col.choose(generator, ["080901", "120203", "050101", "100201", "020101"], len(person))
    columns = {
        "record_id": hex_digits(generator, len(person), 32),
        "id_no": col.pick(people.id_no, person),
        "school_code": school,
        "stage": col.pick([s[0] for s in _STAGES], stage),
        "enroll_date": col.days(entered),
        "division_code": col.padded(places.code[county], 6),
        "major_code": col.either(university, majors, None),
    }
    return columns, entered, left


def _september(year: Ints) -> col.Days:
    months: col.Days = ((year - 1970) * 12 + 8).astype(np.dtype("datetime64[M]"))
    return months.astype("datetime64[D]")


SAMPLED = Sampled({"person_base": persons, "marriage_reg": marriages, "education_record": education})
