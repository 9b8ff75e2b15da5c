"""Files made to harm, real and quickly written: bombs from one repeated block, zips whose headers lie."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl

from reading_case import TITLES

MEGABYTE = 1 << 20
HEAD = (",".join(TITLES) + "\n").encode()


def deflated(head: bytes, unit: bytes, megabytes: int, tail: bytes = b"") -> Iterator[bytes]:
    """A raw deflate stream of `head`, megabytes of `unit` again and again, and `tail`: one block, repeated as it is."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    yield squeeze.compress(head) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress((unit * (MEGABYTE // len(unit) + 1))[: MEGABYTE // len(unit) * len(unit)])
    block += squeeze.flush(zlib.Z_FULL_FLUSH)
    for _ in range(megabytes):
        yield block
    yield squeeze.compress(tail) + squeeze.flush()


def gzip_bomb(path: Path, head: bytes, unit: bytes, megabytes: int, tail: bytes = b"") -> Path:
    """A gz file of many megabytes; nobody reads as far as its check sum."""
    with path.open("wb") as file:
        file.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")
        file.writelines(deflated(head, unit, megabytes, tail))
        file.write(struct.pack("<II", 0, megabytes * MEGABYTE & 0xFFFFFFFF))
    return path


@dataclass(frozen=True)
class Entry:
    """An entry of a zip, with the headers that it claims."""

    name: bytes
    packed: bytes
    size: int
    crc: int = 0
    flags: int = 0
    method: int = 8
    mode: int = 0
    at: int | None = None
    """Where its local header is said to be; None: where it is."""

    @property
    def local(self) -> bytes:
        sizes = (self.crc, len(self.packed), min(self.size, 0xFFFFFFFF), len(self.name), 0)
        return b"PK\x03\x04" + struct.pack("<5H3I2H", 20, self.flags, self.method, 0, 0, *sizes) + self.name

    def central(self, at: int) -> bytes:
        """Its line in the directory; a size beyond 4 GB goes to the Zip64 field."""
        large = self.size > 0xFFFFFFFE
        extra = struct.pack("<HHQ", 1, 8, self.size) if large else b""
        sizes = (self.crc, len(self.packed), 0xFFFFFFFF if large else self.size, len(self.name), len(extra), 0, 0, 0)
        fixed = struct.pack("<6H3I5H2I", 0x031E, 45, self.flags, self.method, 0, 0, *sizes, self.mode << 16, at)
        return b"PK\x01\x02" + fixed + self.name + extra


def honest(name: bytes, content: bytes, **claims: int) -> Entry:
    """An entry whose headers are true, but for what is given."""
    return Entry(name, zlib.compress(content, wbits=-15), len(content), zlib.crc32(content), **claims)


def raw_zip(path: Path, entries: Sequence[Entry]) -> Path:
    """A zip of these entries, with whatever their headers say."""
    body, lines = io.BytesIO(), []
    for entry in entries:
        at = body.tell() if entry.at is None else entry.at
        lines.append(entry.central(at))
        if entry.at is None:
            body.write(entry.local + entry.packed)
    directory = b"".join(lines)
    end = struct.pack("<4H2IH", 0, 0, len(entries) & 0xFFFF, len(entries) & 0xFFFF, len(directory), body.tell(), 0)
    path.write_bytes(body.getvalue() + directory + b"PK\x05\x06" + end)
    return path


def workbook(path: Path, parts: Mapping[str, str | bytes | Iterator[bytes]]) -> Path:
    """A real workbook of one row, some parts replaced or added; `xl/_rels/workbook.xml.rels` gets what is given appended."""
    made = io.BytesIO()
    book = openpyxl.Workbook()
    for line in (TITLES, ["1", "a", 1, None]):
        book.worksheets[0].append(list(line))
    book.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name in dict.fromkeys((*source.namelist(), *parts)):
            body = parts.get(name, source.read(name) if name in source.namelist() else b"")
            if name.endswith("workbook.xml.rels") and name in parts:
                body = source.read(name).decode().replace("</Relationships>", f"{parts[name]}</Relationships>")
            with target.open(name, "w", force_zip64=True) as file:
                for piece in [body] if isinstance(body, str | bytes) else body:
                    file.write(piece.encode() if isinstance(piece, str) else piece)
    return path


def gzipped(path: Path, content: bytes) -> Path:
    """A plain gz file."""
    path.write_bytes(gzip.compress(content, 1))
    return path
