"""A contract and the code lists that it names, as they read at one time → text that can be kept by its hash, and back.

What is only said to people (descriptions, examples) is part of it too: `evolution` tells what of a change matters.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError
from pydantic.main import IncEx

from yishu.contract.model import Dataset, Mart, Project
from yishu.derive.suite import suite

Contract = Dataset | Mart
_RULES: dict[str, IncEx | bool] = {"__all__": {"line": True}}
_PLACES: dict[str, IncEx | bool] = {
    "file": True, "line": True, "select": True, "rules": _RULES,
    "fields": {"__all__": {"line": True, "rules": _RULES, "reference": {"line": True}}},
}  # fmt: skip
"""Where things stand in the files is no part of what they say."""


@dataclass(frozen=True)
class Wording:
    """`codes`: of each code list that a rule names, its lines; `select`: a mart's SQL."""

    contract: Contract
    codes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    select: str = ""


def wording(contract: Contract, project: Project) -> Wording:
    """As the contract reads now."""
    if isinstance(contract, Mart):
        return Wording(contract, select=contract.select.read_text(encoding="utf-8") if contract.select.is_file() else "")
    named = {str(e["kwargs"].get("codelist") or "") for e in suite(contract, project)["expectations"]}
    lists = {name: project.codelists[name] for name in sorted(named) if name in project.codelists}
    return Wording(contract, {name: _codes(file, file.stat().st_mtime_ns) for name, file in lists.items()})


def kept(said: Wording) -> tuple[str, dict[str, str]]:
    """The hash of a wording, and the texts under their hashes from which it can be read again."""
    lists = {name: _listed(lines) for name, lines in said.codes.items()}
    texts = dict(lists.values())
    said_so = json.loads(said.contract.model_dump_json(by_alias=True, exclude_defaults=True, exclude=_PLACES))
    whole = {"contract": said_so, "codes": {name: hash for name, (hash, _) in lists.items()}, "select": said.select}
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True)
    return _hash(text), texts | {_hash(text): text}


def read(hash: str, text_of: Callable[[str], str]) -> Wording | None:
    """A wording that was kept; None where it is not there, or an earlier Yishu wrote what this one cannot read."""
    text = text_of(hash)
    if not text:
        return None
    whole = json.loads(text)
    kind, nowhere = (Mart, {"file": ".", "select": "."}) if "inputs" in whole["contract"] else (Dataset, {"file": "."})
    try:
        contract = kind.model_validate_json(json.dumps(whole["contract"] | nowhere))
    except ValidationError:
        return None
    codes = {name: frozenset(text_of(lines).split("\n")) for name, lines in whole["codes"].items()}
    return Wording(contract, codes, whole["select"])


@lru_cache(maxsize=256)
def _codes(file: Path, _changed_at: int) -> frozenset[str]:
    """What rules ask of a code list: codes, their validity and edition; not what they are called."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        told = ("code", "valid_from", "valid_to", "edition")
        return frozenset("|".join((row.get(name) or "").strip() for name in told).rstrip("|") for row in csv.DictReader(lines))


@lru_cache(maxsize=256)
def _listed(lines: frozenset[str]) -> tuple[str, str]:
    text = "\n".join(sorted(lines))
    return _hash(text), text


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
