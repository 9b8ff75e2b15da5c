"""A sheet's raw XML → the merged cells in its header (refused) and in its data (noted).

openpyxl's streaming reader does not tell merged cells, so they are looked for in the bytes after the rows.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.cells import Value

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]{0,200}?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_CHUNK = 1 << 20
_OVERLAP = 512
_LISTED = 5


class Sheet(Protocol):
    """What is used of openpyxl's streamed worksheet."""

    title: str
    _worksheet_path: str

    def reset_dimensions(self) -> None: ...

    def iter_rows(self, min_row: int | None = None, *, values_only: bool) -> Iterator[tuple[Value, ...]]: ...


def refuse_merged_header(path: Path, sheet: Sheet) -> tuple[str, ...]:
    """Refuse merged cells in the first row; return a note where cells are merged below it.

    Raises:
        DeliveryRejected: header cells are merged.
    """
    header, data, first = [], 0, ""
    for spot, top in _merged(path, sheet._worksheet_path):
        if top == 1:
            header.append(spot)
        else:
            data, first = data + 1, first or spot
    if header:
        raise DeliveryRejected(
            f"工作簿“{path.name}”的表头有合并单元格：{'、'.join(header[:_LISTED])}", code="header",
            place=Place(path.name, line=1), expected="第一行是唯一的表头，每列一个列名，不合并单元格",
            remedy="请取消合并，删去标题行和上级表头，只留一行列名",
        )  # fmt: skip
    if data:
        return (f"工作簿“{path.name}”的数据区有 {data} 处合并单元格（如 {first}），合并处只有第一格有值",)
    return ()


def _merged(path: Path, part: str) -> list[tuple[str, int]]:
    found: dict[str, int] = {}  # by reference: one that lies in the overlap is seen twice
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as xml:
        tail = b""
        while chunk := xml.read(_CHUNK):
            window = tail + chunk
            if b"mergeCell" in window:
                for left, top, right, bottom in _MERGED.findall(window):
                    found[(left + top + b":" + right + bottom).decode()] = int(top)
            tail = window[-_OVERLAP:]
    return list(found.items())
