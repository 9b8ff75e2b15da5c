"""Ledger, contracts and tables → catalogue entries and pages, Data Docs, and `ops.*`; no JVM.

What did not change is not written again; killed anywhere and run again it ends the same.
"""

from __future__ import annotations

import json
from collections.abc import Collection

from yishu.contract.model import Dataset, Mart
from yishu.derive.entry import entry
from yishu.flow import site
from yishu.flow.ops_tables import publish_ops
from yishu.flow.run_facts import run_facts
from yishu.lake.lake import Lake
from yishu.lake.places import put
from yishu.quality.data_docs import build_data_docs


def publish(lake: Lake, *databases: str) -> None:
    """Bring everything that readers see of some databases, beside their tables, up to date.

    Args:
        lake: contracts, ledger and places.
        databases: of the project's; together they cost little more than one, for the index is made once.
    """
    build_data_docs(lake, *databases)
    published = {name: _published(lake, table) for name, table in _tables(lake, databases).items()}
    with lake.ledger.writing("catalog"):
        for name, document in published.items():
            put(lake.catalog / "entries" / f"{name}.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        site.build(lake)
    publish_ops(lake, *databases)


def _tables(lake: Lake, databases: Collection[str]) -> dict[str, Dataset | Mart]:
    found: dict[str, Dataset | Mart] = {**lake.project.datasets, **lake.project.marts}
    return {name: table for name, table in found.items() if table.database in databases}


def _published(lake: Lake, table: Dataset | Mart) -> dict[str, object]:
    """The catalogue entry, with what the last runs found under `run`."""
    derived, facts = entry(table, lake.project), run_facts(lake, table)
    return {**derived, "目录": {**derived["目录"], "发布日期": facts["published"]}, "run": facts}
