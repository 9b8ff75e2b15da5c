"""The receipt as a page: the figures of the receipt, the rows to mend with the cells at fault, and no markup of a stranger's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from handed_in import bad_row, browsing, claimed, judged, opened
from yishu.flow.receipt_page import ROWS
from yishu.flow.receipts import write_receipt
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browsing() as opened_page:
        yield opened_page


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return opened(tmp_path / "home")


def show(page: Page, lake: Lake, delivery: Delivery) -> Path:
    file = write_receipt(lake, delivery) / "receipt.html"
    page.goto(file.as_uri())
    return file


def test_totals_rules_and_rows_are_those_of_the_receipt(page: Page, lake: Lake) -> None:
    rows = [bad_row(3, "required:uscc", uscc="", entity_name="甲公司"), bad_row(8, "enum:reg_status", reg_status="注销")]
    show(page, lake, judged(lake, "accepted", rows))
    assert page.locator("h1").inner_text().split() == ["交付回执", "已接收"]
    assert "省市场监管局" in page.locator("header p").inner_text()
    heads, cells = page.locator("#totals th").all_inner_texts(), page.locator("#totals td").all_inner_texts()
    assert dict(zip(heads, cells, strict=True)) == {"收到": "10", "入库": "8", "重复": "0", "待核": "2", "退回": "0"}
    assert page.locator("#rules tbody tr").count() == 2
    assert [r.get_attribute("data-row") for r in page.locator("#rows tbody tr").all()] == ["3", "8"]
    assert page.locator("#rows tr[data-row='3'] td.held").all_inner_texts() == ["（空）"]
    assert page.locator("#rows tr[data-row='8'] td.held").all_inner_texts() == ["注销"]


def test_what_a_stranger_wrote_is_text(page: Page, lake: Lake) -> None:
    told: list[str] = []
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202egnp.exe\x1b[31m"
    rows = [bad_row(1, "required:uscc", entity_name=evil), bad_row(2, "unparsable", raw=evil)]
    show(page, lake, judged(lake, "held", rows))
    shown = page.locator("#rows").inner_text()
    assert shown.count("<script>alert(1)</script>") == 2 and told == []
    assert "\u202e" not in shown and "\x1b" not in shown


def test_a_held_delivery_says_what_waits_and_a_rejected_one_why(page: Page, lake: Lake) -> None:
    held = judged(lake, "held", [bad_row(1, "required:uscc")])
    show(page, lake, lake.ledger.move(held.id, "held", balance=Balance(10, 0, 0, 1, 0), reason="问题行超过容忍度"))
    assert "合格（待放行）" in page.locator("#totals thead").inner_text()
    refused = claimed(lake, content="b", period="2024-05-31")
    rejected = lake.ledger.move(refused.id, "rejected", balance=Balance(), reason="文件是空的")
    show(page, lake, rejected)
    assert "文件是空的" in page.locator("#totals").inner_text() and page.locator("#rows").count() == 0


def test_many_rows_make_no_long_page(page: Page, lake: Lake) -> None:
    many = [bad_row(n, "required:uscc") for n in range(1, ROWS + 51)]
    file = show(page, lake, judged(lake, "accepted", many, received=1000))
    assert page.locator("#rows tbody tr").count() == ROWS
    assert f"共 {ROWS + 50} 行，此页列出前 {ROWS} 行，其余见 receipt.xlsx" in page.locator("#rows h2").inner_text()
    assert file.stat().st_size < 300_000


def test_the_same_receipt_is_the_same_page(lake: Lake) -> None:
    delivery = judged(lake, "accepted", [bad_row(1, "required:uscc")])
    file = write_receipt(lake, delivery) / "receipt.html"
    before = file.read_bytes(), file.stat().st_mtime_ns
    write_receipt(lake, delivery)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
