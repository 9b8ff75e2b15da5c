"""Rows by hand for the rules of the other thematic contracts, beside those of `content_cases_province` and `content_cases_emergency`."""

from __future__ import annotations

Cells = dict[str, str | None]

_FIRM, _OTHER = "91110000600037341L", "91130102PKL5K0TG2B"
_STAMP = "2024-12-30 09:00:00"
GOOD: dict[str, Cells] = {
    "invest_project": {
        "project_code": "2401-130102-04-01-123456", "division_code": "130102", "total_invest_wan": "50000", "approve_date": "2024-02-01",
        "plan_start": "2024-05-01", "plan_finish": "2026-05-01", "project_status": "20", "land_area_mu": "80", "update_time": _STAMP,
    },
    "invest_progress": {
        "period": "202406", "cum_invest_wan": "3000", "ytd_invest_wan": "1000", "fund_avail_wan": "2500", "equip_invest_wan": "900",
        "image_progress": "主体结构封顶", "report_time": "2024-07-05 09:00:00",
    },
    "hightech_ent": {
        "hightech_cert_no": "GR202313001234", "cert_kind": "1", "cert_issue_date": "2023-10-16", "cert_valid_to": "2026-10-15",
        "tech_field": "04", "rd_ratio_pct": "4.2",
    },
    "ip_right": {
        "ip_no": "ZL202110123456.7", "ip_kind": "1", "ipc": "H01M10/0525", "apply_date": "2021-03-01", "grant_date": "2023-03-01",
        "legal_status": "01", "update_time": _STAMP,
    },
    "dev_zone": {
        "zone_id": "G131001", "zone_level": "1", "zone_kind": "03", "approve_area_ha": "1800", "built_area_ha": "900",
        "industries": "装备制造、新材料、现代物流", "stat_code": "130171",
    },
    "dev_zone_entity": {
        "enter_date": "2020-03-01", "exit_date": "2024-03-01", "entry_kind": "1", "land_mu": "60", "update_time": _STAMP,
    },
    "dev_zone_kpi": {
        "quarter": "2024Q3", "revenue_wan": "500000", "tax_wan": "20000", "industrial_land_mu": "3000", "energy_tce": "90000",
        "employment": "12000",
    },
    "soe_finance": {
        "period": "202406", "total_assets_wan": "100000", "total_liab_wan": "60000", "equity_wan": "40000", "revenue_wan": "9000",
        "net_profit_wan": "-300", "rd_wan": "200", "debt_ratio_pct": "60", "soe_employees": "900",
    },
    "soe_tree": {
        "uscc": _FIRM, "parent_uscc": "11130000000013338W", "tree_level": "1", "hold_pct": "100", "right_reg_date": "2018-06-01",
        "update_time": _STAMP,
    },
    "relocation_project": {
        "project_code": "2401-133100-04-01-123456", "source_region": "110102", "target_division": "130629", "uscc": _FIRM,
        "relocation_kind": "4", "soe_level": "1", "invest_wan": "90000", "agreement_date": "2024-01-10", "land_date": "2024-06-01",
        "platform": "雄安新区启动区",
    },
    "cross_region_service": {
        "from_region": "130102", "to_region": "110105", "accept_time": "2024-12-02 09:00:00", "finish_time": "2024-12-04 16:00:00",
        "promise_days": "5", "licence_reuse_cnt": "3", "rating": "5", "update_time": "2024-12-04 16:00:00",
    },
    "port_throughput": {
        "berth_area": "集装箱港区", "period": "202401", "cargo_code": "1700", "throughput_wt": "150", "foreign_wt": "30",
        "container_teu": "100000", "throughput_yoy_pct": "4.5",
    },
    "marine_use": {
        "sea_use_type": "1200", "sea_area_ha": "20", "coast_m": "500", "division_code": "130225", "right_from": "2020-01-01",
        "right_to": "2034-12-31",
    },
    "air_quality": {
        "station_code": "1028A", "monitor_time": "2024-12-30 09:00:00", "pm25": "60", "pm10": "90", "co": "0.8", "aqi": "80", "qc_flag": "H",
    },
    "emission_online": {
        "outlet_id": "DA001", "pollutant": "a21026", "value_avg": "30", "flow": "100000", "emission_kg": "3", "limit_value": "35",
        "exceed_flag": "false", "run_status": "1",
    },
    "carbon_account": {
        "account_year": "2023", "source_type": "01", "energy_code": "0901", "activity_data": "1000", "ncv": "33", "cc": "0.0708",
        "of_pct": "99", "ef": None, "co2_t": "8481.13", "submit_date": "2024-03-28",
    },
    "carbon_factor": {
        "factor_kind": "01", "factor_year": "2023", "factor_value": "0.5366", "factor_unit": "tCO2/MWh",
        "factor_source": "关于发布2023年电力二氧化碳排放因子的公告", "factor_publish_date": "2024-12-20", "update_time": _STAMP,
    },
}  # fmt: skip
BAD: dict[str, dict[str, Cells]] = {
    "invest_project": {
        "project_code_form": {"project_code": "2413-130102-04-01-123456"}, "total_plausible": {"total_invest_wan": "0"},
        "land_in_mu": {"land_area_mu": "100000.01"}, "finish_after_start": {"plan_finish": "2024-04-30"},
        "start_after_approval": {"plan_start": "2024-01-31"}, "code_names_the_place": {"division_code": "130104"},
        "code_dates_from_approval": {"project_code": "2403-130102-04-01-123456"}, "building_has_plan": {"plan_start": None},
        "approved_before_update": {"approve_date": "2024-12-31"},
    },
    "invest_progress": {
        "period_is_yyyymm": {"period": "2024-06"}, "year_within_total": {"ytd_invest_wan": "3000.01"},
        "equipment_within_total": {"equip_invest_wan": "3000.01"}, "paid_from_funds": {"fund_avail_wan": "0"},
        "reported_in_time": {"report_time": "2024-06-19 23:59:59"}, "invested_has_image": {"image_progress": None},
    },
    "hightech_ent": {
        "ratio_is_a_percentage": {"rd_ratio_pct": "100.01"}, "hightech_number": {"hightech_cert_no": "GR202311001234"},
        "number_has_issue_year": {"hightech_cert_no": "GR202213001234"}, "hightech_lasts_three_years": {"cert_valid_to": "2026-10-18"},
        "valid_after_issue": {"cert_valid_to": "2023-10-16"}, "research_above_floor": {"rd_ratio_pct": "2.99"},
        "hightech_has_field": {"tech_field": None},
    },
    "ip_right": {
        "granted_after_application": {"grant_date": "2021-02-28"}, "in_force_has_grant_date": {"grant_date": None},
        "term_not_over": {"ip_kind": "3", "apply_date": "2014-12-29"}, "pending_has_no_grant": {"legal_status": "02"},
        "patent_number": {"ip_no": "2021年第1号"}, "ipc_form": {"ipc": "H01M"},
    },
    "dev_zone": {
        "zone_id_form": {"zone_id": "G130"}, "approved_area_plausible": {"approve_area_ha": "18000000"},
        "three_industries_at_most": {"industries": "装备制造、新材料、现代物流、食品"}, "stat_code_is_no_division": {"stat_code": "130181"},
        "built_within_approved": {"built_area_ha": "1800.01"}, "level_agrees_with_code": {"zone_id": "S131001"},
        "customs_area_is_national": {"zone_id": "S131001", "zone_level": "2"},
    },
    "dev_zone_entity": {
        "land_mu_plausible": {"land_mu": "30000.01"}, "exit_after_entry": {"exit_date": "2020-02-29"}, "builder_has_land": {"land_mu": None},
        "registered_only_has_no_land": {"entry_kind": "3"}, "entered_before_update": {"enter_date": "2024-12-31"},
    },
    "dev_zone_kpi": {
        "quarter_form": {"quarter": "2024Q5"}, "tax_not_negative": {"tax_wan": "-1"}, "land_in_mu": {"industrial_land_mu": "2000000"},
        "employment_plausible": {"employment": "500001"}, "tax_within_revenue": {"tax_wan": "500000.01"},
        "tax_per_mu_plausible": {"industrial_land_mu": "199"}, "energy_per_revenue_plausible": {"energy_tce": "5000000.01"},
        "revenue_needs_people": {"employment": "0"},
    },
    "soe_finance": {
        "period_is_yyyymm": {"period": "202400"}, "assets_are_liabilities_and_equity": {"equity_wan": "40001.01"},
        "ratio_recomputes": {"debt_ratio_pct": "0.6"}, "research_within_revenue": {"rd_wan": "9000.01"},
        "loss_not_beyond_assets": {"net_profit_wan": "-3000000"}, "revenue_needs_staff": {"soe_employees": "0"},
    },
    "soe_tree": {
        "five_levels_at_most": {"tree_level": "6"}, "hold_is_a_percentage": {"hold_pct": "0"}, "not_its_own_parent": {"parent_uscc": _FIRM},
        "group_belongs_to_an_organ": {"parent_uscc": _OTHER}, "level_one_is_held": {"hold_pct": "50"},
        "registered_before_update": {"right_reg_date": "2024-12-31"},
    },
    "relocation_project": {
        "project_code_form": {"project_code": "2413-133100-04-01-123456"}, "from_beijing_or_tianjin": {"source_region": "310101"},
        "to_hebei": {"target_division": "120101"}, "xiongan_platform_is_in_xiongan": {"target_division": "130602"},
        "headquarters_is_a_soe_or_not": {"relocation_kind": "1"}, "invest_in_ten_thousand_yuan": {"invest_wan": "900000000"},
        "landed_after_signing": {"land_date": "2024-01-09"}, "landed_firm_is_known": {"uscc": None},
    },
    "cross_region_service": {
        "accepted_in_the_region": {"from_region": "310101"}, "promise_plausible": {"promise_days": "91"},
        "licences_reused_plausible": {"licence_reuse_cnt": "31"}, "finished_after_acceptance": {"finish_time": "2024-12-02 08:59:59"},
        "rated_when_finished": {"finish_time": None}, "crosses_a_border": {"to_region": "130104"},
        "updated_after_finish": {"update_time": "2024-12-04 15:59:59"},
    },
    "port_throughput": {
        "month_form": {"period": "202413"}, "one_cargo_one_month_plausible": {"throughput_wt": "1500000"},
        "yoy_not_below_minus_100": {"throughput_yoy_pct": "-100.01"}, "foreign_within_all": {"foreign_wt": "150.01"},
        "containers_have_weight": {"throughput_wt": "0"}, "weight_of_a_container_plausible": {"container_teu": "10"},
    },
    "marine_use": {
        "sea_area_plausible": {"sea_area_ha": "200000"}, "in_a_coastal_city": {"division_code": "130102"},
        "right_ends_after_it_begins": {"right_to": "2020-01-01"}, "right_within_50_years": {"right_to": "2070-01-02"},
        "farming_within_15_years": {"right_to": "2035-01-02"}, "coast_fits_area": {"sea_area_ha": "0.19"},
    },
    "air_quality": {
        "station_code_form": {"station_code": "石家庄1"}, "pm25_plausible": {"pm25": "1500.1"}, "valid_has_reading": {"pm25": None},
        "co_in_milligrams": {"co": "800"}, "aqi_in_scale": {"aqi": "501"}, "on_the_hour": {"monitor_time": "2024-12-30 09:00:01"},
        "pm25_not_in_milligrams": {"pm25": "0.1"}, "pm25_within_pm10": {"pm25": "90.1"}, "missing_has_no_reading": {"qc_flag": "M"},
    },
    "emission_online": {
        "outlet_id_form": {"outlet_id": "总排口"}, "measured_when_running": {"value_avg": None}, "exceeding_is_flagged": {"value_avg": "35.1"},
        "flagged_exceeds": {"exceed_flag": "true"}, "emission_is_value_times_flow": {"emission_kg": "3000"},
        "stopped_emits_nothing": {"run_status": "2"}, "maintenance_does_not_exceed": {"run_status": "3", "exceed_flag": "true"},
    },
    "carbon_account": {
        "account_year_form": {"account_year": "23年"}, "carbon_content_plausible": {"cc": "70.8"}, "oxidation_is_a_percentage": {"of_pct": "0.99"},
        "bought_energy_has_factor": {"source_type": "04"}, "power_in_megawatt_hours": {"source_type": "03", "ef": "0.00057"},
        "submitted_after_the_year": {"submit_date": "2023-12-31"}, "fuel_has_factors": {"ncv": None},
        "fuel_emission_recomputes": {"co2_t": "2313.04"}, "power_is_electricity": {"source_type": "03", "energy_code": "3201"},
    },
    "carbon_factor": {
        "factor_year_form": {"factor_year": "1999"}, "grid_factor_plausible": {"factor_value": "5.366"},
        "heat_factor_plausible": {"factor_kind": "02", "factor_value": "110"}, "grid_factor_unit": {"factor_unit": "kgCO2/kWh"},
        "published_not_after_update": {"update_time": "2024-12-19 23:59:59"}, "source_names_a_document": {"factor_source": "公告"},
    },
}  # fmt: skip
