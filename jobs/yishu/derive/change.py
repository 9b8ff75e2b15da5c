"""One change of a contract, in the words in which it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["safe", "restatement", "breaking"]
"""safe: what stands keeps its meaning · restatement: it would read otherwise today · breaking: readers or rows lose something."""
Touches = Literal["nothing", "gold", "columns", "verdicts", "table"]
"""How deep it goes: new files only · what gold shows · silver has the columns to be brought up to date · rows that stand would
be judged otherwise · rows would mean something else, so that new ones may not stand beside old ones."""


@dataclass(frozen=True)
class Change:
    """What changed in which table, what follows from it (`why`), and what to do."""

    kind: str
    subject: str
    column: str
    verdict: Verdict
    why: str
    todo: str
    touches: Touches = "nothing"

    @property
    def loosens(self) -> bool:
        """True where rows that are good stay so, and only rows in quarantine may be judged otherwise."""
        return self.touches == "verdicts" and self.kind in ("type widened", "rule loosened", "rule removed")

    def __str__(self) -> str:
        place = f"{self.subject}.{self.column}" if self.column else self.subject
        return f"{self.verdict}: {place}: {self.kind}: {self.why} — {self.todo}"
