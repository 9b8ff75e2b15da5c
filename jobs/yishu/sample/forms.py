"""Columns of text → a file in the supplier's form, whichever of the eight it is. The same rows give the same bytes."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from yishu.contract.model import Dataset, Field
from yishu.sample.columns import as_bytes, joined
from yishu.sample.faults import Spoil
from yishu.sample.form_lines import LINE_FORMS, Columns, TextForm, codec, heads
from yishu.sample.form_sheets import SHEET_FORMS
from yishu.sample.form_trees import TREE_FORMS

_SLICE: Final = 50_000
"""Rows put into text at once: bounds the memory of a file of millions."""
_ROW_GROUP: Final = 200_000
_TEXT_FORMS: Final = LINE_FORMS | TREE_FORMS


def write_file(path: Path, dataset: Dataset, columns: Columns, broken: Mapping[int, Spoil]) -> dict[int, str]:
    """Write one file as the dataset's supply says.

    Args:
        path: where; its folder exists.
        dataset: the contract: form, encoding, header, sheet.
        columns: one column of text per field of the contract.
        broken: row (from 0) → what is done to its finished line (forms of one line a row only).

    Returns:
        The broken lines as written, by row (from 0).

    Raises:
        ContractError: a value that a line of fixed width has no room for.
        UsageError: more rows than an .xls sheet has.
    """
    form = dataset.supply.format
    if form in _TEXT_FORMS:
        return _write_text(path, dataset, columns, broken)
    SHEET_FORMS.get(form, _write_parquet)(path, dataset, columns)
    return {}


def file_ending(dataset: Dataset) -> str:
    """What the name of a file in the dataset's form ends with."""
    return "txt" if dataset.supply.format == "fixed" else dataset.supply.format


def _write_text(path: Path, dataset: Dataset, columns: Columns, broken: Mapping[int, Spoil]) -> dict[int, str]:
    form, encoding = _TEXT_FORMS[dataset.supply.format](dataset), codec(dataset.supply)
    made: dict[int, str] = {}
    with path.open("wb") as file:
        if dataset.supply.encoding == "utf-16":
            file.write(codecs.BOM_UTF16_LE)
        file.write(form.head.encode(encoding))
        total = len(columns[dataset.fields[0].name])
        for start in range(0, total, _SLICE):
            lines = form.lines([columns[field.name].slice(start, _SLICE) for field in dataset.fields])
            lines, spoilt = _broken(lines, start, broken)
            made |= spoilt
            file.write(_bytes(lines, form, start == 0, encoding))
        file.write(form.tail.encode(encoding))
    return made


def _broken(lines: pa.Array, start: int, broken: Mapping[int, Spoil]) -> tuple[pa.Array, dict[int, str]]:
    rows = sorted(row for row in broken if start <= row < start + len(lines))
    if not rows:
        return lines, {}
    made = {row: broken[row](lines[row - start].as_py()) for row in rows}
    mask = np.zeros(len(lines), dtype=np.bool_)
    mask[[row - start for row in rows]] = True
    return pc.replace_with_mask(lines, pa.array(mask), pa.array([made[row] for row in rows], pa.string())), made


def _bytes(lines: pa.Array, form: TextForm, begins: bool, encoding: str) -> bytes:
    """All lines with what stands between them."""
    data = as_bytes(joined(form.between, lines, form.end))[len(form.between) if begins else 0 :]
    return data if encoding == "utf-8" else data.decode("utf-8").encode(encoding)


def _write_parquet(path: Path, dataset: Dataset, columns: Columns) -> None:
    arrays = {head: _typed(columns[field.name], field) for head, field in zip(heads(dataset), dataset.fields, strict=True)}
    pq.write_table(pa.table(arrays), path, compression="zstd", row_group_size=_ROW_GROUP)


def _typed(column: pa.Array, field: Field) -> pa.Array:
    kind = field.type
    if kind.kind == "decimal":
        return column.cast(pa.decimal128(kind.precision or 38, kind.scale or 0))
    if kind.kind == "boolean":
        return pc.equal(column, "1")
    types = {"string": pa.string(), "integer": pa.int64(), "date": pa.date32(), "timestamp": pa.timestamp("us")}
    return column.cast(types[kind.kind])
