"""Project → the files that are rendered from contracts, as text; what is out of date of them; and writing them.

Each file depends on contracts alone, so that a diff shows what a change of a contract does. In the README, that is what
stands between two marks; all else in it is left alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yishu.contract.model import Database, Project
from yishu.derive.entry import entry
from yishu.derive.suite import suite
from yishu.derive.tasks import CLASSES, manifest

SUITES = Path("expectations")
MANIFEST = Path("dags/manifest.json")
ENTRIES = Path("catalog/entries")
README = Path("README.md")
BEGIN, END = "<!-- databases: rendered from the contracts -->\n", "<!-- end of databases -->\n"
"""The lines of the README between which its table of databases stands."""


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
    return dict(sorted((files | _readme(project)).items()))


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


def _readme(project: Project) -> dict[Path, str]:
    """The README with its table as it should be; nothing where it has no place for one."""
    file = project.root / README
    head, begin, rest = (file.read_bytes().decode() if file.is_file() else "").partition(BEGIN)
    _, end, tail = rest.partition(END)
    return {README: head + begin + _databases(project) + end + tail} if end else {}


def _databases(project: Project) -> str:
    """A row for each database, in the order of the province's catalogue."""
    datasets, marts = (Counter(each.database for each in some.values()) for some in (project.datasets, project.marts))
    rows = [
        f"| {CLASSES[d.kind]} | {d.title} | `{d.name}` | {datasets[d.name]} | {marts[d.name]} | {d.lead} |"
        for d in sorted(project.databases.values(), key=_place)
    ]
    return "\n".join(["| class | database | name | datasets | marts | led by |", "|---|---|---|---|---|---|", *rows, ""])


def _place(database: Database) -> tuple[int, int, str]:
    number = re.sub(r"\D", "", database.code)
    return [*CLASSES].index(database.kind), int(number or 0), database.name


def _text(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
