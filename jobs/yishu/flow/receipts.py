"""A delivery that came to an end → its receipt (回执): receipt.json, receipt.xlsx and receipt.html, for the department that sent it.

The same ledger and tables give the same bytes: no moment of writing stands in any of them. Values are in clear,
for they go back to whom they came from.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import JsonValue
from pydantic_core import to_json

from yishu.contract.model import Dataset
from yishu.derive.suite import ExpectationJson, suite
from yishu.flow.family import family
from yishu.flow.receipt_form import STATES, ReceiptJson, RowJson, RuleJson, ViolationJson, receipt_text, titles_of
from yishu.flow.receipt_page import page_text
from yishu.flow.receipt_rows import BadRow, read_bad_rows, read_changes
from yishu.flow.receipt_sheet import sheet_bytes
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, DeliveryState, LandedFile, RuleCount
from yishu.lake.places import put

__all__ = ["bad_rows", "receipt", "receipt_text", "write_receipt"]


def write_receipt(lake: Lake, delivery: Delivery) -> Path:
    """Write the receipt and return its folder.

    Args:
        lake: contracts, ledger and places.
        delivery: in a state that it came to rest in.
    """
    folder = _folder(lake, delivery)
    document = receipt(lake, delivery)
    put(folder / "receipt.xlsx", sheet_bytes(document))
    put(folder / "receipt.html", page_text(lake, document))
    put(folder / "receipt.json", to_json(document, indent=1).decode() + "\n")
    return folder


_RECEIPTS = "receipts"


def receipt_name(lake: Lake, folder: Path) -> str:
    """A receipt's folder as ledger and logs name it, wherever receipts lie."""
    return f"{_RECEIPTS}/{folder.relative_to(lake.root('receipts')).as_posix()}"


def receipt_folder(lake: Lake, name: str) -> Path:
    """The folder of that name."""
    return lake.root("receipts") / name.removeprefix(f"{_RECEIPTS}/")


def bad_rows(lake: Lake, delivery: Delivery, limit: int) -> list[BadRow]:
    """The delivery's first bad rows as handed in, with `_row`, `_raw` and `_violations`; values in clear."""
    return read_bad_rows(lake, delivery, limit).rows


def receipt(lake: Lake, delivery: Delivery) -> ReceiptJson:
    """What the department is told of its delivery, as plain data."""
    dataset = lake.project.datasets.get(delivery.dataset)
    department = lake.project.department_of(delivery.department)
    terms = _terms(lake, delivery, dataset)
    found = read_bad_rows(lake, delivery, lake.settings.run.receipt_rows)
    balance = delivery.balance
    return {
        "delivery": delivery.id, "department": delivery.department,
        "department_name": department.name if department else "", "dataset": delivery.dataset,
        "title": dataset.title if dataset else "", "period": delivery.period, "state": delivery.state,
        "state_zh": STATES[delivery.state], "generation": delivery.generation, "supersedes": delivery.supersedes,
        "corrects": delivery.corrects, "still_bad": _still_bad(lake, delivery),
        "received": balance.received, "loaded": balance.loaded, "duplicates": balance.duplicates,
        "quarantined": balance.quarantined, "rejected": balance.rejected, "reason": delivery.reason,
        "advice": _advice(delivery), "notes": _notes(lake, delivery),
        "files": [{"name": Path(f.path).name, "size": f.size, "sha256": f.sha256} for f in _files(delivery)],
        "changes": read_changes(lake, delivery), "columns": list(terms.titles.values()),
        "rules": _broken_rules(terms), "rows": [_row(row, terms) for row in found.rows],
        "rows_total": found.total, "rows_shown": len(found.rows),
    }  # fmt: skip


def _still_bad(lake: Lake, delivery: Delivery) -> int | None:
    """Of a correction that was taken: how many rows of the whole hand-in are still bad, its own among them."""
    if delivery.corrects is None or delivery.state != "accepted":
        return None
    return sum(d.balance.quarantined for d in family(lake, delivery))


def _files(delivery: Delivery) -> list[LandedFile]:
    return [*([delivery.manifest_file] if delivery.manifest_file else []), *delivery.files]


@dataclass(frozen=True)
class _Terms:
    """What names mean: titles of fields, and per rule its count and the fields that it looks at."""

    titles: Mapping[str, str]
    counts: Mapping[str, RuleCount]
    looks_at: Mapping[str, Sequence[str]]
    _said: dict[tuple[str, str], _Saying] = field(default_factory=dict)

    def title(self, rule: str) -> str:
        """The rule's fields as the department calls them; none for a rule on the whole row or table."""
        return "、".join(self.titles[name] for name in self.looks_at.get(rule, ()))

    def of(self, rule: str, column: str) -> _Saying:
        """What a violation of a rule says, whatever the row."""
        if (rule, column) not in self._said:
            names = list(self.looks_at.get(rule) or ([column] if column in self.titles else []))
            known = self.counts.get(rule)
            self._said[rule, column] = _Saying(names, [self.titles[n] for n in names], known.expected if known else "")
        return self._said[rule, column]


@dataclass(frozen=True)
class _Saying:
    names: list[str]
    titles: list[str]
    expected: str


def _terms(lake: Lake, delivery: Delivery, dataset: Dataset | None) -> _Terms:
    counts = {count.rule: count for count in lake.ledger.rules(delivery.id)}
    if dataset is None:
        return _Terms({}, counts, {})
    titles = titles_of(dataset)
    looks_at = {e["meta"]["yishu"]["rule"]: _fields(e, titles) for e in suite(dataset, lake.project)["expectations"]}
    return _Terms(titles, counts, looks_at)


def _fields(expectation: ExpectationJson, titles: Mapping[str, str]) -> list[str]:
    """The contract's fields that a rule looks at: the one it is about and those that its arguments name."""
    kwargs = expectation["kwargs"]
    listed = kwargs.get("column_list")
    named = [expectation["meta"]["yishu"]["column"], *(kwargs.get(k) for k in ("column", "column_A", "column_B"))]
    named += listed if isinstance(listed, list) else []
    return [name for name in dict.fromkeys(n for n in named if isinstance(n, str)) if name in titles]


def _broken_rules(terms: _Terms) -> list[RuleJson]:
    return [
        {"rule": c.rule, "column": c.column, "title": terms.title(c.rule), "message": c.message, "expected": c.expected,
         "severity": c.severity, "bad": c.bad}
        for c in terms.counts.values() if c.bad
    ]  # fmt: skip


def _row(row: BadRow, terms: _Terms) -> RowJson:
    cells = {name: _text(row.get(name)) for name in terms.titles}
    violations = cast("list[dict[str, str]]", row["_violations"])
    return {
        "file": str(row["_file"]), "row": int(str(row["_row"])),
        "values": {title: cells[name] for name, title in terms.titles.items()},
        "extra": _extra(row.get("_extra")), "raw": _text(row["_raw"]),
        "violations": [_violation(v, cells, terms) for v in violations],
    }  # fmt: skip


def _violation(found: Mapping[str, str], cells: Mapping[str, str | None], terms: _Terms) -> ViolationJson:
    saying = terms.of(found["rule"], found["column"])
    values = [cells[name] for name in saying.names]
    return {
        "column": found["column"], "title": "、".join(saying.titles), "titles": saying.titles, "rule": found["rule"],
        "message": found["message"], "expected": saying.expected,
        "value": values[0] if len(values) == 1 else "、".join(v or "（空）" for v in values) or None,
    }  # fmt: skip


def _text(value: JsonValue) -> str | None:
    return None if value is None else str(value)


def _extra(text: JsonValue) -> dict[str, str | None]:
    """Cells of columns that the contract does not know, by the department's own header."""
    found = json.loads(text) if isinstance(text, str) and text else {}
    return {str(name): _text(value) for name, value in found.items()} if isinstance(found, dict) else {}


_AGAIN = "以同一期次重新报送全部数据，更正件将替代本次交付。"
_MEND = f"可在 receipt.xlsx 的“问题行”中直接改正单元格，把改好的文件放回报送本期数据的文件夹，只替换这些行；也可{_AGAIN}"
_ADVICE: dict[DeliveryState, str] = {
    "waiting": "正在处理，请稍后查看。",
    "bronze": "正在处理，请稍后查看。",
    "held": f"本次交付尚未入库，由平台数据管理员核定是否放行。也{_MEND}",
    "accepted": "全部数据已入库，无需处理。",
    "rejected": f"本次交付未入库。请按“说明”处理后{_AGAIN}",
    "superseded": "本次交付已由更正件替代，无需处理。",
    "unchanged": "内容与此前的交付相同，未重复入库，无需处理。",
}


def _advice(delivery: Delivery) -> str:
    """What the department does next."""
    if delivery.state == "accepted" and delivery.balance.quarantined:
        return f"合格数据已入库。问题行请更正：{_MEND}"
    if delivery.corrects and delivery.state == "rejected":
        return "本次更正未入库，所更正的交付不受影响。请按“说明”处理。"
    return _ADVICE[delivery.state]


def _notes(lake: Lake, delivery: Delivery) -> list[str]:
    """What was unusual about the files: said when they came into bronze, kept by the audit alone once they are accepted."""
    moves = [json.loads(row.detail) for row in lake.ledger.audit_rows(delivery.id) if row.action == "move"]
    said = [str(m.get("reason", "")) for m in moves if m.get("from") == "waiting" and m.get("state") == "bronze"]
    return [note for note in said[-1].split("；") if note] if said else []


_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff/\\:*?\"<>|]")
_LONGEST_PART = 120
"""Bytes of one part of a path; file systems allow 255, Windows 260 for all parts together."""


def _folder(lake: Lake, delivery: Delivery) -> Path:
    """The receipt's folder; names from landing are a stranger's text, and no part of them may lead elsewhere."""
    department, dataset, period = _safe(delivery.department), _safe(delivery.dataset), _safe(delivery.period)
    return lake.receipt(dataclasses.replace(delivery, department=department, dataset=dataset, period=period))


def _safe(part: str) -> str:
    plain = _UNSAFE.sub("_", part).strip(" .").encode()[:_LONGEST_PART].decode(errors="ignore")
    return plain or "_"
