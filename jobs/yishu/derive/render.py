"""Project → the files that are rendered from contracts, as text; what is out of date of them; and writing them.

Each file depends on contracts alone, so that a diff shows what a change of a contract does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yishu.contract.model import Project
from yishu.derive.entry import entry
from yishu.derive.suite import suite
from yishu.derive.tasks import manifest

SUITES = Path("expectations")
MANIFEST = Path("dags/manifest.json")
ENTRIES = Path("catalog/entries")


@dataclass(frozen=True)
class Stale:
    """A rendered file that is not what the contracts say: `path` is relative to the project."""

    path: Path
    why: Literal["missing", "different", "left over"]


def render(project: Project) -> dict[Path, str]:
    """Every rendered file: its path, relative to the project, and its text.

    Raises:
        ContractError: marts are made from each other, or two rules of a dataset have one name.
    """
    files: dict[Path, str] = {MANIFEST: _text(manifest(project))}
    for dataset in project.datasets.values():
        files[SUITES / f"{dataset.name}.json"] = _text(suite(dataset, project))
        files[ENTRIES / f"{dataset.name}.json"] = _text(entry(dataset, project))
    for mart in project.marts.values():
        files[ENTRIES / f"{mart.table}.json"] = _text(entry(mart, project))
    return dict(sorted(files.items()))


def stale(project: Project) -> list[Stale]:
    """Rendered files that are missing, differ, or belong to no contract any more; by path."""
    files = render(project)
    found = [Stale(path, "left over") for path in _standing(project.root) if path not in files]
    for path, text in files.items():
        file = project.root / path
        if not file.is_file():
            found.append(Stale(path, "missing"))
        elif file.read_bytes() != text.encode():
            found.append(Stale(path, "different"))
    return sorted(found, key=lambda s: s.path)


def write(project: Project) -> list[Path]:
    """Bring the rendered files up to date; files that already are stay untouched.

    Returns:
        what was written or removed, relative to the project.
    """
    files = render(project)
    changed = stale(project)
    for item in changed:
        file = project.root / item.path
        if item.why == "left over":
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(files[item.path].encode())
    return [item.path for item in changed]


def _standing(root: Path) -> list[Path]:
    """Files in the folders that are rendered whole; `dags/` also holds code, so only its manifest is ours."""
    return [file.relative_to(root) for folder in (SUITES, ENTRIES) for file in sorted((root / folder).glob("*.json"))]


def _text(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
