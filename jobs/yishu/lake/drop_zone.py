"""The drop zone: what departments put into landing, to be read as local files, wherever landing lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, LandedFile

NAME_BYTES = 240
"""The longest name of a file that can be read: file systems allow 255, and some of ours carry a suffix for a while."""


@dataclass(frozen=True)
class Found:
    """A file in landing; `name` is its path there, always valid text. `arrived` is in seconds, and no sender can set it."""

    name: str
    size: int
    modified_ns: int
    arrived: float
    new: bool
    readable: bool = True
    """False: its name cannot be that of a file (not UTF-8, too long), so that it is refused unread."""
    pinned: str = ""
    """In a bucket: the ETag that was seen, or the key in the archive."""
    at: Path | None = None
    """On a file system: where it lies, under the name that it really has."""

    @property
    def file_name(self) -> str:
        return self.name.rsplit("/", 1)[-1]


class DropZone(Protocol):
    """Landing, wherever it lies."""

    def folders(self, dataset: str | None) -> Iterator[list[Found]]:
        """What lies there, folder by folder; of one dataset or of all."""

    def local(self, found: Found) -> Path:
        """Its bytes as a file of that name; OSError if it is gone."""

    def same(self, found: Found) -> bool:
        """Whether it is still what was found."""

    def recall(self, name: str, sha256: str) -> Found | None:
        """A file that was claimed before and lies in landing no more."""

    def occupied(self, name: str) -> bool:
        """Whether something that is no file has the name."""

    def keep(self, found: Found, landed: LandedFile) -> None:
        """Make sure that its bytes stay, before it is claimed."""

    def taken(self, found: Sequence[Found], delivery: Delivery) -> None:
        """It belongs to a delivery now: landing may let it go."""

    def landed(self, delivery: Delivery, file: LandedFile) -> Path:
        """A claimed file, to be read as it came."""

    def done_with(self, delivery: Delivery) -> None:
        """Nobody reads the delivery's files any more, for now."""

    def drop(self, name: str, file: Path) -> None:
        """Put a file there, whole or not at all, as a department would; the file goes."""

    def take_away(self, found: Found) -> None:
        """Remove what we put there ourselves."""


def drop_zone(lake: Lake) -> DropZone:
    """Landing as the settings say."""
    if lake.settings.s3 is None:
        from yishu.lake.drop_folders import Folders

        return Folders(lake)
    from yishu.lake.drop_bucket import Bucket

    return Bucket(lake, lake.settings.s3)
