"""A contract's plain values → what breaks the Open Data Contract Standard, each with its path.

The standard's own JSON schema judges. It needs some 15 ms for a contract, so contracts of the usual shape, a strict
subset of the standard, pass a quick pydantic model first; only what lies outside is judged by the schema.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

if TYPE_CHECKING:
    from jsonschema import ValidationError as SchemaError  # type: ignore[import-untyped]
    from jsonschema.protocols import Validator  # type: ignore[import-untyped]

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class ShapeError:
    """A contract that is YAML, but not of the shape that ODCS gives it."""

    path: Path
    what: str
    remedy: str


def shape_errors(value: JsonValue) -> list[ShapeError]:
    """What in a contract's values is not as the standard says; empty for a valid contract."""
    try:
        _Usual.model_validate(value)
    except ValidationError:
        return _schema_errors(value)
    return []


class _Part(BaseModel):
    # strict, and no field takes null: what passes here passes the JSON schema too (a test mutates contracts to see it)
    model_config = ConfigDict(extra="forbid", strict=True)


class _Custom(_Part):
    property: str
    value: JsonValue
    description: str = ""


class _Definition(_Part):
    url: str
    type: str
    description: str = ""


class _Enum(_Part):
    value: str | int | float | bool
    label: str = ""
    description: str = ""


def _distinct(values: list[_Enum]) -> list[_Enum]:
    if not values or len({v.value for v in values}) < len(values):
        raise ValueError("empty or repeated")
    return values


class _Relation(_Part):
    to: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$")]
    type: Literal["foreignKey"] = "foreignKey"
    customProperties: list[_Custom] = []


class _Quality(_Part):
    name: str = ""
    severity: str = ""
    dimension: Literal[
        "accuracy", "completeness", "conformity", "consistency", "coverage", "timeliness", "uniqueness"
    ] = "conformity"  # fmt: skip
    description: str = ""
    businessImpact: str = ""
    customProperties: list[_Custom] = []


class _CustomRule(_Quality):
    type: Literal["custom"]
    engine: str
    implementation: str | dict[str, JsonValue]


class _LibraryRule(_Quality):
    type: Literal["library"]
    metric: Literal["nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount"]
    mustBe: int
    arguments: dict[str, JsonValue] = {}


_Rule = Annotated[_CustomRule | _LibraryRule, Field(discriminator="type")]


class _Property(_Part):
    name: str
    businessName: str = ""
    physicalType: str = ""
    description: str = ""
    required: bool = False
    unique: bool = False
    primaryKey: bool = False
    primaryKeyPosition: int = -1
    classification: str = ""
    tags: list[str] = []
    examples: list[str | int | float | bool] = []
    enum: Annotated[list[_Enum], AfterValidator(_distinct)] = [_Enum(value="")]
    authoritativeDefinitions: list[_Definition] = []
    relationships: list[_Relation] = []
    quality: list[_Rule] = []
    customProperties: list[_Custom] = []


class _TextOptions(_Part):
    pattern: str = ""
    maxLength: Annotated[int, Field(ge=0)] = 0


class _Text(_Property):
    logicalType: Literal["string"]
    logicalTypeOptions: _TextOptions = _TextOptions()


class _NumberOptions(_Part):
    minimum: int | float = 0
    maximum: int | float = 0


class _Number(_Property):
    logicalType: Literal["number", "integer"]
    logicalTypeOptions: _NumberOptions = _NumberOptions()


class _Plain(_Property):
    logicalType: Literal["date", "timestamp", "boolean"]


class _Table(_Part):
    name: str
    businessName: str = ""
    description: str = ""
    logicalType: Literal["object"] = "object"
    physicalType: str = ""
    dataGranularityDescription: str = ""
    tags: list[str] = []
    properties: list[Annotated[_Text | _Number | _Plain, Field(discriminator="logicalType")]]
    quality: list[_Rule] = []
    customProperties: list[_Custom] = []


class _Member(_Part):
    username: str
    name: str = ""
    role: str = ""


class _Team(_Part):
    name: str = ""
    members: list[_Member] = []


class _Sla(_Part):
    property: str
    value: str | int | float | bool
    unit: str = ""
    driver: str = ""
    description: str = ""


class _Description(_Part):
    purpose: str = ""
    usage: str = ""
    limitations: str = ""


class _Usual(_Part):
    apiVersion: Literal["v3.2.0", "v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0"]
    kind: Literal["DataContract"]
    id: str
    version: str
    name: str = ""
    status: str = ""
    tenant: str = ""
    domain: str = ""
    tags: list[str] = []
    description: _Description = _Description()
    tables: list[_Table] = Field([], alias="schema")
    team: _Team = _Team()
    slaProperties: list[_Sla] = []
    authoritativeDefinitions: list[_Definition] = []
    customProperties: list[_Custom] = []


def _schema_errors(value: JsonValue) -> list[ShapeError]:
    errors = list(_validator().iter_errors(value))
    return list(dict.fromkeys(found for error in errors for found in _explain(error, errors)))


@functools.cache
def _validator() -> Validator:
    import jsonschema  # 0.25 s, and only needed for contracts of unusual shape

    text = resources.files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft201909Validator(json.loads(text))


def _explain(error: SchemaError, errors: list[SchemaError]) -> Iterator[ShapeError]:
    path = tuple(error.absolute_path)
    if error.validator in ("additionalProperties", "unevaluatedProperties"):
        # One wrong value makes the schema call all its neighbours "unevaluated": then only the wrong value is told.
        deeper = [e for e in errors if len(e.absolute_path) > len(path) and tuple(e.absolute_path)[: len(path)] == path]
        unknown = [key for key in _named(error) if key not in _known(path)]
        if not unknown and not deeper:
            unknown = _named(error)
        for key in unknown:
            yield ShapeError((*path, key), f"{_spot(path)}: key {key!r} is not known there", _near(key, _known(path)))
    elif error.context:
        for inner in error.context:
            if inner.validator != "type" or len(error.context) == 1:
                yield from _explain(inner, errors)
        if all(inner.validator == "type" for inner in error.context):
            yield ShapeError(path, f"{_spot(path)}: {error.message}", "write it as the standard says")
    else:
        yield ShapeError(path, f"{_spot(path)}: {error.message}", "write it as the standard says (text in quotes)")


def _named(error: SchemaError) -> list[str]:
    return re.findall(r"'([^']*)'(?=[, ])", error.message.rsplit("(", 1)[-1])


def _known(path: Path) -> frozenset[str]:
    from open_data_contract_standard import model

    parts = [part for part in path if isinstance(part, str)]
    kinds: dict[str, type[BaseModel]] = {
        "": model.OpenDataContractStandard, "schema": model.SchemaObject, "properties": model.SchemaProperty,
        "customProperties": model.CustomProperty, "quality": model.DataQuality, "enum": model.EnumValue,
        "relationships": model.Relationship, "authoritativeDefinitions": model.AuthoritativeDefinition,
        "team": model.Team, "members": model.TeamMember, "slaProperties": model.ServiceLevelAgreementProperty,
        "description": model.Description,
    }  # fmt: skip
    kind = kinds.get(parts[-1] if parts else "", BaseModel)
    return frozenset(field.alias or name for name, field in kind.model_fields.items())


def _spot(path: Path) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path) or "contract"


def _near(key: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(key, sorted(known), 1)
    return f"write {near[0]!r}" if near else "remove it, or put it into customProperties"
