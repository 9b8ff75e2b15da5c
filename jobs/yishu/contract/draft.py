"""A sample file → the text of a first contract: types from the data, names from elements by title.

What only people know is marked `FILL_IN_…`; `check` names each one that is left.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from yishu.contract.model import Element
from yishu.contract.sample_file import Sample, read_sample

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE_TITLE = re.compile(r"码|号|证$|标识|区划|_(no|id|code)$")
_PERSONAL = (
    ("姓名", "name"),
    ("身份|证件号", "id"),
    ("电话|手机|phone", "phone"),
    ("住址|住所|地址", "address"),
    ("账号|卡号", "account"),
)
_LENGTHS = (10, 20, 50, 100, 200, 300, 500, 1000)
_DATE = re.compile(r"([12][0-9]{3})(?:-([0-9]{2})-([0-9]{2})|/([0-9]{1,2})/([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)")
_COMPACT_DATE = re.compile(r"([12][0-9]{3})([0-9]{2})([0-9]{2})")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]+))?")


@dataclass(frozen=True)
class _Column:
    title: str
    name: str
    element: Element | None
    physical: str
    logical: str
    filled: bool
    """No empty cell in the sample."""


def draft(
    sample: Path,
    name: str,
    *,
    database: str = "FILL_IN_DATABASE",
    supplier: str = "FILL_IN_SUPPLIER",
    title: str = "",
    elements: Mapping[str, Element] | None = None,
) -> str:
    """A contract, as YAML text, for files like `sample`.

    Args:
        sample: a file as the department would send it, with a header.
        name: the dataset's name; the text belongs into `schemas/<class>/<database>/<name>.yaml`.
        database: the folder's name.
        supplier: a department's id.
        title: the dataset's Chinese name; the sample's file name where empty.
        elements: a column whose title or name is an element's refers to it.

    Raises:
        UsageError: the sample cannot be read.
    """
    read = read_sample(sample)
    columns = _columns(read, elements or {})
    key = _key(read, columns)
    return "\n".join((*_head(name, title or sample.stem, database), *_properties(columns, key), *_tail(read, supplier)))


def _columns(sample: Sample, elements: Mapping[str, Element]) -> list[_Column]:
    columns: list[_Column] = []
    for index, header in enumerate(sample.header):
        values = [row[index].strip() for row in sample.rows]
        element = next((e for e in elements.values() if header in (e.title, e.name)), None)
        name = element.name if element else header.lower()
        if not _NAME.fullmatch(name) or any(c.name == name for c in columns):
            name = f"FILL_IN_{index + 1}"
        physical, logical = _element_type(element) if element else _type(header, [v for v in values if v])
        title = header or f"第{index + 1}列"
        columns.append(_Column(
            element.title if element and header == element.name else title, name, element, physical, logical,
            bool(values) and all(values),
        ))  # fmt: skip
    return columns


def _element_type(element: Element) -> tuple[str, str]:
    return f"varchar({element.length})" if element.length else "text", "string"


def _type(title: str, values: Sequence[str]) -> tuple[str, str]:
    """physicalType and logicalType of a column; text where in doubt, for text loses nothing."""
    if not values:
        return "varchar(100)", "string"
    if all(v in ("是", "否", "true", "false", "Y", "N") for v in values):
        return "boolean", "boolean"
    if all(_is_date(v, title) for v in values):
        return "date", "date"
    if all(_is_timestamp(v) for v in values):
        return "timestamp", "timestamp"
    if not _is_code(title, values):
        if all(_INTEGER.fullmatch(v) for v in values):
            return "bigint", "integer"
        scales = [len(found[1] or "") for v in values if (found := _DECIMAL.fullmatch(v)) and not re.match(r"-?0[0-9]", v)]
        if len(scales) == len(values) and max(scales) <= 10:
            return f"decimal(18,{max([2, *scales])})", "number"
    return _text_type(values, _is_code(title, values)), "string"


def _is_code(title: str, values: Sequence[str]) -> bool:
    """A number to count with, or only written in digits? Digits of one and the same length are taken for a code."""
    personal = any(re.search(words, title) for words, _ in _PERSONAL)
    alike = len(values) > 1 and len({len(v) for v in values}) == 1 and len(values[0]) > 5 and all(v.isdigit() for v in values)
    return personal or alike or bool(_CODE_TITLE.search(title))


def _is_date(value: str, title: str) -> bool:
    found = _DATE.fullmatch(value) or (_COMPACT_DATE.fullmatch(value) if "日" in title or "date" in title else None)
    return found is not None and _real_day([int(part) for part in found.groups() if part])


def _is_timestamp(value: str) -> bool:
    day, _, time = value.replace("T", " ").partition(" ")
    return bool(re.fullmatch(r"[0-2]?[0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?", time)) and _is_date(day, "")


def _real_day(parts: list[int]) -> bool:
    try:
        dt.date(*parts)
    except ValueError:
        return False
    return True


def _text_type(values: Sequence[str], code: bool) -> str:
    lengths = {len(v) for v in values}
    if code and len(lengths) == 1 and len(values) > 1 and max(lengths) <= _LENGTHS[-1]:
        return f"varchar({max(lengths)})"
    return next((f"varchar({n})" for n in _LENGTHS if max(lengths) <= n), "text")


def _key(sample: Sample, columns: Sequence[_Column]) -> tuple[int, ...]:
    """The first column, or else pair or triple of columns, that names each row of the sample; empty where none does."""
    if len(sample.rows) < 2:
        return ()
    fit = [i for i, c in enumerate(columns) if c.filled and c.logical in ("string", "date", "integer")]
    codes = [i for i in fit if columns[i].element or _CODE_TITLE.search(columns[i].title)]
    for candidates in (codes, fit):
        for size in (1, 2, 3):
            for chosen in combinations(candidates[:12], size):
                if len({tuple(row[i] for i in chosen) for row in sample.rows}) == len(sample.rows):
                    return chosen
    return ()


def _head(name: str, title: str, database: str) -> list[str]:
    return [
        "# A first draft, made from a sample: replace every FILL_IN, and read types, key, grades and keys at the end again.",
        "apiVersion: v3.1.0", "kind: DataContract", f"id: {name}", f"name: {name}", "version: 1.0.0", "status: draft",
        f"domain: {database}", "description:", f"  purpose: {_quoted(title)}", "schema:", f"  - name: {name}",
        f"    businessName: {_quoted(title)}", "    logicalType: object", "    physicalType: table", "    properties:",
    ]  # fmt: skip


def _properties(columns: Sequence[_Column], key: Sequence[int]) -> list[str]:
    lines = (
        []
        if key
        else ["      # KEY: no columns name each row of the sample; add required and primaryKey: true to those that do."]
    )
    for index, column in enumerate(columns):
        lines += [
            f"      - name: {column.name}", f"        businessName: {_quoted(column.title)}",
            f"        logicalType: {column.logical}", f"        physicalType: {column.physical}",
        ]  # fmt: skip
        if index in key:
            lines += [
                "        required: true", "        primaryKey: true  # unique in the sample: is it always?",
                f"        primaryKeyPosition: {list(key).index(index) + 1}",
            ]  # fmt: skip
        lines += _meaning(column)
    return lines


def _meaning(column: _Column) -> list[str]:
    if column.element:
        return [f"        authoritativeDefinitions: [{{type: element, url: elements.yaml#{column.element.name}}}]"]
    mask = next((mask for words, mask in _PERSONAL if re.search(words, column.title)), None)
    if mask is None or column.logical != "string":
        return ["        classification: general-1"]
    return ["        classification: general-3", f"        customProperties: [{{property: yishu.mask, value: {mask}}}]"]


def _tail(sample: Sample, supplier: str) -> list[str]:
    supply = sample.supply
    form = {"format": supply.format, "header": "name" if all(_NAME.fullmatch(h) for h in sample.header) else "title"}
    if supply.format == "csv":
        form |= {"encoding": supply.encoding} | ({"delimiter": supply.delimiter} if supply.delimiter != "," else {})
    if supply.sheet:
        form["sheet"] = supply.sheet
    return [
        "slaProperties:",
        "  - {property: frequency, value: monthly}  # realtime daily weekly monthly quarterly half-yearly yearly",
        "customProperties:", f"  - {{property: yishu.suppliers, value: [{supplier}]}}",
        "  - {property: yishu.mode, value: append}  # append upsert history snapshot; upsert and history need yishu.sequence",
        "  - {property: yishu.sharing, value: conditional}  # unconditional conditional none",
        "  - {property: yishu.sharingCondition, value: 依法履职；列明使用依据、场景、范围、时限}",
        f"  - {{property: yishu.supply, value: {json.dumps(form, ensure_ascii=False)}}}", "",
    ]  # fmt: skip


def _quoted(text: str) -> str:
    """JSON text is YAML text."""
    return json.dumps(text, ensure_ascii=False)
