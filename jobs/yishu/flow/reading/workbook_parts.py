"""What is read of a workbook's small parts: handlers for `safe_xml`, each with what it found."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass

from yishu.flow.reading.safe_xml import local

_MOST_SHEETS, _MOST_STYLES = 1_000, 100_000
CELL_CHARS = 16 << 20
"""Characters of one cell; Excel itself allows 32,767."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class Strings:
    """The workbook's shared strings, packed: as Python objects they would take three times the memory."""

    def __init__(self) -> None:
        self._text, self._ends = bytearray(), array("I")

    def add(self, text: str) -> None:
        self._text += text.encode()
        self._ends.append(len(self._text))

    def __getitem__(self, place: int) -> str:
        if place < 0:
            raise IndexError(place)
        return self._text[self._ends[place - 1] if place else 0 : self._ends[place]].decode()


@dataclass(frozen=True)
class Styles:
    """By style number: is a number in such a cell a date, or a duration?"""

    dates: frozenset[int]
    durations: frozenset[int]


class _Part:
    """A handler that looks at elements only."""

    depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.begin(local(name), attributes)

    def begin(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None:
        self.depth -= 1

    def text(self, text: str) -> None: ...


class RelationsPart(_Part):
    """Id, type, target and mode of each relation."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, str, str]] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and len(self.found) < _MOST_SHEETS:
            given = [attributes.get(key, "") for key in ("Id", "Type", "Target", "TargetMode")]
            self.found.append((given[0], given[1], given[2], given[3]))


class BookPart(_Part):
    """The sheets by title and relation, and from when days count."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.mac_dates = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "workbookPr":
            self.mac_dates = attributes.get("date1904", "0") in ("1", "true")
        elif name == "sheet" and len(self.sheets) < _MOST_SHEETS:
            key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            self.sheets.append((attributes["name"], key))


class StylesPart(_Part):
    """Date formats by number: those that the file defines, Excel's own, and the Chinese Excel's (27–36, 50–58)."""

    def __init__(self) -> None:
        self._codes: dict[int, str] = {}
        self._used: list[int] = []
        self._in_cells = False

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt" and len(self._codes) < _MOST_STYLES:
            self._codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")[:500]
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells and len(self._used) < _MOST_STYLES:
            self._used.append(int(attributes.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        super().end(name)
        self._in_cells &= local(name) != "cellXfs"

    def styles(self) -> Styles:
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format

        codes = {**BUILTIN_FORMATS, **self._codes}
        chinese = {*range(27, 37), *range(50, 59)} - self._codes.keys()
        used = list(enumerate(self._used))
        return Styles(
            frozenset(style for style, key in used if key in chinese or is_date_format(codes.get(key))),
            frozenset(style for style, key in used if is_timedelta_format(codes.get(key))),
        )


class StringsPart:
    """Shared strings: the text of each `si`, in all its runs, without phonetic guides."""

    def __init__(self) -> None:
        self.strings = Strings()
        self.depth = 0
        self._runs: list[str] = []
        self._taking = False
        self._guide = self._size = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        tag = local(name)
        self._guide += tag == "rPh"
        self._taking = tag == "t" and not self._guide

    def end(self, name: str) -> None:
        self.depth -= 1
        tag = local(name)
        self._taking = False
        self._guide -= tag == "rPh"
        if tag == "si":
            self.strings.add(unescaped("".join(self._runs)))
            self._runs, self._size = [], 0

    def text(self, text: str) -> None:
        if self._taking:
            self._runs.append(text)
            self._size += len(text)
            if self._size > CELL_CHARS:
                raise ValueError("a cell of millions of characters")


def unescaped(text: str) -> str:
    """A text in which Excel wrote what XML cannot hold as `_x000D_`."""
    return _ESCAPED.sub(_char, text) if "_x" in text else text


def _char(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if code == 0 or 0xD800 <= code < 0xE000 else chr(code)
