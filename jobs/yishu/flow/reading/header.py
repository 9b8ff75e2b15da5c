"""The cells of a header → where each contract field stands in the file, and which columns the contract does not know.

A cell matches a field by the field's title or name, whatever its order, width (NFKC), case or surrounding blanks.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yishu.contract.model import Dataset, Field
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.rows import Row

MARK = "yishu:"
"""Before a delivery's id in the head of a column: the sheet is ours, and lists that delivery's bad rows."""
_MARKED = re.compile(f"{MARK}(d-[0-9a-f]{{16}})")
_INVISIBLE = re.compile("[\\s\u200b-\u200d\u2060\ufeff]+")
_LISTED = 20
HEADER_CELLS = 2_000
"""Columns that a file may have: each field of the widest contract, and what else a system exports, many times over."""


@dataclass(frozen=True)
class Columns:
    """`places` holds, per contract field, the position in the file; None where an optional column is absent."""

    places: tuple[int | None, ...]
    extra: tuple[tuple[int, str], ...]
    width: int
    notes: tuple[str, ...] = ()

    def row(self, number: int, cells: Sequence[str | None], size: int) -> Row:
        """A parsed line in the contract's order; `cells` must be `width` long."""
        kept = tuple([None if place is None else cells[place] for place in self.places])
        extra = extra_json({name: cells[place] for place, name in self.extra}) if self.extra else None
        return Row(number, kept, extra, None, size)


def match_header(cells: Sequence[str | None], dataset: Dataset, file: str, *, line: int = 1) -> Columns:
    """Match a header with a contract.

    Args:
        cells: the header as it stands in the file.
        file: the file's name, for messages.
        line: where in it the header stands, for messages.

    Raises:
        DeliveryRejected: no known column, a repeated one, or a required one missing.
    """
    if len(cells) > HEADER_CELLS:
        raise DeliveryRejected(
            f"文件“{file}”的表头超过 {HEADER_CELLS} 列", code="header", place=Place(file, line=line),
            expected=f"不超过 {HEADER_CELLS} 列", remedy="请删去约定之外的列",
        )  # fmt: skip
    if marked_header(cells):
        raise _receipt(file, line)
    if not any(folded(cell) for cell in cells):
        raise DeliveryRejected(
            f"文件“{file}”没有表头", code="header", place=Place(file, line=line),
            expected=f"第{'一' if line == 1 else f' {line} '}行为表头：{_titles(dataset.fields)}", remedy="请补上表头后重新报送",
        )  # fmt: skip
    known = field_names(dataset)
    found: dict[str, list[int]] = {}
    extra: list[tuple[int, str]] = []
    for place, cell in enumerate(cells):
        name = known.get(folded(cell))
        if name is None:
            extra.append((place, (cell or "").strip() or f"第{place + 1}列"))
        else:
            found.setdefault(name, []).append(place)
    if not found:
        raise _strange(cells, dataset, file)
    _refuse_repeated(found, extra, dataset, file)
    _refuse_missing(found, extra, dataset, file)
    places = tuple(found[f.name][0] if f.name in found else None for f in dataset.fields)
    return Columns(places, tuple(extra), len(cells), _notes(places, extra, cells, dataset, file))


def marked_header(cells: Sequence[str | None]) -> str | None:
    """The delivery that a header names as the one whose bad rows are listed below it."""
    return next((found[1] for cell in cells if cell and (found := _MARKED.fullmatch(cell.strip()))), None)


def folded(cell: str | None) -> str:
    """A header cell without blanks, invisible characters, width and case."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", cell or "")).casefold()


def field_names(dataset: Dataset) -> dict[str, str]:
    """Folded title or name → field name; both are always understood."""
    by_title = {folded(f.title): f.name for f in dataset.fields}
    return by_title | {folded(f.name): f.name for f in dataset.fields}


def extra_json(values: Mapping[str, str | None]) -> str | None:
    """Columns that the contract does not know, as a JSON object of the filled ones; None where none is filled."""
    filled = {name: value for name, value in values.items() if value}
    return json.dumps(filled, ensure_ascii=False) if filled else None


def _receipt(file: str, line: int) -> DeliveryRejected:
    """Taken as a hand-in of its own, a receipt's few rows would stand in the place of the whole period."""
    return DeliveryRejected(
        f"文件“{file}”是由回执的“问题行”另存的，不能当作全部数据", code="receipt", place=Place(file, line=line),
        expected="改好的 receipt.xlsx（.xlsx 工作簿），或本期的全部数据", remedy="请在 receipt.xlsx 中改正，仍存为 .xlsx 后放回同一文件夹",
    )  # fmt: skip


def _titles(fields: Sequence[Field]) -> str:
    return "、".join(f.title for f in fields)


def _listed(cells: Sequence[str | None]) -> str:
    shown = "、".join((cell or "").strip()[:40] or "（空）" for cell in cells[:_LISTED])
    return shown + (f"……共 {len(cells)} 列" if len(cells) > _LISTED else "")


def _strange(cells: Sequence[str | None], dataset: Dataset, file: str) -> DeliveryRejected:
    hint = ""
    if len(cells) == 1 and dataset.supply.format == "csv":
        other = next((mark for mark in ";\t|，," if mark in (cells[0] or "") and mark != dataset.supply.delimiter), None)
        shown = "制表符" if other == "\t" else other
        hint = f"；看来文件以“{shown}”分隔，约定的分隔符是“{dataset.supply.delimiter}”" if other else ""
    return DeliveryRejected(
        f"文件“{file}”的表头不对：没有一列属于“{dataset.title}”；收到：{_listed(cells)}{hint}",
        code="header", place=Place(file, line=1), expected=_titles(dataset.fields),
        remedy="请核对是否交错了文件，第一行须为表头",
    )  # fmt: skip


def _refuse_repeated(found: Mapping[str, list[int]], extra: Sequence[tuple[int, str]], dataset: Dataset, file: str) -> None:
    twice = [f"“{dataset.field(name).title}”（第 {_places(at)} 列）" for name, at in found.items() if len(at) > 1]
    others: dict[str, list[int]] = {}
    for place, name in extra:
        others.setdefault(folded(name), []).append(place)
    names = dict(extra)
    twice += [f"“{names[at[0]]}”（第 {_places(at)} 列）" for at in others.values() if len(at) > 1]
    if twice:
        raise DeliveryRejected(
            f"文件“{file}”的表头有重复的列：{'、'.join(twice)}", code="header", place=Place(file, line=1),
            expected="每列只出现一次（中文名与英文名同时出现也算重复）", remedy="请删去重复的列后重新报送",
        )  # fmt: skip


def _places(places: Sequence[int]) -> str:
    return "、".join(str(place + 1) for place in places)


def _refuse_missing(found: Mapping[str, list[int]], extra: Sequence[tuple[int, str]], dataset: Dataset, file: str) -> None:
    needed = [f for f in dataset.fields if (f.required or f.key_position is not None) and f.name not in found]
    if not needed:
        return
    guesses = []
    for field in needed:
        near = difflib.get_close_matches(field.title, [name for _, name in extra], 1, 0.6)
        guesses += [f"“{near[0]}”是否即“{field.title}”？" for _ in near]
    strange = f"；不认识的列：{_listed([name for _, name in extra])}" if extra else ""
    raise DeliveryRejected(
        f"文件“{file}”缺少必填的列：{_titles(needed)}{strange}{'；' + ''.join(guesses) if guesses else ''}",
        code="header", place=Place(file, line=1), expected=_titles(dataset.fields),
        remedy="请按约定的列名补齐后重新报送",
    )  # fmt: skip


def _notes(
    places: Sequence[int | None], extra: Sequence[tuple[int, str]], cells: Sequence[str | None], dataset: Dataset, file: str
) -> tuple[str, ...]:
    absent = [f for f, place in zip(dataset.fields, places, strict=True) if place is None]
    named = [name for place, name in extra if folded(cells[place])]
    notes = []
    if absent:
        notes.append(f"文件“{file}”缺少选填的列：{_titles(absent)}，按空值处理")
    if named:
        notes.append(f"文件“{file}”多出约定之外的列：{_listed(named)}，已原样留存，不入库")
    return tuple(notes)
