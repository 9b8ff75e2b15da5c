"""Where the lake lies: pathlib's paths, on a file system or in buckets, and the few things that differ between the two.

Everything else speaks `Path`'s own language (`/`, open, glob, stat …), which UPath speaks over S3 too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from yishu.lake.store import pipeline_keys
from yishu.settings import Settings, StoreSettings, Zone

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from fsspec import AbstractFileSystem
    from pyarrow.dataset import Dataset
    from pyarrow.fs import FileSystem

_BLOCK_BYTES = 5 << 20
"""What one read asks of the store at least: a Parquet file's columns are far smaller than s3fs's own 50 MB."""


def root(settings: Settings, zone: Zone, env: Mapping[str, str] = os.environ) -> Path:
    """The folder or the bucket of a zone.

    Args:
        settings: `s3` says which of the two.
        zone: `lake` has no folder of its own on a file system: its layers lie side by side below `home`.
        env: holds the store's keys.

    Raises:
        UsageError: there is a store, and no key for it.
    """
    if settings.s3 is None:
        return settings.home if zone == "lake" else settings.home / zone
    from upath import UPath

    # a UPath does what is asked of a Path here; only its class is another
    return cast("Path", UPath(f"s3://{settings.s3.bucket(zone)}", protocol="s3", **_s3fs_options(settings.s3, pipeline_keys(settings, env))))


def _s3fs_options(s3: StoreSettings, keys: tuple[str, str]) -> dict[str, object]:
    return {
        "key": keys[0], "secret": keys[1], "endpoint_url": s3.endpoint, "client_kwargs": {"region_name": s3.region},
        "use_listings_cache": False,  # others write there too
        "default_block_size": _BLOCK_BYTES,
    }  # fmt: skip


def in_bucket(path: Path) -> bool:
    """Whether the path lies in a store, where there is no rename and no folder, and each object is whole or not there."""
    return not isinstance(path, Path)


def delta(path: Path) -> DeltaTable:
    """The Delta table that lies there, as delta-rs opens it."""
    from deltalake import DeltaTable

    return DeltaTable(str(path), storage_options=options(path))


def rows(path: Path, delivery: str | None = None) -> Dataset:
    """The rows of a Delta table as Arrow reads them, without looking at files that hold none of a delivery's.

    Arrow's own file systems, not the one that delta-rs gives by default: that one calls Python from Arrow's threads, and those
    that still let go of a file while the interpreter ends take the process with them (`terminate called without …`).
    """
    pruned = None if delivery is None else [("_delivery", "=", delivery)]
    return delta(path).to_pyarrow_dataset(file_pruning_predicate=pruned, filesystem=_arrow_file_system(path))


def _arrow_file_system(folder: Path) -> FileSystem:
    from pyarrow import fs

    if not in_bucket(folder):
        return fs.SubTreeFileSystem(str(folder), fs.LocalFileSystem())
    said = cast("Mapping[str, str]", folder.storage_options)  # type: ignore[attr-defined]
    region = cast("Mapping[str, str]", said["client_kwargs"])["region_name"]
    scheme, _, host = said["endpoint_url"].partition("://")
    store = fs.S3FileSystem(
        access_key=said["key"], secret_key=said["secret"], region=region, endpoint_override=host.rstrip("/"), scheme=scheme,
    )  # fmt: skip
    return fs.SubTreeFileSystem(_key(folder), store)


def options(path: Path) -> dict[str, str] | None:
    """What delta-rs must be told of the path's store; commits are conditional puts, which two writers cannot both win."""
    if not in_bucket(path):
        return None
    said = cast("Mapping[str, str]", path.storage_options)  # type: ignore[attr-defined]
    region = cast("Mapping[str, str]", said["client_kwargs"])["region_name"]
    return {
        "AWS_ACCESS_KEY_ID": said["key"], "AWS_SECRET_ACCESS_KEY": said["secret"], "AWS_ENDPOINT_URL": said["endpoint_url"],
        "AWS_REGION": region, "AWS_ALLOW_HTTP": "true", "AWS_CONDITIONAL_PUT": "etag", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "false",
    }  # fmt: skip


def file_system(path: Path) -> AbstractFileSystem | None:
    """The store as fsspec knows it; None where the path lies on a file system."""
    return _store(path) if in_bucket(path) else None


def remove(folder: Path) -> None:
    """Take a folder away with all that is in it; nothing happens where there is none."""
    if in_bucket(folder):
        found = _store(folder).find(_key(folder))
        if found:
            _store(folder).rm(found)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def gone_from(folder: Path, files: Iterable[Path]) -> list[Path]:
    """Those of a folder's files that are not there; in a bucket one listing tells of a thousand."""
    if not in_bucket(folder):
        return [file for file in files if not file.is_file()]
    lying = set(_store(folder).find(_key(folder)))
    return [file for file in files if _key(file) not in lying]


def mirror(folder: Path, into: Path) -> None:
    """Make a folder of the lake what a local folder is; nothing to do where they are one.

    One listing tells what lies there, with its MD5 as ETag; where a store gives other ETags, all is put again.
    """
    if not in_bucket(into):
        return
    store, top = _store(into), _key(into)
    lying = {name.removeprefix(f"{top}/"): str(found["ETag"]).strip('"') for name, found in store.find(top, detail=True).items()}
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    for name, file in files.items():
        content = file.read_bytes()
        if lying.get(name) != hashlib.md5(content, usedforsecurity=False).hexdigest():
            (into / name).write_bytes(content)
    for name in lying.keys() - files.keys():
        (into / name).unlink()


def put(path: Path, content: str | bytes) -> bool:
    """Put the whole file in place at once, so that a reader sees the old one or the new one; an equal one stays untouched.

    Returns:
        whether it changed.
    """
    wanted = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == wanted:
        return False
    if in_bucket(path):
        path.write_bytes(wanted)
        return True
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    fresh.write_bytes(wanted)
    os.replace(fresh, path)
    return True


def _store(path: Path) -> AbstractFileSystem:
    return path.fs  # type: ignore[attr-defined]


def _key(path: Path) -> str:
    return str(path.path)  # type: ignore[attr-defined]
