"""Fields of numbers that a spreadsheet can spoil unseen: Excel makes `9.1E+17` of a long number, and its last digits are gone.

Most codes need no rule for it: their check, code list, enum, pattern or reference refuses such a cell anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

from yishu.contract.model import Dataset, Field, Project, Rule
from yishu.contract.regex import refuses

SPOILT = r"^[0-9](\.[0-9]+)?[Ee]\+[0-9]{1,3}$"
"""How Excel writes a number that is too long for it, or for its column."""
_SPECIMENS = ("1E+11", "9.1E+17", "9.11E+17", "1.30102E+17", "6.22202E+18", "1.2e+6")
_SHORTEST = 5
_NUMBERS = ("id", "account")
"""Masks of what is a number by its nature."""


def spoilable(dataset: Dataset, project: Project) -> Iterator[Field]:
    """The fields that hold codes and that no other rule guards.

    Args:
        dataset: the contract.
        project: knows of which dataset an element is the key.
    """
    for field in dataset.fields:
        if field.type.kind == "string" and _is_code(field, project) and not _guarded(field, dataset):
            yield field


def _is_code(field: Field, project: Project) -> bool:
    named = field.key_position is not None or field.unique or field.reference is not None
    return named or field.pattern is not None or field.mask in _NUMBERS or _names_rows(field, project)


def _names_rows(field: Field, project: Project) -> bool:
    """True if the field's element is in the key of its authoritative dataset."""
    element = project.elements.get(field.element or "")
    source = project.datasets.get(element.source or "") if element else None
    return source is not None and any(source.field(name).element == field.element for name in source.key)


def _guarded(field: Field, dataset: Dataset) -> bool:
    if field.check != "none" or field.codelist or field.values:
        return True
    if field.type.length is not None and field.type.length < _SHORTEST:
        return True
    if field.reference is not None and field.reference.severity != "warn":
        return True
    if field.pattern is not None and refuses(field.pattern, _SPECIMENS):
        return True
    about_it = (*field.rules, *(rule for rule in dataset.rules if rule.kwargs.get("column") == field.name))
    return any(_refuses(rule) for rule in about_it)


def _refuses(rule: Rule) -> bool:
    """True if the rule keeps out every row with a spoilt number; one that warns, or judges some rows only, does not."""
    if rule.severity == "warn" or "row_condition" in rule.kwargs:
        return False
    regex = rule.kwargs.get("regex")
    if rule.type == "expect_column_values_to_match_regex":
        return isinstance(regex, str) and refuses(regex, _SPECIMENS)
    return rule.type in _STRICT


_STRICT = tuple(
    f"expect_column_values_to_be_{what}"
    for what in ("in_set", "in_codelist", "uscc", "citizen_id", "licence_id", "industry", "period")
)
