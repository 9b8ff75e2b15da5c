"""Landing → what lies there new: files alone, and sets that a `manifest.json` beside them names; what waits says for what.

Nothing is claimed here; of all files only manifests are opened, and what lies beside one in case it is a receipt's sheet.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from yishu.errors import DeliveryRejected
from yishu.flow.admission import admit, unfinished
from yishu.flow.manifest import NAME, Manifest, mismatch, read_manifest
from yishu.flow.reading.marked_sheet import marked
from yishu.lake.lake import Lake

log = logging.getLogger(__name__)

FOLDERS = 3
"""Department, dataset, period."""
PATIENCE = dt.timedelta(days=1)
"""So long a set waits, from the arrival of its last file on, for the files that are missing; then it is refused."""
_TOLD = 5


@dataclass(frozen=True)
class Found:
    """A file in landing; `name` is its path there, always valid text. `arrived` is in seconds, and no sender can set it."""

    path: Path
    name: str
    size: int
    modified_ns: int
    arrived: float
    new: bool


@dataclass(frozen=True)
class HandIn:
    """What makes one delivery; `place` are the names of its folders, empty where it lies too high."""

    place: tuple[str, str, str]
    files: tuple[Found, ...]
    manifest_file: Found | None = None
    manifest: Manifest | None = None
    waits: str = ""
    """In Chinese, for what it waits; empty: it can be claimed."""
    refused: DeliveryRejected | None = None
    """Why it cannot be taken, whatever its files are."""

    @property
    def every_file(self) -> tuple[Found, ...]:
        return (self.manifest_file, *self.files) if self.manifest_file else self.files


def look(lake: Lake, dataset: str | None = None) -> Iterator[HandIn]:
    """Everything in landing that the ledger does not know.

    Args:
        lake: settings, contracts and ledger.
        dataset: look at this dataset's folders only; None: at all of landing.
    """
    landing = lake.settings.landing
    tops = [landing] if dataset is None else sorted(landing.glob(f"*/{dataset}"))
    for top in tops:
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not unfinished(name)]
            files = [file for name in names if not unfinished(name) for file in _regular(lake, Path(folder) / name)]
            if any(file.new for file in files):
                yield from _hand_ins(lake, files)


def waiting(lake: Lake, dataset: str | None = None) -> list[HandIn]:
    """What has come but cannot be claimed yet."""
    return [hand_in for hand_in in look(lake, dataset) if hand_in.waits]


def _regular(lake: Lake, path: Path) -> Iterator[Found]:
    # Names in GBK, as an old unzip leaves them, are not text to the ledger: shown with their bytes escaped.
    name = path.relative_to(lake.settings.landing).as_posix().encode("utf-8", "backslashreplace").decode()
    try:
        found = path.lstat()
    except OSError as error:
        log.warning("landing file %s is gone again: %s", name, error)
        return
    if not stat.S_ISREG(found.st_mode):
        log.warning("landing file %s is no regular file and is left alone", name)
        return
    known = lake.ledger.knows(name, found.st_size, found.st_mtime_ns)
    yield Found(path, name, found.st_size, found.st_mtime_ns, found.st_ctime, not known)


def _hand_ins(lake: Lake, files: Sequence[Found]) -> Iterator[HandIn]:
    """What the files of one folder are."""
    folders = files[0].name.split("/")[:-1]
    department, dataset, period = (*folders[:FOLDERS], "", "", "")[:FOLDERS]
    place = (department, dataset, period)
    manifest_file = next((f for f in files if f.path.name == NAME), None) if len(folders) == FOLDERS else None
    new = tuple(file for file in files if file.new)
    if len(folders) == FOLDERS and (manifest_file is not None or _wants_manifest(lake, place)):
        sheets = [file for file in new if file is not manifest_file and _is_sheet(file)]
        yield from (HandIn(place, (file,)) for file in sheets)  # no manifest names what corrects rows of a delivery
        files = [file for file in files if file not in sheets]
        new = tuple(file for file in new if file not in sheets)
    if manifest_file is not None:
        yield from _listed(lake, place, manifest_file, files)
    elif len(folders) == FOLDERS and _wants_manifest(lake, place):
        if new:
            yield HandIn(place, new, waits=f"等待 {NAME}（按约定，文件到齐后附清单）：{_names([f.path.name for f in new])}")
    else:
        yield from (HandIn(place, (file,)) for file in new)


def _is_sheet(file: Found) -> bool:
    try:
        return marked(file.path) is not None
    except DeliveryRejected:
        return True  # it gets its answer at once
    except OSError:
        return False


def _wants_manifest(lake: Lake, place: tuple[str, str, str]) -> bool:
    """Only what could be taken with a manifest waits for one; the rest gets its answer at once."""
    try:
        supply = admit(lake.project, *place, lake.clock().date()).supply
    except DeliveryRejected:
        return False
    return supply.manifest == "required" or supply.pull is not None  # a pull may be killed between the two


def _listed(lake: Lake, place: tuple[str, str, str], manifest_file: Found, files: Sequence[Found]) -> Iterator[HandIn]:
    """The set that the manifest names, if anything of it is new, and beside it what it does not name."""
    named: tuple[Found, ...] = ()
    manifest, refused, waits = None, None, ""
    try:
        manifest = read_manifest(manifest_file.path)
        by_name = {file.path.name: file for file in files}
        named = tuple(by_name[name] for name in manifest.names if name in by_name)
        waits = _missing(lake, manifest, manifest_file, named)
    except DeliveryRejected as error:
        refused = error
    except OSError as error:
        log.warning("%s cannot be read: %s", manifest_file.name, error)
        return
    if manifest_file.new or any(file.new for file in named):
        yield HandIn(place, named, manifest_file, manifest, waits, refused)
    beside = tuple(file for file in files if file.new and file not in (manifest_file, *named))
    if beside:
        why = f"{NAME} 没有列出" if manifest else f"{NAME} 有误，待其更正"
        yield HandIn(place, beside, waits=f"{why}：{_names([f.path.name for f in beside])}")


def _missing(lake: Lake, manifest: Manifest, manifest_file: Found, named: Sequence[Found]) -> str:
    """For which files the set waits.

    Raises:
        DeliveryRejected: a name is that of a folder or a link, or a file did not come for too long.
    """
    here = {file.path.name for file in named}
    missing = [name for name in manifest.names if name not in here]
    odd = [name for name in missing if os.path.lexists(manifest_file.path.with_name(name))]
    if odd:
        raise mismatch(f"“{name}”是文件夹或链接，不是文件" for name in odd)
    last = max(file.arrived for file in (manifest_file, *named))
    if missing and lake.clock().timestamp() - last > PATIENCE.total_seconds():
        raise mismatch(f"缺少文件“{name}”" for name in missing)
    return f"等待 {NAME} 列出的 {len(missing)} 个文件：{_names(missing)}" if missing else ""


def _names(names: Sequence[str]) -> str:
    shown = "、".join(name.encode("utf-8", "backslashreplace").decode() for name in sorted(names)[:_TOLD])
    return shown + (f" 等 {len(names)} 个" if len(names) > _TOLD else "")
