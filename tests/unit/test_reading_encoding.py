"""Text in every encoding that departments use: agreed, found out with a stated confidence, or refused; never garbage."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from reading_case import cells, one, thing
from yishu.errors import DeliveryRejected

HEAD = "代码,名称,金额,日期\n"
LINE = "1,石家庄市长安区统一社会信用代码管理中心,1.5,2024-01-31\n"
ROW = (1, "1", "石家庄市长安区统一社会信用代码管理中心", "1.5", "2024-01-31")
MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE, "utf-8": codecs.BOM_UTF8}


def written(folder: Path, text: str, encoding: str, *, mark: bool = False, name: str = "f.csv") -> Path:
    path = folder / name
    path.write_bytes((MARKS[encoding] if mark else b"") + text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["utf-16", "auto"])
def test_utf_16_is_read_by_its_byte_order_mark(tmp_path: Path, encoding: str, declared: str) -> None:
    text = HEAD + LINE + '2,"多\n行",2,\n3,缺\n4,"开,4,\n5,上"∀,5,\n'
    reading = one(written(tmp_path, text, encoding, mark=True), thing(encoding=declared))
    assert cells(reading) == [
        ROW, (2, "2", "多\n行", "2", ""), (3, "3,缺"), (4, '4,"开,4,'), (5, "5", '上"∀', "5", ""),
    ]  # fmt: skip
    assert reading.notes == (("文件“f.csv”的编码判定为 UTF-16，把握 100%（有字节序标记）",) if declared == "auto" else ())


def test_a_last_line_with_an_open_quote_is_seen_in_utf_16(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + LINE + '2,上上,2,"上', "utf-16-le", mark=True)
    assert cells(one(path, thing(encoding="utf-16"))) == [ROW, (2, '2,上上,2,"上')]


def test_utf_16_without_a_mark_is_refused_with_the_remedy(tmp_path: Path) -> None:
    for declared in ("utf-16", "auto"):
        with pytest.raises(DeliveryRejected, match="没有字节序标记"):
            one(written(tmp_path, HEAD + "1,a,1,2\n" * 9, "utf-16-le"), thing(encoding=declared))


def test_a_cut_utf_16_file_is_refused_at_its_last_byte(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + LINE, "utf-16-le", mark=True)
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"1")
    with pytest.raises(
        DeliveryRejected, match=rf"第 3 行（第 2 行数据）、全文第 {size + 1} 个字节 0x31 不是合法的 UTF-16 字符"
    ):
        cells(one(path, thing(encoding="utf-16")))


@pytest.mark.parametrize("real", ["utf-8", "gb18030"])
def test_another_encoding_where_utf_16_was_agreed_is_noted(tmp_path: Path, real: str) -> None:
    reading = one(written(tmp_path, HEAD + LINE, real), thing(encoding="utf-16"))
    assert cells(reading) == [ROW]
    assert f"约定为 UTF-16 编码，实际是 {real.upper()}" in reading.notes[0]


@pytest.mark.parametrize(
    ("text", "encoding", "mark", "note"),
    [
        (HEAD + LINE, "utf-8", True, "UTF-8，把握 100%（有字节序标记）"),
        (HEAD + LINE, "utf-8", False, "UTF-8，把握 99%（抽样"),
        ("code,title\n1,河\n", "utf-8", False, "UTF-8，把握 80%（全文只有 3 个非 ASCII 字节）"),
        ("code,title\n1,a\n", "utf-8", False, "UTF-8，把握 100%（全文都是 ASCII 字符"),
        (HEAD + LINE, "gb18030", False, "GB18030，把握 99%（不是 UTF-8；抽样 27 个非 ASCII 字符，100% 是常用字）"),
        (HEAD + LINE * 5 + "2,喆喆喆𠮷,2,\n", "gb18030", False, "GB18030，把握 96%"),
    ],
    ids=["UTF-8 with a mark", "UTF-8", "hardly any", "ASCII", "GB18030", "rare characters"],
)  # fmt: skip
def test_what_was_found_out_says_how_sure_it_is(tmp_path: Path, text: str, encoding: str, mark: bool, note: str) -> None:
    reading = one(written(tmp_path, text, encoding, mark=mark), thing(encoding="auto"))
    assert len(cells(reading)) == text.count("\n") - 1
    assert f"的编码判定为 {note}" in reading.notes[0]


TRADITIONAL = "代碼,名稱\n1," + "臺灣地區企業登記機關與營業執照號碼" * 20 + "\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(TRADITIONAL, "big5"), ("コード,名称\n1,トヨタじどうしゃかぶしきがいしゃ\n", "shift_jis")],
    ids=["Big5", "Shift-JIS"],
)
def test_an_encoding_that_only_happens_to_decode_is_refused(tmp_path: Path, text: str, encoding: str) -> None:
    with pytest.raises(DeliveryRejected, match=r"编码无法确定|不是合法的 GB18030 字符，也不是合法的 UTF-8 字符"):
        cells(one(written(tmp_path, text, encoding), thing(encoding="auto")))


def test_the_sample_is_taken_where_the_first_chinese_stands(tmp_path: Path) -> None:
    path = written(tmp_path, "code,title\n" + "1,a\n" * 400_000 + "2,河北\n", "gb18030")
    assert "GB18030，把握 99%（不是 UTF-8；抽样 2 个非 ASCII 字符" in one(path, thing(encoding="auto")).notes[0]


def test_a_wrong_guess_ends_in_a_refusal_never_in_garbage(tmp_path: Path) -> None:
    """UTF-8 by its first megabytes, GB18030 in one late line: nothing of it is taken, and the byte is named."""
    path = tmp_path / "f.csv"
    head = (HEAD + LINE * 30_000).encode()
    path.write_bytes(head + "2,河北,2,\n".encode("gb18030"))
    with pytest.raises(
        DeliveryRejected, match=rf"第 30002 行（第 30001 行数据）、全文第 {len(head) + 3} 个字节 0xBA 不是合法的 UTF-8"
    ):
        cells(one(path, thing(encoding="auto")))


@pytest.mark.parametrize("form", ["jsonl", "json", "xml", "fixed"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "gb18030"])
def test_every_text_form_knows_every_encoding(tmp_path: Path, form: str, encoding: str) -> None:
    made = {
        "jsonl": '{"代码": "1", "名称": "石家庄市长安区统一社会"}\n', "json": '[{"代码": "1", "名称": "石家庄市长安区统一社会"}]',
        "xml": '<?xml version="1.0" encoding="GBK"?><数据><行><代码>1</代码><名称>石家庄市长安区统一社会</名称></行></数据>',
        "fixed": "1石家庄市长安区统一社会\r\n",
    }  # fmt: skip
    supply = {
        "xml": {"path": "/数据/行"}, "fixed": {"positions": {"code": {"start": 1, "length": 1}, "title": {"start": 2, "length": 11}}},
    }.get(form, {})  # fmt: skip
    path = written(tmp_path, made[form], encoding, mark=encoding == "utf-16-le")
    reading = one(path, thing(format=form, encoding="auto", **supply))
    assert cells(reading) == [(1, "1", "石家庄市长安区统一社会", None, None)]
    assert "把握" in reading.notes[0]


@pytest.mark.parametrize("delimiter", ["\t", "|", ";", "\x01", "^", " ", "¦", "，"])
def test_any_single_character_may_delimit(tmp_path: Path, delimiter: str) -> None:
    text = '代码,名称,金额,日期\n1,"x,y",1.5,2024\n2,b\n'.replace(",", delimiter)
    assert cells(one(written(tmp_path, text, "utf-8"), thing(delimiter=delimiter))) == [
        (1, "1", f"x{delimiter}y", "1.5", "2024"), (2, f"2{delimiter}b"),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\r", "\0"])
def test_what_cannot_delimit_is_no_contract(delimiter: str) -> None:
    with pytest.raises(ValueError, match="delimiter"):
        thing(delimiter=delimiter)
