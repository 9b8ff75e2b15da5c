"""Publishing: catalogue entries and pages say what ledger and tables say; `ops.*` are written only when something changed."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from playwright.sync_api import Page

from handed_in import AMR, DATASET, bad_row, browsing, claimed, judged, opened
from yishu.flow.publish import publish
from yishu.lake.lake import Lake
from yishu.lake.ledger import Dispute, LandedFile

# GX takes a contract's row_condition as text with condition_parser, and calls both deprecated
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated as of GX Core 1.9.0:DeprecationWarning")


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browsing() as page:
        yield page


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """One accepted delivery with two bad rows of ten, one of them broken twice, and a gold base table of eight rows."""
    lake = opened(tmp_path / "home")
    rows = [bad_row(1, "required:uscc", "type:est_date"), bad_row(2, "type:est_date")]
    judged(lake, "accepted", rows)
    write_deltalake(lake.gold(f"legal_entity.{DATASET}"), pa.table({"uscc": [str(n) for n in range(8)]}))
    return lake


def entry(lake: Lake, name: str = DATASET) -> dict:
    return json.loads((lake.catalog / "entries" / f"{name}.json").read_text(encoding="utf-8"))


def test_an_entry_holds_the_contract_the_tables_rows_and_the_balance_of_the_last_deliveries(lake: Lake) -> None:
    claimed(lake, content="c", period="2024-07-01")
    publish(lake, "legal_entity")
    found = entry(lake)
    run = found["run"]
    assert (found["title"], found["目录"]["信息资源名称"]) == ("市场主体登记信息", "市场主体登记信息")
    assert run["table"] == {"name": "legal_entity.market_entity", "rows": 8, "version": 0}
    assert found["目录"]["发布日期"] == run["published"]
    assert [(d["period"], d["state"], d["received"], d["loaded"], d["quarantined"]) for d in run["deliveries"]] == [
        ("2024-07-01", "waiting", 0, 0, 0), ("2024-06-30", "accepted", 10, 8, 2),
    ]  # fmt: skip
    assert run["deliveries"][1]["department_name"] == "省市场监管局"


def test_quality_is_the_share_of_good_rows_and_per_dimension_the_share_of_checks_passed(lake: Lake) -> None:
    publish(lake, "legal_entity")
    quality = entry(lake)["run"]["quality"][0]
    id = quality["delivery"]
    assert (quality["rows"], quality["bad"], quality["share"]) == (10, 2, 0.8)
    rules = {r["name"]: r["dimension"] for r in entry(lake)["rules"]}
    mine = [c for c in lake.ledger.rules(id) if rules[c.rule] == "completeness"]
    bad, total = sum(c.bad for c in mine if c.rule == "required:uscc"), sum(c.total for c in mine)
    assert bad == 1
    # coverage (is anything there at all?) belongs to completeness in GB/T 36344
    total += sum(c.total for c in lake.ledger.rules(id) if rules[c.rule] == "coverage")
    assert quality["dimensions"]["完整性"] == round((total - bad) / total, 6)
    assert quality["dimensions"]["一致性"] == 1.0


def test_a_dataset_without_deliveries_and_a_mart_without_a_table_have_entries_too(lake: Lake) -> None:
    publish(lake, "legal_entity")
    names = {d.name for d in lake.project.datasets.values() if d.database == "legal_entity"}
    names |= {m.table for m in lake.project.marts.values() if m.database == "legal_entity"}
    assert {f.stem for f in (lake.catalog / "entries").glob("*.json")} == names
    mart = entry(lake, next(m for m in lake.project.marts if m.startswith("legal_entity.")))
    assert (mart["run"]["rows"], mart["run"]["deliveries"]) == (None, [])


def test_the_index_shows_every_database_published_so_far_with_the_ledgers_figures(lake: Lake, page: Page) -> None:
    delivery = lake.ledger.deliveries()[0]
    lake.ledger.dispute(delivery.id, [Dispute("uscc", "k", DATASET, "1", "other", "2", delivery.id)])
    publish(lake, "legal_entity")
    publish(lake, "population")
    page.goto((lake.catalog / "index.html").as_uri())
    assert page.locator("section#legal_entity").count() == page.locator("section#population").count() == 1
    links = [link.get_attribute("href") for link in page.locator("section#databases a").all()]
    assert links == ["#legal_entity", "#population"]
    row = page.locator(f'tr[data-name="{DATASET}"]')
    assert row.locator("td.rows").inner_text() == "8"
    assert row.locator("td.share").inner_text() == "80.00%"
    assert "已接收" in row.inner_text()
    score = page.locator('tr[data-department="省市场监管局"]').locator("td").all_inner_texts()
    assert score == ["省市场监管局", "1", "1", "1", "10", "80.00%", "1"]


def test_the_index_leads_to_a_page_per_table_that_shows_its_deliveries(lake: Lake, page: Page) -> None:
    publish(lake, "legal_entity")
    page.goto((lake.catalog / "index.html").as_uri())
    page.get_by_role("link", name="市场主体登记信息").click()
    delivery = lake.ledger.deliveries()[0]
    cells = page.locator(f'#deliveries tr[data-delivery="{delivery.id}"] td').all_inner_texts()
    assert cells == [delivery.id, "省市场监管局", "2024-06-30", "已接收", "10", "8", "0", "2", "0", ""]
    assert page.locator("#rows").inner_text().startswith("8")


def test_every_link_of_the_site_leads_to_a_file(lake: Lake, page: Page) -> None:
    for database in ("legal_entity", "population"):
        publish(lake, database)
    broken = []
    for file in [
        lake.catalog / "index.html",
        *(lake.catalog / "pages").glob("*.html"),
        lake.catalog / "data_docs" / "index.html",
    ]:
        page.goto(file.as_uri())
        links = {link.split("#")[0] for link in page.eval_on_selector_all("a[href]", "links => links.map(l => l.href)")}
        broken += [(file.name, link) for link in links if not Path(link.removeprefix("file://")).is_file()]
    assert broken == []


def test_a_strangers_text_is_shown_and_not_run(lake: Lake, page: Page) -> None:
    period, reason = "<script>document.title='hacked'</script>", "<img src=x onerror=alert(1)>"
    file = LandedFile(f"{AMR}/{DATASET}/x/1.csv", 1, 1, "f" * 64)
    lake.ledger.claim(AMR, DATASET, period, [file], reason=reason, state="rejected")
    publish(lake, "legal_entity")
    page.goto((lake.catalog / "pages" / f"{DATASET}.html").as_uri())
    assert page.title() == "市场主体登记信息 · 一数"
    assert {period, reason} <= set(page.locator("#deliveries td").all_inner_texts())


def files(folder: Path) -> dict[str, int]:
    return {str(f.relative_to(folder)): f.stat().st_mtime_ns for f in folder.rglob("*") if f.is_file()}


def test_publishing_again_without_news_writes_nothing(lake: Lake) -> None:
    publish(lake, "legal_entity")
    before = files(lake.catalog), files(lake.settings.home / "ops")
    publish(lake, "legal_entity")
    assert (files(lake.catalog), files(lake.settings.home / "ops")) == before


def test_publishing_without_news_does_not_import_great_expectations(lake: Lake) -> None:
    publish(lake, "legal_entity")
    code = (
        "import sys; from pathlib import Path; from handed_in import opened; from yishu.flow.publish import publish;"
        f"publish(opened(Path({str(lake.settings.home)!r})), 'legal_entity');"
        "print([m for m in ('great_expectations', 'pyspark') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parent, check=True)
    assert done.stdout.strip() == "[]"


def table(lake: Lake, name: str) -> DeltaTable:
    return DeltaTable(lake.ops(name))


def test_ops_tables_hold_what_the_ledger_holds_at_reader_version_1(lake: Lake) -> None:
    publish(lake, "legal_entity")
    delivery = lake.ledger.deliveries()[0]
    row = table(lake, "deliveries").to_pyarrow_table().to_pylist()[0]
    assert (row["delivery"], row["database"]) == (delivery.id, "legal_entity")
    assert (row["received"], row["loaded"], row["quarantined"]) == (10, 8, 2)
    rules = {r["rule"]: (r["bad"], r["total"]) for r in table(lake, "quality").to_pyarrow_table().to_pylist()}
    assert rules == {c.rule: (c.bad, c.total) for c in lake.ledger.rules(delivery.id)}
    assert {table(lake, n).protocol().min_reader_version for n in ("deliveries", "quality")} == {1}


def test_ops_tables_follow_the_ledger_and_keep_other_databases_counts(lake: Lake) -> None:
    publish(lake, "legal_entity")
    publish(lake, "population")
    assert (table(lake, "deliveries").version(), table(lake, "quality").version()) == (0, 0)
    judged(lake, "held", [bad_row(1, "required:uscc")], content="b", period="2024-07-01")
    publish(lake, "population")
    assert (table(lake, "deliveries").version(), table(lake, "quality").version()) == (1, 0)
    publish(lake, "legal_entity")
    assert table(lake, "quality").version() == 1
    states = {r["state"] for r in table(lake, "deliveries").to_pyarrow_table().to_pylist()}
    assert states == {"accepted", "held"}


def test_what_the_contracts_no_longer_know_leaves_the_catalogue(lake: Lake) -> None:
    publish(lake, "legal_entity")
    for file in (lake.catalog / "entries" / "gone.json", lake.catalog / "pages" / "gone.html"):
        file.write_text("{}", encoding="utf-8")
    publish(lake, "legal_entity")
    assert not list(lake.catalog.rglob("gone.*"))


def test_a_project_without_templates_of_its_own_takes_those_beside_the_engine(tmp_path: Path) -> None:
    lake = opened(tmp_path / "home")
    (tmp_path / "elsewhere").mkdir()
    away = dataclasses.replace(lake, settings=lake.settings.model_copy(update={"project": tmp_path / "elsewhere"}))
    publish(away, "legal_entity")
    assert "法人基础数据库" in (lake.catalog / "index.html").read_text(encoding="utf-8")
