"""The templates of `catalog/templates`, with the words that all pages share; what a stranger wrote is never markup."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.derive.tasks import CLASSES, CYCLES, MODES, SHARINGS
from yishu.flow.receipt_form import SEVERITIES, STATES, UNPRINTABLE
from yishu.flow.run_facts import DIMENSIONS
from yishu.lake.lake import Lake
from yishu.quality.data_docs import template_folder

if TYPE_CHECKING:
    from jinja2 import Environment

GRADE_NAMES = {
    "general-1": "一般1级", "general-2": "一般2级", "general-3": "一般3级", "general-4": "一般4级", "important": "重要",
    "core": "核心",
}  # fmt: skip


def templates(lake: Lake) -> Environment:
    """The project's templates, read once in a process."""
    return project_templates(lake.settings.project)


def project_templates(project: Path) -> Environment:
    """The same for what needs no lake; `project` is the checkout."""
    return _environment(template_folder(project))


@cache
def _environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    pages.globals |= {
        "classes": CLASSES, "cycles": CYCLES, "modes": MODES, "sharings": SHARINGS, "grades": GRADE_NAMES, "states": STATES,
        "severities": SEVERITIES, "dimensions": list(dict.fromkeys(DIMENSIONS.values())),
    }  # fmt: skip
    pages.filters["count"] = lambda n: "–" if n is None else f"{n:,}"
    pages.filters["percent"] = _percent
    pages.filters["visible"] = lambda text: re.sub(UNPRINTABLE, "\ufffd", str(text))
    return pages


def _percent(share: float | None) -> str:
    """A share in percent; one that is not whole is never rounded up to 100."""
    if share is None:
        return "–"
    return "100%" if share == 1 else f"{min(share * 100, 99.99):.2f}%"
