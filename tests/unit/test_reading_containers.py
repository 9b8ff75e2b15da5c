"""gz and zip: told by content, read as streams, several data files each under its own name; what is refused and why."""

from __future__ import annotations

import gzip
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt

from reading_case import TITLES, Rows, cells, one, read, rows, thing
from yishu.errors import DeliveryRejected
from yishu.flow.reading import containers, source
from yishu.flow.reading.containers import data_files, members

CSV = "代码,名称,金额,日期\n1,石家庄市长安区统一社会信用代码,1.5,\n2,缺\n"
PLAIN = [(1, "1", "石家庄市长安区统一社会信用代码", "1.5", ""), (2, "2,缺")]


def gz(folder: Path, *contents: bytes, name: str = "f.dat") -> Path:
    (folder / name).write_bytes(b"".join(gzip.compress(content) for content in contents))
    return folder / name


def zipped(folder: Path, files: dict[str, bytes], name: str = "f.dat") -> Path:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return folder / name


def book() -> bytes:
    made, file = openpyxl.Workbook(), io.BytesIO()
    for line in (TITLES, ["1", "a"]):
        made.worksheets[0].append(list(line))
    made.save(file)
    return file.getvalue()


def old_book() -> bytes:
    made, file = xlwt.Workbook(encoding="utf-8"), io.BytesIO()
    page = made.add_sheet("s")
    for row, line in enumerate((TITLES, ["1", "a"])):
        for column, value in enumerate(line):
            page.write(row, column, value)
    made.save(file)
    return file.getvalue()


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"代码": ["1"], "名称": ["a"]}), file)
    return file.getvalue()


@pytest.mark.parametrize("pack", [gz, lambda folder, content: zipped(folder, {"甲.csv": content})], ids=["gz", "zip"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_packed_csv_is_read_as_a_plain_one_whatever_its_name(tmp_path: Path, pack: object, encoding: str) -> None:
    path = pack(tmp_path, CSV.encode(encoding))  # type: ignore[operator]
    assert cells(one(path, thing(encoding="auto"))) == PLAIN


@pytest.mark.parametrize("container", ["gz", "zip"])
def test_every_form_may_be_packed(tmp_path: Path, container: str) -> None:
    forms = {
        "jsonl": b'{"code": "1", "title": "a"}', "json": b'[{"code": "1", "title": "a"}]', "xlsx": book(), "xls": old_book(),
        "xml": b"<a><b><code>1</code><title>a</title></b></a>", "fixed": b"1a\n", "parquet": parquet(),
    }  # fmt: skip
    more = {
        "xml": {"path": "/a/b"},
        "fixed": {"positions": {"code": {"start": 1, "length": 1}, "title": {"start": 2, "length": 1}}},
    }
    for form, content in forms.items():
        path = gz(tmp_path, content) if container == "gz" else zipped(tmp_path, {"f": content})
        (row,) = rows(one(path, thing(format=form, **more.get(form, {}))))
        assert (row["code"], row["title"], row["_row"]) == ("1", "a", 1), form


def test_a_gzip_file_of_several_parts_is_one_file(tmp_path: Path) -> None:
    content = CSV.encode()
    assert cells(one(gz(tmp_path, content[:50], content[50:]), thing())) == PLAIN


def test_several_files_keep_their_own_names_and_numbers(tmp_path: Path) -> None:
    path = zipped(
        tmp_path, {"2024/": b"", "2024/甲.csv": CSV.encode(), "乙.csv": (CSV + "3,c,3,\n").encode("gb18030")}, "六月.zip"
    )
    found = read(path, thing())
    assert [*found] == ["六月.zip/2024/甲.csv", "六月.zip/乙.csv"]
    assert [sorted(str(row[0]) for row in cells(reading)) for reading in found.values()] == [["1", "2"], ["1", "2", "3"]]
    assert "文件“六月.zip/乙.csv”约定为 UTF-8 编码，实际是 GB18030" in [*read(path, thing()).values()][1].notes[0]


def test_each_file_in_a_zip_has_its_own_header_and_is_named_where_it_is_wrong(tmp_path: Path) -> None:
    path = zipped(tmp_path, {"甲.csv": CSV.encode(), "乙.csv": b"a,b\n1,2\n"})
    with pytest.raises(DeliveryRejected, match=r"文件“f.dat/乙.csv”的表头不对"):
        read(path, thing())


def test_what_systems_leave_behind_is_no_data_and_neither_is_the_manifest(tmp_path: Path) -> None:
    litter = {"__MACOSX/._甲.csv": b"x", ".DS_Store": b"x", "a/Thumbs.db": b"x", "._甲.csv": b"x", "desktop.ini": b"x"}
    path = zipped(tmp_path, litter | {"manifest.json": b"{}", "甲.csv": CSV.encode(), "a/manifest.json": CSV.encode()})
    assert [file.name for file in data_files(path)] == ["f.dat/甲.csv", "f.dat/a/manifest.json"]
    assert [member.member for member in members(path)] == ["manifest.json", "甲.csv", "a/manifest.json"]
    with next(m for m in members(path) if m.member == "manifest.json").open("rb") as file:
        assert json.load(file) == {}


def test_a_reading_holds_nothing_open_and_nothing_is_left_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    for form, content in {"csv": CSV.encode(), "xlsx": book(), "xls": old_book(), "parquet": parquet()}.items():
        before = len(os.listdir("/proc/self/fd"))
        path = zipped(tmp_path, {f"{n}": content for n in range(20)})
        readings = read(path, thing(format=form))
        assert len(os.listdir("/proc/self/fd")) <= before + 1, form
        assert all(rows(reading) for reading in readings.values())
        assert len(os.listdir("/proc/self/fd")) <= before + 1, form
    assert [*(tmp_path / "t").iterdir()] == []


def test_a_packed_parquet_is_read_again_as_often_as_asked(tmp_path: Path) -> None:
    def all_rows() -> Rows:
        return rows(one(gz(tmp_path, parquet()), thing(format="parquet")))

    assert all_rows() == all_rows()


@pytest.mark.parametrize("cut", [1, 8, 12])
def test_a_container_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    """A gzip file without its end, its check sum, or with a wrong one; a zip without its directory."""
    whole = gz(tmp_path, CSV.encode() * 50)
    whole.write_bytes(whole.read_bytes()[:-cut])
    with pytest.raises(DeliveryRejected, match="已损坏，解压中断"):
        cells(one(whole, thing()))
    path = zipped(tmp_path, {"f": CSV.encode() * 50})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DeliveryRejected, match="已损坏，解压中断"):
        cells(one(path, thing()))


def test_wrong_check_sums_are_refused(tmp_path: Path) -> None:
    path = gz(tmp_path, CSV.encode())
    path.write_bytes(path.read_bytes()[:-8] + b"\0\0\0\0" + path.read_bytes()[-4:])
    with pytest.raises(DeliveryRejected, match="已损坏，解压中断"):
        cells(one(path, thing()))
    stored = tmp_path / "s.zip"
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("甲.csv", CSV)
    stored.write_bytes(stored.read_bytes().replace("石家庄".encode(), "石家在".encode()))
    with pytest.raises(DeliveryRejected, match="已损坏，解压中断"):
        cells(one(stored, thing()))


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({}, "没有数据文件"),
        ({"a/": b"", "manifest.json": b"{}"}, "没有数据文件"),
        ({"甲.csv": b""}, "文件“f.dat/甲.csv”是空的（0 字节）"),
        ({"甲.csv": book()}, "又是压缩文件"),
        ({"word/document.xml": b"x", "[Content_Types].xml": b"x"}, "而是Office 文档"),
        ({str(n): b"x" for n in range(501)}, "里有 501 个文件"),
        ({"甲.pdf": b"%PDF-1.7"}, "而是PDF 文件"),
        ({"甲.tar": b"x" * 257 + b"ustar\0" + b"x" * 300}, "而是tar 归档文件"),
    ],
)
def test_a_zip_without_the_agreed_data_is_refused(tmp_path: Path, files: dict[str, bytes], what: str) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        read(zipped(tmp_path, files), thing())
    assert what in refused.value.what
    assert refused.value.expected
    assert refused.value.remedy


def test_caps_are_on_what_comes_out_not_on_what_was_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (CSV + "3,c,3,\n" * 100_000).encode()
    path = gz(tmp_path, content)
    assert len(cells(one(path, thing()))) == 100_002
    with monkeypatch.context() as patch:
        patch.setattr(source, "MOST_BYTES", len(content) - 1)
        with pytest.raises(DeliveryRejected, match="解压后过大"):
            cells(one(path, thing()))
    monkeypatch.setattr(source, "FREE_BYTES", 100_000)
    with pytest.raises(DeliveryRejected, match="压缩比异常"):
        cells(one(path, thing()))


def test_a_workbook_in_a_zip_is_no_container_in_a_container(tmp_path: Path) -> None:
    inner = zipped(tmp_path, {"甲.csv": CSV.encode()}, "inner").read_bytes()
    path = zipped(tmp_path, {"甲.xlsx": inner})
    with pytest.raises(DeliveryRejected, match=r"的内容不是Excel 工作簿（.xlsx），而是压缩文件（zip）"):
        read(path, thing(format="xlsx"))
    assert containers.MOST_MEMBERS >= 200
