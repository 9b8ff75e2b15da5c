"""Persons of some counties → cards of infectious diseases of four years, one outbreak among them (part of 康养专题数据库)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.province import Province

_DISEASES: Final = (
    ("J11", 34, 10), ("B084", 18, 170), ("A09", 14, 230), ("B16", 10, 180), ("A15", 9, 120), ("A38", 4, 330), ("B26", 4, 150), ("A03", 3, 220), ("A23", 3, 130), ("U071", 1, 15),
)  # fmt: skip
"""Code, share and the day of the year around which most fall ill."""
_LASTING: Final = ("B16", "A15")
_OUTBREAK: Final = "A09"
_WEEK: Final = "2024-W20"
_MONDAY: Final = "2024-05-13"
_FIRST: Final = 2021
_CONFIRMED: Final = 2
"""Place of confirmed cases among the kinds of cases."""


@dataclass(frozen=True)
class _Cards:
    """Vectors of one length, the outbreak first."""

    person: Ints
    county: Ints
    disease: Ints
    onset: col.Days
    kind: Ints
    planted: int


def _cards(province: Province) -> _Cards:
    """Few counties with whole years, rather than many with one card each: what is usual must be known."""
    generator, people = province.generator("infections"), province.people
    living = np.flatnonzero(people.alive & (people.birth < np.datetime64(f"{_FIRST}-01-01")))
    living = living[np.argsort(people.county[living], kind="stable")]
    inhabited, start, many = np.unique(people.county[living], return_index=True, return_counts=True)
    chosen = np.sort(generator.permutation(len(inhabited))[: max(6, province.rows // 250)])
    planted = 24 + province.rows // (len(chosen) * 100)
    count = planted + max(60, province.rows)
    fresh = np.arange(count) < planted
    where = np.where(fresh, chosen[0], chosen[col.draw(generator, len(chosen), count)])
    disease = col.draw(generator, len(_DISEASES), count, [share for _, share, _ in _DISEASES])
    disease[:planted] = [code for code, _, _ in _DISEASES].index(_OUTBREAK)
    onset = _onsets(generator, disease)
    onset[:planted] = col.days_between(generator, _MONDAY, np.datetime64(_MONDAY) + 6, planted)
    return _Cards(
        person=living[start[where] + (generator.random(count) * many[where]).astype(np.int64)], county=inhabited[where],
        disease=disease, onset=onset, kind=np.where(fresh, _CONFIRMED, col.draw(generator, 4, count, (4, 30, 62, 4))), planted=planted,
    )  # fmt: skip


def _onsets(generator: np.random.Generator, disease: Ints) -> col.Days:
    """Days of four years: each disease has its season, those that last have none."""
    count = len(disease)
    year = _FIRST + np.arange(count) % 4
    peak = np.array([day for _, _, day in _DISEASES])[disease]
    spread = np.array([400 if code in _LASTING else 40 for code, _, _ in _DISEASES])[disease]
    day = np.round(generator.normal(peak, spread)).astype(np.int64) % 358
    begins: col.Days = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    return begins + day * col.DAY


def infections(province: Province) -> Iterator[col.Extract]:
    """All cards of four years; a fortnight later some of the last ones turn out to be another disease."""
    generator, cards = province.generator("infectious_report"), _cards(province)
    count = len(cards.person)
    diagnosed = cards.onset.astype("datetime64[s]") + generator.integers(9 * 3600, 80 * 3600, size=count).astype(
        "timedelta64[s]"
    )
    reported = diagnosed + generator.integers(300, 20 * 3600, size=count).astype("timedelta64[s]")
    columns = _card_columns(province, generator, cards) | {
        "diag_time": pa.array(diagnosed).cast(pa.string()),
        "report_time": pa.array(reported).cast(pa.string()),
        "revised_flag": col.constant("0", count),
        "update_time": pa.array(reported).cast(pa.string()),
    }
    yield col.Extract("infectious_report", "2024-12-31", columns, np.arange(cards.planted))
    flu = cards.disease == 0
    wrong = np.flatnonzero(flu & (cards.onset > np.datetime64("2024-10-01")))
    wrong = wrong[::5] if len(wrong) else np.flatnonzero(flu)[-1:]
    yield col.Extract("infectious_report", "2025-01-09", col.take(columns, wrong) | {
        "disease_code": col.constant("U071", len(wrong)), "revised_flag": col.constant("1", len(wrong)),
        "case_type": col.constant("3", len(wrong)), "update_time": col.at_work(generator, "2025-01-09", len(wrong)),
    })  # fmt: skip


def _card_columns(province: Province, generator: np.random.Generator, cards: _Cards) -> dict[str, pa.Array]:
    people, count = province.people, len(cards.person)
    code = col.padded(province.places.code[cards.county], 6)
    suspected = cards.kind == 0
    return {
        "card_no": col.joined(code, "-", col.integers(col.year_of(cards.onset)), "-", col.padded(np.arange(count) + 1, 9)),
        "id_no": col.either(generator.random(count) < 0.04, None, col.pick(people.id_no, cards.person)),
        "name": col.pick(people.name, cards.person),
        "disease_code": col.pick([disease for disease, _, _ in _DISEASES], cards.disease),
        "onset_date": col.days(cards.onset),
        "case_type": col.pick(["1", "2", "3", "4"], cards.kind),
        "report_org": col.joined(code, "A", col.padded(generator.integers(1, 30, size=count), 4)),
        "division_code": code,
        "outcome": col.either(suspected, None, col.choose(generator, ["1", "2", "3", "9"], count, (80, 12, 5, 3))),
    }


def outbreak_case(province: Province) -> col.Case:
    """The county and the week, with all cards that count."""
    cards = _cards(province)
    monday = np.datetime64(_MONDAY)
    here = (
        (cards.county == cards.county[0])
        & (cards.disease == cards.disease[0])
        & ((cards.kind == 1) | (cards.kind == _CONFIRMED))
    )
    cases = int((here & (cards.onset >= monday) & (cards.onset < monday + 7)).sum())
    key = {
        "week_period": _WEEK,
        "division_code": str(province.places.code[cards.county[0]]),
        "disease_code": _OUTBREAK,
        "cases": str(cases),
    }
    return col.Case("an outbreak in one county", "elder_health.weekly_outbreak_warning", key)
