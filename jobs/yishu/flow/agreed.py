"""The wordings that the ledger keeps × today's contracts → what changed under a filled lake, and what waits for a person because of it.

No JVM and no table is opened: `yishu check` asks here too.
"""

from __future__ import annotations

from collections.abc import Iterator

from yishu.contract.graph import upstream
from yishu.contract.model import Dataset, Mart
from yishu.derive.change import Change
from yishu.derive.evolution import changes, gone
from yishu.derive.wording import Contract, kept, read, wording
from yishu.errors import DataError
from yishu.lake.lake import Lake

BEGUN = "begun:"
"""Before the wording of a table that is being made anew by another one: whoever finds it knows that somebody was stopped."""


def wording_now(lake: Lake, contract: Contract) -> str:
    """The hash of how the contract reads now, which the ledger keeps from here on."""
    found, texts = kept(wording(contract, lake.project))
    lake.ledger.keep_contracts(contract.name, texts)
    return found


def wording_of_table(lake: Lake, table: str) -> str:
    """The hash with which `silver.<dataset>` or a mart was written; empty where it never was, or that was not kept."""
    noted = lake.ledger.table(table)
    return noted.contract if noted else ""


def begun(lake: Lake, dataset: Dataset) -> bool:
    """True where a restatement was stopped in between."""
    return wording_of_table(lake, f"silver.{dataset.name}").startswith(BEGUN)


def changes_of(lake: Lake, dataset: Dataset) -> tuple[Change, ...]:
    """What changed since silver was written, and since each standing delivery was judged.

    Of what a delivery was judged by, only rules and types count: the table's columns were brought up to date since. What only
    loosens them says nothing to deliveries without bad rows.
    """
    table = wording_of_table(lake, f"silver.{dataset.name}").removeprefix(BEGUN)
    standing = lake.ledger.deliveries(dataset=dataset.name, states={"accepted"})
    found = list(_since(lake, dataset, table))
    for one in sorted({d.contract for d in standing} - {table}):
        bad = any(d.balance.quarantined for d in standing if d.contract == one)
        found += [c for c in _since(lake, dataset, one) if c.touches == "verdicts" and (bad or not c.loosens)]
    return tuple(dict.fromkeys(found))


def mart_changes(lake: Lake, mart: Mart) -> tuple[Change, ...]:
    """What changed since a mart was built."""
    return tuple(_since(lake, mart, wording_of_table(lake, mart.table)))


def _since(lake: Lake, contract: Contract, hash: str) -> Iterator[Change]:
    now = wording(contract, lake.project)
    old = read(hash, lake.ledger.contract) if hash and hash != kept(now)[0] else None
    if old is not None:
        yield from changes(old, now, lake.project)


def in_the_way(lake: Lake, dataset: Dataset) -> list[Change]:
    """The changes because of which new rows may not stand beside those that are in silver."""
    if not is_behind(lake, dataset):
        return []
    return [c for c in changes_of(lake, dataset) if c.touches == "table"]


def require_agreed(lake: Lake, dataset: Dataset) -> None:
    """New rows may stand beside those that are in silver.

    Raises:
        DataError: the contract says another thing than those rows; deliveries wait in bronze until somebody decides.
    """
    stopped, found = begun(lake, dataset), in_the_way(lake, dataset)
    if stopped or found:
        told = "; ".join(f"{c.column}: {c.kind}" if c.column else c.kind for c in found)
        what = "was being restated when it was stopped" if stopped else f"was written by another contract ({told})"
        raise DataError(
            f"silver.{dataset.name} {what}; its deliveries wait in bronze", code="restatement", subject=dataset.name,
            expected="rows that mean the same in one table",
            remedy=f"yishu plan {dataset.name} shows what would change, yishu apply {dataset.name} --reason … does it",
        )  # fmt: skip


def is_waiting(lake: Lake, dataset: Dataset) -> bool:
    """True where `require_agreed` would raise."""
    return begun(lake, dataset) or bool(in_the_way(lake, dataset))


def is_behind(lake: Lake, dataset: Dataset) -> bool:
    """True where silver was written by another wording, so that the next run has to look."""
    was = wording_of_table(lake, f"silver.{dataset.name}")
    return bool(was) and was != kept(wording(dataset, lake.project))[0]


def waits_for(lake: Lake, mart: str) -> list[str]:
    """The datasets that a mart is made from, near or far, which wait for a person."""
    sources = [name.partition(".")[2] for name in upstream(lake.project, mart) if name.startswith("silver.")]
    return [name for name in sources if name in lake.project.datasets and is_waiting(lake, lake.project.datasets[name])]


def lake_changes(lake: Lake) -> tuple[Change, ...]:
    """Of every contract with which a table was written."""
    found: list[Change] = []
    for dataset in lake.project.datasets.values():
        found += changes_of(lake, dataset)
    for mart in lake.project.marts.values():
        found += mart_changes(lake, mart)
    for state in lake.ledger.tables():
        layer, _, name = state.name.partition(".")
        known = lake.project.datasets if layer == "silver" else lake.project.marts
        if state.contract and (name if layer == "silver" else state.name) not in known:
            found.append(gone(name if layer == "silver" else state.name))
    return tuple(found)
