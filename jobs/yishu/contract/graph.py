"""Project → which table is made from which: build order of marts, what lies upstream and downstream of a table.

Tables are named as in SQL: `silver.<dataset>`, `codes.<list>`, `<database>.<mart>`. A gold base table
`<database>.<dataset>` is made together with its silver table, so here it counts as `silver.<dataset>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from yishu.contract.model import Mart, Project
from yishu.contract.yaml_lines import locate
from yishu.errors import ContractError


def mart_order(project: Project, database: str | None = None) -> tuple[str, ...]:
    """Table names of all marts, or of one database's, each after its inputs; the same for the same project.

    Raises:
        ContractError: marts are made from each other.
    """
    sorter = TopologicalSorter({mart.table: _marts_read(project, mart) for mart in project.marts.values()})
    try:
        sorter.prepare()
    except CycleError:
        cycle = find_cycle(project)
        first = project.marts[cycle[0]]
        raise ContractError(
            f"marts are made from each other: {' → '.join(cycle)}", code="cycle", subject=first.table,
            place=locate(first.file, "customProperties", ("property", "yishu.inputs"), "value"),
            remedy="remove one of the inputs",
        ) from None  # fmt: skip
    return tuple(table for table in _in_order(sorter) if database is None or project.marts[table].database == database)


def inputs_inside(project: Project, mart: Mart) -> tuple[str, ...]:
    """The mart's inputs that its own database makes; code lists are files and nobody's."""
    return tuple(table for table in _made_inputs(project, mart) if database_of(project, table) == mart.database)


def inputs_foreign(project: Project, mart: Mart) -> tuple[str, ...]:
    """The mart's inputs that other databases make: their updates call for a rebuild."""
    return tuple(table for table in _made_inputs(project, mart) if database_of(project, table) != mart.database)


def database_of(project: Project, table: str) -> str | None:
    """The database that makes `silver.<dataset>` or `<database>.<mart>`; None where nobody does."""
    layer, _, name = table.partition(".")
    if layer == "silver":
        return project.datasets[name].database if name in project.datasets else None
    return layer if table in project.marts else None


def upstream(project: Project, table: str) -> tuple[str, ...]:
    """Every table and code list from which `table` is made, directly or through marts; sorted."""
    found: set[str] = set()
    waiting = [table]
    while waiting:
        mart = project.marts.get(waiting.pop())
        new = {source_table(project, name) for name in mart.inputs} - found if mart else set()
        found |= new
        waiting += new
    return tuple(sorted(found))


def downstream(project: Project, *tables: str) -> tuple[str, ...]:
    """Every mart that is made from one of `tables`, directly or through marts, in build order."""
    changed = {source_table(project, table) for table in tables}
    order: list[str] = []
    for table in mart_order(project):
        mart = project.marts[table]
        if changed & {source_table(project, name) for name in mart.inputs}:
            changed.add(table)
            order.append(table)
    return tuple(order)


def source_table(project: Project, name: str) -> str:
    """The name as this module counts it: a gold base table is its silver table, others are themselves."""
    database, _, table = name.partition(".")
    if name not in project.marts and table in project.datasets and project.datasets[table].database == database:
        return f"silver.{table}"
    return name


def find_cycle(project: Project) -> tuple[str, ...]:
    """One ring of marts that are made from each other, its first mart repeated at the end; empty where there is none."""
    return ring_in({mart.table: _marts_read(project, mart) for mart in project.marts.values()})


def ring_in(before: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """One ring among things that wait for each other, its first one repeated at the end; empty where there is none."""
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1][:-1]
        start = ring.index(min(ring))  # the same cycle gives the same message
        return (*ring[start:], *ring[:start], ring[start])
    return ()


def _made_inputs(project: Project, mart: Mart) -> tuple[str, ...]:
    names = (source_table(project, name) for name in mart.inputs)
    return tuple(dict.fromkeys(name for name in names if not name.startswith("codes.")))


def _marts_read(project: Project, mart: Mart) -> list[str]:
    return sorted(name for name in set(mart.inputs) if name in project.marts)


def _in_order(sorter: TopologicalSorter[str]) -> Iterator[str]:
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield from ready
        sorter.done(*ready)
