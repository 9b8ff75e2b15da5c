"""The first bytes of a file, or of each file in a container → the form it really has, whatever its name says.

A form that the contract does not agree on is refused before a row is read.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from yishu.contract.model import Dataset, FileFormat
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.containers import data_files, refuse_nested
from yishu.flow.reading.source import Source, seekable
from yishu.flow.reading.zip_directory import open_zip

AGREED: dict[FileFormat, str] = {
    "csv": "CSV 文本", "fixed": "定长文本", "jsonl": "JSON Lines 文本（每行一个对象）", "json": "JSON 文本", "xml": "XML 文本",
    "xlsx": "Excel 工作簿（.xlsx）", "xls": "旧版 Excel 工作簿（.xls）", "parquet": "Parquet 文件",
}  # fmt: skip
_TEXTS: tuple[FileFormat, ...] = ("csv", "fixed", "jsonl", "json", "xml")
_TEXT = "文本文件"
_OLD = b"\xd0\xcf\x11\xe0"
_MARKS = {
    b"PAR1": AGREED["parquet"], b"\x1f\x8b": "gzip 压缩文件", b"%PDF": "PDF 文件", b"Rar!": "RAR 压缩文件", b"7z\xbc\xaf": "7z 压缩文件",
    b"BZh": "bzip2 压缩文件", b"\xfd7zX": "xz 压缩文件", b"\x28\xb5\x2f\xfd": "zstd 压缩文件", b"SQLi": "SQLite 数据库",
}  # fmt: skip
_TAR, _TAR_AT = b"ustar", 257
_HEAD = 512


def check_form(path: Path, dataset: Dataset) -> None:
    """Refuse a file whose content is not of the agreed form; it may be packed as gz or zip, once.

    Raises:
        DeliveryRejected: the file has no byte, its first bytes show another form, or its container is refused.
    """
    for source in data_files(path):
        with source.open("rb") as file:
            head = file.read(_HEAD)
        form = dataset.supply.format
        refuse_nested(source, head, workbook=form == "xlsx")
        if not head:
            raise DeliveryRejected(
                f"文件“{source.name}”是空的（0 字节）", code="empty", place=Place(source.name),
                expected=AGREED[form], remedy="请重新导出后报送；本期确无数据时请与平台联系",
            )  # fmt: skip
        found, agreed = _form(source, head, form), AGREED[form]
        if found != (_TEXT if form in _TEXTS else agreed):
            raise DeliveryRejected(
                f"文件“{source.name}”的内容不是{agreed}，而是{found}", code="form", place=Place(source.name),
                expected=agreed, remedy="请按约定的格式重新导出，只改扩展名无效",
            )  # fmt: skip


def _form(source: Source, head: bytes, agreed: FileFormat) -> str:
    if head.startswith(b"PK"):
        return _zipped(source)
    if head.startswith(_OLD):
        return AGREED["xls"] if agreed == "xls" else "旧版 Excel（.xls）或加密的工作簿"
    if head[_TAR_AT:].startswith(_TAR):
        return "tar 归档文件"
    return next((name for mark, name in _MARKS.items() if head.startswith(mark)), _TEXT)


def _zipped(source: Source) -> str:
    with ExitStack() as opened:
        try:
            names = set(open_zip(seekable(source, opened), source.name, opened).namelist())
        except DeliveryRejected:
            return "损坏的压缩文件"
    if "xl/workbook.xml" in names:
        return AGREED["xlsx"]
    return "Office 文档（不是工作簿）" if "[Content_Types].xml" in names else "压缩文件（zip）"
