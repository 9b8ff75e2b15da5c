"""Fixed-width files: characters, bytes, padding, and lines that are not as wide as agreed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reading_case import cells, one, thing
from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected

PLACES = {"code": {"start": 1, "length": 4}, "title": {"start": 5, "length": 8}, "amount": {"start": 15, "length": 6}}


def fixed(unit: str = "characters", encoding: str = "utf-8") -> Dataset:
    return thing(format="fixed", unit=unit, encoding=encoding, positions=PLACES)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "f.txt"
    path.write_bytes(text.encode(encoding))
    return path


def test_fields_stand_where_the_contract_says_and_padding_is_no_part_of_them(tmp_path: Path) -> None:
    path = written(tmp_path, "0001河北宏达公司  xx  1.50\r\n\r\n0002            2.00   \n0003北京市朝阳区某某--300000\n\x1a")
    reading = one(path, fixed())
    assert cells(reading) == [
        (1, "0001", "河北宏达公司", "1.50", None), (3, "0002", "", "2.00", None), (4, "0003", "北京市朝阳区某某", "300000", None),
    ]  # fmt: skip
    assert reading.notes == ("文件“f.txt”按约定不含选填的列：日期，按空值处理",)


@pytest.mark.parametrize(
    "line", ["0001河北", "0001河北宏达公司      1.500", "0001河北\0达公司      1.50"], ids=["short", "long", "NUL"]
)
def test_a_line_of_another_width_stays_as_it_came(tmp_path: Path, line: str) -> None:
    assert cells(one(written(tmp_path, f"{line}\n0002河北宏达公司      2.50\n"), fixed())) == [
        (1, line), (2, "0002", "河北宏达公司", "2.50", None),
    ]  # fmt: skip


def test_bytes_of_gb18030_are_counted_and_no_character_is_cut(tmp_path: Path) -> None:
    """In the third line the field ends within 丂 (0x81 0x40), the second byte of which alone is an `@`."""
    path = written(
        tmp_path, "0001河北省县    2.50\n0002𠮷市      3.50\n0003河北省-丂   3.50\n0004河北省县   2.5元\n", "gb18030"
    )
    assert cells(one(path, fixed("bytes", "gb18030"))) == [
        (1, "0001", "河北省县", "2.50", None), (2, "0002", "𠮷市", "3.50", None), (3, "0003河北省-丂   3.50"),
        (4, "0004", "河北省县", "2.5元", None),
    ]  # fmt: skip


def test_where_bytes_are_counted_the_encoding_must_be_the_agreed_one(tmp_path: Path) -> None:
    path = written(tmp_path, "0001石家庄市长安区    2.50\n")
    with pytest.raises(DeliveryRejected, match="约定为 GB18030 编码并按字节定位，实际是 UTF-8"):
        one(path, fixed("bytes", "gb18030"))
    assert "已按 UTF-8 读入" in one(path, fixed("characters", "gb18030")).notes[0]


def test_bytes_of_utf_8_are_counted(tmp_path: Path) -> None:
    assert cells(one(written(tmp_path, "0001河北      3.50\n"), fixed("bytes"))) == [(1, "0001", "河北", "3.50", None)]


def test_undecodable_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_bytes("0001河北宏达公司石家庄市长安区\n".encode() + b"0002\xff\n")
    with pytest.raises(DeliveryRejected, match=r"第 2 行.*0xFF 不是合法的 UTF-8"):
        cells(one(path, fixed()))
