"""The first bytes of a file → the form it really has, whatever its name says.

A form that the contract does not agree on is refused before a row is read.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from yishu.contract.model import Dataset, FileFormat
from yishu.errors import DeliveryRejected, Place

AGREED: dict[FileFormat, str] = {
    "csv": "CSV 文本", "jsonl": "JSON Lines 文本（每行一个对象）", "xlsx": "Excel 工作簿（.xlsx）", "parquet": "Parquet 文件",
}  # fmt: skip
_TEXT = "文本文件"
_MARKS = {
    b"PAR1": AGREED["parquet"], b"\xd0\xcf\x11\xe0": "旧版 Excel（.xls）或加密的工作簿", b"\x1f\x8b": "gzip 压缩文件",
    b"%PDF": "PDF 文件", b"Rar!": "RAR 压缩文件", b"7z\xbc\xaf": "7z 压缩文件", b"SQLi": "SQLite 数据库",
}  # fmt: skip


def check_form(path: Path, dataset: Dataset) -> None:
    """Refuse a file whose content is not of the agreed form.

    Raises:
        DeliveryRejected: the file has no byte, or its first bytes show another form.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if not head:
        raise DeliveryRejected(
            f"文件“{path.name}”是空的（0 字节）", code="empty", place=Place(path.name),
            expected=AGREED[dataset.supply.format], remedy="请重新导出后报送；本期确无数据时请与平台联系",
        )  # fmt: skip
    found = _form(path, head)
    agreed = AGREED[dataset.supply.format]
    if found != (_TEXT if dataset.supply.format in ("csv", "jsonl") else agreed):
        raise DeliveryRejected(
            f"文件“{path.name}”的内容不是{agreed}，而是{found}", code="form", place=Place(path.name),
            expected=agreed, remedy="请按约定的格式重新导出，只改扩展名无效",
        )  # fmt: skip


def _form(path: Path, head: bytes) -> str:
    if head.startswith(b"PK"):
        return _zipped(path)
    return next((name for mark, name in _MARKS.items() if head.startswith(mark)), _TEXT)


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return "损坏的压缩文件"
    return AGREED["xlsx"] if "xl/workbook.xml" in names else "压缩文件（zip）"
