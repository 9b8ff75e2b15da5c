"""Tables as the ledger left them: whether each still lies there whole, and a note after each commit.

The ledger says what was done, never that it still stands; a table that was dropped or damaged is named, not believed.
"""

from __future__ import annotations

from yishu.errors import TableDamaged
from yishu.lake import tables
from yishu.lake.lake import Lake
from yishu.lake.ledger import TableState


def require_sound(lake: Lake, *names: str) -> None:
    """Compare each table with the ledger's note of it.

    Args:
        lake: ledger and places.
        names: `silver.market_entity`, `legal_entity.entity_count_by_county` …

    Raises:
        TableDamaged: one is gone, another table lies in its place, files are missing, or a stranger committed to it.
    """
    for name in names:
        trouble = find_damage(lake, name)
        if trouble:
            raise TableDamaged(
                f"table {name} {trouble}", code="table-damaged", subject=name,
                expected="the table as the ledger's last commit left it", remedy=f"yishu reprocess {name} --reason …",
            )  # fmt: skip


def find_damage(lake: Lake, name: str) -> str | None:
    """What is wrong with a table that the ledger knows; None if nothing is."""
    noted = lake.ledger.table(name)
    if noted is None:
        return None
    path = lake.path(name)
    try:
        found = tables.look(path)
    except TableDamaged as error:
        return error.what
    if found is None:
        return f"is gone from {path}"
    if found.id != noted.table_id:
        return "was replaced by another table"
    if found.version < noted.version:
        return f"fell back from version {noted.version} to {found.version}"
    if found.version > noted.version:
        strangers = tables.foreign_commits(path, noted.version)
        if strangers:
            return f"was changed by someone else (version {strangers[0]})"
    return None


def note(lake: Lake, name: str, inputs: str = "", definition: str = "", contract: str | None = None) -> None:
    """Write down the table's id and version after a commit of ours; the wording that it goes by stays where none is given."""
    found = tables.look(lake.path(name))
    if found is None:
        return
    if contract is None:
        noted = lake.ledger.table(name)
        contract = noted.contract if noted else ""
    lake.ledger.record_table(TableState(name, found.id, found.version, inputs, definition, contract))
