"""What became of each bad row, for the ledger: in hand, fixed, waived or replayed; by whom and why.

A row that nobody touched has no case: that it stands in quarantine says that it is open.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from yishu.flow.family import ROW, Spot, root_of, rows_of, spots
from yishu.flow.receipt_rows import place_of_bad_rows
from yishu.lake import tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import Case, CaseState, Delivery

Rules = Mapping[Spot, tuple[str, ...]]


@dataclass(frozen=True)
class Because:
    """Who decides, and why."""

    actor: str
    reason: str


def hand_in_of(lake: Lake, delivery: Delivery) -> Delivery:
    """The delivery with which a correction's rows came; of every other, itself."""
    return root_of(lake.ledger.deliveries(dataset=delivery.dataset), delivery) if delivery.corrects else delivery


def broken_rules(lake: Lake, delivery: Delivery) -> dict[Spot, tuple[str, ...]]:
    """The rules that each bad row of a delivery breaks, in quarantine or, while it is held, beside the tables."""
    place = place_of_bad_rows(lake, delivery)
    return _broken(place, delivery.id) if place else {}


def _broken(path: Path, delivery: str) -> dict[Spot, tuple[str, ...]]:
    if not tables.exists(path):
        return {}
    found = rows_of(path, delivery, [*ROW, "_violations"])
    columns = (found[name].to_pylist() for name in (*ROW, "_violations"))
    return {(file, row): tuple(v["rule"] for v in violations) for file, row, violations in zip(*columns, strict=True)}


def put_in_hand(lake: Lake, correction: Delivery) -> None:
    """A correction has some bad rows in hand; what they broke until then is kept."""
    assert correction.corrects is not None
    broken = broken_rules(lake, lake.ledger.delivery(correction.corrects))
    mine = spots(lake.bronze(correction.dataset), correction.id) & broken.keys()
    _record(lake, correction, "open", {spot: broken[spot] for spot in mine}, correction.id, _who(lake, correction))


def close(lake: Lake, correction: Delivery) -> None:
    """A correction was taken: each of its rows is fixed, or still open and why."""
    still_bad = _broken(lake.quarantine(correction.dataset), correction.id)
    before = {(case.file, case.row): case for case in lake.ledger.cases(hand_in_of(lake, correction).id)}
    mine = spots(lake.bronze(correction.dataset), correction.id)
    # what was waived stays so: it was let through as the correction left it
    fixed = {s: before[s].rules if s in before else () for s in mine - still_bad.keys() if s not in before or before[s].state != "waived"}
    _record(lake, correction, "fixed", fixed, correction.id, _who(lake, correction))
    _record(lake, correction, "open", still_bad, correction.id, _who(lake, correction))


def let_through(lake: Lake, delivery: Delivery, rules: Rules, because: Because) -> None:
    """Rows may break rules from now on, whenever they are judged again; beside those that they were waived before."""
    before = {(c.file, c.row): c.rules for c in lake.ledger.cases(hand_in_of(lake, delivery).id) if c.state == "waived"}
    every = {spot: tuple(dict.fromkeys((*before.get(spot, ()), *names))) for spot, names in rules.items()}
    _record(lake, delivery, "waived", every, "waive", because)


def came_back(lake: Lake, delivery: Delivery, back: Collection[Spot], because: Because) -> None:
    """Rows that were bad pass today; those that were waived are known as such."""
    broken = _broken(lake.quarantine(delivery.dataset), delivery.id)
    waived = {(c.file, c.row) for c in lake.ledger.cases(hand_in_of(lake, delivery).id) if c.state == "waived"}
    _record(lake, delivery, "replayed", {s: broken.get(s, ()) for s in back if s not in waived}, "replay", because)


def look_again(lake: Lake, delivery: Delivery) -> None:
    """A delivery was sent through again: what was open may pass today, and what was replayed may be bad."""
    broken = _broken(lake.quarantine(delivery.dataset), delivery.id)
    again = [d for d in lake.ledger.decisions(delivery.id) if d.verb in ("reprocess", "restate")]
    if not again:
        return
    because, by = Because(again[-1].actor, again[-1].reason), again[-1].verb
    known = {(c.file, c.row): c for c in lake.ledger.cases(delivery.id) if c.state in ("open", "replayed")}
    _record(lake, delivery, "replayed", {s: c.rules for s, c in known.items() if c.state == "open" and s not in broken}, by, because)
    _record(lake, delivery, "open", {s: broken[s] for s, c in known.items() if c.state == "replayed" and s in broken}, by, because)


def _record(lake: Lake, delivery: Delivery, state: CaseState, rules: Rules, by: str, because: Because) -> None:
    if rules:
        like = Case(hand_in_of(lake, delivery).id, "", 0, state, (), by, because.actor, because.reason)
        lake.ledger.record_cases([replace(like, file=file, row=row, rules=rules[file, row]) for file, row in sorted(rules)])


def _who(lake: Lake, correction: Delivery) -> Because:
    """The person who fixed rows here, else the department."""
    fixed = [d for d in lake.ledger.decisions(correction.id) if d.verb == "fix"]
    return Because(fixed[0].actor, fixed[0].reason) if fixed else Because(correction.department, f"更正件 {correction.id}")
