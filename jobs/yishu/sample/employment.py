"""就业专题数据库: persons and firms → registrations of work, benefits paid month by month, staff of the monitored firms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, Economy, economy
from yishu.sample.macro_economy import falling_unit
from yishu.sample.pensions import benefit_cases, benefits
from yishu.sample.province import Province, Sampled

_EMPLOYED, _UNEMPLOYED, _GONE = range(3)
_FIRMS: Final = 5_000
"""So many firms are monitored at most."""
_OCCUPATIONS: Final = (
    "4010201",
    "4020202",
    "4020705",
    "4030201",
    "5010101",
    "5030201",
    "6050101",
    "6180101",
    "6290101",
    "2020901",
    "2060301",
    "3010201",
)
_EDUCATION: Final = (("14", 3), ("21", 18), ("31", 20), ("41", 9), ("44", 6), ("61", 14), ("71", 24), ("81", 6))
_SPAN: Final = 360
"""Days that nobody stays registered as unemployed for longer than: benefits run out before."""


@dataclass(frozen=True)
class Register:
    """One current registration for each of the registered persons, all vectors of one length."""

    person: Ints
    status: Ints
    """0 at work, 1 out of work, 2 no longer on the labour market."""
    since: col.Days
    poor: int
    """Index of the county where every eighth person is out of work."""

    def unemployed(self) -> Ints:
        """Places (in these vectors) of those out of work."""
        return np.flatnonzero(self.status == _UNEMPLOYED)


def register(province: Province) -> Register:
    """Persons of 18 to 59; some 3 % are out of work, in one county far more."""
    generator, people = province.generator("register"), province.people
    adults = people.adults()
    working = adults[people.birth[adults] > np.datetime64("1966-01-01")]
    person = np.sort(generator.permutation(working)[: max(20, province.rows // 2)])
    status = col.draw(generator, 3, len(person), (937, 33, 30))
    county = people.county[person]
    poor = int(np.bincount(county).argmax())
    in_poor = np.flatnonzero(county == poor)
    status[in_poor] = _EMPLOYED
    status[in_poor[::8]] = _UNEMPLOYED
    grown = people.birth[person] + 17 * 366 * col.DAY
    first = np.where(status == _UNEMPLOYED, np.datetime64("2024-12-20") - _SPAN * col.DAY, np.datetime64("2019-01-01"))
    since = col.days_between(generator, np.maximum(first, grown), "2024-12-20", len(person))
    return Register(person=person, status=status, since=since, poor=poor)


def registrations(province: Province) -> Iterator[col.Extract]:
    """All registrations (a sixth of the persons with an older one, ended), then a day's: some found work."""
    generator, known = province.generator("job_register"), register(province)
    now = _registered(province, generator, known, np.arange(len(known.person)))
    now |= {"update_time": col.at_work(generator, np.minimum(known.since + 4, np.datetime64("2024-12-30")), len(known.person))}
    earlier = np.flatnonzero((known.status == _EMPLOYED) & (known.since > np.datetime64("2021-06-01")))[::6]
    ended = _out_of_work_before(generator, col.take(now, earlier), known.since[earlier])
    poor = np.flatnonzero((known.status == _UNEMPLOYED) & (province.people.county[known.person] == known.poor))
    yield col.Extract("job_register", "2024-12-31", col.stacked(now, ended), poor)
    found = np.flatnonzero((known.status == _UNEMPLOYED) & (province.people.county[known.person] != known.poor))[::5]
    day = np.full(len(found), np.datetime64("2025-01-08"))
    stamp = {"update_time": col.at_work(generator, "2025-01-09", len(found))}
    closed = col.take(now, found) | {"status_to": col.days(day)} | stamp
    begun = col.take(now, found) | {
        "reg_no": col.joined(closed["reg_no"], "-2"), "job_status": col.constant("10", len(found)), "status_from": col.days(day),
        "uscc": _employers(province, generator, len(found), np.ones(len(found), dtype=np.bool_)),
    } | stamp  # fmt: skip
    yield col.Extract("job_register", "2025-01-09", col.stacked(closed, begun))


def _registered(province: Province, generator: np.random.Generator, known: Register, rows: Ints) -> dict[str, pa.Array]:
    people, count = province.people, len(rows)
    person, status, since = known.person[rows], known.status[rows], known.since[rows]
    county = col.padded(province.places.code[people.county[person]], 6)
    education = col.draw(generator, len(_EDUCATION), count, [weight for _, weight in _EDUCATION])
    # The first three of the list are degrees: only who has one, and is young, counts as a graduate.
    graduate = (education < 3) & (people.birth[person] > np.datetime64("1998-01-01"))
    group = col.choose(generator, ["02", "03", "04", "09"], count, (30, 5, 5, 60))
    employed = (status == _EMPLOYED) & (generator.random(count) < 0.65)
    return {
        "reg_no": col.joined(county, "DJ", col.integers(col.year_of(since)), col.padded(rows + 1, 8)),
        "id_no": col.pick(people.id_no, person),
        "name": col.pick(people.name, person),
        "job_status": col.pick(["10", "20", "30"], status),
        "uscc": _employers(province, generator, count, employed),
        "status_from": col.days(since),
        "status_to": col.constant(None, count),
        "edu_code": col.pick([code for code, _ in _EDUCATION], education),
        "occupation": col.either(status == _GONE, None, col.choose(generator, _OCCUPATIONS, count)),
        "group_code": col.either(graduate, "01", col.either(generator.random(count) < 0.5, group, None)),
        "division_code": county,
    }


def _employers(province: Province, generator: np.random.Generator, count: int, employed: col.Flags) -> pa.Array:
    """Firms in business; nothing for those who work for themselves or not at all."""
    firms = province.firms
    alive = np.flatnonzero(firms.active[: firms.listed] & (firms.founded[: firms.listed] < np.datetime64("2024-12-01")))
    return col.either(employed, col.pick(firms.uscc, alive[col.draw(generator, len(alive), count)]), None)


def _out_of_work_before(generator: np.random.Generator, rows: dict[str, pa.Array], until: col.Days) -> dict[str, pa.Array]:
    count = len(until)
    since = until - generator.integers(20, 180, size=count) * col.DAY
    return rows | {
        "reg_no": col.joined(rows["reg_no"], "-0"),
        "job_status": col.constant("20", count),
        "uscc": col.constant(None, count),
        "status_from": col.days(since),
        "status_to": col.days(until),
        "update_time": col.at_work(generator, until, count),
    }


@dataclass(frozen=True)
class _Monitored:
    """The monitored firms: places in the economy, and the code of the county of each."""

    place: Ints
    county: Ints


def _monitored(province: Province, known: Economy) -> _Monitored:
    """Failing firms first; where the largest of them sits no other firm is monitored, so that its fall is the county's."""
    firms = province.firms
    code = firms.county_code[known.firm]
    current = firms.division[known.firm] == code
    failing = np.flatnonzero(known.failing & current)
    wanted = max(14, min(_FIRMS, province.rows // len(MONTHS)))
    if not len(failing):
        return _Monitored(np.flatnonzero(current)[:wanted], code[np.flatnonzero(current)[:wanted]])
    largest = failing[known.staff[failing, -2].argmax()]
    others = province.generator("monitored").permutation(np.flatnonzero(current & ~known.failing & (code != code[largest])))
    others = others[province.places.spread(code[others])]
    place = np.sort(np.concatenate([failing, others[: max(0, wanted - len(failing))]]))
    return _Monitored(place, code[place])


def staff(province: Province) -> Iterator[col.Extract]:
    """36 months of the monitored firms, from each city's office its own: staff at the end is that of the economy."""
    generator, known = province.generator("hire_monitor"), economy(province)
    chosen = _monitored(province, known)
    end = known.staff[chosen.place]
    begin = np.concatenate([end[:, :1], end[:, :-1]], axis=1)
    churn = (begin * generator.uniform(0, 0.06, size=end.shape)).astype(np.int64)
    wage = generator.integers(3_400, 9_000, size=(len(end), 1)) * 100 * (1 + 0.004 * np.arange(len(MONTHS)))
    wage = wage * generator.uniform(0.97, 1.03, size=end.shape)
    falling = known.failing[chosen.place]
    columns = {
        "uscc": col.pick(province.firms.uscc, np.repeat(known.firm[chosen.place], len(MONTHS))),
        "period": col.pick([month.replace("-", "") for month in MONTHS], np.tile(np.arange(len(MONTHS)), len(end))),
        "staff_begin": col.integers(begin.ravel()),
        "staff_end": col.integers(end.ravel()),
        "hires": col.integers((churn + np.maximum(end - begin, 0)).ravel()),
        "leaves": col.integers((churn + np.maximum(begin - end, 0)).ravel()),
        "vacancies": col.integers((end * generator.uniform(0, 0.12, size=end.shape)).astype(np.int64).ravel()),
        "avg_wage": col.decimals(wage.astype(np.int64).ravel(), 2),
    }
    for department, rows in province.parts("hire_monitor", np.repeat(chosen.county, len(MONTHS))):
        clean = np.flatnonzero(np.repeat(falling, len(MONTHS))[rows])
        yield col.Extract("hire_monitor", MONTHS[-1], col.take(columns, rows), clean, department)


def payments(province: Province) -> Iterator[col.Extract]:
    """Benefits of a year: of the old until they die, of those out of work, and of some who have died."""
    known = register(province)
    out = known.unemployed()
    return benefits(province, known.person[out], known.since[out])


def cases(province: Province) -> Iterator[col.Case]:
    """Counties whose monitored firms fail, the county without work, and the dead who are still paid."""
    known, december = economy(province), {"period": MONTHS[-1].replace("-", "")}
    chosen = _monitored(province, known)
    last, before, failing = known.staff[chosen.place, -1], known.staff[chosen.place, -2], known.failing[chosen.place]
    # Where others are monitored too, one of their rows that is kept out could change the light.
    for county in np.setdiff1d(chosen.county[failing], chosen.county[~failing]).tolist():
        here = chosen.county == county
        if last[here].sum() * 100 <= before[here].sum() * 97:
            key = december | {"division_code": str(county), "staff_light": "3"}
            yield col.Case("a county whose monitored firms shrink", "employment.early_warning", key)
    poor = str(province.places.code[register(province).poor])
    key = december | {"division_code": poor, "unemployment_light": "3"}
    yield col.Case("a county where one in eight is out of work", "employment.early_warning", key)
    unit = np.flatnonzero(province.places.unit_of(province.places.code) == falling_unit(province))
    most = unit[
        np.bincount(province.people.county[register(province).person], minlength=len(province.places.code))[unit].argmax()
    ]
    key = december | {"division_code": str(province.places.code[most]), "power_light": "3"}
    yield col.Case("a city whose use of power falls", "employment.early_warning", key)
    yield from benefit_cases(province)


SAMPLED = Sampled({"job_register": registrations, "benefit_pay": payments, "hire_monitor": staff}, cases)
