"""A contract as it was × as it is → what changed, and of each change whether it is safe, needs a restatement or is breaking.

Pure: no lake, no JVM. Rules are compared as the suites that follow from both (`rule_changes`), so that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from yishu.contract.model import GRADES, Dataset, Field, Mart, Project, Rule, Type
from yishu.derive.change import Change, Touches
from yishu.derive.rule_changes import rule_changes
from yishu.derive.wording import Wording, wording

APPLY = "yishu plan counts what would change; yishu apply does it"
_PLAIN: tuple[tuple[str, str, str], ...] = (
    ("supply", "supply form", "only how new files are read"), ("cycle", "cycle", "only what is due"),
    ("deadline", "deadline", "only what is due"), ("since", "first day", "only what is due"),
    ("suppliers", "suppliers", "only who may hand in from now on"),
    ("tolerance", "tolerance", "only when new deliveries are held"),
    ("source_of", "source of elements", "only where others look values up"),
)  # fmt: skip


def changes(old: Wording, new: Wording, project: Project) -> tuple[Change, ...]:
    """What differs between two wordings of one contract, for those who read the table and for what stands in it.

    Args:
        old: as it was.
        new: as it is.
        project: what both belong to; titles are looked up there.
    """
    if isinstance(old.contract, Mart) or isinstance(new.contract, Mart):
        return tuple(_mart(old, new))
    before = _under_new_names(old.contract, _renames(old.contract, new.contract))
    found = [*_fields(old.contract, before, new.contract), *_whole(before, new.contract)]
    return (*found, *rule_changes(Wording(before, old.codes), new, project))


def project_changes(old: Project, new: Project) -> tuple[Change, ...]:
    """The same for every contract of two projects; one that is gone is breaking."""
    found: list[Change] = []
    for was, now in ((old.datasets, new.datasets), (old.marts, new.marts)):
        for name in sorted(was.keys() | now.keys()):
            if name not in now:
                found.append(gone(name))
            elif name not in was:
                found.append(Change("added", name, "", "safe", "a new table", "yishu run fills it"))
            else:
                found += changes(wording(was[name], old), wording(now[name], new), new)
    return tuple(found)


def gone(name: str) -> Change:
    """The contract of a table is no more."""
    return Change(
        "removed", name, "", "breaking", "its tables stay as they are, and nobody brings them up to date",
        "tell those who read it; put the contract back if it was not meant",
    )  # fmt: skip


def _renames(old: Dataset, new: Dataset) -> dict[str, str]:
    was, now = {f.name for f in old.fields}, {f.name for f in new.fields}
    return {f.renamed_from: f.name for f in new.fields if f.renamed_from and f.renamed_from in was - now and f.name not in was}


def _under_new_names(dataset: Dataset, names: Mapping[str, str]) -> Dataset:
    """The dataset as if its fields had always been called as they are now."""
    if not names:
        return dataset

    def called(value: object) -> object:
        if isinstance(value, list):
            return [called(v) for v in value]
        return names.get(value, value) if isinstance(value, str) else value

    def rule(given: Rule) -> Rule:
        return given.model_copy(update={"kwargs": {k: called(v) if k.startswith("column") else v for k, v in given.kwargs.items()}})

    fields = tuple(
        f.model_copy(update={"name": called(f.name), "as_of": called(f.as_of), "rules": tuple(rule(r) for r in f.rules)})
        for f in dataset.fields
    )
    return dataset.model_copy(
        update={"fields": fields, "sequence": called(dataset.sequence), "rules": tuple(rule(r) for r in dataset.rules)}
    )


def _fields(old: Dataset, before: Dataset, new: Dataset) -> Iterator[Change]:
    was = {f.name: f for f in before.fields}
    called = dict(zip((f.name for f in before.fields), (f.name for f in old.fields), strict=True))
    fresh = [f for f in new.fields if f.name not in was]
    for field in new.fields:
        if field.name not in was:
            yield _added(new.name, field)
            continue
        if called[field.name] != field.name:
            yield Change(
                "renamed", new.name, field.name, "safe", f"was {called[field.name]}: what stands under that name is taken over",
                "the next run does it", "columns",
            )  # fmt: skip
        yield from _field(new.name, was[field.name], field)
    for field in before.fields:
        if field.name not in {f.name for f in new.fields}:
            yield _removed(new.name, field, [f.name for f in fresh if f.type.kind == field.type.kind])


def _added(subject: str, field: Field) -> Change:
    if field.required or field.key_position is not None:
        return Change(
            "column added", subject, field.name, "breaking", "it is required, and no row of the past has it: all of them would"
            " go to quarantine", "make it optional, or yishu apply --keep lets the past stand without it", "table",
        )  # fmt: skip
    return Change("column added", subject, field.name, "safe", "NULL for the past", "the next run adds it", "columns")


def _removed(subject: str, field: Field, others: list[str]) -> Change:
    like = f" at {' or '.join(others)}" if others else ""
    declare = f"{{property: yishu.renamedFrom, value: {field.name}}} among the customProperties{like} of the field that it is now"
    return Change(
        "column removed", subject, field.name, "breaking", "whoever reads it finds it no more; earlier versions keep it",
        f"if it only has another name, say so: {declare}; else yishu apply --breaking", "table",
    )  # fmt: skip


def _field(subject: str, old: Field, new: Field) -> Iterator[Change]:
    if old.type != new.type:
        yield _type(subject, old, new)
    if old.required != new.required:
        word = "tightened" if new.required else "loosened"
        why = "rows without a value would go to quarantine" if new.required else "rows without a value may come out of quarantine"
        yield Change(f"rule {word}", subject, new.name, "restatement", f"required: {why}", APPLY, "verdicts")
    yield from _shown(subject, old, new)
    if old.title != new.title:
        yield Change(
            "title changed", subject, new.name, "safe", f"{old.title} → {new.title}: only what new files call it",
            "tell the department", "nothing",
        )  # fmt: skip


def _type(subject: str, old: Field, new: Field) -> Change:
    told = f"{said(old.type)} → {said(new.type)}"
    if old.type.kind != new.type.kind:
        why, todo = f"{told}: all rows are read anew, and whoever reads it gets another type", f"{APPLY} with --breaking"
        return Change("type changed", subject, new.name, "breaking", why, todo, "table")
    if _holds(new.type, old.type) and _digits(new.type)[1] > _digits(old.type)[1]:
        why = f"{told}: every value fits, but those of the past were rounded; bronze has their digits"
        return Change("scale widened", subject, new.name, "restatement", why, f"the next run does it; {APPLY} for the digits", "verdicts")
    if _holds(new.type, old.type):
        why = f"{told}: every value fits; rows that did not may come out of quarantine"
        return Change("type widened", subject, new.name, "safe", why, f"the next run does it; {APPLY} for quarantine too", "verdicts")
    where: Touches = "table" if old.type.kind == "decimal" else "verdicts"
    why = f"{told}: values that no longer fit would be rounded or go to quarantine"
    return Change("type narrowed", subject, new.name, "restatement", why, APPLY, where)


def said(kind: Type) -> str:
    """The type as a contract writes it."""
    if kind.kind == "string":
        return f"varchar({kind.length})" if kind.length else "text"
    return f"decimal({kind.precision},{kind.scale or 0})" if kind.precision else kind.kind


def _holds(new: Type, old: Type) -> bool:
    """True where every value of the old type is one of the new."""
    if new.kind == "string":
        return new.length is None or (old.length is not None and new.length >= old.length)
    (whole, part), (old_whole, old_part) = _digits(new), _digits(old)
    return whole >= old_whole and part >= old_part


def _digits(kind: Type) -> tuple[int, int]:
    """Before and after the point; a decimal without them is decimal(38,18)."""
    if kind.kind != "decimal":
        return 0, 0
    precision, scale = (38, 18) if kind.precision is None else (kind.precision, kind.scale or 0)
    return precision - scale, scale


def _shown(subject: str, old: Field, new: Field) -> Iterator[Change]:
    """What gold shows of a field."""
    if old.grade != new.grade:
        way = "shows less" if GRADES.index(new.grade) > GRADES.index(old.grade) else "may show more"
        why = f"{old.grade} → {new.grade}: gold {way}, and is built again"
        yield Change("grade changed", subject, new.name, "safe", why, "the next run does it", "gold")
    if old.mask != new.mask:
        why = f"{old.mask or 'none'} → {new.mask or 'none'}: gold is built again"
        yield Change("mask changed", subject, new.name, "safe", why, "the next run does it", "gold")


def _whole(old: Dataset, new: Dataset) -> Iterator[Change]:
    if old.key != new.key:
        why = f"{', '.join(old.key)} → {', '.join(new.key)}: the table is made anew; rows that share the new key become one"
        todo = "yishu plan counts them, and calls it breaking where there are any; yishu apply does it"
        yield Change("key changed", new.name, "", "restatement", why, todo, "table")
    for name, kind in (("mode", "write mode changed"), ("sequence", "sequence changed")):
        if getattr(old, name) != getattr(new, name):
            why = f"{getattr(old, name)} → {getattr(new, name)}: the table is made anew"
            yield Change(kind, new.name, "", "restatement", why, APPLY, "table")
    if old.database != new.database:
        why = f"{old.database} → {new.database}: gold has it under another name"
        yield Change("database changed", new.name, "", "breaking", why, "tell those who read it", "gold")
    if old.sharing != new.sharing:
        hidden = new.sharing == "none"
        why = f"{old.sharing} → {new.sharing}" + (": it leaves gold" if hidden else "")
        yield Change("sharing changed", new.name, "", "breaking" if hidden else "safe", why, "tell those who read it", "gold")
    for name, kind, why in _PLAIN:
        if getattr(old, name) != getattr(new, name):
            yield Change(f"{kind} changed", new.name, "", "safe", why, "nothing is to do", "nothing")


def _mart(old: Wording, new: Wording) -> Iterator[Change]:
    was, now = cast("Mart", old.contract), cast("Mart", new.contract)
    before, after = ({f.name: f for f in mart.fields} for mart in (was, now))
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in after:
            yield Change("column removed", now.table, name, "breaking", "whoever reads it finds it no more", _TELL, "gold")
        elif name not in before:
            yield Change("column added", now.table, name, "safe", "built with the next run", "nothing is to do", "gold")
        else:
            yield from _mart_field(now.table, before[name], after[name])
    if was.key != now.key:
        why = f"{', '.join(was.key)} → {', '.join(now.key)}: a row means something else"
        yield Change("key changed", now.table, "", "breaking", why, _TELL, "gold")
    if (old.select, was.inputs) != (new.select, now.inputs):
        yield Change("SELECT changed", now.table, "", "safe", "built again by the next run", "nothing is to do", "gold")


_TELL = "tell those who read it; the next run builds it"


def _mart_field(subject: str, old: Field, new: Field) -> Iterable[Change]:
    if old.type != new.type:
        fits = old.type.kind == new.type.kind and _holds(new.type, old.type)
        told = f"{said(old.type)} → {said(new.type)}"
        yield Change(
            "type widened" if fits else "type changed", subject, new.name, "safe" if fits else "breaking", told,
            "nothing is to do" if fits else _TELL, "gold",
        )  # fmt: skip
    yield from _shown(subject, old, new)
