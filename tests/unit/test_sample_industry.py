"""Projects, leading industries, clusters, zones, state-owned groups and science: what departments say of one province agrees."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from sample_parts import Row, province_of, rows_of
from test_sample_digits import uscc_is_right
from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.sample import (
    county_industry,
    dev_zone,
    investment,
    jjj_coord,
    leading_industry,
    science_tech,
    state_assets,
)
from yishu.sample.columns import Case, Extract
from yishu.sample.economy import Economy, economy
from yishu.sample.province import Province, Sampled

DATABASES: dict[str, Sampled] = {
    module.__name__.rsplit(".", 1)[-1]: module.SAMPLED
    for module in (investment, leading_industry, science_tech, dev_zone, state_assets, jjj_coord, county_industry)
}
NAMES = [name for sampled in DATABASES.values() for name in sampled.extracts]


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def province(project: Project) -> Province:
    return province_of(project, NAMES, 2_000, 11)


@pytest.fixture(scope="module")
def extracts(province: Province) -> dict[str, list[Extract]]:
    return {name: list(make(province)) for sampled in DATABASES.values() for name, make in sampled.extracts.items()}


@pytest.fixture(scope="module")
def rows(extracts: dict[str, list[Extract]]) -> dict[str, list[Row]]:
    return {name: rows_of(*those) for name, those in extracts.items()}


@pytest.fixture(scope="module")
def cases(province: Province) -> dict[str, list[Case]]:
    found: defaultdict[str, list[Case]] = defaultdict(list)
    for sampled in DATABASES.values():
        for case in sampled.cases(province):
            found[case.mart].append(case)
    return found


@pytest.fixture(scope="module")
def figures(province: Province) -> Economy:
    return economy(province)


def newest(those: list[Row], *key: str) -> dict[tuple[str, ...], Row]:
    """The last version of each, as the deliveries come in their order."""
    return {tuple(row[name] for name in key): row for row in those}


def total(those: Iterator[Row] | list[Row], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in those), Decimal(0))


def test_every_dataset_has_rows_in_every_delivery_even_in_a_small_province(
    project: Project, extracts: dict[str, list[Extract]]
) -> None:
    small = province_of(project, NAMES, 80, 3)
    for sampled in DATABASES.values():
        for name, make in sampled.extracts.items():
            for extract in (*extracts[name], *make(small)):
                assert extract.rows > 0, (name, extract.period, extract.department)
                assert set(extract.columns) == {field.name for field in project.datasets[name].fields}
                assert all(0 <= row < extract.rows for row in extract.keep_clean.tolist())
        assert list(sampled.cases(small))


def test_keys_are_distinct_in_each_delivery_and_versions_of_one_key_come_later(
    project: Project, extracts: dict[str, list[Extract]]
) -> None:
    for name, those in extracts.items():
        dataset = project.datasets[name]
        told: dict[tuple[str, ...], str] = {}
        for extract in those:
            keyed = newest(rows_of(extract), *dataset.key)
            assert len(keyed) == extract.rows, name
            if dataset.sequence:
                for key, row in keyed.items():
                    assert told.get(key, "") < row[dataset.sequence] < "2025-01-10"
                    told[key] = row[dataset.sequence]


def test_a_department_hands_in_the_rows_of_its_own_unit(
    project: Project, province: Province, extracts: dict[str, list[Extract]]
) -> None:
    places = {r["zone_id"]: r["division_code"] for r in rows_of(extracts["dev_zone"][0])}
    for name, field in (("cluster_month", "division_code"), ("relocation_project", "target_division"), ("dev_zone_kpi", "zone_id")):
        assert len({extract.department for extract in extracts[name]}) == len(extracts[name]) >= 12
        for extract in extracts[name]:
            area = int(project.departments[str(extract.department)].area)
            codes = {int(places.get(row[field], row[field])) for row in rows_of(extract)}
            assert area == 130000 or {unit(province, code) for code in codes} == {area}


def unit(province: Province, code: int) -> int:
    return int(province.places.unit_of(np.array([code]))[0])


def test_money_spent_on_a_project_only_grows_but_where_a_figure_was_taken_back(
    province: Province, rows: dict[str, list[Row]], cases: dict[str, list[Case]]
) -> None:
    known = newest(rows["invest_project"], "project_code")
    (case,) = cases["investment.lagging_counties"]
    fell = set()
    last: dict[str, Decimal] = {}
    for row in rows["invest_progress"]:
        code, spent = row["project_code"], Decimal(row["cum_invest_wan"])
        assert spent <= Decimal(known[(code,)]["total_invest_wan"])
        if spent < last.get(code, Decimal(0)):
            fell.add(code)
        last[code] = spent
    assert len(fell) == 1
    lagging = {code for (code,), row in known.items() if row["division_code"] == case.key["division_code"]}
    assert fell <= lagging
    assert {known[(code,)]["project_status"] for code in lagging} <= {"10", "90"}
    assert {row["problem_code"] for row in rows["invest_progress"] if row["project_code"] in lagging} == {"01"}


def test_projects_begin_and_end_between_the_two_extracts(rows: dict[str, list[Row]]) -> None:
    first = newest([r for r in rows["invest_project"] if r["update_time"] < "2024-07"], "project_code")
    after = newest(rows["invest_project"], "project_code")
    changed = Counter((row["project_status"], after[code]["project_status"]) for code, row in first.items())
    assert changed["10", "20"] and changed["20", "40"] and after.keys() - first.keys()


def test_projects_that_moved_in_are_projects_of_the_platform(rows: dict[str, list[Row]], cases: dict[str, list[Case]]) -> None:
    known = newest(rows["invest_project"], "project_code")
    moved = rows["relocation_project"]
    for row in moved:
        project = known[(row["project_code"],)]
        assert project["division_code"] == row["target_division"] and project["total_invest_wan"] == row["invest_wan"]
    key = cases["jjj_coord.xiongan_soe_by_quarter"][0].key
    there = [r for r in moved if r["platform"] == "雄安新区" and r["soe_level"] in ("2", "3") and r["land_date"]]
    landed = [r for r in there if quarter(r["land_date"]) == key["quarter_period"]]
    assert len(landed) == int(key["projects"]) > 1 and total(landed, "invest_wan") == Decimal(key["invest_wan"])


def quarter(day: str) -> str:
    return f"{day[:4]}Q{(int(day[5:7]) + 2) // 3}"


def test_cases_across_provinces_cross_a_border_and_those_left_open_end_in_january(
    rows: dict[str, list[Row]], cases: dict[str, list[Case]]
) -> None:
    key = cases["jjj_coord.cross_region_workdays"][0].key
    slow = [r for r in rows["cross_region_service"] if r["item_code"] == key["item_code"]]
    assert len(slow) == int(key["cases"]) and {r["finish_time"][:7] for r in slow} == {key["finish_month"]}
    assert all(r["from_region"][:2] != r["to_region"][:2] for r in rows["cross_region_service"])
    still = [r for r in rows["cross_region_service"] if not r["finish_time"]]
    ended = newest(rows["cross_region_service"], "case_no")
    assert still and any(ended[(r["case_no"],)]["finish_time"] for r in still)


def test_monthly_reports_are_the_economys_and_planted_firms_sell_more_with_less_power(
    province: Province, rows: dict[str, list[Row]], figures: Economy, cases: dict[str, list[Case]]
) -> None:
    place = {province.firms.uscc[int(firm)].as_py(): number for number, firm in enumerate(figures.firm)}
    first = {(r["uscc"], r["period"]): r for r in rows["industrial_ent_month"] if r["vintage_no"] == "1"}
    assert len(first) == 36 * (2_000 // 36)
    for (uscc, period), row in first.items():
        month = (int(period[:4]) - 2022) * 12 + int(period[4:]) - 1
        assert int(row["elec_kwh"]) == figures.power[place[uscc], month]
        assert int(row["revenue_k"]) == figures.revenue[place[uscc], month] // 1_000
    assert any(r["vintage_no"] == "2" for r in rows["industrial_ent_month"])
    planted = cases["leading_industry.revenue_power_divergence"]
    assert planted
    for case in planted:
        now, then = (first[case.key["uscc"], case.key[name]] for name in ("period", "base_period"))
        assert int(now["revenue_k"]) >= 1.1 * int(then["revenue_k"]) and int(now["elec_kwh"]) <= 0.9 * int(then["elec_kwh"])


def test_suppliers_from_outside_are_no_local_supply(province: Province, rows: dict[str, list[Row]]) -> None:
    known = set(province.firms.uscc.to_pylist())
    for row in rows["chain_link"]:
        assert uscc_is_right(row["up_uscc"]) and row["down_uscc"] in known
        assert (row["is_local"] == "1") == (row["up_uscc"] in known)


def test_the_key_clusters_have_the_published_totals(rows: dict[str, list[Row]]) -> None:
    year = [r for r in rows["cluster_month"] if r["period"].startswith("2024")]
    assert len({r["cluster_id"] for r in year}) == 107 and len(year) == 107 * 12
    assert total(year, "revenue_yi") == Decimal(36_000) and total(year, "tax_yi") == Decimal("872.64")
    assert len({r["cluster_name"] for r in year}) == 107


def test_some_firms_belong_to_two_clusters_and_one_leads_both(rows: dict[str, list[Row]], cases: dict[str, list[Case]]) -> None:
    member = newest(rows["cluster_entity"], "cluster_id", "uscc")
    assert [uscc for uscc, count in Counter(uscc for _, uscc in member).items() if count == 2]
    planted = [case.key for case in cases["county_industry.cluster_leader_score"]]
    assert len(planted) == 2 and len({key["uscc"] for key in planted}) == 1
    assert {member[key["cluster_id"], key["uscc"]]["role"] for key in planted} == {"1"}
    leaders = {uscc for (_, uscc), row in member.items() if row["role"] == "1"}
    for name in ("industrial_ent_month", "mu_evaluation"):
        assert leaders <= {row["uscc"] for row in rows[name]}, name


def test_a_zones_quarter_is_the_sum_of_its_firms(
    province: Province, rows: dict[str, list[Row]], figures: Economy, cases: dict[str, list[Case]]
) -> None:
    place = {province.firms.uscc[int(firm)].as_py(): number for number, firm in enumerate(figures.firm)}
    there: defaultdict[str, list[int]] = defaultdict(list)
    for row in newest(rows["dev_zone_entity"], "zone_id", "uscc").values():
        if row["uscc"] in place and row["enter_date"] <= "2024-12-25" and not row["exit_date"]:
            there[row["zone_id"]].append(place[row["uscc"]])
    last = {row["zone_id"]: row for row in rows["dev_zone_kpi"] if row["quarter"] == "2024Q4"}
    assert len(last) == len(rows["dev_zone"]) == 180
    for zone, row in last.items():
        assert Decimal(row["tax_wan"]) == Decimal(int(figures.tax[there[zone], 33:].sum()) // 100) / 100
        assert int(row["employment"]) == figures.staff[there[zone], 35].sum()
    hoards, empty = (case.key["zone_id"] for case in cases["dev_zone.tax_per_mu_grade"])
    assert Decimal(last[empty]["industrial_land_mu"]) == 0
    by_land = {z: Decimal(r["tax_wan"]) / Decimal(r["industrial_land_mu"]) for z, r in last.items() if Decimal(r["industrial_land_mu"])}
    assert min(by_land, key=lambda zone: by_land[zone]) == hoards


def test_high_tech_firms_renew_and_zones_count_each_once(rows: dict[str, list[Row]]) -> None:
    high = [r for r in rows["hightech_ent"] if r["cert_kind"] == "1"]
    assert max(Counter(r["uscc"] for r in high).values()) == 2
    valid = {r["uscc"] for r in high if r["cert_issue_date"] <= "2024-12-31" <= r["cert_valid_to"]}
    sits = {r["uscc"] for r in newest(rows["dev_zone_entity"], "zone_id", "uscc").values() if not r["exit_date"]}
    counted = sum(int(r["hightech_cnt"]) for r in rows["dev_zone_kpi"] if r["quarter"] == "2024Q4")
    assert counted == len(valid & sits) > 0


def test_firms_own_as_many_rights_as_the_list_says(rows: dict[str, list[Row]]) -> None:
    owned = Counter(row["uscc"] for row in newest(rows["ip_right"], "ip_no").values())
    listed = {row["uscc"]: int(row["ip_count"]) for row in rows["hightech_ent"]}
    assert all(owned[uscc] == count for uscc, count in listed.items()) and None in owned


def test_groups_are_trees_and_the_planted_one_is_in_the_red(rows: dict[str, list[Row]], cases: dict[str, list[Case]]) -> None:
    holders: defaultdict[str, list[Row]] = defaultdict(list)
    for row in newest(rows["soe_tree"], "uscc", "parent_uscc").values():
        holders[row["uscc"]].append(row)
    level = {uscc: int(those[0]["tree_level"]) for uscc, those in holders.items()}
    assert any(len(those) > 1 for those in holders.values())
    for those in holders.values():
        main = max(those, key=lambda row: Decimal(row["hold_pct"]))
        assert main["parent_uscc"].startswith("11") or level[main["parent_uscc"]] == int(main["tree_level"]) - 1
        assert total(those, "hold_pct") <= 100
    head = cases["state_assets.leveraged_loss_groups"][0].key["group_uscc"]
    merged: defaultdict[str, list[Row]] = defaultdict(list)
    for row in newest(rows["soe_finance"], "uscc", "period").values():
        if row["period"] == "202412":
            merged[row["group_uscc"]].append(row)
    deep = {uscc for uscc, those in merged.items() if total(those, "total_liab_wan") > total(those, "total_assets_wan") * Decimal("0.7")}
    assert deep == {head} and total(merged[head], "net_profit_wan") < 0
    assert {row["uscc"] for row in rows["soe_finance"]} == holders.keys()
