"""科技主题数据库: firms → certificates of high-tech and innovative firms, patents and trademarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints, decimal_digits, text_of
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province, Sampled
from yishu.sample.words import BRAND_HEADS, BRAND_TAILS

_BATCHES: Final = ("09-18", "10-16", "11-22", "12-10")
"""Certificates are issued in batches, all on one day."""
_YEARS: Final = range(2021, 2029)
_HIGH_TECH, _SMALL = 0, 1
_FIRST, _LAST = np.datetime64("2024-11-25"), np.datetime64("2024-12-25")
"""What the two extracts of rights know of."""
_NEVER: Final = np.datetime64("2099-12-31")
_INVENTION, _UTILITY, _DESIGN, _MARK = range(4)
_PENDING, _VALID, _LAPSED, _VOID, _REJECTED = range(5)
_STATUS: Final = ("02", "01", "03", "04", "05")
_TERMS: Final = (20, 10, 15, 10)
"""Years that a right lasts from the application on."""
_DESIGNS_LAST: Final = np.datetime64("2021-06-01")
"""From when on they do: designs applied for earlier lasted 10 years."""
_WAITS: Final = ((540, 1_080), (180, 300), (120, 240), (240, 400))
"""Days from application to grant, from and to."""
_TITLES: Final = ("一种高效节能", "一种自动化", "一种耐腐蚀", "一种智能", "一种便于清洗的", "一种可调节的")
_THINGS: Final = (
    ("轧辊", "B21B27/02"), ("筛网编织机", "B21F27/08"), ("羊绒分梳装置", "D01B3/04"), ("电缆护套", "H01B7/28"), ("阀门", "F16K1/00"),
    ("环保除尘器", "B01D46/02"), ("轴承保持架", "F16C33/38"), ("药材烘干机", "F26B11/04"), ("塑料包装膜", "B65D65/40"), ("光伏支架", "H02S20/30"),
)  # fmt: skip
"""What is invented, and its international class."""
_LOCARNO: Final = ("09-01", "15-05", "23-01", "25-01", "06-04")
_MOVED: Final = 4
"""Planted: so many high-tech firms of one county stand in the list under another."""
_WEIGHTS: Final = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
"""Of the digits of a patent's number, for its check digit."""


@dataclass(frozen=True)
class Certificates:
    """Vectors of one length, one certificate each: who renewed it has two."""

    firm: Ints
    kind: Ints
    issued: col.Days
    until: col.Days

    def high_tech_on(self, day: np.datetime64) -> Ints:
        """Firms (by index) that are high-tech firms on a day, each once."""
        good = (self.kind == _HIGH_TECH) & (self.issued <= day) & (self.until >= day)
        return np.unique(self.firm[good])


def certificates(province: Province) -> Certificates:
    """A fifth of the companies in business have one or more; high-tech ones last three years to the day."""
    generator, firms = province.generator("certificates"), province.firms
    companies = np.flatnonzero((firms.kind == COMPANY)[: firms.listed] & firms.active[: firms.listed])
    old = companies[firms.founded[companies] < np.datetime64("2020-01-01")]
    firm = np.sort(generator.permutation(old)[: max(20, province.rows // 5)])
    kind = col.draw(generator, 4, len(firm), (45, 35, 15, 5))
    year = generator.integers(2021, 2025, size=len(firm))
    # A renewal comes in the last year, before the first runs out or a little after.
    again = np.flatnonzero((kind == _HIGH_TECH) & (year == 2021))[::2]
    firm, kind, year = (np.concatenate([part, part[again]]) for part in (firm, kind, year))
    year[len(firm) - len(again) :] += 3
    batch = generator.integers(0, len(_BATCHES), size=len(firm))
    days = np.array([[f"{one}-{day}" for day in _BATCHES] for one in _YEARS], dtype="datetime64[D]")
    until = year + np.where(kind == _SMALL, 1, 3)
    return Certificates(firm, kind, issued=days[year - _YEARS[0], batch], until=days[until - _YEARS[0], batch])


def listed_firms(province: Province) -> Iterator[col.Extract]:
    """The list of 2024. Some firms of one county are listed where they no longer are."""
    generator, firms, those = province.generator("hightech_ent"), province.firms, certificates(province)
    count, high = len(those.firm), those.kind == _HIGH_TECH
    year, number = col.integers(col.year_of(those.issued)), col.padded(np.arange(count) + 1, 6)
    owned = np.bincount(_rights(province).firm[_rights(province).firm >= 0], minlength=firms.count)
    place = firms.county_code[those.firm].copy()
    moved = _moved(province, those)
    place[moved] = province.places.code[(firms.county[those.firm[moved]] + 1) % len(province.places.code)]
    yield col.Extract("hightech_ent", "2024", {
        "uscc": col.pick(firms.uscc, those.firm),
        "hightech_cert_no": col.joined(col.pick(["GR", "KX", "ZT", "XJ"], those.kind), year, "13", number),
        "cert_kind": col.pick(["1", "2", "3", "4"], those.kind),
        "cert_issue_date": col.days(those.issued),
        "cert_valid_to": col.days(those.until),
        "tech_field": col.either(
            ~high & (generator.random(count) < 0.3), None, col.choose(generator, [f"0{n}" for n in range(1, 9)], count)
        ),
        "division_code": col.padded(place, 6),
        "rd_ratio_pct": col.decimals(generator.integers(0, 900, size=count) + np.where(high, 310, 0), 2),
        "ip_count": col.integers(owned[those.firm]),
        "update_time": col.at_work(generator, those.issued + 12 * col.DAY, count),
    }, moved)  # fmt: skip


def _moved(province: Province, those: Certificates) -> Ints:
    """Certificates in force of the county that has most of them."""
    good = np.flatnonzero((those.kind == _HIGH_TECH) & (those.until > np.datetime64("2025-06-30")))
    county = province.firms.county[those.firm[good]]
    most: Ints = good[county == np.argmax(np.bincount(county, minlength=1))]
    return most[:_MOVED]


@dataclass(frozen=True)
class _Rights:
    """Vectors of one length; the firm is -1 where a person holds the right, days that have not come are `_NEVER`."""

    firm: Ints
    kind: Ints
    events: tuple[col.Days, ...]
    """When it was applied for, granted, lapsed, declared void, rejected: places of the status."""

    def state(self, day: np.datetime64) -> tuple[Ints, col.Days]:
        """Status on a day, as a place in `_STATUS`, and since when."""
        events = np.stack(self.events)
        come = events <= day
        since = np.where(come, events, self.events[0]).max(axis=0)
        return np.select([come[place] for place in (_VOID, _LAPSED, _REJECTED, _VALID)], [_VOID, _LAPSED, _REJECTED, _VALID], _PENDING), since


def _rights(province: Province) -> _Rights:
    generator, firms = province.generator("rights"), province.firms
    count = max(60, province.rows)
    companies, holders = np.flatnonzero((firms.kind == COMPANY)[: firms.listed]), certificates(province).firm
    owner = col.draw(generator, 3, count, (60, 30, 10))
    firm = np.where(owner == 0, holders[col.draw(generator, len(holders), count)], companies[col.draw(generator, len(companies), count)])
    kind = col.draw(generator, 4, count, (25, 45, 15, 15))
    applied = col.days_between(generator, "2010-01-05", "2024-11-20", count)
    newest = max(3, count // 60)
    applied[-newest:] = col.days_between(generator, "2024-11-28", "2024-12-20", newest)
    low, high = (np.array([wait[end] for wait in _WAITS])[kind] for end in (0, 1))
    decided = applied + generator.integers(low, high) * col.DAY
    refused, void = generator.random(count) < 0.08, generator.random(count) < 0.01
    unpaid = decided + generator.integers(700, 6_000, size=count) * col.DAY
    years = np.where((kind == _DESIGN) & (applied < _DESIGNS_LAST), 10, np.array(_TERMS)[kind])
    ends = np.minimum(unpaid, applied + years * 365 * col.DAY)
    return _Rights(firm=np.where(owner == 2, -1, firm), kind=kind, events=(
        applied, np.where(refused, _NEVER, decided), np.where(refused, _NEVER, ends),
        np.where(void & ~refused, decided + 400 * col.DAY, _NEVER), np.where(refused, decided, _NEVER),
    ))  # fmt: skip


def rights(province: Province) -> Iterator[col.Extract]:
    """All rights by November 2024, then those that were applied for or changed in December."""
    generator, those = province.generator("ip_right"), _rights(province)
    columns, told = _right_columns(province, generator, those), np.datetime64("1970-01-01")
    for period, last in (("2024-11", _FIRST), ("2024-12", _LAST)):
        status, since = those.state(last)
        rows = np.flatnonzero((since > told) & (those.events[0] <= last))
        ungranted = np.isin(status[rows], (_PENDING, _REJECTED))
        yield col.Extract("ip_right", period, col.take(columns, rows) | {
            "grant_date": col.days(those.events[_VALID][rows], ungranted),
            "legal_status": col.pick(_STATUS, status[rows]),
            "update_time": col.at_work(generator, since[rows] + 2 * col.DAY, len(rows)),
        })  # fmt: skip
        told = last


def _right_columns(province: Province, generator: np.random.Generator, those: _Rights) -> dict[str, pa.Array]:
    firms, count, mark = province.firms, len(those.firm), those.kind == _MARK
    thing = generator.integers(0, len(_THINGS), size=count)
    brand = col.joined(col.choose(generator, BRAND_HEADS, count), col.choose(generator, BRAND_TAILS, count))
    invented = col.joined(col.choose(generator, _TITLES, count), col.pick([name for name, _ in _THINGS], thing))
    classes = col.either(those.kind == _DESIGN, col.choose(generator, _LOCARNO, count), col.pick([one for _, one in _THINGS], thing))
    person = those.firm < 0
    county = np.where(person, generator.integers(0, len(province.places.code), size=count), firms.county[those.firm])
    return {
        "ip_no": col.either(mark, col.integers(np.arange(count) + 30_000_000), _patent_numbers(those)),
        "ip_kind": col.pick(["1", "2", "3", "4"], those.kind),
        "uscc": col.either(person, None, col.pick(firms.uscc, np.maximum(those.firm, 0))),
        "ip_title": col.either(mark, brand, invented),
        "ipc": col.either(mark, col.choose(generator, ["7", "25", "29", "35"], count), classes),
        "apply_date": col.days(those.events[0]),
        "transfer_flag": col.either(generator.random(count) < 0.06, "1", "0"),
        "division_code": col.padded(province.places.code[county], 6),
    }


def _patent_numbers(those: _Rights) -> pa.Array:
    """ZL, year of application, kind, number, check digit after a point."""
    serial = np.arange(len(those.kind)) + 1
    body = decimal_digits((col.year_of(those.events[0]) * 10 + those.kind + 1) * 10**7 + serial, 12)
    rest = (body.astype(np.int64) - ord("0")) @ np.array(_WEIGHTS) % 11
    return col.joined("ZL", text_of(body), ".", col.pick([*"0123456789X"], rest))


def cases(province: Province) -> Iterator[col.Case]:
    """The county some of whose high-tech firms are listed elsewhere."""
    those = certificates(province)
    code = province.firms.county_code[those.firm[_moved(province, those)[:1]]]
    yield col.Case("a county whose high-tech firms are listed in another", "science_tech.innovation_density", {
        "division_code": str(code[0]), "as_of": "2025-01-09",
    })  # fmt: skip


SAMPLED = Sampled({"hightech_ent": listed_firms, "ip_right": rights}, cases)
