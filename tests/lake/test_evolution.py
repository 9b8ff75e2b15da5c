"""Contracts that change under a filled lake: from the verdict and the count, by nobody's or a person's word, to tables with their history."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from small_lake import SmallLake
from yishu.cli import main
from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.errors import DataError
from yishu.flow import agreed, decisions, pipeline, quarantine, restatement
from yishu.flow.cases import Because
from yishu.flow.plan import Planned, apply, plan
from yishu.lake import places
from yishu.lake.ledger import Delivery

ME = Because("王工", "标准修订")
JAN, FEB, MAR = "2025-01", "2025-02", "2025-03"
AMOUNT = "{name: amount, businessName: 金额, logicalType: number, physicalType: 'decimal(18,2)'}"
ID = "{name: id, businessName: 编号, logicalType: string, physicalType: varchar(10), required: true, primaryKey: true}"
NOTE = "{name: note, businessName: 备注, logicalType: string, physicalType: varchar(20)}"
AT_LEAST_2 = AMOUNT.replace("}", ", logicalTypeOptions: {minimum: 2}}")
LONG = "a-name-that-is-too-long"


def at(day: int) -> str:
    return f"2025-01-{day:02d} 08:00:00"


def change(small: SmallLake, dataset: str, *edits: tuple[str, str]) -> None:
    """Edit a contract; from here on the lake is another process's, which reads it anew."""
    file = small.lake.settings.project / "schemas" / "basic" / "toy" / f"{dataset}.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    project = load_project(small.lake.settings.project)
    assert check(project) == ()
    small.lake = dataclasses.replace(small.lake, project=project)


def planned(small: SmallLake, *targets: str) -> list[Planned]:
    """The plan, which changes nothing."""
    before = small.versions(), small.lake.ledger.deliveries(), small.lake.ledger.tables(), len(small.lake.ledger.audit_rows())
    found = plan(small.lake, small.open_spark, targets)
    after = small.versions(), small.lake.ledger.deliveries(), small.lake.ledger.tables(), len(small.lake.ledger.audit_rows())
    assert after == before
    assert not list(small.lake.ops("staging").glob("restate-*"))
    return found


def verdicts(found: list[Planned]) -> list[tuple[str, str, str]]:
    return [(c.kind, c.column, c.verdict) for p in found for c in p.changes]


def counts(delivery: Delivery) -> tuple[int, ...]:
    assert delivery.balance.balanced
    return dataclasses.astuple(delivery.balance)


def balances(small: SmallLake, dataset: str) -> list[tuple[int, ...]]:
    return [counts(d) for d in small.lake.ledger.deliveries(dataset=dataset, states={"accepted"})]


def of_version(small: SmallLake, table: str, version: int) -> list[dict[str, object]]:
    found = places.delta(small.lake.path(table))
    found.load_as_version(version)
    return sorted(found.to_pyarrow_table().to_pylist(), key=lambda row: (row["id"], row["_delivery"], row["_row"]))


def newest(small: SmallLake, table: str) -> int:
    return places.delta(small.lake.path(table)).version()


def applied_as_planned(small: SmallLake, dataset: str, **how: bool) -> Planned:
    """Apply, and find in the tables just what the plan had counted."""
    [before] = planned(small, dataset)
    [done] = apply(small.lake, small.open_spark, [dataset], ME, **how)
    assert done == before and before.count is not None
    count = before.count
    assert (len(small.rows(f"silver.{dataset}")), len(small.rows(f"quarantine.{dataset}"))) == (count.silver[1], count.quarantine[1])
    standing = balances(small, dataset)
    assert (sum(b[3] for b in standing), sum(b[2] for b in standing)) == (count.quarantine[1], count.duplicates[1])
    assert sum(b[0] for b in standing) == count.received
    assert [p for p in planned(small, dataset) if p.name == dataset] == []
    assert small.lake.ledger.verify_audit()
    return before


@pytest.fixture
def filled(small: SmallLake) -> Iterator[SmallLake]:
    small.drop("fact", JAN, [("a", "1.50", "R", at(1)), ("b", "2.00", "G", at(1)), ("c", "x", "B", at(1)), (LONG, 5, "B", at(1))])
    small.drop("fact", FEB, [("a", 3, "R", at(2)), ("d", 1, "G", at(2)), ("d", 1, "G", at(2))])
    assert not small.run().errors
    assert balances(small, "fact") == [(4, 2, 0, 2, 0), (3, 2, 1, 0, 0)]
    assert planned(small) == []
    yield small


def test_a_new_column_comes_with_the_next_run_and_moves_no_data(filled: SmallLake) -> None:
    version, files = newest(filled, "silver.fact"), sorted(filled.lake.silver("fact").rglob("*.parquet"))
    change(filled, "fact", (f"      - {AMOUNT}\n", f"      - {AMOUNT}\n      - {NOTE}\n"))
    found = planned(filled)
    assert verdicts(found) == [("column added", "note", "safe")]
    assert [p.tables for p in found] == [("silver.fact", "toy.fact", "toy.total", "toy.firms")] and found[0].count is None
    assert pipeline.pending(filled.lake) == ["toy"]
    assert not filled.run().errors
    assert filled.rows("silver.fact", "id", "note") == [("a", None), ("a", None), ("b", None), ("d", None)]
    assert sorted(filled.lake.silver("fact").rglob("*.parquet")) == files
    assert ("a", None) in filled.rows("toy.fact", "id", "note")
    assert "note" not in of_version(filled, "silver.fact", version)[0]
    assert planned(filled) == [] and pipeline.pending(filled.lake) == []
    filled.drop("fact", MAR, [("e", 1, "R", at(3), "新")], header=("编号", "金额", "颜色", "时间", "备注"))
    assert not filled.run().errors
    assert ("e", "新") in filled.rows("silver.fact", "id", "note")


def test_a_wider_type_comes_with_the_next_run_and_what_did_not_fit_on_a_word(filled: SmallLake) -> None:
    version = newest(filled, "silver.fact")
    change(filled, "fact", ("decimal(18,2)", "decimal(20,2)"), ("varchar(10)", "varchar(30)"))
    [found] = planned(filled)
    assert ("type widened", "amount", "safe") in verdicts([found]) and {v for _, _, v in verdicts([found])} == {"safe"}
    assert found.count is not None and (found.count.come, found.count.go, found.count.quarantine) == (1, 0, (2, 1))
    assert not filled.run().errors
    assert filled.rows("silver.fact", "id", "amount") == [("a", "1.50"), ("a", "3.00"), ("b", "2.00"), ("d", "1.00")]
    assert {f.name: str(f.type) for f in places.delta(filled.lake.silver("fact")).schema().fields}["amount"] == 'PrimitiveType("decimal(20,2)")'
    assert balances(filled, "fact") == [(4, 2, 0, 2, 0), (3, 2, 1, 0, 0)]
    assert len(of_version(filled, "silver.fact", version)) == 4
    filled.drop("fact", MAR, [("e", "1.2345", "R", at(3))])
    assert not filled.run().errors
    assert applied_as_planned(filled, "fact").count == dataclasses.replace(found.count, deliveries=3, received=8, silver=(5, 6))
    assert not filled.run().errors
    assert balances(filled, "fact") == [(4, 3, 0, 1, 0), (3, 2, 1, 0, 0), (1, 1, 0, 0, 0)]
    assert filled.rows("toy.total") == [(JAN, "8.50"), (FEB, "4.00"), (MAR, "1.23")]


def test_a_tighter_rule_judges_new_deliveries_at_once_and_the_past_on_a_word(filled: SmallLake) -> None:
    version = newest(filled, "silver.fact")
    change(filled, "fact", (AMOUNT, AT_LEAST_2))
    assert verdicts(planned(filled)) == [("rule added", "amount", "restatement")]
    filled.drop("fact", MAR, [("e", 1, "R", at(3)), ("f", 4, "R", at(3))])
    assert not filled.run().errors
    assert balances(filled, "fact") == [(4, 2, 0, 2, 0), (3, 2, 1, 0, 0), (2, 1, 0, 1, 0)]
    found = applied_as_planned(filled, "fact")
    assert found.count is not None and (found.count.come, found.count.go, found.count.quarantine) == (0, 2, (3, 6))
    assert found.tables == ("silver.fact", "quarantine.fact", "toy.fact", "toy.total", "toy.firms")
    first, second, _ = filled.lake.ledger.deliveries(dataset="fact")
    share = "问题行 {} 行，占 {}%，超过容忍度 50.00%"
    assert found.count.held == {first.id: share.format(3, "75.00"), second.id: share.format(2, "66.67")}
    assert [(d.verb, d.actor, d.reason) for d in filled.lake.ledger.decisions(second.id)] == [("restate", "王工", "标准修订")]
    assert (counts(second), second.receipt) == ((3, 1, 0, 2, 0), "")
    assert not filled.run().errors
    told = json.loads((filled.lake.settings.home / filled.lake.ledger.delivery(second.id).receipt / "receipt.json").read_text(encoding="utf-8"))
    assert [row["row"] for row in told["rows"]] == [2, 3]
    assert filled.rows("toy.total") == [(JAN, "2.00"), (FEB, "3.00"), (MAR, "4.00")]
    assert len(of_version(filled, "silver.fact", version)) == 4


def test_a_looser_rule_lets_rows_of_the_past_in(filled: SmallLake) -> None:
    codes = filled.lake.project.codelists["colours"]
    filled.drop("fact", MAR, [("e", 1, "Y", at(3)), ("f", 4, "R", at(3))])
    filled.run()
    codes.write_text(codes.read_text(encoding="utf-8") + "Y,黄\n", encoding="utf-8")
    assert verdicts(planned(filled, "fact")) == [("rule loosened", "colour", "restatement")]
    found = applied_as_planned(filled, "fact")
    assert found.count is not None and (found.count.come, found.count.go, found.count.quarantine) == (1, 0, (3, 2))
    assert balances(filled, "fact")[-1] == (2, 2, 0, 0, 0)


def test_a_renamed_field_takes_its_values_along(filled: SmallLake) -> None:
    version, first = newest(filled, "silver.fact"), filled.lake.ledger.deliveries(dataset="fact")[0]
    bronze = newest(filled, "bronze.fact")
    declared = "customProperties: [{property: yishu.renamedFrom, value: colour}, {property: yishu.check, value: codelist},"
    change(filled, "fact", ("- name: colour\n", "- name: paint\n"), ("customProperties: [{property: yishu.check, value: codelist},", declared))
    assert verdicts(planned(filled, "fact")) == [("renamed", "paint", "safe")]
    filled.drop("fact", MAR, [("e", 1, "R", at(3)), ("f", 4, "Z", at(3))])
    assert not filled.run().errors
    rows = [("a", "R"), ("a", "R"), ("b", "G"), ("d", "G"), ("e", "R")]
    assert filled.rows("silver.fact", "id", "paint") == rows
    assert filled.rows("toy.fact", "id", "paint") == rows
    assert filled.rows("quarantine.fact", "id", "paint") == [(LONG, "B"), ("c", "B"), ("f", "Z")]
    for table in ("silver.fact", "bronze.fact", "quarantine.fact"):
        assert "colour" not in {f.name for f in places.delta(filled.lake.path(table)).schema().fields}
    assert of_version(filled, "silver.fact", version)[0]["colour"] == "R" == of_version(filled, "bronze.fact", bronze)[0]["colour"]
    assert planned(filled) == []
    fixed = quarantine.fix(filled.lake, first.id, "3", {"金额": "7"}, ME)
    assert not filled.run().errors
    assert filled.lake.ledger.delivery(fixed.id).state == "accepted" and ("c", "B") in filled.rows("silver.fact", "id", "paint")


def test_another_key_waits_for_a_word_and_is_breaking_where_rows_collide(small: SmallLake) -> None:
    small.drop("firm", JAN, [("a", 1, "R", at(1)), ("b", 2, "G", at(1)), ("a", 3, "G", at(2))])
    small.drop("firm", FEB, [("b", 4, "R", at(3)), ("c", "x", "R", at(3))])
    assert not small.run().errors
    assert small.rows("silver.firm", "id", "amount") == [("a", "3.00"), ("b", "4.00")]
    version = newest(small, "silver.firm")
    keyed = "        physicalType: varchar(1)\n"
    change(small, "firm", (keyed, f"{keyed}        required: true\n        primaryKey: true\n"))
    small.drop("firm", MAR, [("d", 5, "B", at(4))])
    [error] = small.run().errors
    assert "silver.firm was written by another contract (key changed)" in str(error) and "yishu plan firm" in str(error)
    assert small.states("firm") == ["accepted", "accepted", "bronze"] and pipeline.pending(small.lake) == []
    assert not agreed.waits_for(small.lake, "toy.total") and agreed.waits_for(small.lake, "toy.firms") == ["firm"]
    found = applied_as_planned(small, "firm")
    assert ("key changed", "", "restatement") in verdicts([found])
    assert found.count is not None and (found.count.come, found.count.go, found.count.duplicates) == (2, 0, (1, 0))
    assert not small.run().errors
    assert small.rows("silver.firm", "id", "colour", "amount") == [
        ("a", "G", "3.00"), ("a", "R", "1.00"), ("b", "G", "2.00"), ("b", "R", "4.00"), ("d", "B", "5.00"),
    ]  # fmt: skip
    assert len(of_version(small, "silver.firm", version)) == 2
    change(small, "firm", (f"{keyed}        required: true\n        primaryKey: true\n", keyed))
    with pytest.raises(DataError, match="2 rows would give way"):
        apply(small.lake, small.open_spark, ["firm"], ME)
    back = applied_as_planned(small, "firm", breaking=True)
    assert ("key changed", "", "breaking") in verdicts([back]) and back.count is not None and back.count.collisions == 2
    assert small.rows("silver.firm", "id", "amount") == [("a", "3.00"), ("b", "4.00"), ("d", "5.00")]
    assert not small.run().errors and small.rows("toy.firms") == [("B", 1), ("G", 1), ("R", 1)]


def test_stopped_between_two_commits_the_dataset_waits_until_it_is_done_again(
    filled: SmallLake, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(filled, "fact", (AMOUNT, AT_LEAST_2))
    [before] = planned(filled, "fact")

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    for place in ("replace", "look_again"):
        with monkeypatch.context() as patch:
            patch.setattr(restatement, place, stop)
            with pytest.raises(KeyboardInterrupt):
                apply(filled.lake, filled.open_spark, ["fact"], ME)
        filled.drop("fact", MAR, [("e", 1, "R", at(3)), ("f", 4, "R", at(3))], name=f"{place}.csv")
        [error] = filled.run().errors
        assert "stopped" in str(error)
        [again] = planned(filled, "fact")
        assert again.unfinished and verdicts([again]) == verdicts([before])
    [done] = apply(filled.lake, filled.open_spark, ["fact"], ME)
    assert before.count is not None and done.count is not None and done.count.quarantine[1] == before.count.quarantine[1]
    assert not filled.run().errors
    assert balances(filled, "fact") == [(4, 1, 0, 3, 0), (3, 1, 0, 2, 0), (2, 1, 0, 1, 0)]
    assert filled.rows("silver.fact", "id", "amount") == [("a", "3.00"), ("b", "2.00"), ("f", "4.00")]
    assert len(filled.rows("quarantine.fact")) == 6 and planned(filled) == []


def test_rows_that_were_corrected_are_judged_as_their_corrections_left_them(filled: SmallLake) -> None:
    first = filled.lake.ledger.deliveries(dataset="fact")[0]
    quarantine.fix(filled.lake, first.id, "3", {"金额": "1"}, ME)
    quarantine.fix(filled.lake, first.id, "4", {"编号": "e"}, ME)
    assert not filled.run().errors
    assert balances(filled, "fact") == [(4, 2, 0, 0, 2), (3, 2, 1, 0, 0), (1, 1, 0, 0, 0), (1, 1, 0, 0, 0)]
    change(filled, "fact", (AMOUNT, AT_LEAST_2))
    applied_as_planned(filled, "fact")
    assert balances(filled, "fact") == [(4, 1, 0, 1, 2), (3, 1, 0, 2, 0), (1, 0, 0, 1, 0), (1, 1, 0, 0, 0)]
    assert filled.rows("silver.fact", "id", "amount") == [("a", "3.00"), ("b", "2.00"), ("e", "5.00")]


def test_the_past_may_stand_as_it_was_judged(filled: SmallLake) -> None:
    required = NOTE.replace("}", ", required: true}")
    change(filled, "fact", (f"      - {AMOUNT}\n", f"      - {AT_LEAST_2}\n      - {required}\n"))
    filled.drop("fact", MAR, [("e", 1, "R", at(3), "新"), ("f", 4, "R", at(3), "新")], header=("编号", "金额", "颜色", "时间", "备注"))
    [error] = filled.run().errors
    assert "note: column added" in str(error)
    [found] = planned(filled, "fact")
    assert found.breaking and found.count is not None and found.count.quarantine == (2, 7)
    with pytest.raises(DataError, match="breaking way"):
        apply(filled.lake, filled.open_spark, ["fact"], ME)
    apply(filled.lake, filled.open_spark, ["fact"], ME, keep=True)
    assert not filled.run().errors
    assert balances(filled, "fact") == [(4, 2, 0, 2, 0), (3, 2, 1, 0, 0), (2, 1, 0, 1, 0)]
    assert filled.rows("silver.fact", "id", "note") == [("a", None), ("a", None), ("b", None), ("d", None), ("f", "新")]
    assert planned(filled) == []


def test_a_column_that_goes_waits_for_a_word_and_stays_in_the_history(filled: SmallLake) -> None:
    version = newest(filled, "silver.fact")
    block = "      - name: colour\n        businessName: 颜色\n        logicalType: string\n        physicalType: varchar(1)\n"
    block += "        customProperties: [{property: yishu.check, value: codelist}, {property: yishu.codelist, value: colours}]\n"
    change(filled, "fact", (block, ""))
    assert verdicts(planned(filled, "fact")) == [("column removed", "colour", "breaking")]
    applied_as_planned(filled, "fact", breaking=True)
    assert "colour" not in {f.name for f in places.delta(filled.lake.silver("fact")).schema().fields}
    assert of_version(filled, "silver.fact", version)[0]["colour"] == "R"
    assert not filled.run().errors and "colour" not in {f.name for f in places.delta(filled.lake.gold("toy.fact")).schema().fields}


def test_the_command_line_tells_it_and_does_it(
    filled: SmallLake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = filled.lake.settings
    for name, value in (("HOME", settings.home), ("PROJECT", settings.project), ("SPARK_MODE", "remote"), ("SPARK_REMOTE", settings.spark.remote)):
        monkeypatch.setenv(f"YISHU_{name}", str(value))

    def yishu(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([*words])
        assert int(str(end.value.code or 0)) == code
        return capsys.readouterr().out

    assert "nothing to do" in yishu("plan") and "restatement" not in yishu("check")
    change(filled, "fact", (AMOUNT, AT_LEAST_2))
    assert "restatement: fact.amount: rule added" in yishu("check")
    told = json.loads(yishu("plan", "toy", "--json"))["plan"]
    assert [(p["name"], p["count"]["go"], p["changes"][0]["verdict"]) for p in told] == [("fact", 2, "restatement")]
    assert "silver: 4 → 2 rows, 0 come, 2 go" in yishu("plan", "fact")
    yishu("apply", "fact", code=2)
    assert json.loads(yishu("apply", "fact", "--reason", "标准修订", "--json"))["applied"] == told
    assert "nothing to do" in yishu("plan") and "restatement" not in yishu("check")
    change(filled, "fact", (AT_LEAST_2, AMOUNT.replace("number", "integer").replace("'decimal(18,2)'", "bigint")))
    assert [c["verdict"] for c in json.loads(yishu("check", "--json", code=1))["changes"]] == ["breaking", "restatement"]
    yishu("apply", "fact", "--reason", "x", code=1)


def test_what_is_restated_is_what_a_first_judgement_would_have_made(small: SmallLake) -> None:
    """Histories and full lists: limits of versions, closed keys and all."""
    for dataset in ("person", "school"):
        small.drop(dataset, JAN, [("a", 1, "R", at(1)), ("b", 5, "G", at(1))])
        small.drop(dataset, FEB, [("a", 3, "R", at(2)), ("b", 1, "G", at(2))])
        small.drop(dataset, MAR, [("a", 4, "R", at(3)), ("c", 9, "G", at(3))])
    assert not small.run().errors
    for dataset in ("person", "school"):
        change(small, dataset, (AMOUNT, AT_LEAST_2))
        found = applied_as_planned(small, dataset)
        assert found.count is not None and found.count.quarantine == (0, 2)
    columns = "id", "amount", "_valid_from", "_valid_to", "_is_current"
    restated = {dataset: small.rows(f"silver.{dataset}", *columns) for dataset in ("person", "school")}
    for dataset in restated:
        decisions.reprocess(small.lake, dataset, ME)
    assert not small.run().errors
    for dataset, rows in restated.items():
        assert small.rows(f"silver.{dataset}", *columns) == rows
