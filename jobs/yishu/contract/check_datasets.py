"""Rules of `check` about tables: names, keys, sequence, references, masks, and whose dataset it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from yishu.contract.finding import Contract, Finding, at_field, at_key, contracts, elements_file, name_of
from yishu.contract.graph import ring_in
from yishu.contract.levels import datasets_before
from yishu.contract.model import Dataset, Project, Rule
from yishu.contract.select import condition_trouble
from yishu.contract.yaml_lines import Step, locate
from yishu.errors import Place

NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED_DATABASES = frozenset({
    "landing", "bronze", "silver", "quarantine", "gold", "codes", "ops", "catalog", "default", "global_temp",
})  # fmt: skip
ORDERED = ("upsert", "history")
_COLUMN_KWARGS = ("column", "column_A", "column_B", "column_list", "column_set")


def names(project: Project) -> Iterable[Finding]:
    """Names of databases, datasets, marts, fields and rules are lower-case letters, digits and _, a letter first."""
    for kind, name, file, steps, subject in _named(project):
        if not NAME.fullmatch(name):
            yield Finding(locate(file, *steps), f"{kind} {name!r}", "rename it, and its file or folder", subject)


def _named(project: Project) -> Iterable[tuple[str, str, Path, tuple[Step, ...], str]]:
    for database in project.databases.values():
        yield "database", database.name, database.file, ("name",), database.name
    for name in project.elements:
        yield "element", name, elements_file(project), ("elements", ("name", name), "name"), name
    for contract in contracts(project):
        table: tuple[Step, ...] = ("schema", 0)
        yield "table", contract.name, contract.file, ("name",), name_of(contract)
        for rule in contract.rules:
            yield "rule", rule.name, contract.file, (*table, "quality", ("name", rule.name), "name"), name_of(contract)
        for field in contract.fields:
            at = (*table, "properties", ("name", field.name))
            yield "field", field.name, contract.file, (*at, "name"), name_of(contract)
            for rule in field.rules:
                yield "rule", rule.name, contract.file, (*at, "quality", ("name", rule.name), "name"), name_of(contract)


def names_once(project: Project) -> Iterable[Finding]:
    """A field's name and title and a rule's name stand once in their contract, a table's name once in its database."""
    for contract in contracts(project):
        fields = [("field", f.name, f.line) for f in contract.fields] + [("title", f.title, f.line) for f in contract.fields]
        seen: set[tuple[str, str]] = set()
        for kind, name, line in (*fields, *(("rule", r.name, r.line) for r in _rules(contract))):
            if (kind, name) in seen:
                what = f"{kind} {name!r} stands twice"
                yield Finding(Place(contract.file, line), what, "rename one of the two", name_of(contract))
            seen.add((kind, name))
    for mart in project.marts.values():
        dataset = project.datasets.get(mart.name)
        if dataset is not None and dataset.database == mart.database:
            yield Finding(
                locate(mart.file, "name"),
                f"{mart.table} is a mart and the gold table of a dataset",
                "rename the mart",
                mart.table,
            )


def reserved_names(project: Project) -> Iterable[Finding]:
    """No database is named as a layer, and no rule as one that Yishu derives itself."""
    for database in project.databases.values():
        if database.name in RESERVED_DATABASES:
            yield Finding(locate(database.file, "name"), f"database {database.name!r}", "choose another name", database.name)
    for contract in contracts(project):
        for rule in _rules(contract):
            if rule.name == "unparsable":
                yield Finding(Place(contract.file, rule.line), f"rule {rule.name!r}", "choose another name", name_of(contract))


def renames(project: Project) -> Iterable[Finding]:
    """yishu.renamedFrom is a name that no field of the table has any more, and that one field alone had."""
    for contract in contracts(project):
        given = [field.renamed_from for field in contract.fields]
        for field in contract.fields:
            old = field.renamed_from
            if old is not None and (given.count(old) > 1 or old in {f.name for f in contract.fields}):
                yield Finding(
                    at_field(contract, field.name, "customProperties", ("property", "yishu.renamedFrom")),
                    f"field {field.name!r} is renamed from {old!r}, which is another field's", "correct the name, or remove it",
                    name_of(contract),
                )  # fmt: skip


def shared_holds_marts(project: Project) -> Iterable[Finding]:
    """A database under schemas/shared has marts only: departments hand in nothing for it."""
    for dataset in project.datasets.values():
        database = project.databases.get(dataset.database)
        if database is not None and database.kind == "shared":
            yield Finding(
                Place(dataset.file, 1), f"{dataset.name!r} is a dataset of the shared database {database.name!r}",
                "move it to another database", dataset.name,
            )  # fmt: skip


def key_not_null(project: Project) -> Iterable[Finding]:
    """A dataset has a primary key, and every field of it is `required: true`."""
    for dataset in project.datasets.values():
        if not dataset.key:
            yield Finding(
                Place(dataset.file, dataset.line), f"{dataset.name!r} has no primary key",
                "add `primaryKey: true` to the fields that name one row", dataset.name,
            )  # fmt: skip
        for name in dataset.key:
            if not dataset.field(name).required:
                yield Finding(
                    at_field(dataset, name, "primaryKey"),
                    f"key field {name!r} may be null",
                    "add `required: true`",
                    dataset.name,
                )


def sequence(project: Project) -> Iterable[Finding]:
    """A dataset with mode upsert or history has yishu.sequence, a field with `required: true` that orders versions of a key."""
    for dataset in project.datasets.values():
        what = _sequence_gap(dataset)
        if what:
            yield Finding(
                at_key(dataset, "sequence"), what, "name a required date, timestamp or number that grows with each change",
                dataset.name,
            )  # fmt: skip


def _sequence_gap(dataset: Dataset) -> str:
    if dataset.sequence is None:
        return f"{dataset.name!r} has the mode {dataset.mode} but no yishu.sequence" if dataset.mode in ORDERED else ""
    field = next((f for f in dataset.fields if f.name == dataset.sequence), None)
    if field is None:
        return f"the sequence {dataset.sequence!r} is no field"
    return "" if field.required else f"the sequence {dataset.sequence!r} may be null"


def as_of_date(project: Project) -> Iterable[Finding]:
    """yishu.asOf names a date or timestamp of the same table."""
    for contract in contracts(project):
        kinds = {field.name: field.type.kind for field in contract.fields}
        for field in contract.fields:
            if field.as_of is not None and kinds.get(field.as_of) not in ("date", "timestamp"):
                found = f"a {kinds[field.as_of]}" if field.as_of in kinds else "no field"
                yield Finding(
                    at_field(contract, field.name, "customProperties", ("property", "yishu.asOf")),
                    f"field {field.name!r} is as of {field.as_of!r}, which is {found}", "name the field with the date",
                    name_of(contract),
                )  # fmt: skip


def masks(project: Project) -> Iterable[Finding]:
    """A text field of grade general-3 or higher has a mask, of its own or from its element (GB/T 43697-2024)."""
    for contract in contracts(project):
        for field in contract.fields:
            if field.masked and field.type.kind == "string" and field.mask is None:
                yield Finding(
                    at_field(contract, field.name, "classification"),
                    f"field {field.name!r} has the grade {field.grade} but no mask",
                    "add yishu.mask: name, id, phone, address, account, plate or suppress", name_of(contract),
                )  # fmt: skip


def references(project: Project) -> Iterable[Finding]:
    """A relationship leads to a field of the same type in a dataset."""
    for contract in contracts(project):
        for field in contract.fields:
            if field.reference is None:
                continue
            to = f"{field.reference.dataset}.{field.reference.field}"
            dataset = project.datasets.get(field.reference.dataset)
            target = next((f for f in dataset.fields if f.name == field.reference.field), None) if dataset else None
            if dataset is None:
                what = f"{to!r}, but {field.reference.dataset!r} is no dataset"
            elif target is None:
                what = f"{to!r}, but {dataset.name!r} has no such field"
            elif target.type.kind != field.type.kind:
                what = f"{to!r}, a {target.type.kind}, and is a {field.type.kind} itself"
            else:
                continue
            yield Finding(
                Place(contract.file, field.reference.line), f"field {field.name!r} relates to {what}",
                "correct `to: <dataset>.<field>`, or remove the relationship", name_of(contract),
            )  # fmt: skip


def no_reference_cycle(project: Project) -> Iterable[Finding]:
    """References that keep rows out lead in no ring: each dataset would wait for the others' rows."""
    ring = ring_in(datasets_before(project))[::-1]  # who refers before whom it refers to
    if ring:
        dataset = project.datasets[ring[0]]
        guilty = (f.reference for f in dataset.fields if f.reference and f.reference.severity != "warn")
        line = next(reference.line for reference in guilty if reference.dataset == ring[1])
        yield Finding(
            Place(dataset.file, line), f"datasets refer to each other: {' → '.join(ring)}",
            "set yishu.severity of one of the relationships to warn", dataset.name,
        )  # fmt: skip


def rule_columns(project: Project) -> Iterable[Finding]:
    """A quality rule is about columns that its table has."""
    for contract in contracts(project):
        known = {field.name for field in contract.fields}
        for rule in _rules(contract):
            given = [rule.kwargs[key] for key in _COLUMN_KWARGS if key in rule.kwargs]
            columns = [c for value in given for c in (value if isinstance(value, list) else [value])]
            for column in columns:
                if column not in known:
                    yield Finding(
                        Place(contract.file, rule.line), f"rule {rule.name!r} is about column {column!r}, which does not exist",
                        "correct the column's name", name_of(contract),
                    )  # fmt: skip


def rule_conditions(project: Project) -> Iterable[Finding]:
    """A rule's row_condition is one SQL condition on columns that its table has."""
    for contract in contracts(project):
        known = {field.name for field in contract.fields}
        for rule in _rules(contract):
            text = rule.kwargs.get("row_condition")
            trouble = condition_trouble(text, known) if isinstance(text, str) else ""
            if trouble:
                yield Finding(
                    Place(contract.file, rule.line), f"the row_condition of rule {rule.name!r} {trouble}", "correct the condition",
                    name_of(contract),
                )  # fmt: skip


def suppliers(project: Project) -> Iterable[Finding]:
    """A supplier stands in departments.yaml, once per contract."""
    for dataset in project.datasets.values():
        for index, name in enumerate(dataset.suppliers):
            again = name in dataset.suppliers[:index]
            if name not in project.departments or again:
                yield Finding(
                    at_key(dataset, "suppliers", index),
                    f"supplier {name!r} {'stands twice' if again else 'is no department'}",
                    "correct the id, or add the department to departments.yaml", dataset.name,
                )  # fmt: skip


def sharing_terms(project: Project) -> Iterable[Finding]:
    """A dataset that is shared under conditions, or not at all, says the condition or the legal ground."""
    for dataset in project.datasets.values():
        if dataset.sharing != "unconditional" and not dataset.sharing_condition:
            yield Finding(
                at_key(dataset, "sharing"), f"{dataset.name!r} has the sharing {dataset.sharing!r} without terms",
                "add yishu.sharingCondition", dataset.name,
            )  # fmt: skip


def _rules(contract: Contract) -> list[Rule]:
    return [*(rule for field in contract.fields for rule in field.rules), *contract.rules]
