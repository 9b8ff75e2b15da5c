"""Rules of `check` about marts: inputs, the SELECT, its columns, cycles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from yishu.contract.finding import Finding, at_field, at_key
from yishu.contract.graph import find_cycle
from yishu.contract.model import Mart, Project
from yishu.contract.select import Select, Unreadable, read_select
from yishu.errors import Place


def inputs_exist(project: Project) -> Iterable[Finding]:
    """An input is `silver.<dataset>`, `codes.<list>`, `<database>.<mart>` or `<database>.<dataset>` (shared), and exists."""
    for mart in project.marts.values():
        for index, name in enumerate(mart.inputs):
            what = "stands twice" if name in mart.inputs[:index] else _input_gap(project, name)
            if what:
                yield Finding(at_key(mart, "inputs", index), f"input {name!r} {what}", "correct or remove it", mart.table)


def _input_gap(project: Project, name: str) -> str:
    layer, _, table = name.partition(".")
    if layer == "codes":
        return "" if table in project.codelists else "is no code list"
    if layer == "silver":
        return "" if table in project.datasets else "is no dataset"
    dataset = project.datasets.get(table)
    if dataset is not None and dataset.database == layer:
        return "is not in gold, for its sharing is none" if dataset.sharing == "none" else ""
    return "" if name in project.marts else "is no mart and no dataset of that database"


def select_exists(project: Project) -> Iterable[Finding]:
    """A mart has one SELECT, in jobs/gold/<database>/<mart>.sql, that Spark's grammar can read."""
    for mart in project.marts.values():
        select = _select_of(mart)
        if select is None:
            yield Finding(
                Place(mart.file, 1), f"the SELECT {mart.select.relative_to(project.root)} is missing", "write it", mart.table
            )
        elif isinstance(select, Unreadable):
            yield Finding(Place(mart.select, select.line), select.what, select.remedy, mart.table)


def select_columns(project: Project) -> Iterable[Finding]:
    """A SELECT gives the columns of its contract, by name and in order."""
    for mart, select in _readable(project):
        given, promised = select.columns, tuple(field.name for field in mart.fields)
        if given != promised:
            missing = [c for c in promised if c not in given]
            extra = [c for c in given if c not in promised]
            detail = "; ".join(
                f"{word} {', '.join(columns)}" for word, columns in (("lacks", missing), ("adds", extra)) if columns
            )
            yield Finding(
                Place(mart.select, 1),
                f"the SELECT of {mart.table} gives {', '.join(given)} ({detail or 'in another order or twice'})",
                f"give {', '.join(promised)}", mart.table,
            )  # fmt: skip


def select_inputs(project: Project) -> Iterable[Finding]:
    """A SELECT reads exactly the tables that its contract names in yishu.inputs."""
    for mart, select in _readable(project):
        for table in select.tables:
            if table.name not in mart.inputs:
                yield Finding(
                    Place(mart.select, table.line),
                    f"the SELECT of {mart.table} reads {table.name!r}, which is not among its inputs",
                    f"add it to yishu.inputs in {mart.file.name}", mart.table,
                )  # fmt: skip
        read = {table.name for table in select.tables}
        for index, name in enumerate(mart.inputs):
            if name not in read:
                yield Finding(
                    at_key(mart, "inputs", index),
                    f"input {name!r} is not read by the SELECT of {mart.table}",
                    "remove it",
                    mart.table,
                )


def key_shown(project: Project) -> Iterable[Finding]:
    """A mart's key tells its rows apart in gold too: no field of it has a mask that leaves neither value nor token."""
    for mart in project.marts.values():
        for field in mart.fields:
            if field.name in mart.key and field.masked and not field.tokened:
                yield Finding(
                    at_field(mart, field.name), f"key field {field.name!r} is masked, so an analyst could not tell the rows apart",
                    "take it out of the key, or take a field that is shown or has a token", mart.table,
                )  # fmt: skip


def no_cycle(project: Project) -> Iterable[Finding]:
    """No mart is made, directly or through others, from itself."""
    cycle = find_cycle(project)
    if cycle:
        mart = project.marts[cycle[0]]
        yield Finding(
            at_key(mart, "inputs"),
            f"marts are made from each other: {' → '.join(cycle)}",
            "remove one of the inputs",
            mart.table,
        )


def _readable(project: Project) -> Iterator[tuple[Mart, Select]]:
    for mart in project.marts.values():
        select = _select_of(mart)
        if isinstance(select, Select):
            yield mart, select


def _select_of(mart: Mart) -> Select | Unreadable | None:
    try:
        return read_select(mart.select.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return Unreadable("the file is not UTF-8", 1, "save it as UTF-8")
