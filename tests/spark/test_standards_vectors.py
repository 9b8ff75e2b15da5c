"""The standards' checks give the verdicts of the shared vectors, through stock GX and through the raw condition."""

from __future__ import annotations

import random
from pathlib import Path

from pyspark.sql import SparkSession

from standards_case import bad_values, shared_rows

TODAY = "2026-11-23"
ALPHABET_31 = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ALPHABET_36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def test_uscc_vectors(spark: SparkSession, shared_data: Path) -> None:
    rows = shared_rows(shared_data, "vectors/uscc.csv")
    numbers = [row["number"] for row in rows]
    wanted = {row["number"] for row in rows if row["expected"] != "ok"}
    assert wanted
    assert bad_values(spark, numbers, "expect_column_values_to_be_uscc") == wanted


def test_citizen_id_vectors(spark: SparkSession, shared_data: Path) -> None:
    rows = shared_rows(shared_data, "vectors/citizen_id.csv")
    numbers = [row["number"] for row in rows]
    wanted = {row["number"] for row in rows if row["expected"] != "ok"}
    assert wanted
    assert bad_values(spark, numbers, "expect_column_values_to_be_citizen_id", today=TODAY) == wanted


def test_licence_id_vectors(spark: SparkSession, shared_data: Path) -> None:
    rows = shared_rows(shared_data, "licence/elicence_id_vectors.csv")
    numbers = [row["licence_id"] for row in rows]
    wanted = {row["licence_id"] for row in rows if row["ok"] != "true"}
    assert wanted
    assert bad_values(spark, numbers, "expect_column_values_to_be_licence_id") == wanted


def test_uscc_agrees_with_the_weights_of_the_standards(spark: SparkSession) -> None:
    rnd = random.Random(32100)
    numbers = [_uscc(rnd) for _ in range(2000)] + [_damaged(_uscc(rnd), ALPHABET_31 + "IOSVZ-", rnd) for _ in range(3000)]
    wanted = {n for n in numbers if not _uscc_holds(n)}
    assert 2000 < len(wanted) < 3100
    assert bad_values(spark, numbers, "expect_column_values_to_be_uscc") == wanted


def test_citizen_id_agrees_with_the_weights_of_the_standard(spark: SparkSession) -> None:
    rnd = random.Random(11643)
    numbers = [_citizen(rnd) for _ in range(2000)] + [_damaged(_citizen(rnd), "0123456789X", rnd) for _ in range(3000)]
    wanted = {n for n in numbers if not _citizen_holds(n)}
    assert 2000 < len(wanted) < 3100
    assert bad_values(spark, numbers, "expect_column_values_to_be_citizen_id", today=TODAY) == wanted


def test_licence_id_agrees_with_the_recurrence_for_every_serial_length(spark: SparkSession) -> None:
    rnd = random.Random(36904)
    numbers = [_licence(rnd, 1 + i % 66) for i in range(660)]
    damaged = [n[:15] + _damaged(n[15:], ALPHABET_36, rnd) for n in numbers]
    wanted = {n for n in damaged if not _licence_holds(n)}
    assert len(wanted) > 500
    assert bad_values(spark, numbers + damaged, "expect_column_values_to_be_licence_id") == wanted


def _damaged(text: str, symbols: str, rnd: random.Random) -> str:
    """One place changed to another symbol."""
    place = rnd.randrange(len(text))
    other = rnd.choice([s for s in symbols if s != text[place]])
    return text[:place] + other + text[place + 1 :]


def _organisation_digit(body: str) -> str:
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    rest = 11 - sum(int(c, 36) * w for c, w in zip(body, weights, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def _uscc_symbol(first: str) -> str:
    total = sum(ALPHABET_31.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return ALPHABET_31[-total % 31]


def _uscc(rnd: random.Random) -> str:
    head = rnd.choice(["91", "92", "12", "N2", "A1", "Y1"]) + f"13{rnd.randrange(10_000):04}"
    body = "".join(rnd.choice(ALPHABET_31) for _ in range(8))
    first = head + body + _organisation_digit(body)
    return first + _uscc_symbol(first)


def _uscc_holds(code: str) -> bool:
    if len(code) != 18 or any(c not in ALPHABET_31 for c in code) or not code[2:8].isdigit():
        return False
    return code[16] == _organisation_digit(code[8:16]) and code[17] == _uscc_symbol(code[:17])


def _citizen_digit(first: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(c) * w for c, w in zip(first, weights, strict=True)) % 11]


def _citizen(rnd: random.Random) -> str:
    born = f"{rnd.randrange(1900, 2026)}{rnd.randrange(1, 13):02}{rnd.randrange(1, 29):02}"
    first = f"{rnd.randrange(110000, 660000)}{born}{rnd.randrange(1000):03}"
    return first + _citizen_digit(first)


def _citizen_holds(number: str) -> bool:
    import datetime as dt

    if len(number) != 18 or not number[:17].isdigit():
        return False
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return dt.date(1900, 1, 1) <= born <= dt.date.fromisoformat(TODAY) and number[17] == _citizen_digit(number[:17])


def _licence_symbol(joined: str) -> str:
    """ISO 7064 MOD 37,36 as the standard writes it."""
    p = 36
    for symbol in joined:
        s = (p + ALPHABET_36.index(symbol)) % 36 or 36
        p = s * 2 % 37
    return ALPHABET_36[(37 - p) % 36]


def _licence(rnd: random.Random, serial: int) -> str:
    parts = [_uscc(rnd) + f"{rnd.randrange(1000):03}", _uscc(rnd), "".join(rnd.choices(ALPHABET_36, k=serial)), "001"]
    return "1.2.156.3005.2." + ".".join([*parts, _licence_symbol("".join(parts))])


def _licence_holds(text: str) -> bool:
    kind, issuer, serial, version, check = text.removeprefix("1.2.156.3005.2.").split(".") if text.count(".") == 9 else [""] * 5
    form = (
        (len(kind), len(issuer), len(version), len(check)) == (21, 18, 3, 1)
        and (kind[18:] + version).isdigit()
        and all(c in ALPHABET_31 for c in kind[:18] + issuer)
        and 1 <= len(serial) <= 66
    )
    return form and check == _licence_symbol(kind + issuer + serial + version)
