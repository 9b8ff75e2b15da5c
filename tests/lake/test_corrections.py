"""A receipt's sheet, filled in and handed back: its rows take the place of the bad ones, in every write mode."""

from __future__ import annotations

import pytest

from filled_sheets import BAD, FEB, JAN, counts, edits, filled, first, hand_back, told
from small_lake import SmallLake
from yishu.flow import decisions
from yishu.flow.decisions import Because
from yishu.lake.ledger import Delivery

ME = Because("tester", "because the test says so")


@pytest.mark.parametrize("dataset", ["fact", "firm", "person", "school"])
def test_corrected_rows_join_silver_and_the_rest_stays_bad(small: SmallLake, dataset: str) -> None:
    small.drop(dataset, JAN, BAD)
    small.run()
    original = first(small, dataset)
    assert counts(original) == (6, 3, 0, 3, 0)
    correction = hand_back(small, original, {2: {"金额": "2"}, 3: {"颜色": "Z"}})
    assert (correction.state, correction.corrects, counts(correction)) == ("accepted", original.id, (2, 1, 0, 1, 0))
    assert counts(first(small, dataset)) == (6, 3, 0, 1, 2)
    assert small.rows(f"silver.{dataset}", "id", "amount", "_row") == [
        ("a", "1.00", 1), ("b", "2.00", 2), ("d", "4.00", 4), ("e", "5.00", 5)
    ]  # fmt: skip
    assert small.rows(f"quarantine.{dataset}", "id", "colour", "_row", "_file", "_delivery") == [
        ("c", "Z", 3, f"{dataset}.csv", correction.id), ("f", "G", 6, f"{dataset}.csv", original.id)
    ]  # fmt: skip


def test_a_receipt_that_nobody_changed_brings_nothing(small: SmallLake) -> None:
    small.drop("fact", JAN, BAD)
    small.run()
    before = small.versions()
    refused = hand_back(small, first(small, "fact"), {})
    assert refused.state == "rejected" and "没有新的更正" in refused.reason
    assert {k: v for k, v in small.versions().items() if not k.startswith("ops/")} == {
        k: v for k, v in before.items() if not k.startswith("ops/")
    }


def test_what_is_corrected_again_and_what_is_not_yet(small: SmallLake) -> None:
    """The same sheet goes on being used; a receipt of a correction is corrected in turn; what is settled is refused."""
    small.drop("fact", JAN, BAD)
    small.run()
    original = first(small, "fact")
    one = hand_back(small, original, {2: {"金额": "2"}}, name="1.xlsx")
    assert "其中 1 行已入库" in (small.lake.settings.home / one.receipt / "receipt.html").read_text(encoding="utf-8")
    two = hand_back(small, original, {2: {"金额": "2"}, 3: {"颜色": "Z"}}, name="2.xlsx")
    assert (two.state, counts(two)) == ("accepted", (1, 0, 0, 1, 0)), "row 2 came with the first one"
    three = hand_back(small, two, {3: {"颜色": "B"}}, name="3.xlsx")
    assert (three.corrects, counts(three)) == (two.id, (1, 1, 0, 0, 0))
    assert [counts(d) for d in small.lake.ledger.deliveries()] == [
        (6, 3, 0, 1, 2), (1, 1, 0, 0, 0), (1, 0, 0, 0, 1), (1, 1, 0, 0, 0)
    ]  # fmt: skip
    assert small.rows("silver.fact", "id", "colour") == [("a", "R"), ("b", "R"), ("c", "B"), ("d", "G"), ("e", "G")]
    stale = hand_back(small, original, {2: {"金额": "99"}}, name="4.xlsx")
    assert stale.state == "rejected" and f"已由 {one.id} 更正" in stale.reason
    assert told(small, original)["rows_total"] == 3, "the original's receipt stays the record of what was wrong"
    assert told(small, three)["still_bad"] == 1
    states = {(c.row): (c.state, c.settled_by) for c in small.lake.ledger.cases(original.id)}
    assert states == {2: ("fixed", one.id), 3: ("fixed", three.id)}
    decisions.reprocess(small.lake, "fact", ME)
    assert not small.run().errors
    assert [counts(d) for d in small.lake.ledger.deliveries()[:4]] == [
        (6, 3, 0, 1, 2), (1, 1, 0, 0, 0), (1, 0, 0, 0, 1), (1, 1, 0, 0, 0)
    ]  # fmt: skip
    assert small.rows("silver.fact", "id", "colour") == [("a", "R"), ("b", "R"), ("c", "B"), ("d", "G"), ("e", "G")]
    assert small.rows("quarantine.fact", "id") == [("f",)]


@pytest.mark.parametrize("dataset", ["fact", "firm", "person"])
def test_a_corrected_row_whose_key_is_taken_competes_as_if_it_had_come_so(small: SmallLake, dataset: str) -> None:
    rows = [("a", 1, "R", "2025-01-01 08:00:00"), ("=b", "x", "R", "2025-01-03 08:00:00"), ("c", 3, "R", "2025-01-02 08:00:00"),
            ("d", "y", "R", "2025-01-01 08:00:00"), ("e", "z", "R", "2025-01-01 08:00:00")]  # fmt: skip
    small.drop(dataset, JAN, rows, name="a.csv")
    small.run()
    decisions.release(small.lake, first(small, dataset).id, ME)
    small.run()
    correction = hand_back(small, first(small, dataset), {2: {"编号": "a", "金额": "2"}, 4: {"编号": "c", "金额": "4"}, 5: {"金额": "5"}})
    now = small.rows(f"silver.{dataset}", "id", "amount", "_delivery")
    mine, its = correction.id, correction.corrects
    if dataset == "person":
        assert [r[:2] for r in now] == [("a", "1.00"), ("a", "2.00"), ("c", "3.00"), ("c", "4.00"), ("e", "5.00")]
        return
    assert now == [("a", "2.00", mine), ("c", "3.00", its), ("e", "5.00", mine)]
    assert counts(first(small, dataset)) == (5, 1, 1, 0, 3)
    assert counts(correction) == (3, 2, 1, 0, 0)
    before = now
    decisions.reprocess(small.lake, str(its), ME)
    assert not small.run().errors
    assert small.rows(f"silver.{dataset}", "id", "amount", "_delivery") == before
    assert (counts(first(small, dataset)), counts(small.lake.ledger.delivery(mine))) == ((5, 1, 1, 0, 3), (3, 2, 1, 0, 0))


def test_texts_that_a_sheet_cannot_show_come_back_as_they_were(small: SmallLake) -> None:
    small.drop("fact", JAN, [("=1+1", "x", "R", "2025-01-01 08:00:00"), ("'=2", "x", "R", "2025-01-01 08:00:00"), ("-ab", "x", "R", "2025-01-01 08:00:00"),
                             ("@c", 1, "R", "2025-01-01 08:00:00"), *(f"k{n},1,R,2025-01-01 08:00:00".split(",") for n in range(3))])  # fmt: skip
    small.run()
    correction = hand_back(small, first(small, "fact"), {1: {"金额": 1.5}, 2: {"金额": "2"}, 3: {"金额": "3", "编号": "'-abc"}})
    assert counts(correction) == (3, 3, 0, 0, 0)
    found = {row[0]: row[1] for row in small.rows("silver.fact", "id", "amount")}
    assert {"=1+1": "1.50", "'=2": "2.00", "-abc": "3.00"}.items() <= found.items()


def test_a_later_delivery_of_the_whole_period_takes_the_place_of_all(small: SmallLake) -> None:
    for dataset in ("fact", "school"):
        small.drop(dataset, JAN, BAD)
    small.run()
    for dataset in ("fact", "school"):
        hand_back(small, first(small, dataset), {2: {"金额": "2"}})
    for dataset in ("fact", "school"):
        small.drop(dataset, JAN, [("z", 9, "R", "2025-01-05 08:00:00")], name="again.csv")
    assert not small.run().errors
    for dataset in ("fact", "school"):
        assert small.states(dataset) == ["superseded", "superseded", "accepted"]
        newest = small.newest(dataset)
        assert (newest.supersedes, newest.generation) == (first(small, dataset).id, 2)
        assert small.rows(f"silver.{dataset}", "id") == [("z",)]
        assert small.rows(f"quarantine.{dataset}") == []
    late = hand_back(small, first_sheet(small, "fact", BAD), {3: {"颜色": "B"}}, period=FEB)
    assert late.state == "accepted"


def first_sheet(small: SmallLake, dataset: str, rows: list[tuple[object, ...]]) -> Delivery:
    small.drop(dataset, FEB, rows, name="feb.csv")
    small.run()
    return small.newest(dataset)


def test_a_snapshot_closes_what_a_corrected_row_had_kept_open(small: SmallLake) -> None:
    columns = "id", "amount", "_valid_from", "_valid_to"
    at = "2025-01-01 08:00:00"
    small.drop("school", JAN, [("a", 1, "R", at), ("x", 1, "R", at), ("y", 1, "R", at)])
    small.drop("school", FEB, [("a", 1, "R", at), ("x", "?", "R", at), ("y", "?", "R", at), ("z", 1, "R", at)])
    small.run()
    small.drop("school", "2025-03", [("a", 1, "R", at), ("z", 1, "R", at), ("b", 2, "R", at)], name="march.csv")
    small.run()
    february = small.lake.ledger.deliveries(dataset="school")[1]
    hand_back(small, february, {2: {"编号": "b", "金额": "2"}, 3: {"金额": "7"}})
    assert small.rows("silver.school", *columns) == [
        ("a", "1.00", "2025-01-01 00:00", None),
        ("b", "2.00", "2025-02-01 00:00", None),
        ("x", "1.00", "2025-01-01 00:00", "2025-02-01 00:00"),
        ("y", "1.00", "2025-01-01 00:00", "2025-02-01 00:00"),
        ("y", "7.00", "2025-02-01 00:00", "2025-03-01 00:00"),
        ("z", "1.00", "2025-02-01 00:00", None),
    ]


def test_a_held_delivery_is_asked_for_as_a_whole(small: SmallLake) -> None:
    small.drop("firm", JAN, [(f"k{n}", "x" if n < 5 else n, "R", "2025-01-01 08:00:00") for n in range(6)])
    small.run()
    held = first(small, "firm")
    assert held.state == "held"
    too_few = hand_back(small, held, {1: {"金额": "?"}, 2: {"金额": "2"}}, name="1.xlsx")
    assert (too_few.state, counts(too_few)) == ("rejected", (2, 0, 0, 0, 2))
    assert "更正后全批仍未通过检查" in too_few.reason and [r["row"] for r in told(small, too_few)["rows"]] == [1]
    assert first(small, "firm").state == "held" and small.rows("silver.firm") == []
    lifting = hand_back(small, held, {1: {"金额": "?"}, 2: {"金额": "2"}, 3: {"金额": "3"}}, name="2.xlsx")
    assert (lifting.state, counts(lifting)) == ("accepted", (3, 2, 0, 1, 0))
    assert (first(small, "firm").state, counts(first(small, "firm"))) == ("accepted", (6, 1, 0, 2, 3))
    assert small.rows("silver.firm", "id") == [("k1",), ("k2",), ("k5",)]
    assert small.rows("quarantine.firm", "id", "amount") == [("k0", "?"), ("k3", "x"), ("k4", "x")]
    decision = small.lake.ledger.decisions(held.id)[-1]
    assert (decision.verb, decision.actor, decision.pending) == ("correct", held.department, False)


Stop = type("Stop", (Exception,), {})


@pytest.mark.parametrize("moment", ["cases.close", "_merge", "_quarantine", "the ledger"])
@pytest.mark.parametrize("dataset", ["fact", "firm"])
def test_killed_at_any_moment_and_run_again_it_is_as_if_nothing_had_happened(
    small: SmallLake, monkeypatch: pytest.MonkeyPatch, moment: str, dataset: str
) -> None:
    small.drop(dataset, JAN, BAD)
    small.run()
    original = first(small, dataset)
    change = {2: {"金额": "2"}, 3: {"编号": "a", "颜色": "R"}, 6: {"金额": "?"}}
    small.put(dataset, JAN, filled(small, original, edits(change)), "回执.xlsx")

    def stop(*_: object, **__: object) -> None:
        raise Stop

    with monkeypatch.context() as patch:
        target = {"the ledger": "balanced", "cases.close": "cases.close"}.get(moment, moment)
        patch.setattr(f"yishu.flow.amend.{target}", stop)
        with pytest.raises(Stop):
            small.run()
    assert small.lake.ledger.deliveries()[-1].state == "bronze"
    assert not small.run().errors
    correction = small.lake.ledger.deliveries()[-1]
    assert (correction.state, counts(correction)) == ("accepted", (3, 2, 0, 1, 0))
    assert counts(first(small, dataset)) == (6, 2, 1, 0, 3)
    assert small.rows(f"silver.{dataset}", "id", "amount") == [("a", "3.00"), ("b", "2.00"), ("d", "4.00"), ("e", "5.00")]
    assert small.rows(f"quarantine.{dataset}", "id", "_row", "_delivery") == [("f", 6, correction.id)]
