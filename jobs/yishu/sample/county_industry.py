"""县域特色产业主题数据库: the 107 key clusters with the published totals of 2024, their firms, firms' tax by land."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.clusters import LEADER, Clusters, clusters
from yishu.sample.digits import Ints
from yishu.sample.economy import MONTHS, economy
from yishu.sample.industrial_land import occupied_land, tax_by_land
from yishu.sample.province import Province, Sampled

_TOTALS: Final = {"2022": (3_041_000, 84_200), "2023": (3_293_700, 85_136), "2024": (3_600_000, 87_264)}
"""Revenue and tax of all key clusters in millions of yuan; those of 2024, and so of 2023 (+9.3 %, +2.5 %), are published."""
_KEPT: Final = "2024"
_JUDGED: Final = {"2022": "2023-04-20", "2023": "2024-04-18", "2024": "2025-01-08"}
"""Year and the day on which the firms' tax by land was judged."""


def months(province: Province) -> Iterator[col.Extract]:
    """Three years of every cluster, each department its own."""
    known = clusters(province)
    columns, county, year = _month_columns(province, known)
    for department, rows in province.parts("cluster_month", province.places.code[county]):
        kept = np.flatnonzero(year[rows] == int(_KEPT))
        yield col.Extract("cluster_month", "2024-12", col.take(columns, rows), kept, department)


def _month_columns(province: Province, known: Clusters) -> tuple[dict[str, pa.Array], Ints, Ints]:
    generator, count, span = province.generator("cluster_month"), len(known.county), len(MONTHS)
    size = np.exp(generator.normal(0, 0.8, size=count))
    revenue, tax = _published(generator, size)
    cluster, month = np.repeat(np.arange(count), span), np.tile(np.arange(span), count)
    firms = np.maximum(40, (size * generator.integers(200, 900, size=count)).astype(np.int64))[cluster] + month
    large = np.maximum(1, firms * generator.integers(5, 15, size=count)[cluster] // 100)
    share = generator.integers(300, 6_500, size=count)[cluster] + generator.integers(-60, 61, size=len(month))
    sent_out = np.where(generator.random(count) < 0.7, generator.integers(1, 30, size=count), 0)[cluster]
    return {
        "cluster_id": col.pick(known.ident, cluster),
        "cluster_name": col.pick(known.name, cluster),
        "division_code": col.padded(province.places.code[known.county[cluster]], 6),
        "period": col.pick([text.replace("-", "") for text in MONTHS], month),
        "revenue_yi": col.decimals(revenue, 2),
        "tax_yi": col.decimals(tax, 2),
        "ent_cnt": col.integers(firms),
        "scale_ent_cnt": col.integers(large),
        "employment": col.integers(firms * generator.integers(8, 30, size=count)[cluster]),
        "export_yi": col.decimals(revenue * sent_out // 100, 2),
        "market_share_pct": col.decimals(share, 2),
        "key_flag": col.constant("1", len(month)),
    }, known.county[cluster], month // 12 + 2022


def _published(generator: np.random.Generator, size: npt.NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Revenue and tax by cluster and month: parts of the year's totals, to the last million."""
    parts: tuple[list[Ints], list[Ints]] = ([], [])
    burden = generator.uniform(0.6, 1.4, size=len(size))[:, None]
    for totals in _TOTALS.values():
        weight = size[:, None] * generator.uniform(0.85, 1.15, size=(len(size), 12))
        for place, share in enumerate((weight, weight * burden)):
            bounds = np.cumsum(share) / share.sum() * totals[place]
            parts[place].append(np.diff(np.round(bounds).astype(np.int64), prepend=0).reshape(share.shape))
    revenue, tax = (np.concatenate(part, axis=1).ravel() for part in parts)
    return revenue, tax


def members(province: Province) -> Iterator[col.Extract]:
    """The clusters' firms, each department its clusters': a firm in two clusters comes twice."""
    known = clusters(province)
    columns = _member_columns(province, known)
    leads = known.role == LEADER
    for department, rows in province.parts("cluster_entity", province.places.code[known.county[known.cluster]]):
        yield col.Extract("cluster_entity", "2024Q4", col.take(columns, rows), np.flatnonzero(leads[rows]), department)


def _member_columns(province: Province, known: Clusters) -> dict[str, pa.Array]:
    generator, firms, count = province.generator("cluster_entity"), province.firms, len(known.firm)
    joined = col.days_between(generator, np.maximum(firms.founded[known.firm], np.datetime64("2019-01-01")), "2024-11-30", count)
    left = (known.role != LEADER) & (joined < np.datetime64("2024-01-01")) & (generator.random(count) < 0.04)
    exit_day = col.days_between(generator, joined + 200 * col.DAY, "2024-12-10", count)
    changed: col.Days = np.where(left, exit_day, joined)
    shared = generator.random(count) < 0.12
    supplier = known.role > 1
    return {
        "cluster_id": col.pick(known.ident, known.cluster),
        "uscc": col.pick(firms.uscc, known.firm),
        "role": col.pick(["1", "2", "3"], known.role),
        "chain_pos": col.either(supplier & (generator.random(count) < 0.2), None, col.choose(generator, ["01", "02", "03"], count, (3, 5, 2))),
        "shared_factory": col.either(shared, "1", "0"),
        "cloud_flag": col.either(shared | (generator.random(count) < 0.4), "1", "0"),
        "join_date": col.days(joined),
        "exit_date": col.days(exit_day, ~left),
        "update_time": col.at_work(generator, changed + 8 * col.DAY, count),
    }


def evaluations(province: Province) -> Iterator[col.Extract]:
    """Three years' tax by land of the industrial firms: the best fifth A, to 60 % B, to 95 % C, the rest D."""
    figures = economy(province)
    chosen = np.flatnonzero(figures.industrial)
    land, firm = occupied_land(figures, province)[chosen], col.pick(province.firms.uscc, figures.firm[chosen])
    parts = []
    for place, (year, day) in enumerate(_JUDGED.items()):
        tax = figures.tax[chosen, place * 12 : place * 12 + 12].sum(axis=1) // 100
        ratio = tax_by_land(tax, land)
        rank = np.argsort(np.argsort(-ratio, kind="stable")) + 1
        grade = np.select([rank * 100 <= len(chosen) * bound for bound in (20, 60, 95)], range(3), 3)
        parts.append({
            "uscc": firm, "eval_year": col.constant(year, len(chosen)), "used_land_mu": col.decimals(land, 2),
            "paid_tax_wan": col.decimals(tax, 2), "tax_per_mu_wan": col.decimals(ratio, 4),
            "mu_grade": col.pick(["A", "B", "C", "D"], grade), "eval_date": col.constant(day, len(chosen)),
        })  # fmt: skip
    yield col.Extract("mu_evaluation", "2024", col.stacked(*parts))


def cases(province: Province) -> Iterator[col.Case]:
    """The published totals, and a firm that leads two clusters."""
    key = {"stat_year": _KEPT, "key_clusters": "107", "full_year_clusters": "107", "revenue_yi": "36000.00", "tax_yi": "872.64"}
    yield col.Case("the key clusters' year as it was published", "county_industry.key_cluster_year", key)
    known = clusters(province)
    for cluster in known.cluster[(known.firm == known.firm[0]) & (known.role == LEADER)].tolist():
        key = {"cluster_id": known.ident[cluster].as_py(), "uscc": province.firms.uscc[int(known.firm[0])].as_py()}
        yield col.Case("a firm that leads two clusters", "county_industry.cluster_leader_score", key)


SAMPLED = Sampled({"cluster_month": months, "cluster_entity": members, "mu_evaluation": evaluations}, cases)
