"""电子证照基础数据库: firms and persons → the licences that offices have given them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.sample.columns import (
    Days,
    Extract,
    Flags,
    at_work,
    choose,
    constant,
    days,
    days_between,
    draw,
    either,
    joined,
    moments,
    padded,
    pick,
    take,
)
from yishu.sample.digits import Ints, hex_digits, licence_checks
from yishu.sample.places import TODAY
from yishu.sample.province import Province
from yishu.sample.words import LICENCES

_AUTHORITIES: Final = ("11100000MB0143028R", "11100000000013338W", "11100000MB03271699", "11100000000013661B")
_DAY: Final = np.timedelta64(1, "D")


def licence_types(province: Province) -> Iterator[Extract]:
    """The catalogue of licence kinds."""
    generator = province.generator("licence_type")
    count = type_count(province.rows)
    number = np.arange(count)
    edition = number // len(LICENCES)
    variant = pick(["", "临时", "试行", "特别", "补充"], np.minimum(edition, 4))
    yield Extract("licence_type", "2024-12", {
        "type_code": type_codes(count),
        "type_name": joined(variant, pick([name for name, _ in LICENCES], number % len(LICENCES))),
        "define_authority": pick(_AUTHORITIES, number % len(_AUTHORITIES)),
        "holder_type": pick([holder for _, holder in LICENCES], number % len(LICENCES)),
        "assoc_type": choose(generator, ["1", "2"], count, (8, 2)),
        "valid_rule": choose(generator, ["长期", "1年", "3年", "5年", "10年"], count),
        "share_scope": choose(generator, ["全国", "省内", "京津冀", "不互认"], count, (3, 5, 2, 1)),
        "template_ver": choose(generator, ["1.0", "1.1", "2.0"], count),
        "update_time": moments(at_work(generator, days_between(generator, "2021-01-01", "2024-12-20", count))),
    }, np.arange(len(LICENCES)))  # fmt: skip


def type_count(rows: int) -> int:
    """From 60 to 200 kinds; only the first 40 are given out, so a fault in another breaks no licence."""
    return min(200, max(len(LICENCES) + 20, rows // 1000))


def type_codes(count: int) -> pa.Array:
    """The defining authority's USCC and three digits (GB/T 36903-2018)."""
    number = np.arange(count)
    return joined(pick(_AUTHORITIES, number % len(_AUTHORITIES)), padded(number // len(_AUTHORITIES) + 1, 3))


def licences(province: Province) -> Iterator[Extract]:
    """All licences, of which some run out within 30 days of `TODAY`, then a day's new ones and renewals."""
    generator = province.generator("licence")
    count = max(20, province.rows)
    columns, ends = _licence_columns(province, generator, count)
    fresh = count // 50 + 1
    yield Extract("licence", "2025-01-09", take(columns, np.arange(count - fresh)))
    expiring = ends[: count - fresh] <= np.datetime64(TODAY) + 15 * _DAY
    renewed = np.flatnonzero(expiring & (ends[: count - fresh] > np.datetime64(TODAY)))[::4]
    today = take(columns, np.concatenate([renewed, np.arange(count - fresh, count)]))
    old = np.arange(len(renewed) + fresh) < len(renewed)
    today["valid_to"] = either(old, constant("2030-01-09", len(old)), today["valid_to"])
    today["update_time"] = moments(at_work(generator, np.full(len(old), np.datetime64("2025-01-10"))))
    yield Extract("licence", "2025-01-10", today)


def _licence_columns(province: Province, generator: np.random.Generator, count: int) -> tuple[dict[str, pa.Array], Days]:
    kind = draw(generator, len(LICENCES), count)
    personal = np.array([holder == "1" for _, holder in LICENCES])[kind]
    issuer = draw(generator, len(province.bureau_code), count)
    serial = joined("2024", padded(np.arange(count) + 1, 9))
    type_code, issuer_code = pick(type_codes(len(LICENCES)), kind), pick(province.bureau_code, issuer)
    check = licence_checks(joined(type_code, issuer_code, serial, "001"), 21 + 18 + 13 + 3)
    start, end = _terms(generator, count)
    over = end < np.datetime64(TODAY)
    status = either(over, "4", choose(generator, ["1", "2", "3", "5"], count, (94, 1, 2, 3)))
    columns = _holders(province, generator, personal) | {
        "licence_id": joined("1.2.156.3005.2.", type_code, ".", issuer_code, ".", serial, ".001.", check),
        "type_code": type_code,
        "licence_no": joined("冀", padded(kind, 3), "证字", serial, "号"),
        "holder_id_type": either(personal, "111", "001"),
        "issuer_code": _as_signed(province, generator, issuer),
        "issuer_name": pick(province.bureau_name, issuer),
        "issue_date": days(start),
        "valid_from": days(start),
        "valid_to": days(end),
        "status": status,
        "version_no": constant("001", count),
        "file_sm3": hex_digits(generator, count, 64),
        "division_code": padded(province.places.code[issuer], 6),
    }
    told = days_between(generator, np.maximum(start, np.datetime64("2023-01-01")), "2025-01-08", count)
    return columns | {"update_time": moments(at_work(generator, told))}, end


def _as_signed(province: Province, generator: np.random.Generator, issuer: Ints) -> pa.Array:
    """One in fifty issuers signs with what is no USCC: its division code, or its code without the check character."""
    count = len(issuer)
    code = pick(province.bureau_code, issuer)
    wrong = either(generator.random(count) < 0.5, padded(province.places.code[issuer], 6), pc.utf8_slice_codeunits(code, 0, 17))
    return either(generator.random(count) < 0.02, wrong, code)


def _terms(generator: np.random.Generator, count: int) -> tuple[Days, Days]:
    """First and last day: 6 % run out in the next 30 days, 10 % have, the others run on for years."""
    today = np.datetime64(TODAY)
    soon, past = generator.random(count) < 0.06, generator.random(count) < 0.10
    end = days_between(generator, today + 60 * _DAY, "2029-12-31", count)
    end = np.where(past, days_between(generator, "2023-06-01", today - 5 * _DAY, count), end)
    end = np.where(soon, days_between(generator, today + 1 * _DAY, today + 29 * _DAY, count), end)
    years = generator.integers(3, 6, size=count) * 365
    return np.minimum(end - years * _DAY, today - 2 * _DAY), end


def _holders(province: Province, generator: np.random.Generator, personal: Flags) -> dict[str, pa.Array]:
    people, firms = province.people, province.firms
    count = len(personal)
    adults = people.adults()
    person, firm = adults[draw(generator, len(adults), count)], draw(generator, firms.listed, count)
    return {
        "holder_name": either(personal, pick(people.name, person), pick(firms.name, firm)),
        "holder_id_no": either(personal, pick(people.id_no, person), pick(firms.uscc, firm)),
    }
