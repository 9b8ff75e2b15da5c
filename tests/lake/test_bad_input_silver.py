"""Bad input that silver judges: what is odd but right passes, the rest goes to quarantine and onto the receipt, row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from small_lake import SmallLake, open_small_lake, small_project
from yishu.settings import Settings

ID, USCC = "11010519491231002X", "91110000600037341L"
PERIOD = "2025-01"
FORM = """\
apiVersion: v3.1.0
kind: DataContract
id: form
name: form
version: 1.0.0
domain: toy
schema:
  - name: form
    businessName: 登记表
    properties:
      - {name: id, businessName: 序号, logicalType: string, physicalType: varchar(10), required: true, primaryKey: true}
      - {name: uscc, businessName: 信用代码, logicalType: string, physicalType: varchar(18), customProperties: [{property: yishu.check, value: uscc}]}
      - name: id_no
        businessName: 身份号码
        logicalType: string
        physicalType: varchar(18)
        authoritativeDefinitions: [{type: element, url: elements.yaml#citizen_id}]
      - {name: month, businessName: 月份, logicalType: string, physicalType: varchar(10), customProperties: [{property: yishu.check, value: period}]}
      - {name: amount, businessName: 金额, logicalType: number, physicalType: 'decimal(18,2)'}
      - {name: note, businessName: 备注, logicalType: string, physicalType: varchar(100)}
slaProperties:
  - {property: frequency, value: monthly}
customProperties:
  - {property: yishu.suppliers, value: [stats]}
  - {property: yishu.mode, value: append}
  - {property: yishu.tolerance, value: 0.9}
  - {property: yishu.sharing, value: unconditional}
"""
HEADER = "序号,信用代码,身份号码,月份,金额,备注\n"
HUGE = "长" * 10_000_000


@pytest.fixture(scope="module")
def handed_in(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """One delivery with every kind of row, and one after it."""
    root = tmp_path_factory.mktemp("forms")
    project = small_project(root / "project")
    (project / "schemas/basic/toy/form.yaml").write_text(FORM, encoding="utf-8")
    small = open_small_lake(server, root, project=project)
    lines = [
        f"1,{USCC},{ID},2025-01,1.5,好",
        '２,\u3000９１１１００００６００037341ｌ\u00a0,１１０１０５19491231002x,２０２５－０１," １，２３４．５０ ",\u3000全角　空格\u3000',
        f'3, 9111 0000 6000 3734 1L ,{ID} ,2025-01,"1,234,567.89",千分位',
        f'4,{USCC},{ID},2025-01,"12,34.5",逗号错位',
        f"5,{USCC},{ID},2024.1,1,小数月份",
        f"6,{USCC},9.1E+17,2025-01,1,科学记数",
        f"7,9.11E+17,{ID},2025-01,1,科学记数",
        f"8,{USCC},{ID},2025-01,1,{HUGE}",
        f"9,{USCC},{ID},2025-01,1,零\0字节",
        f"10,{USCC},{ID},2025-01,1,最后一行",
    ]
    small.put("form", PERIOD, (HEADER + "\n".join(lines) + "\n").encode(), "form.csv")
    small.put("form", "2025-02", (HEADER + f"1,{USCC},{ID},2025-02,1,下一份\n").encode(), "form.csv")
    report = small.run("form")
    assert not report.errors, report.errors
    yield small
    small.close()


@pytest.fixture(scope="module")
def told(handed_in: SmallLake) -> dict[int, dict[str, object]]:
    """The receipt's bad rows by the department's own row number."""
    receipt = json.loads(receipt_folder(handed_in).joinpath("receipt.json").read_text(encoding="utf-8"))
    assert (receipt["state"], receipt["received"], receipt["loaded"], receipt["quarantined"]) == ("accepted", 10, 4, 6)
    return {row["row"]: row for row in receipt["rows"]}


def receipt_folder(small: SmallLake) -> Path:
    return small.lake.settings.home / small.lake.ledger.deliveries(dataset="form")[0].receipt


def only_violation(row: dict[str, object]) -> dict[str, str]:
    [violation] = row["violations"]  # type: ignore[misc]
    return violation


def test_full_width_digits_blanks_and_thousands_commas_pass_standardised(handed_in: SmallLake) -> None:
    loaded = handed_in.rows("silver.form", "_period", "id", "uscc", "id_no", "month", "amount", "note")
    assert loaded == [
        (PERIOD, "1", USCC, ID, "2025-01", "1.50", "好"),
        (PERIOD, "10", USCC, ID, "2025-01", "1.00", "最后一行"),
        (PERIOD, "2", USCC, ID, "2025-01", "1234.50", "全角　空格"),
        (PERIOD, "3", USCC, ID, "2025-01", "1234567.89", "千分位"),
        ("2025-02", "1", USCC, ID, "2025-02", "1.00", "下一份"),
    ]


def test_only_the_bad_rows_are_on_the_receipt(told: dict[int, dict[str, object]]) -> None:
    assert sorted(told) == [4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(
    ("row", "title", "value", "rule", "message", "expected"),
    [
        (4, "金额", "12,34.5", "type:amount", "金额不能识别为数字", "应为数字"),
        (5, "月份", "2024.1", "standard:month", "月份不是有效的期别", "2024.1这样的小数不会被当作月份"),
        (6, "身份号码", "9.1E+17", "standard:id_no", "身份号码不是有效的公民身份号码", "应为18位"),
        (7, "信用代码", "9.11E+17", "standard:uscc", "信用代码不是有效的统一社会信用代码", "应为18位"),
    ],
)
def test_what_cannot_be_right_is_told_by_row_and_in_words(
    told: dict[int, dict[str, object]], row: int, title: str, value: str, rule: str, message: str, expected: str
) -> None:
    violation = only_violation(told[row])
    assert (violation["title"], violation["value"], violation["rule"], violation["message"]) == (title, value, rule, message)
    assert expected in violation["expected"]


def test_a_cell_of_ten_million_characters_breaks_its_length_and_nothing_else(
    handed_in: SmallLake, told: dict[int, dict[str, object]]
) -> None:
    violation = only_violation(told[8])
    assert (violation["rule"], violation["message"], violation["expected"]) == ("length:note", "备注过长", "长度不超过100个字")
    [(kept,)] = [r[1:] for r in handed_in.rows("quarantine.form", "_row", "note") if r[0] == 8]
    assert kept == HUGE, "nothing is lost: quarantine holds the whole cell"
    sizes = {f.name: f.stat().st_size for f in receipt_folder(handed_in).iterdir()}
    assert set(sizes) == {"receipt.json", "receipt.xlsx", "receipt.html"}
    assert sizes["receipt.xlsx"] < 1_000_000 and sizes["receipt.html"] < 100_000, sizes


def test_a_row_with_a_nul_byte_is_kept_as_it_came(handed_in: SmallLake, told: dict[int, dict[str, object]]) -> None:
    line = f"9,{USCC},{ID},2025-01,1,零\0字节"
    first, *more = told[9]["violations"]  # type: ignore[misc]
    assert (first["rule"], told[9]["raw"]) == ("unparsable", line)
    assert first["message"].startswith("这一行无法读取")
    assert {v["rule"] for v in more} <= {"required:id"}, "no cell of it was read, so nothing else can be said"
    [(raw, number)] = [r[1:] for r in handed_in.rows("quarantine.form", "_row", "_raw", "id") if r[0] == 9]
    assert (raw, number) == (line, None)


def test_the_next_delivery_was_not_held_up(handed_in: SmallLake) -> None:
    assert handed_in.states("form") == ["accepted", "accepted"]
