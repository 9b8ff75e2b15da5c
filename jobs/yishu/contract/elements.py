"""elements.yaml, departments.yaml and codes/*.csv → elements, departments, code lists; what a field takes from its element."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from open_data_contract_standard.model import SchemaProperty

from yishu.contract.model import GRADES, Department, Element, Field, Frozen, Grade
from yishu.contract.reading import Reading
from yishu.contract.yaml_lines import Step, read_document
from yishu.contract.yishu_keys import FieldKeys
from yishu.errors import ContractError, Place

Entry = TypeVar("Entry", bound=Frozen)


def read_elements(file: Path, errors: list[ContractError]) -> dict[str, Element]:
    """Data elements by name, sorted."""
    return _read_entries(Element, file, "elements", "name", errors)


def read_departments(file: Path, errors: list[ContractError]) -> dict[str, Department]:
    """Departments by id, sorted."""
    return _read_entries(Department, file, "departments", "id", errors)


def find_codelists(folder: Path) -> dict[str, Path]:
    """Code lists by name: `codes/divisions.csv` is `divisions`."""
    return {file.stem: file for file in sorted(folder.glob("*.csv"))}


def inherit(
    field: Field, keys: FieldKeys, given: SchemaProperty, elements: Mapping[str, Element], reading: Reading, *at: Step
) -> Field:
    """The field with what its element says: check, code list, edition, standard, mask, length, and the higher grade."""
    name = _element_name(given, reading, *at)
    element = elements.get(name) if name else None
    standard = next((d.url or "" for d in given.authoritativeDefinitions or () if d.type == "standard"), "")
    grade = _grade(given, element, reading, *at)
    if element is None:
        return field.model_copy(update={
            "element": name, "grade": grade, "check": keys.check or ("codelist" if keys.codelist else "none"),
            "codelist": keys.codelist, "edition": keys.edition, "mask": keys.mask, "standard": keys.standard or standard,
        })  # fmt: skip
    for key, own, shared in (
        ("check", keys.check, element.check), ("codelist", keys.codelist, element.codelist),
        ("standard", keys.standard, element.standard),
    ):  # fmt: skip
        if own is not None and own != shared:
            reading.wrong(
                f"field {field.name!r} has its own yishu.{key}, {own!r}, beside that of element {element.name!r}", *at,
                "customProperties", ("property", f"yishu.{key}"), code="one-standard", expected=f"{shared!r}, from the element",
                remedy="remove it, or refer to another element",
            )  # fmt: skip
    length = field.type.length or element.length
    kind = field.type.model_copy(update={"length": length}) if field.type.kind == "string" else field.type
    return field.model_copy(update={
        "element": name, "grade": grade, "type": kind, "check": element.check, "codelist": element.codelist,
        "edition": keys.edition or element.edition, "mask": keys.mask or element.mask, "standard": element.standard,
    })  # fmt: skip


def _element_name(given: SchemaProperty, reading: Reading, *at: Step) -> str | None:
    named = [d for d in given.authoritativeDefinitions or () if d.type == "element"]
    if not named:
        return None
    file, mark, name = (named[0].url or "").partition("#")
    if len(named) > 1 or file != "elements.yaml" or not mark or not name:
        reading.wrong(
            f"field {given.name!r} refers to {', '.join(d.url or '' for d in named)}", *at, "authoritativeDefinitions",
            code="element", expected="one `{type: element, url: elements.yaml#<name>}`", remedy="write it so",
        )  # fmt: skip
        return None
    return name


def _grade(given: SchemaProperty, element: Element | None, reading: Reading, *at: Step) -> Grade:
    """The contract may raise an element's grade, never lower it; the higher one counts, whatever was written."""
    floor: Grade = element.grade if element else "general-1"
    own = next((g for g in GRADES if g == given.classification), None)
    if own is None:
        if given.classification:
            reading.wrong(
                f"field {given.name!r} has the grade {given.classification!r}", *at, "classification", code="grade",
                expected=f"one of {', '.join(GRADES)}", remedy="choose one of these (GB/T 43697-2024)",
            )  # fmt: skip
        return floor
    if GRADES.index(own) < GRADES.index(floor):
        reading.wrong(
            f"field {given.name!r} lowers the grade of element {element.name if element else ''!r} to {own}", *at,
            "classification", code="grade", expected=f"{floor} or higher", remedy="remove the line, the element says the grade",
        )  # fmt: skip
        return floor
    return own  # type: ignore[return-value]  # GRADES holds exactly the grades


def _read_entries(kind: type[Entry], file: Path, top: str, key: str, errors: list[ContractError]) -> dict[str, Entry]:
    """`file`'s one list `top`, by each entry's `key`; entries that are wrong are left out and noted."""
    if not file.is_file():
        errors.append(ContractError(f"{file.name} is missing", code="missing", place=Place(file), remedy=f"write `{top}: []`"))
        return {}
    try:
        document = read_document(file)
    except ContractError as error:
        errors.append(error)
        return {}
    reading = Reading(document, file.stem)
    value = document.value if isinstance(document.value, dict) else {}
    entries = value.get(top) or []
    for other in value.keys() - {top}:
        reading.unknown_key(other, (top,), other)
    if top not in value or not isinstance(entries, list):
        reading.wrong(f"no list {top!r}", code="value", expected=f"`{top}:` and below it a list", remedy="write it so")
        entries = []
    found: dict[str, Entry] = {}
    for index, entry in enumerate(entries):
        made = reading.model(kind, entry, top, index)
        name = str(getattr(made, key, ""))
        if name in found:
            reading.wrong(f"{key} {name!r} stands twice", top, index, code="repeated", remedy="remove one of the two")
        elif made is not None:
            found[name] = made
    errors.extend(reading.errors)
    return dict(sorted(found.items()))
