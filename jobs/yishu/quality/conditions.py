"""Suite → Spark columns: GX's own condition of every row expectation, true where a row is bad.

No expectation is written twice: the engine asks Great Expectations for the column it would filter by itself
(metric `<map_metric>.condition`), so stock rules, the standards' and a user's own all work the same.
NULL: a value that is missing breaks no rule but not-null; a condition that is NULL is not bad.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from yishu.derive.suite import ExpectationJson, SuiteJson
from yishu.errors import ContractError, Place

if TYPE_CHECKING:
    from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.validator.metric_configuration import MetricConfiguration, MetricConfigurationID
    from great_expectations.validator.validation_graph import MetricsCalculatorErrorResultValue
    from pyspark.sql import Column, DataFrame, SparkSession

    Aborted = Mapping[MetricConfigurationID, MetricsCalculatorErrorResultValue]

MASK_BITS = 62
"""Rules per mask column: a bigint has 63 bits above its sign; one is left free."""
_PART_BITS = 8
"""Rules per part of a mask: few enough that Spark's code for one is a method that HotSpot compiles (8,000 bytes)."""


@dataclass(frozen=True)
class RowRule:
    """One rule that judges rows: what the suite says and the column that is true for a bad row."""

    expectation: ExpectationJson
    condition: Column

    @property
    def name(self) -> str:
        return str(self.expectation["meta"]["yishu"]["rule"])

    @property
    def severity(self) -> str:
        return str(self.expectation["meta"]["yishu"]["severity"])

    @property
    def fatal(self) -> bool:
        """True where a bad row may not pass: `error` and `critical`."""
        return self.severity != "warn"


@dataclass(frozen=True)
class Compiled:
    """A suite in two halves: rules on rows, in bit order, and expectations on whole tables."""

    rows: tuple[RowRule, ...]
    tables: tuple[ExpectationJson, ...]

    @property
    def mask_count(self) -> int:
        return max(1, -(-len(self.rows) // MASK_BITS))

    def masks(self, kept: Collection[str] = ()) -> list[Mask]:
        """One mask for each MASK_BITS rules: bit i is set where its rule i is broken.

        Args:
            kept: names of rules that no row can break, which are not asked again.
        """
        return [_mask(self.rows[i * MASK_BITS : (i + 1) * MASK_BITS], kept) for i in range(self.mask_count)]


@dataclass(frozen=True)
class Mask:
    """Up to MASK_BITS rules in one bigint, made of parts that hold some of its bits each."""

    parts: tuple[Column, ...]
    fatal: int
    """The bits of the rules that keep a row out."""

    @property
    def whole(self) -> Column:
        return _balanced(self.parts)

    @property
    def keep_out(self) -> list[Column]:
        """For each part, true for a row that may not pass because of it."""
        return [part.bitwiseAND(self.fatal) != 0 for part in self.parts]


def _mask(rules: Sequence[RowRule], kept: Collection[str]) -> Mask:
    from pyspark.sql import functions as F

    zero = F.lit(0).cast("bigint")
    asked = [(i, r) for i, r in enumerate(rules) if r.name not in kept]
    terms = [F.when(r.condition, F.lit(1 << i).cast("bigint")).otherwise(zero) for i, r in asked]
    parts = [_balanced(terms[i : i + _PART_BITS]) for i in range(0, len(terms), _PART_BITS)]
    return Mask(tuple(parts) or (zero,), sum(1 << i for i, rule in enumerate(rules) if rule.fatal))


def compile_suite(spark: SparkSession, suite: SuiteJson, schema: str) -> Compiled:
    """Ask GX for the condition of every row expectation, in one graph, on an empty frame.

    Args:
        spark: any session; the columns work in every session of the same kind.
        suite: a bound suite (code lists filled in).
        schema: the staged frame's schema as DDL.

    Raises:
        ContractError: an expectation that GX does not know, whose arguments it refuses, or that has no Spark condition.
    """
    from great_expectations.execution_engine.sparkdf_execution_engine import SparkDFExecutionEngine
    from great_expectations.validator.metrics_calculator import MetricsCalculator

    from yishu.quality import standards

    standards.register()
    # spark: else GX takes or opens a session of its choice; persist=False: the default caches the frame, which would compute it
    engine = SparkDFExecutionEngine(spark=spark, batch_data_dict={"staged": spark.createDataFrame([], schema)}, persist=False)
    wanted: list[tuple[ExpectationJson, MetricConfiguration]] = []
    tables = []
    for expectation in suite["expectations"]:
        config = _condition_metric(expectation, engine, suite["name"])
        if config is None:
            tables.append(expectation)
        else:
            wanted.append((expectation, config))
    found, aborted = MetricsCalculator(engine).compute_metrics([config for _, config in wanted], runtime_configuration=None)
    # a metric that failed itself comes before those that only lack it, so that the right rule is named
    for expectation, config in sorted(wanted, key=lambda w: w[1].id not in aborted):
        if config.id not in found:
            raise _refused(expectation, suite["name"], why_aborted(aborted, [config.id]))
        if any(name.startswith("column.") for name, *_ in found):
            _require_own_row(expectation, config, engine, suite["name"])
    rules = tuple(RowRule(e, _bad(e, found[c.id], suite["name"])) for e, c in wanted)
    return Compiled(rules, tuple(tables))


def _require_own_row(
    expectation: ExpectationJson, config: MetricConfiguration, engine: SparkDFExecutionEngine, suite: str
) -> None:
    """A condition made with figures of the whole column, such as its mean, would hold those of the empty frame: never bad."""
    from great_expectations.validator.metrics_calculator import MetricsCalculator

    graph = MetricsCalculator(engine).build_metric_dependency_graph([config])
    names = {e.left.metric_name for e in graph.edges}
    figures = sorted(n for n in names if n.startswith("column.") and not n.endswith(".aggregate_fn"))
    if figures:
        raise _refused(expectation, suite, f"it judges a row by {', '.join(figures)} of all rows, which one pass does not know")


def why_aborted(aborted: Aborted, wanted: Sequence[MetricConfigurationID]) -> str:
    """GX's own words, in one line, on why it made no value of a metric: it failed itself, or something that it needs did."""
    told = [aborted[m] for m in wanted if m in aborted] or list(aborted.values())
    lines = [info["exception_info"].exception_message.strip().split("\n")[0] for info in told]
    return "; ".join(dict.fromkeys(lines)) or "Great Expectations made no value of it"


def _balanced(terms: Sequence[Column]) -> Column:
    """OR of all terms as a shallow tree: a chain of 60 is deeper than a Connect message may nest."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return _balanced(terms[:half]).bitwiseOR(_balanced(terms[half:]))


def instantiate(expectation: ExpectationJson, suite: str) -> Expectation:
    """The GX object of one suite entry.

    Raises:
        ContractError: GX does not know the type or refuses the arguments.
    """
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.registry import get_expectation_impl
    from pydantic import ValidationError
    from pydantic.v1 import ValidationError as OldValidationError

    try:
        return get_expectation_impl(expectation["type"])(**_arguments(expectation["kwargs"]))
    except (ExpectationNotFoundError, ValidationError, OldValidationError, TypeError) as error:
        raise _refused(expectation, suite, str(error)) from error


def _arguments(kwargs: Mapping[str, JsonValue]) -> dict[str, Any]:
    """The arguments with a Spark row_condition as GX 1.9 and later want it; suites keep the text, which every GX reads."""
    from great_expectations.expectations.row_conditions import PassThroughCondition

    text = kwargs.get("row_condition")
    if not isinstance(text, str) or kwargs.get("condition_parser") != "spark":
        return dict(kwargs)
    return {**kwargs, "row_condition": PassThroughCondition(pass_through_filter=text), "condition_parser": None}


def _condition_metric(expectation: ExpectationJson, engine: SparkDFExecutionEngine, suite: str) -> MetricConfiguration | None:
    """The metric that yields the condition; None for an expectation on the whole table."""
    from great_expectations.exceptions.exceptions import MetricProviderError
    from great_expectations.expectations.registry import get_metric_provider
    from great_expectations.validator.metric_configuration import MetricConfiguration

    built = instantiate(expectation, suite)
    name = getattr(built, "map_metric", None)
    if not name:
        return None
    # BOOLEAN_ONLY: else GX works out the arguments of twice as many metrics, for samples of bad rows that nobody asks for
    counting = {"result_format": "BOOLEAN_ONLY"}
    metrics = built.get_validation_dependencies(execution_engine=engine, runtime_configuration=counting).metric_configurations
    like = next((m for key, m in metrics.items() if key.startswith(f"{name}.")), None)
    try:
        get_metric_provider(f"{name}.condition", engine)
    except MetricProviderError:
        like = None
    if like is None:
        raise _refused(expectation, suite, "Great Expectations has no Spark condition for it")
    return MetricConfiguration(f"{name}.condition", like.metric_domain_kwargs, like.metric_value_kwargs)


def _bad(expectation: ExpectationJson, metric: tuple[Column, dict[str, object], dict[str, object]], suite: str) -> Column:
    """The condition within its domain: rows that stock GX would leave out are not bad."""
    from pyspark.sql import functions as F

    condition, rows, columns = metric
    domain = {**rows, **columns}
    parts: list[Column] = [condition]
    if domain.get("row_condition"):
        parts.append(F.expr(_row_condition(expectation, domain, suite)))
    filters = domain.get("filter_conditions")
    parts += [F.expr(str(extra.condition)) for extra in filters] if isinstance(filters, list) else []
    parts += _not_ignored(domain)
    return F.coalesce(reduce(lambda a, b: a & b, parts), F.lit(False))


def _row_condition(expectation: ExpectationJson, domain: dict[str, object], suite: str) -> str:
    """The filter as the contract wrote it; GX 1.24 wraps a Spark one in a record of its own."""
    given = domain["row_condition"]
    text = given.get("pass_through_filter") if isinstance(given, dict) else getattr(given, "pass_through_filter", given)
    # a window looks at all rows, so a rule on uniqueness or order under a filter would see too many
    windowed = "unique" in expectation["type"] or "creasing" in expectation["type"]
    if not isinstance(text, str) or expectation["kwargs"].get("condition_parser") != "spark" or windowed:
        raise _refused(expectation, suite, "row_condition needs condition_parser: spark and a rule on single rows")
    return text


def _not_ignored(domain: dict[str, object]) -> list[Column]:
    """`ignore_row_if` as a column: true where the row counts."""
    from pyspark.sql import functions as F

    listed = domain.get("column_list")
    names = list(listed) if isinstance(listed, list | tuple) else [domain.get("column_A"), domain.get("column_B")]
    missing = [F.col(f"`{n}`").isNull() for n in names if n]
    match domain.get("ignore_row_if"):
        case "both_values_are_missing" | "all_values_are_missing":
            return [~reduce(lambda a, b: a & b, missing)]
        case "either_value_is_missing" | "any_value_is_missing":
            return [~reduce(lambda a, b: a | b, missing)]
        case _:
            return []


def rule_that_fails(frame: DataFrame, compiled: Compiled, suite: str) -> ContractError | None:
    """Once judging failed inside Spark: the rule that alone cannot be evaluated, such as a broken pattern; None: none is to blame."""
    from pyspark.sql import functions as F

    frame.count()  # where this fails too, the machine or the data is at fault, and its error is the one to see
    for rule in compiled.rows:
        try:
            frame.agg(F.count_if(rule.condition)).collect()
        except spark_errors() as error:
            return _refused(rule.expectation, suite, str(error).split("\n")[0])
    return None


def spark_errors() -> tuple[type[Exception], ...]:
    """What a failed job raises: through Connect PySpark's own, in this process also py4j's, as it came from the JVM."""
    from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    return (PySparkException, Py4JJavaError)


def _refused(expectation: ExpectationJson, suite: str, why: str) -> ContractError:
    rule = expectation["meta"].get("yishu", {}).get("rule", expectation["type"])
    return ContractError(
        f"rule {rule} ({expectation['type']}) cannot be used: {' '.join(why.split())}", code="expectation", place=Place(f"expectations/{suite}.json"),
        expected="a Great Expectations type with its arguments", remedy="mend the rule in the contract, then yishu render",
        subject=suite,
    )  # fmt: skip
