"""The stub of yishu.flow.work: all that the steps ask of it."""

from __future__ import annotations

from yishu.flow.pipeline import DATASETS, INPUTS, is_due, moving
from yishu.lake.lake import Lake

REFERS = {"lics": {"persons"}}


class Work:
    def __init__(self, lake: Lake) -> None:
        self.lake = lake

    def of_a_run(self, database: str) -> list[str]:
        found = [f"silver.{name}" for name in sorted(moving(self.lake)) if DATASETS[name] == database]
        for table, inputs in INPUTS.items():
            if table.startswith(f"{database}.") and (is_due(self.lake, table) or {*inputs} & {*found}):
                found.append(table)
        return found

    def holds_up(self, table: str) -> list[str]:
        return sorted(REFERS.get(table.removeprefix("silver."), set()) & moving(self.lake))
