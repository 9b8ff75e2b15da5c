"""Contract fields → Spark DDL."""

from __future__ import annotations

import pytest
from derive_case import PENSION, PERSON

from yishu.contract.model import Field, Type
from yishu.derive.spark_types import ddl, identifier, silver_ddl, spark_type, text_literal


@pytest.mark.parametrize(("kind", "expected"), [
    (Type(kind="string", length=18), "string"),
    (Type(kind="integer"), "bigint"),
    (Type(kind="decimal", precision=18, scale=4), "decimal(18,4)"),
    (Type(kind="decimal", precision=18), "decimal(18,0)"),
    (Type(kind="decimal"), "decimal(38,18)"),
    (Type(kind="date"), "date"),
    (Type(kind="timestamp"), "timestamp"),
    (Type(kind="boolean"), "boolean"),
])  # fmt: skip
def test_each_contract_type_has_one_spark_type(kind: Type, expected: str) -> None:
    assert spark_type(kind) == expected


def test_a_column_carries_its_chinese_title_as_comment() -> None:
    assert ddl(PERSON.fields[:2]) == "`id_no` string COMMENT '身份证号', `name` string COMMENT '姓名'"


def test_a_quote_or_backslash_in_a_title_cannot_end_the_comment() -> None:
    field = Field(name="a`b", title="所有人'的\\路径\n", type=Type(kind="string"))
    assert ddl([field]) == "`a``b` string COMMENT '所有人\\'的\\\\路径\\n'"


def test_identifiers_and_literals_are_quoted_apart() -> None:
    assert identifier("order") == "`order`"
    assert text_literal("it's") == "'it\\'s'"


def test_silver_keeps_validity_only_where_versions_are_kept() -> None:
    always = ["_department", "_period", "_delivery", "_row"]
    versions = ["_valid_from", "_valid_to", "_is_current"]
    assert _names(silver_ddl(PENSION)) == [f.name for f in PENSION.fields] + always
    for mode in ("history", "snapshot"):
        kept = silver_ddl(PERSON.model_copy(update={"mode": mode}))
        assert _names(kept) == [f.name for f in PERSON.fields] + always + versions
    assert "`_row` bigint" in silver_ddl(PENSION)


def _names(text: str) -> list[str]:
    return text.split("`")[1::2]
