"""Values → cells of a spreadsheet in a few looks, as text that no program takes for a formula, and how high they stand."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet as Sheet

_LONGEST = 32_000
"""Characters per cell; the format allows 32,767."""
_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")


def safe_text(text: str) -> str:
    """The text as a cell may hold it: no formula, no control characters, not longer than the format allows."""
    shown = _INVISIBLE.sub(_visible, text[:_LONGEST]) + ("……（已截断）" if len(text) > _LONGEST else "")
    return "'" + shown if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else shown


def typed_text(text: str) -> str:
    """What a cell of ours says once a person has typed in it: without the mark that kept it from being a formula."""
    return text[1:] if text.startswith("'") and safe_text(text[1:]) == text else text


_SURELY_SAFE = re.compile(r"[\w.（《“][\w .,:;/()·（）《》“”，。；：、-]{0,998}")
"""Most cells: nothing in them needs a closer look, which takes more than twice as long."""
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


def _visible(found: re.Match[str]) -> str:
    """A control character's own picture; XML cannot hold the character itself."""
    code = ord(found[0])
    return chr(0x2400 + code) if code < ord(" ") else "\ufffd"


LINE, MOST_LINES = 16.5, 24
"""Points of one line; a row may be 409 high."""


@lru_cache(8_000)
def lines(text: str, width: float) -> int:
    """How many lines a text takes in a wrapped column of so many places.

    Heights are written down, for not every program works them out when it opens a file.
    """
    usable = max(width - 1, 2)
    return min(MOST_LINES, sum(max(1, -int(-places(part) // usable)) for part in text.split("\n")))


def places(text: str) -> int:
    """A Chinese character takes two places."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)


Look = Literal["plain", "data", "count", "title", "label", "head", "note", "bad", "accepted", "held", "rejected"]
"""`plain` is told by us and wrapped; `data` is a cell of the department's own, on one line."""
_FILLS: dict[Look, str] = {
    "label": "DDEBF7", "head": "1F4E79", "bad": "FFC7CE", "accepted": "E2F0D9", "held": "FFF2CC", "rejected": "F8CBAD",
}  # fmt: skip
_ONE_LINE: tuple[Look, ...] = ("title", "note", "data")
_NORMAL: tuple[Look, ...] = ("plain", "data", "count", "bad", "note")


class Pen:
    """Writes cells on one sheet; each look is made once, for making styles is what is slow in a sheet of many rows."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._looks: dict[Look, Cell] = {}
        self._styles: dict[Look, int] = {}

    def cell(self, value: str | int, look: Look = "plain") -> Cell:
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(self._sheet, safe_text(value) if isinstance(value, str) else value)
        cell._style = self._like(look)._style  # type: ignore[attr-defined]  # the stubs leave it out
        return cell

    def xml(self, at: str, value: str | int | None, look: Look = "plain") -> str:
        """The cell at an address as XML; nothing for an empty one that is not marked."""
        if value is None and look != "bad":
            return ""
        if look not in self._styles:
            self._styles[look] = self._like(look).style_id  # the book looks it up anew at each asking
        style = self._styles[look]
        if isinstance(value, int):
            return f'<c r="{at}" s="{style}"><v>{value}</v></c>'
        text = value or ""
        if not _SURELY_SAFE.fullmatch(text):
            text = escape(safe_text(text))
        return f'<c r="{at}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'

    def _like(self, look: Look) -> Cell:
        if look not in self._looks:
            self._looks[look] = _styled(self._sheet, look)
        return self._looks[look]


def _styled(sheet: Sheet, look: Look) -> Cell:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill

    cell = WriteOnlyCell(sheet)
    # numbers too stand on the left, beside their label
    cell.alignment = Alignment(wrap_text=look not in _ONE_LINE, vertical="top", horizontal="left")
    colour = {"head": "FFFFFF", "note": "808080"}.get(look)
    cell.font = Font(name="微软雅黑", size=16 if look == "title" else 10, bold=look not in _NORMAL, color=colour)
    if look == "count":
        cell.number_format = "#,##0"
    if look in ("data", "bad"):
        cell.number_format = "@"  # a code that a clerk types there keeps its digits
    if look in _FILLS:
        cell.fill = PatternFill("solid", start_color=_FILLS[look])
    return cell
