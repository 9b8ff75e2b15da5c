"""A zip with a `manifest.json` at its top → what that promises, and what is packed beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from yishu.contract.model import Dataset
from yishu.flow.manifest import Manifest, differences_at_the_door, read_manifest
from yishu.flow.reading.containers import MANIFEST, is_office, members
from yishu.flow.reading.source import Source
from yishu.lake.ledger import LandedFile

_CHUNK = 1 << 20
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class PackedSet:
    """What makes a zip a set: its manifest, and its files with their checksums."""

    manifest: Manifest
    files: tuple[LandedFile, ...]

    def differences(self, dataset: Dataset, period: str) -> tuple[str, ...]:
        """As `differences_at_the_door`; besides, everything in the zip must be listed."""
        names = {file.path for file in self.files}
        beside = [f"压缩包里的“{name}”清单没有列出" for name in sorted(names - {*self.manifest.names})]
        return (*differences_at_the_door(self.manifest, self.files, dataset, period), *beside)


def packed_set(path: Path) -> PackedSet | None:
    """The set that a delivered file is; None where it is no zip with a manifest.

    Raises:
        DeliveryRejected: a zip, or a manifest, that cannot be used.
    """
    inside = _parts(path)
    if MANIFEST not in inside:
        return None
    manifest = read_manifest(inside.pop(MANIFEST))
    return PackedSet(manifest, tuple(_listed(name, source) for name, source in inside.items()))


def brings_manifest(path: Path) -> bool:
    """Whether a delivered file is such a set; only the zip's directory is read, for this is asked at every look.

    Raises:
        DeliveryRejected: a zip that cannot be used.
    """
    return MANIFEST in _parts(path)


def _parts(path: Path) -> dict[str, Source]:
    with path.open("rb") as file:
        if file.read(4) != _ZIP or is_office(path):
            return {}
    return {member.member: member for member in members(path)}


def _listed(name: str, source: Source) -> LandedFile:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return LandedFile(name, size, 0, digest.hexdigest())
