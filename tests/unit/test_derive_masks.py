"""Grades and masks → what gold shows: the Python twins, the columns, the keys."""

from __future__ import annotations

import hashlib
import hmac
import random

import pytest
from derive_case import PERSON

from yishu.contract.model import Field, Mask, Type
from yishu.derive.masks import gold_columns, mask_sql, mask_text, padded_keys, token_sql, token_text

CASES: list[tuple[Mask, str, str | None]] = [
    ("name", "张三", "张*"), ("name", "张三丰", "张**"), ("name", "欧阳修", "欧阳*"), ("name", "欧阳娜娜", "欧阳**"),
    ("name", "欧阳", "欧*"), ("name", "王", "*"), ("name", " 张 三\u3000", "张*"), ("name", "𠮷田一", "𠮷**"),
    ("name", "阿卜杜拉·买买提", "阿***·***"), ("name", "东方明珠大厦", "东*****"), ("name", "John Smith", "J********"),
    ("id", "130102199003071233", "1****************3"), ("id", "13010219900307123x", "1****************X"),
    ("id", "130102900307123", "1*************3"), ("id", "１３０１０２１９９００３０７１２３Ｘ", "1****************X"),
    ("id", "12345", "*****"), ("id", "91110000600037341L", "9****************L"),
    ("phone", "13800008000", "138****8000"), ("phone", "+86 138-0000-8000", "138****8000"),
    ("phone", "0311-87654321", "0311****4321"), ("phone", "010-12345678", "010****5678"), ("phone", "87654321", "******21"),
    ("phone", "13800008000/13900009000", "********************00"), ("phone", "110", "***"), ("phone", "无", None),
    ("address", "河北省石家庄市长安区中山路1号", "河北省石家庄市长安区***"), ("address", "河北省定州市北城区街道3号", "河北省定州市***"),
    ("address", "河北省雄安新区容城县奥威路", "河北省雄安新区容城县***"), ("address", "北京市朝阳区建国路", "北京市朝阳区***"),
    ("address", "河北省承德市围场满族蒙古族自治县围场镇", "河北省承德市围场满族蒙古族自治县***"),
    ("address", "内蒙古自治区呼和浩特市赛罕区大学路", "内蒙古自治区呼和浩特市赛罕区***"),
    ("address", "石家庄市裕华小区2栋", "石家庄市***"), ("address", "中山路1号院2单元", "***"), ("address", "北国超市三楼", "***"),
    ("account", "6222 0212 3456 7890", "************7890"), ("account", "1234567", "*******"),
    ("plate", "冀A12345", "冀A*****"), ("plate", "冀ad12345", "冀A******"), ("plate", "A12345", "******"),
    ("suppress", "1990-03-07", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "shown"), CASES)
def test_a_mask_shows_what_the_standard_lets_it_show(kind: Mask, value: str, shown: str | None) -> None:
    assert mask_text(kind, value) == shown


@pytest.mark.parametrize(("kind", "value", "shown"), CASES)
def test_a_masked_value_stays_as_it_is_when_a_mart_of_a_mart_masks_it_again(kind: Mask, value: str, shown: str | None) -> None:
    assert mask_text(kind, shown) == shown


def test_blank_and_missing_values_show_nothing() -> None:
    for kind in ("name", "id", "phone", "address", "account", "plate"):
        assert mask_text(kind, None) is None
        assert mask_text(kind, " \u3000\n") is None
    assert mask_text(None, "clear") == "clear"


def test_no_mask_of_a_number_lets_more_than_seven_digits_through() -> None:
    random.seed(7)
    for _ in range(2_000):
        value = "".join(random.choices("0123456789X -/+", k=random.randint(1, 30)))
        for kind in ("id", "phone", "account", "plate"):
            shown = mask_text(kind, value) or ""
            kept = [c for c in shown if c != "*"]
            assert len(kept) <= 8 and (len(kept) < len(shown) or not kept), (kind, value, shown)


def test_only_high_grades_are_masked_and_without_a_mask_they_are_suppressed() -> None:
    low = Field(name="a", title="甲", type=Type(kind="string"), grade="general-2", mask="phone")
    high = Field(name="b", title="乙", type=Type(kind="date"), grade="important")
    assert mask_sql(low, "`a`") == "`a`"
    assert mask_sql(high, "`b`") == "CAST(NULL AS date)"


def test_gold_shows_each_field_and_right_after_it_the_token_to_join_by() -> None:
    columns = gold_columns(PERSON.fields)
    assert [c.name for c in columns] == [
        "id_no", "id_no_token", "name", "birth_date", "division_code", "sex", "phone", "phone_token", "height", "card_no",
        "update_time",
    ]  # fmt: skip
    by_name = {c.name: c for c in columns}
    assert by_name["division_code"].expression == "`division_code`"
    assert (by_name["height"].type, by_name["height"].comment) == ("decimal(5,2)", "身高")
    assert (by_name["id_no"].type, by_name["id_no"].comment) == ("string", "身份证号（已脱敏）")
    assert by_name["id_no_token"].comment == "身份证号（关联令牌，HMAC-SHA256）"
    assert (by_name["birth_date"].type, by_name["birth_date"].expression) == ("date", "CAST(NULL AS date)")
    assert "'citizen_id:'" in by_name["id_no_token"].expression, "fields of one element join, whatever their names"
    assert "'phone:'" in by_name["phone_token"].expression


def test_a_mart_that_carries_a_token_by_itself_gets_no_second_one() -> None:
    token = Field(name="id_no_token", title="令牌", type=Type(kind="string"))
    columns = gold_columns((PERSON.field("id_no"), token))
    assert [c.name for c in columns] == ["id_no", "id_no_token"]
    assert columns[1].expression == "`id_no_token`"


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_padded_keys_are_hmac_s_two_blocks(length: int) -> None:
    key = random.Random(length).randbytes(length)
    inner, outer = padded_keys(key)
    assert len(inner) == len(outer) == 64
    message = b"citizen_id:130102199003071233"
    digest = hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).hexdigest()
    assert digest == hmac.new(key, message, "sha256").hexdigest()
    assert digest == token_text(key, "citizen_id", "130102199003071233")


def test_an_empty_key_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        padded_keys(b"")


def test_a_token_ignores_form_but_not_element_key_or_value() -> None:
    token = token_text(b"key", "citizen_id", "13010219900307123X")
    assert token == token_text(b"key", "citizen_id", " １３０１０２１９９００３０７１２３ｘ\u00a0")
    others = [("key", "phone", "13010219900307123X"), ("yek", "citizen_id", "13010219900307123X"), ("key", "citizen_id", "1")]
    assert token not in [token_text(k.encode(), domain, value) for k, domain, value in others]


@pytest.mark.parametrize("value", [None, "", "  ", "1****************3"])
def test_no_value_and_a_masked_value_have_no_token(value: str | None) -> None:
    assert token_text(b"key", "citizen_id", value) is None


def test_the_key_is_never_part_of_the_sql() -> None:
    text = token_sql("`id_no`", "_inner_key", "_outer_key", "citizen_id")
    assert "_inner_key" in text and "_outer_key" in text
    assert text.count("X'") == 0
