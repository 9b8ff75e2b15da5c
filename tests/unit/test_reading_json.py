"""JSON documents: the array at the contract's path, exact digits, what is no row, and what is no such document."""

from __future__ import annotations

from pathlib import Path

import pytest

from reading_case import cells, one, thing
from yishu.errors import DeliveryRejected
from yishu.flow.reading import json as reader
from yishu.flow.reading import json_array


def written(folder: Path, text: str, name: str = "f.json") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_objects_of_an_array_are_rows_with_their_own_digits(tmp_path: Path) -> None:
    path = written(tmp_path, """\ufeff [
      {"代码": "1", "amount": 1.10, "名称": {"a": [1.50, null, "x"], "b": {}}, "备注": true, "空": null},
      {"code": 130102199003071234, "title": [], "day": "2024-01-31"}, "text", {"code": "4", "code": "5"},
      {"code": "6", "代码": "7"}, {"code": "a\\u0000b"}, [1, {"a": 2.0}], {"code": null, "title": "\\ud842\\udfb7"}, {}]
    """)  # fmt: skip
    assert cells(one(path, thing(format="json"))) == [
        (1, "1", '{"a": [1.50, null, "x"], "b": {}}', "1.10", None, '{"备注": "true"}'),
        (2, "130102199003071234", "[]", None, "2024-01-31"), (3, '"text"'), (4, '{"code": "4", "code": "5"}'),
        (5, '{"code": "6", "代码": "7"}'), (6, '{"code": "a\\u0000b"}'), (7, '[1, {"a": 2.0}]'),
        (8, None, "𠮷", None, None), (9, None, None, None, None),
    ]  # fmt: skip


def test_the_array_may_stand_at_a_path(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """{"code": 0, "page": {"records": [9], "n": [[{"records": [1]}]]},
      "data": {"total": 2, "records": [{"code": 1}, {"code": 2}], "next": null}, "records": [{"code": 3}]}""",
    )
    assert cells(one(path, thing(format="json", path="data.records"))) == [
        (1, "1", None, None, None), (2, "2", None, None, None),
    ]  # fmt: skip


def test_rows_are_numbered_over_many_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_CHUNK", 7)
    found = cells(one(written(tmp_path, "[" + ",".join(f'{{"code": {n}}}' for n in range(1, 500)) + "]"), thing(format="json")))
    assert [row[:2] for row in found] == [(n, str(n)) for n in range(1, 500)]


@pytest.mark.parametrize(
    ("text", "path", "what"),
    [
        ('{"data": [{"code": 1}]}', "", "“f.json”不是一个 JSON 数组"),
        ('"x"', "", "不是一个 JSON 数组"),
        ('{"数据": [], "code": 1}', "data.records", "没有数组“data.records”；最外层的键：数据、code"),
        ('{"data": {"records": {"code": 1}}}', "data.records", "没有数组“data.records”；最外层的键：data"),
        ('[{"甲": 1}]', "", "没有一个属于“事物”；收到：甲"),
        ('[{"code": 1}, {"code": 2]', "", "不是完好的 JSON 文件：读到第 1 个对象之后出错"),
        ('[{"code": 1}, {"code":', "", "不是完好的 JSON 文件：读到第 1 个对象之后出错"),
        ('[{"code": NaN}]', "", "读到第 0 个对象之后出错"),
        ('[{"code": 1}] []', "", "看来是每行一个对象的 JSON Lines"),
        ('[{"code": ' + "9" * 5000 + "}]", "", "不是完好的 JSON 文件"),
        ("", "", "0 字节"),
    ],
)
def test_what_is_no_such_document_is_refused(tmp_path: Path, text: str, path: str, what: str) -> None:
    with pytest.raises(DeliveryRejected) as refused:
        cells(one(written(tmp_path, text), thing(format="json", path=path)))
    assert what in refused.value.what
    assert refused.value.expected
    assert refused.value.remedy


def test_an_element_beyond_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LINE_CHARS", 200_000)
    monkeypatch.setattr(json_array, "MOST_EVENTS", 1000)
    for text in ('{"code": "' + "x" * 400_000 + '"}', '{"code": [' + "1," * 2000 + "1]}"):
        with pytest.raises(DeliveryRejected, match="第 2 个对象过大"):
            cells(one(written(tmp_path, '[{"code": 1}, ' + text + "]"), thing(format="json")))


def test_a_long_document_of_small_objects_is_no_large_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LINE_CHARS", 200_000)
    text = '{"before": [' + "1," * 200_000 + '1], "data": [' + '{"code": 1},' * 50_000 + '{"code": 1}]}'
    assert len(cells(one(written(tmp_path, text), thing(format="json", path="data")))) == 50_001
