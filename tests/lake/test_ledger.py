"""The ledger on SQLite and on a real PostgreSQL: claims, looking up, what hangs on a delivery."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ledger_moves import ALL_REJECTED, OF, brought_to, claimed, clock, landed
from yishu.errors import DataError, UsageError
from yishu.lake.ledger import Balance, Dispute, Ledger, RuleCount, TableState

# --- claims


def test_a_claim_is_waiting_in_generation_one_and_keeps_its_files(ledger: Ledger) -> None:
    files = [landed("b"), landed("a")]
    got = ledger.claim(*OF, files)
    assert (got.department, got.dataset, got.period) == OF
    assert (got.state, got.generation, got.ordinal, got.supersedes, got.balance) == ("waiting", 1, 1, None, Balance())
    assert got.files == tuple(files)
    assert got.id.startswith("d-") and len(got.id) == 18
    assert abs(got.claimed_at - clock()) < dt.timedelta(seconds=60) and got.claimed_at.utcoffset() == dt.timedelta(hours=8)
    assert ledger.delivery(got.id) == got


def test_the_id_follows_from_the_content_alone(url: str, tmp_path: Path, ledger: Ledger) -> None:
    other = Ledger(f"sqlite:///{tmp_path / 'other.db'}", clock)
    other.migrate()
    other.claim("d", "s", "2023", [landed("z")])
    here = ledger.claim(*OF, [landed("a", "one"), landed("b", "two")])
    there = other.claim(*OF, [landed("b", "drei"), landed("a", "vier")])
    assert here.id == there.id
    assert ledger.claim(OF[0], OF[1], "2024-02", [landed("a"), landed("b")]).id != here.id


def test_claiming_the_same_landed_file_again_returns_its_delivery(ledger: Ledger) -> None:
    file = landed("a")
    first = ledger.claim(*OF, [file])
    assert ledger.claim(*OF, [file]) == first
    ledger.move(first.id, "bronze")
    assert ledger.claim(*OF, [file]).state == "bronze"
    assert len(ledger.deliveries()) == 1


def test_files_that_another_scan_claimed_stay_where_they_are(ledger: Ledger) -> None:
    early, late = landed("a"), landed("b")
    first = ledger.claim(*OF, [early])
    second = ledger.claim(*OF, [early, late])
    assert second.files == (late,) and first.files == (early,)


def test_a_claim_without_files_is_refused(ledger: Ledger) -> None:
    with pytest.raises(DataError, match="without files"):
        ledger.claim(*OF, [])


def test_a_resend_is_unchanged_has_its_own_id_and_names_the_earlier_delivery(ledger: Ledger) -> None:
    first = claimed(ledger, "a")
    ledger.move(first.id, "bronze")
    second, third = claimed(ledger, "a"), claimed(ledger, "a")
    assert [second.state, third.state] == ["unchanged", "unchanged"]
    assert second.generation == third.generation == 1
    assert first.id in second.reason and first.id in third.reason and second.supersedes is None
    assert len({first.id, second.id, third.id}) == 3


def test_other_content_is_the_next_generation_and_going_back_is_one_more(ledger: Ledger) -> None:
    got = [claimed(ledger, content) for content in "abba"]
    assert [(d.state, d.generation) for d in got] == [("waiting", 1), ("waiting", 2), ("unchanged", 2), ("waiting", 3)]
    elsewhere = ledger.claim(OF[0], OF[1], "2024-02", [landed("c")])
    assert elsewhere.generation == 1 and elsewhere.ordinal == 5


def test_what_was_rejected_may_be_handed_in_again(ledger: Ledger) -> None:
    first = brought_to(ledger, "rejected")
    again = claimed(ledger, "a")
    assert (again.state, again.generation) == ("waiting", 1) and again.id != first
    ledger.move(again.id, "rejected")
    assert claimed(ledger, "a").state == "waiting"


def test_a_resend_of_a_held_delivery_does_not_outlive_its_rejection(ledger: Ledger) -> None:
    held = brought_to(ledger, "held")
    assert claimed(ledger, "a").state == "unchanged"
    ledger.decide(held, "reject", actor="王工", reason="口径不符")
    ledger.move(held, "rejected", balance=ALL_REJECTED)
    assert claimed(ledger, "a").state == "waiting"


def test_a_delivery_can_be_claimed_as_rejected(ledger: Ledger) -> None:
    accepted = brought_to(ledger, "accepted")
    got = ledger.claim(*OF, [landed("a")], reason="该部门无权报送", state="rejected")
    assert (got.state, got.reason) == ("rejected", "该部门无权报送")
    assert ledger.delivery(accepted).state == "accepted"
    assert claimed(ledger, "a").state == "unchanged"


def test_known_files_are_those_claimed_with_the_same_size_and_time(ledger: Ledger, url: str) -> None:
    file = landed("a")
    assert not ledger.knows(file.path, file.size, file.modified_ns)
    Ledger(url, clock).claim(*OF, [file])  # another process
    assert ledger.knows(file.path, file.size, file.modified_ns)
    assert not ledger.knows(file.path, file.size + 1, file.modified_ns)
    assert not ledger.knows(file.path, file.size, file.modified_ns + 1)


# --- looking up


def test_a_delivery_is_found_by_a_beginning_of_its_id(ledger: Ledger) -> None:
    ids = [claimed(ledger, content).id for content in "abcdefghijklmnopqrstuvwxyz"[:20]]
    assert ledger.delivery(ids[3][:12]).id == ids[3]
    assert ledger.delivery(ids[3][2:14]).id == ids[3]
    with pytest.raises(UsageError, match="several"):
        ledger.delivery("d-")
    with pytest.raises(UsageError, match=ids[3]):
        ledger.delivery(ids[3][:-1] + "z")
    with pytest.raises(UsageError, match="no delivery"):
        ledger.delivery("d-%")


def test_deliveries_are_filtered_and_in_claim_order(ledger: Ledger) -> None:
    a = ledger.claim("d", "one", "2024", [landed("a")])
    b = ledger.claim("d", "two", "2024", [landed("b")])
    c = ledger.claim("d", "one", "2025", [landed("c")])
    ledger.move(c.id, "bronze")
    assert [d.id for d in ledger.deliveries()] == [a.id, b.id, c.id]
    assert [d.id for d in ledger.deliveries(dataset="one")] == [a.id, c.id]
    assert [d.id for d in ledger.deliveries(database_datasets={"two", "three"})] == [b.id]
    assert ledger.deliveries(database_datasets=()) == []
    assert [d.id for d in ledger.deliveries(dataset="one", states=("bronze", "held"))] == [c.id]
    assert ledger.deliveries(states=("waiting",))[0].files == a.files


# --- what hangs on a delivery


def test_stages_rules_and_disputes_are_kept_and_replaced(ledger: Ledger) -> None:
    id, other = claimed(ledger, "a").id, claimed(ledger, "b").id
    start = clock()
    ledger.record_stage(id, "bronze", start, start, {"rows": 1})
    ledger.record_stage(id, "bronze", start, start + dt.timedelta(seconds=2), {"rows": 2, "说明": ["甲", None]})
    ledger.record_stage(id, "silver", start, start, {})
    assert [(s.stage, s.started, s.detail) for s in ledger.stages(id)] == [
        ("bronze", start, {"rows": 2, "说明": ["甲", None]}), ("silver", start, {}),
    ]  # fmt: skip
    counts = [RuleCount(r, "expect_x", "uscc", "error", 1, 9, "代码不符", "18位") for r in ("z", "a")]
    ledger.record_rules(id, counts)
    ledger.record_rules(other, counts[:1])
    assert ledger.rules(id) == counts
    ledger.record_rules(id, [])
    assert ledger.rules(id) == [] and ledger.rules(other) == counts[:1]
    found = [Dispute("uscc", f"k{n}", "tax", "甲", "market_entity", "乙", id) for n in range(3)]
    ledger.dispute(id, found)
    ledger.dispute(id, found[1:])
    ledger.dispute(other, [])
    assert ledger.disputes() == ledger.disputes(dataset="tax") == ledger.disputes(source_dataset="market_entity") == found[1:]
    assert ledger.disputes(delivery=other) == ledger.disputes(dataset="market_entity") == []


def test_what_a_table_was_built_from_is_kept_and_forgotten(ledger: Ledger) -> None:
    state = TableState("silver.market_entity", "id-1", 3, "in", "def")
    assert ledger.table(state.name) is None
    ledger.record_table(state)
    newer = TableState("silver.market_entity", "id-1", 4, "in2", "def")
    ledger.record_table(newer)
    ledger.record_table(TableState("dim.division", "id-2", 0, "", ""))
    assert ledger.table(state.name) == newer and [s.name for s in ledger.tables()] == ["dim.division", state.name]
    ledger.forget_table(state.name)
    assert ledger.table(state.name) is None
