"""信用信息基础数据库: firms → permits, penalties and two quarters of scores with the province's published distribution."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.province import Province, Sampled
from yishu.sample.words import PENALTY_ITEMS, PERMIT_ITEMS

SHARES: Final = (0.0424, 0.9205, 0.0318, 0.0053)
"""A, B, C, D of 2,921,415 enterprises of Hebei, as published in 2025."""
GRADES: Final = ("A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D")
_BANDS: Final = ((95, 100), (90, 95), (85, 90), (75, 85), (70, 75), (65, 70), (60, 65), (50, 60), (20, 50))
"""Scores of each of the nine grades: from (inside) to (outside)."""
_FOUR: Final = (0, 0, 1, 1, 1, 2, 2, 2, 3)
_REASONS: Final = ("", "年度报告逾期", "欠缴社会保险费", "受到行政处罚", "列入严重失信主体名单")
_A, _B, _C, _D = range(4)


@dataclass(frozen=True)
class Grades:
    """Four-step grades of every scored firm in two quarters, and which of them fell from B to D."""

    before: Ints
    after: Ints
    fallen: Ints


def grades(province: Province) -> Grades:
    """Both quarters hold the published shares to the nearest firm; half of the second quarter's D were B before."""
    generator = province.generator("grades")
    count = province.firms.listed
    steps = np.repeat(np.arange(4), _quotas(count))
    after = generator.permutation(steps)
    before = after.copy()
    worst = np.flatnonzero(after == _D)
    fallen = worst[: (len(worst) + 1) // 2]
    # As many firms rose from D to B as fell from B to D, so the first quarter has the same shares.
    risen = np.flatnonzero(after == _B)[:: max(1, int((after == _B).sum()) // max(1, len(fallen)))][: len(fallen)]
    before[fallen], before[risen] = _B, _D
    return Grades(before=before, after=after, fallen=fallen)


def _quotas(count: int) -> Ints:
    """Whole numbers of firms by largest remainder: they sum to `count`."""
    exact = np.array(SHARES) * count
    whole: Ints = np.floor(exact).astype(np.int64)
    most = np.argsort(-(exact - whole), kind="stable")[: count - int(whole.sum())]
    whole[most] += 1
    return whole


def scores(province: Province) -> Iterator[col.Extract]:
    """Every listed firm in 2024Q3 and 2024Q4."""
    generator, graded = province.generator("credit_score"), grades(province)
    for period, day, four in (("2024Q3", "2024-10-15", graded.before), ("2024Q4", "2025-01-09", graded.after)):
        yield col.Extract("credit_score", period, _score_columns(province, generator, period, day, four), graded.fallen)


def _score_columns(
    province: Province, generator: np.random.Generator, period: str, day: str, four: Ints
) -> dict[str, pa.Array]:
    count = len(four)
    nine = np.array([[0, 1, 1], [2, 3, 4], [5, 6, 7], [8, 8, 8]])[four, col.draw(generator, 3, count)]
    low, high = (np.array([band[end] for band in _BANDS])[nine] * 100 for end in (0, 1))
    score = low + (generator.random(count) * (high - low)).astype(np.int64)
    reason = np.where(
        four == _A, 0, np.where(four == _B, col.draw(generator, 4, count, (6, 2, 1, 1)), 1 + col.draw(generator, 4, count))
    )
    text = col.pick(_REASONS, reason)
    return {
        "uscc": province.firms.uscc.slice(0, count),
        "eval_period": col.constant(period, count),
        "score": col.decimals(score, 2),
        "grade": col.pick(GRADES, nine),
        "grade4": col.pick(["A", "B", "C", "D"], four),
        "model_version": col.constant("2023.1", count),
        "indicator_json": _indicators(generator, score),
        "main_reason": col.either(reason == 0, None, text),
        "eval_time": col.at_work(generator, day, count),
    }


def _indicators(generator: np.random.Generator, score: Ints) -> pa.Array:
    """Eight first-level indicators as JSON; they average to about the score."""
    parts: list[pa.Array | str] = []
    for place in range(8):
        value = np.clip(score + generator.integers(-400, 401, size=len(score)), 0, 10_000)
        parts += [("{" if place == 0 else ", ") + f'"L1_{place + 1}": ', col.decimals(value, 2)]
    return col.joined(*parts, "}")


def records(province: Province) -> Iterator[col.Extract]:
    """Permits and penalties up to the year's end, then a day's; who fell from B to D was punished in between."""
    generator, graded = province.generator("credit_record"), grades(province)
    firms, fallen = province.firms, graded.fallen
    count = max(30, province.rows)
    firm = col.draw(generator, firms.listed, count)
    firm[: len(fallen)] = fallen
    kind = col.draw(generator, 7, count, (55, 25, 2, 8, 3, 4, 3))
    kind[: len(fallen)] = np.where(np.arange(len(fallen)) % 4 == 3, 2, 1)
    decided = col.days_between(generator, "2022-01-01", "2024-12-20", count)
    decided[: len(fallen)] = col.days_between(generator, "2024-10-08", "2024-12-25", len(fallen))
    newest = count // 20 + 1
    decided[-newest:] = col.days_between(generator, "2025-01-02", "2025-01-08", newest)
    columns = _record_columns(province, generator, firm, kind, decided)
    old, new = np.arange(count - newest), np.arange(count - newest, count)
    for period, part in (("2024-12-31", old), ("2025-01-09", new)):
        clean = np.arange(len(fallen) if period == "2024-12-31" else 0)
        yield col.Extract("credit_record", period, col.take(columns, part), clean)


def _record_columns(
    province: Province, generator: np.random.Generator, firm: Ints, kind: Ints, decided: col.Days
) -> dict[str, pa.Array]:
    firms, count = province.firms, len(firm)
    punished: col.Flags = kind == 1
    fine = np.where(generator.random(count) < 0.8, generator.integers(500, 500_000, size=count) * 100, 0)
    repaired: col.Flags = punished & (generator.random(count) < 0.15) & (decided < np.datetime64("2024-06-01"))
    office = col.pick(province.bureau_code, firms.county[firm])
    year = col.year_of(decided)
    number, word = np.arange(count) + 1, col.pick(["许", "罚", "失", "红", "判", "履", "诺"], kind)
    permit = col.pick(PERMIT_ITEMS, col.draw(generator, len(PERMIT_ITEMS), count))
    return {
        "record_id": col.joined("HB", col.integers(year), col.padded(kind + 1, 2), col.padded(number, 12)),
        "record_kind": col.padded(kind + 1, 2),
        "uscc": col.pick(firms.uscc, firm),
        "subject_name": col.pick(firms.name, firm),
        "doc_no": col.joined("冀", word, "〔", col.integers(year), "〕", col.integers(number), "号"),
        "item_name": col.either(punished, col.choose(generator, PENALTY_ITEMS, count), permit),
        "decide_date": col.days(decided),
        "valid_to": col.days(decided + np.timedelta64(3 * 365, "D")),
        "penalty_type": col.either(
            punished, col.choose(generator, ["01", "02", "03", "04", "05"], count, (3, 6, 1, 1, 1)), None
        ),
        "penalty_amt": col.decimals(fine, 6, ~punished),
        "authority_code": office,
        "report_unit": office,
        "division_code": col.padded(firms.county_code[firm], 6),
        "repaired_flag": col.either(repaired, "1", "0"),
        "repaired_date": col.days(decided + np.timedelta64(200, "D"), ~repaired),
        "update_time": col.at_work(generator, np.minimum(decided + 5, np.datetime64("2025-01-09")), count),
    }


def cases(province: Province) -> Iterator[col.Case]:
    """Who fell from B to D in the year's last quarter."""
    for uscc in col.pick(province.firms.uscc, grades(province).fallen).to_pylist():
        yield col.Case("a firm that fell from B to D", "credit.fell_from_b_to_d", {"uscc": str(uscc)})


SAMPLED = Sampled({"credit_record": records, "credit_score": scores}, cases)
