"""The sample's province and its extracts as plain rows, for tests of what departments hand in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yishu.contract.model import Project
from yishu.sample import write
from yishu.sample.columns import Case, Extract
from yishu.sample.province import Province, Sampled

Row = dict[str, str]


def province_of(project: Project, datasets: Sequence[str], rows: int = 2_000, seed: int = 11) -> Province:
    """A province whose departments hand in these datasets."""
    return write.province_of(project, datasets, rows, seed)


def rows_of(*extracts: Extract) -> list[Row]:
    """The rows of all of them, one after the other."""
    return [
        dict(zip(extract.columns, row, strict=True))
        for extract in extracts
        for row in zip(*(column.to_pylist() for column in extract.columns.values()), strict=True)
    ]


def clean_rows_of(*extracts: Extract) -> list[Row]:
    """Those on which no fault is planted."""
    return [row for extract in extracts for row in (rows_of(extract)[index] for index in extract.keep_clean.tolist())]


def keys_of(cases: Iterable[Case], mart: str) -> list[dict[str, str]]:
    """What a mart must find."""
    return [case.key for case in cases if case.mart == mart]


def the_case(sampled: Sampled, province: Province, name: str) -> dict[str, str]:
    """The key of the first case of that name."""
    return next(case.key for case in sampled.cases(province) if case.name == name)
