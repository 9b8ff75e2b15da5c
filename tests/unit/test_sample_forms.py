"""Each form of the sample's files, read again by the pipeline's own readers: every cell comes back, and the bytes are the same twice."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
import xlrd
from pydantic import JsonValue
from sample_cells import cells_of

from reading_case import NAMES, one, rows, thing
from yishu.contract.load import load_project
from yishu.contract.model import Dataset, Type
from yishu.errors import ContractError, UsageError
from yishu.sample import form_sheets, forms
from yishu.sample.columns import Extract
from yishu.sample.dirt import plant
from yishu.sample.faults import LINE, faults, oddities
from yishu.sample.forms import file_ending, write_file
from yishu.sample.sheet_rows import cell

Supply = Mapping[str, JsonValue]
CODES = ["001", "130102199001010017", "A-3", "911301020000000000", "#N/A", "1e5", "0", "007"]
TITLES = [
    '他说“好”，"再说"一遍', "一行\n又一行", None, "<甲 a='1'>&amp;乙</甲>", '{"item": ["a\\b"]}', "龘\u3000喆\u00a0", "a,b;c|d\te", "末\r\n行",
]  # fmt: skip
AMOUNTS = ["12345678901234567.89", "-3.5", "0", None, "1234567890123.45", "暂无", "12", "1,234.5"]
DAYS = ["2024-02-29", "1899-12-31", "2016-11-31", "20240131", None, "2024年1月5日", "2000-01-01", "0"]
SPANS: JsonValue = {
    "day": {"start": 70, "length": 20}, "code": {"start": 1, "length": 18}, "title": {"start": 19, "length": 40},
    "amount": {"start": 60, "length": 10},
}  # fmt: skip
TEXTS: tuple[Supply, ...] = (
    {"format": "csv", "encoding": "gb18030", "header": "name"}, {"format": "csv", "encoding": "utf-16", "delimiter": "\t"},
    {"format": "csv", "encoding": "auto", "delimiter": "|"}, {"format": "jsonl", "encoding": "utf-16"}, {"format": "jsonl"},
    {"format": "json"}, {"format": "json", "path": "data.records", "encoding": "gb18030"},
    {"format": "xml", "path": "/导出/行", "encoding": "gb18030"}, {"format": "xml", "path": "/r/all/row", "header": "name"},
    {"format": "xml", "path": "/r/row", "cells": "attributes", "encoding": "utf-16"},
)  # fmt: skip
SHEETS: tuple[Supply, ...] = tuple(
    {"format": form, **more}
    for form in ("xlsx", "xls")
    for more in ({}, {"sheet": "月报", "headerRow": 4, "header": "name"}, {"headerRow": 2, "headerRows": 3})
)
FIXED: tuple[Supply, ...] = (
    {"format": "fixed", "positions": SPANS, "encoding": "gb18030", "unit": "bytes"}, {"format": "fixed", "positions": SPANS},
    {"format": "fixed", "positions": SPANS, "encoding": "utf-16"},
)  # fmt: skip


def columns(**changed: list[str | None]) -> dict[str, pa.Array]:
    whole: dict[str, list[str | None]] = dict(zip(NAMES, ([*CODES], TITLES, AMOUNTS, DAYS), strict=True)) | changed
    return {name: pa.array(values, pa.string()) for name, values in whole.items()}


def back(path: Path, dataset: Dataset) -> list[tuple[str | None, ...]]:
    """What bronze holds of a file; an empty cell is none, whether the form knows the difference or not."""
    found = rows(one(path, dataset))
    assert all(row["_raw"] is None and row["_extra"] is None for row in found)
    return [tuple(str(row[name]) if row[name] else None for name in NAMES) for row in found]


def round_trip(folder: Path, supply: Supply, given: dict[str, pa.Array]) -> list[tuple[str | None, ...]]:
    dataset = thing(**supply)
    for name in ("once", "twice"):
        assert write_file(folder / name, dataset, given, {}) == {}
    assert (folder / "once").read_bytes() == (folder / "twice").read_bytes()
    return back(folder / "once", dataset)


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are written in several pieces, as those of large files are."""
    monkeypatch.setattr(forms, "_SLICE", 3)
    monkeypatch.setattr(form_sheets, "_SLICE", 3)


@pytest.mark.parametrize("supply", TEXTS, ids=str)
def test_every_cell_of_a_text_comes_back(tmp_path: Path, supply: Supply) -> None:
    given = columns()
    assert round_trip(tmp_path, supply, given) == list(zip(*(given[name].to_pylist() for name in NAMES), strict=True))


@pytest.mark.parametrize("supply", SHEETS, ids=str)
def test_every_cell_of_a_sheet_comes_back(tmp_path: Path, supply: Supply) -> None:
    given = columns(title=[text and text.replace("\r", "") for text in TITLES])
    found = round_trip(tmp_path, supply, given)
    assert found == list(zip(*(given[name].to_pylist() for name in NAMES), strict=True))
    dataset = thing(**supply)
    sheet = str(supply.get("sheet", "Sheet1"))
    if supply["format"] == "xls":
        old = xlrd.open_workbook(tmp_path / "once")[sheet]
        lines = [old.row_values(number) for number in range(5)]
    else:
        book = openpyxl.load_workbook(io.BytesIO((tmp_path / "once").read_bytes()))
        lines = [[*line] for line in book[sheet].iter_rows(max_row=5, values_only=True)]
    last = dataset.supply.header_row + dataset.supply.header_rows - 2
    assert lines[last] == forms.heads(dataset)
    assert lines[0][0] == (dataset.title if last else forms.heads(dataset)[0])


def test_a_sheets_rows_are_written_as_openpyxl_writes_them(tmp_path: Path) -> None:
    given = columns(
        code=["", *CODES[:3], " 1", "a\u00a0", "  ", "0"],
        amount=["-0", "007", ".5", "979.94", "0.00001", "-12.50", "1e5", None],
    )
    dataset = thing(format="xlsx")
    write_file(tmp_path / "ours", dataset, given, {})
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    sheet.append(forms.heads(dataset))
    for row in zip(*(given[name].to_pylist() for name in NAMES), strict=True):
        sheet.append([cell(text, field.type.kind) for text, field in zip(row, dataset.fields, strict=True)])
    book.save(tmp_path / "theirs")
    ours, theirs = (zipfile.ZipFile(tmp_path / name) for name in ("ours", "theirs"))
    assert ours.namelist() == theirs.namelist()
    for part in ("xl/worksheets/sheet1.xml", "xl/styles.xml"):
        assert ours.read(part).decode() == theirs.read(part).decode()


@pytest.mark.parametrize("supply", FIXED, ids=str)
def test_every_cell_of_a_fixed_line_comes_back_without_the_blanks_around_it(tmp_path: Path, supply: Supply) -> None:
    titles = ["“好”", ' 二"', None, "中" * 20, "a,b", "<甲>&", "\u3000喆", "龘"]
    amounts = ["-3.50", "1234567890", "0", None, "12", "暂无", "1", "1,234.5"]
    given = columns(title=titles, amount=amounts)
    # Where characters are counted, all blanks of Unicode are padding; where bytes are, those of ASCII.
    bare = [text and (text.strip(" ") if "unit" in supply else text.strip()) for text in titles]
    assert round_trip(tmp_path, supply, given) == list(zip(CODES, bare, amounts, DAYS, strict=True))


def test_numbers_are_printed_to_the_right_and_gaps_are_blank(tmp_path: Path) -> None:
    dataset = thing(**FIXED[0])
    write_file(tmp_path / "f", dataset, columns(title=["甲"] * 8, amount=["1.5"] * 8), {})
    line = (tmp_path / "f").read_bytes().split(b"\r\n")[0].decode("gb18030")
    assert line == "001".ljust(18) + "甲" + " " * 38 + " " + "1.5".rjust(10) + "2024-02-29".ljust(20)
    assert file_ending(dataset) == "txt"


@pytest.mark.parametrize("title", ["中" * 21, "一行\n又一行"])
def test_what_a_fixed_line_cannot_hold_is_refused(tmp_path: Path, title: str) -> None:
    with pytest.raises(ContractError, match="does not go into title"):
        write_file(tmp_path / "f", thing(**FIXED[0]), columns(title=[title, *[None] * 7], amount=["1"] * 8), {})


def test_an_optional_column_without_a_position_is_not_handed_in(tmp_path: Path) -> None:
    dataset = thing(format="fixed", positions={"code": {"start": 2, "length": 18}})
    write_file(tmp_path / "f", dataset, columns(), {})
    assert back(tmp_path / "f", dataset) == [(code, None, None, None) for code in CODES]


def test_an_xml_name_is_the_fields_where_a_title_is_none(tmp_path: Path) -> None:
    dataset = thing(format="xml", path="/r/row")
    fields = [f.model_copy(update={"title": "金额(元)"}) if f.name == "amount" else f for f in dataset.fields]
    dataset = dataset.model_copy(update={"fields": tuple(fields)})
    write_file(tmp_path / "f", dataset, columns(), {})
    text = (tmp_path / "f").read_text(encoding="utf-8")
    assert "<amount>-3.5</amount>" in text and "<代码>001</代码>" in text
    assert len(back(tmp_path / "f", dataset)) == 8


@pytest.mark.parametrize("form", ["xls", "xlsx"])
def test_a_sheet_has_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setitem(form_sheets._MOST, form, 10)
    write_file(tmp_path / "f", thing(format=form, headerRow=2), columns(), {})
    with pytest.raises(UsageError, match=rf"more rows than an \.{form} sheet"):
        write_file(tmp_path / "f", thing(format=form, headerRow=3), columns(), {})


PLAIN = {"date": "2024-01-31", "timestamp": "2024-01-31 08:00:00"}


def test_every_contracts_form_is_read_alike_with_and_without_the_projects_readers(tmp_path: Path) -> None:
    seen = set()
    for dataset in load_project(Path(__file__).parents[2]).datasets.values():
        given = {field.name: pa.array([PLAIN.get(field.type.kind, text) for text in "10"]) for field in dataset.fields}
        file = tmp_path / f"{dataset.name}.{file_ending(dataset)}"
        write_file(file, dataset, given, {})
        found = rows(one(file, dataset))
        names = [field.name for field in dataset.fields]
        assert all(row["_raw"] is None and row["_extra"] is None for row in found)
        assert [{name: same(row[name]) for name in names} for row in found] == [
            {name: same(value) for name, value in row.items()} for row in cells_of(file, dataset)
        ]
        seen.add(dataset.supply.format)
    assert len(seen) == 8


def same(value: object) -> str:
    """True and a decimal's zeros are written differently by those who read Parquet."""
    text = str(value).lower()
    return text.rstrip("0").rstrip(".") if "." in text else text


@pytest.mark.parametrize(
    "supply", [*FIXED, {"format": "json"}, {"format": "xml", "path": "/r/row"}, {"format": "xls"}, {"format": "jsonl"}], ids=str
)
def test_planted_faults_come_back_as_the_truth_has_them(tmp_path: Path, supply: Supply) -> None:
    count = 600
    dataset = thing(**supply)
    sized = {"code": Type(kind="string", length=18), "title": Type(kind="string", length=40)}
    least = {"amount": 0}
    fields = tuple(
        f.model_copy(update={"type": sized.get(f.name, f.type), "minimum": least.get(f.name)}) for f in dataset.fields
    )
    dataset = dataset.model_copy(update={"fields": fields})
    clean = {
        "code": pa.array([f"{number:018}" for number in range(count)]), "title": pa.array(["河北省"] * count),
        "amount": pa.array(["1234567.25"] * count), "day": pa.array(["2024-01-31"] * count),
    }  # fmt: skip
    wrong = faults(dataset, {})
    assert any(fault.column == LINE for fault in wrong) == (supply["format"] in ("fixed", "jsonl"))
    dirty = plant(Extract("thing", "202401", clean), dataset, wrong, oddities(dataset), 0.2, np.random.default_rng(1))
    made = write_file(tmp_path / "f", dataset, dirty.columns, dirty.broken)
    found = {row["_row"]: row for row in rows(one(tmp_path / "f", dataset))}
    assert len(found) == dirty.rows and len(dirty.bad) == 120
    for bad in dirty.bad:
        row = found[bad.row]
        assert row["_raw"] == made[bad.row - 1] if bad.column == LINE else (row[bad.column] or "") == bad.value, bad
    kinds = {bad.rule.split(":")[0] for bad in dirty.bad}
    assert {"required", "type", "range"} <= kinds and ("length" in kinds) == (supply["format"] != "fixed")
    good = {str(row["amount"]) for number, row in found.items() if number not in {bad.row for bad in dirty.bad}}
    # A span of ten places has no room for a comma, nor in bytes for a digit of full width.
    longer = set() if supply["format"] == "fixed" else {"1,234,567.25", " 1234567.25\u3000"}
    wide = set() if "unit" in supply else {"１２３４５６７.２５"}
    assert good == {"1234567.25"} | longer | wide
