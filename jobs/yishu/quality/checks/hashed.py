"""A code list → one literal that a column looks codes up in: an array of buckets, chosen by CRC-32.

Why not `isin`: each code would be a literal of its own (seconds to build for 3,500 divisions), and dated rules would need
an `IN` per span, which makes a method too long for the JVM to compile. This is one literal and no slower per row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from zlib import crc32

from pyspark.sql import Column
from pyspark.sql import functions as F


def contains(code: Column, codes: Iterable[str]) -> Column:
    """True where `code` is one of `codes`, false where not, NULL for NULL."""
    distinct = sorted(set(codes))
    buckets: list[list[str]] = [[] for _ in range(_size(len(distinct)))]
    for each in distinct:
        buckets[_bucket(each, len(buckets))].append(each)
    return F.array_contains(_pick(code, buckets, "array<array<string>>"), code)


def look_up(code: Column, table: Mapping[str, Sequence[int]]) -> Column:
    """The numbers (array<int>) that stand beside `code` in `table`; NULL where it is not in it, or NULL."""
    buckets: list[dict[str, list[int]]] = [{} for _ in range(_size(len(table)))]
    for each, numbers in sorted(table.items()):
        buckets[_bucket(each, len(buckets))][each] = list(numbers)
    return F.element_at(_pick(code, buckets, "array<map<string,array<int>>>"), code)


def _pick(code: Column, buckets: Sequence[object], kind: str) -> Column:
    # the JSON text is read once, when the plan is optimised, not per row
    table = F.from_json(F.lit(json.dumps(buckets, ensure_ascii=False)), kind)
    return F.get(table, (F.crc32(code) % len(buckets)).cast("int"))


def _bucket(code: str, size: int) -> int:
    return crc32(code.encode()) % size


def _size(codes: int) -> int:
    """Some one to two codes a bucket."""
    return max(codes // 2, 1)
