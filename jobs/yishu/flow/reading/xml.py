"""XML file → batches: each element at the contract's path is a row, its children or attributes are the cells.

Names count without their prefix. A cell that holds elements becomes its own XML; `xsi:nil` is NULL; a row that gives a
field twice stays as it came. What the contract does not ask for (`@id`, `name/@lang`) goes to `_extra`.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.parsers import expat

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.encoding import Script, detect
from yishu.flow.reading.records import Keys
from yishu.flow.reading.rows import LINE_CHARS, Reading, Row, bronze_schema, in_batches, unparsable
from yishu.flow.reading.safe_xml import feed, parser
from yishu.flow.reading.source import Source
from yishu.flow.reading.text import open_text, strictly
from yishu.flow.reading.xml_rows import RowElement, RowElements

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 16
_KNOWN = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk", "gb2312", "ascii")


def read_xml(source: Source, dataset: Dataset) -> Reading:
    """Read the elements at the contract's path.

    Raises:
        DeliveryRejected: at once for an encoding that cannot be told; while iterating for what is not well-formed, has a
            document type, no such element, or no known name.
    """
    script = detect(source, dataset.supply.encoding)
    schema = bronze_schema(dataset)

    batches = in_batches(_rows(source, script, dataset), schema)
    return Reading(schema, strictly(batches, source, script, dataset.supply.encoding), script.notes)


def _rows(source: Source, script: Script, dataset: Dataset) -> Iterator[Row]:
    elements = RowElements(dataset.supply.path, attributes=dataset.supply.cells == "attributes")
    keys = Keys(dataset, source.name)
    made = parser(elements, source.name)
    elements.position = lambda: int(made.CurrentByteIndex)
    made.XmlDeclHandler = _refuse_encoding(source.name)
    number = 0
    try:
        for _ in feed(made, elements, _pieces(source, script, elements), source.name):
            for element in elements.ended():
                number += 1
                yield _row(number, element, keys, elements)
            if elements.held > LINE_CHARS:
                raise _too_large(source.name, number + 1)
    except expat.ExpatError as error:
        raise _not_well_formed(source.name, error) from error
    if not number:
        raise _no_row(source.name, dataset.supply.path, elements.root)


def _pieces(source: Source, script: Script, elements: RowElements) -> Iterator[bytes]:
    """The file as UTF-8, whatever its declaration says: expat knows no GB18030."""
    with open_text(source, script, newline="") as text:
        while piece := text.read(_CHUNK):
            made = piece.encode()
            elements.hold(made)
            yield made


def _row(number: int, element: RowElement, keys: Keys, elements: RowElements) -> Row:
    values = dict(element.cells)
    row = None
    if len(values) == len(element.cells):
        row = keys.row(number, values, sum(len(value) for value in values.values() if value))
    return row or unparsable(number, elements.raw(element))


def _refuse_encoding(file: str) -> Callable[[str, str | None, int], None]:
    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        try:
            known = encoding is None or codecs.lookup(encoding).name in _KNOWN
        except LookupError:
            known = False
        if not known:
            raise DeliveryRejected(
                f"文件“{file}”声明的编码是 {str(encoding)[:40]}", code="encoding", place=Place(file, line=1),
                expected="UTF-8、UTF-16 或 GB18030", remedy="请另存为 UTF-8 编码后重新报送",
            )  # fmt: skip

    return declared


def _not_well_formed(file: str, error: expat.ExpatError) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”不是完好的 XML：第 {error.lineno} 行第 {error.offset + 1} 列出错（{expat.ErrorString(error.code)}）", code="form",
        place=Place(file, line=error.lineno), expected="格式正确、完整的 XML 文件", remedy="请从业务系统重新导出，并核对传输是否完整",
    )  # fmt: skip


def _too_large(file: str, number: int) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”第 {number} 条记录过大（超过 {LINE_CHARS} 字节）", code="line", place=Place(file, row=number),
        expected="每个元素对应一条记录", remedy="请核对导出程序和约定的记录路径",
    )  # fmt: skip


def _no_row(file: str, path: str, root: str) -> DeliveryRejected:
    return DeliveryRejected(
        f"文件“{file}”里没有记录：没有一个元素在路径“{path}”上；根元素是“{root}”", code="form", place=Place(file),
        expected=f"路径“{path}”上的元素，每条记录一个", remedy="请按约定的结构导出；结构有变的，请与平台商定",
    )  # fmt: skip
