"""Landing → what lies there new: files alone, and sets that a `manifest.json` beside them names; what waits says for what.

Nothing is claimed here; of all files only manifests are opened, and what lies beside one in case it is a receipt's sheet.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from yishu.errors import DeliveryRejected
from yishu.flow.admission import admit
from yishu.flow.manifest import NAME, Manifest, mismatch, read_manifest
from yishu.flow.packed_manifest import brings_manifest
from yishu.flow.reading.marked_sheet import marked
from yishu.lake.drop_zone import DropZone, Found, drop_zone
from yishu.lake.lake import Lake

log = logging.getLogger(__name__)

FOLDERS = 3
"""Department, dataset, period."""
PATIENCE = dt.timedelta(days=1)
"""So long a set waits, from the arrival of its last file on, for the files that are missing; then it is refused."""
_TOLD = 5


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
    zone = drop_zone(lake)
    for files in zone.folders(dataset):
        if any(file.new for file in files):
            yield from _hand_ins(lake, zone, files)


def waiting(lake: Lake, dataset: str | None = None) -> list[HandIn]:
    """What has come but cannot be claimed yet."""
    return [hand_in for hand_in in look(lake, dataset) if hand_in.waits]


def _hand_ins(lake: Lake, zone: DropZone, files: Sequence[Found]) -> Iterator[HandIn]:
    """What the files of one folder are."""
    folders = files[0].name.split("/")[:-1]
    department, dataset, period = (*folders[:FOLDERS], "", "", "")[:FOLDERS]
    place = (department, dataset, period)
    manifest_file = next((f for f in files if f.file_name == NAME), None) if len(folders) == FOLDERS else None
    new = tuple(file for file in files if file.new)
    if len(folders) == FOLDERS and (manifest_file is not None or _wants_manifest(lake, place)):
        whole = [file for file in new if file is not manifest_file and _is_whole(zone, file, manifest_file is None)]
        yield from (HandIn(place, (file,)) for file in whole)
        files = [file for file in files if file not in whole]
        new = tuple(file for file in new if file not in whole)
    if manifest_file is not None:
        yield from _listed(lake, zone, place, manifest_file, files)
    elif len(folders) == FOLDERS and _wants_manifest(lake, place):
        if new:
            yield HandIn(place, new, waits=f"等待 {NAME}（按约定，文件到齐后附清单）：{_names([f.file_name for f in new])}")
    else:
        yield from (HandIn(place, (file,)) for file in new)


def _is_whole(zone: DropZone, file: Found, alone: bool) -> bool:
    """It needs no manifest beside it: a sheet that corrects rows of a delivery, or a zip that brings its own."""
    try:
        return marked(zone.local(file)) is not None or (alone and brings_manifest(zone.local(file)))
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


def _listed(
    lake: Lake, zone: DropZone, place: tuple[str, str, str], manifest_file: Found, files: Sequence[Found]
) -> Iterator[HandIn]:
    """The set that the manifest names, if anything of it is new, and beside it what it does not name."""
    named: tuple[Found, ...] = ()
    manifest, refused, waits = None, None, ""
    try:
        manifest = read_manifest(zone.local(manifest_file))
        named = tuple(_named(zone, manifest, manifest_file, files))
        waits = _missing(lake, zone, manifest, manifest_file, named)
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
        yield HandIn(place, beside, waits=f"{why}：{_names([f.file_name for f in beside])}")


def _named(zone: DropZone, manifest: Manifest, manifest_file: Found, files: Sequence[Found]) -> Iterator[Found]:
    """Those of the manifest's files that have come, also earlier and alone."""
    by_name = {file.file_name: file for file in files}
    folder = manifest_file.name.rpartition("/")[0]
    for promised in manifest.files:
        found = by_name.get(promised.name) or zone.recall(f"{folder}/{promised.name}", promised.sha256.lower())
        if found is not None:
            yield found


def _missing(lake: Lake, zone: DropZone, manifest: Manifest, manifest_file: Found, named: Sequence[Found]) -> str:
    """For which files the set waits.

    Raises:
        DeliveryRejected: a name is that of a folder or a link, or a file did not come for too long.
    """
    here = {file.file_name for file in named}
    missing = [name for name in manifest.names if name not in here]
    folder = manifest_file.name.rpartition("/")[0]
    odd = [name for name in missing if zone.occupied(f"{folder}/{name}")]
    if odd:
        raise mismatch(f"“{name}”是文件夹或链接，不是文件" for name in odd)
    last = max(file.arrived for file in (manifest_file, *named))
    if missing and lake.clock().timestamp() - last > PATIENCE.total_seconds():
        raise mismatch(f"缺少文件“{name}”" for name in missing)
    return f"等待 {NAME} 列出的 {len(missing)} 个文件：{_names(missing)}" if missing else ""


def _names(names: Sequence[str]) -> str:
    shown = "、".join(name.encode("utf-8", "backslashreplace").decode() for name in sorted(names)[:_TOLD])
    return shown + (f" 等 {len(names)} 个" if len(names) > _TOLD else "")
