"""A text file and the encoding it should have → the encoding it has, and where the first wrong byte stands.

UTF-8 proves itself: a text in GB18030 with sixteen bytes beyond ASCII is never valid UTF-8 by chance.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.rows import LINE_CHARS

Encoding = Literal["utf-8", "gb18030"]
_PROOF = 16
_CHUNK = 1 << 20
_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32", codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16",
}  # fmt: skip


@dataclass(frozen=True)
class Script:
    """The encoding in which a file is read, and a note where it is not the agreed one."""

    encoding: Encoding
    notes: tuple[str, ...] = ()


def detect(path: Path, declared: Encoding) -> Script:
    """Find a file's encoding, reading only as much as decides.

    Raises:
        DeliveryRejected: the file is in UTF-16 or UTF-32.
    """
    with path.open("rb") as file:
        head = file.read(4)
    wide = next((name for mark, name in _WIDE.items() if head.startswith(mark)), None)
    if wide:
        raise DeliveryRejected(
            f"文件“{path.name}”的编码是 {wide}", code="encoding", place=Place(path.name),
            expected=declared.upper(), remedy=f"请另存为 {declared.upper()} 编码后重新报送",
        )  # fmt: skip
    real = "utf-8" if head.startswith(codecs.BOM_UTF8) else _measured(path) or declared
    if real == declared:
        return Script(declared)
    found: Encoding = "gb18030" if declared == "utf-8" else "utf-8"
    note = f"文件“{path.name}”约定为 {declared.upper()} 编码，实际是 {found.upper()}，已按 {found.upper()} 读入"
    return Script(found, (note,))


def _measured(path: Path) -> Encoding | None:
    """UTF-8 or not, by decoding until it is proven; None where the file is (nearly) pure ASCII and both would do."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    beyond = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                beyond += _beyond_ascii(error.object[: error.start].decode("utf-8"))
                return "utf-8" if beyond >= _PROOF else "gb18030"
            beyond += _beyond_ascii(text)
            if beyond >= _PROOF:
                return "utf-8"
    return "gb18030" if decoder.getstate()[0] else None


def _beyond_ascii(text: str) -> int:
    """How many bytes of UTF-8 lie outside ASCII."""
    return len(text.encode()) - len(text.encode("ascii", "ignore"))


def undecodable(path: Path, script: Script, declared: Encoding) -> DeliveryRejected:
    """The refusal of a file that neither encoding can decode: names the first wrong byte, by position, line and row."""
    offset = line = 0
    where = ""
    with path.open("rb") as file:
        while part := file.readline(LINE_CHARS):
            line += 1
            try:
                part.decode(script.encoding)
            except UnicodeDecodeError as error:
                row = f"（第 {line - 1} 行数据）" if line > 1 else "（表头）"
                where = f"第 {line} 行{row}、全文第 {offset + error.start + 1} 个字节 0x{part[error.start]:02X}"
                break
            offset += len(part)
    note = f"，也不是合法的 {declared.upper()} 字符" if script.encoding != declared else ""
    return DeliveryRejected(
        f"文件“{path.name}”的编码有误：{where} 不是合法的 {script.encoding.upper()} 字符{note}",
        code="encoding", place=Place(path.name, line=line, row=max(line - 1, 0)), expected=f"全文均为 {declared.upper()} 编码",
        remedy=f"请从业务系统重新导出为 {declared.upper()} 编码，不要拼接不同编码的文件",
    )  # fmt: skip
