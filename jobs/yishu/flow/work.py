"""Ledger, landing and contracts → what there is to do now, table by table; nothing is changed, and of tables only logs are read.

`silver.<dataset>` has work while something of it is on its way; `<database>.<mart>` once an input or its definition changed.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass
from functools import cached_property

from yishu.contract.graph import downstream, upstream
from yishu.contract.levels import datasets_before
from yishu.flow import agreed, gold, silver
from yishu.flow.inputs import NEVER_FILLED, input_state
from yishu.flow.pull import FAILED_REST, pull_due
from yishu.flow.receive import datasets_with_new_files
from yishu.lake import places, tables
from yishu.lake.lake import Lake

UNSETTLED = ("waiting", "bronze")
PATIENCE = dt.timedelta(hours=1)
"""So long a mart waits for inputs that are on their way; then it is built from what is there: some inputs never rest."""


@dataclass(frozen=True)
class Work:
    """One look at the lake; what was asked once is kept."""

    lake: Lake

    @cached_property
    def new(self) -> set[str]:
        """Datasets, known or not, for which something lies in landing."""
        return datasets_with_new_files(self.lake)

    @cached_property
    def moving(self) -> set[str]:
        """Datasets of which a delivery has come that is not settled."""
        return self.new.union(*self._in_state.values())

    def tables(self, database: str | None = None) -> list[str]:
        """The tables, of all databases or of one, for which something can be done now."""
        return [table for table in self._asked_for(database) if not self.holds_up(table)]

    def of_a_run(self, database: str) -> list[str]:
        """What one run of a database may come to do: also what is held up as yet, and the marts made from what it does."""
        found = [table for table in self._asked_for(database) if table.startswith("silver.") or not self.holds_up(table)]
        made = downstream(self.lake.project, *found)
        return list(dict.fromkeys([*found, *(table for table in made if table.startswith(f"{database}."))]))

    def holds_up(self, table: str) -> list[str]:
        """The datasets on their way because of which nothing is done for a table as yet.

        Args:
            table: `silver.<dataset>`, whose rows would be kept out for want of what they refer to; or `<database>.<mart>`,
                which would have to be built again.
        """
        layer, _, name = table.partition(".")
        if layer == "silver":
            return sorted(self.moving & set(self._before.get(name, ())))
        sources = {source.partition(".")[2] for source in upstream(self.lake.project, table) if source.startswith("silver.")}
        found = sorted(self.moving & sources)
        return found if found and not self._waited_long(table) else []

    def _asked_for(self, database: str | None) -> list[str]:
        project = self.lake.project
        datasets = [d.name for d in project.datasets.values() if database in (None, d.database)]
        marts = [m.table for m in project.marts.values() if database in (None, m.database)]
        due = [table for table in marts if gold.is_due(self.lake, table) and not agreed.waits_for(self.lake, table)]
        return [*(f"silver.{name}" for name in datasets if self._has_work(name)), *due]

    def _has_work(self, dataset: str) -> bool:
        if dataset in self.new or dataset in self._in_state["waiting"]:
            return True
        contract = self.lake.project.datasets[dataset]
        if contract.supply.pull and pull_due(self.lake, dataset, FAILED_REST):
            return True
        behind = agreed.is_behind(self.lake, contract)
        asked = behind or dataset in self._in_state["bronze"] or dataset in self._released
        return asked and not (behind and agreed.is_waiting(self.lake, contract))

    @cached_property
    def _in_state(self) -> dict[str, set[str]]:
        """The datasets that have deliveries in each state of those that are not settled."""
        deliveries = self.lake.ledger.deliveries(states=UNSETTLED)
        return {state: {d.dataset for d in deliveries if d.state == state} for state in UNSETTLED}

    @cached_property
    def _released(self) -> set[str]:
        return {d.dataset for d in self.lake.ledger.deliveries(states={"held"}) if silver.to_release(self.lake, d)}

    @cached_property
    def _before(self) -> dict[str, list[str]]:
        return datasets_before(self.lake.project)

    def _waited_long(self, mart: str) -> bool:
        """Since the first of its inputs changed after it was built; a new definition waits for nobody."""
        built = self.lake.ledger.table(mart)
        was = json.loads(built.inputs) if built else {}
        inputs = [name for name in self.lake.project.marts[mart].inputs if not name.startswith("codes.")]
        changed = [name for name in inputs if input_state(self.lake, name) != was.get(name, NEVER_FILLED)]
        since = min((self._changed_at(name, was.get(name, NEVER_FILLED)) for name in changed), default=0)
        return time.time() * 1000 - since >= PATIENCE.total_seconds() * 1000

    def _changed_at(self, name: str, was: str) -> int:
        """The moment (ms since 1970) of the first commit after the state that an input once was in; 0 where the table is gone."""
        if not tables.exists(self.lake.path(name)):
            return 0  # who builds from it will say so
        log = places.delta(self.lake.path(name)).history()
        table_id, _, version = was.partition("@")
        noted = self.lake.ledger.table(name)
        seen = int(version) if noted and noted.table_id == table_id else -1
        return min(int(entry["timestamp"]) for entry in log if int(entry["version"]) > seen)
