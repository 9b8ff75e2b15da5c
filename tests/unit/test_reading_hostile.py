"""Files made to harm: each the real object, read in a process of its own; refused in Chinese, in bounded memory and time."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt
from pydantic import JsonValue

from hostile_files import HEAD, Entry, deflated, gzip_bomb, gzipped, honest, raw_zip, workbook
from reading_case import NAMES, TITLES
from weighing import Scales, Weighed, scales

MOST_MEGABYTES, MOST_SECONDS = 300, 60
SMALL = (100, 20)
"""Megabytes and seconds for what is refused, or read, at once."""
CSV = HEAD + b"1,a,1,\n"
LAUGHS = '<!DOCTYPE l [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip


@pytest.fixture(scope="module")
def on_scales() -> Iterator[Scales]:
    with scales() as made:
        yield made


def bounded(weighed: Weighed, megabytes: int = MOST_MEGABYTES, seconds: float = MOST_SECONDS) -> Weighed:
    print(f"{weighed.megabytes} MB, {weighed.seconds:.1f} s, {weighed.rows} rows, {weighed.refused}")
    assert 0 <= weighed.megabytes < megabytes, weighed
    assert weighed.seconds < seconds, weighed
    return weighed


def ten_gigabytes(size: int) -> Entry:
    return Entry("甲.csv".encode(), b"".join(deflated(HEAD, b"1,a,1,\n", 10 << 10)), size, flags=0x800)


def zip_in_zip(folder: Path, levels: int) -> Path:
    """A bomb of bombs: ten gigabytes in a zip in a zip …"""
    made = raw_zip(folder / "0.zip", [ten_gigabytes(10 << 30)])
    for level in range(1, levels + 1):
        outer = folder / f"{level}.zip"
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(3):
                archive.write(made, f"{copy}.zip")
        made = outer
    return made


def test_a_nested_zip_bomb_is_refused_unopened(tmp_path: Path, on_scales: Scales) -> None:
    assert "又是压缩文件" in bounded(on_scales.read(zip_in_zip(tmp_path, 3)), *SMALL).refused


def test_ten_gigabytes_that_are_declared_are_refused_unread(tmp_path: Path, on_scales: Scales) -> None:
    path = raw_zip(tmp_path / "b.zip", [ten_gigabytes(10 << 30)])
    assert path.stat().st_size < 50 << 20
    assert "解压后过大（超过 10240 MB）" in bounded(on_scales.read(path), *SMALL).refused


@pytest.mark.parametrize("size", [100, 4 << 20, 4 << 30], ids=["a few bytes", "4 MB", "4 GB"])
def test_ten_gigabytes_under_a_lying_header_are_refused(tmp_path: Path, on_scales: Scales, size: int) -> None:
    path = raw_zip(tmp_path / "b.zip", [ten_gigabytes(size)])
    refused = bounded(on_scales.read(path), 100, 20).refused
    assert "压缩比异常" in refused if size == 4 << 30 else "已损坏，解压中断" in refused


def test_ten_gigabytes_in_gzip_which_declares_nothing_are_refused(tmp_path: Path, on_scales: Scales) -> None:
    path = gzip_bomb(tmp_path / "b.gz", HEAD, "1,石家庄统一社会信用代码,1,\n".encode(), 10 << 10)
    assert "压缩比异常" in bounded(on_scales.read(path), 150, 20).refused
    zeros = gzip_bomb(tmp_path / "z.gz", b"", b"\0", 10 << 10)
    assert "压缩比异常" in bounded(on_scales.read(zeros), 150, 20).refused


@pytest.mark.parametrize(
    "name",
    ["../甲.csv", "a/../../甲.csv", "/etc/甲.csv", "C:\\甲.csv", "..\\..\\甲.csv", "\\\\server\\甲.csv", "a\n甲.csv",
     "甲\u202evsc.exe", "甲" * 300 + ".csv"],
)  # fmt: skip
def test_names_that_leave_the_zip_or_deceive_are_refused(tmp_path: Path, on_scales: Scales, name: str) -> None:
    path = raw_zip(tmp_path / "n.zip", [honest(name.encode(), CSV, flags=0x800), honest(b"good.csv", CSV)])
    assert "不安全：条目名" in bounded(on_scales.read(path), *SMALL).refused
    assert [file.name for file in tmp_path.iterdir()] == ["n.zip"]


def test_links_and_devices_are_refused(tmp_path: Path, on_scales: Scales) -> None:
    for mode in (0o120777, 0o020666, 0o010644):
        path = raw_zip(tmp_path / "l.zip", [honest(b"a.csv", b"/etc/passwd", mode=mode)])
        assert "是链接或设备，不是文件" in bounded(on_scales.read(path), *SMALL).refused


def test_names_in_gbk_are_names(tmp_path: Path, on_scales: Scales) -> None:
    path = raw_zip(
        tmp_path / "g.zip", [honest("企业\\名录（𠮷）.csv".encode("gb18030"), b"a,b\n1,2\n"), honest("乙.csv".encode(), CSV)]
    )
    assert "文件“g.zip/企业/名录（𠮷）.csv”的表头不对" in bounded(on_scales.read(path), *SMALL).refused
    path = raw_zip(tmp_path / "g.zip", [honest("企业.csv".encode("gbk"), CSV), honest("乙.csv".encode(), CSV)])
    assert bounded(on_scales.read(path), *SMALL).rows == 2


def test_an_encrypted_zip_is_refused_with_the_remedy(tmp_path: Path, on_scales: Scales) -> None:
    path = raw_zip(tmp_path / "e.zip", [Entry(b"a.csv", b"0123456789ab" + CSV, len(CSV), flags=0x1, method=0)])
    assert "是加密的" in bounded(on_scales.read(path), *SMALL).refused


def test_entries_that_share_bytes_are_refused(tmp_path: Path, on_scales: Scales) -> None:
    """The same kernel under many names, once by one local header, once with each header inside the entry before."""
    kernel = honest(b"0.csv", CSV * 1000)
    same = [kernel, *(Entry(f"{n}.csv".encode(), kernel.packed, kernel.size, kernel.crc, at=0) for n in range(1, 20))]
    assert "与其他条目重叠" in bounded(on_scales.read(raw_zip(tmp_path / "o.zip", same)), *SMALL).refused
    quoting = Entry(b"q.csv", b"\0\0\0\xff\xff" + kernel.local + kernel.packed, kernel.size)
    inner = Entry(b"0.csv", kernel.packed, kernel.size, kernel.crc, at=len(quoting.local) + 5)
    assert "与其他条目重叠" in bounded(on_scales.read(raw_zip(tmp_path / "q.zip", [quoting, inner])), *SMALL).refused


def test_entries_twice_rare_methods_and_huge_directories_are_refused(tmp_path: Path, on_scales: Scales) -> None:
    twice = raw_zip(tmp_path / "t.zip", [honest(b"a.csv", CSV), honest(b"a.csv", CSV)])
    assert "两个条目都叫" in bounded(on_scales.read(twice), *SMALL).refused
    for method in (9, 12, 14, 93, 99):
        rare = raw_zip(tmp_path / "m.zip", [honest(b"a.csv", CSV, method=method)])
        assert "压缩方法" in bounded(on_scales.read(rare), *SMALL).refused
    many = raw_zip(tmp_path / "d.zip", [Entry(b"%06d.csv" % n, b"", 0, method=0) for n in range(50_000)])
    assert "里有 50000 个文件" in bounded(on_scales.read(many), 150, 10).refused
    more = raw_zip(tmp_path / "d.zip", [Entry(b"%06d" % n + b"x" * 200, b"", 0, method=0) for n in range(40_000)])
    assert "已损坏" in bounded(on_scales.read(more), *SMALL).refused


def test_gzip_of_gzip_is_refused(tmp_path: Path, on_scales: Scales) -> None:
    path = gzipped(tmp_path / "g.gz", gzip.compress(gzip.compress(CSV)))
    assert "又是压缩文件" in bounded(on_scales.read(path), *SMALL).refused
    path = raw_zip(tmp_path / "g.zip", [honest(b"a.csv.gz", gzip.compress(CSV))])
    assert "又是压缩文件" in bounded(on_scales.read(path), *SMALL).refused


@pytest.mark.parametrize("form", ["csv", "fixed", "jsonl", "json", "xml"])
def test_a_single_line_of_two_gigabytes_is_refused(tmp_path: Path, on_scales: Scales, form: str) -> None:
    """Plain, as a sparse file of NULs, and packed, as one endless Chinese word."""
    open_ended = {
        "csv": CSV + b'"', "fixed": b"", "jsonl": b'{"code": "', "json": b'[{"code": "', "xml": "<行><代码>".encode()
    }  # fmt: skip
    more: dict[str, dict[str, JsonValue]] = {
        "fixed": {"positions": {"code": {"start": 1, "length": 1}}}, "xml": {"path": "/行"},
    }  # fmt: skip
    said = {"json": "对象过大", "xml": "第 1 条记录过大"}.get(form, "行过长（超过 67108864 个字符）")
    packed = gzip_bomb(tmp_path / "l.gz", open_ended[form], "石家庄统一社会信用代码".encode(), 2 << 10)
    weighed = bounded(on_scales.read(packed, format=form, **more.get(form, {})), 450)
    assert said in weighed.refused
    plain = tmp_path / "plain"
    plain.write_bytes(open_ended[form])
    with plain.open("r+b") as file:
        file.truncate(2 << 30)
    weighed = bounded(on_scales.read(plain, format=form, **more.get(form, {})), 450)
    assert weighed.refused
    assert said in weighed.refused or form in ("json", "xml"), "a NUL is neither JSON nor XML, and is refused at once"


def test_a_header_and_a_line_of_millions_of_cells(tmp_path: Path, on_scales: Scales) -> None:
    """The line is kept as it came, unparsable; the header is refused."""
    (tmp_path / "h").write_bytes(b"," * (30 << 20))
    assert "表头超过 2000 列" in bounded(on_scales.read(tmp_path / "h")).refused
    for cells in (b"," * (30 << 20), b'"",' * (10 << 20)):
        (tmp_path / "l").write_bytes(HEAD + cells + b"\n2,b,2,\n")
        weighed = bounded(on_scales.read(tmp_path / "l"), 250)
        assert (weighed.rows, weighed.refused) == (2, "")


def test_a_file_of_nothing_but_open_quotes_is_read_in_time(tmp_path: Path, on_scales: Scales) -> None:
    (tmp_path / "f").write_bytes(HEAD + b'"\n' * 300_000 + b"2,b,2,\n")
    weighed = bounded(on_scales.read(tmp_path / "f"), 100, 20)
    assert (weighed.rows, weighed.refused) == (300_001, "")


def test_json_nested_a_hundred_thousand_deep(tmp_path: Path, on_scales: Scales) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    maps = b'{"code":' * 100_000 + b"1" + b"}" * 100_000
    for content in (deep, b'[{"code": ' + deep + b"}]", b"[" + maps + b"]", b'{"data": ' + deep + b"}"):
        (tmp_path / "f").write_bytes(content)
        path = "data.x" if content.startswith(b"{") else ""
        assert "嵌套过深" in bounded(on_scales.read(tmp_path / "f", format="json", path=path), *SMALL).refused
    (tmp_path / "f").write_bytes(b'{"code": "1"}\n{"code": ' + deep + b'}\n{"code": "3"}\n')
    weighed = bounded(on_scales.read(tmp_path / "f", format="jsonl"), *SMALL)
    assert (weighed.rows, weighed.refused) == (3, ""), "one line of JSON Lines is one bad row, no bad file"


def test_entities_in_xml_are_refused_unexpanded(tmp_path: Path, on_scales: Scales) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<code>secret</code>", encoding="utf-8")
    tricks = [
        LAUGHS + "<a><b><code>&j;</code></b></a>", f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a><b>&x;</b></a>',
        f'<!DOCTYPE a SYSTEM "file://{secret}"><a><b><code>1</code></b></a>',
        f'<!DOCTYPE a [<!ENTITY % x SYSTEM "file://{secret}"> %x;]><a><b/></a>',
        '<!DOCTYPE a [<!ENTITY q "' + "x" * 100_000 + '">]><a><b><code>' + "&q;" * 100_000 + "</code></b></a>",
    ]  # fmt: skip
    for trick in tricks:
        (tmp_path / "f.xml").write_text(trick, encoding="utf-8")
        assert "含有文档类型声明" in bounded(on_scales.read(tmp_path / "f.xml", format="xml", path="/a/b"), *SMALL).refused


def test_xml_that_would_fill_the_memory_is_refused(tmp_path: Path, on_scales: Scales) -> None:
    for head, unit, said in (
        ("<石家庄市长安区>", "<b>", "嵌套超过 200 层"), ("<石家庄市长安区><!--", "-x", "有超过 1 MB 的标签或注释"),
        ("<石家庄市长安区 a='", "x", "有超过 1 MB 的标签或注释"), ("<石家庄市长安区><?x ", "x", "有超过 1 MB 的标签或注释"),
    ):  # fmt: skip
        path = gzip_bomb(tmp_path / "f.gz", head.encode(), unit.encode(), 1 << 10)
        assert said in bounded(on_scales.read(path, format="xml", path="/a/r"), *SMALL).refused
    names = [b"<a>", *(b"".join(b"<n%d/>" % n for n in range(k, k + 1000)) for k in range(0, 100_000, 1000))]
    (tmp_path / "f.xml").write_bytes(b"".join(names))
    assert "元素名和属性名超过" in bounded(on_scales.read(tmp_path / "f.xml", format="xml", path="/a/r"), *SMALL).refused


def test_entities_in_a_workbook_are_refused_unexpanded(tmp_path: Path, on_scales: Scales) -> None:
    strings = '<Relationship Id="s" Type="x/sharedStrings" Target="sharedStrings.xml"/>'
    for part in ("xl/workbook.xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        bomb = LAUGHS + "<sst><si><t>&j;</t></si></sst>"
        path = workbook(tmp_path / "f.xlsx", {part: bomb, "xl/_rels/workbook.xml.rels": strings})
        assert "含有文档类型声明" in bounded(on_scales.read(path, format="xlsx"), *SMALL).refused, part


def test_a_workbook_that_refers_to_other_files_or_has_macros_is_refused(tmp_path: Path, on_scales: Scales) -> None:
    link = '<Relationship Id="e" Type="x/externalLink" Target="file:///C:/other.xlsx" TargetMode="External"/>'
    for parts, said in (
        ({"xl/externalLinks/externalLink1.xml": "<externalLink/>"}, "对外部文件或数据源的引用"),
        ({"xl/_rels/workbook.xml.rels": link}, "对外部文件的引用（file:///C:/other.xlsx）"),
        ({"xl/connections.xml": "<connections/>"}, "对外部文件或数据源的引用"),
        ({"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}, "含有宏"),
        ({"xl/macrosheets/sheet1.xml": "<x/>"}, "含有宏"),
    ):
        path = workbook(tmp_path / "f.xlsx", parts)  # type: ignore[arg-type]
        assert said in bounded(on_scales.read(path, format="xlsx"), *SMALL).refused


def styled(rows: int, first: int) -> Iterator[bytes]:
    for start in range(first, first + rows, 10_000):
        yield b"".join(
            b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(start, start + 10_000)
        )


def test_a_million_empty_styled_rows_are_read_as_empty(tmp_path: Path, on_scales: Scales) -> None:
    def sheet(cells: bytes, rows: int) -> Iterator[bytes]:
        yield b'<worksheet><dimension ref="A1:XFD1048576"/><sheetData>' + cells
        yield from styled(rows, 3)
        yield b"</sheetData></worksheet>"

    titles = b"".join(b'<c t="inlineStr"><is><t>%s</t></is></c>' % title.encode() for title in TITLES)
    row = b'<row>%s</row><row r="2"><c r="A2"><v>7</v></c></row>' % titles
    weighed = bounded(
        on_scales.read(workbook(tmp_path / "f.xlsx", {"xl/worksheets/sheet1.xml": sheet(row, 1_000_000)}), format="xlsx"), 100
    )
    assert (weighed.rows, weighed.first[0]) == (1, "7")
    weighed = bounded(
        on_scales.read(workbook(tmp_path / "e.xlsx", {"xl/worksheets/sheet1.xml": sheet(b"", 200_000)}), format="xlsx"), 100
    )
    assert "所有工作表都是空的" in weighed.refused


def test_sheets_that_would_fill_the_memory_are_refused(tmp_path: Path, on_scales: Scales) -> None:
    endless = {"one row of cells": b"<c/>", "one text": b"x", "elements in elements": b"<x>", "one comment": b"-x"}
    heads = {"one text": b'<row><c t="inlineStr"><is><t>', "one comment": b"<!--"}
    for case, unit in endless.items():
        body = b"<worksheet><sheetData>" + heads.get(case, b"<row>")
        path = workbook(
            tmp_path / "f.xlsx", {"xl/worksheets/sheet1.xml": iter([body, *[unit * (100_000 // len(unit))] * 1000])}
        )
        assert bounded(on_scales.read(path, format="xlsx"), 150, 20).refused, case
    strings = '<Relationship Id="s" Type="x/sharedStrings" Target="sharedStrings.xml"/>'
    for parts in (
        {"xl/styles.xml": iter([b"<a>", *[b"x" * MANY] * 100])},
        {
            "xl/sharedStrings.xml": iter([b"<sst>", *[b"<si><t>ab</t></si>" * (MANY // 18)] * 600]),
            "xl/_rels/workbook.xml.rels": strings,
        },
    ):
        path = workbook(tmp_path / "f.xlsx", parts)  # type: ignore[arg-type]
        assert any(
            said in bounded(on_scales.read(path, format="xlsx"), *SMALL).refused
            for said in ("工作簿“f.xlsx”过大", "压缩比异常")
        )


MANY = 1 << 20


def test_many_shared_strings_are_held_in_little_memory(tmp_path: Path, on_scales: Scales) -> None:
    """Four hundred thousand of them; as Python's own objects they would take 25 MB more."""
    lists = (b"".join(b"<si><t>s%d</t></si>" % n for n in range(k, k + 10_000)) for k in range(0, 400_000, 10_000))
    strings = [b"<sst>", *lists, b"</sst>"]
    relation = '<Relationship Id="s" Type="x/sharedStrings" Target="sharedStrings.xml"/>'
    path = workbook(tmp_path / "f.xlsx", {"xl/sharedStrings.xml": iter(strings), "xl/_rels/workbook.xml.rels": relation})
    assert bounded(on_scales.read(path, format="xlsx"), 25).rows == 1


def test_two_far_cells_of_an_old_workbook_take_no_rectangle(tmp_path: Path, on_scales: Scales) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet("s")
    for column, title in enumerate(TITLES):
        page.write(0, column, title)
    page.write(65_535, 255, "z")
    book.save(str(tmp_path / "f.xls"))
    weighed = bounded(on_scales.read(tmp_path / "f.xls", format="xls"), *SMALL)
    assert (weighed.rows, weighed.first[-1]) == (1, 65_535)


def parquet(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path)
    return path


def test_a_parquet_file_with_a_corrupt_footer_is_refused(tmp_path: Path, on_scales: Scales) -> None:
    whole = parquet(tmp_path / "f", pa.table({name: [str(n) for n in range(5000)] for name in NAMES})).read_bytes()
    size = int.from_bytes(whole[-8:-4], "little")
    footers = {
        "no mark": whole[:-4], "a length beyond the file": whole[:-8] + b"\xff\xff\xff\x7f" + whole[-4:], "zeros": whole[:-8 - size] + bytes(size) + whole[-8:],
        "ones": whole[:-8 - size] + b"\xff" * size + whole[-8:], "half": whole[:-8 - size // 2] + bytes(size // 2) + whole[-8:],
        "no data": b"PAR1" + whole[-8 - size:], "pages overwritten": whole[:4] + b"\xff" * (len(whole) // 2) + whole[4 + len(whole) // 2:],
    }  # fmt: skip
    for case, content in footers.items():
        (tmp_path / "f").write_bytes(content)
        assert "不是完好的 Parquet 文件" in bounded(on_scales.read(tmp_path / "f", format="parquet"), *SMALL).refused, case


def test_parquet_columns_of_the_wrong_type_are_refused_by_name(tmp_path: Path, on_scales: Scales) -> None:
    wrong = {
        "amount": pa.array([{"a": 1}]), "day": pa.array([True]), "code": pa.array([b"12345678"], pa.binary(8)),
        "title": pa.array([b"\xff\xfe"], pa.binary()),
    }  # fmt: skip
    said = {"amount": "“金额”应为数值，实际是 struct<a: int64>", "day": "“日期”应为日期，实际是 bool",
            "code": "“代码”应为文本，实际是 fixed_size_binary[8]", "title": "的列“title”是二进制数据，不是 UTF-8 文本"}  # fmt: skip
    for name, column in wrong.items():
        good = {other: pa.array(["1"]) for other in NAMES if other != name}
        path = parquet(tmp_path / "f", pa.table(good | {name: column}))
        assert said[name] in bounded(on_scales.read(path, format="parquet"), *SMALL).refused
    right = {"code": [1], "title": [b"a"], "amount": [1.5], "day": [20240131]}
    assert bounded(on_scales.read(parquet(tmp_path / "f", pa.table(right)), format="parquet"), *SMALL).rows == 1


def test_a_parquet_dictionary_bomb_is_refused(tmp_path: Path, on_scales: Scales) -> None:
    """One megabyte that stands in each of 200,000 rows: 200 GB from 50 KB."""
    same = pa.DictionaryArray.from_arrays(pa.array([0] * 200_000, pa.int32()), pa.array(["x" * 1_000_000]))
    path = parquet(tmp_path / "f", pa.table({"code": same, "title": same}))
    assert path.stat().st_size < 200_000
    assert "展开后异常膨胀" in bounded(on_scales.read(path, format="parquet"), 300, 20).refused


def test_the_scales_can_tell(tmp_path: Path, on_scales: Scales) -> None:
    """A file that does cost memory is seen to, and one that kills its reader too."""
    (tmp_path / "f").write_bytes(b"[" + json.dumps({"code": "x" * (50 << 20)}).encode() + b"]")
    assert on_scales.read(tmp_path / "f", format="json").megabytes > 100
    assert on_scales.read(tmp_path / "nothing").refused.startswith("died")
