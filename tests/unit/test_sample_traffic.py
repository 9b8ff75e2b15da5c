"""Roads, vehicles, freight, parcels and harbours of the sample: what must agree agrees, and the planted cases are there."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from sample_parts import Row, rows_of
from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.sample import coastal, logistics, macro_economy, transport
from yishu.sample.economy import MONTHS
from yishu.sample.province import Province, make_province

ROWS = 2_000


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def province(project: Project) -> Province:
    return make_province(project.codelists, {"macro_indicator_obs": "11130000MB16272080"}, ROWS, 11)


@pytest.fixture(scope="module")
def permits(province: Province) -> list[Row]:
    return rows_of(next(transport.permits(province)))


def test_plates_are_distinct_but_for_the_twin_of_another_colour(permits: list[Row]) -> None:
    assert len({(row["plate_no"], row["plate_color"]) for row in permits}) == len(permits)
    assert len({row["plate_no"] for row in permits}) == len(permits) - 1
    assert len({row["road_permit_no"] for row in permits}) == len(permits)
    assert {len(row["plate_no"]) for row in permits if row["plate_color"] == "6"} == {8}


def test_permits_are_held_by_hauliers_in_business(province: Province, permits: list[Row]) -> None:
    firms = province.firms
    alive = {
        u
        for u, active, industry in zip(firms.uscc.to_pylist(), firms.active, firms.industry.to_pylist(), strict=True)
        if active and industry == "G54"
    }
    assert {row["uscc"] for row in permits} <= alive
    full, prolonged = (rows_of(extract) for extract in transport.permits(province))
    until = {row["road_permit_no"]: row["permit_valid_to"] for row in full}
    assert prolonged and all(row["permit_valid_to"] > until[row["road_permit_no"]] > "2025-01-09" for row in prolonged)


def test_entries_of_the_case_are_those_of_the_tracks(province: Province, permits: list[Row]) -> None:
    (case,) = transport.cases(province)
    key = case.key
    (control,) = [
        row
        for row in rows_of(*transport.controls(province))
        if (row["control_id"], row["division_code"]) == (key["control_id"], key["division_code"])
    ]
    permit = {(row["plate_no"], row["plate_color"]): row for row in permits if row["dangerous"] == "1"}
    points: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in rows_of(*transport.tracks(province)):
        assert (row["plate_no"], row["plate_color"]) in permit
        if row["division_code"] is not None:
            points[row["plate_no"], row["plate_color"]].append((row["position_time"], row["division_code"]))
    entered, inside = [], 0
    for vehicle, path in points.items():
        path.sort()
        before = [where for when, where in path if when < control["control_start"]]
        inside += bool(before) and before[-1] == key["division_code"]
        for (_, left), (when, where) in pairwise(path):
            if where == key["division_code"] != left and control["control_start"] <= when <= control["control_end"]:
                entered.append((vehicle, when))
    told = {"entries": len(entered), "vehicles": len({vehicle for vehicle, _ in entered}), "already_inside": inside}
    told["entities"] = len({permit[vehicle]["uscc"] for vehicle, _ in entered})
    told["expired_entries"] = sum(permit[vehicle]["permit_valid_to"] < when[:10] for vehicle, when in entered)
    assert {name: key[name] for name in told} == {name: str(value) for name, value in told.items()}


def test_traffic_slows_as_roads_fill(province: Province) -> None:
    rows = rows_of(*transport.traffic(province))
    speed: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        assert int(row["truck_cnt"]) <= int(row["pcu"]) and row["stat_hour"].endswith(":00:00")
        speed[row["congest_level"]].append(float(row["avg_speed"]))
    means = [sum(speed[level]) / len(speed[level]) for level in sorted(speed)]
    assert set(speed) >= {"1", "2", "3", "4"} and means == sorted(means, reverse=True)


def test_orders_are_carried_by_licensed_lorries_and_only_the_suspects_cannot_be_true(
    province: Province, permits: list[Row]
) -> None:
    load = {row["plate_no"]: row["load_t"] for row in permits if row["dangerous"] == "0" and row["load_t"]}
    (extract,) = logistics.freight(province)
    rows = rows_of(extract)
    suspects = {}
    for row in rows:
        assert Decimal(row["weight_t"]) <= Decimal(load[row["plate_no"]])
        assert Decimal(row["freight_yuan"]) <= 20 * Decimal(row["weight_t"]) * Decimal(row["distance_km"])
        if row["unload_time"] is not None:
            seconds = (
                dt.datetime.fromisoformat(row["unload_time"]) - dt.datetime.fromisoformat(row["load_time"])
            ).total_seconds()
            if seconds <= 0:
                suspects[row["order_no"]] = "装卸同时" if seconds == 0 else "装卸时间倒置"
            elif float(row["distance_km"]) * 3600 > 130 * seconds:
                suspects[row["order_no"]] = "速度过高"
    keys = [case.key for case in logistics.cases(province) if case.mart == "logistics.suspect_freight_order"]
    assert {key["order_no"]: key["reason"] for key in keys} == suspects
    assert [rows[place]["order_no"] for place in extract.keep_clean] == list(suspects)


def test_parcels_of_every_county_and_month_with_one_corrected(province: Province) -> None:
    first, second = (rows_of(extract) for extract in logistics.express(province))
    counties, months = len(province.places.code), len(MONTHS)
    assert len(first) == counties * (months - 1) and len(second) == counties + 1
    ratio, month = (case.key for case in logistics.cases(province) if case.mart == "logistics.express_ratio_by_county")
    told = {(row["division_code"], row["period"]): row for row in first}
    again = {(row["division_code"], row["period"]): row for row in second}
    key = (month["division_code"], month["period"])
    assert (told[key]["volume_wan"], again[key]["volume_wan"]) == (month["first_volume_wan"], month["volume_wan"])
    row = again[ratio["division_code"], ratio["period"]]
    assert Decimal(row["volume_wan"]) / Decimal(row["inbound_wan"]) == Decimal(ratio["out_in_ratio"])
    for row in first + second:
        assert 1 < Decimal(row["express_revenue_wan"]) / Decimal(row["volume_wan"]) < 60


def test_throughput_grows_as_its_rate_says_and_sums_to_the_cases(province: Province, project: Project) -> None:
    first, second = (rows_of(extract) for extract in coastal.throughput(province))
    newest = {(r["harbour_code"], r["berth_area"], r["cargo_code"], r["period"]): r for r in first + second}
    assert len(newest) == len(first) + len(second) - 1
    with project.codelists["harbours"].open(encoding="utf-8") as lines:
        city = {row["code"]: row["city"] for row in csv.DictReader(lines)}
    year: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (harbour, area, cargo, period), row in newest.items():
        value = Decimal(row["throughput_wt"])
        assert Decimal(row["foreign_wt"]) <= value
        before = newest.get((harbour, area, cargo, f"{int(period[:4]) - 1}{period[4:]}"))
        if before is not None:
            assert round((value / Decimal(before["throughput_wt"]) - 1) * 100, 2) == pytest.approx(
                Decimal(row["throughput_yoy_pct"]), abs=Decimal("0.01")
            )
        if period.startswith("2024"):
            year[city[harbour]] += value
            year["合计"] += value
    assert {case.key["city_code"]: Decimal(case.key["throughput_wt"]) for case in coastal.cases(province)} == year


def test_rights_to_the_sea_lie_off_the_listed_counties_and_keep_to_the_longest_terms(
    province: Province, project: Project
) -> None:
    with project.codelists["coastal_counties"].open(encoding="utf-8") as lines:
        listed = {row["code"] for row in csv.DictReader(lines) if not row["valid_to"]}
    assert listed == set(map(str, coastal.COUNTIES))
    (extract,) = coastal.rights(province)
    for row in rows_of(extract):
        years = int(row["right_to"][:4]) - int(row["right_from"][:4])
        assert row["division_code"] in listed
        assert 0 < years <= (15 if row["sea_use_type"] in ("1100", "1200") else 50)


def test_gdp_of_the_coastal_counties_is_there_for_three_years(province: Province) -> None:
    known = {
        (r["period"], r["division_code"])
        for r in rows_of(*macro_economy.observations(province))
        if r["indicator_code"] == "A01001"
    }
    for year in (2022, 2023, 2024):
        assert {(f"{year}-12", str(code)) for code in (130000, *coastal.COUNTIES)} <= known
