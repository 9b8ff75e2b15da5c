"""What the ledger tells: the words for a delivery's state, and frozen records for what is passed on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

DeliveryState = Literal["waiting", "bronze", "held", "accepted", "rejected", "superseded", "unchanged"]
Verb = Literal["release", "reject", "reprocess", "replay", "correct", "fix", "waive", "restate"]
CaseState = Literal["open", "fixed", "waived", "replayed"]
FileRole = Literal["data", "manifest"]


@dataclass(frozen=True)
class LandedFile:
    """A file in landing; `path` is relative to landing, with forward slashes."""

    path: str
    size: int
    modified_ns: int
    sha256: str
    role: FileRole = "data"


@dataclass(frozen=True)
class Balance:
    """Where the rows of a delivery went: `received = loaded + duplicates + quarantined + rejected`."""

    received: int = 0
    loaded: int = 0
    duplicates: int = 0
    quarantined: int = 0
    rejected: int = 0

    @property
    def balanced(self) -> bool:
        parts = (self.loaded, self.duplicates, self.quarantined, self.rejected)
        return self.received == sum(parts) and min(parts) >= 0


@dataclass(frozen=True)
class Delivery:
    """One hand-in of one dataset for one period; `ordinal` is the order of claims over everything."""

    id: str
    department: str
    dataset: str
    period: str
    state: DeliveryState
    generation: int
    ordinal: int
    files: tuple[LandedFile, ...]
    """The files with rows; a manifest is none of them."""
    balance: Balance
    reason: str
    receipt: str
    supersedes: str | None
    claimed_at: dt.datetime
    manifest_file: LandedFile | None = None
    manifest: str = ""
    """What the manifest promises, as JSON; empty where there is none, or none that can be read."""
    corrects: str | None = None
    """The delivery of which it holds bad rows, corrected; those that still are bad are its own from then on."""
    contract: str = ""
    """The wording (its hash) by which its rows were judged last; empty where that was not kept."""


@dataclass(frozen=True)
class StageRun:
    """One run of one stage over one delivery."""

    stage: str
    started: dt.datetime
    finished: dt.datetime
    detail: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleCount:
    """How many rows of a delivery broke one rule, of how many that were judged."""

    rule: str
    type: str
    column: str
    severity: str
    bad: int
    total: int
    message: str
    expected: str


@dataclass(frozen=True)
class TableState:
    """What a table was built from: its Delta id and version, its inputs and its definition (hashes)."""

    name: str
    table_id: str
    version: int
    inputs: str
    definition: str
    contract: str = ""
    """Of silver and marts: the contract's wording (its hash) with which it was written."""


@dataclass(frozen=True)
class Decision:
    """What a person decided about a delivery; `pending` until the flow has carried it out or a later one replaced it."""

    delivery: str
    verb: Verb
    actor: str
    reason: str
    decided_at: dt.datetime
    pending: bool


@dataclass(frozen=True)
class Case:
    """待核: what became of one bad row of a delivery, whoever corrected it how often; a row that nobody touched has none."""

    delivery: str
    """The hand-in that the row came with; a correction's rows are cases of what it corrects."""
    file: str
    row: int
    state: CaseState
    rules: tuple[str, ...]
    """Those that it broke when this was written; of a waived row, those that it may break."""
    settled_by: str
    """The correction's id, or the word of the decision."""
    actor: str
    reason: str
    at: str = ""
    """When the ledger wrote it, as ISO text."""


@dataclass(frozen=True)
class Dispute:
    """疑义: a value of an element that disagrees with the element's authoritative dataset."""

    element: str
    key: str
    dataset: str
    value: str
    source_dataset: str
    source_value: str
    delivery: str


@dataclass(frozen=True)
class AuditRow:
    """One link of the audit's hash chain."""

    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    previous: str
    hash: str
