"""Taxes, trade, shops and public money of the sample province: what several departments see of one firm or county agrees."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from test_sample_province import Row, rows_of
from yishu.contract.load import load_project
from yishu.sample import legal_entity, tax, trade
from yishu.sample.columns import Extract
from yishu.sample.economy import MONTHS, Economy, economy
from yishu.sample.province import Province, Sampled, make_province


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
    return [row for extract in make(province) for row in rows_of(extract)]


def the_case(sampled: Sampled, province: Province, name: str) -> dict[str, str]:
    return next(case.key for case in sampled.cases(province) if case.name == name)


def test_vouchers_that_stand_are_the_economys_tax_and_reversals_cancel(province: Province, model: Economy, place: dict[str, int]) -> None:
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


def test_taxpayers_invoice_their_revenue_and_the_odd_ones_are_counted(province: Province, model: Economy, place: dict[str, int]) -> None:
    december = [r for r in rows(tax.taxpayer_status, province) if r["snapshot_month"] == "202412"]
    paying = [r for r in december if r["taxpayer_state"] == "01"]
    assert all(Decimal(r["invoice_amt"]) == int(model.revenue[place[r["uscc"]], -1]) for r in paying)
    gone = [r for r in december if r["taxpayer_state"] == "03"]
    assert gone and all(r["invoice_amt"] is None for r in gone)
    key = the_case(tax.SAMPLED, province, "firms that invoice more or less than they declare")
    odd = [r for r in paying if abs(Decimal(r["invoice_amt"]) - Decimal(r["vat_declare_amt"])) > Decimal(r["vat_declare_amt"]) / 5]
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
