"""A store → what it can do, tried out in the bucket of the lake: Yishu trusts no endpoint that was not asked.

Each probe answers one question; those of a store that cannot be reached, or does not know us, are not asked.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from uuid import uuid4

from yishu.errors import Finding, YishuError
from yishu.lake.store import Store, told
from yishu.settings import LOCKED, VERSIONED, ZONES, Zone

FOLDER = ".probe"
SKEW_SECONDS = 60
"""S3 refuses requests from 15 minutes on; a minute already puts versions of two machines into the wrong order."""
_PART_BYTES = 5 << 20


def probe(store: Store, now: Callable[[], dt.datetime]) -> Iterator[Finding]:
    """Ask everything that the pipeline relies on; what is written for it is taken away again.

    Args:
        store: seen with the key that the pipeline will use.
        now: the present moment, with its zone.
    """
    try:
        known = [zone for zone in ZONES if _exists(store, zone)]
    except YishuError as error:
        yield Finding(f"store: {error.what}", False, error.remedy)
        return
    yield Finding(f"store at {store.settings.endpoint} answers and knows this key", True)
    yield _clock(store, now)
    lacking = [store.settings.bucket(zone) for zone in ZONES if zone not in known]
    yield Finding(f"buckets: {', '.join(lacking)} missing" if lacking else "all buckets are there", not lacking, "yishu store provision")
    for look in (_put_if_absent, _missing_key, _list_after_write, _multipart) if "lake" in known else ():
        yield _asked(look, store)
    for zone in (zone for zone in VERSIONED if zone in known):
        yield _asked(_versions(zone), store)
    for zone in (zone for zone in LOCKED if zone in known):
        yield _asked(_lock(zone), store)


def _asked(look: Callable[[Store], Finding], store: Store) -> Finding:
    """A probe that cannot run is a lack, never a pass."""
    try:
        return look(store)
    except YishuError as error:
        return Finding(f"store: {error.what}", False, error.remedy)


def _exists(store: Store, zone: Zone) -> bool:
    """Asked by a list, for S3 answers a HEAD without a word: a wrong key would look like one that may do nothing."""
    from minio import S3Error

    with told(store.settings, zone):
        try:
            next(iter(store.client.list_objects(bucket_name=store.settings.bucket(zone), prefix=FOLDER)), None)
        except S3Error as error:
            if error.code != "NoSuchBucket":
                raise
            return False
    return True


def _clock(store: Store, now: Callable[[], dt.datetime]) -> Finding:
    import urllib3

    before = now()
    answer = urllib3.request("GET", f"{store.settings.endpoint}/", timeout=5.0, retries=False)
    said = answer.headers.get("Date")
    if not said:
        return Finding("the store does not say what time it is", False, "let it send Date, as HTTP asks for")
    seconds = abs((parsedate_to_datetime(said) - before).total_seconds())
    return Finding(f"the store's clock differs from ours by {seconds:.0f} s", seconds <= SKEW_SECONDS, "set both by NTP")


@contextmanager
def _key(store: Store) -> Iterator[str]:
    """A key of its own; what was written there goes with the block."""
    key = f"{FOLDER}/{uuid4().hex}"
    try:
        yield key
    finally:
        store.remove("lake", key)


def _put_if_absent(store: Store) -> Finding:
    with _key(store) as key:
        first, second = store.put_new("lake", key, b"1"), store.put_new("lake", key, b"2")
        kept = store.get("lake", key) == b"1"
    return Finding(
        "put-if-absent: " + ("the second writer is refused" if first and not second and kept else "a second writer wins too"),
        first and not second and kept,
        "use a store with conditional writes (If-None-Match: *): without them two writers lose commits",
    )


def _missing_key(store: Store) -> Finding:
    absent = store.stat("lake", f"{FOLDER}/{uuid4().hex}") is None
    return Finding("a missing key is told as missing", absent, "let the pipeline's key list its buckets: without it S3 says 403, not 404")


def _list_after_write(store: Store) -> Finding:
    with _key(store) as key:
        store.put("lake", key, b"1")
        seen = [found.key for found in store.find("lake", key)]
    gone = not list(store.find("lake", key))
    return Finding("what was written is listed at once, what was removed no more", seen == [key] and gone, "use a store with consistent lists")


def _multipart(store: Store) -> Finding:
    size = _PART_BYTES + 1
    with _key(store) as key:
        with told(store.settings, "lake", key):
            store.client.put_object(
                bucket_name=store.settings.bucket("lake"), object_name=key, data=io.BytesIO(b"x" * size), length=-1, part_size=_PART_BYTES
            )
        found = store.stat("lake", key)
    whole = found is not None and found.size == size
    return Finding("an object in several parts is put together", whole, "let the store take multipart uploads: files above 5 GB need them")


def _versions(zone: Zone) -> Callable[[Store], Finding]:
    def look(store: Store) -> Finding:
        name = store.settings.bucket(zone)
        with told(store.settings, zone):
            on = store.client.get_bucket_versioning(bucket_name=name).status == "Enabled"
        what = f"{name} keeps versions" if on else f"{name} keeps no versions: an object that is replaced is lost"
        return Finding(what, on, "yishu store provision, or turn versioning on")

    return look


def _lock(zone: Zone) -> Callable[[Store], Finding]:
    def look(store: Store) -> Finding:
        from minio import S3Error

        name = store.settings.bucket(zone)
        with told(store.settings, zone):
            try:
                store.client.get_object_lock_config(bucket_name=name)
                locked = True
            except S3Error as error:
                if error.code != "ObjectLockConfigurationNotFoundError":
                    raise
                locked = False
        what = f"{name} locks its objects" if locked else f"{name} locks no objects: what was handed in can be removed"
        return Finding(what, locked, "make the bucket anew with object lock; it cannot be turned on later on every store")

    return look
