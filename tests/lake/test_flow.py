"""What deliveries do to the lake, on real Delta tables: the promises of the flow, one test each."""

from __future__ import annotations

import json
import shutil

import pytest

from small_lake import SmallLake
from yishu.errors import TableDamaged
from yishu.flow import decisions
from yishu.flow.decisions import Because

ME = Because("tester", "because the test says so")
JAN, FEB, MAR = "2025-01", "2025-02", "2025-03"


def at(day: int) -> str:
    return f"2025-01-{day:02d} 08:00:00"


def test_one_delivery_goes_all_the_way(small: SmallLake) -> None:
    small.drop("fact", JAN, [("a", "1.50", "R", at(1)), ("b", " 2 ", "Ｇ", at(1)), ("c", "x", "B", at(1)), ("a", "1.5", "R", at(1))])
    report = small.run()
    assert not report.errors
    balance = small.newest("fact").balance
    assert (balance.received, balance.loaded, balance.duplicates, balance.quarantined) == (4, 2, 1, 1)
    assert small.rows("silver.fact", "id", "amount", "colour") == [("a", "1.50", "R"), ("b", "2.00", "G")]
    assert small.rows("toy.total") == [(JAN, "3.50")]
    [(row, violations)] = small.rows("quarantine.fact", "_row", "_violations")
    assert row == 3 and "type:amount" in str(violations)


def test_an_identical_resend_changes_nothing(small: SmallLake) -> None:
    rows = [("a", 1, "R", at(1)), ("b", 2, "G", at(1)), ("c", "x", "B", at(1))]
    for dataset in ("fact", "firm", "person", "school"):
        small.drop(dataset, JAN, rows)
    small.run()
    before = small.versions()
    for dataset in ("fact", "firm", "person", "school"):
        small.drop(dataset, JAN, rows, name="again.csv")
    small.run()
    after = small.versions()
    assert {k: v for k, v in after.items() if not k.startswith("ops/")} == {k: v for k, v in before.items() if not k.startswith("ops/")}
    assert small.states("fact") == ["accepted", "unchanged"]
    assert "accepted" not in {d.state for d in small.lake.ledger.deliveries()[4:]}


@pytest.mark.parametrize("dataset", ["fact", "firm", "person", "school"])
def test_a_correction_replaces_exactly_its_period(small: SmallLake, dataset: str) -> None:
    key = "id", "amount", "_period"
    small.drop(dataset, JAN, [("a", 1, "R", at(1)), ("b", 2, "R", at(1)), ("bad", "x", "R", at(1))])
    small.drop(dataset, FEB, [("c", 3, "R", at(2)), ("a", 9, "R", at(2))])
    small.run()
    small.drop(dataset, JAN, [("a", 5, "R", at(1)), ("d", 6, "R", at(1))], name="corrected.csv")
    small.run()
    assert small.states(dataset) == ["superseded", "accepted", "accepted"]
    assert small.rows(f"quarantine.{dataset}", "id") == []
    old = small.lake.ledger.deliveries(dataset=dataset)[0]
    told = json.loads((small.lake.settings.home / old.receipt / "receipt.json").read_text(encoding="utf-8"))
    assert (told["state"], told["rows"]) == ("superseded", [])
    found = small.rows(f"silver.{dataset}", *key)
    expected = {
        "fact": [("a", "5.00", JAN), ("a", "9.00", FEB), ("c", "3.00", FEB), ("d", "6.00", JAN)],
        "firm": [("a", "9.00", FEB), ("c", "3.00", FEB), ("d", "6.00", JAN)],
        "person": [("a", "5.00", JAN), ("a", "9.00", FEB), ("c", "3.00", FEB), ("d", "6.00", JAN)],
        "school": [("a", "5.00", JAN), ("a", "9.00", FEB), ("c", "3.00", FEB), ("d", "6.00", JAN)],
    }
    assert found == expected[dataset]


def test_an_older_record_that_arrives_late_does_not_overwrite(small: SmallLake) -> None:
    small.drop("firm", FEB, [("a", 2, "R", at(20))])
    small.run()
    small.drop("firm", JAN, [("a", 1, "R", at(10)), ("b", 1, "R", at(10))])
    small.run()
    assert small.rows("silver.firm", "id", "amount") == [("a", "2.00"), ("b", "1.00")]
    assert small.states("firm") == ["accepted", "accepted"]


def test_null_and_repeated_keys(small: SmallLake) -> None:
    small.drop("firm", JAN, [("a", 1, "R", at(1)), ("a", 2, "R", at(3)), ("a", 3, "R", at(2)), (None, 4, "R", at(1)), ("", 5, "R", at(1)), ("b", 6, "R", at(1))])
    small.run()
    balance = small.newest("firm").balance
    assert (balance.received, balance.loaded, balance.duplicates, balance.quarantined) == (6, 2, 2, 2)
    assert small.rows("silver.firm", "id", "amount") == [("a", "2.00"), ("b", "6.00")]
    assert [r[0] for r in small.rows("quarantine.firm", "_row")] == [4, 5]


def test_a_snapshot_that_drops_keys_closes_them(small: SmallLake) -> None:
    columns = "id", "amount", "_valid_from", "_valid_to", "_is_current"
    small.drop("school", JAN, [("a", 1, "R", at(1)), ("b", 1, "R", at(1)), ("c", 1, "R", at(1))])
    small.run()
    small.drop("school", FEB, [("a", 1, "R", at(1)), ("b", 2, "R", at(1)), ("c", "x", "R", at(1)), ("d", 1, "R", at(1))])
    small.run()
    small.drop("school", MAR, [("a", 1, "R", at(1)), ("d", 1, "R", at(1))])
    small.run()
    assert small.rows("silver.school", *columns) == [
        ("a", "1.00", "2025-01-01 00:00", None, True),
        ("b", "1.00", "2025-01-01 00:00", "2025-02-01 00:00", False),
        ("b", "2.00", "2025-02-01 00:00", "2025-03-01 00:00", False),
        ("c", "1.00", "2025-01-01 00:00", "2025-03-01 00:00", False),  # its row of February was bad, not missing
        ("d", "1.00", "2025-02-01 00:00", None, True),
    ]


def test_a_snapshot_that_comes_late_finds_its_place(small: SmallLake) -> None:
    columns = "id", "amount", "_valid_from", "_valid_to"
    small.drop("school", JAN, [("a", 1, "R", at(1))])
    small.drop("school", MAR, [("a", 3, "R", at(1))])
    small.run()
    small.drop("school", FEB, [("a", 2, "R", at(1)), ("b", 2, "R", at(1))])
    small.run()
    assert small.rows("silver.school", *columns) == [
        ("a", "1.00", "2025-01-01 00:00", "2025-02-01 00:00"),
        ("a", "2.00", "2025-02-01 00:00", "2025-03-01 00:00"),
        ("a", "3.00", "2025-03-01 00:00", None),
        ("b", "2.00", "2025-02-01 00:00", "2025-03-01 00:00"),
    ]


def test_history_with_changes_out_of_order(small: SmallLake) -> None:
    columns = "id", "amount", "_valid_from", "_valid_to", "_is_current"
    small.drop("person", JAN, [("a", 3, "R", at(3)), ("a", 1, "R", at(1)), ("b", 1, "R", at(1))])
    small.run()
    small.drop("person", FEB, [("a", 2, "R", at(2)), ("a", 4, "R", at(4))])
    small.run()
    day = "2025-01-0{} 08:00".format
    assert small.rows("silver.person", *columns) == [
        ("a", "1.00", day(1), day(2), False),
        ("a", "2.00", day(2), day(3), False),
        ("a", "3.00", day(3), day(4), False),
        ("a", "4.00", day(4), None, True),
        ("b", "1.00", day(1), None, True),
    ]


def test_a_delivery_over_its_tolerance_is_held_until_it_is_released(small: SmallLake) -> None:
    small.drop("fact", JAN, [("a", 1, "R", at(1)), ("b", "x", "R", at(1)), ("c", "y", "R", at(1))])
    report = small.run()
    held = small.newest("fact")
    assert held.state == "held" and "容忍度" in held.reason and [d.state for d in report.settled] == ["held"]
    assert small.rows("silver.fact") == [] and small.rows("quarantine.fact") == []
    assert small.run().settled == []
    decisions.release(small.lake, held.id, ME)
    small.run()
    assert small.newest("fact").state == "accepted"
    assert small.rows("silver.fact", "id") == [("a",)]
    assert small.rows("quarantine.fact", "id") == [("b",), ("c",)]
    assert [d.reason for d in small.lake.ledger.decisions(held.id)] == [ME.reason]


def test_a_held_delivery_can_be_rejected(small: SmallLake) -> None:
    small.drop("fact", JAN, [("a", 1, "R", at(1)), ("b", "x", "R", at(1)), ("c", "y", "R", at(1))])
    small.run()
    rejected = decisions.reject(small.lake, small.newest("fact").id, ME)
    assert rejected.state == "rejected" and rejected.balance.rejected == 3
    small.run()
    assert small.rows("silver.fact") == [] and small.newest("fact").receipt


def test_a_code_list_that_grows_lets_replay_bring_rows_back(small: SmallLake) -> None:
    small.drop("firm", JAN, [("a", 1, "R", at(1)), ("b", 2, "Y", at(1)), ("c", "x", "Y", at(1)), ("d", 1, "R", at(1)), ("e", 1, "R", at(1))])
    small.run()
    assert small.rows("silver.firm", "id") == [("a",), ("d",), ("e",)]
    codes = small.lake.project.codelists["colours"]
    codes.write_text(codes.read_text(encoding="utf-8") + "Y,黄\n", encoding="utf-8")
    [back] = decisions.replay(small.lake, small.open_spark, ["firm"], ME)
    assert (back.balance.loaded, back.balance.quarantined) == (4, 1) and back.balance.balanced
    assert small.rows("silver.firm", "id", "colour") == [("a", "R"), ("b", "Y"), ("d", "R"), ("e", "R")]
    assert small.rows("quarantine.firm", "id") == [("c",)]
    small.run()
    assert small.rows("toy.firms") == [("R", 3), ("Y", 1)]
    assert decisions.replay(small.lake, small.open_spark, ["firm"], ME) == []


@pytest.mark.parametrize("table", ["silver.firm", "toy.firms", "bronze.firm", "quarantine.firm"])
def test_a_table_dropped_behind_the_ledgers_back_is_named_and_rebuilt(small: SmallLake, table: str) -> None:
    small.drop("firm", JAN, [("a", 1, "R", at(1)), ("b", "x", "R", at(1))])
    small.drop("firm", FEB, [("a", 2, "G", at(2)), ("c", 3, "R", at(2))])
    small.run()
    tables = ("silver.firm", "quarantine.firm", "toy.firms", "toy.firm")
    before = {name: small.rows(name) for name in tables}
    shutil.rmtree(small.lake.path(table))
    small.drop("firm", MAR, [("d", 4, "R", at(3))])
    errors = small.run().errors
    assert errors and all(isinstance(e, TableDamaged) for e in errors) and table in str(errors[0])
    shutil.rmtree(small.lake.settings.landing / "11130000000211908Y" / "firm" / MAR)
    decisions.reprocess(small.lake, table, ME)
    waiting = [d for d in small.lake.ledger.deliveries(dataset="firm") if d.period == MAR]
    small.drop("firm", MAR, [("d", 4, "R", at(3))])
    assert not small.run().errors
    before["silver.firm"] = sorted([*before["silver.firm"], ("d", "4.00", "R", "2025-01-03 08:00")], key=str)
    assert {n: small.rows(n) for n in ("silver.firm", "quarantine.firm")} == {n: before[n] for n in ("silver.firm", "quarantine.firm")}
    assert small.rows("toy.firms") == [("G", 1), ("R", 2)] and waiting


def test_a_damaged_data_file_is_noticed(small: SmallLake) -> None:
    small.drop("fact", JAN, [("a", 1, "R", at(1))])
    small.run()
    next(small.lake.silver("fact").rglob("*.parquet")).unlink()
    small.drop("fact", FEB, [("b", 1, "R", at(1))])
    [error, *_] = small.run().errors
    assert "silver.fact" in str(error) and "yishu reprocess silver.fact" in str(error)
    decisions.reprocess(small.lake, "silver.fact", ME)
    assert not small.run().errors
    assert small.rows("silver.fact", "id") == [("a",), ("b",)]


def test_a_strangers_commit_is_noticed(small: SmallLake) -> None:
    import pyarrow as pa
    from deltalake import DeltaTable, write_deltalake

    small.drop("fact", JAN, [("a", 1, "R", at(1))])
    small.run()
    write_deltalake(small.lake.silver("fact"), pa.table(DeltaTable(small.lake.silver("fact")).to_pyarrow_table()), mode="append")
    small.drop("fact", FEB, [("b", 1, "R", at(1))])
    assert "changed by someone else" in str(small.run().errors[0])


def test_reprocess_of_one_delivery_judges_it_by_todays_rules(small: SmallLake) -> None:
    small.drop("fact", JAN, [("a", 1, "R", at(1)), ("b", 2, "Y", at(1)), ("c", 2, "R", at(1))])
    small.run()
    codes = small.lake.project.codelists["colours"]
    codes.write_text("code,name\nY,黄\nR,红\n", encoding="utf-8")
    decisions.reprocess(small.lake, small.newest("fact").id, ME)
    assert not small.run().errors
    assert small.rows("silver.fact", "id") == [("a",), ("b",), ("c",)]
    assert small.rows("quarantine.fact") == [] and small.newest("fact").balance.balanced
