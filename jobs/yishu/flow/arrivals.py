"""Landing, looked at every few seconds → per database, what lies there for its run to claim.

Whoever looks only wakes: what is claimed, receive decides.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yishu.contract.load import read_project
from yishu.flow.landing import look
from yishu.lake.lake import Lake, open_lake
from yishu.settings import Settings

Lying = Mapping[str, frozenset["Arrival"]]
"""By database, what lies in landing, is new to the ledger and waits for nothing."""


@dataclass(frozen=True)
class Arrival:
    """A file alone, or a set with all of its files; another as soon as one of them changes."""

    dataset: str
    files: tuple[tuple[str, int, int], ...]


class Lookout:
    """Keeps the ledger, what it knows and the contracts at hand, so that the next look costs little."""

    def __init__(self, settings: Settings) -> None:
        self.seconds = settings.airflow.arrival_seconds
        self._settings = settings
        self._contracts: frozenset[tuple[Path, int]] = frozenset()
        self._lake: Lake | None = None

    def look(self) -> Lying:
        """What lies there now.

        Raises:
            YishuError: the ledger or the store cannot be asked.
        """
        lake, found = self._current(), dict[str, set[Arrival]]()
        for hand_in in look(lake):
            dataset = lake.project.datasets.get(hand_in.place[1])
            if dataset is not None and not hand_in.waits:
                files = tuple((file.name, file.size, file.modified_ns) for file in hand_in.every_file)
                found.setdefault(dataset.database, set()).add(Arrival(dataset.name, files))
        return {database: frozenset(arrivals) for database, arrivals in found.items()}

    def _current(self) -> Lake:
        contracts = frozenset((path, path.stat().st_mtime_ns) for path in (self._settings.project / "schemas").rglob("*"))
        if self._lake is None or contracts != self._contracts:
            project = read_project(self._settings.project)[0]  # a broken contract must not hide what comes for the others
            lake = self._lake or open_lake(self._settings, project=project)
            self._lake, self._contracts = dataclasses.replace(lake, project=project), contracts
        return self._lake
