"""Rules of `check` about what datasets share: elements, code lists, departments."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from yishu.contract.finding import Finding, at_department, at_element, at_field, at_key, contracts, name_of
from yishu.contract.model import Department, Project
from yishu.errors import Place

NEEDS_CODELIST = ("division", "industry", "codelist")


def unknown_element(project: Project) -> Iterable[Finding]:
    """An element to which a field refers stands in elements.yaml."""
    for contract in contracts(project):
        for field in contract.fields:
            if field.element is not None and field.element not in project.elements:
                yield Finding(
                    at_field(contract, field.name, "authoritativeDefinitions"),
                    f"field {field.name!r} refers to the element {field.element!r}, which does not exist",
                    "correct the name, or add the element to elements.yaml", name_of(contract),
                )  # fmt: skip


def one_data(project: Project) -> Iterable[Finding]:
    """A field that has an element's name refers to that element (one data)."""
    for contract in contracts(project):
        for field in contract.fields:
            if field.name in project.elements and field.element != field.name:
                yield Finding(
                    at_field(contract, field.name), f"field {field.name!r} does not refer to the element {field.name!r}",
                    f"add authoritativeDefinitions: [{{type: element, url: elements.yaml#{field.name}}}], or rename the field",
                    name_of(contract),
                )  # fmt: skip


def source_carries(project: Project) -> Iterable[Finding]:
    """An element's source is a dataset with a field that refers to the element."""
    for element in project.elements.values():
        if element.source is None:
            continue
        dataset = project.datasets.get(element.source)
        if dataset is None:
            yield Finding(
                at_element(project, element.name, "source"), f"element {element.name!r} has the source {element.source!r}, "
                "which is no dataset", "correct the name, or remove `source` where the source lies outside", element.name,
            )  # fmt: skip
        elif all(field.element != element.name for field in dataset.fields):
            yield Finding(
                at_element(project, element.name, "source"),
                f"no field of {dataset.name!r}, the source of {element.name!r}, refers to it",
                f"let a field of {dataset.file.name} refer to elements.yaml#{element.name}, or name another source",
                element.name,
            )  # fmt: skip


def one_source(project: Project) -> Iterable[Finding]:
    """An element has exactly one source: yishu.sourceOf in contracts and `source` in elements.yaml agree (one source)."""
    for dataset in project.datasets.values():
        for index, name in enumerate(dataset.source_of):
            element = project.elements.get(name)
            if element is None:
                what = f"{dataset.name!r} claims to be the source of {name!r}, which is no element"
            elif element.source != dataset.name:
                holder = f"whose source is {element.source!r}" if element.source else "which has no `source` in elements.yaml"
                what = f"{dataset.name!r} claims to be the source of {name!r}, {holder}"
            else:
                continue
            yield Finding(
                at_key(dataset, "sourceOf", index), what, "remove the claim, or change `source` in elements.yaml", dataset.name
            )


def codelist_exists(project: Project) -> Iterable[Finding]:
    """A code list that is named stands in schemas/codes, and a check against codes names one (industry: its edition too)."""
    for element in project.elements.values():
        for what in _codelist_gaps(project, element.check, element.codelist, element.edition):
            yield Finding(
                at_element(project, element.name, "codelist"), f"element {element.name!r} {what}",
                "add the list as schemas/codes/<name>.csv, or correct the element", element.name,
            )  # fmt: skip
    for contract in contracts(project):
        for field in contract.fields:
            if field.element in project.elements:
                continue
            for what in _codelist_gaps(project, field.check, field.codelist, field.edition):
                yield Finding(
                    at_field(contract, field.name, "customProperties", ("property", "yishu.codelist")),
                    f"field {field.name!r} {what}", "add the list as schemas/codes/<name>.csv, or correct yishu.codelist",
                    name_of(contract),
                )  # fmt: skip


def _codelist_gaps(project: Project, check: str, codelist: str | None, edition: str | None) -> Iterable[str]:
    if codelist is not None and codelist not in project.codelists:
        yield f"names the code list {codelist!r}, which does not exist"
    if codelist is None and check in NEEDS_CODELIST:
        yield f"has the check {check!r} but no code list"
    if edition is None and check == "industry":
        yield "has the check 'industry' but no edition (261 codes mean different things in 2011 and 2017)"


def codelist_header(project: Project) -> Iterable[Finding]:
    """A code list is UTF-8 CSV whose header has code and name."""
    for name, file in project.codelists.items():
        what = _header_gap(file)
        if what:
            yield Finding(
                Place(file, 1), f"code list {name!r}: {what}", "write the header `code,name,…` and save as UTF-8", name
            )


def _header_gap(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            header = next(csv.reader(lines), [])
    except UnicodeDecodeError:
        return "the file is not UTF-8"
    missing = {"code", "name"} - set(header)
    return f"the header lacks {' and '.join(sorted(missing))}" if missing else ""


def departments(project: Project) -> Iterable[Finding]:
    """A department has a USCC that no other has at the same time, ends after it starts, and names a successor that exists."""
    for department in project.departments.values():
        what = _department_gap(project, department)
        if what:
            yield Finding(
                at_department(project, department.id), f"department {department.id!r} {what}", "correct it", department.id
            )
    for one, other in combinations(project.departments.values(), 2):
        if one.code == other.code and _overlap(one, other):
            yield Finding(
                at_department(project, other.id, "code"),
                f"departments {one.id!r} and {other.id!r} have the code {one.code} at the same time",
                "give the earlier one a valid_to", other.id,
            )  # fmt: skip


def _department_gap(project: Project, department: Department) -> str:
    if not re.fullmatch(r"[0-9A-HJ-NP-RTUW-Y]{18}", department.code):
        return f"has the code {department.code!r}, which is no USCC (GB 32100-2015)"
    if department.valid_to is not None and department.valid_to < department.valid_from:
        return "ends before it starts"
    if department.successor is not None and department.successor not in project.departments:
        return f"has the successor {department.successor!r}, which does not exist"
    return ""


def _overlap(one: Department, other: Department) -> bool:
    ends = [d.valid_to for d in (one, other)]
    return (ends[0] is None or other.valid_from <= ends[0]) and (ends[1] is None or one.valid_from <= ends[1])
