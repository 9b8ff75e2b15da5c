"""The code lists say what the standards and the civil affairs register say."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODES = ROOT / "schemas" / "codes"
LISTS = sorted(file.stem for file in CODES.glob("*.csv"))
EVER = (dt.date.min.isoformat(), dt.date.max.isoformat())
XIONGAN = {"130629", "130632", "130638"}

Row = dict[str, str]


def rows_of(file: Path) -> list[Row]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def codelist(name: str) -> list[Row]:
    return rows_of(CODES / f"{name}.csv")


def span(row: Row) -> tuple[str, str]:
    return row["valid_from"] or EVER[0], row["valid_to"] or EVER[1]


def on(day: str, rows: list[Row]) -> list[Row]:
    return [row for row in rows if span(row)[0] <= day <= span(row)[1]]


@pytest.mark.parametrize("name", LISTS)
def test_every_row_has_a_code_and_a_name_without_stray_blanks(name: str) -> None:
    rows = codelist(name)
    assert rows
    for row in rows:
        assert None not in row and None not in row.values(), f"ragged: {row}"
        assert row["code"] and row["name"], row
        assert all(value == value.strip() for value in row.values()), row


@pytest.mark.parametrize("name", LISTS)
def test_spans_are_dates_in_order_and_one_code_has_one_name_at_a_time(
    name: str,
) -> None:
    spans: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
    for row in codelist(name):
        first, last = (row.get(end) or "" for end in ("valid_from", "valid_to"))
        for day in filter(None, (first, last)):
            assert dt.date.fromisoformat(day).isoformat() == day
        start, end = first or EVER[0], last or EVER[1]
        assert start <= end, row
        spans[row["code"], row.get("edition", ""), row.get("division", "")].append(
            (start, end)
        )
    for key, listed in spans.items():
        listed.sort()
        for (_, end), (start, _) in itertools.pairwise(listed):
            assert end < start, f"{key} has two rows on {start}"


@pytest.mark.parametrize(
    "name", [name for name in LISTS if "parent" in codelist(name)[0]]
)
def test_parents_stand_in_the_same_list(name: str) -> None:
    rows = codelist(name)
    known = {(row["code"], row.get("edition", "")) for row in rows}
    orphans = [
        row
        for row in rows
        if row["parent"] and (row["parent"], row.get("edition", "")) not in known
    ]
    assert not orphans


def test_current_divisions_are_those_of_the_register(shared_data: Path) -> None:
    ours = {
        (row["code"], row["name"], row["level"], row["parent"])
        for row in codelist("divisions") if not row["valid_to"] and row["kind"] == "legal"
    }  # fmt: skip
    theirs = {
        (row["code"], row["name"], row["level"], row["parent_code"])
        for row in rows_of(shared_data / "admin" / "china_divisions_mca_20260911.csv")
    }
    assert ours == theirs


def test_hebei_has_11_cities_and_167_counties_by_law_and_xiongan_only_by_statistics() -> (
    None
):
    now = [
        row
        for row in codelist("divisions")
        if row["code"].startswith("13") and not row["valid_to"]
    ]
    assert Counter((row["level"], row["kind"]) for row in now) == {
        ("1", "legal"): 1, ("2", "legal"): 11, ("3", "legal"): 167, ("2", "statistical"): 1,
    }  # fmt: skip
    assert [
        row["code"] for row in codelist("divisions") if row["kind"] == "statistical"
    ] == ["133100"]


def test_every_code_that_hebei_gave_up_ends_in_its_year(shared_data: Path) -> None:
    ends = {
        (row["code"], row["name"], row["valid_to"][:4])
        for row in codelist("divisions")
        if row["valid_to"]
    }
    for event in rows_of(
        shared_data / "admin" / "hebei_division_changes_1980_2020.csv"
    ):
        code, name, year = event["old_code"], event["old_name"], event["year"]
        if code.startswith("13"):
            # A code that lived on under another name ends with the year before.
            assert (code, name, year) in ends or (
                code,
                name,
                str(int(year) - 1),
            ) in ends, event


def test_every_code_that_hebei_got_begins_in_its_year(shared_data: Path) -> None:
    begins = {
        (row["code"], row["name"], row["valid_from"][:4])
        for row in codelist("divisions")
    }
    for event in rows_of(
        shared_data / "admin" / "hebei_division_changes_1980_2020.csv"
    ):
        # A merger names the division that took over; it was there before.
        if event["new_code"].startswith("13") and event["type"] != "撤销":
            assert (event["new_code"], event["new_name"], event["year"]) in begins, (
                event
            )


def test_abolished_counties_of_2020_are_valid_before_and_not_after() -> None:
    rows = codelist("divisions")
    before, after = (
        {row["code"] for row in on(day, rows)} for day in ("2019-06-30", "2021-06-30")
    )
    assert {"130521", "130526", "130527"} <= before and not {
        "130521",
        "130526",
        "130527",
    } & after
    assert {"130505", "130506"} <= after and not {"130505", "130506"} & before


def test_every_county_is_in_one_unit_on_every_day_of_its_life() -> None:
    lives: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in codelist("divisions"):
        if row["code"].startswith("13") and row["level"] == "3":
            lives[row["code"]].append(span(row))
    mapped: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in codelist("reporting_units"):
        mapped[row["division"]].append(span(row))
    assert {code: _joined(spans) for code, spans in mapped.items()} == {
        code: _joined(spans) for code, spans in lives.items()
    }


def _joined(spans: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Spans that touch become one."""
    joined: list[tuple[str, str]] = []
    for start, end in sorted(spans):
        if joined and dt.date.fromisoformat(joined[-1][1]) + dt.timedelta(
            1
        ) == dt.date.fromisoformat(start):
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


@pytest.mark.parametrize(("day", "units", "baoding", "xiongan"), [
    ("2016-06-30", 13, 23, set()), ("2017-03-31", 13, 23, set()), ("2017-04-01", 14, 20, XIONGAN), ("2024-12-31", 14, 20, XIONGAN),
])  # fmt: skip
def test_units_as_of_a_day(
    day: str, units: int, baoding: int, xiongan: set[str]
) -> None:
    rows = on(day, codelist("reporting_units"))
    counties: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        counties[row["code"]].add(row["division"])
    assert len(counties) == units
    assert len(counties["130600"]) == baoding and "130682" not in counties["130600"]
    assert counties.get("133100", set()) == xiongan
    assert counties["130682"] == {"130682"} and counties["130181"] == {"130181"}


@pytest.mark.parametrize(("former", "unit"), [
    ("132439", "130682"), ("132321", "130181"), ("139004", "130181"), ("132435", "130600"), ("131181", "131100"), ("139012", "131000"),
])  # fmt: skip
def test_former_codes_go_to_the_unit_of_what_they_became(
    former: str, unit: str
) -> None:
    assert {
        row["code"] for row in codelist("reporting_units") if row["division"] == former
    } == {unit}


@pytest.mark.parametrize(("edition", "divisions"), [("2011", 96), ("2017", 97)])
def test_industries_have_20_sections_and_their_divisions(
    edition: str, divisions: int
) -> None:
    rows = [row for row in codelist("industries") if row["edition"] == edition]
    assert Counter(row["level"] for row in rows) == {"1": 20, "2": divisions}
    assert [row["code"][1:] for row in rows if row["level"] == "2"] == [
        f"{n:02d}" for n in range(1, divisions + 1)
    ]
    assert all(row["code"][0] == row["parent"] for row in rows if row["level"] == "2")


@pytest.mark.parametrize("edition", ["2011", "2017"])
def test_every_industry_class_lies_in_a_listed_division(
    edition: str, shared_data: Path
) -> None:
    ours = {row["code"] for row in codelist("industries") if row["edition"] == edition}
    theirs = {
        row["code"][:3]
        for row in rows_of(shared_data / "industry" / f"gbt4754_{edition}.csv")
    }
    assert theirs == ours


def test_one_industry_code_can_mean_two_things() -> None:
    names = {
        row["edition"]: row["name"]
        for row in codelist("industries")
        if row["code"] == "P83" or row["code"] == "Q83"
    }
    assert names == {"2011": "卫生", "2017": "教育"}


@pytest.mark.parametrize(
    ("ours", "theirs"), [("sex", "gbt2261_1_sex"), ("marital", "gbt2261_2_marital")]
)
def test_person_codes_are_those_of_the_standard(
    ours: str, theirs: str, shared_data: Path
) -> None:
    expected = [
        (row["code"], row["name"])
        for row in rows_of(shared_data / "codelists" / f"{theirs}.csv")
    ]
    assert [(row["code"], row["name"]) for row in codelist(ours)] == expected


def test_ethnic_groups_are_56_and_two_for_others(shared_data: Path) -> None:
    expected = [
        (row["code"], row["name"])
        for row in rows_of(shared_data / "codelists" / "gbt3304_ethnic.csv")
    ]
    ours = [(row["code"], row["name"]) for row in codelist("ethnic")]
    assert ours[:56] == expected and ours[56:] == [
        ("97", "其他"),
        ("98", "外国血统中国籍人士"),
    ]


def test_land_classes_are_12_of_the_first_level_and_73_of_the_second(
    shared_data: Path,
) -> None:
    rows = codelist("land_classes")
    first = [(row["code"], row["name"]) for row in rows if row["level"] == "1"]
    assert first == [
        (row["code"], row["name"])
        for row in rows_of(shared_data / "codelists" / "gbt21010_2017_level1.csv")
    ]
    second = [row for row in rows if row["level"] == "2"]
    assert len(second) == 73 and all(row["code"][:2] == row["parent"] for row in second)


def test_indicators_use_listed_units() -> None:
    units = {row["code"] for row in codelist("units")}
    rows = codelist("indicators")
    assert len(rows) == 12
    assert {row["unit"] for row in rows} <= units
    assert {row["freq"] for row in rows} <= {"M", "Q", "Y"}
