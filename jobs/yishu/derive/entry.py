"""A dataset or mart → its catalogue entry: what the site shows of it, and its record in the national catalogue (`目录`).

Only what follows from contracts; what a run found out (rows, dates, quality) is added by publish.
"""

from __future__ import annotations

from typing import TypedDict

from yishu.contract.graph import source_table, upstream
from yishu.contract.model import GRADES, Dataset, Field, Mart, Project, Sharing
from yishu.derive.catalogue import CatalogueJson, dataset_record, mart_record
from yishu.derive.masks import field_mask, token_domain, token_name
from yishu.derive.spark_types import spark_type
from yishu.derive.suite import SuiteJson, suite, written


class DepartmentJson(TypedDict):
    id: str
    name: str
    code: str
    area: str
    valid_from: str | None
    valid_to: str | None


class ElementJson(TypedDict):
    """`authoritative`: this table is the element's one source."""

    name: str
    title: str
    standard: str
    source: str | None
    authoritative: bool
    grade: str


class CodeJson(TypedDict):
    value: str
    label: str


class FieldJson(TypedDict):
    """`mask` is what gold puts on it; `token` the gold column to join by, and `token_domain` what it joins with."""

    name: str
    title: str
    type: str
    required: bool
    grade: str
    mask: str | None
    token: str | None
    token_domain: str | None
    element: str | None
    standard: str
    codelist: str | None
    values: list[CodeJson]
    reference: str | None
    description: str


class RuleJson(TypedDict):
    name: str
    column: str
    message: str
    expected: str
    severity: str
    dimension: str
    tolerance: float | None


class SupplyJson(TypedDict):
    format: str
    encoding: str


EntryJson = TypedDict("EntryJson", {
    "name": str, "kind": str, "title": str, "description": str, "version": str, "database": str, "database_title": str,
    "class": str, "owner": str, "suppliers": list[DepartmentJson], "system": str, "standards": list[str],
    "elements": list[ElementJson], "fields": list[FieldJson], "key": list[str], "mode": str | None, "sequence": str | None,
    "cycle": str | None, "sharing": str, "sharing_condition": str, "grade": str, "tolerance": float | None,
    "supply": SupplyJson | None, "question": str, "rules": list[RuleJson], "table": str | None, "upstream": list[str],
    "downstream": list[str], "目录": CatalogueJson,
})  # fmt: skip


def entry(table: Dataset | Mart, project: Project) -> EntryJson:
    """The catalogue entry of a dataset or mart, without run facts.

    Args:
        table: the contract.
        project: where departments, elements and neighbours are looked up.
    """
    return _dataset_entry(table, project) if isinstance(table, Dataset) else _mart_entry(table, project)


def _dataset_entry(dataset: Dataset, project: Project) -> EntryJson:
    database = project.databases.get(dataset.database)
    suppliers = [_department(s, project) for s in dataset.suppliers]
    shared = dataset.sharing != "none"
    base = f"{dataset.database}.{dataset.name}"
    return {
        "name": dataset.name, "kind": "dataset", "title": dataset.title, "description": dataset.description,
        "version": dataset.version, "database": dataset.database, "database_title": database.title if database else "",
        "class": database.kind if database else "", "owner": database.lead if database else "", "suppliers": suppliers,
        "system": dataset.system, "standards": _standards(dataset.fields),
        "elements": _elements(dataset.fields, dataset.name, project), "fields": [_field(f) for f in dataset.fields],
        "key": list(dataset.key), "mode": dataset.mode, "sequence": dataset.sequence, "cycle": dataset.cycle,
        "sharing": dataset.sharing, "sharing_condition": dataset.sharing_condition, "grade": dataset.grade,
        "tolerance": dataset.tolerance, "supply": {"format": dataset.supply.format, "encoding": dataset.supply.encoding},
        "question": "", "rules": _rules(suite(dataset, project)), "table": base if shared else None,
        "upstream": [f"bronze.{dataset.name}"],
        "downstream": sorted({*([base] if shared else []), *_readers(f"silver.{dataset.name}", project)}),
        "目录": dataset_record(dataset, project),
    }  # fmt: skip


def _mart_entry(mart: Mart, project: Project) -> EntryJson:
    database = project.databases.get(mart.database)
    sharing = _mart_sharing(mart, project)
    return {
        "name": mart.table, "kind": "mart", "title": mart.title, "description": mart.description, "version": mart.version,
        "database": mart.database, "database_title": database.title if database else "",
        "class": database.kind if database else "", "owner": database.lead if database else "", "suppliers": [],
        "system": "", "standards": _standards(mart.fields), "elements": _elements(mart.fields, mart.table, project),
        "fields": [_field(f) for f in mart.fields], "key": list(mart.key), "mode": None, "sequence": None, "cycle": None,
        "sharing": sharing, "sharing_condition": "", "grade": max((f.grade for f in mart.fields), key=GRADES.index),
        "tolerance": None, "supply": None,
        "question": mart.question, "rules": _mart_rules(mart), "table": mart.table, "upstream": sorted(mart.inputs),
        "downstream": _readers(mart.table, project), "目录": mart_record(mart, project, sharing),
    }  # fmt: skip


def _department(identity: str, project: Project) -> DepartmentJson:
    known = project.departments.get(identity)
    if known is None:
        return {"id": identity, "name": identity, "code": "", "area": "", "valid_from": None, "valid_to": None}
    ends = known.valid_to.isoformat() if known.valid_to else None
    return {
        "id": known.id, "name": known.name, "code": known.code, "area": known.area,
        "valid_from": known.valid_from.isoformat(), "valid_to": ends,
    }  # fmt: skip


def _standards(fields: tuple[Field, ...]) -> list[str]:
    return sorted({f.standard for f in fields if f.standard})


def _elements(fields: tuple[Field, ...], table: str, project: Project) -> list[ElementJson]:
    """The data elements that the fields carry, in the fields' order."""
    names = dict.fromkeys(f.element for f in fields if f.element is not None)
    known = [project.elements[name] for name in names if name in project.elements]
    return [
        {"name": e.name, "title": e.title, "standard": e.standard, "source": e.source, "authoritative": e.source == table,
         "grade": e.grade}
        for e in known
    ]  # fmt: skip


def _field(field: Field) -> FieldJson:
    token = field.tokened
    reference = field.reference
    return {
        "name": field.name, "title": field.title, "type": spark_type(field.type),
        "required": field.required or field.key_position is not None, "grade": field.grade, "mask": field_mask(field),
        "token": token_name(field) if token else None, "token_domain": token_domain(field) if token else None,
        "element": field.element, "standard": field.standard, "codelist": field.codelist,
        "values": [{"value": v.value, "label": v.label} for v in field.values],
        "reference": f"{reference.dataset}.{reference.field}" if reference else None, "description": field.description,
    }  # fmt: skip


def _rules(rules: SuiteJson) -> list[RuleJson]:
    metas = (e["meta"]["yishu"] for e in rules["expectations"])
    return [
        {"name": m["rule"], "column": m["column"], "message": m["message"], "expected": m["expected"],
         "severity": m["severity"], "dimension": m["dimension"], "tolerance": m["tolerance"]}
        for m in metas
    ]  # fmt: skip


def _mart_rules(mart: Mart) -> list[RuleJson]:
    titles = {f.name: f.title for f in mart.fields}
    given = [written(rule, f.name, titles) for f in mart.fields for rule in f.rules]
    given += [written(rule, "", titles) for rule in mart.rules]
    return [
        {"name": rule.name, "column": column, "message": rule.message, "expected": wanted, "severity": rule.severity,
         "dimension": rule.dimension, "tolerance": rule.tolerance}
        for rule, column, wanted in given
    ]  # fmt: skip


def _readers(table: str, project: Project) -> list[str]:
    """The marts that read a table, also by way of its base table in gold."""
    return sorted(m.table for m in project.marts.values() if table in {source_table(project, name) for name in m.inputs})


_STRICTER: tuple[Sharing, ...] = ("unconditional", "conditional", "none")


def _mart_sharing(mart: Mart, project: Project) -> Sharing:
    """A mart is shared no more freely than the strictest dataset that it is made from; `none` gives conditional.

    What may not be shared can still be counted for those who are entitled: the mart is released case by case.
    """
    names = (name.removeprefix("silver.") for name in upstream(project, mart.table) if name.startswith("silver."))
    found = (project.datasets[name].sharing for name in names if name in project.datasets)
    return _STRICTER[min(1, max((_STRICTER.index(s) for s in found), default=0))]
