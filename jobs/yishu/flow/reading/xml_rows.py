"""Events of an XML document → its row elements, each with its cells and its own text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from yishu.flow.reading.safe_xml import local


@dataclass
class RowElement:
    """One row: its cells in order, and where in the document its first and last tag stand."""

    begin: int
    end: int = 0
    name: str = ""
    children: bool = False
    cells: list[tuple[str, str | None]] = field(default_factory=list)


class RowElements:
    """Collects the elements at a path; see `safe_xml.Handler`. Holds the document's text from the open row on."""

    def __init__(self, path: str, *, attributes: bool) -> None:
        self._path = path.strip("/").split("/")
        self._attributes = attributes
        self._matched = 0
        self._row: RowElement | None = None
        self._ended: list[RowElement] = []
        self._cell_from, self._nested, self._nil = 0, False, False
        self._cell: list[str] = []
        self._text, self._start = bytearray(), 0
        self.position: Callable[[], int] = int
        """Where in the document the parser is, in bytes."""
        self.depth = 0
        self.root = ""

    @property
    def held(self) -> int:
        return len(self._text)

    def hold(self, piece: bytes) -> None:
        """The document goes on: keep what an open row may need, forget what lies before it."""
        # from where the parser stands, if no row is open: a tag of which the end has not come yet may open one
        gone = max((self._row.begin if self._row else self.position()) - self._start, 0)
        del self._text[:gone]
        self._start += gone
        self._text += piece

    def ended(self) -> list[RowElement]:
        """The rows that ended since the last call."""
        ended, self._ended = self._ended, []
        return ended

    def raw(self, row: RowElement) -> str:
        """A row's text, as long as it is held."""
        text = self._between(row.begin, row.end)
        return text if text.endswith("/>") and not row.children else f"{text}</{row.name}>"

    def _between(self, begin: int, end: int) -> str:
        return self._text[begin - self._start : end - self._start].decode()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.depth += 1
        self.root = self.root or local(name)[:100]
        inside = self.depth - len(self._path)
        if self._row is not None:
            if inside == 1:
                self._begin_cell(local(name), attributes)
            else:
                self._nested = True
        elif inside <= 0 and self.depth == self._matched + 1 and local(name) == self._path[self._matched]:
            self._matched = self.depth
            if not inside:
                self._begin_row(attributes)

    def end(self, name: str) -> None:
        """An element ends."""
        inside = self.depth - len(self._path)
        if self._row is not None and inside == 1:
            self._end_cell(self._row, name)
        elif self._row is not None and not inside:
            self._row.end, self._row.name = self.position(), name
            self._ended.append(self._row)
            self._row = None
        self.depth -= 1
        self._matched = min(self._matched, self.depth)

    def text(self, text: str) -> None:
        """Text, perhaps a part of it."""
        if self._row is not None and self.depth > len(self._path):
            self._cell.append(text)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        self._row = RowElement(self.position())
        mark = "" if self._attributes else "@"
        self._row.cells += [(mark + local(name), value) for name, value in attributes.items() if not _is_plumbing(name)]

    def _begin_cell(self, name: str, attributes: dict[str, str]) -> None:
        self._cell_from, self._cell, self._nested = self.position(), [], False
        self._nil = any(local(key) == "nil" and value in ("true", "1") for key, value in attributes.items())
        assert self._row is not None
        self._row.children = True
        others = [(f"{name}/@{local(key)}", value) for key, value in attributes.items() if not _is_plumbing(key)]
        self._row.cells += others

    def _end_cell(self, row: RowElement, name: str) -> None:
        text: str | None = "".join(self._cell)
        if self._nested:
            text = f"{self._between(self._cell_from, self.position())}</{name}>"
        row.cells.append((f"/{local(name)}" if self._attributes else local(name), None if self._nil else text))
        self._cell = []


def _is_plumbing(name: str) -> bool:
    """Declarations of name spaces and of the schema are no data."""
    return name == "xmlns" or name.startswith(("xmlns:", "xsi:"))
