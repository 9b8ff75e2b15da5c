"""A manifest's promise against what was counted, and the numbers that people write; no files, no tables."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from yishu.contract.model import Dataset, Field, Type
from yishu.flow.manifest import (
    Counted,
    Manifest,
    differences,
    differences_at_the_door,
    field_of,
    mismatch,
    number,
    promised,
    shown,
)
from yishu.lake.ledger import LandedFile

A, B = "a" * 64, "b" * 64
TWO = [{"name": "a.csv", "sha256": A, "rows": 2}, {"name": "b.csv", "sha256": B, "rows": 3}]
KEPT = Counted({"a.csv": 2, "b.csv": 3}, {"金额": Decimal("1234.5"), "数量": Decimal(7)}, {})


def manifest(**more: object) -> Manifest:
    return Manifest.model_validate({"files": TWO} | more)


def dataset(**titles: str) -> Dataset:
    fields = tuple(Field(name=name, title=title, type=Type(kind="decimal")) for name, title in titles.items())
    return Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=("a",), mode="append", cycle="monthly", sharing="none",
        fields=fields, file=Path("thing.yaml"),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["1234.50", "1,234.5", "＋１，２３４．５００", " 1234.5", "1.2345e3", "1 234.5"])
def test_a_promise_that_holds_has_no_differences(text: str) -> None:
    assert differences(manifest(rows=5, totals={"金额": text, "数量": "7"}), KEPT) == ()
    assert differences(Manifest.model_validate({"files": [{"name": "a.csv", "sha256": A}]}), KEPT) == ()


@pytest.mark.parametrize(
    ("promise", "counted", "words"),
    [
        ({}, Counted({"a.csv": 2, "b.csv": 4}, {}, {}), ("文件“b.csv”清单为 3 行，实收 4 行",)),
        ({}, Counted({"a.csv": 5}, {}, {}), ("文件“a.csv”清单为 2 行，实收 5 行", "文件“b.csv”清单为 3 行，实收 0 行")),
        ({"rows": 5}, Counted({"a.csv": 2, "b.csv": 3, "c.csv": 1}, {}, {}), ("总行数清单为 5，实收 6",)),
        ({"totals": {"金额": "1,234.51"}}, KEPT, ("“金额”合计清单为 1,234.51，实收 1,234.5",)),
        ({"totals": {"金额": "0.1"}}, Counted(KEPT.rows, {"金额": Decimal("0.1000000001")}, {}), ("“金额”合计清单为 0.1，实收 0.1000000001",)),
        (
            {"totals": {"金额": "10"}},
            Counted(KEPT.rows, {"金额": Decimal(9)}, {"金额": 2}),
            ("“金额”合计清单为 10，实收 9（另有 2 个单元格不是数字，未计入）",),
        ),
    ],
)  # fmt: skip
def test_each_difference_is_named(promise: dict[str, object], counted: Counted, words: tuple[str, ...]) -> None:
    assert differences(manifest(**promise), counted) == words


def test_what_shows_at_the_door() -> None:
    landed = [LandedFile("d/s/2024-06/a.csv", 1, 1, B)]
    of = dataset(amount="金额", count="数量")
    wrong = manifest(period="2024-05", totals={"金额": "1", "amount": "1", "税额": "1"})
    assert differences_at_the_door(wrong, landed, of, "2024-06") == (
        "缺少文件“b.csv”", f"文件“a.csv”的 SHA-256 清单为 {A[:12]}…，实为 {B[:12]}…", "清单的期次为“2024-05”，文件夹为“2024-06”",
        "合计的列“税额”不是“事物”的列", "字段“amount”有两个合计",
    )  # fmt: skip
    both = [LandedFile("d/s/2024-06/a.csv", 1, 1, A), LandedFile("d/s/2024-06/b.csv", 1, 1, B)]
    upper = [{"name": "a.csv", "sha256": A.upper()}, {"name": "b.csv", "sha256": B}]
    assert differences_at_the_door(manifest(files=upper, period="2024-06", totals={"count": "1"}), both, of, "2024-06") == ()


def test_a_title_that_two_fields_have_names_neither() -> None:
    assert field_of(dataset(one="金额", two="金额"), "金额") is None
    assert field_of(dataset(one="金额", two="金额"), "two") == "two"


def test_the_same_promise_has_the_same_text_however_it_is_laid_out() -> None:
    turned = manifest(files=[TWO[1], {"rows": 2, "sha256": A.upper(), "name": "a.csv"}], period=None)
    assert turned.text == manifest().text != manifest(rows=5).text
    strange = manifest(totals={"\ud800\u0000": "1"})
    assert strange.text.isascii()
    assert promised(strange.text) == strange.model_copy(update={"files": strange.files})


def test_many_differences_are_counted_and_the_first_named() -> None:
    told = str(mismatch(f"文件“{n}”" for n in range(500)))
    assert "文件“9”" in told and "文件“10”" not in told and "等共 500 处" in told


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"), ("-1.50", "-1.50"), ("+.5", "0.5"), ("5.", "5"), ("12,345,678.9", "12345678.9"), ("１２３", "123"), ("1E+2", "100"),
        ("9" * 60, "9" * 60), ("1,23", None), ("1,2345", None), (",123", None), ("1.2.3", None), ("", None), ("  ", None), ("很大", None),
        ("NaN", None), ("Infinity", None), ("1_000", None), ("①", None), ("1e999", None), ("9" * 101, None), ("٣", None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, value: str | None) -> None:
    assert number(text) == (None if value is None else Decimal(value))


def test_totals_are_shown_without_idle_zeros() -> None:
    assert [shown(Decimal(text)) for text in ("1234.50000000", "1200", "0E-8", "-5.00")] == ["1,234.5", "1,200", "0", "-5"]
