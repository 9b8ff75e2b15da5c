"""Check characters of the sample: against the standards' own worked numbers and a second, plain implementation."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from yishu.sample.digits import citizen_ids, decimal_digits, distinct_serials, licence_checks, text_of, usccs

SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc_is_right(code: str) -> bool:
    """GB 32100 and GB 11714, symbol by symbol."""
    weights, total = (3, 7, 9, 10, 5, 8, 4, 2), 0
    for symbol, weight in zip(code[8:16], weights, strict=True):
        total += int(symbol, 36) * weight
    inner = (11 - total % 11) % 11
    if code[16] != ("X" if inner == 10 else str(inner)):
        return False
    outer = sum(SYMBOLS.index(symbol) * 3**place for place, symbol in enumerate(code[:17]))
    return SYMBOLS[(31 - outer % 31) % 31] == code[17]


def citizen_id_is_right(number: str) -> bool:
    """GB 11643: the sum of digit · 2^(18 − place) is 1 modulo 11."""
    digits = [10 if symbol == "X" else int(symbol) for symbol in number]
    return sum(digit * 2 ** (17 - place) for place, digit in enumerate(digits)) % 11 == 1


def test_every_generated_uscc_has_both_check_characters_right_and_none_comes_twice() -> None:
    serials = distinct_serials(np.random.default_rng(3), 3_000)
    heads = pa.array(["91130102", "N2130682", "92133100"] * 1_000)
    codes = usccs(heads, serials).to_pylist()
    assert len(set(codes)) == 3_000
    assert all(uscc_is_right(code) for code in codes)


def test_the_second_implementation_itself_agrees_with_the_vectors(shared_data: Path) -> None:
    with (shared_data / "vectors" / "uscc.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["expected"] in ("ok", "check", "org_digit")]
    assert len(rows) > 20
    for row in rows:
        assert uscc_is_right(row["number"]) == (row["expected"] == "ok"), row


def test_citizen_ids_carry_place_birth_order_and_a_right_check_digit() -> None:
    births = np.array(["1949-12-31", "2000-02-29", "1990-07-01"], dtype="datetime64[D]")
    numbers = citizen_ids(np.array([110105, 130521, 130102]), births, np.array([2, 35, 7])).to_pylist()
    assert numbers[0] == "11010519491231002X"
    assert numbers[1].startswith("13052120000229035")
    assert all(citizen_id_is_right(number) for number in numbers)


def test_licence_check_characters_are_those_of_real_identifiers(shared_data: Path) -> None:
    with (shared_data / "licence" / "elicence_id_vectors.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        joined = row["type_code"] + row["issuer_code"] + row["serial"] + row["version"]
        assert licence_checks(pa.array([joined]), len(joined)).to_pylist() == [row["mod_37_36_expected"]]


@pytest.mark.parametrize(("values", "width", "texts"), [([7, 130102], 6, ["000007", "130102"]), ([0], 3, ["000"])])
def test_numbers_become_digits_with_leading_zeros(values: list[int], width: int, texts: list[str]) -> None:
    assert text_of(decimal_digits(np.array(values), width)).to_pylist() == texts


def test_serials_stay_distinct_for_millions() -> None:
    serials = distinct_serials(np.random.default_rng(0), 2_000_000)
    assert len(np.unique(serials)) == 2_000_000
    assert serials.max() < 31**6
