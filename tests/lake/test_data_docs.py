"""Data Docs made of the ledger's counts: GX's own store reads them, a browser shows the same figures, offline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from handed_in import CHINA, DATASET, bad_row, browsing, counted, judged, opened, project
from yishu.derive.suite import suite
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery
from yishu.quality import data_docs
from yishu.quality.data_docs import build_data_docs
from yishu.quality.results import Judged, validation_result

# GX takes a contract's row_condition as text with condition_parser, and calls both deprecated
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated as of GX Core 1.9.0:DeprecationWarning")

ROWS = [bad_row(1, "required:uscc", "type:est_date"), bad_row(2, "type:est_date"), bad_row(3, "length:currency")]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return opened(tmp_path / "home")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browsing() as page:
        yield page


def result_page(lake: Lake, delivery: Delivery) -> Path:
    (found,) = (lake.catalog / "data_docs" / "validations" / DATASET / delivery.id).rglob("*.html")
    return found


def test_a_browser_shows_for_every_rule_what_the_ledger_counted(lake: Lake, page: Page) -> None:
    delivery = judged(lake, "accepted", ROWS)
    assert build_data_docs(lake, "legal_entity")
    page.goto((lake.catalog / "data_docs" / "index.html").as_uri())
    page.locator(f'tr[data-delivery="{delivery.id}"]').get_by_role("link", name=delivery.id).click()
    assert page.url == result_page(lake, delivery).as_uri()
    broken = {c.expected: c.bad for c in lake.ledger.rules(delivery.id) if c.bad}
    rows = page.locator("tbody tr").filter(has=page.locator(".fa-times")).all_inner_texts()
    shown = {expected: text for text in rows for expected in broken if expected in text}
    assert len(rows) == len(shown) == len(broken) == 3
    assert all(f"{broken[expected]} unexpected values found" in text for expected, text in shown.items())
    figures = page.locator("table", has_text="Evaluated Expectations").first.inner_text()
    assert str(len(lake.ledger.rules(delivery.id))) in figures


def test_great_expectations_own_store_reads_the_counts_back(lake: Lake) -> None:
    import great_expectations as gx

    delivery = judged(lake, "accepted", ROWS)
    build_data_docs(lake, "legal_entity")
    context = gx.get_context(mode="file", context_root_dir=lake.ops("gx"))
    store = context.validation_results_store
    (key,) = store.list_keys()
    result = store.get(key)
    assert (key.run_id.run_name, key.run_id.run_time) == (delivery.id, delivery.claimed_at)
    rules = [r.expectation_config.meta["yishu"]["rule"] for r in result.results]
    figures = [(r.result.get("unexpected_count"), r.result.get("element_count")) for r in result.results]
    counts = lake.ledger.rules(delivery.id)
    whole = {c.rule for c in counts if c.type.startswith("expect_table_")}
    assert rules == [c.rule for c in counts]
    assert figures == [(None, None) if c.rule in whole else (c.bad, c.total) for c in counts]
    assert not result.success
    assert context.suites.get(DATASET).name == DATASET


def test_without_news_nothing_is_built_and_changed_counts_are(lake: Lake) -> None:
    delivery = judged(lake, "accepted", ROWS)
    assert build_data_docs(lake, "legal_entity")
    assert not build_data_docs(lake, "legal_entity")
    lake.ledger.record_rules(delivery.id, counted({"required:entity_name": 7}, 10))
    assert build_data_docs(lake, "legal_entity")
    assert "7 unexpected values found" in result_page(lake, delivery).read_text(encoding="utf-8")


def test_the_index_makes_no_result_anew(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations does, for each result at each publishing, and leaves out what it cannot make."""
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a result was made anew")

    monkeypatch.setattr(AbstractDataContext, "get_validation_result", refuse)
    delivery = judged(lake, "accepted", ROWS)
    build_data_docs(lake, "legal_entity")
    assert delivery.id in (lake.catalog / "data_docs" / "index.html").read_text(encoding="utf-8")


def test_pages_that_were_deleted_come_back(lake: Lake) -> None:
    delivery = judged(lake, "accepted", ROWS)
    build_data_docs(lake, "legal_entity")
    (lake.catalog / "data_docs" / "index.html").unlink()
    assert build_data_docs(lake, "legal_entity")
    assert result_page(lake, delivery).is_file()


def test_only_the_newest_results_of_a_dataset_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_docs, "KEPT", 2)
    ids = []
    for day in (1, 2, 3):
        lake = opened(tmp_path / "home", day=day)
        ids.append(judged(lake, "accepted", [], content=f"{day}", period=f"2024-06-0{day}").id)
        build_data_docs(lake, "legal_entity")
    shown = {folder.parent.parent.name for folder in (lake.catalog / "data_docs" / "validations").rglob("*.html")}
    assert shown == set(ids[1:])


def test_percentages_leave_missing_values_out_where_their_number_is_known() -> None:
    rules = counted({"required:division_code": 5, "length:division_code": 2}, 10)
    when = dt.datetime(2024, 7, 2, tzinfo=CHINA)
    result = validation_result(
        suite(project().datasets[DATASET], project()), rules, Judged("d-1", DATASET, "2024-06-30", 10, when)
    )
    by_rule = {r.expectation_config.meta["yishu"]["rule"]: r.result for r in result.results}
    assert by_rule["length:division_code"]["missing_count"] == 5
    assert by_rule["length:division_code"]["unexpected_percent"] == 40.0
    assert by_rule["length:division_code"]["unexpected_percent_total"] == 20.0
    assert by_rule["row_count_not_zero"] == {"observed_value": 10}
