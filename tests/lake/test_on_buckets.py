"""The whole flow on buckets: the same hand-ins leave the same tables as on a file system, and nothing but them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from object_store import ADMIN, ObjectStore
from small_lake import SmallLake, open_small_lake, running_server
from yishu.flow import pipeline
from yishu.flow.decisions import Because, release, reprocess
from yishu.flow.receipts import receipt_folder
from yishu.lake.query import select
from yishu.lake.store_admin import provision
from yishu.settings import Settings

PREFIX = "flow"


@pytest.fixture(scope="module")
def on_store(object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A server of its own that knows the store."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in object_store.environment(PREFIX).items():
            patch.setenv(name, value)
        provision(object_store.seen_by(prefix=PREFIX), [], tmp_path_factory.mktemp("keys") / "keys.json", ADMIN)
        with running_server(tmp_path_factory.mktemp("server"), object_store.environment(PREFIX)) as settings:
            yield settings


@pytest.fixture(scope="module")
def lakes(server: Settings, on_store: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SmallLake, SmallLake]]:
    """One on a file system and one in buckets, which saw the same."""
    both = tuple(open_small_lake(settings, tmp_path_factory.mktemp("lake")) for settings in (server, on_store))
    for lake in both:
        lived_through(lake)
    yield both[0], both[1]
    for lake in both:
        lake.close()


@pytest.fixture
def in_buckets(lakes: tuple[SmallLake, SmallLake]) -> SmallLake:
    return lakes[1]


def test_both_stores_leave_the_same(lakes: tuple[SmallLake, SmallLake]) -> None:
    left = [everything(lake) for lake in lakes]
    assert left[0] == left[1]
    assert left[0]["silver.fact"] and left[0]["quarantine.fact"] and left[0]["toy.firms"]


def lived_through(small: SmallLake) -> None:
    """Every write mode, a bad row, a correction, a held delivery that is released, a rejection, a set, a rebuild."""
    small.drop("fact", "2024-01", [("a", 1, "R", "2024-01-05"), ("b", "很多", "G", "2024-01-06"), ("c", 3, "Z", "2024-01-06")])
    small.drop("firm", "2024-01", [("x", 1, "R", "2024-01-05"), ("y", 2, "B", "2024-01-06"), ("y", 3, "B", "2024-01-07")])
    small.drop("person", "2024-01", [("p", 1, "R", "2024-01-05")])
    small.drop("school", "2024-01", [("s", 1, "R", "2024-01-05"), ("t", 1, "R", "2024-01-05")])
    assert not small.run().errors
    small.drop("fact", "2024-01", [("a", 1, "R", "2024-01-05"), ("b", 20, "G", "2024-01-06")], "更正 [1].csv")
    small.drop("firm", "2024-02", [("x", 9, "G", "2024-02-05"), ("z", 4, "B", "2024-02-06")])
    small.drop("person", "2024-02", [("p", 2, "G", "2024-02-05"), ("q", 1, "R", "2024-02-05")])
    small.drop("school", "2024-02", [("t", 1, "R", "2024-02-05")])
    small.put("fact", "2024-02", b"\x00\x01", "odd.csv")
    assert not small.run().errors
    small.drop("fact", "2024-03", [("a", "x", "R", "2024-03-05"), ("b", "y", "R", "2024-03-05"), ("c", 1, "R", "2024-03-05")])
    assert not small.run().errors and small.newest("fact").state == "held"
    release(small.lake, small.newest("fact").id, Because("tester", "known"))
    assert not small.run().errors and small.newest("fact").state == "accepted"
    reprocess(small.lake, "silver.firm", Because("tester", "again"))
    assert not small.run().errors


def everything(small: SmallLake) -> dict[str, object]:
    names = [f"{layer}.{d}" for layer in ("bronze", "silver", "quarantine") for d in ("fact", "firm", "person", "school")]
    names += ["toy.total", "toy.firms", "toy.fact", "toy.firm", "toy.person", "toy.school"]
    found: dict[str, object] = {name: small.rows(name) for name in names}
    found |= {f"{name} system": small.rows(name, "_delivery", "_row") for name in names[:12]}
    deliveries = small.lake.ledger.deliveries()
    found["ledger"] = [(d.id, d.state, d.balance, d.reason, d.receipt) for d in deliveries]
    for delivery in deliveries:
        folder = receipt_folder(small.lake, delivery.receipt)
        for name in ("receipt.json", "receipt.html", "receipt.xlsx"):
            found[f"{delivery.id} {name}"] = (folder / name).read_bytes()
    pages = small.lake.catalog
    found["pages"] = sorted(p.relative_to(pages).as_posix() for p in pages.glob("*/*") if p.suffix in (".json", ".html"))
    found["query"] = select(small.lake, "SELECT * FROM toy.firms ORDER BY 1").to_pylist()
    return found


def test_only_scratch_lies_on_the_machine(in_buckets: SmallLake) -> None:
    home = in_buckets.lake.settings.home
    lying = {p.relative_to(home).parts[0] for p in home.rglob("*") if p.is_file()}
    assert lying <= {"ledger.db", "ops", "catalog", "spool"}  # catalog: GX's pages before they are put into the bucket
    assert not [p for p in home.rglob("*") if p.suffix in (".parquet", ".csv")]
    assert (in_buckets.lake.catalog / "data_docs" / "index.html").is_file()
    assert not list(in_buckets.lake.root("landing").glob("*/*/*/*"))


def test_a_second_run_does_nothing(in_buckets: SmallLake) -> None:
    report = in_buckets.run()
    assert (report.received, report.settled, report.built, report.errors) == ([], [], [], [])
    assert pipeline.pending(in_buckets.lake) == []
    states = [d.state for d in in_buckets.lake.ledger.deliveries()]
    assert states.count("accepted") == 8
