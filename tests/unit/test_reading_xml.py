"""XML: rows at the contract's path, cells by element or attribute, what is no row, and what is no safe document."""

from __future__ import annotations

from pathlib import Path

import pytest

from reading_case import cells, one, thing
from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected
from yishu.flow.reading import xml as reader


def xml(cells: str = "elements", path: str = "/export/rows/row") -> Dataset:
    return thing(format="xml", path=path, cells=cells)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "f.xml"
    path.write_bytes(text.encode(encoding))
    return path


def document(rows: str) -> str:
    return f"<export><row><code>no</code></row><rows>{rows}</rows></export>"


def test_children_are_cells(tmp_path: Path) -> None:
    path = written(tmp_path, '<?xml version="1.0" encoding="UTF-8"?>\n<x:export xmlns:x="u" xmlns:xsi="i">' + """
      <head><row><code>no</code></row></head><x:rows>
        <x:row id="7"><x:代码> 1 </x:代码><名称 lang="zh">&lt;甲&#20057;&gt;<![CDATA[<丙>]]></名称><备注>好</备注></x:row>
        <row><code>2</code><title><a b="1">x</a>y<c/></title><amount xsi:nil="true"/><day/></row><other><code>no</code></other>
        <row><code>3</code><代码>4</代码></row>
        <row><code>5</code><code>6</code><!-- twice --></row><row/>
      </x:rows><rows><row><code>7</code></row></rows></x:export>""")  # fmt: skip
    assert cells(one(path, xml())) == [
        (1, " 1 ", "<甲乙><丙>", None, None, '{"@id": "7", "名称/@lang": "zh", "备注": "好"}'),
        (2, "2", '<title><a b="1">x</a>y<c/></title>', None, ""), (3, "<row><code>3</code><代码>4</代码></row>"),
        (4, "<row><code>5</code><code>6</code><!-- twice --></row>"), (5, None, None, None, None), (6, "7", None, None, None),
    ]  # fmt: skip


def test_attributes_are_cells(tmp_path: Path) -> None:
    path = written(
        tmp_path, document('<row 代码="1" title="甲&amp;乙"><备注>好</备注><code>x</code></row><row code="2" amount=""/>')
    )
    assert cells(one(path, xml("attributes"))) == [
        (1, "1", "甲&乙", None, None, '{"/备注": "好", "/code": "x"}'), (2, "2", None, "", None),
    ]  # fmt: skip


def test_an_empty_row_with_a_field_twice_stays_as_it_came(tmp_path: Path) -> None:
    path = written(tmp_path, document('<row code="0"/><row code="1" 代码="2"/>'))
    assert cells(one(path, xml("attributes"))) == [(1, "0", None, None, None), (2, '<row code="1" 代码="2"/>')]


def test_rows_are_whole_wherever_the_pieces_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = "<row><code>1</code><代码>2</代码></row>"
    path = written(tmp_path, document("<row><code>石家庄</code><title><b>长安</b></title></row>\n" + twice))
    expected = cells(one(path, xml()))
    assert expected[1] == (2, twice)
    for size in (1, 2, 3, 7, 20):
        monkeypatch.setattr(reader, "_CHUNK", size)
        assert cells(one(path, xml())) == expected


def test_the_rows_may_stand_below_the_root(tmp_path: Path) -> None:
    assert cells(one(written(tmp_path, "<数据><企业><代码>1</代码></企业></数据>"), xml(path="/数据/企业"))) == [
        (1, "1", None, None, None)
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<export><rows></rows></export>", "没有一个元素在路径“/export/rows/row”上；根元素是“export”"),
        (document("<row><甲>1</甲></row>"), "没有一个属于“事物”；收到：甲"),
        (document("<row><code>1</code></row><row><code>2</row>"), "不是完好的 XML：第 1 行第 80 列出错"),
        ("<export><rows><row><code>1</code></row>", "不是完好的 XML"),
        ("code\n1\n", "不是完好的 XML"),
        ('<?xml version="1.0" encoding="big5"?><export/>', "声明的编码是 big5"),
        ('<?xml version="1.0" encoding="x-unknown"?><export/>', "声明的编码是 x-unknown"),
        ('<!DOCTYPE export SYSTEM "e.dtd"><export/>', "含有文档类型声明（DOCTYPE）"),
    ],
)
def test_what_is_no_such_document_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        cells(one(written(tmp_path, text), xml()))
    assert what in refused.value.what
    assert refused.value.expected
    assert refused.value.remedy


def test_a_row_beyond_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LINE_CHARS", 200_000)
    text = document("<row><code>1</code></row><row><code>" + "x" * 400_000 + "</code></row>")
    with pytest.raises(DeliveryRejected, match="第 2 条记录过大"):
        cells(one(written(tmp_path, text), xml()))
