"""Properties of a contract → fields: types, limits, code values, references; what an element gives is taken from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from open_data_contract_standard.model import Relationship, SchemaProperty

from yishu.contract.elements import inherit
from yishu.contract.model import CodeValue, Element, Field, Reference, Type
from yishu.contract.quality import read_rules
from yishu.contract.reading import Reading
from yishu.contract.regex import try_pattern
from yishu.contract.yaml_lines import Step
from yishu.contract.yishu_keys import FieldKeys, ReferenceKeys, yishu_keys

TYPES = "varchar(n), char(n), text, string, json, int, integer, bigint, decimal(p,s), date, timestamp, boolean"
_LOGICAL = {
    "string": {"string"}, "integer": {"integer"}, "decimal": {"number"}, "date": {"date"}, "timestamp": {"timestamp"},
    "boolean": {"boolean"}, "json": {"string", "object", "array", "map"},
}  # fmt: skip
_LIMITS = ("minimum", "maximum", "pattern", "maxLength")


def read_fields(properties: Sequence[SchemaProperty], elements: Mapping[str, Element], reading: Reading) -> tuple[Field, ...]:
    """All fields of a contract's table; those with an error are left out, and the error is noted."""
    positions = _key_positions(properties, reading)
    fields = [_read_field(p, i, positions.get(i), elements, reading) for i, p in enumerate(properties)]
    return tuple(f for f in fields if f is not None)


def _read_field(
    given: SchemaProperty, index: int, key: int | None, elements: Mapping[str, Element], reading: Reading
) -> Field | None:
    at: tuple[Step, ...] = ("schema", 0, "properties", index)
    keys = yishu_keys(FieldKeys, given.customProperties, reading, *at)
    kind = read_type(given, reading, *at)
    if not given.businessName:
        reading.wrong(f"field {given.name!r} has no businessName", *at, code="title", remedy="add its Chinese title")
    if kind is None or keys is None or not given.name:
        return None
    limits = _limits(given, kind, reading, *at)
    field = Field(
        name=given.name, title=given.businessName or given.name, type=_shorter(kind, limits.get("maxLength")),
        required=bool(given.required), unique=bool(given.unique), key_position=key,
        as_of=keys.as_of, pattern=_text(limits.get("pattern")), values=_code_values(given),
        minimum=_number(limits.get("minimum")), maximum=_number(limits.get("maximum")),
        reference=_reference(given.relationships, reading, *at), description=given.description or "",
        examples=tuple(_code(e) for e in given.examples or ()), renamed_from=keys.renamed_from,
        rules=read_rules(given.quality, given.name, reading, *at), line=reading.document.line(*at),
    )  # fmt: skip
    return inherit(field, keys, given, elements, reading, *at)


def read_type(given: SchemaProperty, reading: Reading, *at: Step) -> Type | None:
    """A physicalType as a `Type`; noted as wrong where it is none of `TYPES` or does not fit the logicalType."""
    text = re.sub(r"\s", "", given.physicalType or "").lower()
    kind = _parse_type(text)
    if kind is None:
        reading.wrong(
            f"field {given.name!r} has the type {given.physicalType!r}", *at, "physicalType", code="type",
            expected=f"one of {TYPES}", remedy="choose one of these",
        )  # fmt: skip
        return None
    logical = _LOGICAL["json" if text == "json" else kind.kind]
    if given.logicalType and given.logicalType not in logical:
        reading.wrong(
            f"field {given.name!r} is {given.logicalType} by logicalType and {given.physicalType} by physicalType",
            *at, "logicalType", code="type", expected=f"logicalType {' or '.join(sorted(logical))}", remedy="make both agree",
        )  # fmt: skip
    return kind


def _parse_type(text: str) -> Type | None:
    if found := re.fullmatch(r"(?:var)?char\(([1-9][0-9]*)\)", text):
        return Type(kind="string", length=int(found[1]))
    if found := re.fullmatch(r"decimal\(([0-9]{1,2}),([0-9]{1,2})\)", text):
        precision, scale = int(found[1]), int(found[2])
        fits = 1 <= precision <= 38 and scale <= precision
        return Type(kind="decimal", precision=precision, scale=scale) if fits else None
    return {
        "text": Type(kind="string"), "string": Type(kind="string"), "json": Type(kind="string"), "varchar": Type(kind="string"),
        "int": Type(kind="integer"), "integer": Type(kind="integer"), "bigint": Type(kind="integer"),
        "date": Type(kind="date"), "timestamp": Type(kind="timestamp"), "boolean": Type(kind="boolean"),
    }.get(text)  # fmt: skip


def _shorter(kind: Type, longest: object) -> Type:
    if kind.kind != "string" or not isinstance(longest, int):
        return kind
    return Type(kind="string", length=min(longest, kind.length or longest))


def _limits(given: SchemaProperty, kind: Type, reading: Reading, *at: Step) -> Mapping[str, object]:
    options = given.logicalTypeOptions or {}
    fit = {"string": ("pattern", "maxLength"), "integer": ("minimum", "maximum"), "decimal": ("minimum", "maximum")}
    for key in options:
        if key not in fit.get(kind.kind, ()):
            known = ", ".join(fit.get(kind.kind, ())) or "none"
            reading.wrong(
                f"field {given.name!r}: option {key!r} is not understood for {kind.kind}", *at, "logicalTypeOptions", key,
                code="option", expected=f"options: {known}", remedy="write it as a quality rule of type custom",
            )  # fmt: skip
    if "pattern" in options:
        try_pattern(options["pattern"], reading, *at, "logicalTypeOptions", "pattern")
    return {key: value for key, value in options.items() if key in _LIMITS}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _code_values(given: SchemaProperty) -> tuple[CodeValue, ...]:
    return tuple(CodeValue(value=_code(v.value), label=v.label or "") for v in given.enum or ())


def _code(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reference(given: Sequence[Relationship] | None, reading: Reading, *at: Step) -> Reference | None:
    if not given:
        return None
    at = (*at, "relationships")
    if len(given) > 1:
        reading.wrong("a field can have one relationship", *at, 1, code="relationship", remedy="keep the authoritative one")
    dataset, _, field = str(given[0].to).partition(".")
    keys = yishu_keys(ReferenceKeys, given[0].customProperties, reading, *at, 0)
    if not re.fullmatch(r"\w+", dataset) or not re.fullmatch(r"\w+", field):
        reading.wrong(
            f"relationship to {given[0].to!r}", *at, 0, code="relationship", expected="<dataset>.<field>", remedy="write it so"
        )
        return None
    severity = keys.severity if keys else "warn"
    return Reference(dataset=dataset, field=field, severity=severity, line=reading.document.line(*at, 0))


def _key_positions(properties: Sequence[SchemaProperty], reading: Reading) -> dict[int, int]:
    """Where no position is given, fields of the key count in the order in which they stand."""
    positions: dict[int, int] = {}
    for index, given in enumerate(properties):
        at: tuple[Step, ...] = ("schema", 0, "properties", index)
        stated = given.primaryKeyPosition
        if not given.primaryKey:
            if stated is not None and stated != -1:
                reading.wrong(
                    f"field {given.name!r} has a primaryKeyPosition but no primaryKey: true", *at, "primaryKeyPosition",
                    code="key", remedy="add `primaryKey: true` or remove the position",
                )  # fmt: skip
            continue
        position = len(positions) + 1 if stated is None or stated == -1 else stated
        if position in positions.values() or position < 1:
            reading.wrong(
                f"primaryKeyPosition {position} stands twice or is below 1", *at, "primaryKeyPosition", code="key",
                expected="1, 2, 3 …", remedy="number the key's fields",
            )  # fmt: skip
        positions[index] = position
    return positions
