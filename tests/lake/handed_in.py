"""Deliveries of market_entity for tests of receipts and pages: claimed, judged as told, with bad rows in real Delta tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake
from playwright.sync_api import Page, sync_playwright

from yishu.contract.load import load_project
from yishu.contract.model import Project
from yishu.derive.suite import suite
from yishu.lake.lake import Lake, open_lake
from yishu.lake.ledger import Balance, Delivery, LandedFile, RuleCount
from yishu.settings import RunSettings, Settings

CHECKOUT = Path(__file__).parents[2]
DATASET = "market_entity"
AMR = "11130000MB16272007"
CHINA = dt.timezone(dt.timedelta(hours=8))
_VIOLATIONS = pa.list_(pa.struct([("rule", pa.string()), ("column", pa.string()), ("message", pa.string())]))


@cache
def project() -> Project:
    return load_project(CHECKOUT)


def opened(home: Path, *, day: int = 2, receipt_rows: int = 10_000) -> Lake:
    """A lake of its own; `day` is the day of July 2024 on which everything happens."""
    settings = Settings(home=home, project=CHECKOUT, run=RunSettings(receipt_rows=receipt_rows))
    return open_lake(settings, lambda: dt.datetime(2024, 7, day, 9, 30, tzinfo=CHINA), project())


def claimed(
    lake: Lake, content: str = "a", period: str = "2024-06-30", department: str = AMR, dataset: str = DATASET
) -> Delivery:
    """A claimed file; equal `content` means equal bytes."""
    file = LandedFile(f"{department}/{dataset}/{period}/{content}.csv", 10, 1_700_000_000_000_000_000, content * 64)
    return lake.ledger.claim(department, dataset, period, [file])


def bad_row(
    row: int, *rules: str, file: str = "a.csv", raw: str | None = None, extra: str | None = None, **cells: str
) -> dict[str, object]:
    """A row as quarantine holds it: cells as handed in, and the rules that it broke."""
    metas = {m["rule"]: m for m in (e["meta"]["yishu"] for e in suite(project().datasets[DATASET], project())["expectations"])}
    broken = [{"rule": r, "column": metas[r]["column"], "message": metas[r]["message"]} for r in rules]
    return {"_row": row, "_file": file, "_raw": raw, "_extra": extra, "_violations": broken, **cells}


def put_rows(path: Path, delivery: str, rows: Sequence[Mapping[str, object]]) -> None:
    fields = [f.name for f in project().datasets[DATASET].fields]
    texts = [(name, pa.string()) for name in (*fields, "_extra", "_raw", "_delivery", "_file")]
    schema = pa.schema([*texts, ("_row", pa.int64()), ("_violations", _VIOLATIONS)])
    write_deltalake(path, pa.Table.from_pylist([{**r, "_delivery": delivery} for r in rows], schema), mode="append")


def counted(bad: Mapping[str, int], total: int) -> list[RuleCount]:
    """A count for every rule of the suite, 0 where nothing is said; rules on the whole table look at one thing."""
    found = []
    for e in suite(project().datasets[DATASET], project())["expectations"]:
        m = e["meta"]["yishu"]
        whole = e["type"].startswith("expect_table_")
        broken, looked_at = bad.get(m["rule"], 0), 1 if whole else total
        found.append(
            RuleCount(m["rule"], e["type"], m["column"], m["severity"], broken, looked_at, m["message"], m["expected"])
        )
    return found


def judged(
    lake: Lake, state: str, rows: Sequence[Mapping[str, object]], *, received: int = 10, note: str = "", **of: str
) -> Delivery:
    """A delivery led to `held` or `accepted`, its bad rows where the flow would put them."""
    id = claimed(lake, **of).id
    lake.ledger.move(id, "bronze", balance=Balance(received=received), reason=note)
    broken: dict[str, int] = {}
    for row in rows:
        for violation in row["_violations"]:  # type: ignore[attr-defined]
            broken[violation["rule"]] = broken.get(violation["rule"], 0) + 1
    lake.ledger.record_rules(id, counted(broken, received))
    if rows:
        put_rows(lake.staging(id) / "bad" if state == "held" else lake.quarantine(DATASET), id, rows)
    balance = Balance(received, received - len(rows), 0, len(rows), 0)
    reason = "问题行超过容忍度" if state == "held" else ""
    return lake.ledger.move(id, state, balance=balance, reason=reason)  # type: ignore[arg-type]


CHROMIUM = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def browsing() -> Iterator[Page]:
    """A page of a real browser; leaving the file system fails."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        yield page
        browser.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
