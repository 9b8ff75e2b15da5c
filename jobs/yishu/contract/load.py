"""`schemas/` → the project: every contract read, typed, bound to its elements, and frozen.

What can be said of one file alone is checked here; what needs several stands in `check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import get_args

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

from yishu.contract.elements import find_codelists, read_departments, read_elements
from yishu.contract.fields import read_fields
from yishu.contract.model import Database, DatabaseClass, Dataset, Element, Mart, Project
from yishu.contract.odcs import shape_errors
from yishu.contract.quality import read_rules
from yishu.contract.reading import Reading
from yishu.contract.sla import read_terms
from yishu.contract.yaml_lines import read_document
from yishu.contract.yishu_keys import DatasetKeys, MartKeys, yishu_keys
from yishu.errors import ContractError, ContractErrors, Place


def load_project(root: Path) -> Project:
    """Read `root/schemas`.

    Raises:
        ContractErrors: with everything that is wrong in single files; `check` finds what is wrong between files.
    """
    project, errors = read_project(root)
    if errors:
        raise ContractErrors(errors)
    return project


def read_project(root: Path) -> tuple[Project, tuple[ContractError, ...]]:
    """What is good in `root/schemas`, and every error: one broken contract hides no other."""
    schemas = root / "schemas"
    shelf = _Shelf(root)
    elements = read_elements(schemas / "elements.yaml", shelf.errors)
    departments = read_departments(schemas / "departments.yaml", shelf.errors)
    for kind in get_args(DatabaseClass):
        for folder in _folders(schemas / kind):
            _read_database(folder, elements, shelf)
    project = Project(
        root=root, elements=elements, departments=departments, codelists=find_codelists(schemas / "codes"),
        databases=dict(sorted(shelf.databases.items())), datasets=dict(sorted(shelf.datasets.items())),
        marts=dict(sorted(shelf.marts.items())),
    )  # fmt: skip
    return project, tuple(sorted(shelf.errors, key=_by_place))


@dataclass
class _Shelf:
    """What has been read so far."""

    root: Path
    databases: dict[str, Database] = field(default_factory=dict)
    datasets: dict[str, Dataset] = field(default_factory=dict)
    marts: dict[str, Mart] = field(default_factory=dict)
    errors: list[ContractError] = field(default_factory=list)


def _folders(parent: Path) -> Iterator[Path]:
    if parent.is_dir():
        yield from sorted(f for f in parent.iterdir() if f.is_dir() and not f.name.startswith((".", "_")))


def _read_database(folder: Path, elements: Mapping[str, Element], shelf: _Shelf) -> None:
    file = folder / "database.yaml"
    if file.is_file():
        _add_database(file, shelf)
    else:
        shelf.errors.append(ContractError(
            f"folder {folder.name!r} has no database.yaml", code="missing", place=Place(file, 1),
            expected="name, title, kind, lead", remedy="write one, or remove the folder",
        ))  # fmt: skip
    for contract in sorted(folder.glob("*.yaml")):
        if contract != file:
            _add_dataset(contract, elements, shelf)
    for contract in sorted((folder / "gold").glob("*.yaml")):
        _add_mart(contract, elements, shelf)


def _add_database(file: Path, shelf: _Shelf) -> None:
    reading = _open(file, shelf)
    if reading is None:
        return
    value = reading.document.value
    database = reading.model(Database, {**value, "file": file} if isinstance(value, dict) else value)  # type: ignore[dict-item]
    if database is not None:
        for key, stated, actual in (
            ("name", database.name, file.parent.name),
            ("kind", database.kind, file.parent.parent.name),
        ):
            if stated != actual:
                reading.wrong(
                    f"{key} is {stated!r} in a folder {actual!r}", key, code="folder", expected=actual,
                    remedy="rename one of the two",
                )  # fmt: skip
        other = shelf.databases.get(database.name)
        if other is not None:
            _twice(f"database {database.name!r}", other.file, reading)
    if database is not None and not reading.errors:
        shelf.databases[database.name] = database
    shelf.errors.extend(reading.errors)


def _add_dataset(file: Path, elements: Mapping[str, Element], shelf: _Shelf) -> None:
    reading, contract, table = _open_contract(file, file.parent.name, file.stem, shelf)
    if reading is None:
        return
    if contract is not None and table is not None:
        keys = yishu_keys(DatasetKeys, contract.customProperties, reading)
        terms = read_terms(contract, reading)
        fields = read_fields(table.properties or [], elements, reading)
        rules = read_rules(table.quality, None, reading, "schema", 0)
        other = shelf.datasets.get(file.stem)
        if other is not None:
            _twice(f"dataset {file.stem!r}", other.file, reading)
        if keys is not None and terms is not None and not reading.errors:
            shelf.datasets[file.stem] = Dataset(
                **keys.model_dump(exclude={"supply"}), **asdict(terms), supply=keys.supply, fields=fields, rules=rules,
                name=file.stem, title=table.businessName or file.stem, database=file.parent.name,
                version=contract.version or "", description=_purpose(contract), file=file,
                line=reading.document.line("schema", 0),
            )  # fmt: skip
    shelf.errors.extend(reading.errors)


def _add_mart(file: Path, elements: Mapping[str, Element], shelf: _Shelf) -> None:
    database = file.parent.parent.name
    reading, contract, table = _open_contract(file, database, f"{database}.{file.stem}", shelf)
    if reading is None:
        return
    if contract is not None and table is not None:
        keys = yishu_keys(MartKeys, contract.customProperties, reading)
        fields = read_fields(table.properties or [], elements, reading)
        rules = read_rules(table.quality, None, reading, "schema", 0)
        other = shelf.marts.get(f"{database}.{file.stem}")
        if other is not None:
            _twice(f"mart {database}.{file.stem}", other.file, reading)
        if keys is not None and not reading.errors:
            shelf.marts[f"{database}.{file.stem}"] = Mart(
                **keys.model_dump(), fields=fields, rules=rules, name=file.stem, title=table.businessName or file.stem,
                database=database, version=contract.version or "", description=_purpose(contract),
                select=shelf.root / "jobs" / "gold" / database / f"{file.stem}.sql", file=file,
                line=reading.document.line("schema", 0),
            )  # fmt: skip
    shelf.errors.extend(reading.errors)


def _open_contract(
    file: Path, database: str, name: str, shelf: _Shelf
) -> tuple[Reading | None, OpenDataContractStandard | None, SchemaObject | None]:
    """The contract and its one table, where both are as ODCS and Yishu want them."""
    reading = _open(file, shelf)
    if reading is None:
        return None, None, None
    reading.subject = name
    for error in shape_errors(reading.document.value):
        reading.wrong(error.what, *error.path, code="odcs", remedy=error.remedy)
    if reading.errors:
        return reading, None, None
    contract = OpenDataContractStandard.model_validate(reading.document.value)
    tables = contract.schema_ or []
    if len(tables) != 1 or not tables[0].properties:
        reading.wrong(
            f"the contract has {len(tables)} tables" if len(tables) != 1 else "the table has no properties", "schema",
            code="tables", expected="one table with its properties", remedy="write one file per table",
        )  # fmt: skip
        return reading, contract, None
    _expect_names(contract, tables[0], database, name, reading)
    return reading, contract, tables[0]


def _expect_names(contract: OpenDataContractStandard, table: SchemaObject, database: str, name: str, reading: Reading) -> None:
    stem = name.rsplit(".", 1)[-1]
    stated = (
        ("id", contract.id, name, ("id",)), ("name", contract.name, stem, ("name",)),
        ("domain", contract.domain, database, ("domain",)), ("the table's name", table.name, stem, ("schema", 0, "name")),
    )  # fmt: skip
    for what, value, expected, path in stated:
        if value != expected:
            reading.wrong(
                f"{what} is {value!r}", *path, code="name", expected=f"{expected!r}, as file and folder are called",
                remedy="rename one of the two",
            )  # fmt: skip
    if not table.businessName:
        reading.wrong("the table has no businessName", "schema", 0, code="title", remedy="add its Chinese title")
    if table.relationships:
        reading.wrong(
            "relationships of a whole table are not understood", "schema", 0, "relationships", code="relationship",
            remedy="put each at its field",
        )  # fmt: skip


def _purpose(contract: OpenDataContractStandard) -> str:
    return (contract.description.purpose or "") if contract.description else ""


def _open(file: Path, shelf: _Shelf) -> Reading | None:
    try:
        return Reading(read_document(file), file.stem)
    except ContractError as error:
        shelf.errors.append(error)
        return None


def _twice(what: str, first: Path, reading: Reading) -> None:
    reading.wrong(
        f"{what} stands twice, first in {first}", "name", code="repeated", expected="one name for one thing",
        remedy="rename one of the two",
    )  # fmt: skip


def _by_place(error: ContractError) -> tuple[str, int]:
    return (str(error.place.file), error.place.line or 0) if error.place else ("", 0)
