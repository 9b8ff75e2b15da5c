"""Rows by hand for the rules of the fiscal, tax, employment, energy, transport and logistics contracts, as in `content_cases_province`."""

from __future__ import annotations

Cells = dict[str, str | None]

_FIRM = "91110000600037341L"
_ID = "130102194001011234"
_HE = "130682199307264113"
GOOD: dict[str, Cells] = {
    "budget_exec": {
        "division_code": "130102", "budget_level": "4", "subject_code": "205", "period": "202401", "budget_wan": "12000",
        "actual_wan": "1000", "cum_wan": "1000", "yoy_pct": "5.5", "report_time": "2024-02-05 10:00:00",
    },
    "fund_payment": {
        "fund_code": "ZD-2024-001", "policy_id": "HB2024-0001", "payee_type": "1", "payee_id": _FIRM,
        "bank_account": "6228480000000000000", "amount": "200000", "payment_date": "2024-05-01",
    },
    "tax_collect": {
        "uscc": _FIRM, "tax_kind": "10121", "period_from": "2024-01-01", "period_to": "2024-03-31", "taxable_amt": "50000",
        "tax_amt": "240000", "relief_amt": "10000", "inbound_date": "2024-04-15", "void_flag": "false",
        "level_share": '{"central":60,"province":20,"city":0,"county":20}',
    },
    "taxpayer_status": {
        "snapshot_month": "202401", "taxpayer_state": "01", "credit_level": "A", "invoice_amt": "500000", "vat_declare_amt": "510000",
        "last_declare": "2024-02-18",
    },
    "job_register": {
        "id_no": "130102195007011234", "job_status": "10", "uscc": _FIRM, "status_from": "2020-01-01", "status_to": "2024-01-01", "edu_code": "21",
        "occupation": "2021301", "group_code": "01", "update_time": "2024-01-02 08:00:00",
    },
    "benefit_pay": {
        "id_no": _HE, "benefit_code": "210", "period": "202401", "amount": "1980", "bank_account": "6228480000000000000",
        "payment_date": "2024-01-20",
    },
    "hire_monitor": {
        "period": "202401", "staff_begin": "100", "staff_end": "103", "hires": "8", "leaves": "5", "vacancies": "12", "avg_wage": "6200",
    },
    "energy_target": {"base_year": "2020", "end_year": "2025", "target_cum_pct": "15"},
    "energy_use": {
        "period": "202401", "energy_code": "0101", "energy_purpose": "1", "physical_qty": "1000", "unit": "吨", "coef": "0.7143",
        "tce": "714.3",
    },
    "power_load": {
        "plant_id": "DC1301020001", "stat_time": "2024-06-01 12:15:00", "gen_mw": "300", "fuel": "5", "load_mw": None, "curtail_mw": "20",
    },
    "region_energy_year": {
        "energy_year": "2023", "total_tce_wan": "32000", "material_tce_wan": "1500", "nonfossil_tce_wan": "5000",
        "account_date": "2024-06-30",
    },
    "road_traffic": {
        "road_no": "S9902", "stat_hour": "2024-12-30 08:00:00", "pcu": "1200", "truck_cnt": "200", "avg_speed": "55", "congest_level": "5",
    },
    "transport_licence": {
        "road_permit_no": "130100123456", "plate_no": "冀A12345", "plate_color": "2", "load_t": "30", "dangerous": "true",
        "gps_online": "true",
    },
    "vehicle_track": {"lon": "115.0", "lat": "38.0", "speed_kmh": "60", "division_code": "130123"},
    "traffic_control": {
        "control_name": "石家庄国际马拉松", "control_start": "2024-10-27 05:00:00", "control_end": "2024-10-27 14:00:00",
        "update_time": "2024-10-20 09:00:00",
    },
    "freight_order": {
        "order_no": "WL20241230-0001", "weight_t": "30", "freight_yuan": "4000", "load_time": "2024-12-30 06:00:00",
        "unload_time": "2024-12-30 12:00:00", "distance_km": "360",
    },
    "express_volume": {
        "period": "202401", "volume_wan": "300", "express_revenue_wan": "2400", "express_ent_cnt": "12", "outlet_cnt": "80",
        "complaint_rate": "2.5",
    },
}  # fmt: skip
BAD: dict[str, dict[str, Cells]] = {
    "budget_exec": {
        "no_central_budget": {"budget_level": "1"}, "period_is_yyyymm": {"period": "2024-1"}, "cum_not_in_yuan": {"cum_wan": "10000000.01"},
        "yoy_plausible": {"yoy_pct": "-100.01"}, "january_cum_is_actual": {"cum_wan": "1000.01"}, "level_fits_area": {"budget_level": "2"},
        "expense_within_budget": {"budget_wan": "0"}, "reported_after_month_end": {"report_time": "2024-01-31 23:59:59"},
    },
    "fund_payment": {
        "fund_code_form": {"fund_code": "直达01"}, "account_form": {"bank_account": "622848-01"},
        "amount_positive_and_plausible": {"amount": "-200000"}, "organisation_payee_is_uscc": {"payee_type": "3", "payee_id": _HE},
        "person_payee_is_citizen": {"payee_type": "2"}, "person_amount_plausible": {"payee_type": "2", "payee_id": _HE, "amount": "500000.01"},
        "enterprise_has_policy": {"policy_id": None}, "no_id_as_account": {"payee_type": "2", "payee_id": _HE, "bank_account": _HE},
    },
    "tax_collect": {
        "tax_not_in_wan": {"tax_amt": "10000000000.01"}, "period_in_order": {"period_to": "2023-12-31"},
        "collected_after_period_began": {"inbound_date": "2023-12-31"}, "tax_within_base": {"tax_kind": "10104", "taxable_amt": "249999.99"},
        "negative_is_reversal": {"tax_amt": "-1"}, "shares_make_100": {"level_share": '{"central":60,"province":20,"county":10}'},
        "person_pays_no_company_tax": {"uscc": None, "tax_kind": "10104"},
    },
    "taxpayer_status": {
        "snapshot_month_form": {"snapshot_month": "202413"}, "declared_not_negative": {"vat_declare_amt": "-0.01"},
        "cancelled_does_not_invoice": {"taxpayer_state": "03", "invoice_amt": "-5"}, "normal_has_declared": {"last_declare": None},
        "abnormal_is_not_a": {"taxpayer_state": "02"}, "declared_within_next_month": {"last_declare": "2024-02-21"},
        "same_unit_for_both": {"invoice_amt": "51"},
    },
    "job_register": {
        "occupation_form": {"occupation": "2-02-13-01"}, "status_in_order": {"status_to": "2019-12-31"},
        "unemployed_has_no_employer": {"job_status": "20"}, "working_age": {"id_no": _ID}, "not_registered_ahead": {"status_from": "2024-01-03"},
        "graduate_has_degree": {"edu_code": "61"},
    },
    "benefit_pay": {
        "period_is_yyyymm": {"period": "2024/01"}, "benefit_plausible": {"amount": "0"}, "account_form": {"bank_account": "无"},
        "monthly_pension_plausible": {"amount": "30000.01"}, "paid_from_its_month_on": {"payment_date": "2023-11-30"},
        "unemployed_is_of_working_age": {"id_no": _ID}, "id_is_not_account": {"bank_account": _HE},
    },
    "hire_monitor": {
        "period_is_yyyymm": {"period": "202400"}, "wage_plausible": {"avg_wage": "620"}, "staff_adds_up": {"staff_end": "104"},
        "leaves_within_staff": {"leaves": "109"}, "vacancies_plausible": {"vacancies": "207"}, "employer_pays_wages": {"avg_wage": None},
    },
    "energy_target": {
        "base_year_form": {"base_year": "2021"}, "target_is_a_percentage": {"target_cum_pct": "0.15"}, "end_year_form": {"end_year": "二〇二五"},
        "end_after_base": {"end_year": "2015"}, "five_years": {"end_year": "2030"},
    },
    "energy_use": {
        "period_is_yyyymm": {"period": "24-01"}, "power_is_no_material": {"energy_code": "3301", "energy_purpose": "2"},
        "gas_in_ten_thousand_cubic_metres": {"energy_code": "1501"}, "coal_coefficient": {"coef": "7.143"},
        "power_coefficient": {"energy_code": "3301", "unit": "万千瓦时", "coef": "0.1229"},
        "one_month_of_one_firm_plausible": {"tce": "3000000.01"}, "tce_is_quantity_times_coef": {"tce": "7143"},
    },
    "power_load": {
        "generation_plausible": {"gen_mw": "300000"}, "on_the_quarter": {"stat_time": "2024-06-01 12:10:00"},
        "generation_or_load": {"gen_mw": None}, "only_storage_draws": {"gen_mw": "-51"}, "only_wind_and_sun_are_curtailed": {"fuel": "1"},
        "no_sun_at_night": {"stat_time": "2024-06-01 22:00:00"},
    },
    "region_energy_year": {
        "energy_year_form": {"energy_year": "23"}, "total_plausible": {"total_tce_wan": "320000000"},
        "material_within_total": {"material_tce_wan": "32000.01"}, "nonfossil_within_total": {"nonfossil_tce_wan": "32000.01"},
        "accounted_after_the_year": {"account_date": "2023-12-31"},
    },
    "road_traffic": {
        "road_no_form": {"road_no": "京港澳"}, "pcu_plausible": {"pcu": "20001"}, "speed_plausible": {"avg_speed": "151"},
        "whole_hour": {"stat_hour": "2024-12-30 08:05:00"}, "trucks_within_pcu": {"truck_cnt": "1201"}, "jam_is_slow": {"avg_speed": "61"},
        "free_flow_is_not_slow": {"congest_level": "1", "avg_speed": "39"},
    },
    "transport_licence": {
        "permit_no_form": {"road_permit_no": "冀交运管石字1号"}, "plate_form": {"plate_no": "A12345"}, "dangerous_truck_is_yellow": {"plate_color": "1"},
        "load_plausible": {"load_t": "30000"}, "dangerous_is_located": {"gps_online": None}, "green_plate_has_eight": {"plate_color": "6"},
    },
    "vehicle_track": {
        "track_lon_in_range": {"lon": "0"}, "track_lat_in_range": {"lat": "115.0"}, "truck_speed_plausible": {"speed_kmh": "130.1"},
        "in_hebei_has_county": {"division_code": None},
    },
    "traffic_control": {
        "control_ends_after_start": {"control_end": "2024-10-27 05:00:00"}, "control_not_too_long": {"control_end": "2025-10-27 14:00:00"},
        "announced_before_end": {"update_time": "2024-10-27 14:00:01"}, "name_is_an_event": {"control_name": "马拉松"},
    },
    "freight_order": {
        "order_no_form": {"order_no": "1234567"}, "weight_plausible": {"weight_t": "30000"}, "distance_plausible": {"distance_km": "5000.1"},
        "unloaded_has_distance": {"distance_km": None}, "unloaded_after_loading": {"unload_time": "2024-12-30 06:00:00"},
        "speed_within_130": {"distance_km": "780.1"}, "freight_per_ton_km_plausible": {"freight_yuan": "216000.01"},
    },
    "express_volume": {
        "month_is_yyyymm": {"period": "2024年1月"}, "volume_in_ten_thousands": {"volume_wan": "3000000"},
        "complaint_rate_plausible": {"complaint_rate": "1000.1"}, "unit_price_plausible": {"express_revenue_wan": "240000"},
        "outlets_for_firms": {"outlet_cnt": "11"}, "volume_needs_outlets": {"outlet_cnt": "0"},
    },
}  # fmt: skip
