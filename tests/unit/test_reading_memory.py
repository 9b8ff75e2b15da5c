"""Every form is read as a stream: a file three times as long takes no more memory, packed or not."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import JsonValue

from hostile_files import workbook
from reading_case import NAMES, TITLES
from weighing import Scales, scales

ROWS, LONG_ROWS = 33_000, 16_000
"""The slow forms are given few rows of long cells: were their batches held, 32,000 rows more would be 70 MB more."""
MARGIN = 25
"""Megabytes by which two readings of the same size may differ."""
ATTEMPTS = 4
"""Threads that read ahead peak by chance, the more so beside other work; memory that grows with the file does so each time."""
CELLS = ("91130100MA0000000X", "河北省石家庄市长安区宏达商贸有限公司", "1.5", "2024-01-31")
LONG = (CELLS[0], CELLS[1] * 40, *CELLS[2:])
WIDTH = 800
POSITIONS = {name: {"start": 1 + WIDTH * place, "length": WIDTH} for place, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def on_scales() -> Iterator[Scales]:
    with scales() as made:
        yield made


def text(head: str, line: str, tail: str = "", encoding: str = "utf-8") -> Callable[[Path, int], None]:
    return lambda path, count: path.write_bytes((head + line * (count - 1) + line.rstrip(",") + tail).encode(encoding)) and None


def packed(write: Callable[[Path, int], None]) -> Callable[[Path, int], None]:
    def made(path: Path, count: int) -> None:
        write(path, count)
        path.write_bytes(gzip.compress(path.read_bytes(), 1))

    return made


def zipped(write: Callable[[Path, int], None]) -> Callable[[Path, int], None]:
    def made(path: Path, count: int) -> None:
        write(path, count)
        content = path.read_bytes()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("甲", content)

    return made


def xlsx(path: Path, count: int) -> None:
    row, header = (
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in line) + "</row>"
        for line in (LONG, TITLES)
    )
    pieces = ["<worksheet><sheetData>", header, *[row * 1000] * (count // 1000), "</sheetData></worksheet>"]
    workbook(path, {"xl/worksheets/sheet1.xml": (piece.encode() for piece in pieces)})


def parquet(path: Path, count: int) -> None:
    pq.write_table(pa.table({name: pa.array([cell] * count) for name, cell in zip(NAMES, CELLS, strict=True)}), path)


CSV = (",".join(TITLES) + "\n", ",".join(CELLS) + "\n")
OBJECT = "{" + ", ".join(f'"{title}": "{cell}"' for title, cell in zip(TITLES, LONG, strict=True)) + "}"
ELEMENT = "<row>" + "".join(f"<{name}>{cell}</{name}>" for name, cell in zip(NAMES, LONG, strict=True)) + "</row>\n"
FORMS: dict[str, tuple[dict[str, JsonValue], Callable[[Path, int], None], int]] = {
    # supply, writer, and how many times ROWS; 0: LONG_ROWS of long cells
    "csv": ({}, text(*CSV), 12),
    "csv in gz": ({}, packed(text(*CSV)), 12),
    "csv in zip": ({}, zipped(text(*CSV)), 12),
    "csv in UTF-16": ({"encoding": "utf-16"}, text(*CSV, encoding="utf-16"), 12),
    "csv by the careful way": ({}, text(CSV[0], ",".join((LONG[0], f'"甲\n{LONG[1]}"', *LONG[2:])) + "\n"), 0),
    "fixed": ({"format": "fixed", "positions": POSITIONS}, text("", "".join(f"{cell:{WIDTH}}" for cell in LONG) + "\n"), 0),
    "jsonl": ({"format": "jsonl"}, text("", OBJECT + "\n"), 0),
    "json": ({"format": "json"}, text("[", OBJECT + ",", "]"), 0),
    "xml": ({"format": "xml", "path": "/rows/row"}, text("<rows>", ELEMENT, "</rows>"), 0),
    "xlsx": ({"format": "xlsx"}, xlsx, 0),
    "xlsx in zip": ({"format": "xlsx"}, zipped(xlsx), 0),
    "parquet": ({"format": "parquet"}, parquet, 4),
}


@pytest.mark.parametrize("form", FORMS)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, on_scales: Scales, form: str) -> None:
    supply, write, times = FORMS[form]
    few, limit = ROWS * times or LONG_ROWS, 0
    for count in (few, few * 3):
        write(tmp_path / "f", count)
        peaks: list[int] = []
        while not peaks or (limit and min(peaks) >= limit and len(peaks) < ATTEMPTS):
            weighed = on_scales.read(tmp_path / "f", **supply)
            assert (weighed.rows, weighed.refused) == (count, "")
            peaks.append(weighed.megabytes)
        assert not limit or min(peaks) < limit, (peaks, limit)
        limit = max(peaks) + MARGIN
