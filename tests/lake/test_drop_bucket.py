"""Landing in a bucket: whatever a department puts there, under whatever name, is answered once and kept as it came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from object_store import ADMIN, ObjectStore
from small_lake import POLICE, STATS, small_project
from yishu.flow import landing, receive
from yishu.flow.bronze import load_bronze
from yishu.lake.drop_bucket import Bucket, archived
from yishu.lake.drop_zone import drop_zone
from yishu.lake.lake import Lake, open_lake
from yishu.lake.store import Store
from yishu.lake.store_admin import provision
from yishu.lake.tables import row_count
from yishu.settings import load_settings

ROWS = "编号,金额,颜色,时间\na,1,R,2024-01-05\n".encode()
FOLDER = f"{STATS}/fact/2024-01"


@pytest.fixture
def store(object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Empty buckets of the test's own."""
    prefix = "drop-" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]
    for name, value in object_store.environment(prefix).items():
        monkeypatch.setenv(name, value)
    seen = object_store.seen_by(prefix=prefix)
    provision(seen, [], tmp_path / "keys.json", ADMIN)
    return seen


@pytest.fixture
def lake(store: Store, tmp_path: Path) -> Iterator[Lake]:
    project = small_project(tmp_path / "project")
    settings = load_settings({"YISHU_HOME": str(tmp_path / "home")}, project).model_copy(update={"s3": store.settings})
    opened = open_lake(settings)
    yield opened
    opened.ledger.close()


def keys(store: Store, zone: str = "landing") -> list[str]:
    return [one.key for one in store.find(zone, "")]  # type: ignore[arg-type]


def versions(store: Store) -> int:
    bucket = store.settings.bucket("landing")
    return len(list(store.client.list_objects(bucket_name=bucket, recursive=True, include_version=True)))


def test_what_is_claimed_moves_to_the_archive_under_its_hash(lake: Lake, store: Store) -> None:
    store.put("landing", f"{FOLDER}/六月 数据.csv", ROWS)
    [delivery] = receive.receive(lake)
    assert (delivery.state, [f.path for f in delivery.files]) == ("waiting", [f"{FOLDER}/六月 数据.csv"])
    assert keys(store) == [] and versions(store) == 0
    sha256 = hashlib.sha256(ROWS).hexdigest()
    assert keys(store, "archive") == [archived(sha256)] and store.get("archive", archived(sha256)) == ROWS
    assert load_bronze(lake, delivery).balance.received == 1
    assert not list((lake.settings.home / "spool").rglob("*.csv"))
    assert receive.receive(lake) == []


def test_bronze_reads_the_archive_where_the_spool_is_gone(lake: Lake, store: Store) -> None:
    store.put("landing", f"{FOLDER}/a.csv", ROWS)
    [delivery] = receive.receive(lake)
    drop_zone(lake).done_with(delivery)
    assert load_bronze(lake, delivery).state == "bronze" and row_count(lake.bronze("fact")) == 1


def test_what_bronze_refuses_is_not_left_in_the_spool(lake: Lake, store: Store) -> None:
    store.put("landing", f"{FOLDER}/odd.csv", b"\x00\x01")
    [delivery] = receive.receive(lake)
    assert load_bronze(lake, delivery).state == "rejected" and not list(lake.settings.home.rglob("odd.csv"))


HOSTILE = {
    "blanks": f"{FOLDER}/ 两 个  空格 .csv", "percent": f"{FOLDER}/100%25%2e%2e%2f.csv", "newline": f"{FOLDER}/第一行\n第二行.csv",
    "right to left": f"{FOLDER}/\u202egpj.csv", "underscore": f"{FOLDER}/_SUCCESS.csv", "dot": f"{FOLDER}/.hidden.csv",
    "backslash": f"{FOLDER}/数据\\六月.csv", "pattern": f"{FOLDER}/[a-z]*?{{1}}.csv", "quote": f"{FOLDER}/'; DROP TABLE x; --.csv",
    "plus": f"{FOLDER}/a+b&c=d#e?f.csv",
}  # fmt: skip


@pytest.mark.parametrize("key", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_name_is_only_a_name(lake: Lake, store: Store, key: str) -> None:
    store.put("landing", key, ROWS)
    [delivery] = receive.receive(lake)
    loaded = load_bronze(lake, delivery)
    assert (loaded.state, [f.path for f in loaded.files]) == ("bronze", [key])
    assert keys(store) == [] and {p.name for p in lake.settings.home.iterdir()} <= {"ledger.db", "spool"}


REFUSED = {
    "too high": "loose.csv", "no dataset": f"{STATS}/a.csv", "too deep": f"{FOLDER}/x/y/a.csv", "no period": f"{STATS}/fact/../a.csv",
    "unknown dataset": f"{STATS}/%2e%2e/2024-01/a.csv", "unknown department": "..%2f/fact/2024-01/a.csv",
    "another's": f"{POLICE}/fact/2024-01/a.csv", "1,024 bytes": f"{FOLDER}/" + "长/" * 200 + "x.csv",
    "a long name": f"{FOLDER}/" + "长" * 81 + ".csv", "folders of blanks": f"{STATS}/ / /a.csv",
}  # fmt: skip


@pytest.mark.parametrize("key", REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_taken_is_answered_and_kept(lake: Lake, store: Store, key: str) -> None:
    if "/../" in key:
        pytest.raises(ValueError, store.put, "landing", key, ROWS)  # not even the client sends it
        return
    store.put("landing", key, ROWS)
    [delivery] = receive.receive(lake)
    assert delivery.state == "rejected" and delivery.reason
    assert keys(store) == [] and len(keys(store, "archive")) == 1


def test_marks_of_folders_and_litter_of_desktops_are_no_deliveries(lake: Lake, store: Store) -> None:
    for name in (f"{FOLDER}/", f"{FOLDER}/.DS_Store", f"{FOLDER}/~$表.xlsx", f"{FOLDER}/Thumbs.db"):
        store.put("landing", name, b"")
    assert receive.receive(lake) == []


def test_an_object_replaced_before_it_is_read_is_taken_as_it_is_then(lake: Lake, store: Store) -> None:
    key, newer = f"{FOLDER}/a.csv", ROWS.replace(b"a,1", b"b,2")
    store.put("landing", key, ROWS)
    [hand_in] = landing.look(lake)
    store.put("landing", key, newer)
    with pytest.raises(FileNotFoundError):
        drop_zone(lake).local(hand_in.files[0])
    [delivery] = receive.receive(lake)
    assert [f.sha256 for f in delivery.files] == [hashlib.sha256(newer).hexdigest()]
    assert receive.receive(lake) == [] and versions(store) == 0  # what was replaced does not come back


def test_an_object_replaced_while_it_is_claimed_is_a_delivery_of_its_own(
    lake: Lake, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, newer = f"{FOLDER}/a.csv", ROWS.replace(b"a,1", b"b,2")
    store.put("landing", key, ROWS)
    taken = Bucket.taken

    def late(zone: Bucket, *args: object) -> None:
        store.put("landing", key, newer)
        monkeypatch.setattr(Bucket, "taken", taken)
        taken(zone, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Bucket, "taken", late)
    [first] = receive.receive(lake)
    [second] = receive.receive(lake)
    assert [f.sha256 for d in (first, second) for f in d.files] == [hashlib.sha256(rows).hexdigest() for rows in (ROWS, newer)]
    assert load_bronze(lake, first).balance.received == load_bronze(lake, second).balance.received == 1


@pytest.mark.parametrize("moment", ["keep", "taken"])
def test_killed_before_or_after_the_claim_it_is_claimed_once(
    lake: Lake, store: Store, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    store.put("landing", f"{FOLDER}/a.csv", ROWS)
    with monkeypatch.context() as patch:
        patch.setattr(Bucket, moment, killed)
        pytest.raises(KeyboardInterrupt, receive.receive, lake)
    assert len(keys(store)) == 1
    receive.receive(lake)
    assert [d.state for d in lake.ledger.deliveries()] == ["waiting"] and keys(store) == []


def test_a_set_is_whole_though_a_file_of_it_was_claimed_before(lake: Lake, store: Store) -> None:
    more = ROWS.replace(b"a,1", b"b,2")
    store.put("landing", f"{FOLDER}/1.csv", ROWS)
    receive.receive(lake)
    listed = [{"name": name, "sha256": hashlib.sha256(rows).hexdigest()} for name, rows in (("1.csv", ROWS), ("2.csv", more))]
    store.put("landing", f"{FOLDER}/manifest.json", json.dumps({"files": listed, "rows": 2}).encode())
    assert receive.receive(lake) == [] and "2.csv" in landing.waiting(lake)[0].waits
    store.put("landing", f"{FOLDER}/2.csv", more)
    [delivery] = receive.receive(lake)
    assert load_bronze(lake, delivery).balance.received == 2 and keys(store) == []


def test_the_same_again_is_unchanged_and_kept_once(lake: Lake, store: Store) -> None:
    store.put("landing", f"{FOLDER}/a.csv", ROWS)
    receive.receive(lake)
    store.put("landing", f"{FOLDER}/a.csv", ROWS)
    [again] = receive.receive(lake)
    assert again.state == "unchanged" and len(keys(store, "archive")) == 1 and keys(store) == []


def test_a_flood_of_ten_thousand_delays_nobody_else(lake: Lake, store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.put("landing", f"{FOLDER}/{n}.csv", ROWS + str(n).encode()), range(10_000)))
    store.put("landing", f"{POLICE}/fact/2024-01/late.csv", ROWS)
    claimed = receive.receive(lake, "fact")
    assert len(claimed) == receive.MOST_AT_ONCE + 1
    assert [d.department for d in claimed[:3]] == [STATS, POLICE, STATS]
    assert len(list(lake.settings.home.rglob("spool/**/*.csv"))) <= len(claimed)
    assert len(receive.receive(lake, "fact")) == receive.MOST_AT_ONCE
