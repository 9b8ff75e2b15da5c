"""A person's word on rows in quarantine → fix (a correction made here), waive (let through), replay (judge again).

Each keeps who, when and why as a case of the row. What a department corrects in its receipt's sheet needs nobody's word.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from yishu.contract.model import Dataset
from yishu.errors import UsageError
from yishu.flow import cases
from yishu.flow.agreed import require_agreed
from yishu.flow.bad_rows import Wanted, spelled_out
from yishu.flow.cases import Because, broken_rules
from yishu.flow.evolving import take_over_names
from yishu.flow.family import ROW, Spot, balanced, family, rows_of, spots
from yishu.flow.judge import judged
from yishu.flow.manifest import field_of
from yishu.flow.rebuild import loaded_rows, rebuild
from yishu.flow.receipt_form import RowJson, titles_of
from yishu.flow.receipt_rows import place_of_bad_rows
from yishu.flow.receipt_sheet import sheet_bytes
from yishu.flow.receipts import receipt
from yishu.flow.receive import receive
from yishu.flow.sheet_pen import safe_text, typed_text
from yishu.flow.soundness import note, require_sound
from yishu.lake import places, tables
from yishu.lake.drop_zone import drop_zone
from yishu.lake.lake import Lake, OpenSpark
from yishu.lake.ledger import Delivery


def fix(lake: Lake, delivery: str, row: str, changes: Mapping[str, str], because: Because) -> Delivery:
    """Correct one bad row: the same sheet as a department's, filled in here; the next run takes it.

    Args:
        lake: ledger and places.
        delivery: accepted or held.
        row: its number, or `file:number` where several files have it.
        changes: column, by name or title → the cell's text, empty for none.
        because: who and why.

    Returns:
        The correction, waiting.
    """
    found = _touchable(lake, delivery, "fix")
    dataset = lake.project.datasets[found.dataset]
    take_over_names(lake, dataset)
    spot = _spot(row, broken_rules(lake, found), found)
    values = _cells(lake, dataset, found, spot) | _named(dataset, changes)
    titles = titles_of(dataset)
    told: RowJson = {
        "file": spot[0], "row": spot[1], "values": {titles[name]: values[name] for name in titles}, "extra": {}, "raw": None,
        "violations": [],
    }  # fmt: skip
    sheet = sheet_bytes({**receipt(lake, found), "rows": [told]})
    name = f"fix-{hashlib.sha256(sheet).hexdigest()[:16]}.xlsx"
    detail = {"row": list(spot), "columns": sorted(_named(dataset, changes)), "reason": because.reason, "file": name}
    lake.ledger.audit(because.actor, "fix", found.id, json.dumps(detail, ensure_ascii=False))
    place = "/".join((found.department, found.dataset, found.period, name))
    written = lake.settings.home / "spool" / "fix" / name
    places.put(written, sheet)
    drop_zone(lake).drop(place, written)
    while receive(lake, found.dataset):  # behind whatever else waits
        pass
    mine = next(d for d in reversed(lake.ledger.deliveries(dataset=found.dataset)) if any(f.path == place for f in d.files))
    if mine.state in ("rejected", "unchanged"):
        raise UsageError(f"the correction {mine.id} was not taken: {mine.reason}", code="fix", subject=found.id)
    lake.ledger.decide(mine.id, "fix", actor=because.actor, reason=because.reason)
    return mine


def waive(
    lake: Lake, open_spark: OpenSpark, delivery: str, rows: Sequence[str], rule: str | None, because: Because
) -> tuple[Delivery, int]:
    """Let bad rows through although they break rules; it holds whenever the delivery is judged again.

    Args:
        lake: ledger and places.
        open_spark: opens a session of its own.
        delivery: accepted or held; a held one is asked for again by the next run.
        rows: numbers, or `file:number`; none where a rule is given.
        rule: let every row of the delivery pass that breaks it.
        because: who and why.

    Returns:
        The delivery as it now stands, and how many rows were waived; a row that breaks another rule stays in quarantine.

    Raises:
        UsageError: no such bad row, or a row whose value silver cannot hold.
    """
    found = _touchable(lake, delivery, "waive")
    dataset, broken = lake.project.datasets[found.dataset], broken_rules(lake, found)
    chosen: dict[Spot, tuple[str, ...]]
    if rule is not None:
        chosen = {spot: (rule,) for spot, names in broken.items() if rule in names}
        if not chosen:
            known = ", ".join(sorted({name for names in broken.values() for name in names})) or "none"
            raise UsageError(f"no row of {found.id} breaks {rule}", code="rule", subject=found.id, expected=f"one of {known}")
    else:
        chosen = {spot: broken[spot] for spot in (_spot(row, broken, found) for row in rows)}
    _refuse_unholdable(dataset, chosen)
    lake.ledger.decide(found.id, "waive", actor=because.actor, reason=because.reason)
    cases.let_through(lake, found, chosen, because)
    if found.state == "held":
        return lake.ledger.move(found.id, "bronze", receipt=""), len(chosen)
    return _judge_again(lake, open_spark, found, because, decided=True) or found, len(chosen)


def replay(lake: Lake, open_spark: OpenSpark, datasets: Iterable[str], because: Because) -> list[Delivery]:
    """Judge quarantined rows again, by today's rules, code lists and reference tables; rows that pass join silver.

    Args:
        lake: ledger and places.
        open_spark: opens a session of its own.
        datasets: whose quarantine is replayed.
        because: who and why.

    Returns:
        The deliveries of which at least one row came back, with their new balance.
    """
    back = []
    for dataset in datasets:
        for delivery in lake.ledger.deliveries(dataset=dataset, states={"accepted"}):
            if delivery.balance.quarantined:
                moved = _judge_again(lake, open_spark, delivery, because)
                back += [moved] if moved else []
    return back


def _judge_again(
    lake: Lake, open_spark: OpenSpark, delivery: Delivery, because: Because, *, decided: bool = False
) -> Delivery | None:
    """None where every bad row still is."""
    require_sound(lake, *(f"{layer}.{delivery.dataset}" for layer in ("bronze", "silver", "quarantine")))
    dataset, spark = lake.project.datasets[delivery.dataset], open_spark()
    require_agreed(lake, dataset)
    path = lake.quarantine(dataset.name)
    with judged(lake, spark, dataset, delivery) as verdicts:
        # rows that were good stay good: a rule that became stricter judges the next delivery, not this one
        before = spots(path, delivery.id)
        wanted = _among(before)
        bad = {spot for batch in spelled_out(lake, verdicts, dataset, delivery, wanted) for spot in _spots_of(batch)}
        if len(bad) == delivery.balance.quarantined:
            return None
        if not decided:
            lake.ledger.decide(delivery.id, "replay", actor=because.actor, reason=because.reason)
        cases.came_back(lake, delivery, before - bad, because)
        turn = sum(1 for d in lake.ledger.decisions(delivery.id))
        with lake.ledger.writing(f"silver.{dataset.name}"):
            app_id = f"{dataset.name}:{delivery.id}:replay{turn}"
            tables.put_batches(spelled_out(lake, verdicts, dataset, delivery, wanted), path, f"quarantine:{app_id}", [delivery.id])
            note(lake, f"quarantine.{dataset.name}")
            standing = lake.ledger.deliveries(dataset=dataset.name, states={"accepted"})
            rebuild(lake, spark, dataset, standing, f"silver:{app_id}")
            note(lake, f"silver.{dataset.name}")
        kin = family(lake, delivery)
        loaded = loaded_rows(lake, spark, dataset, kin)
    for other in kin:
        lake.ledger.move(other.id, "accepted", balance=balanced(lake, other, kin, loaded[other.id]))
    return lake.ledger.move(delivery.id, "accepted", receipt="")


def _among(known: Collection[Spot]) -> Wanted:
    import pyarrow as pa

    return lambda batch: pa.array([spot in known for spot in _spots_of(batch)], pa.bool_())


def _spots_of(batch: object) -> list[Spot]:
    import pyarrow as pa

    rows = cast("pa.RecordBatch", batch)
    return list(zip(*(rows[name].to_pylist() for name in ROW), strict=True))


def _touchable(lake: Lake, delivery: str, verb: str) -> Delivery:
    found = lake.ledger.delivery(delivery)
    if found.state not in ("accepted", "held"):
        raise UsageError(
            f"cannot {verb} rows of delivery {found.id}: it is {found.state}", code="decision", subject=found.id,
            expected="a delivery that is accepted or held", remedy="see yishu status",
        )  # fmt: skip
    return found


def _spot(asked: str, bad: Mapping[Spot, object], delivery: Delivery) -> Spot:
    file, _, number = asked.rpartition(":")
    found = [spot for spot in bad if str(spot[1]) == number and file in ("", spot[0])]
    if len(found) == 1:
        return found[0]
    several = f", or {' · '.join(f'{name}:{row}' for name, row in sorted(found))}" if found else ""
    raise UsageError(
        f"{'no' if not found else 'more than one'} bad row of {delivery.id} is {asked!r}", code="row", subject=delivery.id,
        expected=f"a row number that yishu quarantine show {delivery.id} lists{several}",
    )  # fmt: skip


def _refuse_unholdable(dataset: Dataset, chosen: Mapping[Spot, Sequence[str]]) -> None:
    """What is no value of its column, or no key, cannot be let through: silver has no place for it."""
    needed = {f"required:{name}" for name in (*dataset.key, *([dataset.sequence] if dataset.sequence else []))}
    for (file, row), names in sorted(chosen.items()):
        for name in names:
            if name == "unparsable" or name.startswith("type:") or name in needed:
                raise UsageError(
                    f"row {row} of {file} cannot be waived: it breaks {name}, and silver has no place for such a row",
                    code="waive", subject=dataset.name, expected="a value that its column can hold, and a whole key",
                    remedy="correct it: yishu quarantine fix …, or the receipt's sheet",
                )  # fmt: skip


def _named(dataset: Dataset, changes: Mapping[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for column, text in changes.items():
        field = field_of(dataset, column)
        if field is None:
            words = [word for f in dataset.fields for word in (f.name, f.title)]
            near = difflib.get_close_matches(column, words, 3, 0.4) or words[:6]
            raise UsageError(f"{dataset.name} has no column {column!r}", code="column", subject=dataset.name, expected=", ".join(near))
        if typed_text(safe_text(text)) != text:
            raise UsageError(f"the value for {column} cannot stand in a cell", code="value", expected="text without control characters")
        found[field] = text or None
    return found


def _cells(lake: Lake, dataset: Dataset, delivery: Delivery, spot: Spot) -> dict[str, str | None]:
    """The row as it was handed in."""
    path = place_of_bad_rows(lake, delivery)
    assert isinstance(path, Path)
    names = [f.name for f in dataset.fields]
    rows = rows_of(path, delivery.id, [*names, "_file"], [spot[1]]).to_pylist()
    row = next(row for row in rows if row["_file"] == spot[0])
    return {name: row[name] for name in names}
