"""Columns of text → a document with the rows in it, at the contract's path: JSON and XML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from yishu.contract.model import Dataset
from yishu.sample.columns import joined
from yishu.sample.form_lines import TextForm, codec, heads, json_objects

_XML_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_MARKS: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;"))
"""What stands in a text otherwise than in a cell; a bare carriage return would be read as a line feed."""
_BLANKS: Final = (("\n", "&#10;"), ("\t", "&#9;"))
"""What an attribute's value would lose beyond that."""


def _json(dataset: Dataset) -> TextForm:
    keys = dataset.supply.path.split(".") if dataset.supply.path else []
    head = "".join("{" + json.dumps(key, ensure_ascii=False) + ": " for key in keys)
    return TextForm(partial(json_objects, dataset), head=head + "[\n", between=",", tail="]" + "}" * len(keys) + "\n")


def _xml(dataset: Dataset) -> TextForm:
    *outer, row = dataset.supply.path.strip("/").split("/")
    encoding = "UTF-16" if dataset.supply.encoding == "utf-16" else codec(dataset.supply).upper()
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n' + "".join(f"<{name}>\n" for name in outer)
    tail = "".join(f"</{name}>\n" for name in reversed(outer))
    # A title with brackets is no name in XML.
    names = [
        head if _XML_NAME.fullmatch(head) else field.name for head, field in zip(heads(dataset), dataset.fields, strict=True)
    ]
    lines = _attributes if dataset.supply.cells == "attributes" else _elements
    return TextForm(partial(lines, row, names), head=head, tail=tail)


def _elements(row: str, names: Sequence[str], part: Sequence[pa.Array]) -> pa.Array:
    """A row with an element for each cell that is filled."""
    cells = [joined(f"<{name}>", _escaped(column, _MARKS), f"</{name}>") for name, column in zip(names, part, strict=True)]
    return joined(f"<{row}>", *(pc.fill_null(cell, "") for cell in cells), f"</{row}>")


def _attributes(row: str, names: Sequence[str], part: Sequence[pa.Array]) -> pa.Array:
    """A row with an attribute for each cell that is filled."""
    escaped = [_escaped(column, _MARKS + _BLANKS) for column in part]
    cells = [joined(f' {name}="', column, '"') for name, column in zip(names, escaped, strict=True)]
    return joined(f"<{row}", *(pc.fill_null(cell, "") for cell in cells), "/>")


def _escaped(column: pa.Array, marks: Sequence[tuple[str, str]]) -> pa.Array:
    for mark, reference in marks:
        column = pc.replace_substring(column, mark, reference)
    return column


TREE_FORMS: Final[dict[str, Callable[[Dataset], TextForm]]] = {"json": _json, "xml": _xml}
