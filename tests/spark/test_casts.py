"""Standardised text by Spark, cell by cell: the short paths give what the long ones would, and plain fields what both give."""

from __future__ import annotations

import random

import pytest
from derive_case import PERSON
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from yishu.contract.model import Field
from yishu.derive.casts import is_free_text, text_sql

BLANKS = " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000"
NOTHING = "\u200b\u200c\u200d\u2060\ufeff"
PIECES = ["a", "Z", "9", "-", "中", "”", "·", " ", "~", "！", "Ａ", "１", "𠮷", "\ud7ff", "\ue000", *BLANKS, *NOTHING]
CODE = next(f for f in PERSON.fields if not is_free_text(f) and f.type.kind == "string")
TEXT = next(f for f in PERSON.fields if is_free_text(f))
WHEN = CODE.model_copy(update={"type": CODE.type.model_copy(update={"kind": "timestamp"}), "check": "none"})


def by_the_letter(cell: str, field: Field) -> str | None:
    if is_free_text(field):
        return cell.strip(BLANKS + NOTHING) or None
    if not cell.isascii():
        folded = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) < 0xFF5F else " " if c in BLANKS else c for c in cell)
        cell = "".join(c for c in folded if c not in NOTHING)
    cell = cell.strip(" \t\r\n")
    return (cell if field.type.kind == "timestamp" else cell.replace(" ", "")) or None


@pytest.mark.parametrize("field", [CODE, TEXT, WHEN], ids=["code", "free text", "timestamp"])
def test_text_is_standardised_by_the_letter(spark: SparkSession, field: Field) -> None:
    chance = random.Random(7)
    cells = ["", *PIECES, *("".join(chance.choices(PIECES, k=chance.randint(1, 5))) for _ in range(3000))]
    frame = spark.createDataFrame([(c,) for c in cells], "cell string")
    same = field.model_copy(update={"check": "none"})
    rows = frame.select("cell", F.expr(text_sql(same, "cell")).alias("text")).collect()
    for row in rows:
        assert row["text"] == by_the_letter(row["cell"], same), row
