"""A person's word on bad rows: fix, waive, replay; each kept with who, when and why, and it holds when all is made anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from filled_sheets import counts
from small_lake import HEADER, SmallLake
from yishu.errors import UsageError
from yishu.flow import decisions, quarantine
from yishu.flow.cases import Because
from yishu.lake.ledger import Case, Delivery

ME = Because("李工", "电话核实")
JAN, AT = "2025-01", "2025-01-01 08:00:00"
BAD = [("a", 1, "R", AT), ("b", "x", "R", AT), ("c", 3, "Y", AT), ("", 4, "G", AT), ("e", 5, "Y", AT), ("f", 6, "G", AT), ("g", 7, "G", AT)]
"""Row 2 has no number, 3 and 5 a code that is not listed, 4 no key."""
CODE = "codelist:colour"


def first(small: SmallLake, dataset: str = "firm") -> Delivery:
    return small.lake.ledger.deliveries(dataset=dataset)[0]


def cases(small: SmallLake) -> dict[int, tuple[str, str, str, str]]:
    found: list[Case] = small.lake.ledger.cases(first(small).id)
    assert all(case.at for case in found)
    return {c.row: (c.state, c.settled_by, c.actor, c.reason) for c in found}


@pytest.fixture
def bad(small: SmallLake) -> SmallLake:
    small.drop("firm", JAN, BAD)
    small.run()
    decisions.release(small.lake, first(small).id, ME)
    small.run()
    assert counts(first(small)) == (7, 3, 0, 4, 0)
    return small


def test_a_row_is_fixed_from_the_command_line_as_in_a_sheet(bad: SmallLake) -> None:
    fixed = quarantine.fix(bad.lake, first(bad).id, "2", {"金额": "2.5", "colour": "B"}, ME)
    assert (fixed.state, fixed.corrects) == ("waiting", first(bad).id)
    assert not bad.run().errors
    done = bad.lake.ledger.delivery(fixed.id)
    assert (done.state, counts(done), counts(first(bad))) == ("accepted", (1, 1, 0, 0, 0), (7, 3, 0, 3, 1))
    assert ("b", "2.50", "B") in bad.rows("silver.firm", "id", "amount", "colour")
    assert cases(bad) == {2: ("fixed", fixed.id, "李工", "电话核实")}
    assert [d.verb for d in bad.lake.ledger.decisions(fixed.id)] == ["fix"]
    for row, change, told in (("1", {"金额": "2"}, "bad row"), ("2", {"金额": "2"}, "bad row"), ("4", {"数量": "2"}, "no column")):
        with pytest.raises(UsageError, match=told):
            quarantine.fix(bad.lake, first(bad).id, row, change, ME)


def test_what_silver_cannot_hold_is_not_waived(bad: SmallLake) -> None:
    before = len(bad.lake.ledger.decisions(first(bad).id))
    for rows, rule, told in ((["2"], None, "type:amount"), (["4"], None, "required:id"), ([], "required:id", "required:id"), ([], "nothing", CODE)):
        with pytest.raises(UsageError) as refused:
            quarantine.waive(bad.lake, bad.open_spark, first(bad).id, rows, rule, ME)
        assert told in str(refused.value)
    assert cases(bad) == {} and len(bad.lake.ledger.decisions(first(bad).id)) == before


@pytest.mark.parametrize("by", ["row", "rule"])
def test_a_waived_row_joins_silver_and_stays_there_when_all_is_made_anew(bad: SmallLake, by: str) -> None:
    rows, rule = (["3"], None) if by == "row" else ([], CODE)
    waived, count = quarantine.waive(bad.lake, bad.open_spark, first(bad).id, rows, rule, ME)
    through = 1 if by == "row" else 2
    assert (count, counts(waived)) == (through, (7, 3 + through, 0, 4 - through, 0))
    expected = [("a", "R"), ("c", "Y"), *([("e", "Y")] if by == "rule" else []), ("f", "G"), ("g", "G")]
    assert bad.rows("silver.firm", "id", "colour") == expected
    assert cases(bad) == dict.fromkeys((3, 5)[:through], ("waived", "waive", "李工", "电话核实"))
    for target in (first(bad).id, "firm"):
        decisions.reprocess(bad.lake, target, ME)
        assert not bad.run().errors
        assert (bad.rows("silver.firm", "id", "colour"), counts(first(bad))) == (expected, (7, 3 + through, 0, 4 - through, 0))
    assert bad.lake.ledger.verify_audit()
    told = [json.loads(row.detail) for row in bad.lake.ledger.audit_rows(first(bad).id) if row.action == "case"]
    assert told == [{"state": "waived", "by": "waive", "reason": "电话核实", "count": through, "rows": [["firm.csv", r] for r in (3, 5)[:through]]}]


def test_a_held_delivery_is_asked_for_again_without_what_was_waived(small: SmallLake) -> None:
    small.drop("firm", JAN, [("a", 1, "R", AT), ("b", 2, "Y", AT), ("c", 3, "Y", AT), ("d", "x", "R", AT), ("e", 1, "R", AT)])
    small.run()
    assert first(small).state == "held"
    waiting, _ = quarantine.waive(small.lake, small.open_spark, first(small).id, ["2"], None, ME)
    assert waiting.state == "bronze"
    assert not small.run().errors
    assert (first(small).state, counts(first(small))) == ("accepted", (5, 3, 0, 2, 0))
    assert small.rows("silver.firm", "id") == [("a",), ("b",), ("e",)]


def test_rows_that_pass_since_a_code_list_grew_are_replayed_beside_corrections(bad: SmallLake) -> None:
    fixed = quarantine.fix(bad.lake, first(bad).id, "3", {"颜色": "Z"}, ME)
    bad.run()
    codes = bad.lake.project.codelists["colours"]
    codes.write_text(codes.read_text(encoding="utf-8") + "Y,黄\nZ,紫\n", encoding="utf-8")
    back = quarantine.replay(bad.lake, bad.open_spark, ["firm"], Because("王工", "新增颜色"))
    assert {d.id: counts(d) for d in back} == {first(bad).id: (7, 4, 0, 2, 1), fixed.id: (1, 1, 0, 0, 0)}
    assert bad.rows("silver.firm", "id", "colour") == [("a", "R"), ("c", "Z"), ("e", "Y"), ("f", "G"), ("g", "G")]
    assert cases(bad) == {3: ("replayed", "replay", "王工", "新增颜色"), 5: ("replayed", "replay", "王工", "新增颜色")}
    assert quarantine.replay(bad.lake, bad.open_spark, ["firm"], ME) == []


def test_the_command_line_fixes_waives_lists_and_shows(bad: SmallLake) -> None:
    settings = bad.lake.settings
    env = {k: v for k, v in os.environ.items() if not k.startswith("YISHU")} | {
        "YISHU_HOME": str(settings.home), "YISHU_PROJECT": str(settings.project), "YISHU_SPARK_MODE": "remote",
        "YISHU_SPARK_REMOTE": settings.spark.remote,
    }  # fmt: skip

    def yishu(*words: str, code: int = 0) -> str:
        done = subprocess.run([sys.executable, "-m", "yishu", *words], env=env, cwd=settings.home, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout or done.stderr

    mine = first(bad).id
    fixed = yishu("quarantine", "fix", mine, "firm.csv:2", "--set", "amount=2", "--reason", "笔误", "--by", "张三").split()[0]
    assert "2 still in quarantine" in yishu("quarantine", "waive", mine, "3", "5", "--reason", "已约定")
    yishu("run", "firm")
    told = json.loads(yishu("quarantine", "list", "--json"))["quarantine"]
    assert [(d["delivery"], d["rows"], d["rules"], d["cases"]) for d in told] == [(mine, 1, {"required:id": 1}, {"fixed": 1, "waived": 2})]
    shown = json.loads(yishu("quarantine", "show", mine, "--json"))
    assert {r["_row"]: r.get("_case", {}).get("state") for r in shown} == {4: None, 2: "fixed", 3: "waived", 5: "waived"}
    text = yishu("quarantine", "show", mine)
    assert f"row 2: fixed by {fixed}, 张三" in text and "笔误" in text
    assert "needs rows or a rule" in yishu("quarantine", "waive", mine, "--reason", "x", code=2)


assert HEADER == ("编号", "金额", "颜色", "时间")
