"""Gold tables → names in the local server's metastore, all of them told again where it is new, such as after it was deleted.

A table gets its name when it is first built; this is for a metastore that is younger than the tables.
"""

from __future__ import annotations

from yishu.flow.soundness import find_damage, note
from yishu.lake import server, tables
from yishu.lake.lake import Lake, OpenSpark
from yishu.lake.ledger import TableState
from yishu.settings import Settings


def make_known(lake: Lake, open_spark: OpenSpark) -> list[str]:
    """Give every gold table its name, if the server that runs has a metastore that was not told of them yet.

    Else two small files are looked at and nothing is asked. A Spark that is not ours has a metastore of its own: it is let be.

    Args:
        lake: ledger and places.
        open_spark: called only if there is something to tell.

    Returns:
        the tables that had no name.
    """
    settings = lake.settings
    if settings.spark.mode != "server" or told(settings) or server.status(settings) is None:
        return []
    with lake.ledger.writing("metastore"):
        if told(settings):  # by another process, while this one waited
            return []
        titles = _titles(lake)
        found = [t.name for t in lake.ledger.tables() if t.name in titles]
        named = [t for t in found if _give_name(lake, open_spark, t, titles[t])]
        settings.home.joinpath(*_TOLD).write_text(_age(settings), encoding="utf-8")
    return named


_STORE = ("ops", "metastore", "metastore_db", "service.properties")
"""Derby writes it when it makes the database, and then no more."""
_TOLD = ("ops", "metastore", "gold.told")


def told(settings: Settings) -> bool:
    """True if the metastore that lies there now knows all gold tables."""
    try:
        return settings.home.joinpath(*_TOLD).read_text(encoding="utf-8") == _age(settings)
    except FileNotFoundError:
        return False


def _age(settings: Settings) -> str:
    """Another for every metastore."""
    file = settings.home.joinpath(*_STORE).stat()
    return f"{file.st_ino} {file.st_mtime_ns}"


def _titles(lake: Lake) -> dict[str, str]:
    titles = {m.table: m.title for m in lake.project.marts.values()}
    return titles | {f"{d.database}.{d.name}": d.title for d in lake.project.datasets.values()}


def _give_name(lake: Lake, open_spark: OpenSpark, table: str, title: str) -> bool:
    """True if the table had no name and has one now; a damaged one gets it when it is built again."""
    spark = open_spark()
    if spark.catalog.tableExists(table):
        return False
    with lake.ledger.writing(table):
        noted: TableState | None = lake.ledger.table(table)
        if noted is None or find_damage(lake, table):
            return False
        tables.register(spark, table, lake.gold(table), title)
        note(lake, table, noted.inputs, noted.definition)
    return True
