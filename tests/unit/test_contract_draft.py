"""A first contract from a sample: it reads the four formats, and passes `check` once its names are filled in."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from yishu.contract.check import check
from yishu.contract.draft import draft
from yishu.contract.load import load_project, read_project
from yishu.contract.model import Dataset
from yishu.errors import UsageError

if TYPE_CHECKING:
    from conftest import ProjectFiles

CSV = (
    "编号,统一社会信用代码,检查日期,更新时间,金额,人数,合格,联系电话,说明,空列\n"
    'A001,91130102MA07K0QX8P,2024年1月2日,2024-01-02 08:30:00,"1,000.50",3,是,13900000000,\n'
    "A002,91130102MA07K0QX8P,2024/1/3,2024-01-03 09:00:00,12,10,否,13900000001,漏水\n"
)


def _accepted(files: ProjectFiles, text: str) -> Dataset:
    """The draft put where it belongs, its FILL_IN names replaced as a person would, must load and pass `check`."""
    for number in range(1, 20):
        text = text.replace(f"FILL_IN_{number}\n", f"column_{number}\n")
    assert "FILL_IN_" not in text
    files.write("schemas/basic/legal/inspection.yaml", text)
    project, errors = read_project(files.root)
    assert [str(e) for e in (*errors, *check(project))] == []
    return project.datasets["inspection"]


def _draft(files: ProjectFiles, sample: Path) -> str:
    elements = load_project(files.root).elements
    return draft(sample, "inspection", database="legal", supplier="amr", title="检查", elements=elements)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_draft_passes_check_after_names_are_filled_in(project_files: ProjectFiles, encoding: str) -> None:
    sample = project_files.root / "sample.csv"
    sample.write_bytes(CSV.encode(encoding))
    dataset = _accepted(project_files, _draft(project_files, sample))
    kinds = [f.type.kind for f in dataset.fields]
    expected = ["string", "string", "date", "timestamp", "decimal", "integer", "boolean", "string", "string", "string"]
    assert kinds == expected
    assert dataset.field("uscc").element == "uscc"
    assert (dataset.fields[4].type.precision, dataset.fields[4].type.scale) == (18, 2)
    assert (dataset.fields[7].grade, dataset.fields[7].mask) == ("general-3", "phone")
    assert dataset.key == ("column_1",)
    assert dataset.supply.encoding == ("gb18030" if encoding == "gb18030" else "utf-8")
    assert [f.title for f in dataset.fields][:2] == ["编号", "统一社会信用代码"]


def test_names_that_only_people_know_are_marked_and_refused(project_files: ProjectFiles) -> None:
    sample = project_files.write("sample.csv", CSV)
    text = draft(sample, "inspection", elements=load_project(project_files.root).elements)
    assert "name: FILL_IN_1\n" in text
    assert "FILL_IN_SUPPLIER" in text
    project_files.write("schemas/basic/legal/inspection.yaml", text.replace("FILL_IN_DATABASE", "legal"))
    project, errors = read_project(project_files.root)
    assert errors == ()
    codes = {e.code for e in check(project)}
    assert codes == {"names", "suppliers"}


def test_xlsx_draft_keeps_the_sheet(project_files: ProjectFiles) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "检查表"
    for row in (["编号", "日期", "金额", None], ["A1", dt.date(2024, 1, 2), 1.5, None], ["A2", dt.date(2024, 1, 3), 2, None]):
        sheet.append(row)
    sample = project_files.root / "sample.xlsx"
    book.save(sample)
    dataset = _accepted(project_files, _draft(project_files, sample))
    assert (dataset.supply.format, dataset.supply.sheet) == ("xlsx", "检查表")
    assert [f.title for f in dataset.fields] == ["编号", "日期", "金额"]


def test_jsonl_and_parquet_drafts_take_names_from_the_file(project_files: ProjectFiles) -> None:
    rows = [{"visit_no": "A1", "uscc": "91130102MA07K0QX8P", "amount": 1.25}, {"visit_no": "A2", "uscc": "x", "amount": None}]
    lines = project_files.write("sample.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    dataset = _accepted(project_files, _draft(project_files, lines))
    assert [f.name for f in dataset.fields] == ["visit_no", "uscc", "amount"]
    assert (dataset.supply.format, dataset.supply.header) == ("jsonl", "name")
    assert dataset.field("uscc").title == "统一社会信用代码"
    sample = project_files.root / "sample.parquet"
    pq.write_table(pa.Table.from_pylist(rows), sample)
    dataset = _accepted(project_files, _draft(project_files, sample))
    assert (dataset.supply.format, dataset.field("amount").type.kind) == ("parquet", "decimal")


def test_codes_written_in_digits_stay_text(project_files: ProjectFiles) -> None:
    sample = project_files.write("sample.csv", "区划代码,单位,年份,计数\n130102,0012,2023,5\n130102,0013,2024,5\n")
    dataset = _accepted(project_files, _draft(project_files, sample))
    assert [f.type.kind for f in dataset.fields] == ["string", "string", "integer", "integer"]
    assert dataset.key == ("column_2",)


def test_sample_whose_rows_nothing_names_asks_for_a_key(project_files: ProjectFiles) -> None:
    text = _draft(project_files, project_files.write("sample.csv", "甲,乙\n1,1\n1,1\n"))
    assert "# KEY:" in text
    assert "primaryKey: true\n" not in text


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv", b"", "no header"),
        ("a.csv", b"\xff\xfe\xff\xff", "neither UTF-8 nor GB18030"),
        ("a.xlsx", b"PK no", "no xlsx workbook"),
        ("a.jsonl", b"{\n", "not JSON lines"),
        ("a.jsonl", b"[1]\n", "no JSON object"),
        ("a.parquet", b"PAR0", "no Parquet"),
        ("a.doc", b"x", "cannot read a sample ending in '.doc'"),
    ],
)
def test_file_that_is_no_sample_is_told_plainly(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=what) as raised:
        draft(tmp_path / name, "x")
    assert raised.value.remedy


def test_sample_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        draft(tmp_path / "a.csv", "x")
