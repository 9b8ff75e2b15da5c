"""Persons → bank accounts, and the benefits that social insurance pays them month by month (part of 就业专题数据库)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS
from yishu.sample.province import Province

PAID_MONTHS: Final = MONTHS[-12:]
"""The months of 2024."""
_PENSIONS: Final = ("110", "120", "130")
_AMOUNTS: Final = {"110": (2_000, 6_000), "120": (4_000, 9_000), "130": (130, 420), "210": (1_520, 1_980)}
"""Yuan a month, from (inside) to (outside)."""


def bank_accounts(province: Province, person: Ints) -> pa.Array:
    """Account numbers of 19 digits: a person has one, whatever is paid to it."""
    number = province.generator("bank_accounts").integers(0, 10**15, size=province.people.count)
    return col.joined("6217", col.padded(number[person], 15))


@dataclass(frozen=True)
class Lines:
    """What is paid to whom from which month to which (both inside, places in `PAID_MONTHS`), vectors of one length."""

    person: Ints
    kind: pa.Array
    first: Ints
    last: Ints
    amount: Ints
    """In hundredths of a yuan."""


def month_of(day: col.Days) -> Ints:
    """Place in `PAID_MONTHS` of each day's month: below 0 before them, above 11 after them."""
    return day.astype("datetime64[M]").astype(np.int64) - np.datetime64(PAID_MONTHS[0], "M").astype(np.int64)


def benefits(province: Province, jobless: Ints, since: col.Days) -> Iterator[col.Extract]:
    """Payments up to November, then those of December.

    Args:
        province: whose persons.
        jobless: persons out of work; they are paid from the month after on.
        since: the day from which each is.
    """
    generator = province.generator("benefit_pay")
    old, dead = _pensioners(province), paid_dead(province)
    none = np.zeros(len(jobless), dtype=np.int64)
    work = _lines(generator, jobless, col.constant("210", len(jobless)), np.maximum(month_of(since) + 1, 0), none + 11)
    lines = Lines(
        *(np.concatenate([getattr(part, name) for part in (dead, old, work)]) if name != "kind" else
          pa.concat_arrays([part.kind for part in (dead, old, work)]) for name in Lines.__dataclass_fields__)
    )  # fmt: skip
    line, month = np.divmod(np.arange(len(lines.person) * 12), 12)
    due = (month >= lines.first[line]) & (month <= lines.last[line])
    line, month = line[due], month[due]
    columns = _paid(province, generator, lines, len(dead.person), line, month)
    for period, part in ((MONTHS[-2], month < 11), (MONTHS[-1], month == 11)):
        rows = np.flatnonzero(part)
        # The contract tolerates one bad row in a hundred: so few can be spoilt that none of the deliveries is held.
        sure = (line[rows] < len(dead.person)) | (np.arange(len(rows)) % 200 != 150)
        yield col.Extract("benefit_pay", period, col.take(columns, rows), np.flatnonzero(sure))


def _lines(generator: np.random.Generator, person: Ints, kind: pa.Array, first: Ints, last: Ints) -> Lines:
    limits = np.array([_AMOUNTS[code] for code in kind.to_pylist()], dtype=np.int64).reshape(-1, 2)
    return Lines(person, kind, first, last, generator.integers(limits[:, 0] * 100, limits[:, 1] * 100))


def _pensioners(province: Province) -> Lines:
    """Who was sixty when the year began; paid until the month of death."""
    generator, people = province.generator("pensioners"), province.people
    old = people.birth < np.datetime64(PAID_MONTHS[0], "D") - 60 * 366 * col.DAY
    living = np.flatnonzero(old & (people.alive | (people.death >= np.datetime64(PAID_MONTHS[0], "D"))))
    person = np.sort(generator.permutation(living)[: max(20, province.rows // 12)])
    last = np.where(people.alive[person], 11, month_of(people.death[person]))
    kind = col.choose(generator, _PENSIONS, len(person), (40, 15, 45))
    return _lines(generator, person, kind, np.zeros(len(person), dtype=np.int64), last)


def paid_dead(province: Province) -> Lines:
    """Who died before October and is paid on: the first of them two pensions at once."""
    people = province.people
    gone = ~people.alive & (people.death < np.datetime64("2024-10-01")) & (people.birth < np.datetime64("1960-01-01"))
    person = np.flatnonzero(gone)[: min(40, max(2, province.rows // 700))]
    person = np.concatenate([person[:1], person])
    kind = col.pick(["130", *["110"] * len(person)], np.arange(len(person)))
    first = np.maximum(month_of(people.death[person]) + 1, 0)
    return _lines(province.generator("paid_dead"), person, kind, first, np.full(len(person), 11))


def _paid(
    province: Province, generator: np.random.Generator, lines: Lines, sure: int, line: Ints, month: Ints
) -> dict[str, pa.Array]:
    """One row per line and month; what the first `sure` lines pay arrives."""
    count, person = len(line), lines.person[line]
    period = col.pick([text.replace("-", "") for text in PAID_MONTHS], month)
    begins: col.Days = np.array([np.datetime64(text, "D") for text in PAID_MONTHS])[month]
    result = np.where(line < sure, 0, col.draw(generator, 3, count, (975, 15, 10)))
    return {
        "pay_id": col.joined("HB", period, col.padded(line + 1, 10)),
        "id_no": col.pick(province.people.id_no, person),
        "benefit_code": col.pick(lines.kind, line),
        "period": period,
        "amount": col.decimals(lines.amount[line], 2),
        "bank_account": bank_accounts(province, person),
        "pay_result": col.pick(["1", "2", "3"], result),
        "payment_date": col.days(begins + generator.integers(9, 20, size=count) * col.DAY),
        "division_code": col.padded(province.places.code[province.people.county[person]], 6),
    }


def benefit_cases(province: Province) -> Iterator[col.Case]:
    """Where the dead are paid: county and benefit, with how many of them."""
    dead, people = paid_dead(province), province.people
    places = np.stack(
        [province.places.code[people.county[dead.person]], dead.kind.to_numpy(zero_copy_only=False).astype(np.int64)], axis=1
    )
    for place in np.unique(places, axis=0):
        persons = len(np.unique(dead.person[(places == place).all(axis=1)]))
        key = {"stat_year": "2024", "division_code": str(place[0]), "benefit_code": str(place[1]), "persons": str(persons)}
        yield col.Case("a benefit paid after death", "employment.pay_after_death", key)
