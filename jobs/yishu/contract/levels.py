"""Project → the order of work: datasets after those they refer to, marts after their inputs, in levels that can run side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter

from yishu.contract.model import Project


def dataset_levels(project: Project) -> list[list[str]]:
    """Datasets by level, each after those that it waits for."""
    return list(_levels(datasets_before(project)))


def datasets_before(project: Project) -> dict[str, list[str]]:
    """The datasets that each dataset waits for: those it refers to by references that keep rows out (`error`)."""
    return {
        d.name: sorted({f.reference.dataset for f in d.fields if f.reference and f.reference.severity != "warn"} - {d.name})
        for d in project.datasets.values()
    }


def mart_levels(project: Project) -> list[list[str]]:
    """Marts' table names by level; only marts wait for marts, silver is there before."""
    return list(_levels({m.table: sorted(i for i in m.inputs if i in project.marts) for m in project.marts.values()}))


def _levels(before: Mapping[str, list[str]]) -> Iterator[list[str]]:
    sorter = TopologicalSorter(before)
    sorter.prepare()
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield ready
        sorter.done(*ready)
