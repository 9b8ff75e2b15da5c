"""农业主题数据库: farms on the register, ten years of harvests by county, subsidies paid to farmers through one card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, economy
from yishu.sample.firms import COLLECTIVE, COMPANY, COOPERATIVE, SOLE_TRADER
from yishu.sample.province import Province, Sampled

_KIND: Final = {COOPERATIVE: 1, SOLE_TRADER: 2, COMPANY: 3, COLLECTIVE: 4}
_FARMS: Final = ("A01", "A02", "A03", "A04", "A05")
_LEADERS: Final = (*_FARMS, "C13", "C14")
_YEARS: Final = tuple(range(2015, 2025))
_WHEAT: Final = ("010100", 1, 9_000, 420)
_CROPS: Final = (
    ("010200", 2, 9_000, 390), ("010300", 2, 300, 450), ("010400", 2, 500, 220), ("010500", 2, 100, 300),
    ("010600", 2, 600, 170), ("010700", 2, 900, 380), ("020100", 2, 700, 75), ("020200", 2, 800, 260),
    ("020300", 1, 50, 130), ("020400", 2, 60, 180), ("020600", 2, 300, 300), ("030100", 1, 900, 3_600),
    ("030100", 2, 1_000, 3_900), ("030300", 1, 300, 3_500), ("040100", 2, 800, 1_500), ("040200", 2, 700, 1_900),
    ("040400", 2, 300, 600), ("040500", 2, 400, 1_800), ("040600", 2, 500, 130),
)  # fmt: skip
"""Code, season, hectares in a county of middle size, kilograms per mu."""
_NO_WHEAT: Final = (1307, 1308)
"""张家口 and 承德 lie too high for winter wheat."""
_STRICKEN: Final = 3
_ITEMS: Final = (
    ("NB01", 40, 9_000, 11_500), ("NB02", 12, 0, 0), ("NB03", 20, 1_000, 1_500), ("NB04", 10, 20_000, 30_000),
    ("NB05", 3, 45_000, 50_000), ("NB06", 5, 13_000, 15_000), ("NB07", 3, 0, 0), ("NB08", 1, 0, 0), ("NB09", 3, 0, 0),
    ("NB10", 3, 0, 0),
)  # fmt: skip
"""Subsidy, share, and for those paid by the area the cents per mu, from and to."""
_BY_AREA: Final = tuple(low > 0 for _, _, low, _ in _ITEMS)
_OF_FINANCE: Final = 6
"""From this item on the finance department pays."""
_DOUBLE: Final = 3
_LAST_OF_NOVEMBER: Final = np.datetime64("2024-11-30")


def farms(province: Province) -> Iterator[col.Extract]:
    """Cooperatives, family farms, leading enterprises and village collectives of each department's counties."""
    generator, firms = province.generator("agri_entity"), province.firms
    trade, kinds = np.array([str(code)[:3] for code in firms.industry.to_pylist()]), firms.kind
    there = firms.active & (firms.founded < np.datetime64("2024-10-01")) & (np.arange(firms.count) < firms.listed)
    wide = (kinds == COOPERATIVE) | (kinds == COLLECTIVE)
    there &= wide | ((kinds == SOLE_TRADER) & np.isin(trade, _FARMS)) | ((kinds == COMPANY) & np.isin(trade, _LEADERS))
    firm = np.flatnonzero(there)
    columns = _farm_columns(province, generator, firm)
    for department, rows in province.parts("agri_entity", firms.county_code[firm]):
        yield col.Extract("agri_entity", "2024", col.take(columns, rows), department=department)


def _farm_columns(province: Province, generator: np.random.Generator, firm: Ints) -> dict[str, pa.Array]:
    firms, count = province.firms, len(firm)
    kind = np.array([_KIND[place] for place in range(4)])[firms.kind[firm]]
    low, high = (np.array(bounds)[kind] for bounds in ((0, 5, 2, 12, 200), (1, 200, 9, 400, 3_000)))
    member = low + (generator.random(count) ** 2 * (high - low)).astype(np.int64)
    land = (np.exp(generator.normal(0, 0.7, size=count)) * np.array([0, 600, 120, 900, 2_500])[kind] * 100).astype(np.int64)
    level = np.where(generator.random(count) < 0.7, 0, 1 + col.draw(generator, 4, count, (1, 5, 12, 30)))
    silent = (level != 1) & (level != 2) & (generator.random(count) < 0.1)
    updated = col.days_between(generator, "2024-11-01", "2024-12-27", count)
    return {
        "uscc": col.pick(firms.uscc, firm),
        "entity_name": col.pick(firms.name, firm),
        "entity_kind": col.integers(kind),
        "demo_level": col.pick([None, "1", "2", "3", "4"], level),
        "member_cnt": col.integers(member),
        "operated_mu": col.decimals(land, 2),
        "income_wan": col.decimals(_income(province, generator, firm), 2, silent),
        "division_code": col.padded(firms.county_code[firm], 6),
        "update_time": col.at_work(generator, updated, count),
    }


def _income(province: Province, generator: np.random.Generator, firm: Ints) -> Ints:
    """Income of 2024 in hundredths of ten thousand yuan; of companies the revenue that they report to the statisticians."""
    known = economy(province)
    income = (np.exp(generator.normal(4.0, 1.0, size=len(firm))) * 100).astype(np.int64)
    place = np.minimum(np.searchsorted(known.firm, firm), len(known.firm) - 1)
    reports = known.firm[place] == firm
    revenue = known.revenue[:, MONTHS.index("2024-01") :].sum(axis=1) // 100
    return np.where(reports, revenue[place], income)


@dataclass(frozen=True)
class _Harvest:
    """County × crop × year: vectors of one length, wheat first."""

    county: Ints
    """Index of the county."""
    crop: Ints
    """0: wheat, then `_CROPS`."""
    year: Ints
    sown: Ints
    """Hundredths of a hectare."""
    output: Ints
    """Hundredths of a tonne."""
    damaged: Ints
    stricken: Ints
    """Counties (indexes) whose wheat failed in 2024."""


def _harvest(province: Province) -> _Harvest:
    generator, places = province.generator("crop_output"), province.places
    plain = np.flatnonzero(~np.isin(places.code // 100, _NO_WHEAT))
    growers = _spread(province, plain, province.rows // (len(_YEARS) + 2))
    left = max(0, province.rows - len(growers) * len(_YEARS))
    others = _spread(province, np.arange(len(places.code)), left // len(_CROPS))
    years = int(np.clip(left // (len(_CROPS) * len(places.code)), 1, len(_YEARS)))
    county, year = (axis.ravel() for axis in np.meshgrid(growers, np.array(_YEARS), indexing="ij"))
    more = [axis.ravel() for axis in np.meshgrid(others, np.arange(len(_CROPS)) + 1, np.array(_YEARS[-years:]), indexing="ij")]
    county, year = np.concatenate([county, more[0]]), np.concatenate([year, more[2]])
    crop = np.concatenate([np.zeros(len(year) - len(more[1]), dtype=np.int64), more[1]])
    stricken = growers[:: max(1, len(growers) // _STRICKEN)][:_STRICKEN]
    failed = (crop == 0) & (year == _YEARS[-1]) & np.isin(county, stricken)
    size, kilograms = (np.array([one[place] for one in (_WHEAT, *_CROPS)])[crop] for place in (2, 3))
    own = np.array(places.weight)[county] / 4 * np.exp(generator.normal(0, 0.3, size=(len(places.code), 20))[county, crop])
    sown = (size * own * (1 + generator.normal(0, 0.02, size=len(crop))) * 100).astype(np.int64) + 500
    habit = generator.uniform(0.9, 1.12, size=(len(places.code), 20))[county, crop]
    pace = 1 + 0.006 * (year - _YEARS[0]) + np.clip(generator.normal(0, 0.018, size=len(crop)), -0.04, 0.04)
    yields = kilograms * habit * pace * np.where(failed, 0.72, 1.0)
    harmed = np.where(failed, 0.6, generator.random(len(crop)) ** 4 * 0.12)
    return _Harvest(
        county=county, crop=crop, year=year, sown=sown, output=(yields * sown * 15 / 1_000).astype(np.int64) + 1,
        damaged=(sown * harmed).astype(np.int64), stricken=stricken,
    )  # fmt: skip


def _spread(province: Province, counties: Ints, wanted: int) -> Ints:
    """About so many of the counties, from all over the province: at least one of each reporting unit."""
    units = province.places.unit_of(province.places.code[counties])
    _, first = np.unique(units, return_index=True)
    evenly = np.linspace(0, len(counties) - 1, min(wanted, len(counties))).astype(np.int64)
    chosen: Ints = counties[np.unique(np.concatenate([first, evenly]))]
    return chosen


def harvests(province: Province) -> Iterator[col.Extract]:
    """Each department's counties in all years; what was reported under former divisions was handed in again in 2024."""
    generator, known = province.generator("crop_output/text"), _harvest(province)
    places, count = province.places, len(known.crop)
    code = [name for name, _, _, _ in (_WHEAT, *_CROPS)]
    season = np.array([number for _, number, _, _ in (_WHEAT, *_CROPS)])[known.crop]
    told = np.where(season == 1, np.datetime64("2024-07-20"), np.datetime64("2024-12-10"))
    told = np.where(known.year < _YEARS[-1], np.datetime64("2024-01-25"), told)
    kilograms = np.rint(known.output * 100_000 / (known.sown * 15)).astype(np.int64)
    columns = {
        "division_code": col.padded(places.code[known.county], 6),
        "crop_code": col.pick(code, known.crop),
        "year": col.integers(known.year),
        "season": col.integers(season),
        "sown_ha": col.decimals(known.sown, 2),
        "output_t": col.decimals(known.output, 2),
        "yield_kg_mu": col.decimals(kilograms, 2),
        "damaged_ha": col.decimals(known.damaged, 2),
        "base_type": col.pick(["1" if name.startswith("01") else "2" for name in code], known.crop),
        "report_time": col.at_work(generator, told, count),
    }
    told_of = (known.crop == 0) & np.isin(known.county, known.stricken)
    for department, rows in province.parts("crop_output", places.code[known.county]):
        yield col.Extract("crop_output", "2024Q4", col.take(columns, rows), np.flatnonzero(told_of[rows]), department)


@dataclass(frozen=True)
class _Payments:
    """Vectors of one length; the last ones pay again what the first ones of the same item had paid."""

    person: Ints
    item: Ints
    paid: col.Days
    area: Ints
    """Hundredths of a mu."""
    amount: Ints
    """Cents."""
    county: Ints
    """Index."""
    card: Ints
    returned: col.Flags
    again: Ints
    """Rows that were paid for a second time, by the last rows."""


def _payments(province: Province) -> _Payments:
    generator, people = province.generator("agri_subsidy"), province.people
    adults, count = generator.permutation(people.adults()), max(60, province.rows)
    item = np.sort(col.draw(generator, len(_ITEMS), count, [share for _, share, _, _ in _ITEMS]))
    year = 2023 + col.draw(generator, 2, count)
    # Each person gets one subsidy once in a year: rows of one item and year take one after the other.
    rank = col.ranks(item * 10 + year % 10) + item * 31
    person = adults[rank % len(adults)]
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    paid = col.after(first, generator.integers(60, 364, size=count))
    returned = generator.random(count) < 0.02
    area = generator.integers(150, 2_500, size=count)
    low, high = (np.array([one[place] for one in _ITEMS])[item] for place in (2, 3))
    lump = generator.integers(20_000, 3_000_000, size=count)
    amount = np.where(low > 0, area * (low + (generator.random(count) * (high - low)).astype(np.int64)) // 100, lump)
    again = np.flatnonzero((item == 0) & (year == 2024) & ~returned)[:_DOUBLE]
    paid[again] = np.datetime64("2024-05-20")
    index = np.concatenate([np.arange(count), again])
    second = np.arange(len(index)) >= count
    elsewhere = (people.hukou[person[index]] + second * 7) % len(province.places.code)
    return _Payments(
        person=person[index], item=item[index], paid=np.where(second, np.datetime64("2024-10-11"), paid[index]),
        area=area[index], amount=amount[index], county=elsewhere, card=person[index] * 2 + second,
        returned=returned[index], again=again,
    )  # fmt: skip


def subsidies(province: Province) -> Iterator[col.Extract]:
    """Two years up to November, then December with some of November's that the banks sent back; the finance department's own."""
    generator, known = province.generator("agri_subsidy/text"), _payments(province)
    columns = _payment_columns(province, generator, known)
    own, december = known.item < _OF_FINANCE, known.paid > _LAST_OF_NOVEMBER
    early, late = np.flatnonzero(own & ~december), np.flatnonzero(own & december)
    told = np.isin(early, known.again) | (early >= len(known.item) - len(known.again))
    yield col.Extract("agri_subsidy", "2024-11", col.take(columns, early), np.flatnonzero(told), "agri")
    back = early[(known.paid[early] > np.datetime64("2024-10-31")) & ~known.returned[early]][:5]
    sent_back = col.take(columns, back) | {
        "pay_status": col.constant("2", len(back)), "update_time": col.at_work(generator, "2024-12-16", len(back)),
    }  # fmt: skip
    yield col.Extract("agri_subsidy", "2024-12", col.stacked(col.take(columns, late), sent_back), department="agri")
    yield col.Extract("agri_subsidy", "2024-12", col.take(columns, np.flatnonzero(~own)), department="finance")


def _payment_columns(province: Province, generator: np.random.Generator, known: _Payments) -> dict[str, pa.Array]:
    people, count = province.people, len(known.item)
    code = col.padded(province.places.code[known.county], 6)
    month = known.paid.astype("datetime64[M]").astype(np.int64)
    return {
        "pay_id": col.joined("YKT", col.integers((month // 12 + 1970) * 100 + month % 12 + 1), col.padded(np.arange(count) + 1, 10)),
        "id_no": col.pick(people.id_no, known.person),
        "name": col.pick(people.name, known.person),
        "bank_account": col.joined("62284806", col.padded(known.card, 11)),
        "subsidy_code": col.pick([name for name, _, _, _ in _ITEMS], known.item),
        "area_mu": col.decimals(known.area, 2, ~np.array(_BY_AREA)[known.item]),
        "amount": col.decimals(known.amount, 2),
        "payment_date": col.days(known.paid),
        "division_code": code,
        "town_code": col.joined(code, col.padded(100 + generator.integers(0, 16, size=count), 3)),
        "pay_status": col.either(known.returned, "2", "1"),
        "update_time": col.at_work(generator, col.after(known.paid, 1), count),
    }


def cases(province: Province) -> Iterator[col.Case]:
    """Wheat that failed in three counties, and three persons who got one subsidy twice."""
    crops, paid = _harvest(province), _payments(province)
    for code in province.places.code[crops.stricken].tolist():
        key = {"stat_year": "2024", "division_code": f"{code:06d}"}
        yield col.Case("a county's wheat far below its own five years", "agriculture.wheat_yield_warning", key)
    for amount in paid.amount[paid.again].tolist():
        # Numbers of persons are masked in the mart: the sum tells them apart.
        twice, once = (f"{cents // 100}.{cents % 100:02d}" for cents in (2 * amount, amount))
        key = {"subsidy_code": "NB01", "pay_year": "2024", "amount": twice, "excess_amount": once, "counties": "2"}
        yield col.Case("one subsidy paid twice from two counties", "agriculture.repeated_subsidy", key)


SAMPLED = Sampled({"agri_entity": farms, "agri_subsidy": subsidies, "crop_output": harvests}, cases)
