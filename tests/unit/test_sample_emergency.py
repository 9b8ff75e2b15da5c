"""Hazards, alarms, food, drugs, equipment and water: what is registered is referred to, and the stories can be found by going through the rows."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from sample_parts import Row, clean_rows_of, keys_of, province_of, rows_of
from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.sample import drug_tracing, emergency, food_tracing, hydrology, special_equipment
from yishu.sample.columns import Extract
from yishu.sample.province import Province

_MODULES = (emergency, food_tracing, drug_tracing, special_equipment, hydrology)
_DATASETS = [name for module in _MODULES for name in module.SAMPLED.extracts]


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def province(project: Project) -> Province:
    return province_of(project, _DATASETS)


@pytest.fixture(scope="module")
def extracts(province: Province) -> dict[str, list[Extract]]:
    return {name: list(make(province)) for module in _MODULES for name, make in module.SAMPLED.extracts.items()}


def newest(extracts: list[Extract], key: str) -> dict[str, Row]:
    """Each key's last version."""
    return {row[key]: row for row in rows_of(*extracts)}


def test_all_twelve_datasets_have_rows_whatever_the_size(project: Project, extracts: dict[str, list[Extract]]) -> None:
    small = province_of(project, _DATASETS, rows=40)
    assert len(extracts) == 12 == len([name for name in project.datasets if project.datasets[name].database == "emergency"])
    for module in _MODULES:
        for name, make in module.SAMPLED.extracts.items():
            assert all(extract.rows for extract in (*make(small), *extracts[name])), name


def test_firms_are_those_of_the_register(province: Province, extracts: dict[str, list[Extract]]) -> None:
    known = set(province.firms.uscc.slice(0, province.firms.listed).to_pylist()) | {None}
    for name, parts in extracts.items():
        for column in {"uscc", "from_uscc", "to_uscc"} & set(parts[0].columns):
            assert {row[column] for row in rows_of(*parts)} <= known, (name, column)


def test_alarms_come_from_hazards_without_faults_and_end_after_they_begin(extracts: dict[str, list[Extract]]) -> None:
    watched = {row["hazard_id"] for row in clean_rows_of(extracts["major_hazard"][0])}
    first, second = (rows_of(extract) for extract in extracts["hazard_alarm"])
    assert {row["hazard_id"] for row in first + second} <= watched
    for row in first + second:
        assert row["end_time"] is None or row["start_time"] <= row["end_time"] <= row["update_time"]
    was_open = {row["alarm_id"] for row in first if row["end_time"] is None}
    assert was_open & {row["alarm_id"] for row in second if row["end_time"]}


def test_the_firms_with_old_grave_alarms_are_the_planted_ones(province: Province, extracts: dict[str, list[Extract]]) -> None:
    sent = newest(extracts["hazard_alarm"], "alarm_id").values()
    owner = {code: row["uscc"] for code, row in newest(extracts["major_hazard"], "hazard_id").items()}
    assert max(row["update_time"] for row in sent) > "2025-01-09 06:00:00"
    grave = {
        owner[row["hazard_id"]]
        for row in sent
        if row["end_time"] is None and row["alarm_level"] in "12" and row["is_test"] == "0" and row["start_time"] < "2025-01-08 06"
    }
    assert grave == {key["uscc"] for key in keys_of(emergency.cases(province), "emergency.open_alarm_entity")}
    inspected = {row["uscc"] for row in rows_of(*extracts["safety_inspection"])}
    assert len(grave & inspected) < len(grave)


def test_each_bureau_inspects_in_its_own_counties(province: Province, extracts: dict[str, list[Extract]]) -> None:
    parts = {extract.department: rows_of(extract) for extract in extracts["safety_inspection"]}
    assert len(parts) == 15
    codes = {one.id: one.code for one in province.departments}
    for department, rows in parts.items():
        assert {row["authority_code"] for row in rows} == {codes[str(department)]}
        if department not in ("emergency", "emergency_133100"):
            assert {row["division_code"][:4] for row in rows} == {str(department)[-6:-2]}
    numbers = [row["inspect_no"] for rows in parts.values() for row in rows]
    assert len(set(numbers)) == len(numbers)


def test_an_accident_is_graded_anew_when_a_third_person_dies(extracts: dict[str, list[Extract]]) -> None:
    first, (later,) = (rows_of(extract) for extract in extracts["accident"])
    before = {row["accident_no"]: row for row in first}[later["accident_no"]]
    assert (before["deaths"], before["accident_level"], later["deaths"], later["accident_level"]) == ("2", "4", "3", "3")


def test_lots_are_made_of_earlier_lots_by_licensed_firms_and_lose_weight(extracts: dict[str, list[Extract]]) -> None:
    holder = {row["food_permit_no"]: row["uscc"] for row in rows_of(extracts["food_licence"][0])}
    lots = newest(extracts["food_batch"], "food_batch_id")
    for row in lots.values():
        assert holder[row["food_permit_no"]] == row["uscc"]
        parents = (row["parent_batches"] or "").split(";") if row["parent_batches"] else []
        assert len(set(parents)) == len(parents) <= 3
        assert all(lots[parent]["prod_date"] < row["prod_date"] for parent in parents)
        assert not parents or Decimal(row["output_kg"]) <= Decimal(row["input_kg"])
    assert {row["food_batch_id"] for row in rows_of(*extracts["food_test"])} <= lots.keys()


def test_the_counters_that_the_bad_lot_reached_are_the_closure(province: Province, extracts: dict[str, list[Extract]]) -> None:
    cases = list(food_tracing.cases(province))
    failed, *counters = keys_of(cases, "emergency.bad_food_lot_reach")
    reached = {failed["bad_batch_id"]}
    lots = rows_of(*extracts["food_batch"])
    while more := {
        row["food_batch_id"] for row in lots if row["parent_batches"] and reached & set(row["parent_batches"].split(";"))
    } - reached:
        reached |= more
    sold = {row["food_batch_id"]: row["uscc"] for row in lots if row["food_permit_no"].startswith("JY")}
    told = {key["food_batch_id"]: key["uscc"] for key in counters if key["bad_batch_id"] == failed["bad_batch_id"]}
    assert told == {lot: sold[lot] for lot in reached & sold.keys()} and len(told) >= 3
    clean = {row["food_batch_id"] for row in clean_rows_of(*extracts["food_batch"])}
    assert clean == reached
    withdrawn = rows_of(extracts["food_licence"][1])
    maker = next(row["uscc"] for row in lots if row["food_batch_id"] == failed["bad_batch_id"])
    assert [(row["uscc"], row["permit_status"]) for row in withdrawn] == [(maker, "3")]


def test_one_box_alone_was_sent_on_by_a_firm_that_never_received_it(province: Province, extracts: dict[str, list[Extract]]) -> None:
    rows = rows_of(*extracts["drug_trace"])
    level = {row["trace_code"]: row["pack_level"] for row in rows}
    moves: defaultdict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["event_time"]):
        assert len(row["trace_code"]) == 20
        assert row["pack_level"] == "3" or int(level[row["parent_trace_code"]]) == int(row["pack_level"]) + 1
        if row["pack_level"] == "3":
            moves[row["trace_code"]].append(row)
    broken = set()
    for code, chain in moves.items():
        where = chain[0]["from_uscc"]
        for row in chain[1:]:
            if row["trace_event"] == "2" and row["from_uscc"] != where:
                broken.add(code)
            where = row["to_uscc"] if row["trace_event"] == "3" else where
    (key,) = keys_of(drug_tracing.cases(province), "emergency.drug_chain_gap")
    assert broken == {key["trace_code"]}


def test_some_devices_in_use_are_overdue_and_all_are_registered(province: Province, extracts: dict[str, list[Extract]]) -> None:
    devices = newest(extracts["equip"], "reg_code")
    due: dict[str, str] = {}
    for row in sorted(rows_of(*extracts["equip_inspect"]), key=lambda row: row["inspect_day"]):
        assert row["reg_code"] in devices and row["reg_code"][:1] == devices[row["reg_code"]]["equip_type"][:1]
        if row["next_due"]:
            due[row["reg_code"]] = row["next_due"]
    late = {code for code, day in due.items() if day < "2025-01-10" and devices[code]["equip_status"] == "2"}
    told = keys_of(special_equipment.cases(province), "emergency.equip_due")
    assert {key["reg_code"] for key in told} <= late and len(late) < len(devices) / 10
    assert all(due[key["reg_code"]] == key["next_due"] for key in told)


def test_hazards_lie_below_the_stations_that_are_over_their_limit(province: Province, extracts: dict[str, list[Extract]]) -> None:
    last: dict[str, Row] = {}
    for row in sorted(rows_of(*extracts["hydro_station"]), key=lambda row: row["obs_time"]):
        last[row["st_id"]] = row
    over = {code for code, row in last.items() if Decimal(row["level_m"]) > Decimal(row["limit_m"]) and row["obs_time"] >= "2024-12-30 08"}
    silent = {code for code, row in last.items() if row["obs_time"] < "2024-12-30"}
    assert len(over) == 2 and len(silent) == 1
    below = {row["division_code"] for row in rows_of(*extracts["hydro_downstream"]) if row["st_id"] in over}
    stored = {row["division_code"] for row in rows_of(*extracts["major_hazard"])}
    told = {key["division_code"] for key in keys_of(hydrology.cases(province), "emergency.flood_hazard_county")}
    assert told <= below & stored
    sure = {row["division_code"] for row in clean_rows_of(*extracts["major_hazard"])}
    assert told <= sure
