"""Running numbers → whole columns of codes with right check characters (GB 32100, GB 11714, GB 11643, GB/T 36904).

Everything works on matrices of ASCII bytes, one row per code, so that millions of codes cost seconds.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORG_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))
_PRIME: Final = 887_503_681  # 31 ** 6: the running part of an organisation code


def usccs(head: pa.Array, serial: Ints) -> pa.Array:
    """Unified social credit codes (GB 32100-2015).

    Args:
        head: 8 characters: registering authority, kind and division of the first registration.
        serial: distinct numbers from 0 to 31 ** 6 - 1; each gives one organisation code `MA…` (GB 11714).
    """
    matrix = np.empty((len(serial), 18), dtype=np.uint8)
    matrix[:, :8] = matrix_of(head, 8)
    matrix[:, 8], matrix[:, 9] = ord("M"), ord("A")
    matrix[:, 10:16] = _in_base_31(serial)
    matrix[:, 16] = _org_check(matrix[:, 8:16])
    matrix[:, 17] = _uscc_check(matrix[:, :17])
    return text_of(matrix)


def citizen_ids(division: Ints, birth: npt.NDArray[np.datetime64], order: Ints) -> pa.Array:
    """Resident numbers (GB 11643-1999) from division code, day of birth and order number (0–999; odd for men)."""
    day = birth.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = day.astype("datetime64[Y]").astype(np.int64) + 1970
    matrix = np.empty((len(order), 18), dtype=np.uint8)
    matrix[:, :6] = decimal_digits(division, 6)
    matrix[:, 6:10] = decimal_digits(year, 4)
    matrix[:, 10:12] = decimal_digits(month.astype(np.int64) % 12 + 1, 2)
    matrix[:, 12:14] = decimal_digits((day - month).astype(np.int64) + 1, 2)
    matrix[:, 14:17] = decimal_digits(order, 3)
    weighted = (matrix[:, :17].astype(np.int64) - ord("0")) @ np.array(_CITIZEN_WEIGHTS)
    matrix[:, 17] = np.frombuffer(b"10X98765432", dtype=np.uint8)[weighted % 11]
    return text_of(matrix)


def licence_checks(joined: pa.Array, width: int) -> pa.Array:
    """Check characters of e-licence identifiers (GB/T 36904-2018, ISO 7064 MOD 37,36) over the parts without dots."""
    values = _alphanumeric_values(matrix_of(joined, width))
    product = np.full(len(joined), 36, dtype=np.int64)
    for place in range(width):
        total = (product + values[:, place]) % 36
        product = np.where(total == 0, 36, total) * 2 % 37
    alphabet = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)
    return text_of(alphabet[(37 - product) % 36].reshape(-1, 1))


def distinct_serials(generator: np.random.Generator, count: int) -> Ints:
    """`count` numbers below 31 ** 6, all distinct, in no visible order (a linear map over that ring is one to one)."""
    start = int(generator.integers(_PRIME))
    return (np.arange(count, dtype=np.int64) * 424_242_427 + start) % _PRIME


def decimal_digits(values: Ints, width: int) -> Bytes:
    """Numbers as `width` ASCII digits with leading zeros."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (np.asarray(values, dtype=np.int64)[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def hex_digits(generator: np.random.Generator, count: int, width: int) -> pa.Array:
    """Random lower-case hexadecimal texts: internal identifiers and digests."""
    alphabet = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
    return text_of(alphabet[generator.integers(0, 16, size=(count, width), dtype=np.uint8)])


def matrix_of(text: pa.Array, width: int) -> Bytes:
    """ASCII texts that all have `width` characters, as a matrix of bytes."""
    plain = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    offsets = np.frombuffer(plain.buffers()[1], dtype=np.int32)[plain.offset : plain.offset + len(plain) + 1]
    data = np.frombuffer(plain.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    return data.reshape(len(plain), width)


def text_of(matrix: Bytes) -> pa.Array:
    """A matrix of ASCII bytes as a column of texts, without a copy per row."""
    rows, width = matrix.shape
    offsets = (np.arange(rows + 1, dtype=np.int32) * width).astype(np.int32)
    data = np.ascontiguousarray(matrix)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data))


def _in_base_31(serial: Ints) -> Bytes:
    alphabet = np.frombuffer(USCC_ALPHABET.encode(), dtype=np.uint8)
    powers = 31 ** np.arange(5, -1, -1, dtype=np.int64)
    symbols: Bytes = alphabet[serial[:, None] // powers % 31]
    return symbols


def _alphanumeric_values(matrix: Bytes) -> Ints:
    """0–9 are themselves, A–Z are 10–35."""
    signed = matrix.astype(np.int64)
    return np.where(signed >= ord("A"), signed - ord("A") + 10, signed - ord("0"))


def _org_check(body: Bytes) -> Bytes:
    rest = _alphanumeric_values(body) @ np.array(_ORG_WEIGHTS) % 11
    check: Bytes = np.frombuffer(b"0X987654321", dtype=np.uint8)[rest]
    return check


def _uscc_check(body: Bytes) -> Bytes:
    alphabet = np.frombuffer(USCC_ALPHABET.encode(), dtype=np.uint8)
    value_of = np.zeros(128, dtype=np.int64)
    value_of[alphabet] = np.arange(31)
    check: Bytes = alphabet[-(value_of[body] @ np.array(_USCC_WEIGHTS)) % 31]
    return check
