"""Which way a delivery may go, what must be decided first, and that its rows balance."""

from __future__ import annotations

from typing import get_args

import pytest

from ledger_moves import ALL_LOADED, ALL_REJECTED, OF, brought_to, claimed, landed
from yishu.errors import DataError, UsageError
from yishu.lake.ledger import Balance, Case, DeliveryState, Ledger

LEGAL = {
    "waiting": "bronze rejected",
    "bronze": "accepted held rejected",
    "held": "superseded",
    "accepted": "superseded",
    "rejected": "",
    "superseded": "",
    "unchanged": "",
}
DECIDED = {
    ("held", "release"): "accepted", ("held", "reject"): "rejected", ("held", "reprocess"): "bronze",
    ("accepted", "reprocess"): "bronze", ("superseded", "reprocess"): "bronze", ("rejected", "reprocess"): "bronze waiting",
    ("held", "correct"): "accepted", ("held", "waive"): "bronze",
}  # fmt: skip


@pytest.mark.parametrize("start", get_args(DeliveryState))
def test_only_legal_moves_are_possible_without_a_decision(ledger: Ledger, start: DeliveryState) -> None:
    for end in get_args(DeliveryState):
        id = brought_to(ledger, start, content=f"{start}{end}")
        balance = Balance() if end == "waiting" else ALL_LOADED
        if end in LEGAL[start].split() or end == start:
            assert ledger.move(id, end, balance=balance).state == end
        else:
            with pytest.raises(DataError):
                ledger.move(id, end, balance=balance)
            assert ledger.delivery(id).state == start
    ledger.verify_audit()


@pytest.mark.parametrize(("start", "verb"), DECIDED)
def test_a_decision_opens_one_move_and_is_used_up_by_it(ledger: Ledger, start: DeliveryState, verb: str) -> None:
    for end in DECIDED[start, verb].split():
        id = brought_to(ledger, start, content=f"{start}{end}")
        ledger.decide(id, verb, actor="王工", reason="已核实")  # type: ignore[arg-type]
        assert [d.pending for d in ledger.decisions(id)] == [True]
        assert ledger.move(id, end, balance=ALL_LOADED if end == "accepted" else None).state == end  # type: ignore[arg-type]
        decision = ledger.decisions(id)[0]
        assert (decision.verb, decision.actor, decision.reason, decision.pending) == (verb, "王工", "已核实", False)


def test_the_later_decision_counts(ledger: Ledger) -> None:
    id = brought_to(ledger, "held")
    ledger.decide(id, "release", actor="a", reason="ok")
    ledger.decide(id, "reject", actor="b", reason="no")
    with pytest.raises(DataError, match="release"):
        ledger.move(id, "accepted", balance=ALL_LOADED)
    assert ledger.move(id, "rejected", balance=ALL_REJECTED).state == "rejected"


def test_a_decision_that_the_state_leaves_no_room_for_is_wrong_use(ledger: Ledger) -> None:
    waiting = claimed(ledger, "a").id
    for verb in ("release", "reject", "reprocess", "replay"):
        with pytest.raises(UsageError, match="waiting"):
            ledger.decide(waiting, verb, actor="a", reason="r")
    held = brought_to(ledger, "held", "b")
    with pytest.raises(UsageError, match="reason"):
        ledger.decide(held, "release", actor="a", reason="  ")
    with pytest.raises(UsageError, match="replay"):
        ledger.decide(held, "replay", actor="a", reason="r")
    assert ledger.decisions(held) == []


def test_reprocessing_forgets_the_counts_but_not_what_was_received(ledger: Ledger) -> None:
    id = brought_to(ledger, "accepted")
    ledger.decide(id, "reprocess", actor="a", reason="r")
    got = ledger.move(id, "bronze")
    assert got.balance == Balance(received=3)
    with pytest.raises(DataError, match="balance"):
        ledger.move(id, "accepted")


@pytest.mark.parametrize("end", ["accepted", "rejected"])
def test_rows_must_balance_at_the_end(ledger: Ledger, end: DeliveryState) -> None:
    id = brought_to(ledger, "bronze")
    for wrong in (Balance(3, 2), Balance(3, 4), Balance(3, 1, 1, 1, 1), Balance(3, 4, -1), None):
        with pytest.raises(DataError, match="balance"):
            ledger.move(id, end, balance=wrong)
    assert ledger.delivery(id).balance == Balance(received=3) and ledger.delivery(id).state == "bronze"
    right = Balance(received=10, loaded=4, duplicates=3, quarantined=2, rejected=1)
    assert ledger.move(id, end, balance=right).balance == right


def test_counts_of_an_accepted_delivery_change_after_a_replay_only_in_balance(ledger: Ledger) -> None:
    id = brought_to(ledger, "bronze")
    ledger.move(id, "accepted", balance=Balance(received=3, loaded=1, quarantined=2))
    ledger.decide(id, "replay", actor="a", reason="r")
    assert ledger.move(id, "accepted", balance=ALL_LOADED).balance == ALL_LOADED
    with pytest.raises(DataError, match="balance"):
        ledger.move(id, "accepted", balance=Balance(received=3, loaded=2))


def test_repeating_a_move_changes_nothing_and_adds_nothing_to_the_audit(ledger: Ledger) -> None:
    id = brought_to(ledger, "bronze")
    once = ledger.move(id, "accepted", balance=ALL_LOADED, reason="ok", receipt="receipts/x")
    rows = ledger.verify_audit()
    assert ledger.move(id, "accepted", balance=ALL_LOADED, reason="ok", receipt="receipts/x") == once
    assert ledger.move(id, "accepted") == once
    assert ledger.verify_audit() == rows


def test_a_corrected_delivery_takes_the_place_of_the_accepted_one(ledger: Ledger) -> None:
    old, new = brought_to(ledger, "accepted", "a"), brought_to(ledger, "accepted", "b")
    ledger.supersede(old, new)
    ledger.supersede(old, new)
    assert ledger.delivery(old).state == "superseded" and new in ledger.delivery(old).reason
    assert ledger.delivery(new).supersedes == old


def test_only_deliveries_of_one_period_supersede_each_other(ledger: Ledger) -> None:
    old = brought_to(ledger, "accepted")
    other = ledger.claim(OF[0], OF[1], "2024-02", [landed("b")]).id
    for new in (other, old):
        with pytest.raises(DataError, match="supersede"):
            ledger.supersede(old, new)
    assert ledger.delivery(old).state == "accepted"


def test_a_word_on_rows_that_moves_nothing_does_not_wait(ledger: Ledger) -> None:
    id = brought_to(ledger, "accepted")
    for verb in ("waive", "replay"):
        ledger.decide(id, verb, actor="a", reason="r")  # type: ignore[arg-type]
    assert [d.pending for d in ledger.decisions(id)] == [False, False]


def test_a_case_says_what_is_true_of_a_row_now_and_each_change_is_audited_once(ledger: Ledger) -> None:
    id, other = brought_to(ledger, "accepted"), brought_to(ledger, "accepted", "b")
    mine = [Case(id, "甲.csv", row, "open", ("type:x",), "d-1", "省厅", "更正件 d-1") for row in (2, 1)]
    for _ in range(2):
        ledger.record_cases([*mine, Case(other, "甲.csv", 1, "waived", ("r",), "waive", "王工", "约定")])
    ledger.record_cases([Case(id, "甲.csv", 1, "fixed", ("type:x",), "d-1", "省厅", "更正件 d-1")])
    assert [(c.row, c.state, c.rules, bool(c.at)) for c in ledger.cases(id)] == [(1, "fixed", ("type:x",), True), (2, "open", ("type:x",), True)]
    assert ledger.case_counts() == {id: {"fixed": 1, "open": 1}, other: {"waived": 1}}
    assert [row.action for row in ledger.audit_rows(id)].count("case") == 2
    assert ledger.verify_audit()


def test_a_correction_is_of_its_deliverys_generation_and_the_whole_period_again_is_known(ledger: Ledger) -> None:
    original = brought_to(ledger, "accepted")
    sheets = [ledger.claim(*OF, [landed("s")], corrects=original) for _ in range(2)]
    assert [(d.state, d.generation, d.corrects) for d in sheets] == [("waiting", 1, original), ("unchanged", 1, original)]
    assert claimed(ledger, "a").state == "unchanged", "what the hand-in says is what stands, corrected or not"
    assert (claimed(ledger, "c").generation, claimed(ledger, "d").state) == (2, "waiting")
