"""YAML file → plain values, with the line of every key and item.

Dates stay text, repeated keys are refused; everything else is read as any YAML 1.1 tool reads it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import JsonValue

from yishu.errors import ContractError, Place

Step = str | int | tuple[str, str]
"""A key, an index, or (key, value): the first item of a list in which `key` has that value."""


@dataclass(frozen=True)
class Document:
    """One YAML file: its value and the nodes that know the lines."""

    file: Path
    value: JsonValue
    root: yaml.Node | None

    def line(self, *path: Step) -> int:
        """The line (from 1) of the thing at `path`, or of the nearest thing above it."""
        node, line = self.root, 1
        for step in path:
            found = _descend(node, step)
            if found is None:
                break
            node, line = found
        return line

    def place(self, *path: Step) -> Place:
        return Place(self.file, self.line(*path))

    def wrong(
        self, what: str, *path: Step, code: str, expected: str = "", remedy: str = "", subject: str = ""
    ) -> ContractError:
        """An error that points at `path` in this file."""
        return ContractError(what, code=code, place=self.place(*path), expected=expected, remedy=remedy, subject=subject)


def read_document(file: Path) -> Document:
    """Read one YAML file.

    Raises:
        ContractError: it is not UTF-8, not YAML, holds more than one document, or repeats a key.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(
            "the file is not UTF-8", code="yaml", place=Place(file, error.object[: error.start].count(b"\n") + 1),
            remedy="save it as UTF-8",
        ) from error  # fmt: skip
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        value = loader.construct_object(root, deep=True) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ContractError(
            f"not valid YAML: {error.problem or error.context}", code="yaml",
            place=Place(file, mark.line + 1 if mark else 1), remedy="mend indentation, quotes or brackets there",
        ) from error  # fmt: skip
    except yaml.YAMLError as error:
        raise ContractError(f"not valid YAML: {error}", code="yaml", place=Place(file, 1), remedy="remove it") from error
    finally:
        loader.dispose()
    return Document(file, value, root)


def locate(file: Path, *path: Step) -> Place:
    """Where `path` stands in `file`; for messages about a file that was read before."""
    try:
        return read_document(file).place(*path)
    except (ContractError, OSError):
        return Place(file, 1)


class _Loader(yaml.CSafeLoader):
    """PyYAML's quick loader without dates (text) and without repeated keys (an error)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def _descend(node: yaml.Node | None, step: Step) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode) and isinstance(step, str):
        return next(((value, key.start_mark.line + 1) for key, value in node.value if key.value == step), None)
    if not isinstance(node, yaml.SequenceNode):
        return None
    if isinstance(step, int):
        items = node.value[step : step + 1]
    else:
        items = [item for item in node.value if _has(item, step)] if isinstance(step, tuple) else []
    return (items[0], items[0].start_mark.line + 1) if items else None


def _has(node: yaml.Node, step: tuple[str, str]) -> bool:
    found = _descend(node, step[0])
    return found is not None and found[0].value == step[1]
