"""Published catalogue entries → the catalogue's pages: an index of all databases with the departments' scorecards, a page each.

Pages are made from the entries alone, so that those of other databases stay as they were published.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypedDict

from yishu.derive.tasks import CLASSES
from yishu.flow.run_facts import RunJson, ScoreJson
from yishu.flow.templates import templates
from yishu.lake.lake import Lake
from yishu.lake.places import put

if TYPE_CHECKING:
    from yishu.derive.entry import EntryJson

    class Page(EntryJson):
        """A published entry, as it stands in the catalogue's folder."""

        run: RunJson


class DatabaseJson(TypedDict):
    """One section of the index: datasets first, then marts."""

    name: str
    title: str
    kind: str
    owner: str
    entries: list[Page]


class TotalJson(TypedDict):
    """A department's scorecard over all datasets; `share` of good rows among all that it handed in."""

    name: str
    datasets: int
    deliveries: int
    accepted: int
    received: int
    share: float | None
    disputes: int


def build(lake: Lake) -> None:
    """Write the pages of everything published so far; what the contracts no longer know goes.

    Args:
        lake: contracts and places; templates lie in `catalog/templates` of the project.
    """
    folder = lake.catalog
    known = {*lake.project.datasets, *lake.project.marts}
    for file in [*(folder / "entries").glob("*.json"), *(folder / "pages").glob("*.html")]:
        if file.stem not in known:
            file.unlink()
    entries: list[Page] = [json.loads(f.read_text(encoding="utf-8")) for f in sorted((folder / "entries").glob("*.json"))]
    pages = templates(lake)
    for page in entries:
        put(folder / "pages" / f"{page['name']}.html", pages.get_template("table.html").render(e=page, known=_linked(entries)))
    docs = (folder / "data_docs" / "index.html").is_file()
    index = pages.get_template("index.html").render(databases=_databases(entries), scores=scorecards(entries), docs=docs)
    put(folder / "index.html", index)


def scorecards(entries: Sequence[Page]) -> list[TotalJson]:
    """One line per department, by name."""
    scores = sorted((s for e in entries for s in e["run"]["scores"]), key=lambda s: (s["name"], s["department"]))
    return [_total(list(mine)) for _, mine in groupby(scores, key=lambda s: s["department"])]


def _total(scores: Sequence[ScoreJson]) -> TotalJson:
    received, good = sum(s["received"] for s in scores), sum(s["good"] for s in scores)
    return {
        "name": scores[0]["name"], "datasets": len(scores), "deliveries": sum(s["deliveries"] for s in scores),
        "accepted": sum(s["accepted"] for s in scores), "received": received,
        "share": good / received if received else None, "disputes": sum(s["disputes"] for s in scores),
    }  # fmt: skip


def _databases(entries: Sequence[Page]) -> list[DatabaseJson]:
    order = list(CLASSES)

    def place(page: Page) -> tuple[int, str, bool, str]:
        kind = page["class"]
        return order.index(kind) if kind in order else len(order), page["database"], page["kind"] == "mart", page["name"]

    found: list[DatabaseJson] = []
    for _, group in groupby(sorted(entries, key=place), key=lambda page: page["database"]):
        inside = list(group)
        first = inside[0]
        found.append({
            "name": first["database"], "title": first["database_title"], "kind": first["class"], "owner": first["owner"],
            "entries": inside,
        })  # fmt: skip
    return found


def _linked(entries: Sequence[Page]) -> dict[str, str]:
    """Table name → the page that tells of it; a base table and its silver table are told of by the dataset's page."""
    links = {page["table"]: page["name"] for page in entries if page["table"]}
    return links | {f"silver.{page['name']}": page["name"] for page in entries if page["kind"] == "dataset"}
