"""Field → Spark SQL text that standardises a cell and casts it; text in, expression out, no Spark needed here.

Cells of plain ASCII, the many, take a short path; full-width and exotic blanks take the long one.
Nothing is guessed: what no listed form fits becomes NULL and breaks the rule `type:<field>`.
"""

from __future__ import annotations

from yishu.contract.model import Field
from yishu.derive.spark_types import text_literal as literal

BLANKS = " \t\r\n\u00a0\u2002\u2003\u2009\u202f\u3000"
NOTHING = "\u200b\u200c\u200d\u2060\ufeff"
FULL = "".join(chr(code) for code in range(0xFF01, 0xFF5F))
HALF = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F))
_UPPER = ("uscc", "citizen_id", "licence_id", "industry")
TRUE = ("1", "true", "t", "y", "yes", "是")
FALSE = ("0", "false", "f", "n", "no", "否")


def text_sql(field: Field, column: str, plain: bool = False, filled: bool = False) -> str:
    """The standardised text of a cell, NULL if blank.

    Args:
        field: the contract's field; its type and checks say whether it is a code or free text.
        column: the bronze column, already quoted.
        plain: no cell of the delivery's column has anything to standardise but its case, as `flow.reading.plain` saw.
        filled: nor is any of them empty.
    """
    if plain:
        bare = column if filled else f"nullif({column}, '')"
        return f"upper({bare})" if field.check in _UPPER else bare
    if is_free_text(field):
        return f"CASE WHEN {_bare(column)} THEN {column} ELSE nullif(btrim({column}, {literal(BLANKS + NOTHING)}), '') END"
    wide = f"translate({column}, {literal(FULL + BLANKS[1:] + NOTHING)}, {literal(HALF + ' ' * len(BLANKS[1:]))})"
    long = f"btrim(CASE WHEN {_ascii(column)} THEN {column} ELSE {wide} END, {literal(BLANKS[:4])})"
    if field.type.kind != "timestamp":
        long = f"replace({long}, ' ', '')"
    short = column
    if field.check in _UPPER:
        long, short = f"upper({long})", f"upper({short})"
    return f"CASE WHEN {_plain(column, field.type.kind == 'timestamp')} THEN {short} ELSE nullif({long}, '') END"


def _ascii(column: str) -> str:
    return f"octet_length({column}) = char_length({column})"


def _plain(column: str, spaced: bool) -> str:
    """True for nearly all codes: ASCII, no blank at either end, no space within unless the form has one."""
    ends = " AND ".join(f"NOT endswith({column}, {literal(blank)})" for blank in BLANKS[0 if spaced else 1 : 4])
    within = "" if spaced else f" AND instr({column}, ' ') = 0"
    return f"{column} >= '!' AND {_ascii(column)}{within} AND {ends}"


def _bare(column: str) -> str:
    """True for nearly all free text: it begins and ends with a character of ASCII or of the CJK blocks, none of them blank."""
    last = f"right({column}, 1)"
    return " AND ".join(f"({c} >= '!' AND {c} < '\u0080' OR {c} >= '\u3400' AND {c} < '\ufe00')" for c in (column, last))


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


def is_free_text(field: Field) -> bool:
    """True for text that only loses the blanks around it; codes, numbers and dates also lose full-width forms."""
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

