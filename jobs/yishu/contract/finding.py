"""What a rule of `check` finds, and where things stand in the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from yishu.contract.model import Dataset, Mart, Project
from yishu.contract.yaml_lines import Step, locate
from yishu.errors import Place


@dataclass(frozen=True)
class Finding:
    """One violation of one rule. The rule's own text says what was expected."""

    place: Place
    what: str
    remedy: str
    subject: str = ""


Rule = Callable[[Project], Iterable[Finding]]
"""Its docstring is what the user reads as "expected"; its name, with dashes, is the error's code."""
Contract = Dataset | Mart


def contracts(project: Project) -> Iterator[Contract]:
    """Datasets, then marts."""
    yield from project.datasets.values()
    yield from project.marts.values()


def name_of(contract: Contract) -> str:
    return contract.table if isinstance(contract, Mart) else contract.name


def at_field(contract: Contract, field: str, *path: Step) -> Place:
    return locate(contract.file, "schema", 0, "properties", ("name", field), *path)


def at_key(contract: Contract, key: str, *path: Step) -> Place:
    """Where `yishu.<key>` stands among the contract's customProperties."""
    return locate(contract.file, "customProperties", ("property", f"yishu.{key}"), "value", *path)


def at_element(project: Project, name: str, *path: Step) -> Place:
    return locate(elements_file(project), "elements", ("name", name), *path)


def at_department(project: Project, name: str, *path: Step) -> Place:
    return locate(project.root / "schemas" / "departments.yaml", "departments", ("id", name), *path)


def elements_file(project: Project) -> Path:
    return project.root / "schemas" / "elements.yaml"
