"""Rows by hand for the rules of the emergency contracts: industrial safety, waters, special equipment, food and drugs."""

from __future__ import annotations

Cells = dict[str, str | None]

_FIRM, _OTHER = "91110000600037341L", "91130102PKL5K0TG2B"
_STAMP = "2024-12-30 09:00:00"
_TRACE = "81234567890123456789"
GOOD: dict[str, Cells] = {
    "major_hazard": {
        "hazard_level": "2", "chemical_cas": "7664-41-7", "qty_t": "120", "lon": "114.5", "lat": "38.0", "r_value": "60",
        "resp_phone": "13800138000",
    },
    "hazard_alarm": {
        "alarm_type": "05", "measured_value": "35", "threshold": "10", "alarm_level": "1", "start_time": "2024-12-30 01:00:00",
        "end_time": "2024-12-30 01:20:00", "ack_user": "张三", "is_test": "false", "update_time": "2024-12-30 01:21:00",
    },
    "accident": {
        "occur_time": "2024-03-01 10:00:00", "uscc": _FIRM, "deaths": "3", "injured": "1", "loss_wan": "600", "accident_level": "3",
        "update_time": "2024-03-02 08:00:00",
    },
    "safety_inspection": {
        "inspect_date": "2024-12-02", "hidden_dangers": "6", "major_dangers": "1", "rectified": "4", "rectify_due": "2024-12-20",
        "inspect_result": "2", "update_time": "2024-12-03 09:00:00",
    },
    "hydro_station": {
        "st_id": "31005650", "obs_time": "2024-07-25 08:00:00", "level_m": "205", "limit_m": "206", "warn_m": "210",
    },
    "hydro_downstream": {"st_id": "31005650", "reach_order": "6", "reach_hours": "12.5", "plan_year": "2024"},
    "equip": {
        "reg_code": "21101301022020000101", "equip_type": "2000", "equip_status": "2", "install_date": "2020-01-05", "use_date": "2020-03-01",
        "design_years": "20", "update_time": _STAMP,
    },
    "equip_inspect": {
        "inspect_day": "2024-03-01", "conclusion": "1", "next_due": "2027-03-01", "update_time": "2024-03-02 09:00:00",
    },
    "food_licence": {
        "food_permit_no": "SC10113010200018", "permit_from": "2022-05-01", "permit_to": "2027-04-30", "update_time": "2022-05-02 09:00:00",
    },
    "food_batch": {
        "food_batch_id": "PC20241201-01", "prod_date": "2024-12-01", "shelf_days": "180", "output_kg": "900", "input_kg": "1000",
        "parent_batches": "PC20241120-07;PC20241121-02", "update_time": "2024-12-02 09:00:00",
    },
    "food_test": {"sample_no": "GC24130000001", "test_result": "0.12mg/kg", "test_limit": "≤0.1mg/kg", "verdict": "2"},
    "drug_trace": {
        "trace_code": _TRACE, "trace_event": "2", "pack_level": "2", "parent_trace_code": "81234567890123450000", "from_uscc": _FIRM,
        "to_uscc": _OTHER,
    },
}  # fmt: skip
BAD: dict[str, dict[str, Cells]] = {
    "major_hazard": {
        "cas_form": {"chemical_cas": "7664417"}, "qty_positive": {"qty_t": "0"}, "lon_in_hebei": {"lon": "38.0"}, "lat_in_hebei": {"lat": "114.5"},
        "resp_phone_form": {"resp_phone": "12350"}, "level_agrees_with_r": {"r_value": "49.999"}, "r_value_positive": {"r_value": "0"},
    },
    "hazard_alarm": {
        "toxic_over_threshold_is_serious": {"alarm_level": "3"}, "ended_was_handled": {"ack_user": None},
        "ends_after_start": {"end_time": "2024-12-30 00:59:59"}, "updated_after_start": {"update_time": "2024-12-29 17:21:00"},
        "gas_above_threshold": {"measured_value": "9.9"}, "gas_not_negative": {"measured_value": "-0.1"},
    },
    "accident": {
        "serious_has_a_firm": {"uscc": None}, "level_agrees_with_deaths": {"accident_level": "4"}, "level_agrees_with_injured": {"injured": "50"},
        "level_agrees_with_loss": {"loss_wan": "5000"}, "level_has_a_reason": {"deaths": "2", "loss_wan": None},
        "reported_after_it_happened": {"update_time": "2024-03-01 09:59:59"},
    },
    "safety_inspection": {
        "ordered_has_due": {"rectify_due": None}, "major_within_all": {"major_dangers": "7"}, "rectified_within_all": {"rectified": "7"},
        "due_not_before_inspection": {"rectify_due": "2024-12-01"}, "fine_has_no_danger": {"inspect_result": "1"},
        "recorded_after_inspection": {"update_time": "2024-12-01 09:00:00"},
    },
    "hydro_station": {
        "st_id_form": {"st_id": "310056"}, "level_plausible": {"level_m": "20500"}, "limit_in_flood_season": {"limit_m": None},
        "limit_below_warn": {"warn_m": "205.9"}, "level_near_its_limit": {"level_m": "125.9"},
    },
    "hydro_downstream": {
        "st_id_length": {"st_id": "黄壁庄"}, "reach_order_plausible": {"reach_order": "41"}, "reach_hours_plausible": {"reach_hours": "240.1"},
        "plan_year_form": {"plan_year": "24"}, "farther_is_later": {"reach_hours": "0"},
    },
    "equip": {
        "in_use_has_date": {"use_date": None}, "design_years_plausible": {"design_years": "61"}, "pressure_vessel_has_years": {"design_years": None},
        "reg_code_begins_with_type": {"equip_type": "3000"}, "used_after_install": {"use_date": "2020-01-04"},
        "update_not_before_install": {"update_time": "2020-01-04 23:59:59"},
    },
    "equip_inspect": {
        "passed_has_next": {"next_due": None}, "next_after_inspection": {"next_due": "2024-03-01"}, "next_within_years": {"next_due": "2036-03-02"},
        "failed_has_no_next": {"conclusion": "3"}, "recorded_after_inspect": {"update_time": "2024-02-29 23:59:59"},
    },
    "food_licence": {
        "permit_no_form": {"food_permit_no": "SC1011301020"}, "permit_ends_after_it_begins": {"permit_to": "2022-05-01"},
        "permit_within_five_years": {"permit_to": "2032-04-30"}, "updated_after_permit": {"update_time": "2022-04-30 09:00:00"},
    },
    "food_batch": {
        "shelf_life_plausible": {"shelf_days": "0"}, "parents_have_weight": {"input_kg": None}, "parents_form": {"parent_batches": "PC1；PC2"},
        "not_its_own_parent": {"parent_batches": "PC20241120-07;PC20241201-01"}, "output_within_input": {"input_kg": "899.999"},
        "batch_updated_after_production": {"update_time": "2024-11-30 09:00:00"},
    },
    "food_test": {
        "sample_no_form": {"sample_no": "抽样1号"}, "failed_has_limit": {"test_limit": None}, "not_detected_passes": {"test_result": "未检出"},
    },
    "drug_trace": {
        "trace_code_form": {"trace_code": "8123456789012345678"}, "not_in_itself": {"parent_trace_code": _TRACE},
        "outer_has_no_parent": {"pack_level": "3"}, "moved_has_both_ends": {"to_uscc": None}, "ends_differ": {"to_uscc": _FIRM},
    },
}  # fmt: skip
