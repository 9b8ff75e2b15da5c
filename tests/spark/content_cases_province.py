"""Rows by hand for the rules of the contracts of T2, T3, T5, T6, T11, S7 and P1: GOOD breaks none, each change in BAD breaks its rule."""

from __future__ import annotations

Cells = dict[str, str | None]

_ID = "130102194001011234"
GOOD: dict[str, Cells] = {
    "cluster_month": {
        "cluster_id": "HB131125", "cluster_name": "安平丝网", "period": "202401", "revenue_yi": "50", "tax_yi": "1.5", "ent_cnt": "3000",
        "scale_ent_cnt": "90", "employment": "40000", "export_yi": "6", "market_share_pct": "80", "key_flag": "true",
    },
    "cluster_entity": {
        "role": "1", "chain_pos": "02", "shared_factory": "true", "cloud_flag": "true", "join_date": "2020-01-01",
        "exit_date": "2024-01-01", "update_time": "2024-01-02 08:00:00",
    },
    "mu_evaluation": {
        "eval_year": "2023", "used_land_mu": "10", "paid_tax_wan": "300", "tax_per_mu_wan": "30", "mu_grade": "A", "eval_date": "2024-05-01",
    },
    "industrial_ent_month": {
        "period": "202401", "industry_code": "C3110", "output_value_k": "90000", "revenue_k": "80000", "profit_k": "5000",
        "rd_exp_k": "900", "employees": "1200", "energy_tce": "900", "elec_kwh": "4000000", "ent_scale": "L",
    },
    "chain_link": {
        "up_uscc": "91130102MA07K0QX8P", "down_uscc": "91130104MA07K0QX8P", "product": "3101", "amount_wan": "500", "is_local": "true",
        "risk_level": "H", "valid_from": "2023-01-01", "valid_to": "2024-12-31", "update_time": "2024-01-01 08:00:00",
    },
    "crop_output": {
        "crop_code": "010100", "year": "2024", "season": "1", "sown_ha": "100", "output_t": "600", "yield_kg_mu": "400", "damaged_ha": "5",
        "report_time": "2024-07-01 08:00:00",
    },
    "agri_subsidy": {
        "bank_account": "6228480000000000000", "subsidy_code": "NB01", "area_mu": "5", "amount": "500", "payment_date": "2024-05-01",
        "division_code": "130102", "town_code": "130102001", "update_time": "2024-05-01 18:00:00",
    },
    "agri_entity": {
        "uscc": "93130102MA07K0QX8P", "entity_kind": "1", "demo_level": "1", "member_cnt": "12", "operated_mu": "900", "income_wan": "300",
    },
    "customs_trade": {
        "period": "202401", "ie_flag": "E", "hs_code": "72142000", "country_code": "JPN", "trade_mode": "0110", "value_usd": "10000",
        "value_cny": "71000", "trade_qty": "20000", "customs_unit": "035", "customs_port": "0402", "division_code": "130102",
    },
    "retail_month": {
        "period": "202401", "industry_code": "F5211", "retail_k": "9000", "online_retail_k": "1000", "employees": "60", "vintage_no": "1",
        "goods_class": '{"粮油食品": 4000, "日用品": 5000}',
    },
    "tour_visit": {
        "scenic_id": "A13130102001", "scenic_level": "5", "visitors": "800", "ticket_rev": "40000", "capacity_day": "1000",
        "overload_flag": "false",
    },
    "voucher_redeem": {
        "period": "202401", "voucher_kind": "01", "issued_yuan": "90000", "redeemed_yuan": "50000", "redeemed_cnt": "1000",
        "driven_yuan": "300000",
    },
    "elder_org": {
        "org_id": "YL1301020001", "beds": "100", "nursing_beds": "60", "residents": "70", "star": "3", "lon": "114.5", "lat": "38.0",
        "division_code": "130102", "fire_ok": "true",
    },
    "elder_subsidy": {
        "id_no": _ID, "period": "202401", "subsidy_type": "03", "birth_date": "1940-01-01", "ability_level": "3", "amount": "300",
    },
    "infectious_report": {
        "disease_code": "J11", "onset_date": "2024-01-02", "diag_time": "2024-01-03 09:00:00", "report_time": "2024-01-03 10:00:00",
        "case_type": "3", "report_org": "130102001", "revised_flag": "true", "update_time": "2024-01-04 10:00:00",
    },
    "policy_document": {
        "policy_no": "冀政发〔2023〕3号", "written_date": "2023-05-01", "publish_date": "2023-05-05", "effect_date": "2023-06-01",
        "expire_date": "2028-05-31", "policy_status": "1", "supersedes": "冀政发〔2013〕3号", "update_time": "2024-01-01 08:00:00",
        "source_url": "https://www.hebei.gov.cn/a/b.html",
    },
    "policy_clause": {
        "support_type": "1", "amount_rule": "每户20万元", "auto_flag": "true", "window_from": "2024-01-01", "window_to": "2024-12-31",
        "cond_expr": '[{"item": "reg_status", "op": "eq", "value": "1"}]', "data_needs": '["market_entity.reg_status"]',
    },
    "supervise_task": {
        "due_date": "2024-03-31", "progress_pct": "100", "task_status": "3", "feedback_time": "2024-03-30 09:00:00",
        "evidence_url": "https://www.hebei.gov.cn/e", "update_time": "2024-03-30 10:00:00",
    },
}  # fmt: skip
BAD: dict[str, dict[str, Cells]] = {
    "cluster_month": {
        "cluster_id_form": {"cluster_id": "131125"}, "cluster_name_is_chinese": {"cluster_name": "Anping"}, "period_is_yyyymm": {"period": "2024-01"},
        "revenue_not_in_wan": {"revenue_yi": "500000"}, "share_within_hundred": {"market_share_pct": "101"}, "tax_within_revenue": {"tax_yi": "50.01"},
        "scale_firms_within_firms": {"scale_ent_cnt": "3001"}, "export_within_revenue": {"export_yi": "51"}, "each_firm_employs": {"employment": "2999"},
        "key_cluster_has_scale_firms": {"scale_ent_cnt": "0"}, "tax_rate_plausible": {"tax_yi": "15"},
    },
    "cluster_entity": {
        "joined_since_monitoring": {"join_date": "1998-01-01"}, "exit_after_join": {"exit_date": "2019-12-31"},
        "updated_after_join": {"update_time": "2019-01-01 08:00:00"}, "leader_has_position": {"chain_pos": None},
        "exit_not_in_future": {"exit_date": "2025-01-01"}, "shared_factory_is_in_the_cloud": {"cloud_flag": "false"},
    },
    "mu_evaluation": {
        "eval_year_is_a_year": {"eval_year": "23年"}, "land_not_in_sqm": {"used_land_mu": "66666"}, "land_is_positive": {"used_land_mu": "0"},
        "ratio_is_tax_by_land": {"tax_per_mu_wan": "3"}, "no_tax_is_not_best": {"paid_tax_wan": "0"}, "evaluated_after_year": {"eval_date": "2023-12-30"},
    },
    "industrial_ent_month": {
        "period_is_yyyymm": {"period": "202413"}, "is_an_industrial_class": {"industry_code": "F5100"}, "revenue_not_in_yuan": {"revenue_k": "80000000"},
        "profit_within_revenue": {"profit_k": "80001"}, "research_within_revenue": {"rd_exp_k": "80001"}, "power_is_energy_too": {"energy_tce": "300"},
        "output_needs_power": {"elec_kwh": "0"}, "large_firms_have_staff": {"employees": "12"}, "micro_firms_have_few": {"ent_scale": "XS"},
        "revenue_follows_output": {"output_value_k": "80"},
    },
    "chain_link": {
        "product_is_of_the_catalogue": {"product": "钢材"}, "amount_not_in_yuan": {"amount_wan": "50000000"},
        "no_trade_with_oneself": {"down_uscc": "91130102MA07K0QX8P"}, "ends_after_start": {"valid_to": "2022-12-31"},
        "local_means_hebei": {"up_uscc": "91310102MA07K0QX8P"}, "high_risk_has_trade": {"amount_wan": "0"},
        "updated_after_start": {"update_time": "2022-12-31 08:00:00"},
    },
    "crop_output": {
        "year_has_four_digits": {"year": "24"}, "area_not_in_mu": {"sown_ha": "150000"}, "grain_yield_plausible": {"yield_kg_mu": "6000"},
        "damage_within_sown": {"damaged_ha": "101"}, "yield_is_output_by_area": {"yield_kg_mu": "402"},
        "output_needs_area": {"sown_ha": "0"}, "wheat_is_a_summer_crop": {"season": "2"}, "maize_is_an_autumn_crop": {"crop_code": "010200"},
        "not_reported_before_year": {"report_time": "2023-12-31 08:00:00"},
    },
    "agri_subsidy": {
        "account_is_a_card_number": {"bank_account": "无"}, "amount_not_zero_or_a_firms": {"amount": "0"}, "town_code_has_nine_digits": {"town_code": "130102"},
        "town_lies_in_county": {"town_code": "130104001"}, "land_subsidy_has_area": {"area_mu": None}, "rate_per_mu_plausible": {"amount": "1500"},
        "household_area_plausible": {"area_mu": "501"}, "paid_before_update": {"payment_date": "2024-05-02"},
    },
    "agri_entity": {
        "land_not_in_sqm": {"operated_mu": "600000"}, "income_not_in_yuan": {"income_wan": "3000000"}, "collective_has_n_code": {"entity_kind": "4"},
        "n_code_is_a_collective": {"uscc": "N2130102MF1234567D"}, "cooperative_has_five_members": {"member_cnt": "4"},
        "family_farm_is_a_household": {"entity_kind": "2", "member_cnt": "21"}, "model_entities_have_income": {"income_wan": None},
    },
    "customs_trade": {
        "period_is_yyyymm": {"period": "2024.1"}, "hs_code_has_eight_digits": {"hs_code": "7214200"}, "port_has_four_digits": {"customs_port": "402"},
        "both_currencies_agree": {"value_cny": "10000"}, "no_exports_to_china": {"country_code": "CHN"}, "value_has_quantity": {"trade_qty": "0"},
        "quantity_has_unit": {"customs_unit": None}, "one_month_of_one_firm_plausible": {"value_usd": "1000000001", "value_cny": "7100000000"},
        "market_purchase_is_export": {"trade_mode": "1039", "ie_flag": "I"}, "firm_is_of_hebei": {"division_code": "110101"},
    },
    "retail_month": {
        "period_is_yyyymm": {"period": "202400"}, "is_trade_or_catering": {"industry_code": "C3110"}, "retail_not_in_yuan": {"retail_k": "9000000"},
        "online_within_retail": {"online_retail_k": "9001"}, "goods_class_is_json": {"goods_class": "粮油4000"},
        "goods_within_retail": {"goods_class": '{"粮油食品": 4000, "日用品": 6000}'}, "retail_needs_staff": {"employees": "0"},
        "retail_per_person_plausible": {"employees": "1", "retail_k": "60000"}, "revision_follows_the_month": {"vintage_no": "13"},
    },
    "tour_visit": {
        "scenic_id_form": {"scenic_id": "130102001"}, "overload_is_flagged": {"visitors": "1001"}, "no_overload_without_excess": {"overload_flag": "true"},
        "visitors_not_thrice_capacity": {"visitors": "3001"}, "ticket_price_plausible": {"ticket_rev": "400001"},
        "no_revenue_without_visitors": {"visitors": "0"}, "high_levels_have_capacity": {"capacity_day": None},
    },
    "voucher_redeem": {
        "period_is_yyyymm": {"period": "2024Q1"}, "redeemed_not_in_fen": {"redeemed_yuan": "500000000"}, "driven_covers_redeemed": {"driven_yuan": "49999"},
        "count_needs_amount": {"redeemed_yuan": "0"}, "amount_needs_count": {"redeemed_cnt": "0"}, "face_value_plausible": {"redeemed_cnt": "10"},
        "leverage_plausible": {"driven_yuan": "5000001"},
    },
    "elder_org": {
        "org_id_form": {"org_id": "0001"}, "beds_plausible": {"beds": "5001"}, "longitude_in_hebei": {"lon": "38.0"}, "latitude_in_hebei": {"lat": "114.5"},
        "nursing_beds_within_beds": {"nursing_beds": "101"}, "residents_within_beds": {"residents": "101"}, "rated_homes_are_fire_safe": {"fire_ok": "false"},
        "unsafe_homes_have_few_residents": {"fire_ok": "false"}, "id_carries_the_county": {"division_code": "130104"},
    },
    "elder_subsidy": {
        "period_is_yyyymm": {"period": "24-01"}, "monthly_amount_plausible": {"amount": "3600"}, "recipient_is_sixty": {"birth_date": "1964-02-01"},
        "old_age_allowance_from_eighty": {"subsidy_type": "01", "birth_date": "1944-02-01"}, "birth_date_is_that_of_the_id": {"birth_date": "1940-01-02"},
        "care_subsidy_needs_assessment": {"ability_level": None}, "care_subsidy_for_the_disabled": {"ability_level": "1"},
    },
    "infectious_report": {
        "report_org_has_code": {"report_org": "某医院"}, "diagnosed_after_onset": {"onset_date": "2024-01-04"},
        "reported_after_diagnosis": {"report_time": "2024-01-03 08:59:59"},
        "class_a_within_two_hours": {"disease_code": "A00", "report_time": "2024-01-03 11:00:01"},
        "others_within_a_day": {"report_time": "2024-01-04 09:00:01"}, "revision_comes_after_report": {"update_time": "2024-01-03 10:00:00"},
        "onset_not_years_before": {"onset_date": "2023-01-02"},
    },
    "policy_document": {
        "policy_no_has_year_and_number": {"policy_no": "冀政发[2023]第3号"}, "source_is_a_government_site": {"source_url": "https://example.com/gov.cn"},
        "published_after_written": {"publish_date": "2023-04-30"}, "takes_effect_after_written": {"effect_date": "2023-04-30"},
        "expires_after_effect": {"expire_date": "2023-05-31"}, "expired_has_a_date": {"policy_status": "3", "expire_date": None},
        "in_force_is_not_past": {"expire_date": "2023-12-31"}, "no_document_supersedes_itself": {"supersedes": "冀政发〔2023〕3号"},
        "year_of_number_is_year_of_writing": {"policy_no": "冀政发〔2013〕8号"},
    },
    "policy_clause": {
        "window_ends_after_it_opens": {"window_to": "2023-12-31"}, "automatic_needs_conditions": {"cond_expr": None},
        "conditions_are_json": {"cond_expr": "规模以上"}, "conditions_are_complete": {"cond_expr": '[{"item": "reg_status", "op": "like", "value": "1"}]'},
        "data_needs_are_json": {"data_needs": "营业执照"}, "automatic_names_its_data": {"data_needs": None}, "money_has_a_rule": {"amount_rule": None},
    },
    "supervise_task": {
        "progress_within_hundred": {"progress_pct": "101"}, "done_means_hundred": {"progress_pct": "99"}, "not_begun_means_zero": {"task_status": "1"},
        "done_has_feedback": {"feedback_time": None}, "done_has_evidence": {"evidence_url": None}, "overdue_is_past_due": {"task_status": "4"},
        "past_due_is_overdue": {"task_status": "2", "due_date": "2024-03-22"}, "feedback_before_update": {"feedback_time": "2024-03-30 10:00:01"},
    },
}  # fmt: skip
