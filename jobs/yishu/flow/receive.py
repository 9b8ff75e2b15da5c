"""Landing files → claimed deliveries in the ledger, oldest file first; what cannot be taken is claimed as rejected.

One file is one delivery. Reads a file once, for its checksum; its rows are left to `bronze`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.admission import admit, refusal
from yishu.flow.reading.form import check_form
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, LandedFile

log = logging.getLogger(__name__)

_DEPTH = 4
_CHUNK = 1 << 20
_UNFINISHED_START = (".", "_", "~$")
_UNFINISHED_END = (".part", ".tmp", ".crdownload", ".filepart")


@dataclass(frozen=True)
class _Found:
    """A file in landing that the ledger does not know; `name` is its path there, always valid text."""

    path: Path
    name: str
    size: int
    modified_ns: int


def receive(lake: Lake, dataset: str | None = None) -> list[Delivery]:
    """Claim every new file in landing.

    Hidden and unfinished files (`.x`, `_x`, `~$x`, `x.part`, `x.tmp`) and files still being written wait for a later scan.

    Args:
        lake: settings, contracts, ledger and clock.
        dataset: look at this dataset's folders only; None: at all of landing.

    Returns:
        The deliveries made, in the order of their claims: `waiting`, `unchanged` or `rejected` with a reason.
    """
    claimed = []
    for file in sorted(_new_files(lake, dataset), key=lambda found: (found.modified_ns, found.name)):
        try:
            delivery = _claim(lake, file)
        except OSError as error:  # gone again, or not readable yet: this file waits, the others do not
            log.warning("landing file %s cannot be read: %s", file.name, error)
            continue
        if delivery is not None:
            claimed.append(delivery)
    return claimed


def datasets_with_new_files(lake: Lake) -> set[str]:
    """The datasets, known or not, in whose folders files lie that no delivery has claimed; "" for files in no such folder."""
    return {file.name.split("/")[1] if file.name.count("/") >= 2 else "" for file in _new_files(lake, None)}


def _new_files(lake: Lake, dataset: str | None) -> Iterator[_Found]:
    landing = lake.settings.landing
    tops = [landing] if dataset is None else sorted(landing.glob(f"*/{dataset}"))
    for top in tops:
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if not _unfinished(name)]
            for name in files:
                if not _unfinished(name):
                    yield from _unknown(lake, Path(folder) / name)


def _unfinished(name: str) -> bool:
    return name.startswith(_UNFINISHED_START) or name.lower().endswith(_UNFINISHED_END)


def _unknown(lake: Lake, path: Path) -> Iterator[_Found]:
    # Names in GBK, as an old unzip leaves them, are not text to the ledger: shown with their bytes escaped.
    name = path.relative_to(lake.settings.landing).as_posix().encode("utf-8", "backslashreplace").decode()
    try:
        found = path.lstat()
    except OSError as error:
        log.warning("landing file %s is gone again: %s", name, error)
        return
    if not stat.S_ISREG(found.st_mode):
        log.warning("landing file %s is no regular file and is left alone", name)
    elif not lake.ledger.knows(name, found.st_size, found.st_mtime_ns):
        yield _Found(path, name, found.st_size, found.st_mtime_ns)


def _claim(lake: Lake, file: _Found) -> Delivery | None:
    """None where the file must wait: it is still being written, or its dataset's contract is broken."""
    folders = file.name.split("/")[:-1][: _DEPTH - 1]
    department, dataset, period = (*folders, "", "", "")[: _DEPTH - 1]
    if _contract_broken(lake, dataset):
        log.warning("landing file %s waits: the contract of %s is broken", file.name, dataset)
        return None
    reason = _refused(lake, file, department, dataset, period)
    landed = LandedFile(file.name, file.size, file.modified_ns, _sha256(file.path))
    now = file.path.lstat()
    if (now.st_size, now.st_mtime_ns) != (file.size, file.modified_ns):
        log.info("landing file %s is still being written", file.name)
        return None
    return lake.ledger.claim(department, dataset, period, [landed], reason=reason, state="rejected" if reason else "waiting")


def _contract_broken(lake: Lake, dataset: str) -> bool:
    """True where a contract of this name lies in `schemas/` but could not be read: nobody's delivery is to blame."""
    if not dataset or dataset in lake.project.datasets:
        return False
    contracts = lake.settings.project.joinpath("schemas").glob("*/*/*.yaml")
    return any(contract.stem == dataset for contract in contracts)


def _refused(lake: Lake, file: _Found, department: str, dataset: str, period: str) -> str:
    """Why the file is refused as it lies there; empty where it is not."""
    try:
        if len(file.name.split("/")) != _DEPTH:
            raise DeliveryRejected(
                f"文件“{file.name}”放错了位置", code="place", place=Place(file.name),
                expected="部门代码/数据集/期次/文件", remedy="请放进对应的文件夹后重新报送",
            )  # fmt: skip
        _refuse_name(file)
        contract: Dataset = admit(lake.project, department, dataset, period, lake.clock().date())
        check_form(file.path, contract)
    except DeliveryRejected as error:
        return refusal(error)
    return ""


def _refuse_name(file: _Found) -> None:
    if file.name != file.path.as_posix()[-len(file.name) :]:
        raise DeliveryRejected(
            f"文件名“{file.name}”不是 UTF-8 编码", code="name", place=Place(file.name),
            expected="UTF-8 编码的文件名", remedy="请改名后重新报送（可用英文和数字）",
        )  # fmt: skip


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
