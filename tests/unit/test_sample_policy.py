"""Policy documents, clauses and tasks: what is cited is there, who replaced whom, which stories are told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sample_parts import Row, clean_rows_of, keys_of, province_of, rows_of
from yishu.contract.load import load_project
from yishu.sample import policy_doc
from yishu.sample.province import Province

_DATASETS = ("policy_document", "policy_clause", "supervise_task")


@pytest.fixture(scope="module")
def province() -> Province:
    return province_of(load_project(Path(__file__).parents[2]), _DATASETS)


@pytest.fixture(scope="module")
def documents(province: Province) -> list[list[Row]]:
    return [rows_of(extract) for extract in policy_doc.documents(province)]


@pytest.fixture(scope="module")
def clauses(province: Province) -> list[Row]:
    return rows_of(*policy_doc.clauses(province))


def test_documents_have_numbers_of_their_own_and_dates_in_order(documents: list[list[Row]]) -> None:
    first, second = documents
    assert len({row["policy_id"] for row in first}) == len(first) == 500
    numbers = [row["policy_no"] for row in first if row["policy_no"]]
    assert len(set(numbers)) == len(numbers) < len(first)
    for row in first + second:
        assert row["written_date"] <= row["publish_date"] <= row["update_time"][:10]
        assert row["policy_status"] not in "23" or row["expire_date"] < row["update_time"][:10]
        assert row["issuer_name"].startswith("河北省") and row["issuer_name"] in row["policy_title"]
    assert {row["policy_status"] for row in first} == {"1", "2", "3", "4"}


def test_a_department_issues_nothing_before_it_is_there_or_after_its_end(documents: list[list[Row]]) -> None:
    before = {row["written_date"] for row in documents[0] if row["issuer_name"] == "河北省政务服务管理办公室"}
    since = {row["written_date"] for row in documents[0] if row["issuer_name"] == "河北省数据和政务服务局"}
    assert min(before) >= "2018-10-29" and max(before) <= "2023-12-31" < min(since)


def test_what_is_replaced_is_known_and_says_so_but_for_one(documents: list[list[Row]]) -> None:
    first, second = documents
    old = {row["policy_no"]: row for row in first if row["policy_no"]}
    replaced = [(row, old[row["supersedes"]]) for row in first if row["supersedes"]]
    assert len(replaced) > 10
    for newer, older in replaced:
        assert older["issuer_code"] == newer["issuer_code"]
        assert older["policy_status"] == "3" or newer["effect_date"] > "2024-12-29"
    *new, changed = second
    assert changed["policy_no"] == new[1]["supersedes"] and changed["policy_status"] == "3"
    assert old[new[0]["supersedes"]]["policy_status"] == "1"


def test_clauses_rest_on_documents_without_faults_and_come_from_nine_departments(
    province: Province, clauses: list[Row]
) -> None:
    clean = {row["policy_id"]: row for row in clean_rows_of(next(iter(policy_doc.documents(province))))}
    assert len({extract.department for extract in policy_doc.clauses(province)}) == 9
    for row in clauses:
        assert row["dept_code"] == clean[row["policy_id"]]["issuer_code"]
        assert row["window_from"] <= row["window_to"]
        for text in (row["cond_expr"], row["data_needs"]):
            assert text is None or json.loads(text)
    unasked = [row for row in clauses if row["auto_flag"] == "1"]
    assert len(unasked) == 12
    assert all(row["cond_expr"] and row["window_from"] < "2025-01-01" < row["window_to"] for row in unasked)


def test_tasks_tell_how_they_stood_and_move_on(province: Province) -> None:
    first, second = (rows_of(extract) for extract in policy_doc.tasks(province))
    before = {row["task_id"]: row for row in first}
    assert set(before) & {row["task_id"] for row in second}
    for row in first + second:
        assert (row["task_status"] == "3") == (row["progress_pct"] == "100.00") == (row["evidence_url"] is not None)
        assert row["task_status"] != "4" or row["due_date"] < row["update_time"][:10]
    for row in second:
        assert row["task_id"] not in before or before[row["task_id"]]["update_time"] < row["update_time"]
    assert {row["task_status"] for row in first} == {"1", "2", "3", "4"}


def test_the_stories_stand_in_rows_without_faults(province: Province) -> None:
    cases = list(policy_doc.cases(province))
    papers = {row["policy_id"]: row for row in clean_rows_of(*policy_doc.documents(province))}
    granted = {row["clause_id"]: row for row in clean_rows_of(*policy_doc.clauses(province))}
    done = {row["task_id"]: row for row in clean_rows_of(*policy_doc.tasks(province))}
    citing = {"document": papers, "clause": granted, "task": done}
    stale = keys_of(cases, "policy_doc.cited_invalid_policy")
    assert {key["citing_kind"] for key in stale} == set(citing)
    for key in stale:
        row, cited = citing[key["citing_kind"]][key["citing_id"]], papers[key["policy_id"]]
        assert row.get("policy_id") == key["policy_id"] or cited["policy_no"] in row["body_md"]
    assert all(key["clause_id"] in granted for key in keys_of(cases, "policy_doc.auto_benefit"))
    (late,) = keys_of(cases, "policy_doc.quarterly_supervision_score")
    rows = [row for row in rows_of(next(iter(policy_doc.tasks(province)))) if row["dept_code"] == late["dept_code"]]
    third = [row for row in rows if re.match("2024-0[789]", row["due_date"])]
    assert sum(row["task_status"] != "3" for row in third) == int(late["overdue"]) > 0
