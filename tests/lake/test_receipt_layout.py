"""The workbook of a receipt as a clerk sees it: nothing cut off, on a screen and on paper, and figures that add up."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from handed_in import bad_row, claimed, judged, opened
from yishu.flow.receipts import receipt_text, write_receipt
from yishu.flow.sheet_pen import LINE, MOST_LINES, lines
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery

ROWS = [
    bad_row(3, "required:uscc", uscc="", business_scope="批发、零售；" * 40),
    bad_row(44, "standard:legal_rep_id_no", "enum:reg_status", "standard:division_code", reg_status="注销"),
    bad_row(50, "length:entity_name", entity_name="河北省" * 80),
    bad_row(90, "unparsable", raw='911,"甲' * 60),
]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return opened(tmp_path / "home")


def sheets(folder: Path) -> list[Worksheet]:
    return load_workbook(folder / "receipt.xlsx").worksheets


def room(sheet: Worksheet, row: int, column: int) -> tuple[float, float]:
    """Width and height of what holds a cell: its own, or those of the cells that it is merged with."""
    held = next((r for r in sheet.merged_cells.ranges if (row, column) in {(r.min_row, r.min_col)}), None)
    columns = range(column, held.max_col + 1) if held else [column]
    letters = [sheet.cell(1, c).column_letter for c in columns]
    return sum(sheet.column_dimensions[letter].width for letter in letters), sheet.row_dimensions[row].height or LINE


def test_every_wrapped_text_has_the_room_that_it_needs(lake: Lake) -> None:
    delivery = judged(
        lake,
        "held",
        ROWS,
        note="；".join(["列名按别名识别：企业名称当作名称，税号当作统一社会信用代码，注册时间当作成立日期" * 3, "忽略了空行"]),
    )
    seen = 0
    for sheet in sheets(write_receipt(lake, delivery)):
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.alignment.wrap_text:
                    width, height = room(sheet, cell.row, cell.column)
                    assert height >= lines(cell.value, width) * LINE, cell.value
                    seen += lines(cell.value, width) > 1
    assert seen >= 5


def test_a_cell_that_is_not_at_fault_makes_no_row_higher(lake: Lake) -> None:
    rows = sheets(write_receipt(lake, judged(lake, "held", ROWS)))[1]
    heights = [rows.row_dimensions[n].height for n in (2, 3, 4, 5)]
    assert heights[0] == LINE, "its long 经营范围 is not what is wrong with it"
    assert min(heights[1:]) > LINE and max(heights) <= MOST_LINES * LINE <= 409


def test_on_paper_both_sheets_fit_and_pages_repeat_heading_and_row_number(lake: Lake) -> None:
    summary, rows = sheets(write_receipt(lake, judged(lake, "held", ROWS)))
    for sheet in (summary, rows):
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight) == ("landscape", 9, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "第 &P 页" in str(sheet.oddFooter.right.text)
    assert summary.page_setup.fitToWidth == 1 < rows.page_setup.fitToWidth
    assert (rows.print_title_rows, rows.print_title_cols) == ("$1:$1", "$A:$A")


def test_with_several_files_pages_repeat_the_file_too(lake: Lake) -> None:
    several = [bad_row(1, "required:uscc", file=f) for f in ("a.csv", "b.csv")]
    rows = sheets(write_receipt(lake, judged(lake, "held", several)))[1]
    assert (rows.freeze_panes, rows.print_title_cols) == ("E2", "$A:$B")


def test_a_clerk_is_told_from_where_rows_are_counted(lake: Lake) -> None:
    summary = sheets(write_receipt(lake, judged(lake, "held", ROWS)))[0]
    told = {r[0].value: r[1].value for r in summary.iter_rows(max_col=2) if r[0].value}
    assert told["问题行"] == "共 4 行，全部列在“问题行”；行号从表头下的第一行数据起，记作 1"


def waiting(lake: Lake, state: str) -> Delivery:
    """500 rows of which nothing is decided: none looked at yet, or all judged and held, then perhaps replaced."""
    if state == "bronze":
        return lake.ledger.move(claimed(lake).id, "bronze", balance=Balance(500))
    held = lake.ledger.move(judged(lake, "held", ROWS).id, "held", balance=Balance(500, 0, 12, 89, 0))
    if state == "superseded":
        lake.ledger.supersede(held.id, judged(lake, "accepted", [], content="b").id)
    return lake.ledger.delivery(held.id)


@pytest.mark.parametrize(
    ("state", "label", "count"),
    [("held", "合格（待放行）", 399), ("bronze", "处理中", 500), ("superseded", "未入库", 399), ("accepted", "", 0)],
)
def test_the_figures_add_up_also_while_a_delivery_waits(lake: Lake, state: str, label: str, count: int) -> None:
    settled = state == "accepted"
    folder = write_receipt(lake, judged(lake, "accepted", ROWS, received=500) if settled else waiting(lake, state))
    told = {r[0].value: r[1].value for r in sheets(folder)[0].iter_rows(max_col=2) if r[0].value}
    parts = [label, "入库", "重复", "待核（问题行）", "退回"]
    assert told["收到行数"] == sum(told.get(part, 0) for part in parts) == 500
    assert told.get(label, 0) == count
    text = receipt_text((folder / "receipt.json").read_text(encoding="utf-8"))
    assert (f" + {label} {count} + 重复" in text) == bool(count)


@pytest.mark.parametrize(
    ("text", "width", "high"),
    [
        ("", 10, 1),
        ("甲", 10, 1),
        ("甲" * 4, 10, 1),
        ("甲" * 5, 10, 2),
        ("a" * 9, 10, 1),
        ("a\nb", 10, 2),
        ("甲" * 9_000, 40, MOST_LINES),
    ],
)
def test_lines_that_a_text_takes(text: str, width: float, high: int) -> None:
    assert lines(text, width) == high
