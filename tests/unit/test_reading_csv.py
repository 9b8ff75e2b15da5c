"""CSV → batches: numbers, encodings, headers and every kind of broken line, on the fast and the careful way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import yishu.flow.reading.csv as fast
from yishu.contract.model import Dataset, Field, Supply, Type
from yishu.errors import DeliveryRejected
from yishu.flow.reading import careful_csv
from yishu.flow.reading.csv import read_csv
from yishu.flow.reading.rows import bronze_schema

HEAD = "代码,名称,金额\n"


def dataset(encoding: str = "utf-8", delimiter: str = ",") -> Dataset:
    fields = (
        Field(name="code", title="代码", type=Type(kind="string"), key_position=1, required=True),
        Field(name="title", title="名称", type=Type(kind="string")),
        Field(name="amount", title="金额", type=Type(kind="decimal")),
    )
    return Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=("x",), mode="append", cycle="daily",
        sharing="none", supply=Supply(encoding=encoding, delimiter=delimiter), fields=fields, file=Path("thing.yaml"),
    )  # fmt: skip


def rows(path: Path, of: Dataset | None = None) -> list[dict[str, object]]:
    reading = read_csv(path, of or dataset())
    found: list[dict[str, object]] = []
    for batch in reading.batches:
        assert batch.schema == reading.schema == bronze_schema(of or dataset())
        found += batch.to_pylist()
    return sorted(found, key=lambda row: int(str(row["_row"])))


def written(folder: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "f.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def good(number: int, *cells: str | None) -> dict[str, object]:
    return dict(zip(("code", "title", "amount"), cells, strict=True)) | {"_extra": None, "_raw": None, "_row": number}


def raw(number: int, line: str) -> dict[str, object]:
    return good(number, None, None, None) | {"_raw": line}


def never(*_: object) -> Iterable[object]:
    raise AssertionError("the careful reader was called")


def test_cells_stay_as_they_came_and_rows_are_numbered_from_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "careful_rows", never)
    path = written(tmp_path, HEAD + '\u3000０１ ,"a,""b""",\n2,x,"1,234.50"\r\n')
    assert rows(path) == [good(1, "\u3000０１ ", 'a,"b"', ""), good(2, "2", "x", "1,234.50")]


def test_ragged_lines_stay_as_they_came_between_good_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "careful_rows", never)
    path = written(tmp_path, HEAD + "0\n1,a,1\n2,b\n3,c,3,x\n4,d,4\n\n,,\n5,e\n6,f,6\n7")
    assert rows(path) == [
        raw(1, "0"), good(2, "1", "a", "1"), raw(3, "2,b"), raw(4, "3,c,3,x"), good(5, "4", "d", "4"), raw(8, "5,e"),
        good(9, "6", "f", "6"), raw(10, "7"),
    ]  # fmt: skip


def test_numbers_run_on_over_many_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "_BLOCK", 1 << 12)
    monkeypatch.setattr(fast, "careful_rows", never)
    path = written(tmp_path, HEAD + "".join(f"{n},x\n" if n % 97 == 0 else f"{n},名{n},{n}\n" for n in range(1, 5001)))
    found = rows(path)
    assert [row["_row"] for row in found] == list(range(1, 5001))
    assert all((row["_raw"] or f"{row['code']},x").split(",")[0] == str(row["_row"]) for row in found)


def test_the_careful_way_takes_over_at_the_very_next_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "_BLOCK", 1 << 12)
    lines = [f"{n},名{n},{n}\n" for n in range(1, 3001)]
    lines[499] = "500,x\n"
    lines[1999] = '2000,"名\n'
    found = rows(written(tmp_path, HEAD + "".join(lines)))
    assert [row["_row"] for row in found] == list(range(1, 3001))
    assert [row["_row"] for row in found if row["_raw"]] == [500, 2000]
    assert found[1999] == raw(2000, '2000,"名')
    assert found[2000] == good(2001, "2001", "名2001", "2001")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('1,"a,1\n2,b,2\n3,c,3\n', [raw(1, '1,"a,1'), good(2, "2", "b", "2"), good(3, "3", "c", "3")]),
        ('1,b,"x\n2,b,"y"\n3,c,3\n', [raw(1, '1,b,"x'), good(2, "2", "b", "y"), good(3, "3", "c", "3")]),
        ('1,b,2\n3,c,"3', [good(1, "1", "b", "2"), raw(2, '3,c,"3')]),
        ('1,"a\n第二行",1\n2,b,2\n', [good(1, "1", "a\n第二行", "1"), good(2, "2", "b", "2")]),
        ('1,"a\n2,"第一\n第二",2\n3,c,3\n', [raw(1, '1,"a'), good(2, "2", "第一\n第二", "2"), good(3, "3", "c", "3")]),
    ],
    ids=["swallows the rest", "swallows up to the next quote", "at the end", "a true line break", "both"],
)
def test_an_open_quote_costs_its_own_line_only(tmp_path: Path, lines: str, expected: list[dict[str, object]]) -> None:
    assert rows(written(tmp_path, HEAD + lines)) == expected


def test_a_line_with_a_nul_stays_as_it_came(tmp_path: Path) -> None:
    assert rows(written(tmp_path, HEAD + "1,a,1\n2,\0b,2\n3,c,3\n")) == [
        good(1, "1", "a", "1"), raw(2, "2,\0b,2"), good(3, "3", "c", "3"),
    ]  # fmt: skip


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_of_ten_million_characters_is_a_cell(tmp_path: Path, quote: str) -> None:
    long = "长" * 10**7
    found = rows(written(tmp_path, f"{HEAD}1,a,1\n2,{quote}{long}{quote},2\n3,c,3\n"))
    assert [row["_row"] for row in found] == [1, 2, 3]
    assert found[1]["title"] == long
    assert found[2] == good(3, "3", "c", "3")


def test_a_line_beyond_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast, "_BLOCK", 64)
    monkeypatch.setattr(careful_csv, "LINE_CHARS", 1000)
    with pytest.raises(DeliveryRejected, match="第 3 行过长"):
        rows(written(tmp_path, HEAD + "1,a,1\n2," + "b" * 2000 + ",2\n"))


@pytest.mark.parametrize("declared", ["utf-8", "gb18030"])
@pytest.mark.parametrize("real", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_in_the_other_encoding_is_read_with_a_note(tmp_path: Path, declared: str, real: str) -> None:
    path = written(tmp_path, HEAD + "1,统一社会信用代码有误𠮷,1\n", real)
    reading = read_csv(path, dataset(declared))
    assert [row for batch in reading.batches for row in batch.to_pylist()] == [good(1, "1", "统一社会信用代码有误𠮷", "1")]
    as_agreed = real.removesuffix("-sig") == declared
    assert len(reading.notes) == (0 if as_agreed else 1)
    assert as_agreed or f"已按 {real.removesuffix('-sig').upper()} 读入" in reading.notes[0]


def test_pure_ascii_is_read_in_either_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, "code,title,amount\n1,a,1\n")
    assert rows(path, dataset("gb18030")) == rows(path) == [good(1, "1", "a", "1")]


def test_the_first_undecodable_byte_is_named(tmp_path: Path) -> None:
    head = (HEAD + "1,统一社会信用代码有误,1\n").encode()
    path = written(tmp_path, head + "2,河北,2\n".encode("gb18030"))
    with pytest.raises(DeliveryRejected) as refused:
        rows(path)
    assert f"第 3 行（第 2 行数据）、全文第 {len(head) + 3} 个字节 0xBA" in refused.value.what
    assert "UTF-8" in refused.value.expected


def test_undecodable_in_both_encodings_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "代码,名称,金额\n".encode("gb18030") + b"1,\xff\xff,1\n")
    with pytest.raises(DeliveryRejected, match=r"第 2 行.*0xFF 不是合法的 GB18030 字符，也不是合法的 UTF-8 字符"):
        rows(path)


def test_utf_16_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRejected, match="UTF-16"):
        rows(written(tmp_path, HEAD, "utf-16"))


def test_reordered_missing_and_extra_columns(tmp_path: Path) -> None:
    path = written(tmp_path, ' ＣＯＤＥ ,备注,"说明 ""一""",金额,\n1,x,"y""z",2,\n2,,,3,多\n3,,,,\n')
    reading = read_csv(path, dataset())
    found = [row for batch in reading.batches for row in batch.to_pylist()]
    assert found == [
        good(1, "1", None, "2") | {"_extra": '{"备注": "x", "说明 \\"一\\"": "y\\"z"}'},
        good(2, "2", None, "3") | {"_extra": '{"第5列": "多"}'}, good(3, "3", None, ""),
    ]  # fmt: skip
    assert "缺少选填的列：名称" in reading.notes[0]
    assert "备注" in reading.notes[1]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "没有表头"), ("\n\n", "没有表头"), ("甲,乙\n1,2\n", "没有一列属于“事物”；收到：甲、乙"),
        ("名称,金额\n1,2\n", "缺少必填的列：代码"), ("代码,名称,code\n", "重复的列：“代码”（第 1、3 列）"),
        ("代码,注,注\n", "重复的列：“注”（第 2、3 列）"), ("代码;名称;金额\n1;2;3\n", "看来文件以“;”分隔"),
        ("代号,名称,代 码号\n", "缺少必填的列：代码；不认识的列：代号、代 码号"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_refused_with_the_difference(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        read_csv(written(tmp_path, text), dataset())
    assert what in refused.value.what
    assert "代码" in refused.value.expected or "每列" in refused.value.expected
    assert refused.value.remedy


def test_another_delimiter_is_the_contracts_choice(tmp_path: Path) -> None:
    assert rows(written(tmp_path, "代码|名称|金额\n1|a,b|2\n"), dataset(delimiter="|")) == [good(1, "1", "a,b", "2")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_each_line_end_is_understood_on_both_ways(tmp_path: Path, line_end: str) -> None:
    text = HEAD + '1,a,1\n\n3,c\n4,"d\n5,e,5\n'
    assert rows(written(tmp_path, text.replace("\n", line_end))) == [
        good(1, "1", "a", "1"), raw(3, "3,c"), raw(4, '4,"d'), good(5, "5", "e", "5"),
    ]  # fmt: skip


PEAKS = """
import pathlib, resource, sys
sys.path.insert(0, sys.argv[1])
from test_reading_csv import dataset, read_csv
for name in sys.argv[2:]:
    rows = sum(batch.num_rows for batch in read_csv(pathlib.Path(name), dataset()).batches)
    print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize(
    "line", ["91130100MA0000000X,河北宏达公司,1\n", '91130100MA0000000X,"河北\n宏达公司",1\n'], ids=["fast", "careful"]
)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, line: str) -> None:
    """Five times the file takes at most 1.3 times the peak memory, on the fast and on the careful way."""
    count = 40_000 if "\n宏" in line else 200_000
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_text(HEAD + line * count, encoding="utf-8")
    large.write_text(HEAD + line * count * 5, encoding="utf-8")
    command = [sys.executable, "-c", PEAKS, str(Path(__file__).parent), str(small), str(large)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert (int(out[0]), int(out[2])) == (count, 5 * count)
    assert int(out[3]) < 1.3 * int(out[1]), out
