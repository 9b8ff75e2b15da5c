"""主导产业主题数据库: the province's economy → monthly reports of industrial firms, and who supplies whom with what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints, distinct_serials, usccs
from yishu.sample.economy import MONTHS, Economy, economy
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province, Sampled

_CHAINS: Final = {
    "C31": "GT01", "C32": "GT01", "C33": "ZB01", "C34": "ZB01", "C35": "ZB01", "C37": "ZB01", "C25": "SH01", "C26": "SH01", "C29": "SH01",
    "C13": "SP01", "C14": "SP01", "C15": "SP01", "C17": "FZ01", "C18": "FZ01", "C30": "JC01", "C27": "YY01", "C39": "DZ01", "C40": "DZ01",
    "C38": "XN01", "D44": "XN01", "C36": "QC01",
}  # fmt: skip
"""Division of GB/T 4754 → the leading industry to which it belongs; the others belong to none."""
_PRODUCTS: Final = {
    "GT01": ("310101", "311002", "312003", "313005"), "ZB01": ("331102", "341101", "351201", "371104"),
    "SH01": ("251101", "261305", "265101", "291202"), "SP01": ("131103", "141101", "144001", "151201"),
    "FZ01": ("171101", "175102", "181101", "183002"), "JC01": ("301101", "302103", "304101", "305201"),
    "YY01": ("271101", "272001", "273002", "276101"), "DZ01": ("391101", "394002", "396301", "397203"),
    "XN01": ("382501", "384102", "441501", "441601"), "QC01": ("361101", "362001", "367002", "367004"),
}  # fmt: skip
"""Leading industry → codes of the products that its firms buy."""
_SCARCE: Final = ("DZ01", "397203")
"""Planted: all that supply this product are at high risk."""
_ABROAD: Final = ("110108", "120116", "370112", "310115", "320505", "140105")
"""Where suppliers from outside the province are registered."""
_SCALES: Final = (("L", 1000), ("M", 300), ("S", 20), ("XS", 0))
_QUARTER: Final = np.datetime64("2024-09-20")
"""What began or ended after this day comes with the last quarter."""


def reporters(figures: Economy, province: Province) -> Ints:
    """The industrial firms that report monthly, by their place in the economy: so many that three years fill the largest datasets."""
    return np.flatnonzero(figures.industrial)[: max(3, province.rows // len(MONTHS))]


def monthly_reports(province: Province) -> Iterator[col.Extract]:
    """Three years up to November 2024; then December, and November once more for the firms that revised it."""
    generator, figures = province.generator("industrial_ent_month"), economy(province)
    firms, months = reporters(figures, province), len(MONTHS)
    columns = _report_columns(province, generator, figures, firms)
    month = np.tile(np.arange(months), len(firms))
    planted = figures.diverging[np.repeat(firms, months)]
    early, late = np.flatnonzero(month < months - 1), np.flatnonzero(month == months - 1)
    first = {"vintage_no": col.constant("1", len(month))}
    yield col.Extract("industrial_ent_month", "2024-11", col.take(columns | first, early), np.flatnonzero(planted[early]))
    again = np.flatnonzero((month == months - 2) & ~planted)[::9]
    revenue = figures.revenue[np.repeat(firms, months), month][again] // 1_000
    revised = col.take(columns, again) | {"revenue_k": col.integers(revenue * 97 // 100), "vintage_no": col.constant("2", len(again))}
    december = col.take(columns | first, late)
    yield col.Extract("industrial_ent_month", "2024-12", col.stacked(december, revised), np.flatnonzero(planted[late]))


def _report_columns(
    province: Province, generator: np.random.Generator, figures: Economy, firms: Ints
) -> dict[str, pa.Array]:
    months, those = len(MONTHS), province.firms
    row, month = np.repeat(firms, months), np.tile(np.arange(months), len(firms))
    firm, count = figures.firm[row], len(row)
    revenue, power, staff = (part[row, month] for part in (figures.revenue, figures.power, figures.staff))
    margin = np.repeat(generator.integers(-20, 120, size=len(firms)), months) + generator.integers(-30, 31, size=count)
    research = np.repeat(generator.integers(0, 50, size=len(firms)), months)
    # Fuel beside power, which counts with 0.3 kg of standard coal a kilowatt hour; in hundredths of a ton.
    fuel = np.repeat(generator.integers(32, 90, size=len(firms)), months)
    trades = col.pick(those.industry, firm)
    size = np.select([staff >= least for _, least in _SCALES], range(len(_SCALES)))
    return {
        "uscc": col.pick(those.uscc, firm),
        "period": col.pick([text.replace("-", "") for text in MONTHS], month),
        "industry_code": trades,
        "chain_code": pa.array([_CHAINS.get(str(code)) for code in trades.to_pylist()], pa.string()),
        "output_value_k": col.integers(figures.output[row, month] // 1_000),
        "revenue_k": col.integers(revenue // 1_000),
        "profit_k": col.integers(revenue * margin // 1_000_000),
        "rd_exp_k": col.integers(revenue * research // 1_000_000),
        "employees": col.integers(staff),
        "energy_tce": col.decimals(power * fuel // 1_000 + 1, 2),
        "elec_kwh": col.integers(power),
        "division_code": col.padded(those.county_code[firm], 6),
        "ent_scale": col.pick([name for name, _ in _SCALES], size),
    }


def links(province: Province) -> Iterator[col.Extract]:
    """All that supplied by September 2024, then what began or ended in the last quarter."""
    generator = province.generator("chain_link")
    columns, begin, end = _link_columns(province, generator)
    scarce = np.array(columns["product"].to_pylist()) == _SCARCE[1]
    old, over = begin <= _QUARTER, end <= _QUARTER
    ending = ~over & (end <= np.datetime64("2024-12-20"))
    for period, rows, ended in (("2024Q3", np.flatnonzero(old), over), ("2024Q4", np.flatnonzero(~old | ending), ending)):
        last: col.Days = np.where(ended, end, begin)
        yield col.Extract("chain_link", period, col.take(columns, rows) | {
            "valid_to": col.days(end[rows], ~ended[rows]), "update_time": col.at_work(generator, last[rows] + 3 * col.DAY, len(rows)),
        }, np.flatnonzero(scarce[rows]))  # fmt: skip


def _link_columns(province: Province, generator: np.random.Generator) -> tuple[dict[str, pa.Array], col.Days, col.Days]:
    firms, kinds = province.firms, [(chain, product) for chain, products in _PRODUCTS.items() for product in products]
    up, down, kind, outside = _pairs(province, generator, len(kinds))
    count, others = len(up), len(outside)
    local = up >= others
    scarce = kind == kinds.index(_SCARCE)
    risk = np.where(scarce, 2, col.draw(generator, 3, count, (78, 19, 3)))
    begin, newest = col.days_between(generator, "2019-01-05", "2024-09-15", count), max(3, count // 20)
    begin[-newest:] = col.days_between(generator, "2024-09-25", "2024-12-18", newest)
    ends = (generator.random(count) < 0.3) & ~scarce
    end = np.where(ends, begin + generator.integers(100, 2_500, size=count) * col.DAY, np.datetime64("2099-12-31"))
    return {
        "up_uscc": col.pick(pa.concat_arrays([outside, firms.uscc]), up),
        "down_uscc": col.pick(firms.uscc, down),
        "product": col.pick([product for _, product in kinds], kind),
        "amount_wan": col.decimals((np.exp(generator.normal(6, 1.3, size=count)) * 100).astype(np.int64) + 100, 2),
        "chain_code": col.pick([chain for chain, _ in kinds], kind),
        "is_local": col.either(local, "1", "0"),
        "risk_level": col.pick(["L", "M", "H"], risk),
        "valid_from": col.days(begin),
    }, begin, end


def _pairs(province: Province, generator: np.random.Generator, kinds: int) -> tuple[Ints, Ints, Ints, pa.Array]:
    """Supplier, buyer, kind of product, no three of them twice; suppliers from 0 on are those outside, then the firms."""
    firms, wanted = province.firms, max(80, province.rows * 3 // 5)
    companies = np.flatnonzero((firms.kind == COMPANY)[: firms.listed] & firms.active[: firms.listed])
    others = max(10, len(companies) // 8)
    place = col.joined("91", col.choose(generator, _ABROAD, others))
    outside = usccs(place, distinct_serials(generator, others))
    away = generator.random(wanted) < 0.35
    up = np.where(away, generator.integers(0, others, size=wanted), others + companies[col.draw(generator, len(companies), wanted)])
    down, kind = companies[col.draw(generator, len(companies), wanted)], generator.integers(0, kinds, size=wanted)
    key = (up * firms.count + down) * kinds + kind
    _, once = np.unique(key, return_index=True)
    once = np.sort(once[up[once] != others + down[once]])
    return up[once], down[once], kind[once], outside


def cases(province: Province) -> Iterator[col.Case]:
    """Firms whose revenue and power part, and a product that only endangered suppliers deliver."""
    figures = economy(province)
    reported = reporters(figures, province)
    for uscc in col.pick(province.firms.uscc, figures.firm[reported[figures.diverging[reported]]]).to_pylist():
        key = {"uscc": str(uscc), "period": "202412", "base_period": "202312"}
        yield col.Case("a firm that sells more and uses less power", "leading_industry.revenue_power_divergence", key)
    chain, product = _SCARCE
    key = {"chain_code": chain, "product": product, "is_risk_node": "true"}
    yield col.Case("a product that only endangered suppliers deliver", "leading_industry.chain_local_supply", key)


SAMPLED = Sampled({"industrial_ent_month": monthly_reports, "chain_link": links}, cases)
