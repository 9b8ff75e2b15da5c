"""Receipts: what the department is told, on which rows, in which words; never another's rows, never a formula."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from handed_in import AMR, DATASET, bad_row, claimed, judged, opened, project, put_rows
from yishu.flow.bronze import load_bronze
from yishu.flow.receipts import bad_rows, receipt_text, write_receipt
from yishu.flow.receive import receive
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, LandedFile


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return opened(tmp_path / "home")


def read(folder: Path) -> dict:
    return json.loads((folder / "receipt.json").read_text(encoding="utf-8"))


def test_a_bad_row_is_told_with_its_number_the_departments_titles_the_value_and_what_was_expected(lake: Lake) -> None:
    held = judged(
        lake, "held", [bad_row(7, "required:uscc", "type:est_date", uscc="", est_date="2024.1", entity_name="甲公司")]
    )
    told = read(write_receipt(lake, held))
    assert (told["state"], told["state_zh"], told["reason"]) == ("held", "待定", "问题行超过容忍度")
    assert (told["department_name"], told["title"]) == ("省市场监管局", "市场主体登记信息")
    row = told["rows"][0]
    assert (row["row"], row["values"]["名称"], row["values"]["成立日期"]) == (7, "甲公司", "2024.1")
    date = next(v for v in row["violations"] if v["rule"] == "type:est_date")
    assert (date["column"], date["title"], date["value"]) == ("est_date", "成立日期", "2024.1")
    assert "2024-01-31" in date["expected"]
    assert {r["rule"]: r["bad"] for r in told["rules"]} == {"required:uscc": 1, "type:est_date": 1}


def test_a_rule_on_two_columns_names_both_with_their_values(lake: Lake) -> None:
    row = bad_row(1, "updated_after_establishment", update_time="2020-01-01 00:00:00", est_date="2024-01-31")
    violation = read(write_receipt(lake, judged(lake, "held", [row])))["rows"][0]["violations"][0]
    assert violation["titles"] == ["更新时间", "成立日期"]
    assert violation["value"] == "2020-01-01 00:00:00、2024-01-31"


def test_an_accepted_deliverys_rows_come_from_quarantine_and_are_its_own(lake: Lake) -> None:
    judged(lake, "accepted", [bad_row(1, "required:uscc", entity_name="别人")], content="b", period="2024-05-31")
    mine = judged(lake, "accepted", [bad_row(n, "required:uscc", entity_name="自己") for n in (9, 2)])
    told = read(write_receipt(lake, mine))
    assert [(r["row"], r["values"]["名称"]) for r in told["rows"]] == [(2, "自己"), (9, "自己")]
    assert told["received"] == told["loaded"] + told["duplicates"] + told["quarantined"] + told["rejected"]
    assert "更正" in told["advice"]


def test_rows_beyond_the_limit_are_counted_and_the_first_ones_by_file_and_number_are_shown(tmp_path: Path) -> None:
    lake = opened(tmp_path / "home", receipt_rows=3)
    rows = [bad_row(n, "required:uscc", file=f) for f in ("b.csv", "a.csv") for n in (3, 1, 2)]
    told = read(write_receipt(lake, judged(lake, "held", rows)))
    assert (told["rows_total"], told["rows_shown"]) == (6, 3)
    assert [(r["file"], r["row"]) for r in told["rows"]] == [("a.csv", 1), ("a.csv", 2), ("a.csv", 3)]


def test_rows_that_an_earlier_attempt_staged_are_not_told_again(lake: Lake) -> None:
    delivery = judged(lake, "held", [])
    put_rows(lake.staging(delivery.id) / "bad", delivery.id, [bad_row(1, "required:uscc")])
    assert read(write_receipt(lake, delivery))["rows_total"] == 0


def test_a_rejected_delivery_keeps_its_rows_on_the_receipt(lake: Lake) -> None:
    held = judged(lake, "held", [bad_row(4, "required:uscc")])
    lake.ledger.decide(held.id, "reject", actor="质检", reason="整批退回")
    rejected = lake.ledger.move(held.id, "rejected", balance=Balance(received=10, rejected=10), reason="整批退回")
    told = read(write_receipt(lake, rejected))
    assert (told["state_zh"], told["reason"], told["rejected"], told["rows_total"]) == ("已退回", "整批退回", 10, 1)


def test_the_same_delivery_gives_the_same_bytes_whenever_it_is_written(tmp_path: Path) -> None:
    made = []
    for day in (2, 9):
        lake = opened(tmp_path / str(day), day=day)
        folder = write_receipt(lake, judged(lake, "held", [bad_row(1, "required:uscc")]))
        made.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert made[0] == made[1]
    with zipfile.ZipFile(io.BytesIO(made[0]["receipt.xlsx"])) as book:
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2000-01-01T00:00:00Z" in book.read("docProps/core.xml")


HOSTILE = [("..", "dataset"), ("a/../../b", "dataset"), ("=1+1\x07\x1b[31m", "period"), ("", "period"), ("长" * 300, "period")]


@pytest.mark.parametrize(("part", "name"), HOSTILE)
def test_a_strangers_folder_names_lead_nowhere_else(lake: Lake, part: str, name: str) -> None:
    of = {"dataset": "nothing_known", "period": "2024-06-30"} | {name: part}
    file = LandedFile("x/y/z/数据.csv", 10, 1, "c" * 64)
    refused = lake.ledger.claim("0000", of["dataset"], of["period"], [file], reason="没有这个数据集", state="rejected")
    folder = write_receipt(lake, refused)
    inside = folder.resolve().relative_to((lake.settings.home / "receipts").resolve())
    assert len(inside.parts) == 4
    assert not any(ord(c) < 32 for c in str(inside))
    told = read(folder)
    assert (told[name], told["reason"], told["state"], told["title"]) == (part, "没有这个数据集", "rejected", "")
    assert load_workbook(folder / "receipt.xlsx").sheetnames == ["回执"]


def sheet(folder: Path, name: str = "问题行"):
    return load_workbook(folder / "receipt.xlsx")[name]


def test_the_sheet_lists_number_problem_and_form_then_the_departments_columns_in_their_order(lake: Lake) -> None:
    row = bad_row(12, "required:uscc", "type:est_date", entity_name="甲公司", est_date="2024.1")
    rows = sheet(write_receipt(lake, judged(lake, "held", [row])))
    titles = [f.title for f in project().datasets[DATASET].fields]
    assert [c.value for c in rows[1]] == ["行号", "问题", "应为", *titles, f"yishu:{rows.parent.properties.title[-18:]}"]
    assert [c for c, d in rows.column_dimensions.items() if d.hidden] == [rows.cell(1, rows.max_column).column_letter]
    assert rows.freeze_panes == "D2"
    cells = dict(zip([c.value for c in rows[1]], rows[2], strict=True))
    assert cells["行号"].value == 12
    assert cells["问题"].value.startswith("1. ")
    marked = {title for title, cell in cells.items() if cell.fill.fill_type == "solid"}
    assert marked == {"统一社会信用代码", "成立日期"}
    assert cells["名称"].value == "甲公司"


@pytest.mark.parametrize(
    ("handed_in", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("+1+1", "'+1+1"), ("-2+3", "'-2+3"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"), ("\r=1", "'␍=1"), ("＝1", "'＝1"), ("-12.50", "-12.50"), ("-1,234", "-1,234"), ("a\x00b\x1bc", "a␀b␛c"),
        ("\ufffe", "\ufffd"), ("110101199003078515", "110101199003078515"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula_and_plain_numbers_stay_as_they_are(lake: Lake, handed_in: str, shown: str) -> None:
    rows = sheet(write_receipt(lake, judged(lake, "held", [bad_row(1, "required:uscc", business_scope=handed_in)])))
    cells = dict(zip([c.value for c in rows[1]], rows[2], strict=True))
    assert (cells["经营范围"].value, cells["经营范围"].data_type) == (shown, "s")


def test_a_row_that_could_not_be_read_is_shown_as_it_came_and_columns_beyond_the_contract_stand_last(lake: Lake) -> None:
    rows = [bad_row(1, "unparsable", raw='911,"甲'), bad_row(2, "required:uscc", extra='{"备注": "手工"}')]
    listed = sheet(write_receipt(lake, judged(lake, "held", rows)))
    heads = [c.value for c in listed[1]][:-1]
    assert heads[-2:] == ["备注", "原文（无法读取的行）"]
    assert listed.cell(2, len(heads)).value == '911,"甲'
    assert listed.cell(3, len(heads) - 1).value == "手工"


def test_the_summary_tells_who_what_result_and_totals_that_balance(lake: Lake) -> None:
    folder = write_receipt(lake, judged(lake, "accepted", [bad_row(1, "required:uscc")]))
    told = {r[0].value: r[1].value for r in sheet(folder, "回执").iter_rows(max_col=2) if r[0].value}
    assert told["供数部门"] == f"省市场监管局（{AMR}）"
    assert (told["数据集"], told["期次"], told["结果"]) == ("市场主体登记信息（market_entity）", "2024-06-30", "已接收")
    assert told["收到行数"] == told["入库"] + told["重复"] + told["待核（问题行）"] + told["退回"] == 10


TITLES = [f.title for f in project().datasets[DATASET].fields]


def land(lake: Lake, name: str, codes: list[str]) -> None:
    lines = [",".join(TITLES), *(",".join([code] + ["x"] * (len(TITLES) - 1)) for code in codes)]
    file = lake.settings.landing / AMR / DATASET / "2024-06-30" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\r\n".join(lines) + "\r\n", encoding="gb18030")


def test_a_correction_is_told_how_many_rows_it_added_and_removed(lake: Lake) -> None:
    ids = []
    for name, codes in (("a.csv", ["1", "2", "2", "3"]), ("b.csv", ["2", "3", "4", "5"])):
        land(lake, name, codes)
        bronze = load_bronze(lake, receive(lake, DATASET)[0])
        lake.ledger.move(bronze.id, "accepted", balance=Balance(4, 4))
        ids.append(bronze.id)
    lake.ledger.supersede(*ids)
    told = read(write_receipt(lake, lake.ledger.delivery(ids[1])))
    assert told["changes"] == {"replaced": ids[0], "added": 2, "removed": 2}
    assert told["supersedes"] == ids[0]
    assert read(write_receipt(lake, lake.ledger.delivery(ids[0])))["changes"] is None


def test_what_was_unusual_about_the_files_is_still_told_once_they_are_accepted(lake: Lake) -> None:
    delivery = judged(lake, "accepted", [], note="忽略了空行；列名按别名识别")
    assert read(write_receipt(lake, delivery))["notes"] == ["忽略了空行", "列名按别名识别"]


def test_an_identical_re_send_is_told_that_nothing_changed(lake: Lake) -> None:
    judged(lake, "accepted", [])
    file = LandedFile(f"{AMR}/{DATASET}/2024-06-30/again.csv", 10, 5, "a" * 64)
    again = lake.ledger.claim(AMR, DATASET, "2024-06-30", [file])
    told = read(write_receipt(lake, again))
    assert (told["state"], told["state_zh"], told["rows"]) == ("unchanged", "未变化", [])


def test_bad_rows_are_given_by_field_with_their_violations(lake: Lake) -> None:
    delivery = judged(lake, "accepted", [bad_row(n, "required:uscc", entity_name=f"公司{n}") for n in (1, 2, 3)])
    found = bad_rows(lake, delivery, 2)
    assert [(r["_row"], r["entity_name"], r["_violations"][0]["rule"]) for r in found] == [
        (1, "公司1", "required:uscc"), (2, "公司2", "required:uscc"),
    ]  # fmt: skip


def test_a_terminal_shows_the_figures_and_no_control_characters(lake: Lake) -> None:
    folder = write_receipt(lake, judged(lake, "held", [bad_row(3, "type:est_date", est_date="\x1b]0;x\x07\u202e1")]))
    text = receipt_text((folder / "receipt.json").read_text(encoding="utf-8"))
    assert "收到 10 = 入库 9 + 重复 0 + 待核 1 + 退回 0" in text
    assert "第 3 行" in text
    assert not set(text) & {"\x1b", "\x07", "\u202e"}


def test_a_claim_that_is_on_its_way_can_be_looked_at_too(lake: Lake) -> None:
    assert read(write_receipt(lake, claimed(lake)))["state_zh"] == "待处理"


def test_texts_with_markup_and_line_breaks_come_back_from_the_sheet_as_they_were(lake: Lake) -> None:
    row = bad_row(1, "required:uscc", business_scope='<c>&"甲"</c>\n  第二行 @', extra='{"名称": "重复列"}', entity_name="甲")
    rows = sheet(write_receipt(lake, judged(lake, "held", [row])))
    cells = dict(zip([c.value for c in rows[1]], rows[2], strict=True))
    assert cells["经营范围"].value == '<c>&"甲"</c>\n  第二行 @'
    assert cells["名称"].value == "甲"
    assert cells["住所"].value is None


def test_each_file_of_a_delivery_is_named_beside_its_row_numbers(lake: Lake) -> None:
    rows = [bad_row(1, "required:uscc", file=f) for f in ("b.csv", "a.csv")]
    listed = sheet(write_receipt(lake, judged(lake, "held", rows)))
    assert [listed.cell(n, 1).value for n in (1, 2, 3)] == ["文件", "a.csv", "b.csv"]
    assert [listed.cell(n, 2).value for n in (1, 2, 3)] == ["行号", 1, 1]
