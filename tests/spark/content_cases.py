"""For each basic dataset one row that is right, and for each rule that its contract adds what makes that row wrong."""

from __future__ import annotations

Cells = dict[str, str | None]

_FIRM, _OTHER = "91110000600037341L", "91130102PKL5K0TG2B"
_HE, _SHE = "130682199307264113", "130205194803084907"
_TYPE = "11100000000013338W011"
_STAMP = "2024-12-30 09:00:00"

GOOD: dict[str, Cells] = {
    "macro_indicator_obs": {
        "period": "2024-03", "period_type": "Q", "value": "100.5", "yoy_pct": "5.1", "cum_value": "100.5", "vintage_no": "1",
        "release_date": "2024-04-17", "data_status": "P",
    },
    "macro_indicator_meta": {
        "indicator_code": "A01002", "definition": "第一产业在报告期内的增加值", "parent_code": "A01001", "valid_from": "2018-01-01",
        "valid_to": "2024-12-31",
    },
    "leading_indicator_day": {
        "stat_date": "2025-01-08", "metric": "elec_kwh", "unit": "千瓦时", "batch_id": "B20250109001",
        "report_time": "2025-01-09 08:00:00",
    },
    "market_entity": {
        "entity_name": "石家庄瑞丰商贸有限公司", "legal_rep_name": "张三", "reg_capital_wan": "500", "est_date": "2012-05-01",
        "reg_status": "1", "reg_address": "河北省石家庄市长安区中山东路1号", "contact_phone": "13800138000", "update_time": _STAMP,
    },
    "entity_shareholder": {
        "uscc": _FIRM, "shareholder_id": _OTHER, "shareholder_type": "2", "sub_capital_wan": "100", "paid_capital_wan": "100",
        "ratio_pct": "100", "eff_date": "2020-01-01", "end_date": "2024-01-01", "change_type": "05",
    },
    "entity_social_insurance": {
        "period": "202412", "insured_cnt": "10", "base_amt": "50000", "payable_amt": "12000", "paid_amt": "11000",
        "arrears_amt": "1000", "pay_date": "2024-12-20",
    },
    "person_base": {
        "id_no": _HE, "name": "阿卜杜拉·买买提", "sex_code": "1", "birth_date": "1993-07-26", "alive_flag": "1", "death_date": None,
        "update_time": _STAMP,
    },
    "marriage_reg": {
        "reg_type": "1", "a_id_no": _HE, "b_id_no": _SHE, "reg_date": "2020-05-20", "a_marital": "21", "b_marital": "22",
        "update_time": _STAMP,
    },
    "education_record": {
        "id_no": _HE, "school_code": "1301021234", "stage": "20", "enroll_date": "2011-09-01", "grad_date": "2015-06-20",
        "status": "02", "major_code": "080901",
    },
    "licence_type": {
        "type_code": _TYPE, "type_name": "食品经营许可证（副本）", "define_authority": _TYPE[:18], "valid_rule": "5年",
        "template_ver": "1.0",
    },
    "licence": {
        "licence_id": f"1.2.156.3005.2.{_TYPE}.11430000006122244L.20230000403.001.U", "type_code": _TYPE, "holder_id_type": "001",
        "holder_id_no": _FIRM, "issuer_code": "11430000006122244L", "issue_date": "2023-01-01", "valid_from": "2023-01-01",
        "valid_to": "2027-12-31", "status": "1", "version_no": "001", "file_sm3": "0123456789abcdef" * 4, "update_time": _STAMP,
    },
    "land_use_parcel": {
        "division_code": "130102", "village_code": "1301020010010000000", "land_class": "0101", "area_sqm": "1000.5",
        "slope_class": "1", "cons_zone": "11", "centroid_lon": "114.5", "centroid_lat": "38.04", "survey_year": "2024",
    },
    "land_supply": {
        "electronic_no": "1301022024B0000001", "land_use": "0601", "area_ha": "3.5", "price_wan": "1200", "supply_mode": "5",
        "sign_date": "2024-01-10", "plot_ratio_max": "1.5", "start_date": "2024-06-01", "finish_date": "2026-06-01",
        "update_time": _STAMP,
    },
    "mining_right": {
        "right_no": "C132012000000001", "right_type": "2", "mineral_code": "22001", "area_km2": "1.5", "valid_from": "2012-01-01",
        "valid_to": "2032-01-01", "scale": "小型", "status": "1", "update_time": _STAMP,
    },
    "credit_record": {
        "record_kind": "02", "doc_no": "冀罚〔2024〕12号", "decide_date": "2024-03-01", "valid_to": "2027-03-01", "penalty_type": "03",
        "penalty_amt": "5", "repaired_flag": "1", "repaired_date": "2024-09-01",
    },
    "credit_score": {
        "eval_period": "2024Q4", "score": "58", "grade": "C-", "grade4": "C", "model_version": "2023.1",
        "indicator_json": '{"L1_1": 58}', "main_reason": "年度报告逾期", "eval_time": "2025-01-09 10:00:00",
    },
}  # fmt: skip

BAD: dict[str, dict[str, Cells]] = {
    "macro_indicator_obs": {
        "period_is_a_month": {"period": "2024.3"}, "quarter_ends_in_its_last_month": {"period": "2024-02"},
        "year_ends_in_december": {"period_type": "Y"}, "final_has_value": {"data_status": "F", "value": None},
        "yoy_plausible": {"yoy_pct": "-100.5"}, "first_vintage_not_revised": {"data_status": "R"},
        "released_after_period_begins": {"release_date": "2024-02-29"}, "cumulative_not_below_current": {"cum_value": "100.4"},
        "population_does_not_jump": {"indicator_code": "A09001", "yoy_pct": "-6.6"},
    },
    "macro_indicator_meta": {
        "indicator_code_form": {"indicator_code": "GDP"}, "definition_says_something": {"definition": "无解释"},
        "valid_to_not_before_valid_from": {"valid_to": "2017-12-31"}, "not_its_own_parent": {"parent_code": "A01002"},
    },
    "leading_indicator_day": {
        "batch_id_form": {"batch_id": "第1批"}, "unit_of_metric": {"unit": "吨"},
        "reported_after_the_day": {"report_time": "2025-01-07 23:59:59"},
        "reported_within_a_month": {"report_time": "2025-02-08 08:00:00"},
    },
    "market_entity": {
        "entity_name_no_placeholder": {"entity_name": "测试企业"}, "active_entity_has_representative": {"legal_rep_name": None},
        "capital_not_in_yuan": {"reg_capital_wan": "10000001"}, "address_has_digits_or_words": {"reg_address": "本市"},
        "phone_form": {"contact_phone": "12345"}, "updated_after_establishment": {"update_time": "2012-04-30 09:00:00"},
    },
    "entity_shareholder": {
        "ratio_is_a_percentage": {"ratio_pct": "100.0001"}, "end_not_before_start": {"end_date": "2019-12-31"},
        "paid_within_subscribed": {"paid_capital_wan": "100.01"}, "not_its_own_shareholder": {"shareholder_id": _FIRM},
        "legal_person_has_uscc": {"shareholder_id": _OTHER[:-1] + "1"}, "leaving_has_end_date": {"end_date": None},
    },
    "entity_social_insurance": {
        "period_is_yyyymm": {"period": "202413"}, "insured_count_plausible": {"insured_cnt": "500001"},
        "payable_is_paid_plus_arrears": {"paid_amt": "10999.99"}, "base_covers_payable": {"base_amt": "50"},
        "arrears_within_payable": {"arrears_amt": "12000.01"}, "paid_has_date": {"pay_date": None},
        "paid_not_before_period": {"pay_date": "2024-09-30"},
    },
    "person_base": {
        "name_is_a_name": {"name": "张3"}, "death_not_before_birth": {"alive_flag": "0", "death_date": "1993-07-25"},
        "dead_have_death_date": {"alive_flag": "0"}, "living_have_no_death_date": {"death_date": "2024-01-01"},
        "updated_after_birth": {"update_time": "1993-07-25 00:00:00"}, "birth_matches_id_no": {"birth_date": "1993-07-27"},
        "sex_matches_id_no": {"sex_code": "2"}, "not_older_than_130": {"birth_date": "1894-12-29"},
    },
    "marriage_reg": {
        "a_married_after_marriage": {"a_marital": "40"}, "b_married_after_marriage": {"b_marital": "10"},
        "a_divorced_after_divorce": {"reg_type": "2", "a_marital": "20", "b_marital": "40"},
        "b_divorced_after_divorce": {"reg_type": "2", "a_marital": "40", "b_marital": "30"},
        "two_different_persons": {"b_id_no": _HE}, "a_of_legal_age": {"reg_date": "2013-07-25"},
        "b_of_legal_age": {"reg_date": "1968-03-07"}, "updated_after_registration": {"update_time": "2020-05-19 12:00:00"},
    },
    "education_record": {
        "school_code_form": {"school_code": "13010212"}, "major_code_form": {"major_code": "计算机"},
        "graduated_after_enrolment": {"grad_date": "2011-08-31"}, "graduates_have_date": {"grad_date": None},
        "students_have_no_graduation": {"status": "01"}, "higher_education_has_major": {"major_code": None},
        "old_enough_to_enrol": {"enroll_date": "1998-07-25"},
    },
    "licence_type": {
        "type_code_form": {"type_code": _TYPE[:20]}, "type_name_says_document": {"type_name": "食品经营"},
        "valid_rule_form": {"valid_rule": "五年"}, "template_version_form": {"template_ver": "最新"},
        "type_code_begins_with_authority": {"define_authority": "11430000006122244L"},
    },
    "licence": {
        "issuer_is_uscc": {"issuer_code": "340100"}, "version_form": {"version_no": "V1"}, "sm3_form": {"file_sm3": "0" * 63},
        "valid_to_not_before_valid_from": {"valid_to": "2022-12-31"},
        "person_holder_id": {"holder_id_type": "111", "holder_id_no": _HE[:-1] + "1"},
        "entity_holder_uscc": {"holder_id_no": _FIRM[:-1] + "M"}, "id_names_its_type": {"type_code": _TYPE[:18] + "009"},
        "expired_not_valid": {"valid_to": "2024-12-29"}, "updated_after_issue": {"update_time": "2022-12-31 10:00:00"},
    },
    "land_use_parcel": {
        "village_code_form": {"village_code": "130102001001"}, "area_plausible": {"area_sqm": "0"},
        "longitude_in_hebei": {"centroid_lon": "38.04"}, "latitude_in_hebei": {"centroid_lat": "114.5"},
        "survey_year_form": {"survey_year": "24"}, "village_in_county": {"division_code": "130104"},
        "farmland_in_farmland_zone": {"land_class": "0701"}, "farmland_has_slope": {"slope_class": None},
    },
    "land_supply": {
        "electronic_no_form": {"electronic_no": "待补"}, "area_plausible": {"area_ha": "2000.1"}, "plot_ratio_plausible": {"plot_ratio_max": "150"},
        "start_not_before_signing": {"start_date": "2024-01-09"}, "finish_not_before_start": {"finish_date": "2024-05-31"},
        "sold_land_has_price": {"price_wan": None}, "price_not_in_yuan": {"price_wan": "12000000"},
        "built_land_only": {"land_use": "0101"}, "updated_after_signing": {"update_time": "2024-01-09 17:00:00"},
    },
    "mining_right": {
        "right_no_form": {"right_no": "C-2012-1"}, "mineral_code_form": {"mineral_code": "铁矿"}, "area_plausible": {"area_km2": "5000.1"},
        "valid_to_not_before_valid_from": {"valid_to": "2011-12-31"}, "letter_fits_type": {"right_type": "1"},
        "mines_have_scale": {"scale": None}, "expired_not_valid": {"valid_to": "2024-12-29"},
        "term_within_thirty_years": {"valid_to": "2042-01-02"},
    },
    "credit_record": {
        "doc_no_has_year": {"doc_no": "冀罚12号"}, "penalty_not_in_yuan": {"penalty_amt": "100000.01"},
        "valid_to_not_before_decision": {"valid_to": "2024-02-29"}, "penalty_has_type": {"penalty_type": None},
        "only_penalties_have_amounts": {"record_kind": "03"}, "fine_has_amount": {"penalty_amt": None},
        "repaired_has_date": {"repaired_date": None}, "repaired_after_decision": {"repaired_date": "2024-02-29"},
        "permits_are_not_repaired": {"record_kind": "01"},
    },
    "credit_score": {
        "period_is_a_quarter": {"eval_period": "2024Q5"}, "score_in_range": {"score": "100.01"},
        "model_version_form": {"model_version": "最新版"}, "indicators_are_an_object": {"indicator_json": "58"},
        "grade_within_grade4": {"grade": "B-"}, "low_grade_has_reason": {"main_reason": None},
        "evaluated_after_period_begins": {"eval_time": "2024-09-30 23:59:59"},
    },
}  # fmt: skip
