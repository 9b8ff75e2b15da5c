"""A suite that names code lists → the same suite with their codes and validity filled in, from `schemas/codes/<list>.csv`.

Suite files hold a list's name only, so that a changed list changes no suite; nothing here knows Spark or GX.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from yishu.contract.model import Project
from yishu.derive.suite import ExpectationJson, SuiteJson
from yishu.errors import ContractError, Place

_LISTED = "expect_column_values_to_be_in_codelist"
_INDUSTRY = "expect_column_values_to_be_industry"
_DATED = "expect_column_pair_to_be_valid_on_date"
_INDUSTRY_DIVISION = re.compile("[A-T][0-9]{2}")


@dataclass(frozen=True)
class Code:
    """One line of a code list; a code that was valid in several spans, or in several editions, has several lines."""

    code: str
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    """The last day on which it is valid."""
    edition: str = ""


def bind(suite: SuiteJson, project: Project) -> SuiteJson:
    """Fill `value_set`, `periods` and `places` of every expectation that names a code list; the suite given is left as it is.

    A membership rule gets the codes of all times (an old code stays a code), a dated rule those of limited validity.
    Arguments that are there already, as a user's rule may have them, are kept.

    Raises:
        ContractError: the list does not exist, cannot be read, is empty, or an industry rule names no known edition.
    """
    return {**suite, "expectations": [_bound(e, suite["name"], project) for e in suite["expectations"]]}


def read_codes(file: Path) -> tuple[Code, ...]:
    """The lines of a code list: UTF-8 CSV with `code` and, where the list has them, `valid_from`, `valid_to`, `edition`.

    Raises:
        ContractError: the file is missing, is no UTF-8, has no column or line of codes, or holds a date that is none.
    """
    try:
        return _codes(file, file.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(file, None, f"code list cannot be read: {error}", "a CSV file in UTF-8") from error


@lru_cache(maxsize=256)
def _codes(file: Path, _changed_at: int) -> tuple[Code, ...]:
    """Read once: every delivery asks for the lists of its rules."""
    text = file.read_text(encoding="utf-8-sig")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if "code" not in (reader.fieldnames or ()):
        raise _broken(file, 1, "code list has no column code", "a header with code,name …")
    codes = tuple(_code(row, file, reader.line_num) for row in reader if (row["code"] or "").strip())
    if not codes:
        raise _broken(file, None, "code list is empty", "at least one code")
    return codes


def periods(codes: Iterable[Code]) -> list[JsonValue]:
    """Validity as `[[from, to, [codes]], …]`, ISO dates, None for an open end, for codes that are not valid over all time.

    Spans of one code that touch or overlap are one span (a renamed division keeps its code), and codes of equal span
    stand together. A code with a gap stands in several spans.
    """
    spans: dict[str, list[Code]] = {}
    for code in codes:
        spans.setdefault(code.code, []).append(code)
    groups: dict[tuple[str, str], list[str]] = {}
    for name, parts in sorted(spans.items()):
        for first, last in _joined(parts):
            if (first, last) != (dt.date.min, dt.date.max):
                groups.setdefault((first.isoformat(), last.isoformat()), []).append(name)
    open_from, open_to = dt.date.min.isoformat(), dt.date.max.isoformat()
    return [
        [None if first == open_from else first, None if last == open_to else last, list[JsonValue](names)]
        for (first, last), names in sorted(groups.items())
    ]


def _joined(parts: list[Code]) -> Iterator[tuple[dt.date, dt.date]]:
    """One code's spans in time order, those that touch or overlap made one."""
    ends = sorted((p.valid_from or dt.date.min, p.valid_to or dt.date.max) for p in parts)
    first, last = ends[0]
    for start, end in ends[1:]:
        if last == dt.date.max or start <= last + dt.timedelta(days=1):
            last = max(last, end)
        else:
            yield first, last
            first, last = start, end
    yield first, last


def _bound(expectation: ExpectationJson, suite: str, project: Project) -> ExpectationJson:
    kind, given = expectation["type"], expectation["kwargs"]
    if kind not in (_LISTED, _INDUSTRY, _DATED):
        return expectation
    codes = read_codes(_file(str(given.get("codelist") or ""), suite, expectation, project))
    filled: dict[str, JsonValue]
    if kind == _DATED:
        filled = {"periods": periods(codes), "places": max(len(c.code) for c in codes)}
    elif kind == _INDUSTRY:
        filled = {"value_set": _industry_divisions(codes, suite, expectation)}
    else:
        filled = {"value_set": list[JsonValue](sorted({c.code for c in codes}))}
    return {**expectation, "kwargs": {**filled, **{k: v for k, v in given.items() if v is not None}}}


def _file(codelist: str, suite: str, expectation: ExpectationJson, project: Project) -> Path:
    file = project.codelists.get(codelist)
    if file is None:
        raise ContractError(
            f"rule {_rule(expectation)}: no code list {codelist or '(none named)'}", code="codelist-unknown",
            place=Place(f"expectations/{suite}.json"), expected="one of " + ", ".join(sorted(project.codelists)),
            remedy="name a list of schemas/codes or add the file there", subject=suite,
        )  # fmt: skip
    return file


def _industry_divisions(codes: tuple[Code, ...], suite: str, expectation: ExpectationJson) -> list[JsonValue]:
    """The 大类 (`A01`) of the edition that the rule names: without an edition, 261 codes of GB/T 4754 mean two things."""
    edition = str(expectation["kwargs"].get("edition") or "")
    found = sorted({c.code for c in codes if c.edition == edition and _INDUSTRY_DIVISION.fullmatch(c.code)})
    if not edition or not found:
        raise ContractError(
            f"rule {_rule(expectation)}: edition {edition or '(none)'} is not in the code list", code="codelist-edition",
            place=Place(f"expectations/{suite}.json"), expected="one of " + ", ".join(sorted({c.edition for c in codes})),
            remedy="set yishu.edition on the field or the element", subject=suite,
        )  # fmt: skip
    return list[JsonValue](found)


def _rule(expectation: ExpectationJson) -> str:
    """The rule's name; the type for a suite that was not rendered by us."""
    return expectation["meta"]["yishu"]["rule"] if "yishu" in expectation["meta"] else expectation["type"]


def _code(row: dict[str, str], file: Path, line: int) -> Code:
    def day(column: str) -> dt.date | None:
        text = (row.get(column) or "").strip()
        try:
            return dt.date.fromisoformat(text) if text else None
        except ValueError as error:
            raise _broken(file, line, f"{column} {text!r} is no date", "an ISO date, or nothing for an open end") from error

    first, last = day("valid_from"), day("valid_to")
    if first and last and last < first:
        raise _broken(file, line, f"valid_to {last} lies before valid_from {first}", "a span of at least one day")
    return Code(row["code"].strip(), first, last, (row.get("edition") or "").strip())


def _broken(file: Path, line: int | None, what: str, expected: str) -> ContractError:
    return ContractError(
        what, code="codelist", place=Place(file, line), expected=expected, remedy="mend the file", subject=file.stem
    )
