"""What stands in a receipt, as data, and the same as lines for a terminal."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TypedDict, cast

from yishu.contract.model import Dataset
from yishu.flow.receipt_rows import ChangesJson
from yishu.lake.ledger import DeliveryState

STATES: dict[DeliveryState, str] = {
    "waiting": "待处理", "bronze": "处理中", "held": "待定", "accepted": "已接收", "rejected": "已退回",
    "superseded": "已被更正替代", "unchanged": "未变化",
}  # fmt: skip
SEVERITIES = {"warn": "提示", "error": "该行待核", "critical": "整批待定"}


class FileJson(TypedDict):
    name: str
    size: int
    sha256: str


class RuleJson(TypedDict):
    rule: str
    column: str
    title: str
    message: str
    expected: str
    severity: str
    bad: int


class ViolationJson(TypedDict):
    """`column` is the contract's field ("" for a row's), `titles` all columns that the rule looks at, in the sender's words."""

    column: str
    title: str
    titles: list[str]
    rule: str
    message: str
    expected: str
    value: str | None


class RowJson(TypedDict):
    """Cells by the department's own titles, `extra` beyond the contract; `raw` is a line that could not be read, as it came."""

    file: str
    row: int
    values: dict[str, str | None]
    extra: dict[str, str | None]
    raw: str | None
    violations: list[ViolationJson]


class ReceiptJson(TypedDict):
    """`corrects` is the delivery of which bad rows were corrected, `still_bad` how many of it then are left, its own among them."""

    delivery: str
    department: str
    department_name: str
    dataset: str
    title: str
    period: str
    state: str
    state_zh: str
    generation: int
    supersedes: str | None
    corrects: str | None
    still_bad: int | None
    received: int
    loaded: int
    duplicates: int
    quarantined: int
    rejected: int
    reason: str
    advice: str
    notes: list[str]
    files: list[FileJson]
    changes: ChangesJson | None
    columns: list[str]
    rules: list[RuleJson]
    rows: list[RowJson]
    rows_total: int
    rows_shown: int


def corrected(r: ReceiptJson) -> str:
    """What a correction did, in Chinese; empty for every other delivery."""
    if r["corrects"] is None:
        return ""
    done = f"更正 {r['corrects']} 的 {r['received']} 行"
    if r["still_bad"] is None:
        return done
    return f"{done}，其中 {r['loaded']} 行已入库，{r['quarantined']} 行仍有问题；更正后全批尚有 {r['still_bad']} 行待更正"


def titles_of(dataset: Dataset) -> dict[str, str]:
    """Each field's title; the name stands beside it where two fields have the same."""
    often = Counter(f.title for f in dataset.fields)
    return {f.name: f.title if often[f.title] == 1 else f"{f.title}（{f.name}）" for f in dataset.fields}


_UNDECIDED = {"waiting": "处理中", "bronze": "处理中", "held": "合格（待放行）"}


def undecided(r: ReceiptJson) -> tuple[str, int]:
    """What is neither loaded nor set aside: how it is called, and how many rows."""
    settled = r["loaded"] + r["duplicates"] + r["quarantined"] + r["rejected"]
    return _UNDECIDED.get(r["state"], "未入库"), r["received"] - settled


def receipt_text(json_text: str) -> str:
    """A receipt's JSON as lines for a terminal; control characters of a stranger's text are made visible."""
    document = cast("ReceiptJson", json.loads(json_text))
    return UNPRINTABLE.sub("\ufffd", "\n".join(_lines(document)))


UNPRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ON_TERMINAL = 10


def _lines(r: ReceiptJson) -> list[str]:
    who = f"{r['department_name']}（{r['department']}）" if r["department_name"] else r["department"]
    label, count = undecided(r)
    rest = f" + {label} {count}" if count else ""
    lines = [
        f"交付回执 {r['delivery']}  {r['state_zh']}",
        f"{who}  {r['title'] or r['dataset']}（{r['dataset']}）  期次 {r['period']}  第 {r['generation']} 次",
        f"收到 {r['received']} = 入库 {r['loaded']}{rest} + 重复 {r['duplicates']} + 待核 {r['quarantined']} + 退回 {r['rejected']}",
    ]
    lines += [f"说明：{r['reason']}"] if r["reason"] else []
    lines += [f"备注：{note}" for note in r["notes"]]
    lines += [f"更正：{corrected(r)}"] if r["corrects"] else []
    changes = r["changes"]
    if changes:
        lines.append(f"更正：与 {changes['replaced']} 相比，新增 {changes['added']} 行，减少 {changes['removed']} 行")
    return [*lines, f"下一步：{r['advice']}", *_problems(r)]


def _problems(r: ReceiptJson) -> list[str]:
    """How often each rule was broken, and the first rows."""
    lines = []
    for rule in r["rules"]:
        kept = SEVERITIES.get(rule["severity"], rule["severity"])
        lines.append(f"  {rule['bad']:>8} 行  {kept}  {rule['message']}（{rule['expected']}）")
    for row in r["rows"][:_ON_TERMINAL]:
        problems = "；".join(f"{v['message']} [{'空' if v['value'] is None else v['value']}]" for v in row["violations"])
        lines.append(f"  第 {row['row']} 行：{problems}")
    hidden = r["rows_total"] - min(len(r["rows"]), _ON_TERMINAL)
    return lines + ([f"  …… 另有 {hidden} 行"] if hidden else [])
