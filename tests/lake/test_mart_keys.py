"""A mart whose key is missing or repeated does not become visible; the error names the key."""

from __future__ import annotations

import pytest

from small_lake import SmallLake
from yishu.errors import DataError
from yishu.flow import gold

SELECT = "jobs/gold/toy/total.sql"


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("SELECT _period AS period, amount FROM silver.fact", "period=2025-01, 2 rows"),
        ("SELECT CAST(NULL AS STRING) AS period, sum(amount) AS amount FROM silver.fact", "period=NULL, 1 rows"),
    ],
    ids=["repeated", "missing"],
)
def test_a_bad_key_is_named_and_nothing_of_it_seen(small: SmallLake, select: str, told: str) -> None:
    small.drop("fact", "2025-01", [("a", 1, "R", "2025-01-01"), ("b", 2, "G", "2025-01-02")])
    assert not small.run().errors
    before = small.rows("toy.total")
    assert before == [("2025-01", "3.00")]
    (small.lake.settings.project / SELECT).write_text(select)
    with pytest.raises(DataError, match=told):
        gold.build(small.lake, small.open_spark, "toy.total")
    assert small.rows("toy.total") == before
