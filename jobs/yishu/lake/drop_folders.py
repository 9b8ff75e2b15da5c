"""Landing on a file system: files stay where they were put, and the ledger knows which were claimed."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from yishu.lake.drop_zone import Found
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, LandedFile

log = logging.getLogger(__name__)

UNFINISHED_START = (".", "_", "~$")
UNFINISHED_END = (".part", ".tmp", ".crdownload", ".filepart")


def unfinished(name: str) -> bool:
    """True for hidden files and those that a program is still writing: they are left for a later look."""
    return name.startswith(UNFINISHED_START) or name.lower().endswith(UNFINISHED_END)


class Folders:
    """The folder tree `<department>/<dataset>/<period>/`."""

    def __init__(self, lake: Lake) -> None:
        self._landing, self._ledger = lake.settings.landing, lake.ledger

    def folders(self, dataset: str | None) -> Iterator[list[Found]]:
        tops = [self._landing] if dataset is None else sorted(self._landing.glob(f"*/{dataset}"))
        for top in tops:
            for folder, folders, names in os.walk(top):
                folders[:] = [name for name in folders if not unfinished(name)]
                yield [file for name in names if not unfinished(name) for file in self._regular(Path(folder) / name)]

    def _regular(self, path: Path) -> Iterator[Found]:
        # Names in GBK, as an old unzip leaves them, are not text to the ledger: shown with their bytes escaped.
        plain = path.relative_to(self._landing).as_posix()
        name = plain.encode("utf-8", "backslashreplace").decode()
        try:
            found = path.lstat()
        except OSError as error:
            log.warning("landing file %s is gone again: %s", name, error)
            return
        if not stat.S_ISREG(found.st_mode):
            log.warning("landing file %s is no regular file and is left alone", name)
            return
        known = self._ledger.knows(name, found.st_size, found.st_mtime_ns)
        yield Found(name, found.st_size, found.st_mtime_ns, found.st_ctime, not known, name == plain, at=path)

    def local(self, found: Found) -> Path:
        assert found.at is not None
        return found.at

    def same(self, found: Found) -> bool:
        now = self.local(found).lstat()
        return (now.st_size, now.st_mtime_ns) == (found.size, found.modified_ns)

    def recall(self, name: str, sha256: str) -> Found | None:
        return None

    def occupied(self, name: str) -> bool:
        return os.path.lexists(self._landing / name)

    def keep(self, found: Found, landed: LandedFile) -> None:
        """It stays."""

    def taken(self, found: Sequence[Found], delivery: Delivery) -> None:
        """It stays."""

    def landed(self, delivery: Delivery, file: LandedFile) -> Path:
        return self._landing / file.path

    def done_with(self, delivery: Delivery) -> None:
        """It stays."""

    def drop(self, name: str, file: Path) -> None:
        (self._landing / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, self._landing / name)

    def take_away(self, found: Found) -> None:
        self.local(found).unlink(missing_ok=True)
