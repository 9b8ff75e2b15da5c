"""Expectations on a whole table (row counts, means, freshness): stock GX on the staged rows, in one metric graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from yishu.derive.suite import ExpectationJson
from yishu.errors import ContractError, Place
from yishu.lake.ledger import RuleCount
from yishu.quality.conditions import instantiate, why_aborted

if TYPE_CHECKING:
    from great_expectations.validator.metric_configuration import MetricConfiguration
    from pyspark.sql import DataFrame


def evaluate(frame: DataFrame, expectations: Sequence[ExpectationJson], rows: int, suite: str) -> tuple[RuleCount, ...]:
    """Run the expectations; `bad` is 1 where one does not hold.

    Args:
        frame: the staged rows.
        expectations: those without a row condition.
        rows: how many rows the frame has; known already, so that no job counts them again.
        suite: the dataset's name, for messages.

    Raises:
        ContractError: an expectation could not be computed; a check that cannot run is never a pass.
    """
    if not expectations:
        return ()
    from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
    from great_expectations.validator.metrics_calculator import MetricsCalculator

    # the frame's own session, in which a user's SQL finds the rows as a view
    engine = SparkDFExecutionEngine(spark=frame.sparkSession, batch_data_dict={"staged": frame}, persist=False)
    built = [(e, instantiate(e, suite)) for e in expectations]
    needed = [b.get_validation_dependencies(execution_engine=engine).metric_configurations for _, b in built]
    # the count of all rows is known; one under a row_condition is not
    counted = {c.id for per in needed for c in per.values() if c.metric_name == "table.row_count" and not _filtered(c)}
    configs = {c.id: c for per in needed for c in per.values() if c.id not in counted}
    values, aborted = MetricsCalculator(engine).compute_metrics(list(configs.values()), runtime_configuration=None)
    known = dict.fromkeys(counted, rows)
    counts = []
    for (expectation, expected), metrics in zip(built, needed, strict=True):
        missing = [c.id for c in metrics.values() if c.id not in values and c.id not in known]
        if missing:
            raise _cannot_run(expectation, suite, why_aborted(aborted, missing))
        result = expected.metrics_validate({**values, **known}, runtime_configuration=None, execution_engine=engine)
        counts.append(_count(expectation, bool(result.success)))
    return tuple(counts)


def _filtered(metric: MetricConfiguration) -> bool:
    return bool(metric.metric_domain_kwargs.get("row_condition"))


def _count(expectation: ExpectationJson, success: bool) -> RuleCount:
    meta = expectation["meta"]["yishu"]
    return RuleCount(
        rule=meta["rule"], type=expectation["type"], column=meta["column"], severity=meta["severity"],
        bad=0 if success else 1, total=1, message=meta["message"], expected=meta["expected"],
    )  # fmt: skip


def _cannot_run(expectation: ExpectationJson, suite: str, why: str) -> ContractError:
    return ContractError(
        f"rule {expectation['meta']['yishu']['rule']} ({expectation['type']}) could not be computed: {why}", code="check-cannot-run",
        place=Place(f"expectations/{suite}.json"), remedy="mend its arguments in the contract", subject=suite,
    )  # fmt: skip
