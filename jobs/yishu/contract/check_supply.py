"""Rules of `check` about the supply form: each key says something for the form, and the form says all that a reader needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from yishu.contract.finding import Finding, at_key
from yishu.contract.model import Dataset, FileFormat, Project, Pull, Span, Supply
from yishu.contract.select import QUERY_PARAMETERS, Unreadable, read_parameters

_TEXTS: tuple[FileFormat, ...] = ("csv", "fixed", "jsonl", "json", "xml")
_SHEETS: tuple[FileFormat, ...] = ("xlsx", "xls")
_FOR: dict[str, tuple[FileFormat, ...]] = {
    "encoding": _TEXTS, "delimiter": ("csv",), "sheet": _SHEETS, "header_row": _SHEETS, "header_rows": _SHEETS,
    "path": ("json", "xml"), "cells": ("xml",), "positions": ("fixed",), "unit": ("fixed",),
}  # fmt: skip
"""The keys that only some forms understand."""
_ORDERED = ("integer", "decimal", "date", "timestamp")
"""Texts are no watermark: every database puts them in an order of its own."""


def supply_keys(project: Project) -> Iterable[Finding]:
    """A key of yishu.supply says something for its format."""
    for dataset in project.datasets.values():
        supply = dataset.supply
        for key in sorted(supply.model_fields_set & _FOR.keys()):
            if supply.format not in _FOR[key]:
                name = Supply.model_fields[key].alias or key
                yield Finding(
                    at_key(dataset, "supply", name), f"{name!r} says nothing for the format {supply.format}",
                    f"remove it; it is for {', '.join(_FOR[key])}", dataset.name,
                )  # fmt: skip


def supply_path(project: Project) -> Iterable[Finding]:
    """A dataset handed in as xml says the path of its rows, from the root: `path: /export/row`."""
    for dataset in project.datasets.values():
        path = dataset.supply.path
        if dataset.supply.format == "xml" and (not path.startswith("/") or "" in path.strip("/").split("/")):
            yield Finding(
                at_key(dataset, "supply", "path"), f"the path is {path!r}", "write the names of the elements from the root to a row",
                dataset.name,
            )  # fmt: skip


def supply_positions(project: Project) -> Iterable[Finding]:
    """A dataset of fixed width gives the positions of fields that it has, of all required ones, none within another."""
    for dataset in project.datasets.values():
        if dataset.supply.format == "fixed":
            for key, what in _wrong_positions(dataset):
                yield Finding(
                    at_key(dataset, "supply", "positions", *([key] if key else [])), what,
                    "write positions: {<field>: {start: 1, length: 18}, …}", dataset.name,
                )  # fmt: skip


def _wrong_positions(dataset: Dataset) -> Iterable[tuple[str, str]]:
    positions = dataset.supply.positions
    names = [field.name for field in dataset.fields]
    yield from ((name, f"{name!r} is no field") for name in positions if name not in names)
    needed = [f.name for f in dataset.fields if (f.required or f.key_position is not None) and f.name not in positions]
    if needed:
        yield "", f"the required fields {', '.join(needed)} have no position"
    ordered = sorted(positions.items(), key=lambda given: given[1].start)
    for (first, span), (second, following) in pairwise(ordered):
        if following.start < _end(span):
            yield second, f"{second!r} begins within {first!r}"
    if dataset.supply.unit == "bytes" and dataset.supply.encoding == "utf-16":
        yield "", "bytes are counted in UTF-16, where a line's end is none"


def _end(span: Span) -> int:
    return span.start + span.length


def pull_format(project: Project) -> Iterable[Finding]:
    """A dataset that is pulled has the format parquet, which is what the pull writes."""
    for dataset, _ in _pulled(project):
        if dataset.supply.format != "parquet":
            yield Finding(
                at_key(dataset, "supply", "format"), f"a pull, but the format {dataset.supply.format}", "write `format: parquet`",
                dataset.name,
            )  # fmt: skip


def pull_query(project: Project) -> Iterable[Finding]:
    """The query of a pull is one SELECT that changes nothing and asks for no other parameters than :after, :start and :end."""
    for dataset, pull in _pulled(project):
        found = read_parameters(pull.query)
        if isinstance(found, Unreadable):
            yield Finding(at_key(dataset, "supply", "pull", "query"), found.what, found.remedy, dataset.name)
        else:
            for name in sorted(found - QUERY_PARAMETERS):
                yield Finding(
                    at_key(dataset, "supply", "pull", "query"), f"the query asks for {name!r}", "use :after, :start and :end only",
                    dataset.name,
                )  # fmt: skip


def pull_watermark(project: Project) -> Iterable[Finding]:
    """The watermark of a pull is a field that numbers or dates put in order, and there is one where the query asks for :after."""
    for dataset, pull in _pulled(project):
        name, asked = pull.watermark, read_parameters(pull.query)
        kind = next((field.type.kind for field in dataset.fields if field.name == name), "")
        what = ""
        if name is None and not isinstance(asked, Unreadable) and "after" in asked:
            what = "the query asks for :after, but no watermark is given"
        elif name is not None and kind not in _ORDERED:
            what = f"the watermark {name!r} is {f'a {kind}' if kind else 'no field'}"
        if what:
            yield Finding(
                at_key(dataset, "supply", "pull"), what, f"write `watermark: <field>`, one of {', '.join(_ORDERED)}", dataset.name
            )


def pull_supplier(project: Project) -> Iterable[Finding]:
    """A dataset that is pulled has exactly one supplier: one database is one department's."""
    for dataset, _ in _pulled(project):
        if len(dataset.suppliers) != 1:
            yield Finding(
                at_key(dataset, "suppliers"), f"a pull, but {len(dataset.suppliers)} suppliers", "leave the one whose database it is",
                dataset.name,
            )  # fmt: skip


def _pulled(project: Project) -> Iterator[tuple[Dataset, Pull]]:
    for dataset in project.datasets.values():
        if dataset.supply.pull is not None:
            yield dataset, dataset.supply.pull
