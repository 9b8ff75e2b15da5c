"""Contracts that changed under a filled lake → what would follow, counted and not guessed; and, on a person's word, done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from yishu.contract.graph import downstream
from yishu.contract.model import Dataset
from yishu.derive.change import Change
from yishu.errors import DataError
from yishu.flow.agreed import begun, changes_of, mart_changes, wording_now
from yishu.flow.cases import Because
from yishu.flow.evolving import keep_up, reshape, take_over_names
from yishu.flow.pipeline import chosen
from yishu.flow.restatement import Tried, restate, tried
from yishu.flow.soundness import note
from yishu.lake.lake import Lake, OpenSpark


@dataclass(frozen=True)
class Count:
    """What judging all standing deliveries anew comes to; pairs are before and after."""

    deliveries: int
    received: int
    silver: tuple[int, int]
    come: int
    go: int
    quarantine: tuple[int, int]
    duplicates: tuple[int, int]
    collisions: int
    held: dict[str, str]
    """Deliveries that the gate would hold today, and why; the word of the one who applies it lets them stand."""


@dataclass(frozen=True)
class Planned:
    """One dataset or mart: its changes, the tables that would be made anew, and the count where rows are judged."""

    name: str
    changes: tuple[Change, ...]
    tables: tuple[str, ...]
    count: Count | None = None
    unfinished: bool = False

    @property
    def breaking(self) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.verdict == "breaking")


def plan(lake: Lake, open_spark: OpenSpark, targets: Iterable[str] = ()) -> list[Planned]:
    """What would follow from the contracts as they are now; nothing is changed.

    Args:
        lake: contracts, ledger and places.
        open_spark: opens a session of its own.
        targets: databases or datasets; all where none is given.
    """
    found = []
    names = chosen(lake, tuple(targets))
    for name in names:
        dataset = lake.project.datasets[name]
        changes, unfinished = changes_of(lake, dataset), begun(lake, dataset)
        if unfinished or _judges(lake, name, changes):
            with tried(lake, open_spark, dataset) as made:
                found.append(_planned(lake, dataset, changes, made))
        elif changes:
            found.append(Planned(name, changes, _tables(lake, dataset, changes)))
    databases = {lake.project.datasets[name].database for name in names}
    marts = [m for m in lake.project.marts.values() if m.database in databases or len(names) == len(lake.project.datasets)]
    for mart in marts:
        if changes := mart_changes(lake, mart):
            found.append(Planned(mart.table, changes, (mart.table, *downstream(lake.project, mart.table))))
    return found


def apply(
    lake: Lake, open_spark: OpenSpark, targets: Iterable[str], because: Because, *, breaking: bool = False, keep: bool = False
) -> list[Planned]:
    """Do what `plan` shows, dataset by dataset; gold follows with the next run.

    Args:
        lake: contracts, ledger and places.
        open_spark: opens a session of its own.
        targets: databases or datasets; all where none is given.
        because: who and why.
        breaking: breaking changes too.
        keep: the past stands as it was judged; silver only gets today's columns.

    Raises:
        DataError: a change is breaking and that was not asked for, or the past cannot stand; datasets before it are done.
    """
    done = []
    for name in chosen(lake, tuple(targets)):
        dataset = lake.project.datasets[name]
        changes = changes_of(lake, dataset)
        if not (changes or begun(lake, dataset)):
            continue
        take_over_names(lake, dataset)
        if keep:
            done.append(_stand(lake, open_spark, dataset, Planned(name, changes, (f"silver.{name}",)), because, breaking))
        elif begun(lake, dataset) or _judges(lake, name, changes):
            done.append(_restated(lake, open_spark, dataset, changes, because, breaking))
        else:
            keep_up(lake, open_spark, dataset)
            done.append(Planned(name, changes, _tables(lake, dataset, changes)))
    return done


def _judges(lake: Lake, dataset: str, changes: Iterable[Change]) -> bool:
    """Could the verdict on a row be another one? What only loosens asks the rows in quarantine, if there are any."""
    deep = [c for c in changes if c.touches in ("verdicts", "table")]
    bad = any(d.balance.quarantined for d in lake.ledger.deliveries(dataset=dataset, states={"accepted"}))
    return bool(deep) and (bad or not all(c.loosens for c in deep))


def _restated(
    lake: Lake, open_spark: OpenSpark, dataset: Dataset, changes: tuple[Change, ...], because: Because, breaking: bool
) -> Planned:
    with lake.ledger.writing(f"silver.{dataset.name}"), tried(lake, open_spark, dataset) as made:
        planned = _planned(lake, dataset, changes, made)
        _refuse(planned.name, () if breaking else planned.breaking)
        restate(lake, open_spark, made, because)
    return planned


def _stand(
    lake: Lake, open_spark: OpenSpark, dataset: Dataset, planned: Planned, because: Because, breaking: bool
) -> Planned:
    """No row is judged: the deliveries that stand count as judged by today's contract."""
    table, now = planned.tables[0], wording_now(lake, dataset)
    anew = [c for c in planned.changes if c.touches == "table" and not c.kind.startswith("column ")]
    if anew or begun(lake, dataset):
        told = "; ".join(str(c) for c in anew) or "a restatement was stopped in between"
        raise DataError(
            f"the past of {dataset.name} cannot stand as it was judged: {told}", code="restatement", subject=dataset.name,
            expected="changes of rules or columns only", remedy=f"yishu apply {dataset.name} without --keep",
        )  # fmt: skip
    _refuse(planned.name, () if breaking else [c for c in planned.breaking if c.kind != "column added"])
    with lake.ledger.writing(table):
        lake.ledger.audit(because.actor, "apply-keep", table, json.dumps({"reason": because.reason, "contract": now}, ensure_ascii=False))
        noted = lake.ledger.table(table)
        reshape(lake, open_spark, dataset, f"keep:{dataset.name}:{now}:{noted.version if noted else 0}")
        lake.ledger.date_contract(dataset.name, now, every=True)
        note(lake, table, contract=now)
    return planned


def _refuse(name: str, breaking: Iterable[Change]) -> None:
    told = "; ".join(str(c) for c in breaking)
    if told:
        raise DataError(
            f"{name} changed in a breaking way: {told}", code="breaking", subject=name,
            expected="a decision of those who read it", remedy=f"yishu apply {name} --breaking --reason …, or change the contract back",
        )  # fmt: skip


def _planned(lake: Lake, dataset: Dataset, changes: tuple[Change, ...], made: Tried) -> Planned:
    if made.collisions:
        why = f"; {made.collisions} rows would give way to others of the same key"
        changes = tuple(
            replace(c, verdict="breaking", why=c.why + why, todo="yishu apply --breaking, if that is meant")
            if c.kind == "key changed" else c for c in changes
        )  # fmt: skip
    was = [d.balance for d in made.deliveries]
    count = Count(
        len(made.deliveries), sum(b.received for b in was), (made.before, made.after), made.come, made.go, made.quarantined,
        (sum(b.duplicates for b in was), sum(b.duplicates for b in made.balances.values())),
        made.collisions if any(c.kind == "key changed" for c in changes) else 0, made.over,
    )  # fmt: skip
    tables = _tables(lake, dataset, changes, anew=True)
    return Planned(dataset.name, changes, tables, count, begun(lake, dataset))


def _tables(lake: Lake, dataset: Dataset, changes: Iterable[Change], anew: bool = False) -> tuple[str, ...]:
    """What is written again, silver first; a change that only new files show writes nothing."""
    deep = {c.touches for c in changes}
    mine = [f"silver.{dataset.name}"] if anew or deep & {"columns", "verdicts", "table"} else []
    if anew:
        mine.append(f"quarantine.{dataset.name}")
    shared = [f"{dataset.database}.{dataset.name}"] if dataset.sharing != "none" and (mine or "gold" in deep) else []
    return (*mine, *shared, *(downstream(lake.project, f"silver.{dataset.name}") if mine or shared else ()))
