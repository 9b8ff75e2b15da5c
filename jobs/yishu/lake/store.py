"""An S3-compatible store: the few operations that every such server has, with errors that say what to do.

Written with the MinIO client, which speaks to any of them; nothing here is one vendor's own.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from yishu.errors import MachineError, UsageError, YishuError
from yishu.settings import Settings, StoreSettings, Zone

if TYPE_CHECKING:
    from minio import Minio, S3Error
    from urllib3 import PoolManager

_CONNECT_SECONDS, _READ_SECONDS, _TRIES = 5, 60, 2
_CHUNK = 1 << 20
_GONE = ("NoSuchKey", "NoSuchObject")
_WHO = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


@dataclass(frozen=True)
class Stored:
    """One object: `version` is None where its bucket keeps no versions."""

    key: str
    size: int
    etag: str
    modified: dt.datetime | None
    version: str | None


class Store:
    """The buckets of one platform, seen with one key."""

    def __init__(self, settings: StoreSettings, access_key: str, secret_key: str) -> None:
        self.settings = settings
        self.client: Minio = _client(settings, access_key, secret_key)

    def put(self, zone: Zone, key: str, data: bytes) -> str:
        """Write an object, over another if there is one; returns its ETag."""
        with told(self.settings, zone, key):
            found = self.client.put_object(
                bucket_name=self.settings.bucket(zone), object_name=key, data=io.BytesIO(data), length=len(data)
            )
        return str(found.etag)

    def put_new(self, zone: Zone, key: str, data: bytes) -> bool:
        """Write an object only if there is none of that key; of any number of racers one gets True."""
        with told(self.settings, zone, key):
            address = self.client.presigned_put_object(
                bucket_name=self.settings.bucket(zone), object_name=key, expires=dt.timedelta(minutes=5)
            )
            # the client cannot say If-None-Match itself; a signed address lets any header be sent beside it
            answer = _pool().request("PUT", address, body=data, headers={"If-None-Match": "*"})
        if answer.status in (409, 412):
            return False
        if answer.status != 200:
            raise MachineError(
                f"the store answered {answer.status} to a conditional write of {key}", code="store-write", remedy="yishu doctor"
            )
        return True

    def get(self, zone: Zone, key: str, version: str | None = None) -> bytes:
        """A whole object, for what is small; UsageError where there is none."""
        with told(self.settings, zone, key):
            answer = self.client.get_object(bucket_name=self.settings.bucket(zone), object_name=key, version_id=version)
            try:
                return bytes(answer.data)
            finally:
                answer.close()
                answer.release_conn()

    def download(self, zone: Zone, key: str, into: Path, etag: str | None = None) -> None:
        """A whole object → a file, by way of another name.

        Args:
            etag: what was seen; where another object lies there now, it is not taken for it.

        Raises:
            FileNotFoundError: it is there no more.
        """
        from minio import S3Error

        into.parent.mkdir(parents=True, exist_ok=True)
        fresh = into.with_name(f".{os.getpid()}.{threading.get_ident()}")
        seen: dict[str, str | list[str] | tuple[str]] | None = {"If-Match": f'"{etag}"'} if etag else None
        with told(self.settings, zone, key):
            try:
                answer = self.client.get_object(bucket_name=self.settings.bucket(zone), object_name=key, request_headers=seen)
            except S3Error as error:
                if error.code in (*_GONE, "PreconditionFailed"):
                    raise FileNotFoundError(key) from error
                raise
            try:
                with fresh.open("wb") as file:
                    shutil.copyfileobj(answer, file, _CHUNK)
            finally:
                answer.close()
                answer.release_conn()
        os.replace(fresh, into)

    def upload(self, zone: Zone, key: str, file: Path) -> None:
        """A file → an object, in parts where it is large."""
        with told(self.settings, zone, key):
            self.client.fput_object(bucket_name=self.settings.bucket(zone), object_name=key, file_path=str(file))

    def stat(self, zone: Zone, key: str) -> Stored | None:
        """What lies under a key; None where nothing does."""
        from minio import S3Error

        with told(self.settings, zone, key):
            try:
                found = self.client.stat_object(bucket_name=self.settings.bucket(zone), object_name=key)
            except S3Error as error:
                if error.code in _GONE:
                    return None
                raise
        return Stored(key, found.size or 0, found.etag or "", found.last_modified, found.version_id)

    def find(self, zone: Zone, prefix: str) -> Iterator[Stored]:
        """Every object whose key begins so, in the order of the keys."""
        with told(self.settings, zone, prefix):
            for found in self.client.list_objects(bucket_name=self.settings.bucket(zone), prefix=prefix, recursive=True):
                yield Stored(str(found.object_name), found.size or 0, found.etag or "", found.last_modified, found.version_id)

    def tops(self, zone: Zone) -> list[str]:
        """The first parts of all keys, each with its slash."""
        with told(self.settings, zone):
            found = self.client.list_objects(bucket_name=self.settings.bucket(zone), recursive=False)
            return [str(one.object_name) for one in found if one.is_dir]

    def remove(self, zone: Zone, key: str, version: str | None = None) -> None:
        """Take an object away; in a bucket with versions only its newest one is hidden, unless one is named."""
        with told(self.settings, zone, key):
            self.client.remove_object(bucket_name=self.settings.bucket(zone), object_name=key, version_id=version)

    def take_out(self, zone: Zone, key: str, etag: str) -> None:
        """Take away what was seen, and the older versions that it had replaced; what has come since stays.

        Oldest first: a delete without a version would hide what came a moment ago, and one of the newest version alone would
        bring back what it had replaced.
        """
        bucket = self.settings.bucket(zone)
        with told(self.settings, zone, key):
            lying = self.client.list_objects(bucket_name=bucket, prefix=key, recursive=True, include_version=True)
            versions = list(takewhile(lambda one: one.object_name == key, lying))  # newest first
            seen = next((at for at, one in enumerate(versions) if not one.is_delete_marker and one.etag == etag), len(versions))
            for one in reversed(versions[seen:]):
                self.client.remove_object(bucket_name=bucket, object_name=key, version_id=one.version_id)


def open_store(settings: StoreSettings, env: Mapping[str, str] = os.environ) -> Store:
    """The store with the keys that the environment holds.

    Raises:
        UsageError: it holds none.
    """
    found = _from_environment(env)
    if found is None:
        raise _no_keys(settings)
    return Store(settings, *found)


def pipeline_keys(settings: Settings, env: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The environment's keys, else those that `yishu store provision` made for the pipeline of this machine.

    Raises:
        UsageError: there are none, or no store is set.
    """
    store = store_settings(settings)
    found = _from_environment(env)
    if found is None:
        user, made = f"{store.prefix}-pipeline", secrets(secrets_file(settings))
        if user not in made:
            raise _no_keys(store)
        found = user, made[user]
    return found


def store_settings(settings: Settings) -> StoreSettings:
    """Where the store is.

    Raises:
        UsageError: none is set.
    """
    if settings.s3 is None:
        raise UsageError(
            "no store is set", code="store-none", expected="s3: in conf/", remedy="YISHU_CONF=minio, or s3: in your own file"
        )
    return settings.s3


def secrets_file(settings: Settings) -> Path:
    """User → secret of those whom we made in the store; readable by us alone."""
    return settings.home / "ops" / "store-keys.json"


def secrets(file: Path) -> dict[str, str]:
    """What stands in it; nothing where there is no such file."""
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _from_environment(env: Mapping[str, str]) -> tuple[str, str] | None:
    access, secret = env.get("AWS_ACCESS_KEY_ID", ""), env.get("AWS_SECRET_ACCESS_KEY", "")
    return (access, secret) if access and secret else None


def _no_keys(settings: StoreSettings) -> UsageError:
    return UsageError(f"no key for the store at {settings.endpoint}", code="store-key", expected=_WHO, remedy="set them")


def _client(settings: StoreSettings, access_key: str, secret_key: str) -> Minio:
    from minio import Minio

    address = urlsplit(settings.endpoint)
    return Minio(
        endpoint=address.netloc, access_key=access_key, secret_key=secret_key, secure=address.scheme == "https",
        region=settings.region, http_client=_pool(),
    )  # fmt: skip


def _pool() -> PoolManager:
    import urllib3

    retries = urllib3.Retry(total=_TRIES, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), allowed_methods=None)
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS), retries=retries)


@contextmanager
def told(settings: StoreSettings, zone: Zone, key: str = "") -> Iterator[None]:
    """The store's errors as ours.

    Raises:
        UsageError: the key is unknown or may not do this, the bucket or the object is missing.
        MachineError: the store does not answer, is out of order, or its clock and ours differ.
    """
    from minio import S3Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except S3Error as error:
        _raise(settings, zone, key, error)
    except HTTPError as error:
        raise MachineError(
            f"no store answers at {settings.endpoint}", code="store-gone", subject=settings.bucket(zone),
            remedy="start it, or correct s3.endpoint (YISHU_S3_ENDPOINT)",
        ) from error  # fmt: skip


def _raise(settings: StoreSettings, zone: Zone, key: str, error: S3Error) -> NoReturn:
    where = f"{settings.bucket(zone)}/{key}" if key else settings.bucket(zone)
    raise _ERRORS.get(str(error.code), _other)(where, error) from error


def _wrong_key(where: str, error: S3Error) -> YishuError:
    return UsageError(f"the store does not know this key ({error.code})", code="store-key", expected=_WHO, remedy="correct them")


def _denied(where: str, error: S3Error) -> YishuError:
    return UsageError(
        f"this key may not do that at {where}", code="store-denied", expected="a key that the task needs, such as the pipeline's",
        remedy="yishu store policies shows who may do what",
    )  # fmt: skip


def _no_bucket(where: str, error: S3Error) -> YishuError:
    return UsageError(f"there is no bucket for {where}", code="store-bucket", remedy="yishu store provision")


def _no_object(where: str, error: S3Error) -> YishuError:
    return UsageError(f"there is no object {where}", code="store-object", remedy="list the bucket")


def _skewed(where: str, error: S3Error) -> YishuError:
    return MachineError("the store's clock and ours differ too much", code="store-clock", remedy="set both by NTP")


def _other(where: str, error: S3Error) -> YishuError:
    return MachineError(f"the store failed at {where}: {error.code}", code="store", remedy="yishu doctor, then try again")


_ERRORS = {
    "InvalidAccessKeyId": _wrong_key, "SignatureDoesNotMatch": _wrong_key, "AccessDenied": _denied, "NoSuchBucket": _no_bucket,
    "NoSuchKey": _no_object, "NoSuchVersion": _no_object, "RequestTimeTooSkewed": _skewed,
}  # fmt: skip
