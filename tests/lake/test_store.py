"""The object store, on a real server: what it can do, who may do what, and what is said where it lacks something."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from object_store import ADMIN, ObjectStore
from small_lake import CHECKOUT, free_ports
from yishu.contract.model import Department
from yishu.derive.access import grants
from yishu.errors import Finding, MachineError, UsageError, YishuError
from yishu.lake.store import Store, open_store
from yishu.lake.store_admin import provision
from yishu.lake.store_probes import FOLDER, probe
from yishu.settings import ZONES, StoreSettings, Zone

CODES = {"amr": "11130000MB16272007", "police": "111300000002107532"}
DEPARTMENTS = [Department(id=i, code=c, name=f"省{i}", valid_from=dt.date(2000, 1, 1)) for i, c in CODES.items()]
_numbers = count(1)


@pytest.fixture
def empty(object_store: ObjectStore) -> Store:
    """The administrator's view of a platform that has no bucket yet."""
    return object_store.seen_by(prefix=f"t{next(_numbers)}")


@pytest.fixture
def store(empty: Store, tmp_path: Path) -> Store:
    provision(empty, grants(empty.settings, DEPARTMENTS), tmp_path / "keys.json", ADMIN)
    return empty


def user(store: Store, keys: Path, name: str) -> Store:
    full = f"{store.settings.prefix}-{name}"
    return Store(store.settings, full, json.loads(keys.read_text())[full])


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def lacks(found: Iterator[Finding]) -> list[Finding]:
    return [answer for answer in found if not answer.ok]


# --- the operations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["a/b.csv", "交付/2024 年.csv", "a+b&c=d%20e?f#g", "/".join(["k" * 200] * 4), "_a/.b/~c"])
def test_what_was_put_is_found_read_and_removed(store: Store, key: str) -> None:
    assert store.stat("lake", key) is None
    etag = store.put("lake", key, b"1")
    found = store.stat("lake", key)
    assert found is not None and (found.key, found.size, found.etag) == (key, 1, etag)
    assert [f.key for f in store.find("lake", key)] == [key] and store.get("lake", key) == b"1"
    store.remove("lake", key)
    assert store.stat("lake", key) is None and list(store.find("lake", key)) == []


def test_of_many_who_put_a_new_key_one_wins(store: Store) -> None:
    for race in range(20):
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda n, race=race: store.put_new("lake", f"race/{race}", str(n).encode()), range(8)))
        assert won.count(True) == 1
        assert store.get("lake", f"race/{race}") == str(won.index(True)).encode()


def test_a_bucket_with_versions_keeps_what_was_replaced(store: Store) -> None:
    store.put("landing", "a", b"old")
    first = store.stat("landing", "a")
    store.put("landing", "a", b"new")
    assert first is not None and first.version
    assert store.get("landing", "a") == b"new" and store.get("landing", "a", first.version) == b"old"


# --- errors --------------------------------------------------------------------------------------------------------------


def test_a_store_that_is_not_there_is_named_soon() -> None:
    [port] = free_ports(1)
    gone = Store(StoreSettings(endpoint=f"http://127.0.0.1:{port}"), "a", "b")
    with pytest.raises(MachineError, match=rf"no store answers at http://127.0.0.1:{port}"):
        gone.stat("lake", "a")
    [only] = list(probe(gone, now))
    assert not only.ok and "YISHU_S3_ENDPOINT" in only.remedy


@pytest.mark.parametrize("keys", [(ADMIN[0], "wrong-secret"), ("nobody-here", "wrong-secret")])
def test_a_wrong_key_is_told_and_never_shown(object_store: ObjectStore, keys: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="does not know this key") as told:
        object_store.seen_by(keys).put("lake", "a", b"1")
    assert "wrong-secret" not in str(told.value)
    assert len(lacks(probe(object_store.seen_by(keys), now))) == 1


def test_no_key_at_all() -> None:
    with pytest.raises(UsageError, match="AWS_ACCESS_KEY_ID"):
        open_store(StoreSettings(endpoint="http://127.0.0.1:1"), {})


def test_a_missing_bucket_and_a_missing_object_are_told_apart(empty: Store, store: Store) -> None:
    with pytest.raises(UsageError, match="there is no object"):
        store.get("lake", "nothing")
    bare = Store(store.settings.model_copy(update={"prefix": "nobodys"}), *ADMIN)
    with pytest.raises(UsageError, match="yishu store provision"):
        bare.put("lake", "a", b"1")


# --- what the store can do -------------------------------------------------------------------------------------------------


def test_a_provisioned_store_lacks_nothing_and_keeps_nothing_of_the_probes(store: Store) -> None:
    answers = list(probe(store, now))
    assert [a for a in answers if not a.ok] == [] and len(answers) == 10
    assert list(store.find("lake", FOLDER)) == []


def test_the_pipelines_own_key_is_enough_for_every_probe(store: Store, tmp_path: Path) -> None:
    assert lacks(probe(user(store, tmp_path / "keys.json", "pipeline"), now)) == []


def test_a_bare_store_lacks_its_buckets(empty: Store) -> None:
    [missing] = lacks(probe(empty, now))
    assert all(empty.settings.bucket(zone) in missing.what for zone in ZONES) and missing.remedy == "yishu store provision"


def test_buckets_made_by_hand_lack_versions_and_locks(empty: Store) -> None:
    for zone in ZONES:
        empty.client.make_bucket(bucket_name=empty.settings.bucket(zone))
    told = [a.what for a in lacks(probe(empty, now))]
    assert [text.split(" ")[0].split("-", 1)[1] for text in told] == ["landing", "archive", "archive"]
    assert "keeps no versions" in told[0] and "locks no objects" in told[2]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_clock_that_is_off_is_told(store: Store, minutes: int) -> None:
    [off] = lacks(probe(store, lambda: now() + dt.timedelta(minutes=minutes)))
    assert "clock differs" in off.what and "NTP" in off.remedy


def test_a_store_that_ignores_conditions_is_told(store: Store, object_store: ObjectStore) -> None:
    """An S3 server without conditional writes: the real one behind a door that takes If-None-Match off."""
    target = urlsplit(object_store.endpoint)
    assert target.hostname and target.port

    class Door(BaseHTTPRequestHandler):
        def do(self) -> None:
            sent = {k: v for k, v in self.headers.items() if k.lower() not in ("if-none-match", "expect")}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            behind = HTTPConnection(str(target.hostname), target.port)
            behind.request(self.command, self.path, body, sent)
            answer = behind.getresponse()
            data = answer.read()
            self.send_response_only(answer.status)
            for key, value in answer.getheaders():
                if key.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(data)) if self.command != "HEAD" else answer.getheader("Content-Length", "0"))
            self.end_headers()
            self.wfile.write(data)
            behind.close()

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as door:
        threading.Thread(target=door.serve_forever, daemon=True).start()
        # the signature holds for the name that was signed: the door passes Host on as it came
        settings = store.settings.model_copy(update={"endpoint": f"http://127.0.0.1:{door.server_port}"})
        found = lacks(probe(Store(settings, *ADMIN), now))
        door.shutdown()
    assert [a.what for a in found] == ["put-if-absent: a second writer wins too"]
    assert "If-None-Match" in found[0].remedy


# --- who may do what -------------------------------------------------------------------------------------------------------


def may(action) -> bool:  # type: ignore[no-untyped-def]
    """True if it is done, False if it is refused; anything else fails."""
    try:
        action()
    except YishuError as error:
        assert error.code == "store-denied", error
        return False
    return True


def test_a_department_puts_into_its_own_prefix_and_reads_its_own_receipts_and_nothing_else(store: Store, tmp_path: Path) -> None:
    mine, other = CODES["amr"], CODES["police"]
    for zone in ZONES:
        for code in (mine, other):
            store.put(zone, f"{code}/a", b"1")
    amr = user(store, tmp_path / "keys.json", "dept-amr")
    assert may(lambda: amr.put("landing", f"{mine}/firm/2024-01/一.csv", b"1"))
    assert may(lambda: amr.get("receipts", f"{mine}/a")) and may(lambda: list(amr.find("receipts", f"{mine}/")))
    assert not may(lambda: amr.put("landing", f"{other}/firm/2024-01/a.csv", b"1"))
    assert not may(lambda: amr.put("landing", "a.csv", b"1"))
    assert not may(lambda: amr.get("landing", f"{mine}/a")) and not may(lambda: list(amr.find("landing", "")))
    assert not may(lambda: amr.remove("landing", f"{mine}/a"))
    assert not may(lambda: amr.get("receipts", f"{other}/a")) and not may(lambda: list(amr.find("receipts", "")))
    assert not may(lambda: list(amr.find("receipts", f"{other}/"))) and not may(lambda: amr.put("receipts", f"{mine}/a", b"2"))
    for zone in set(ZONES) - {"landing", "receipts"}:
        assert not may(lambda zone=zone: amr.get(zone, f"{mine}/a")) and not may(lambda zone=zone: amr.put(zone, f"{mine}/a", b"2"))


def test_bi_reads_gold_and_nothing_else(store: Store, tmp_path: Path) -> None:
    for zone in ZONES:
        store.put(zone, "a", b"1")
    bi = user(store, tmp_path / "keys.json", "bi")
    readable: set[Zone] = {zone for zone in ZONES if may(lambda zone=zone: bi.get(zone, "a"))}
    listed: set[Zone] = {zone for zone in ZONES if may(lambda zone=zone: list(bi.find(zone, "")))}
    writable: set[Zone] = {zone for zone in ZONES if may(lambda zone=zone: bi.put(zone, "b", b"1"))}
    assert (readable, listed, writable) == ({"gold"}, {"gold"}, set())


def test_the_pipeline_works_everywhere_and_takes_nothing_out_of_the_archive(store: Store, tmp_path: Path) -> None:
    pipeline = user(store, tmp_path / "keys.json", "pipeline")
    for zone in ZONES:
        assert may(lambda zone=zone: pipeline.put(zone, "a", b"1")) and may(lambda zone=zone: pipeline.get(zone, "a"))
        kept = pipeline.stat(zone, "a")
        assert kept is not None
        assert may(lambda zone=zone: pipeline.remove(zone, "a")) == (zone != "archive")
        if zone == "archive":
            assert not may(lambda kept=kept: pipeline.remove("archive", "a", kept.version))


def test_provisioning_again_keeps_secrets_and_adds_who_is_new(store: Store, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    before = json.loads(keys.read_text())
    assert keys.stat().st_mode & 0o077 == 0
    more = [*DEPARTMENTS, Department(id="tax", code="11130000MB1627208X", name="省税务局", valid_from=dt.date(2018, 6, 15))]
    assert provision(store, grants(store.settings, more), keys, ADMIN) == [f"{store.settings.prefix}-dept-tax"]
    assert before.items() <= json.loads(keys.read_text()).items()
    assert may(lambda: user(store, keys, "dept-amr").put("landing", f"{CODES['amr']}/a", b"1"))


def test_only_an_administrator_provisions(store: Store, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    pipeline = (f"{store.settings.prefix}-pipeline", json.loads(keys.read_text())[f"{store.settings.prefix}-pipeline"])
    with pytest.raises(UsageError):
        provision(Store(store.settings, *pipeline), grants(store.settings, DEPARTMENTS), tmp_path / "other.json", pipeline)


# --- the commands ----------------------------------------------------------------------------------------------------------


def yishu(home: Path, server: ObjectStore, *words: str, keys: tuple[str, str] = ADMIN) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("YISHU_", "AWS_"))}
    env |= {"YISHU_HOME": str(home), "YISHU_CONF": "minio", "YISHU_S3_ENDPOINT": server.endpoint, "YISHU_S3_PREFIX": "typed"}
    env |= {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}
    command = [sys.executable, "-m", "yishu", *words]
    return subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)


def test_provision_policies_and_doctor_as_typed(object_store: ObjectStore, tmp_path: Path) -> None:
    made = yishu(tmp_path, object_store, "store", "provision")
    assert made.returncode == 0 and "typed-pipeline" in made.stdout and "省市场监管局" in made.stdout, made
    known = json.loads((tmp_path / "ops" / "store-keys.json").read_text())
    assert not any(secret in made.stdout + made.stderr for secret in known.values())
    assert f"{len(known)} policies" in yishu(tmp_path, object_store, "store", "policies", "--out", str(tmp_path / "p")).stdout
    assert {f.stem for f in (tmp_path / "p").iterdir()} == known.keys()
    found = json.loads(yishu(tmp_path, object_store, "doctor", "--json").stdout)["findings"]
    asked = [f for f in found if "store" in f["what"] or "typed-" in f["what"] or "put-if-absent" in f["what"]]
    assert len(asked) == 6 and all(f["ok"] for f in asked), asked
    wrong = yishu(tmp_path, object_store, "doctor", "--json", keys=(ADMIN[0], "wrong-secret"))
    assert wrong.returncode == 2 and "does not know this key" in wrong.stdout and "wrong-secret" not in wrong.stdout


def test_without_a_store_in_the_settings_the_command_says_where_to_name_one(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("YISHU_")} | {"YISHU_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "yishu", "store", "policies"]
    said = subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 2 and "YISHU_CONF=minio" in said.stderr
