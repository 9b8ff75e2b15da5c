"""Which filled sheets are taken, and what is told of those that are not; forms, manifests, holds, and tables made anew."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from openpyxl import load_workbook

from filled_sheets import BAD, FEB, JAN, counts, edits, filled, first, hand_back, sheet_of
from small_lake import HEADER, POLICE, STATS, SmallLake, open_small_lake, small_project
from yishu.flow import decisions
from yishu.flow.cases import Because
from yishu.flow.due import reckon
from yishu.settings import Settings

ME = Because("tester", "because the test says so")
AT = "2025-01-01 08:00:00"
MEND = {2: {"金额": "2"}}


def test_a_sheet_that_lies_elsewhere_or_of_nothing_that_stands_is_refused(small: SmallLake) -> None:
    small.drop("fact", JAN, BAD)
    small.run()
    original = first(small, "fact")
    data = filled(small, original, edits(MEND))
    before = small.versions()
    told = {}
    for dataset, period, department in (("fact", FEB, STATS), ("firm", JAN, STATS), ("fact", JAN, POLICE)):
        small.put(dataset, period, data, "x.xlsx", department)
        small.run()
        found = small.lake.ledger.deliveries()[-1]
        assert (found.state, found.corrects) == ("rejected", None)
        told[dataset, period, department] = found.reason
    right = f"{STATS}/fact/{JAN}"
    assert [right in text for text in told.values()] == [True, True, False]
    assert "不是本部门的" in told["fact", JAN, POLICE] and STATS not in told["fact", JAN, POLICE]
    unknown = load_workbook(sheet_of(small, original))
    unknown["问题行"].cell(1, unknown["问题行"].max_column).value = "yishu:d-0000000000000000"
    unknown.save(small.lake.settings.home / "unknown.xlsx")
    small.put("fact", JAN, (small.lake.settings.home / "unknown.xlsx").read_bytes(), "u.xlsx")
    small.run()
    assert "不存在" in small.newest("fact").reason
    assert {k: v for k, v in small.versions().items() if "fact" in k and "ops" not in k} == {
        k: v for k, v in before.items() if "fact" in k and "ops" not in k
    }
    (small.lake.settings.landing / "x.xlsx").write_bytes(data)
    small.run()
    assert "放错了位置" in small.lake.ledger.deliveries()[-1].reason
    small.drop("fact", JAN, [("n", 1, "R", AT)], name="again.csv")
    small.run()
    late = hand_back(small, original_with_sheet(small, original, data), MEND, name="late.xlsx")
    assert late.state == "rejected" and "更正替代" in late.reason and "最新" in late.reason
    assert small.rows("silver.fact", "id") == [("n",)]


def original_with_sheet(small: SmallLake, original, data: bytes):  # type: ignore[no-untyped-def]
    """The receipt that the department kept: its own folder now holds the one that says superseded."""
    folder = small.lake.settings.home / "kept"
    folder.mkdir()
    (folder / "receipt.xlsx").write_bytes(data)
    import dataclasses

    return dataclasses.replace(original, receipt="kept")


def test_the_same_sheet_again_changes_nothing_and_the_original_again_neither(small: SmallLake) -> None:
    file = small.drop("fact", JAN, BAD)
    small.run()
    data = filled(small, first(small, "fact"), edits(MEND))
    for name in ("1.xlsx", "2.xlsx"):
        small.put("fact", JAN, data, name)
        small.run()
    small.put("fact", JAN, file.read_bytes(), "once more.csv")
    small.run()
    assert small.states("fact") == ["accepted", "accepted", "unchanged", "unchanged"]
    assert small.rows("silver.fact", "id") == [("a",), ("b",), ("d",), ("e",)]
    today = small.lake.clock().date()
    due = [r for r in reckon(small.lake.project, small.lake.ledger.deliveries(), today) if r.delivery and r.duty.dataset == "fact"]
    assert all(r.delivery and r.delivery.id == first(small, "fact").id for r in due), "a correction fulfils no duty"


def test_rows_saved_as_csv_do_not_replace_the_period(small: SmallLake) -> None:
    small.drop("fact", JAN, BAD)
    small.run()
    book = load_workbook(sheet_of(small, first(small, "fact")))
    text = io.StringIO()
    csv.writer(text).writerows([[c.value for c in row] for row in book["问题行"].iter_rows()])
    small.put("fact", JAN, text.getvalue().encode(), "问题行.csv")
    small.run()
    assert small.states("fact") == ["accepted", "rejected"] and "问题行" in small.newest("fact").reason
    assert small.rows("silver.fact", "id") == [("a",), ("d",), ("e",)]


@pytest.fixture
def odd(server: Settings, tmp_path: Path):  # type: ignore[no-untyped-def]
    """`fact` comes as JSON Lines with a manifest that is required; `firm` has a rule that holds a delivery."""
    project = small_project(tmp_path / "project")
    for name, more in (("fact", "  - {property: yishu.supply, value: {format: jsonl, manifest: required}}\n"), ("firm", "")):
        path = project / f"schemas/basic/toy/{name}.yaml"
        text = path.read_text(encoding="utf-8")
        if name == "firm":
            text = text.replace(
                "    properties:\n",
                "    quality:\n      - {type: custom, engine: greatExpectations, name: no_negative, severity: critical, description: 金额为负,"
                " implementation: {type: expect_column_values_to_be_between, kwargs: {column: amount, min_value: 0}}}\n    properties:\n",
            )
        path.write_text(text + more, encoding="utf-8")
    opened = open_small_lake(server, tmp_path, project=project)
    yield opened
    opened.close()


def test_a_sheet_corrects_rows_of_any_form_and_no_manifest_need_name_it(odd: SmallLake) -> None:
    import hashlib

    lines = "".join(json.dumps(dict(zip(HEADER, map(str, row), strict=True)), ensure_ascii=False) + "\n" for row in BAD)
    data = lines.encode() + b"{broken\n"
    odd.put("fact", JAN, data, "a.jsonl")
    odd.put("fact", JAN, json.dumps({"files": [{"name": "a.jsonl", "sha256": hashlib.sha256(data).hexdigest()}]}).encode(), "manifest.json")
    assert not odd.run().errors
    original = first(odd, "fact")
    assert original.state == "held"
    correction = hand_back(odd, original, {2: {"金额": "2"}, 7: {"编号": "z", "时间": AT}})
    assert (correction.state, counts(correction)) == ("accepted", (2, 2, 0, 0, 0))
    assert counts(first(odd, "fact")) == (7, 3, 0, 2, 2)
    assert odd.rows("silver.fact", "id") == [("a",), ("b",), ("d",), ("e",), ("z",)]


def test_a_correction_that_breaks_what_holds_a_delivery_is_held_and_decided(odd: SmallLake) -> None:
    odd.drop("firm", JAN, BAD)
    odd.run()
    original = first(odd, "firm")
    held = hand_back(odd, original, {2: {"金额": "-5"}, 3: {"颜色": "R"}}, name="1.xlsx")
    assert (held.state, counts_open(held)) == ("held", (2, 0, 0, 1))
    assert odd.rows("quarantine.firm", "id") == [("b",), ("c",), ("f",)] and odd.rows("silver.firm", "id") == [("a",), ("d",), ("e",)]
    better = hand_back(odd, original, {3: {"颜色": "R"}}, name="2.xlsx")
    assert better.state == "accepted" and odd.lake.ledger.delivery(held.id).state == "superseded"
    again = hand_back(odd, original, {3: {"颜色": "R"}, 2: {"金额": "-6"}}, name="3.xlsx")
    assert again.state == "held"
    decisions.release(odd.lake, again.id, ME)
    odd.run()
    assert counts(odd.lake.ledger.delivery(again.id)) == (1, 0, 0, 1, 0)
    assert odd.rows("quarantine.firm", "id", "amount") == [("b", "-6"), ("f", "y")]
    assert counts(first(odd, "firm")) == (6, 3, 0, 1, 2)


def counts_open(delivery) -> tuple[int, ...]:  # type: ignore[no-untyped-def]
    b = delivery.balance
    return (b.received, b.loaded, b.duplicates, b.quarantined)


def test_tables_made_anew_from_landing_hold_the_corrections(small: SmallLake) -> None:
    for dataset in ("firm", "school"):
        small.drop(dataset, JAN, BAD)
    small.run()
    hand_back(small, first(small, "firm"), MEND, name="1.xlsx")
    hand_back(small, first(small, "firm"), MEND | {3: {"颜色": "B"}}, name="2.xlsx")
    for name, change in (("1.xlsx", MEND), ("2.xlsx", MEND | {3: {"颜色": "B"}})):  # both wait for one run
        small.put("school", JAN, filled(small, first(small, "school"), edits(change)), name)
    assert not small.run().errors
    tables = [f"{layer}.{dataset}" for layer in ("silver", "quarantine", "bronze") for dataset in ("firm", "school")]
    before = {name: small.rows(name, "id", "amount", "colour", "_row", "_delivery") for name in tables}
    figures = [counts(d) for d in small.lake.ledger.deliveries()]
    assert figures.count((1, 1, 0, 0, 0)) == 4 and figures.count((6, 3, 0, 1, 2)) == 2
    for dataset in ("firm", "school"):
        shutil.rmtree(small.lake.bronze(dataset))
        decisions.reprocess(small.lake, f"bronze.{dataset}", ME)
    assert not small.run().errors
    assert {name: small.rows(name, "id", "amount", "colour", "_row", "_delivery") for name in tables} == before
    assert [counts(d) for d in small.lake.ledger.deliveries()] == figures


def test_a_held_delivery_that_is_released_over_a_corrected_one_takes_the_place_of_both(small: SmallLake) -> None:
    small.drop("firm", JAN, BAD)
    small.run()
    original = first(small, "firm")
    small.drop("firm", JAN, [("n", 1, "R", AT), ("m", "x", "R", AT), ("o", "x", "R", AT)], name="worse.csv")
    small.run()
    held = small.newest("firm")
    assert held.state == "held"
    assert hand_back(small, original, MEND).state == "accepted"
    decisions.release(small.lake, held.id, ME)
    small.run()
    assert small.states("firm") == ["superseded", "accepted", "superseded"]
    assert small.rows("silver.firm", "id") == [("n",)]
    assert small.rows("quarantine.firm", "id") == [("m",), ("o",)]
    assert small.lake.ledger.delivery(held.id).supersedes == original.id


Stop = type("Stop", (Exception,), {})


def test_a_kill_between_the_whole_and_the_correction_is_carried_on(small: SmallLake, monkeypatch: pytest.MonkeyPatch) -> None:
    small.drop("firm", JAN, [(f"k{n}", "x" if n < 4 else n, "R", AT) for n in range(6)])
    small.run()
    held = first(small, "firm")
    small.put("firm", JAN, filled(small, held, edits({1: {"金额": "1"}, 2: {"金额": "2"}})), "r.xlsx")

    def stop(*_: object, **__: object) -> None:
        raise Stop

    for place in ("silver.settle", "_settle"):
        with monkeypatch.context() as patch:
            patch.setattr(f"yishu.flow.amend.{place}", stop)
            with pytest.raises(Stop):
                small.run()
    assert [d.state for d in small.lake.ledger.deliveries()] == ["accepted", "bronze"]
    assert not small.run().errors
    assert [(d.state, counts(d)) for d in small.lake.ledger.deliveries()] == [("accepted", (6, 2, 0, 2, 2)), ("accepted", (2, 2, 0, 0, 0))]
    assert small.rows("silver.firm", "id") == [("k0",), ("k1",), ("k4",), ("k5",)]
