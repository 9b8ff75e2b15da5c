"""Landing files → claimed deliveries in the ledger, oldest first; what cannot be taken is claimed as rejected.

One file is one delivery, and so is what a manifest names. Reads a file once, for its checksum; its rows are left to `bronze`.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.admission import admit, refusal
from yishu.flow.corrections import at_the_door
from yishu.flow.landing import FOLDERS, HandIn, look
from yishu.flow.manifest import Manifest, differences_at_the_door, mismatch
from yishu.flow.packed_manifest import packed_set
from yishu.flow.reading.form import check_form
from yishu.flow.reading.marked_sheet import marked
from yishu.lake.drop_zone import NAME_BYTES, DropZone, Found, drop_zone
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, LandedFile
from yishu.lake.ledger_records import FileRole

log = logging.getLogger(__name__)

_CHUNK = 1 << 20
MOST_AT_ONCE = 200
"""Hand-ins of one department that one look claims; the rest is left to the next."""


def receive(lake: Lake, dataset: str | None = None) -> list[Delivery]:
    """Claim new files in landing, and sets whose manifest and files have all come: `MOST_AT_ONCE` of each department.

    Hidden and unfinished files (`.x`, `_x`, `~$x`, `x.part`, `x.tmp`) and files still being written wait for a later scan.

    Args:
        lake: settings, contracts, ledger and clock.
        dataset: look at this dataset's folders only; None: at all of landing.

    Returns:
        The deliveries made, in the order of their claims: `waiting`, `unchanged` or `rejected` with a reason.
    """
    claimed, zone = [], drop_zone(lake)
    for hand_in in _in_turn(sorted((h for h in look(lake, dataset) if not h.waits), key=_age)):
        try:
            delivery = _claim(lake, zone, hand_in)
        except OSError as error:  # gone again, or not readable yet: this one waits, the others do not
            log.warning("landing file %s cannot be read: %s", hand_in.every_file[0].name, error)
            continue
        if delivery is not None:
            claimed.append(delivery)
    return claimed


def datasets_with_new_files(lake: Lake) -> set[str]:
    """The datasets, known or not, in whose folders something lies that can be claimed; "" for files in no such folder."""
    return {hand_in.place[1] for hand_in in look(lake) if not hand_in.waits}


def _in_turn(hand_ins: Sequence[HandIn]) -> list[HandIn]:
    """The departments one after another, each with its oldest first, so that nobody waits for another's backlog."""
    told: Counter[str] = Counter()
    turns = []
    for at, hand_in in enumerate(hand_ins):
        turn = told[hand_in.place[0]]
        told[hand_in.place[0]] += 1
        turns.append((turn, at, hand_in))
    return [hand_in for turn, _, hand_in in sorted(turns, key=lambda t: t[:2]) if turn < MOST_AT_ONCE]


def _age(hand_in: HandIn) -> tuple[int, str]:
    """A set is as old as its youngest file."""
    return max((file.modified_ns, file.name) for file in hand_in.every_file)


def _claim(lake: Lake, zone: DropZone, hand_in: HandIn) -> Delivery | None:
    """None where it must wait: a file is still being written, or the dataset's contract is broken."""
    department, dataset, period = hand_in.place
    first = hand_in.every_file[0]
    if _contract_broken(lake, dataset):
        log.warning("landing file %s waits: the contract of %s is broken", first.name, dataset)
        return None
    corrects, reason = _sheet(lake, zone, hand_in)
    reason, manifest = reason or _refused(lake, zone, hand_in, corrects), hand_in.manifest
    landed = [_landed(zone, file, hand_in) for file in hand_in.every_file]
    written = next((file for file in hand_in.every_file if not zone.same(file)), None)
    if written is not None:
        log.info("landing file %s is still being written", written.name)
        return None
    if not reason and corrects is None:
        manifest, reason = _promised(lake, zone, hand_in, landed)
    for file, known in zip(hand_in.every_file, landed, strict=True):
        zone.keep(file, known)
    delivery = lake.ledger.claim(
        department, dataset, period, landed, reason=reason, state="rejected" if reason else "waiting",
        manifest=manifest.text if manifest else "", supersedes=manifest.supersedes if manifest else None, corrects=corrects,
    )  # fmt: skip
    zone.taken(hand_in.every_file, delivery)
    return delivery


def _promised(lake: Lake, zone: DropZone, hand_in: HandIn, landed: Sequence[LandedFile]) -> tuple[Manifest | None, str]:
    """The manifest beside the files, or in the one zip that they are; and why it does not hold."""
    dataset, period = lake.project.datasets[hand_in.place[1]], hand_in.place[2]
    manifest, wrong = hand_in.manifest, tuple[str, ...]()
    try:
        if manifest is not None:
            wrong = differences_at_the_door(manifest, landed, dataset, period)
        elif packed := packed_set(zone.local(hand_in.files[0])):
            manifest, wrong = packed.manifest, packed.differences(dataset, period)
    except DeliveryRejected as error:
        return None, refusal(error)
    return manifest, refusal(mismatch(wrong)) if wrong else ""


def _contract_broken(lake: Lake, dataset: str) -> bool:
    """True where a contract of this name lies in `schemas/` but could not be read: nobody's delivery is to blame."""
    if not dataset or dataset in lake.project.datasets:
        return False
    contracts = lake.settings.project.joinpath("schemas").glob("*/*/*.yaml")
    return any(contract.stem == dataset for contract in contracts)


def _sheet(lake: Lake, zone: DropZone, hand_in: HandIn) -> tuple[str | None, str]:
    """Of which delivery it is the receipt's sheet, come back, if it is one; and why that cannot be taken here."""
    misplaced = hand_in.every_file[0].name.count("/") != FOLDERS or not all(file.readable for file in hand_in.every_file)
    try:
        delivery = None if hand_in.manifest_file or misplaced else marked(zone.local(hand_in.files[0]))
        wrong = at_the_door(lake, hand_in.place, delivery) if delivery else None
    except DeliveryRejected as error:
        return None, refusal(error)
    return (None, refusal(wrong)) if wrong else (delivery, "")


def _refused(lake: Lake, zone: DropZone, hand_in: HandIn, corrects: str | None) -> str:
    """Why it is refused as it lies there; empty where it is not."""
    try:
        for file in hand_in.every_file:
            _refuse_place(file)
        contract: Dataset = admit(lake.project, *hand_in.place, lake.clock().date())
        if hand_in.refused is not None:
            raise hand_in.refused
        for file in hand_in.files if corrects is None else ():
            check_form(zone.local(file), contract)
    except DeliveryRejected as error:
        return refusal(error)
    return ""


def _refuse_place(file: Found) -> None:
    if file.name.count("/") != FOLDERS:
        raise DeliveryRejected(
            f"文件“{file.name}”放错了位置", code="place", place=Place(file.name),
            expected="部门代码/数据集/期次/文件", remedy="请放进对应的文件夹后重新报送",
        )  # fmt: skip
    if not file.readable:
        raise DeliveryRejected(
            f"文件名“{file.name}”不能用作文件名：过长，或不是 UTF-8 编码", code="name", place=Place(file.name),
            expected=f"UTF-8 编码、不超过 {NAME_BYTES} 字节的文件名", remedy="请改名后重新报送（可用英文和数字）",
        )  # fmt: skip


def _landed(zone: DropZone, file: Found, hand_in: HandIn) -> LandedFile:
    role: FileRole = "manifest" if file is hand_in.manifest_file else "data"
    return LandedFile(file.name, file.size, file.modified_ns, _sha256(zone.local(file)), role)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
