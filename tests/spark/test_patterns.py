"""Patterns that `yishu check` lets pass are patterns that Spark runs, and mean there what they mean to the check."""

from __future__ import annotations

import random
import re
import warnings
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from regex_cases import BAD, CLASSES, GOOD

from yishu.contract.reading import Reading
from yishu.contract.regex import try_pattern
from yishu.contract.yaml_lines import Document
from yishu.quality.conditions import spark_errors

TEXTS = ("", "a", "b", "ab", "ba", "aab", "A", "1", "a1", "-", "]", "^", "& a", "aa-b", "[a]", "bbb a1")
PIECES = (
    *"ab[]^-&()+*?|$.1A", "(?:", "(?=", "(?<=", "(?<!", "(?!", "(?>", "(?i)", "(?i:", "(?P<n>", "(?<n>", "(?#", "{", "{2}", "{2,}", "{,3}",
    "&&", r"\d", r"\b", r"\-", r"\]", r"\z", r"\p{L}", r"\x41", r"\x", "\\",
)  # fmt: skip


def passes(pattern: str) -> bool:
    reading = Reading(Document(Path("x.yaml"), None, None))
    try_pattern(pattern, reading)
    return not reading.errors


def found(spark: SparkSession, patterns: list[str]) -> dict[str, list[bool]]:
    """Pattern → whether each text holds it, as Spark sees it."""
    frame = spark.createDataFrame([(t,) for t in TEXTS], "t string").coalesce(1)
    rows = frame.select(*[F.col("t").rlike(p).alias(f"p{i}") for i, p in enumerate(patterns)]).collect()
    return {p: [row[i] for row in rows] for i, p in enumerate(patterns)}


def test_spark_runs_every_pattern_that_passes(spark: SparkSession) -> None:
    assert len(found(spark, [*GOOD, *(rf"\p{{{name}}}" for name in CLASSES)])) == len(GOOD) + len(CLASSES)


def test_patterns_put_together_at_random_that_pass_are_run_and_read_as_the_check_reads_them(spark: SparkSession) -> None:
    chance = random.Random(3)
    made = {"".join(chance.choice(PIECES) for _ in range(chance.randint(1, 7))) for _ in range(6000)}
    chosen = sorted(p for p in made if passes(p))[:400]
    assert len(chosen) == 400
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        ours = {p: [re.search(p, text) is not None for text in TEXTS] for p in chosen if r"\p" not in p}
    theirs = found(spark, chosen)
    assert {p: theirs[p] for p in ours} == ours


@pytest.mark.parametrize("pattern", ["(?P<n>a)", "(?#why)a", "a{,3}", "{a}", r"[\b]", r"\0", r"\p{Han}", "[[a]"])
def test_some_that_python_takes_spark_refuses(spark: SparkSession, pattern: str) -> None:
    assert pattern in BAD or not passes(pattern)
    with pytest.raises(spark_errors()):
        found(spark, [pattern])
