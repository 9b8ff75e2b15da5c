"""One contract while it is read: its document and the errors found so far, so that all are told at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from yishu.contract.yaml_lines import Document, Step
from yishu.errors import ContractError

Read = TypeVar("Read", bound=BaseModel)
Keys = tuple[str | int, ...]
Spot = Callable[[Keys], tuple[Step, ...]]


@dataclass
class Reading:
    """Collects errors; a reader goes on after one as far as it makes sense."""

    document: Document
    subject: str = ""
    errors: list[ContractError] = field(default_factory=list)

    def wrong(self, what: str, *path: Step, code: str, expected: str = "", remedy: str) -> None:
        self.errors.append(self.document.wrong(what, *path, code=code, expected=expected, remedy=remedy, subject=self.subject))

    def model(self, kind: type[Read], value: JsonValue, *path: Step, spot: Spot | None = None) -> Read | None:
        """`value`, which stands at `path`, as a typed model; or None, and every reason is noted.

        `spot` gives the place of a key in the model, where the file is not laid out as the model is.
        """
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            for found in error.errors():
                keys = found["loc"]
                at = spot(keys) if spot else (*path, *keys)
                if found["type"] == "extra_forbidden":
                    self.unknown_key(str(keys[-1]), _keys_at(kind, keys[:-1]), *at)
                elif found["type"] == "missing":
                    self.wrong(f"{_dotted(keys)} is missing", *at, code="missing", remedy="add it")
                else:
                    self.wrong(f"{_dotted(keys)}: {found['msg']}", *at, code="value", remedy="write it so")
        return None

    def unknown_key(self, key: str, known: Iterable[str], *path: Step) -> None:
        names = sorted(known)
        near = difflib.get_close_matches(key, names, 1)
        self.wrong(
            f"key {key!r} is not known", *path, code="unknown-key",
            expected=f"one of {', '.join(names)}" if names else "",
            remedy=f"write {near[0]!r}" if near else "remove it",
        )  # fmt: skip


def known_keys(kind: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in kind.model_fields.items()]


def _keys_at(kind: type[BaseModel], keys: Keys) -> list[str]:
    for key in keys:
        info = next((i for name, i in kind.model_fields.items() if (i.alias or name) == key), None)
        if info is None or not (isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)):
            return []
        kind = info.annotation
    return known_keys(kind)


def _dotted(keys: Keys) -> str:
    return ".".join(str(key) for key in keys)
