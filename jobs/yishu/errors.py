"""Everything that can go wrong, said once: what, where, what was expected, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Place:
    """Where an error lies: a file, and in it a line, a row (from 1, the first data row) or a column."""

    file: Path | str | None = None
    line: int | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        spot = str(self.file) if self.file is not None else ""
        if self.line is not None:
            spot += f":{self.line}"
        if self.row is not None:
            spot += f" row {self.row}"
        if self.column is not None:
            spot += f" column {self.column}"
        return spot.strip()


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at before it could go wrong; `remedy` says what to do about a lack."""

    what: str
    ok: bool
    remedy: str = ""


class YishuError(Exception):
    """The one base. `terminal` says that trying again cannot help; `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 1
    terminal: ClassVar[bool] = True

    def __init__(
        self, what: str, *, code: str, place: Place | None = None, expected: str = "", remedy: str = "", subject: str = ""
    ) -> None:
        self.what, self.code, self.place = what, code, place
        self.expected, self.remedy, self.subject = expected, remedy, subject
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.place}: " if self.place and str(self.place) else ""
        text = f"{head}{self.what}"
        if self.expected:
            text += f" — expected {self.expected}"
        if self.remedy:
            text += f" — {self.remedy}"
        return f"{text} [{self.code}]"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.code, self.place, self.expected, self.remedy, self.subject))


def _rebuild(
    cls: type[YishuError], what: str, code: str, place: Place | None, expected: str, remedy: str, subject: str
) -> YishuError:
    return cls(what, code=code, place=place, expected=expected, remedy=remedy, subject=subject)


class ContractError(YishuError):
    """A contract, element, department or code list in `schemas/`, or a mart's SELECT, is wrong."""

    exit_code = 2


class ContractErrors(YishuError):
    """Several contract errors found in one reading, so that all can be mended at once."""

    exit_code = 2

    def __init__(self, errors: tuple[ContractError, ...]) -> None:
        self.errors = errors
        super().__init__("\n".join(str(e) for e in errors), code="contracts")

    def __str__(self) -> str:
        return self.what

    def __reduce__(self) -> tuple[object, ...]:
        return (ContractErrors, (self.errors,))


class UsageError(YishuError):
    """A command was called wrongly, or a setting is missing or wrong."""

    exit_code = 2


class DeliveryRejected(YishuError):
    """A delivery cannot be taken as a whole; the message goes to the department, in Chinese, on its receipt."""


class DataError(YishuError):
    """A rule of the flow does not hold for the data's sake: a balance, a gate, a key."""


class TableDamaged(YishuError):
    """A table is gone or was changed behind the ledger's back; `yishu reprocess` rebuilds it."""


class MachineError(YishuError):
    """The machine's fault: a port taken, a server down, a disk full. Trying again can help."""

    exit_code = 3
    terminal = False
