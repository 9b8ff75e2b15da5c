"""customProperties under the prefix `yishu.` → small typed models.

What ODCS has no field for; a key that does not stand here is an error. Keys of other tools are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from open_data_contract_standard.model import CustomProperty
from pydantic import Field as Value
from pydantic import JsonValue

from yishu.contract.model import Check, Frozen, Mask, Severity, Sharing, Supply, WriteMode
from yishu.contract.reading import Reading, known_keys
from yishu.contract.yaml_lines import Step

PREFIX = "yishu."


class DatasetKeys(Frozen):
    """On a dataset's contract."""

    suppliers: Annotated[tuple[str, ...], Value(alias="yishu.suppliers", min_length=1)]
    system: Annotated[str, Value(alias="yishu.system")] = ""
    code: Annotated[str, Value(alias="yishu.code")] = ""
    mode: Annotated[WriteMode, Value(alias="yishu.mode")]
    sequence: Annotated[str | None, Value(alias="yishu.sequence")] = None
    tolerance: Annotated[float, Value(alias="yishu.tolerance", ge=0, le=1)] = 0.05
    sharing: Annotated[Sharing, Value(alias="yishu.sharing")]
    sharing_condition: Annotated[str, Value(alias="yishu.sharingCondition")] = ""
    supply: Annotated[Supply, Value(alias="yishu.supply")] = Supply()
    source_of: Annotated[tuple[str, ...], Value(alias="yishu.sourceOf")] = ()


class MartKeys(Frozen):
    """On a mart's contract."""

    question: Annotated[str, Value(alias="yishu.question")] = ""
    inputs: Annotated[tuple[str, ...], Value(alias="yishu.inputs", min_length=1)]


class FieldKeys(Frozen):
    """On a property of either."""

    mask: Annotated[Mask | None, Value(alias="yishu.mask")] = None
    as_of: Annotated[str | None, Value(alias="yishu.asOf")] = None
    edition: Annotated[str | None, Value(alias="yishu.edition")] = None
    check: Annotated[Check | None, Value(alias="yishu.check")] = None
    codelist: Annotated[str | None, Value(alias="yishu.codelist")] = None
    standard: Annotated[str | None, Value(alias="yishu.standard")] = None
    renamed_from: Annotated[str | None, Value(alias="yishu.renamedFrom")] = None


class ReferenceKeys(Frozen):
    """On a relationship."""

    severity: Annotated[Severity, Value(alias="yishu.severity")] = "warn"


class RuleKeys(Frozen):
    """On an entry of `quality`."""

    tolerance: Annotated[float | None, Value(alias="yishu.tolerance", ge=0, le=1)] = None


Keys = TypeVar("Keys", bound=Frozen)


def yishu_keys(kind: type[Keys], given: Sequence[CustomProperty] | None, reading: Reading, *path: Step) -> Keys | None:
    """The `yishu.` keys of the customProperties at `path`; None where one is wrong (the reasons are noted)."""
    at = (*path, "customProperties")
    values: dict[str, JsonValue] = {}
    before = len(reading.errors)
    known = known_keys(kind)
    for entry in given or ():
        name = entry.property or ""
        if not name.startswith(PREFIX):
            continue
        if name not in known:
            reading.unknown_key(name, known, *at, ("property", name))
        elif name in values:
            reading.wrong(f"{name} stands twice", *at, ("property", name), code="repeated", remedy="remove one of the two")
        values[name] = entry.value
    if len(reading.errors) > before:
        return None
    return reading.model(kind, values, spot=lambda keys: (*at, ("property", str(keys[0])), "value", *keys[1:]))
