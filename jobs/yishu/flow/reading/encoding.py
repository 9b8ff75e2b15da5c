"""A text file and the encoding it should have → the encoding it has, and where the first wrong byte stands.

UTF-8 proves itself: a text in GB18030 with sixteen bytes beyond ASCII is never valid UTF-8 by chance. A guess decides only
how the text is read; every byte of it is then decoded strictly, so that a wrong one ends in a refusal, never in garbage.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

from yishu.contract.model import TextEncoding
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.source import Source

Encoding = Literal["utf-8", "utf-16", "gb18030"]
PROOF = 16
_CHUNK = 1 << 20
_LIKELY = 0.9
"""Share of the characters beyond ASCII that stand in GB 2312: in Chinese texts nearly all do, in texts of other encodings
that happen to decode as GB18030 (Big5, Shift-JIS) at most two thirds."""
_MARKS: dict[bytes, tuple[Encoding, str]] = {
    codecs.BOM_UTF8: ("utf-8", "utf-8"), codecs.BOM_UTF16_LE: ("utf-16", "utf-16-le"), codecs.BOM_UTF16_BE: ("utf-16", "utf-16-be"),
}  # fmt: skip
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


@dataclass(frozen=True)
class Script:
    """How a file's text is read: `mark` bytes of byte order mark, then text in Python's `codec`.

    `notes` say where the encoding is not the agreed one, or how sure it is where none was agreed.
    """

    encoding: Encoding
    codec: str
    mark: int = 0
    notes: tuple[str, ...] = ()


def detect(source: Source, declared: TextEncoding) -> Script:
    """Find a file's encoding, reading only as much as decides.

    Raises:
        DeliveryRejected: an encoding that the contract does not allow, or one that cannot be told.
    """
    with source.open("rb") as file:
        head = file.read(_CHUNK)
    if head.startswith(_UTF32):
        raise _not_agreed(source.name, "UTF-32", declared)
    for mark, (encoding, codec) in _MARKS.items():
        if head.startswith(mark):
            return _marked(source.name, encoding, codec, len(mark), declared)
    if declared in ("utf-16", "auto") and head.count(0) > len(head) // 8:
        raise _not_agreed(source.name, "没有字节序标记（BOM）的 UTF-16", declared)
    measured, beyond, sample = _measured(source)
    if declared == "auto":
        return _found_out(source.name, measured, beyond, sample)
    real = measured or ("utf-8" if declared == "utf-16" else declared)
    return Script(real, real, 0, _differs(source.name, declared, real))


def _marked(name: str, encoding: Encoding, codec: str, mark: int, declared: TextEncoding) -> Script:
    if declared == "auto":
        return Script(encoding, codec, mark, (f"文件“{name}”的编码判定为 {encoding.upper()}，把握 100%（有字节序标记）",))
    if encoding == "utf-16" != declared:
        raise _not_agreed(name, "UTF-16", declared)
    return Script(encoding, codec, mark, _differs(name, declared, encoding))


def _differs(name: str, declared: TextEncoding, real: Encoding) -> tuple[str, ...]:
    if real == declared:
        return ()
    return (f"文件“{name}”约定为 {declared.upper()} 编码，实际是 {real.upper()}，已按 {real.upper()} 读入",)


def _not_agreed(name: str, found: str, declared: TextEncoding) -> DeliveryRejected:
    wanted = "UTF-8" if declared == "auto" else declared.upper()
    return DeliveryRejected(
        f"文件“{name}”的编码是 {found}", code="encoding", place=Place(name), expected=wanted,
        remedy=f"请另存为 {wanted} 编码{'（带字节序标记）' if declared == 'utf-16' else ''}后重新报送",
    )  # fmt: skip


def _measured(source: Source) -> tuple[Encoding | None, int, bytes]:
    """UTF-8 or not, by decoding until it is proven; None where the file is (nearly) pure ASCII and both would do.

    The number is how many bytes beyond ASCII were valid UTF-8, up to where it was decided; the bytes are those in which it
    was, from a character's beginning on.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    beyond, seen = 0, 0
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            seen += len(chunk)
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError as error:
                beyond += _beyond_ascii(error.object[: error.start].decode("utf-8"))
                first = error.object.find(b"\n") + 1 if seen > len(chunk) else 0
                return ("utf-8" if beyond >= PROOF else "gb18030"), beyond, error.object[first:]
            beyond += _beyond_ascii(text)
            if beyond >= PROOF:
                return "utf-8", beyond, b""
    return ("gb18030" if decoder.getstate()[0] else None), beyond, decoder.getstate()[0]


def _beyond_ascii(text: str) -> int:
    """How many bytes of UTF-8 lie outside ASCII."""
    return len(text.encode()) - len(text.encode("ascii", "ignore"))


def _found_out(name: str, measured: Encoding | None, beyond: int, sample: bytes) -> Script:
    """The script of a file for which no encoding was agreed, with how sure it is."""
    real: Encoding = measured or "utf-8"
    if real == "gb18030":
        share, seen = _chinese(sample)
        if share < _LIKELY:
            raise DeliveryRejected(
                f"文件“{name}”的编码无法确定：不是 UTF-8，按 GB18030 解出的字符只有 {share:.0%} 是常用字", code="encoding",
                place=Place(name), expected="UTF-8、带字节序标记的 UTF-16 或 GB18030", remedy="请另存为 UTF-8 编码后重新报送",
            )  # fmt: skip
        sure = f"{min(share, 0.99):.0%}（不是 UTF-8；抽样 {seen} 个非 ASCII 字符，{share:.0%} 是常用字）"
    elif beyond >= PROOF:
        sure = f"99%（抽样 {beyond} 个非 ASCII 字节全部合法）"
    elif beyond:
        sure = f"80%（全文只有 {beyond} 个非 ASCII 字节）"
    else:
        sure = "100%（全文都是 ASCII 字符，各种编码相同）"
    return Script(real, real, 0, (f"文件“{name}”的编码判定为 {real.upper()}，把握 {sure}",))


def _chinese(sample: bytes) -> tuple[float, int]:
    """Of the sample read as GB18030: the share of GB 2312 among the characters beyond ASCII, and how many those are."""
    try:
        counts = Counter(codecs.getincrementaldecoder("gb18030")().decode(sample))
    except UnicodeDecodeError:
        return 1.0, 0  # its first wrong byte will be named when it is read
    beyond = {char: count for char, count in counts.items() if char > "\x7f"}
    usual = sum(count for char, count in beyond.items() if char.encode("gb2312", "ignore"))
    seen = sum(beyond.values())
    return (usual / seen if seen else 1.0), seen


def undecodable(source: Source, script: Script, declared: TextEncoding) -> DeliveryRejected:
    """The refusal of a file that cannot be decoded: names the first wrong byte, by position, line and row."""
    line, offset, byte = _first_wrong(source, script)
    row = f"（第 {line - 1} 行数据）" if line > 1 else "（表头）"
    where = f"第 {line} 行{row}、全文第 {offset + 1} 个字节 0x{byte:02X}"
    wanted = script.encoding if declared == "auto" else declared
    note = f"，也不是合法的 {declared.upper()} 字符" if script.encoding != declared != "auto" else ""
    note = "，也不是合法的 UTF-8 字符" if declared == "auto" and script.encoding == "gb18030" else note
    return DeliveryRejected(
        f"文件“{source.name}”的编码有误：{where} 不是合法的 {script.encoding.upper()} 字符{note}",
        code="encoding", place=Place(source.name, line=line, row=max(line - 1, 0)), expected=f"全文均为 {wanted.upper()} 编码",
        remedy=f"请从业务系统重新导出为 {wanted.upper()} 编码，不要拼接不同编码的文件",
    )  # fmt: skip


def _first_wrong(source: Source, script: Script) -> tuple[int, int, int]:
    """Line (from 1), position (from 0) and value of the first byte that cannot be decoded."""
    decoder = codecs.getincrementaldecoder(script.codec)("strict")
    line, given = 1, script.mark
    with source.open("rb") as file:
        file.read(script.mark)
        for chunk in _chunks(file):
            waiting = len(decoder.getstate()[0])
            try:
                line += decoder.decode(chunk, not chunk).count("\n")
            except UnicodeDecodeError as error:
                line += error.object[: error.start].decode(script.codec).count("\n")
                return line, given - waiting + error.start, error.object[error.start]
            given += len(chunk)
    return line, given, 0


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The file in pieces, an empty one last."""
    while chunk := file.read(_CHUNK):
        yield chunk
    yield b""
