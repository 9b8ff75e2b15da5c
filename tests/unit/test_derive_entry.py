"""A dataset or mart → its catalogue entry."""

from __future__ import annotations

import json

from derive_case import MARTS, PENSION, PERSON, project

from yishu.derive.entry import entry
from yishu.derive.suite import suite


def test_an_entry_names_owner_supplier_source_and_standards() -> None:
    found = entry(PERSON, project())
    assert (found["name"], found["title"], found["database"], found["owner"]) == ("person", "人口信息", "people", "省公安厅")
    assert (found["system"], found["key"], found["mode"], found["cycle"]) == ("人口系统", ["id_no"], "history", "daily")
    assert found["suppliers"][0]["code"] == "11130000000210404P"
    assert found["standards"] == ["GB 11643-1999", "GB/T 2260"]
    assert found["grade"] == "general-4"


def test_an_element_is_authoritative_in_its_one_source_only() -> None:
    def authority(table: str) -> dict[str, tuple[str | None, bool]]:
        found = entry(project().datasets[table], project())["elements"]
        return {e["name"]: (e["source"], e["authoritative"]) for e in found}

    assert authority("person")["citizen_id"] == ("person", True)
    assert authority("pension")["citizen_id"] == ("person", False)


def test_a_field_says_how_gold_shows_it_and_what_its_token_joins_with() -> None:
    fields = {f["name"]: f for f in entry(PERSON, project())["fields"]}
    shown = {n: (f["mask"], f["token"], f["token_domain"]) for n, f in fields.items() if f["mask"]}
    assert shown == {
        "id_no": ("id", "id_no_token", "citizen_id"), "name": ("name", None, None), "birth_date": ("suppress", None, None),
        "phone": ("phone", "phone_token", "phone"),
    }  # fmt: skip


def test_the_rules_are_those_of_the_suite_in_its_order() -> None:
    names = [r["name"] for r in entry(PENSION, project())["rules"]]
    assert names == [e["meta"]["yishu"]["rule"] for e in suite(PENSION, project())["expectations"]]


def test_up_and_downstream_follow_the_marts_also_through_the_base_table() -> None:
    person = entry(PERSON, project())
    assert person["upstream"] == ["bronze.person"]
    assert person["downstream"] == ["people.person", "people.z_count", "work.paid"]
    count = entry(project().marts["people.z_count"], project())
    assert (count["upstream"], count["downstream"]) == (["dim.division", "silver.person"], ["people.a_share", "work.paid"])


def test_what_may_not_be_shared_has_no_table_in_gold() -> None:
    found = entry(PENSION, project())
    assert found["table"] is None and found["downstream"] == ["work.paid"]
    assert found["目录"]["共享类型"] == {"代码": "3", "名称": "不予共享"} and found["目录"]["共享方式"] == []


def test_a_mart_is_shared_no_more_freely_than_its_inputs() -> None:
    sharing = {m.table: entry(m, project())["sharing"] for m in MARTS}
    assert sharing == {
        "dim.division": "unconditional", "people.z_count": "conditional", "people.a_share": "conditional",
        "work.paid": "conditional",
    }  # fmt: skip


def test_the_catalogue_record_speaks_the_standard_s_words() -> None:
    record = entry(PERSON, project())["目录"]
    assert list(record) == [
        "信息资源分类", "信息资源名称", "信息资源代码", "信息资源提供方", "信息资源提供方代码", "信息资源摘要", "信息资源格式", "信息项信息",
        "共享类型", "共享条件", "共享方式", "是否向社会开放", "开放条件", "更新周期", "发布日期", "关联资源代码",
    ]  # fmt: skip
    assert record["信息资源分类"] == [{"代码": "1", "名称": "基础信息资源/基础库/人口库"}]
    assert (record["信息资源提供方"], record["信息资源提供方代码"]) == ("省公安厅", "11130000000210404P")
    assert record["更新周期"] == {"代码": "2", "名称": "每日"}
    assert len(record["信息项信息"]) == len(PERSON.fields)
    assert record["信息项信息"][0]["数据类型"] == "字符型C" and record["信息项信息"][0]["长度"] == 18
    assert entry(PENSION, project())["目录"]["关联资源代码"] == ["102001/000001"]


def test_an_entry_holds_no_run_facts_and_no_place() -> None:
    text = json.dumps([entry(t, project()) for t in (PERSON, PENSION, *MARTS)], ensure_ascii=False)
    assert json.loads(text)[0]["目录"]["发布日期"] is None
    assert "/nowhere" not in text and "schemas/" not in text
