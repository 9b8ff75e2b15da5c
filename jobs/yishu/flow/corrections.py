"""A receipt's sheet that came back → the rows that were corrected in it, as the rows of a delivery of their own; or a refusal.

Cells that nobody touched come from the delivery as it was handed in, not from the sheet, which cannot show every text as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yishu.contract.model import Dataset
from yishu.errors import DeliveryRejected, Place, UsageError
from yishu.flow.cases import hand_in_of
from yishu.flow.family import ROW as SPOT
from yishu.flow.family import Spot, corrections, rows_of, spots
from yishu.flow.reading.marked_sheet import REMEDY, SheetRow, read_marked
from yishu.flow.reading.rows import EXTRA, Reading, Row, bronze_schema, in_batches
from yishu.flow.reading.workbook_parts import unescaped
from yishu.flow.receipt_form import titles_of
from yishu.flow.receipt_rows import place_of_bad_rows
from yishu.flow.receipt_sheet import place_mark
from yishu.flow.sheet_pen import safe_text, typed_text
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery

_TOLD = 10
_MOST = 10_000
"""Rows that a receipt lists at most, unless the settings say more."""
Cells = tuple[str | None, ...]


@dataclass(frozen=True)
class Known:
    """What is known of the rows of a delivery that is corrected."""

    cells: Mapping[Spot, Cells]
    """As handed in."""
    extra: Mapping[Spot, str | None]
    bad: frozenset[Spot]
    """Those that wait in quarantine; of a correction that was taken already, every row of it."""
    taken: Mapping[Spot, tuple[str, Cells]]
    """Those that an earlier correction took over: its id and the cells that it brought."""
    closed: Mapping[Spot, str]
    """Those that were let through since, and how, in Chinese."""


def at_the_door(lake: Lake, place: tuple[str, str, str], delivery: str) -> DeliveryRejected | None:
    """Why a sheet cannot be taken here, as far as it shows without reading rows: of another delivery than this folder's, or of none."""
    try:
        found = lake.ledger.delivery(delivery)
    except UsageError:
        return _refused(f"回执标明的交付 {delivery} 不存在", "平台为本部门发出的回执", "请核对是否用错了文件")
    if found.department != place[0]:
        return _refused(f"回执 {delivery} 不是本部门的", "平台为本部门发出的回执", "请核对是否用错了文件")
    if (found.dataset, found.period) != place[1:]:
        right = "/".join((found.department, found.dataset, found.period))
        return _refused(f"回执 {delivery} 属于 {right}", f"放在 {right}/", "请把文件放进该文件夹后重新报送")
    return None


def readings(lake: Lake, delivery: Delivery, file: Path) -> list[tuple[str, Reading]]:
    """The corrected rows of a claimed sheet, under the names of the files that they came with.

    Args:
        lake: ledger, contracts and places.
        delivery: the claimed sheet.
        file: where its bytes lie.

    Raises:
        DeliveryRejected: the delivery cannot be corrected, or a row of the sheet cannot stand for one of its bad rows.
    """
    assert delivery.corrects is not None
    corrected, dataset = lake.ledger.delivery(delivery.corrects), lake.project.datasets[delivery.dataset]
    titles = [*titles_of(dataset).values()]
    sheet = read_marked(file, dataset, titles, max(_MOST, lake.settings.run.receipt_rows))
    known = _known(lake, dataset, corrected, delivery, sheet)
    rows = compared(sheet, known, titles, file.name)
    left = len(sheet) - len(rows)
    notes = (f"更正 {corrected.id} 的 {len(rows)} 行" + (f"，表中另有 {left} 行未改动" if left else ""),)
    schema, names = bronze_schema(dataset), sorted({name for name, _ in rows})
    mine = {name: [rows[spot] for spot in sorted(rows) if spot[0] == name] for name in names}
    return [(name, Reading(schema, in_batches(mine[name], schema), notes)) for name in names]


def admitted(lake: Lake, delivery: Delivery) -> bool:
    """True where what a sheet corrects can be corrected now; False where it must wait.

    Raises:
        DeliveryRejected: it never will be.
    """
    assert delivery.corrects is not None
    corrected = lake.ledger.delivery(delivery.corrects)
    if corrected.state == "superseded":
        raise _refused(
            f"{corrected.id} 已{corrected.reason}，不能再更正", "本期最新一次交付的回执", "请在最新的回执上更正，或重新报送全部数据"
        )
    if corrected.state in ("rejected", "unchanged"):
        again = "请按其回执的“下一步”处理"
        raise _refused(f"{corrected.id} 没有入库，也不在待定，不能按行更正", "已接收或待定的交付的回执", again)
    return corrected.state in ("accepted", "held")


def compared(sheet: Sequence[SheetRow], known: Known, titles: Sequence[str], file: str) -> dict[Spot, Row]:
    """Which rows of a sheet were corrected, each as a row of bronze.

    Args:
        sheet: its rows.
        known: the delivery that the sheet lists rows of.
        titles: of the columns.
        file: the sheet's name, for messages.

    Raises:
        DeliveryRejected: a row is told twice, under another number, is none that is bad now, or no row was corrected.
    """
    by_mark = {place_mark(*spot): spot for spot in known.cells}
    found: dict[Spot, Row] = {}
    seen: set[Spot] = set()
    wrong = []
    for row in sheet:
        if not any(row.cells):
            continue  # somebody cleared it: it stays as it was
        spot = by_mark.get(row.place)
        trouble = _trouble(row, spot, seen)
        if spot is not None and not trouble and _touched(row, known.cells[spot]):
            trouble = _not_open(row, spot, known)
            if not trouble and spot in known.bad and spot not in known.taken:
                found[spot] = _corrected(row, spot, known)
        wrong += [f"表中第 {row.at} 行：{trouble}"] if trouble else []
    if wrong:
        told = "；".join(wrong[:_TOLD]) + (f" 等共 {len(wrong)} 处" if len(wrong) > _TOLD else "")
        raise _refused(told, "回执“问题行”中仍待更正的行，行号与隐藏列不改动，每行一次", REMEDY, file)
    if not found:
        raise _refused("表中没有新的更正，与已有的数据相同", "至少一行的数据列有改动", "请在“问题行”中改正后保存，再重新报送", file)
    return found


def _trouble(row: SheetRow, spot: Spot | None, seen: set[Spot]) -> str:
    """Why a row of the sheet is none of the receipt's."""
    if spot is None:
        return "不是回执所列的行（自行添加，或隐藏列被改动）" if row.place == "" else f"“{row.place[:40]}”不是这次交付的行"
    if row.number != str(spot[1]) or row.file not in (None, safe_text(spot[0])):
        return f"行号被改为“{row.number[:20]}”，应为 {spot[1]}"
    if spot in seen:
        return f"行号 {spot[1]} 出现了两次"
    seen.add(spot)
    return ""


def _touched(row: SheetRow, before: Cells) -> bool:
    """True where a cell says something else than what was handed in."""
    return any(not _same(cell, was) for cell, was in zip(row.cells, before, strict=True))


def _same(cell: str | None, was: str | None) -> bool:
    """Is a cell of the sheet what we wrote there?"""
    shown = safe_text(was or "")
    return (cell or "") in (was, shown, unescaped(shown)) or not (cell or shown.strip())


def _not_open(row: SheetRow, spot: Spot, known: Known) -> str:
    """Why a row that was changed in the sheet needs no correction now; empty where it does, or where it is known already."""
    if spot in known.taken:
        by, cells = known.taken[spot]
        same = all(_same(cell, was) or typed_text(cell or "") == (was or "") for cell, was in zip(row.cells, cells, strict=True))
        return "" if same else f"行号 {spot[1]} 已由 {by} 更正，不能用旧的表再改；仍有问题的话请用 {by} 的回执"
    if spot in known.bad:
        return ""
    return f"行号 {spot[1]} 已{known.closed[spot]}，无需更正" if spot in known.closed else f"行号 {spot[1]} 不是问题行"


def _corrected(row: SheetRow, spot: Spot, known: Known) -> Row:
    before = known.cells[spot]
    cells = tuple(
        was if _same(cell, was) else typed_text(cell) if cell else None for cell, was in zip(row.cells, before, strict=True)
    )
    return Row(spot[1], cells, known.extra[spot], None, sum(len(cell or "") for cell in cells))


def _known(lake: Lake, dataset: Dataset, corrected: Delivery, mine: Delivery, sheet: Sequence[SheetRow]) -> Known:
    numbers = sorted({int(head) for row in sheet if (head := row.place.partition(":")[0]).isdecimal() and len(head) < 19})
    bronze = lake.bronze(dataset.name)
    cells = _cells(bronze, dataset, corrected.id, numbers)
    taken = {
        spot: (earlier.id, found)
        for earlier in corrections(lake, corrected, before=mine.ordinal)
        for spot, (found, _) in _cells(bronze, dataset, earlier.id, numbers).items()
    }
    if mine.state != "waiting":  # taken once already: bronze is made anew
        bad = frozenset(cells)
    else:
        place = place_of_bad_rows(lake, corrected)
        bad = frozenset(spots(place, corrected.id, numbers)) if place else frozenset()
    root = hand_in_of(lake, corrected)
    closed = {(c.file, c.row): _CLOSED[c.state] for c in lake.ledger.cases(root.id) if c.state in _CLOSED}
    given = {spot: found for spot, (found, _) in cells.items()}
    return Known(given, {spot: extra for spot, (_, extra) in cells.items()}, bad, taken, closed)


_CLOSED = {"waived": "经平台豁免入库", "replayed": "经平台重新核验入库", "fixed": "更正入库"}


def _cells(bronze: Path, dataset: Dataset, delivery: str, numbers: Sequence[int]) -> dict[Spot, tuple[Cells, str | None]]:
    """Cells in the contract's order, and those beyond it, of a delivery's rows of some numbers."""
    names = [f.name for f in dataset.fields]
    found = rows_of(bronze, delivery, [*names, EXTRA, *SPOT], numbers)
    columns = [found[name].to_pylist() for name in (*names, EXTRA, *SPOT)]
    return {(file, row): (tuple(cells), extra) for *cells, extra, file, row in zip(*columns, strict=True)}


def _refused(what: str, expected: str, remedy: str, file: str = "") -> DeliveryRejected:
    return DeliveryRejected(what, code="correction", place=Place(file or None), expected=expected, remedy=remedy)

