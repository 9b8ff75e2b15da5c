"""Counts per rule → Great Expectations' own validation results, as if GX had counted the rows itself.

Only this module and `data_docs` make GX objects of what the ledger keeps; the import costs seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import JsonValue

from yishu.derive.suite import ExpectationJson, SuiteJson
from yishu.lake.ledger import RuleCount

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier


@dataclass(frozen=True)
class Judged:
    """One delivery as a GX run: its name is the delivery's id, its time that of the claim, its batch the period."""

    delivery: str
    dataset: str
    period: str
    rows: int
    claimed_at: datetime


def validation_result(suite: SuiteJson, counts: Sequence[RuleCount], judged: Judged) -> ExpectationSuiteValidationResult:
    """The result of one delivery, in the order of its counts.

    Args:
        suite: gives each expectation's arguments; a rule that the suite no longer has is told of by its count alone.
        counts: as the ledger keeps them.
        judged: which delivery.
    """
    from great_expectations import __version__
    from great_expectations.core import ExpectationSuiteValidationResult

    expectations = {e["meta"]["yishu"]["rule"]: e for e in suite["expectations"]}
    missing = _missing(counts)
    results = [_result(c, expectations.get(c.rule), judged.rows, missing.get(c.column)) for c in counts]
    passed = sum(1 for r in results if r.success)
    return ExpectationSuiteValidationResult(
        success=passed == len(results), results=results, suite_name=suite["name"],
        statistics={
            "evaluated_expectations": len(results), "successful_expectations": passed,
            "unsuccessful_expectations": len(results) - passed,
            "success_percent": passed / len(results) * 100 if results else None,
        },
        meta={
            "great_expectations_version": __version__, "run_id": run_id(judged),
            "validation_time": judged.claimed_at.isoformat(), "expectation_suite_name": suite["name"],
            "active_batch_definition": {
                "datasource_name": "yishu", "data_connector_name": "bronze", "data_asset_name": judged.dataset,
                "batch_identifiers": {"delivery": judged.delivery, "period": judged.period},
            },
            "batch_spec": {
                "data_asset_name": judged.dataset, "delivery": judged.delivery, "period": judged.period, "rows": judged.rows,
            },
        },
    )  # fmt: skip


def result_key(judged: Judged) -> ValidationResultIdentifier:
    """Where GX's store keeps the result of a delivery."""
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    return ValidationResultIdentifier(ExpectationSuiteIdentifier(judged.dataset), run_id(judged), judged.period)


def run_id(judged: Judged) -> RunIdentifier:
    """The run under which GX's stores file a delivery's results: its id and the time of its claim."""
    from great_expectations.core.run_identifier import RunIdentifier

    return RunIdentifier(run_name=judged.delivery, run_time=judged.claimed_at)


def _missing(counts: Sequence[RuleCount]) -> dict[str, int]:
    """Column → how many values are NULL, where a rule has counted that; GX's shares leave them out."""
    return {c.column: c.bad for c in counts if c.rule == f"required:{c.column}"}


def _result(
    count: RuleCount, expectation: ExpectationJson | None, rows: int, missing: int | None
) -> ExpectationValidationResult:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    meta: dict[str, JsonValue] = {"rule": count.rule, "severity": count.severity, "message": count.message}
    config = ExpectationConfiguration(
        type=count.type, kwargs=dict(expectation["kwargs"]) if expectation else {"column": count.column},
        meta={"yishu": meta}, description=f"{count.expected}（违反时：{count.message}）",
        id=expectation["id"] if expectation else None, rendered_content=None,
    )  # fmt: skip
    return ExpectationValidationResult(
        success=count.bad == 0, expectation_config=config, result=_figures(count, rows, missing),
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
        meta={"yishu": meta},
    )  # fmt: skip


def _figures(count: RuleCount, rows: int, missing: int | None) -> dict[str, JsonValue]:
    """What GX reports: counts and percent for a rule on rows, the observed value for one on the whole table."""
    if not _judges_rows(count.type):
        return {"observed_value": rows} if count.type.startswith("expect_table_row_count") else {}
    figures: dict[str, JsonValue] = {
        "element_count": count.total, "unexpected_count": count.bad, "unexpected_percent": _percent(count.bad, count.total),
        "unexpected_percent_total": _percent(count.bad, count.total), "partial_unexpected_list": [],
    }  # fmt: skip
    if missing is not None and not count.rule.startswith("required:"):
        present = _percent(count.bad, count.total - missing)
        figures |= {"missing_count": missing, "missing_percent": _percent(missing, count.total)}
        figures |= {"unexpected_percent": present, "unexpected_percent_nonmissing": present}
    return figures


def _judges_rows(kind: str) -> bool:
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.registry import get_expectation_impl

    try:
        return bool(getattr(get_expectation_impl(kind), "map_metric", None))
    except ExpectationNotFoundError:
        return True  # a type that is no more; its count still says what it found


def _percent(part: int, whole: int) -> float:
    return part / whole * 100 if whole else 0.0
