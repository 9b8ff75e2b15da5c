"""Masks and tokens as Spark runs them, beside their Python twins and Python's own hmac."""

from __future__ import annotations

import hmac
import json
import random
import unicodedata

import pytest
from derive_case import PENSION, PERSON
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from yishu.contract.model import Field, Mask, Type
from yishu.derive.masks import gold_columns, mask_expression, mask_text, padded_keys, token_sql, token_text
from yishu.derive.spark_types import columns_ddl, ddl, silver_ddl

KEY = b"a key of the test, longer than one block of SHA-256: 64 bytes and more"
NAMES = [
    "张三",
    "张三丰",
    "欧阳修",
    "欧阳娜娜",
    "欧阳",
    "王",
    "𠮷田一",
    "阿卜杜拉·买买提",
    "买•买",
    "John Smith",
    "张*",
    "欧阳**",
    "东方明珠大厦",
]
PLACES = [
    "河北省石家庄市长安区中山路1号", "河北省定州市北城区3号", "北京市朝阳区建国路", "石家庄市裕华区万达小区3栋", "河北省雄安新区容城县",
    "内蒙古自治区呼和浩特市赛罕区大学路", "河北省承德市围场满族蒙古族自治县围场镇", "中山路1号院", "北国超市三楼", "河北 石家庄市 桥西区",
    "新疆维吾尔自治区伊犁哈萨克自治州伊宁市解放路", "内蒙古自治区锡林郭勒盟正蓝旗上都镇", "河北省石家庄市长安区***", "河北省\n石家庄市",
]  # fmt: skip
NUMBERS = [
    "130102199003071233", "13010219900307123x", "130102900307123", "１３０１０２１９９００３０７１２３Ｘ", "91110000600037341L", "12345",
    "1****************3", "13800008000", "138 0000 8000", "+86 13800008000", "0086-0311-87654321", "0311-87654321", "01012345678",
    "87654321", "13800008000/13900009000", "无", "6222 0212 3456 7890", "冀A12345", "冀ad12345", "粤Z1234港", "A12345",
    "1\n3\r0\t1", "\u200b138\u00a00000\u30008000\ufeff", "'; DROP --", "\\d{3}", "$1", "ǅß", "١٢٣٤٥٦٧٨٩",
]  # fmt: skip
MASKS: tuple[Mask, ...] = ("name", "id", "phone", "address", "account", "plate", "suppress")


def _values() -> list[str | None]:
    random.seed(11)
    alphabet = "0123456789Xx*·-+ \u3000\u00a0９Ａ省市区县旗路小张欧阳𠮷\n"
    made = ["".join(random.choices(alphabet, k=random.randint(0, 24))) for _ in range(1_000)]
    made += [n + end for n in (*NUMBERS, *NAMES, *PLACES) for end in ("\n", "\r\n", "\u2028", "\u0085")]
    return [None, "", " ", *NAMES, *PLACES, *NUMBERS, *made]


@pytest.fixture(scope="module")
def values(spark: SparkSession) -> DataFrame:
    frame = spark.createDataFrame([(i, v) for i, v in enumerate(_values())], "i int, v string")
    inner, outer = padded_keys(KEY)
    keys = spark.createDataFrame([(inner, outer)], "_inner_key binary, _outer_key binary")
    return frame.crossJoin(F.broadcast(keys)).coalesce(1).cache()


def _column(values: DataFrame, expression: str) -> list[str | None]:
    return [row[1] for row in sorted(values.select("i", F.expr(expression)).collect())]


@pytest.mark.parametrize("kind", MASKS)
def test_spark_and_python_mask_alike(values: DataFrame, kind: Mask) -> None:
    found = _column(values, mask_expression(kind, "v"))
    wrong = [(v, s, mask_text(kind, v)) for v, s in zip(_values(), found, strict=True) if s != mask_text(kind, v)]
    assert wrong == []


def test_spark_s_tokens_are_hmac_sha256(values: DataFrame) -> None:
    domain = "it's a \\ domain"
    found = _column(values, token_sql("`v`", "`_inner_key`", "`_outer_key`", domain))
    assert found == [token_text(KEY, domain, v) for v in _values()]
    given = dict(zip(_values(), found, strict=True))
    for number in ("130102199003071233", "１３０１０２１９９００３０７１２３Ｘ", "13010219900307123x", "0311-87654321"):
        folded = unicodedata.normalize("NFKC", number).strip().upper()
        assert given[number] == hmac.new(KEY, f"{domain}:{folded}".encode(), "sha256").hexdigest()


def test_tokens_take_a_number_type_too(spark: SparkSession) -> None:
    inner, outer = padded_keys(KEY)
    frame = spark.createDataFrame([(13800008000, inner, outer)], "n bigint, i binary, o binary")
    assert frame.select(F.expr(token_sql("n", "i", "o", "phone"))).first()[0] == token_text(KEY, "phone", "13800008000")  # type: ignore[index]


def test_gold_s_columns_run_and_no_clear_value_is_left(spark: SparkSession) -> None:
    inner, outer = padded_keys(KEY)
    row = ["130102199003071233", "欧阳修", "1990-03-07", "130102", "1", "13800008000", "172.5", "c1", "2024-01-31 08:30:00"]
    types = [(f"`{f.name}`", t.split(" ")[1]) for f, t in zip(PERSON.fields, ddl(PERSON.fields).split(", "), strict=True)]
    typed = spark.createDataFrame([tuple(row)], [f.name for f in PERSON.fields]).select(
        *[F.col(name).cast("decimal(5,2)" if kind.startswith("decimal") else kind) for name, kind in types]
    )
    keys = spark.createDataFrame([(inner, outer)], "_inner_key binary, _outer_key binary")
    columns = gold_columns(PERSON.fields)
    frame = typed.crossJoin(F.broadcast(keys))
    gold = frame.select(*[F.expr(c.expression).alias(c.name) for c in columns])
    assert [t for _, t in gold.dtypes] == [c.type for c in columns]
    shown = gold.first().asDict()  # type: ignore[union-attr]
    assert (shown["id_no"], shown["name"], shown["birth_date"]) == ("1****************3", "欧阳*", None)
    assert (shown["phone"], shown["division_code"]) == ("138****8000", "130102")
    assert shown["id_no_token"] == token_text(KEY, "citizen_id", "130102199003071233")
    text = json.dumps(shown, default=str, ensure_ascii=False)
    assert not [clear for clear in (row[0], row[1], row[2], row[5]) if clear in text]


def test_no_key_stands_in_a_plan(spark: SparkSession, values: DataFrame, capfd: pytest.CaptureFixture[str]) -> None:
    values.select(F.expr(token_sql("v", "_inner_key", "_outer_key", "d"))).explain("extended")
    plan = capfd.readouterr().out
    inner, outer = padded_keys(KEY)
    assert "sha2" in plan
    for secret in (KEY, inner, outer):
        assert (
            secret.hex() not in plan.lower()
            and secret.decode("latin-1") not in plan
            and str(list(secret[:8]))[1:-1] not in plan
        )


def test_ddl_is_read_by_spark_with_its_comments(spark: SparkSession) -> None:
    odd = Field(name="a`b", title='所有人\'的\\路径\n，含"引号"', type=Type(kind="string"))
    schema = spark.createDataFrame([], ddl([*PERSON.fields, odd])).schema
    assert [f.name for f in schema] == [*[f.name for f in PERSON.fields], "a`b"]
    assert [f.metadata["comment"] for f in schema] == [*[f.title for f in PERSON.fields], odd.title]
    for dataset in (PERSON, PENSION):
        assert spark.createDataFrame([], silver_ddl(dataset)).schema["_row"].dataType.simpleString() == "bigint"
    gold = spark.createDataFrame([], columns_ddl([c.column for c in gold_columns(PERSON.fields)])).schema
    assert gold["id_no"].metadata["comment"] == "身份证号（已脱敏）"
