"""Rows that a person let through → the rules that they may break, taken out of the verdict in the one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from yishu.flow.cases import hand_in_of
from yishu.flow.family import ROW
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery
from yishu.quality.conditions import MASK_BITS, Compiled

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_WAIVED = "__waived"


def waivers(lake: Lake, spark: SparkSession, delivery: Delivery, compiled: Compiled) -> DataFrame | None:
    """File and number of each row that was let through, and per mask the bits that do not count; None where there is none.

    Args:
        lake: the ledger.
        spark: a session of its own.
        delivery: that is judged.
        compiled: says which bit is which rule's; a rule that is no more needs no waiver.
    """
    found = [case for case in lake.ledger.cases(hand_in_of(lake, delivery).id) if case.state == "waived"]
    if not found:
        return None
    place = {rule.name: at for at, rule in enumerate(compiled.rows)}
    bits = [[place[name] for name in case.rules if name in place] for case in found]
    columns = {
        f"{_WAIVED}{i}": pa.array([sum(1 << at % MASK_BITS for at in mine if at // MASK_BITS == i) for mine in bits], pa.int64())
        for i in range(compiled.mask_count)
    }
    places = {"_file": pa.array([c.file for c in found]), "_row": pa.array([c.row for c in found], pa.int64())}
    return spark.createDataFrame(pa.table(places | columns))


def without_waived(judged: DataFrame, excused: DataFrame, masks: Sequence[str]) -> DataFrame:
    """The rows with those bits of their masks cleared that do not count."""
    from pyspark.sql import functions as F

    joined = judged.join(F.broadcast(excused), list(ROW), "left")
    return joined.withColumns({name: F.expr(f"`{name}` & ~coalesce({_WAIVED}{i}, 0L)") for i, name in enumerate(masks)})
