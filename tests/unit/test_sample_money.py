"""Taxes, trade, shops and public money of the sample province: what several departments see of one firm or county agrees."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sample_parts import Row, rows_of, the_case
from yishu.contract.load import load_project
from yishu.sample import (
    consumption,
    energy,
    environment,
    fiscal,
    legal_entity,
    macro_economy,
    macro_figures,
    policy_doc,
    tax,
    tourism,
    trade,
)
from yishu.sample.columns import Extract
from yishu.sample.economy import MONTHS, Economy, economy
from yishu.sample.province import Province, make_province


@pytest.fixture(scope="module")
def province() -> Province:
    return make_province(load_project(Path(__file__).parents[2]).codelists, {"macro_indicator_obs": "x"}, rows=2_000, seed=11)


@pytest.fixture(scope="module")
def model(province: Province) -> Economy:
    return economy(province)


@pytest.fixture(scope="module")
def place(province: Province, model: Economy) -> dict[str, int]:
    """USCC → its row in the economy's figures."""
    return {str(province.firms.uscc[firm]): row for row, firm in enumerate(model.firm.tolist())}


def rows(make: Callable[[Province], Iterator[Extract]], province: Province) -> list[Row]:
    return rows_of(*make(province))


def test_vouchers_that_stand_are_the_economys_tax_and_reversals_cancel(
    province: Province, model: Economy, place: dict[str, int]
) -> None:
    told = rows(tax.tax_collect, province)
    stand: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in told:
        if row["uscc"] and row["void_flag"] == "0":
            stand[row["uscc"], row["inbound_date"][:7]] += Decimal(row["tax_amt"])
        base, relief = Decimal(row["taxable_amt"]), Decimal(row["relief_amt"])
        assert base <= 0 or Decimal(row["tax_amt"]) + relief <= base
        assert row["period_from"] <= row["period_to"] < row["inbound_date"] <= "2024-12-31"
        assert sum(json.loads(row["level_share"]).values()) == 100 and len(row["level_share"]) <= 80
        assert Decimal(row["tax_amt"]) >= 0 or row["void_flag"] == "1"
    assert stand == {(uscc, month): int(model.tax[place[uscc], MONTHS.index(month)]) for uscc, month in stand}
    assert len({uscc for uscc, _ in stand}) * len(MONTHS) == len(stand) and len({r["voucher_no"] for r in told}) == len(told)
    assert sum(Decimal(row["tax_amt"]) for row in told if row["void_flag"] == "1") == 0
    key = the_case(tax.SAMPLED, province, "a county's tax without a reversed voucher")
    mine = [r for r in told if r["division_code"] == key["subject_code"] and r["inbound_date"][:4] == "2024"]
    assert sum(Decimal(r["tax_amt"]) for r in mine if r["void_flag"] == "0") == Decimal(key["tax_amt"])
    assert sum(r["void_flag"] == "0" for r in mine) == int(key["vouchers"]) < len(mine)


def test_taxpayers_invoice_their_revenue_and_the_odd_ones_are_counted(
    province: Province, model: Economy, place: dict[str, int]
) -> None:
    december = [r for r in rows(tax.taxpayer_status, province) if r["snapshot_month"] == "202412"]
    paying = [r for r in december if r["taxpayer_state"] == "01"]
    assert all(Decimal(r["invoice_amt"]) == int(model.revenue[place[r["uscc"]], -1]) for r in paying)
    gone = [r for r in december if r["taxpayer_state"] == "03"]
    assert gone and all(r["invoice_amt"] is None for r in gone)
    key = the_case(tax.SAMPLED, province, "firms that invoice more or less than they declare")
    odd = [
        r for r in paying if abs(Decimal(r["invoice_amt"]) - Decimal(r["vat_declare_amt"])) > Decimal(r["vat_declare_amt"]) / 5
    ]
    assert len(odd) == int(key["firms_over"]) > 0 and len(paying) == int(key["firms_compared"])


def test_exporters_sell_what_the_economy_exports(province: Province, model: Economy, place: dict[str, int]) -> None:
    told = rows(trade.customs_trade, province)
    sold: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in told:
        assert 5.5 < float(row["value_cny"]) / float(row["value_usd"]) < 8.5 and float(row["trade_qty"]) > 0
        if row["ie_flag"] == "E":
            sold[row["uscc"], row["period"]] += Decimal(row["value_cny"])
    assert sold == {(uscc, m): int(model.export[place[uscc], MONTHS.index(f"{m[:4]}-{m[4:]}")]) for uscc, m in sold}
    assert {row["ie_flag"] for row in told} == {"I", "E"}


def test_the_exporter_that_fell_has_lost_staff(province: Province) -> None:
    key = the_case(trade.SAMPLED, province, "an exporter that fell by more than 30 % three months in a row")
    dollars: Counter[str] = Counter()
    for row in rows(trade.customs_trade, province):
        if (row["uscc"], row["ie_flag"]) == (key["uscc"], "E"):
            dollars[row["period"]] += int(Decimal(row["value_usd"]) * 100)
    for month in ("10", "11", "12"):
        assert dollars[f"2024{month}"] < dollars[f"2023{month}"] * 0.7
    assert sum(dollars[f"2024{month}"] for month in (10, 11, 12)) == Decimal(key["export_usd"]) * 100
    staff = {
        r["period"]: int(r["insured_cnt"])
        for r in rows(legal_entity.social_insurance, province)
        if (r["uscc"], r["ins_type"]) == (key["uscc"], "110")
    }
    assert staff["202412"] < staff["202312"]


def test_shops_return_less_than_their_revenue_and_their_goods_less_than_their_sales(
    province: Province, model: Economy, place: dict[str, int]
) -> None:
    told = rows(consumption.retail_returns, province)
    assert {row["vintage_no"] for row in told} == {"1", "2"} and {row["industry_code"][0] for row in told} == {"F", "H"}
    for row in told:
        revenue = int(model.revenue[place[row["uscc"]], MONTHS.index(f"{row['period'][:4]}-{row['period'][4:]}")])
        assert int(row["retail_k"]) * 1_000 <= max(revenue, 1_000) * 1.02 and int(row["employees"]) > 0
        assert int(row["online_retail_k"] or 0) <= int(row["retail_k"])
        assert row["goods_class"] is None or sum(json.loads(row["goods_class"]).values()) <= int(row["retail_k"])


def test_vouchers_go_with_retail_sales_where_the_case_says_so(province: Province) -> None:
    key = the_case(consumption.SAMPLED, province, "a unit whose vouchers go with its retail sales")
    told = rows(consumption.vouchers, province)
    for row in told:
        assert Decimal(row["issued_yuan"]) >= Decimal(row["redeemed_yuan"]) <= Decimal(row["driven_yuan"])
        assert int(row["redeemed_cnt"]) > 0
    assert sum(Decimal(r["redeemed_yuan"]) for r in told if r["division_code"] == key["unit_code"]) == Decimal(
        key["redeemed_yuan"]
    )
    units = province.places.unit_of(province.places.code)
    counties = {str(code): int(unit) for code, unit in zip(province.places.code, units, strict=True)}
    assert {counties[row["division_code"]] for row in told} == set(province.places.units)
    sales = {
        (r["division_code"], r["period"]) for r in rows(macro_economy.observations, province) if r["indicator_code"] == "A04001"
    }
    assert {(r["division_code"], f"{r['period'][:4]}-{r['period'][4:]}") for r in told} <= sales


def test_spots_are_overfull_only_where_flagged_and_may_brought_more_people(province: Province) -> None:
    key = the_case(consumption.SAMPLED, province, "a city to which half as many people again came on the May holidays")
    told = rows(tourism.visits, province)
    assert all((int(r["visitors"]) > int(r["capacity_day"])) == (r["overload_flag"] == "1") for r in told)
    assert any(r["overload_flag"] == "1" for r in told)
    codes = province.places.code[province.places.unit_of(province.places.code) == int(key["unit_code"])]
    mine = [r for r in told if int(r["division_code"]) in set(codes.tolist())]
    for field, first, last in (("base_visitors", "2023-04-29", "2023-05-03"), ("visitors", "2024-05-01", "2024-05-05")):
        assert sum(int(r["visitors"]) for r in mine if first <= r["stat_date"] <= last) == int(key[field])
    assert int(key["visitors"]) > 1.3 * int(key["base_visitors"])


def test_counties_earn_what_the_statistics_say_and_classes_hold_their_items(province: Province) -> None:
    told = [r for r in rows(fiscal.budget_exec, province) if (r["period"], r["vintage_no"]) == ("202412", "1")]
    total: dict[tuple[str, str], Decimal] = {(r["division_code"], r["subject_code"]): Decimal(r["cum_wan"]) for r in told}
    statistics: defaultdict[str, int] = defaultdict(int)
    for code, months in zip(
        macro_figures.figures(province).places, macro_figures.figures(province).monthly("A06001", province), strict=True
    ):
        statistics[str(code)] = int(months.sum())
    counties = {r["division_code"] for r in told if r["budget_level"] == "4"}
    assert len(counties) == 167
    for county in counties:
        assert total[county, "101"] + total[county, "103"] == statistics[county]
        for item in ("20103", "20502", "20805", "21012", "22102"):
            assert total[county, item] <= total[county, item[:3]]
    assert max(total.values()) <= 10_000_000
    assert all(Decimal(r["cum_wan"]) <= Decimal(r["budget_wan"]) * Decimal("1.2") for r in told)


def test_the_weakest_counties_are_those_of_the_cases(province: Province) -> None:
    earned, spent, guaranteed = Counter[str](), Counter[str](), Counter[str]()
    for row in rows(fiscal.budget_exec, province):
        if (row["period"], row["budget_level"]) == ("202412", "4"):
            cents = int(Decimal(row["cum_wan"]) * 100)
            earned[row["division_code"]] += cents * (row["subject_code"] in ("101", "103"))
            spent[row["division_code"]] += cents * (len(row["subject_code"]) == 3 and row["subject_code"][0] == "2")
            guaranteed[row["division_code"]] += cents * (len(row["subject_code"]) == 5)
    for name, part, column in (
        ("a county that earns a twentieth of what it spends", earned, "revenue_cum_wan"),
        ("a county that spends next to nothing on the 三保", guaranteed, "guarantee_wan"),
    ):
        key = the_case(fiscal.SAMPLED, province, name)
        weakest = min(spent, key=lambda county: part[county] / spent[county])
        assert weakest == key["division_code"] and part[weakest] == Decimal(key[column]) * 100


def test_payees_are_known_and_some_firms_are_paid_twice_under_one_policy(province: Province) -> None:
    told = rows(fiscal.fund_payments, province)
    names = [province.firms, province.people]
    known = [dict(zip(part.to_pylist(), name.to_pylist(), strict=True)) for part, name in (
        (names[0].uscc, names[0].name), (names[1].id_no, names[1].name), (province.bureau_code, province.bureau_name),
    )]  # fmt: skip
    policies = {r["policy_id"]: r for r in rows(policy_doc.documents, province)}
    for row in told:
        assert row["policy_id"] is None or policies[row["policy_id"]]["policy_status"] == "1"
        assert known[int(row["payee_type"]) - 1][row["payee_id"]] == row["payee_name"]
        assert row["payee_type"] != "2" or Decimal(row["amount"]) <= 500_000
        assert row["policy_id"] or row["payee_type"] != "1"
    twice = Counter((r["payee_id"], r["policy_id"], r["amount"]) for r in told if r["return_flag"] == "0")
    assert sum(times > 1 for times in twice.values()) == 2


@pytest.mark.parametrize("size", [1, 60])
def test_a_small_province_has_all_of_it_too(size: int) -> None:
    project = load_project(Path(__file__).parents[2])
    small = make_province(project.codelists, {"macro_indicator_obs": "x"}, rows=size, seed=3)
    for database in (energy, environment, tax, trade, consumption, fiscal):
        for name, make in database.SAMPLED.extracts.items():
            for extract in make(small):
                assert extract.rows > 0, name
                assert set(extract.columns) == {field.name for field in project.datasets[name].fields}
        assert list(database.SAMPLED.cases(small))
