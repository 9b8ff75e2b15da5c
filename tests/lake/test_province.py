"""The sample province through every layer: what was planted is found, in quarantine or by its mart, and nothing else is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from small_lake import CHECKOUT, SmallLake, open_small_lake
from yishu.lake import places
from yishu.lake.query import select
from yishu.sample.write import Truth, write_sample
from yishu.settings import Settings

ROWS = 400
pytestmark = pytest.mark.timeout(2400)  # the first waits for some 260 deliveries and 60 marts


@pytest.fixture(scope="module")
def province(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallLake, Truth]]:
    small = open_small_lake(server, tmp_path_factory.mktemp("whole"), project=CHECKOUT)
    home = small.lake.settings.home
    truth = write_sample(
        small.lake.project, small.lake.settings.landing, datasets=None, rows=ROWS, seed=3, dirt=0.01, truth=home / "truth.json"
    )
    report = small.run()
    assert not report.errors, report.errors
    yield small, truth
    small.close()


def test_every_dataset_is_sampled_and_every_delivery_accepted(province: tuple[SmallLake, Truth]) -> None:
    small, truth = province
    assert {d.dataset for d in truth.deliveries} == set(small.lake.project.datasets)
    settled = {(d.department, d.dataset, d.period): d for d in small.lake.ledger.deliveries()}
    assert len(settled) == len(truth.deliveries)
    assert {d.state for d in settled.values()} == {"accepted"}, [(d.dataset, d.reason) for d in settled.values() if d.state != "accepted"]
    for told in truth.deliveries:
        balance = settled[told.department, told.dataset, told.period].balance
        assert (balance.received, balance.duplicates, balance.quarantined) == (told.rows, told.duplicates, len(told.bad)), told.file
        assert balance.received == balance.loaded + balance.duplicates + balance.quarantined


def test_quarantine_holds_what_was_planted_under_the_rules_that_were_broken(province: tuple[SmallLake, Truth]) -> None:
    small, truth = province
    ids = {(d.department, d.dataset, d.period): d.id for d in small.lake.ledger.deliveries()}
    planted: dict[str, dict[tuple[object, ...], str]] = defaultdict(dict)
    for told in truth.deliveries:
        for bad in told.bad:
            planted[told.dataset][ids[told.department, told.dataset, told.period], bad.row] = bad.rule
    assert sum(map(len, planted.values())) > 100
    for dataset in small.lake.project.datasets:
        found = {
            (row["_delivery"], row["_row"]): {v["rule"] for v in row["_violations"]}
            for row in select(small.lake, f'SELECT _delivery, _row, _violations FROM quarantine."{dataset}"', clear=True).to_pylist()
        } if planted[dataset] else {}  # fmt: skip
        assert found.keys() == planted[dataset].keys(), dataset
        missed = {at: rule for at, rule in planted[dataset].items() if rule not in found[at]}
        assert not missed, (dataset, missed)


def test_each_story_is_told_by_its_mart(province: tuple[SmallLake, Truth]) -> None:
    small, truth = province
    assert len({case.mart.split(".")[0] for case in truth.cases}) > 15
    lost = []
    for case in truth.cases:
        where = " AND ".join(f"CAST({name} AS VARCHAR) = '{value}'" for name, value in case.key.items())
        if select(small.lake, f"SELECT count(*) AS n FROM {case.mart} WHERE {where}").to_pylist() == [{"n": 0}]:
            lost.append(case)
    assert not lost


def test_no_mart_is_empty_without_a_reason(province: tuple[SmallLake, Truth]) -> None:
    """A hundred firms at one address are planted from 900 firms on."""
    small, _ = province
    empty = {table for table in small.lake.project.marts if small.rows(table) == []}
    assert empty == {"legal_entity.mass_registration_address"}


def test_no_value_that_a_mask_hides_stands_in_a_cell_of_gold(province: tuple[SmallLake, Truth]) -> None:
    """Whole cells, of every database; parts of cells, logs and files are looked through in test_gold_is_masked.py."""
    small, _ = province
    hidden: set[str] = set()
    public: set[str] = set()
    for dataset in small.lake.project.datasets.values():
        rows = places.rows(small.lake.silver(dataset.name)).to_table(columns=[f.name for f in dataset.fields])
        for field in dataset.fields:
            values = {str(v) for v in rows.column(field.name).unique().to_pylist() if v is not None}
            (hidden if field.masked and field.mask not in (None, "suppress") else public).update(values)
    secret = {value for value in hidden - public if len(value) > 3}
    assert len(secret) > 5 * ROWS
    for path in sorted(p.parent for p in (small.lake.settings.home / "gold").glob("*/*/_delta_log")):
        shown = places.rows(path).to_table()
        for name, column in zip(shown.column_names, shown.columns, strict=True):
            told = secret & {str(v) for v in column.unique().to_pylist() if v is not None}
            assert not told, (path.parent.name, path.name, name, len(told))
