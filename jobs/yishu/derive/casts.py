"""Field → Spark SQL text that standardises a cell and casts it; text in, expression out, no Spark needed here.

Cells of plain ASCII, the many, take a short path; full-width and exotic blanks take the long one.
Nothing is guessed: what no listed form fits becomes NULL and breaks the rule `type:<field>`.
"""

from __future__ import annotations

from yishu.contract.model import Field
from yishu.derive.spark_types import text_literal as literal

_BLANKS = " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000"
_NOTHING = "\u200b\u200c\u200d\u2060\ufeff"
_FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
_HALF = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F))
_UPPER = ("uscc", "citizen_id", "licence_id", "industry")
TRUE = ("1", "true", "t", "y", "yes", "是")
FALSE = ("0", "false", "f", "n", "no", "否")


def text_sql(field: Field, column: str) -> str:
    """The standardised text of a cell, NULL if blank.

    Args:
        field: the contract's field; its type and checks say whether it is a code or free text.
        column: the bronze column, already quoted.
    """
    if _is_free_text(field):
        return f"nullif(btrim({column}, {literal(_BLANKS + _NOTHING)}), '')"
    short = f"btrim({column}, {literal(' ' + chr(9) + chr(13) + chr(10))})"
    long = f"translate({column}, {literal(_FULL + _BLANKS[1:] + _NOTHING)}, {literal(_HALF + ' ' * len(_BLANKS[1:]))})"
    either = f"CASE WHEN octet_length({column}) = char_length({column}) THEN {short} ELSE btrim({long}) END"
    if field.type.kind != "timestamp":
        either = f"replace({either}, ' ', '')"
    if field.check in _UPPER:
        either = f"upper({either})"
    return f"nullif({either}, '')"


def cast_sql(field: Field, text: str) -> str:
    """The typed value of standardised text, NULL where it fits no listed form.

    Args:
        field: the contract's field.
        text: the column that holds the standardised text, already quoted.
    """
    kind = field.type.kind
    if kind == "integer":
        return f"try_cast({_without_thousands(text)} AS bigint)"
    if kind == "decimal":
        return f"try_cast({_without_thousands(text)} AS decimal({field.type.precision},{field.type.scale}))"
    if kind == "boolean":
        yes, no = ", ".join(map(literal, TRUE)), ", ".join(map(literal, FALSE))
        return f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END"
    if kind == "date":
        return _date(text)
    if kind == "timestamp":
        return _timestamp(text)
    return text


def _is_free_text(field: Field) -> bool:
    coded = field.check != "none" or field.values or field.pattern or field.key_position is not None
    return field.type.kind == "string" and not coded


def _without_thousands(text: str) -> str:
    grouped = literal(r"^[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?$")
    return f"CASE WHEN instr({text}, ',') = 0 THEN {text} WHEN {text} RLIKE {grouped} THEN replace({text}, ',', '') END"


def _date(text: str) -> str:
    plain = f"length({text}) = 10 AND substr({text}, 5, 1) = '-' AND substr({text}, 8, 1) = '-'"
    tidy = f"trim(TRAILING '-' FROM translate({text}, '/年月日', '----'))"
    return (
        f"CASE WHEN {plain} THEN try_cast({text} AS date)"
        f" WHEN {text} RLIKE '^[0-9]{{8}}$' THEN try_to_date({text}, 'yyyyMMdd')"
        f" WHEN {text} RLIKE '^[0-9]{{4}}[-/年][0-9]{{1,2}}[-/月][0-9]{{1,2}}日?$' THEN try_cast({tidy} AS date)"
        f" WHEN {text} RLIKE '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T?00:00:00$' THEN try_cast(substr({text}, 1, 10) AS date) END"
    )


def _timestamp(text: str) -> str:
    plain = f"length({text}) >= 16 AND substr({text}, 5, 1) = '-' AND substr({text}, 8, 1) = '-'"
    slashed = f"{text} RLIKE '^[0-9]{{4}}/[0-9]{{1,2}}/[0-9]{{1,2}} [0-9]{{1,2}}:'"
    return (
        f"CASE WHEN {plain} THEN try_cast({text} AS timestamp)"
        f" WHEN {text} RLIKE '^[0-9]{{14}}$' THEN try_to_timestamp({text}, 'yyyyMMddHHmmss')"
        f" WHEN {slashed} THEN try_cast(translate({text}, '/', '-') AS timestamp)"
        f" ELSE cast({_date(text)} AS timestamp) END"
    )

