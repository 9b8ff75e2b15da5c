"""Verdicts → decision: whether a delivery may become visible. Pure, so that every case is a plain test.

A check that cannot run is a failure before it comes here; nothing is decided on missing counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yishu.contract.model import Dataset
from yishu.lake.ledger import RuleCount


@dataclass(frozen=True)
class Decision:
    """`accepted`, or `held` with the reason that the department reads."""

    accepted: bool
    reason: str = ""


def decide(
    dataset: Dataset, received: int, bad: int, rows: Sequence[RuleCount], tables: Sequence[RuleCount], tolerances: dict[str, float]
) -> Decision:
    """Hold a delivery that breaks a critical rule, a rule on the whole table, or a tolerance.

    Args:
        dataset: the contract; `tolerance` is the share of bad rows (0–1) that still passes.
        received: rows of the delivery.
        bad: rows that broke an `error` or `critical` rule.
        rows: per rule on rows, how many broke it.
        tables: per rule on the whole table, `bad` 1 where it is broken.
        tolerances: rule name → its own tolerance (0–1), where the contract gives one.
    """
    reasons = [f"{c.message or c.rule}（{c.bad} 行）" for c in rows if c.severity == "critical" and c.bad]
    reasons += [f"整表检查未通过：{c.message or c.rule}" for c in tables if c.severity != "warn" and c.bad]
    for count in rows:
        limit = tolerances.get(count.rule)
        if limit is not None and received and count.bad / received > limit:
            reasons.append(f"{count.message or count.rule}：{count.bad} 行，超过该规则容忍度 {limit:.2%}")
    if received and bad / received > dataset.tolerance:
        reasons.append(f"问题行 {bad} 行，占 {bad / received:.2%}，超过容忍度 {dataset.tolerance:.2%}")
    return Decision(not reasons, "；".join(reasons))
