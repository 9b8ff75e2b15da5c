"""Landing in a bucket: what is claimed moves to the archive, where nobody can change it; landing holds only what is new.

Objects carry hostile names and can be replaced at any moment. So each is pinned to the ETag that was seen, read
once into a spool under a name of ours, and kept in the archive under the hash of its content before it is claimed.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from yishu.lake.drop_zone import NAME_BYTES, Found
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, LandedFile
from yishu.lake.store import Store, Stored, pipeline_keys
from yishu.settings import StoreSettings

log = logging.getLogger(__name__)

LITTER = ("~$", ".DS_Store", "Thumbs.db", "desktop.ini")
_KEEP_SPOOLED = 86_400
"""Seconds; what a killed run left in the spool goes after a day."""
_ARCHIVED = "sha256/"


class Bucket:
    """The keys `<department>/<dataset>/<period>/<file>`."""

    def __init__(self, lake: Lake, settings: StoreSettings) -> None:
        self._store, self._ledger = Store(settings, *pipeline_keys(lake.settings)), lake.ledger
        self._spool = lake.settings.home / "spool"

    def folders(self, dataset: str | None) -> Iterator[list[Found]]:
        self._forget()
        prefixes = [""] if dataset is None else [f"{top}{dataset}/" for top in self._store.tops("landing")]
        for prefix in prefixes:
            lying = (one for one in self._store.find("landing", prefix) if not _is_litter(one) and _can_be_asked_for(one))
            for _, group in groupby(lying, lambda one: one.key.rpartition("/")[0]):
                yield [self._found(one) for one in group]

    def _found(self, one: Stored) -> Found:
        assert one.modified is not None, one.key
        moment, name = one.modified.timestamp(), one.key.rsplit("/", 1)[-1]
        readable = bool(name) and len(name.encode()) <= NAME_BYTES
        return Found(one.key, one.size, int(moment * 1_000_000) * 1000, moment, True, readable, one.etag)

    def local(self, found: Found) -> Path:
        """Read once: what lies in the spool already is not asked for again.

        Raises:
            FileNotFoundError: another object lies there now, or none.
        """
        named = found.file_name if found.readable else "unreadable"
        file = self._spool / "incoming" / _hash(found.name, found.pinned) / named
        if not file.is_file():
            if found.pinned.startswith(_ARCHIVED):
                self._store.download("archive", found.pinned, file)
            else:
                self._store.download("landing", found.name, file, found.pinned)
            os.utime(file, ns=(found.modified_ns, found.modified_ns))
        return file

    def same(self, found: Found) -> bool:
        return True  # the version that was read cannot change; a newer one is a delivery of its own

    def recall(self, name: str, sha256: str) -> Found | None:
        known = self._ledger.landed(name, sha256)
        if known is None:
            return None
        return Found(name, known.size, known.modified_ns, known.modified_ns / 1e9, False, pinned=archived(sha256))

    def occupied(self, name: str) -> bool:
        return False  # a key is an object or nothing

    def keep(self, found: Found, landed: LandedFile) -> None:
        if self._store.stat("archive", archived(landed.sha256)) is None:
            self._store.upload("archive", archived(landed.sha256), self.local(found))

    def taken(self, found: Sequence[Found], delivery: Delivery) -> None:
        for one in found:
            if not one.pinned.startswith(_ARCHIVED):
                self._store.take_out("landing", one.name, one.pinned)
            self._hand_on(one, delivery)

    def _hand_on(self, found: Found, delivery: Delivery) -> None:
        spooled = self._spool / "incoming" / _hash(found.name, found.pinned)
        if delivery.state == "waiting" and found.readable:
            (self._spool / delivery.id).mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.replace(spooled / found.file_name, self._spool / delivery.id / found.file_name)
        shutil.rmtree(spooled, ignore_errors=True)

    def landed(self, delivery: Delivery, file: LandedFile) -> Path:
        spooled = self._spool / delivery.id / file.path.rsplit("/", 1)[-1]
        if not spooled.is_file():
            self._store.download("archive", archived(file.sha256), spooled)
            os.utime(spooled, ns=(file.modified_ns, file.modified_ns))
        return spooled

    def done_with(self, delivery: Delivery) -> None:
        shutil.rmtree(self._spool / delivery.id, ignore_errors=True)

    def drop(self, name: str, file: Path) -> None:
        self._store.upload("landing", name, file)
        file.unlink()

    def take_away(self, found: Found) -> None:
        self._store.take_out("landing", found.name, found.pinned)

    def _forget(self) -> None:
        old = time.time() - _KEEP_SPOOLED
        for folder in self._spool.glob("incoming/*"):
            with contextlib.suppress(FileNotFoundError):
                if folder.stat().st_mtime < old:
                    shutil.rmtree(folder, ignore_errors=True)


def archived(sha256: str) -> str:
    """The key in the archive: content decides, so that what comes twice is kept once."""
    return f"{_ARCHIVED}{sha256[:2]}/{sha256}"


def _hash(name: str, pinned: str) -> str:
    return hashlib.sha256(f"{name}\0{pinned}".encode()).hexdigest()[:32]


def _can_be_asked_for(one: Stored) -> bool:
    """Some stores take names that no client can ask for again: they are told of, and left."""
    if {".", ".."} & set(one.key.split("/")):
        log.warning("landing object %r cannot be read by its name and is left alone", one.key)
        return False
    return True


def _is_litter(one: Stored) -> bool:
    """What browsers of stores and desktops leave: empty folders' marks, and files about files."""
    name = one.key.rsplit("/", 1)[-1]
    return (not name and not one.size) or name.startswith(LITTER)
