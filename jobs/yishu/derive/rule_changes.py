"""Two wordings of a dataset → how its rules changed: tightened, loosened, or both; told from the suites that follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from yishu.contract.model import Dataset, Project
from yishu.derive.change import Change
from yishu.derive.suite import ExpectationJson, suite
from yishu.derive.wording import Wording

_TODO = "new deliveries are judged by it at once; yishu plan counts what it does to the past, yishu apply does it"
_WHY = {
    "tightened": "rows that break it now would go to quarantine", "loosened": "rows in quarantine may pass",
    "changed": "some rows would go to quarantine, others may pass",
}  # fmt: skip
_SAID_BY_FIELDS = ("type:", "required:")
Rules = Mapping[str, ExpectationJson]


def rule_changes(old: Wording, new: Wording, project: Project) -> Iterator[Change]:
    """Changes of rules on columns that stand in both, under the new names, and on the whole row.

    Args:
        old: under the new names of its fields.
        new: as it is.
        project: where titles are looked up.
    """
    assert isinstance(old.contract, Dataset)
    assert isinstance(new.contract, Dataset)
    was, now = _rules(old.contract, project), _rules(new.contract, project)
    common = {f.name for f in old.contract.fields} & {f.name for f in new.contract.fields} | {""}
    resized = {f"length:{f.name}" for f in new.contract.fields if f.name in common and f.type != old.contract.field(f.name).type}
    for name in [*now, *(name for name in was if name not in now)]:
        column = (now.get(name) or was[name])["meta"]["yishu"]["column"]
        if column not in common or name in resized or name.startswith(_SAID_BY_FIELDS):
            continue  # what becomes of the column says it
        way = _way(name, was.get(name), now.get(name), old, new)
        if way is not None:
            yield _change(name, way, column, was.get(name), now.get(name), new.contract.name)


def _rules(dataset: Dataset, project: Project) -> Rules:
    return {e["meta"]["yishu"]["rule"]: e for e in suite(dataset, project)["expectations"]}


def _change(
    name: str, way: str, column: str, old: ExpectationJson | None, new: ExpectationJson | None, subject: str
) -> Change:
    kind = "rule added" if old is None else "rule removed" if new is None else f"rule {way}"
    if not (_keeps_out(old) or _keeps_out(new)):
        return Change(kind, subject, column, "safe", f"{name}: it only warns, and new deliveries only are counted", "nothing is to do")
    if all(rule is None or rule["type"].startswith("expect_table_") for rule in (old, new)):
        return Change(kind, subject, column, "safe", f"{name}: it is asked of new deliveries as a whole", "nothing is to do")
    return Change(kind, subject, column, "restatement", f"{name}: {_WHY[way]}", _TODO, "verdicts")


def _keeps_out(rule: ExpectationJson | None) -> bool:
    return rule is not None and rule["meta"]["yishu"]["severity"] != "warn"


def _way(name: str, old: ExpectationJson | None, new: ExpectationJson | None, before: Wording, after: Wording) -> str | None:
    """None where the rule judges rows as it did."""
    if old is None or new is None:
        return "tightened" if old is None else "loosened"
    ways = {_severity(old, new), _arguments(old, new), _codes(old, new, before, after), _reference(name, before, after)} - {None}
    return None if not ways else ways.pop() if len(ways) == 1 else "changed"


def _severity(old: ExpectationJson, new: ExpectationJson) -> str | None:
    """Between error and critical a row's verdict is the same."""
    if _keeps_out(old) == _keeps_out(new):
        return None
    return "tightened" if _keeps_out(new) else "loosened"


def _arguments(old: ExpectationJson, new: ExpectationJson) -> str | None:
    if old["type"] != new["type"]:
        return "changed"
    was, now = old["kwargs"], new["kwargs"]
    ways = {_argument(name, was.get(name), now.get(name)) for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    return None if not ways else ways.pop() if len(ways) == 1 else "changed"


def _argument(name: str, old: JsonValue, new: JsonValue) -> str:
    if name == "value_set" and isinstance(old, list) and isinstance(new, list):
        return _sets({str(v) for v in old}, {str(v) for v in new}) or "changed"
    if name not in ("min_value", "max_value"):
        return "changed"
    if old is None or new is None:
        return "tightened" if old is None else "loosened"
    try:
        narrower = old < new if name == "min_value" else new < old  # type: ignore[operator]
    except TypeError:
        return "changed"
    return "tightened" if narrower else "loosened"


def _codes(old: ExpectationJson, new: ExpectationJson, before: Wording, after: Wording) -> str | None:
    was, now = (str(rule["kwargs"].get("codelist") or "") for rule in (old, new))
    known, today = before.codes.get(was), after.codes.get(now)
    if known is None or today is None:
        return None
    if new["type"].endswith("_in_codelist"):  # a code of any time is one
        known, today = (frozenset(line.partition("|")[0] for line in lines) for lines in (known, today))
    if new["type"].endswith("_valid_on_date"):  # what is valid for good is asked nothing
        known, today = (frozenset(line for line in lines if "|" in line) for lines in (known, today))
    return _sets(known, today)


def _sets(old: set[str] | frozenset[str], new: set[str] | frozenset[str]) -> str | None:
    if old == new:
        return None
    return "loosened" if old < new else "tightened" if new < old else "changed"


def _reference(name: str, before: Wording, after: Wording) -> str | None:
    """A reference's rule looks the same wherever it leads."""
    kind, _, column = name.partition(":")
    if kind != "reference":
        return None
    assert isinstance(before.contract, Dataset)
    assert isinstance(after.contract, Dataset)
    was, now = before.contract.field(column).reference, after.contract.field(column).reference
    same = was and now and (was.dataset, was.field) == (now.dataset, now.field)
    return None if same else "changed"
