"""电子证照基础数据库: firms and persons → the licences that offices have given them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.sample import columns as col
from yishu.sample.digits import Ints, hex_digits, licence_checks
from yishu.sample.places import TODAY
from yishu.sample.province import Province, Sampled
from yishu.sample.words import LICENCES

_AUTHORITIES: Final = ("11100000MB0143028R", "11100000000013338W", "11100000MB03271699", "11100000000013661B")


def licence_types(province: Province) -> Iterator[col.Extract]:
    """The catalogue of licence kinds."""
    generator = province.generator("licence_type")
    count = type_count(province.rows)
    number = np.arange(count)
    edition = number // len(LICENCES)
    variant = col.pick(["", "临时", "试行", "特别", "补充"], np.minimum(edition, 4))
    yield col.Extract("licence_type", "2024-12", {
        "type_code": type_codes(count),
        "type_name": col.joined(variant, col.pick([name for name, _ in LICENCES], number % len(LICENCES))),
        "define_authority": col.pick(_AUTHORITIES, number % len(_AUTHORITIES)),
        "holder_type": col.pick([holder for _, holder in LICENCES], number % len(LICENCES)),
        "assoc_type": col.choose(generator, ["1", "2"], count, (8, 2)),
        "valid_rule": col.choose(generator, ["长期", "1年", "3年", "5年", "10年"], count),
        "share_scope": col.choose(generator, ["全国", "省内", "京津冀", "不互认"], count, (3, 5, 2, 1)),
        "template_ver": col.choose(generator, ["1.0", "1.1", "2.0"], count),
        "update_time": col.at_work(generator, col.days_between(generator, "2021-01-01", "2024-12-20", count), count),
    }, np.arange(len(LICENCES)))  # fmt: skip


def type_count(rows: int) -> int:
    """From 60 to 200 kinds; only the first 40 are given out, so a fault in another breaks no licence."""
    return min(200, max(len(LICENCES) + 20, rows // 1000))


def type_codes(count: int) -> pa.Array:
    """The defining authority's USCC and three digits (GB/T 36903-2018)."""
    number = np.arange(count)
    return col.joined(col.pick(_AUTHORITIES, number % len(_AUTHORITIES)), col.padded(number // len(_AUTHORITIES) + 1, 3))


def licences(province: Province) -> Iterator[col.Extract]:
    """All licences, of which some run out within 30 days of `TODAY`, then a day's new ones and renewals."""
    generator = province.generator("licence")
    count = max(20, province.rows)
    columns, ends = _licence_columns(province, generator, count)
    fresh = count // 50 + 1
    yield col.Extract("licence", "2025-01-09", col.take(columns, np.arange(count - fresh)))
    expiring = ends[: count - fresh] <= np.datetime64(TODAY) + 15 * col.DAY
    renewed = np.flatnonzero(expiring & (ends[: count - fresh] > np.datetime64(TODAY)))[::4]
    today = col.take(columns, np.concatenate([renewed, np.arange(count - fresh, count)]))
    old = np.arange(len(renewed) + fresh) < len(renewed)
    today["valid_to"] = col.either(old, col.constant("2030-01-09", len(old)), today["valid_to"])
    today["update_time"] = col.at_work(generator, "2025-01-10", len(old))
    yield col.Extract("licence", "2025-01-10", today)


def _licence_columns(province: Province, generator: np.random.Generator, count: int) -> tuple[dict[str, pa.Array], col.Days]:
    kind = col.draw(generator, len(LICENCES), count)
    personal = np.array([holder == "1" for _, holder in LICENCES])[kind]
    issuer = col.draw(generator, len(province.bureau_code), count)
    serial = col.joined("2024", col.padded(np.arange(count) + 1, 9))
    type_code, issuer_code = col.pick(type_codes(len(LICENCES)), kind), col.pick(province.bureau_code, issuer)
    check = licence_checks(col.joined(type_code, issuer_code, serial, "001"), 21 + 18 + 13 + 3)
    start, end = _terms(generator, count)
    over = end < np.datetime64(TODAY)
    status = col.either(over, "4", col.choose(generator, ["1", "2", "3", "5"], count, (94, 1, 2, 3)))
    columns = _holders(province, generator, personal) | {
        "licence_id": col.joined("1.2.156.3005.2.", type_code, ".", issuer_code, ".", serial, ".001.", check),
        "type_code": type_code,
        "licence_no": col.joined("冀", col.padded(kind, 3), "证字", serial, "号"),
        "holder_id_type": col.either(personal, "111", "001"),
        "issuer_code": _as_signed(province, generator, issuer),
        "issuer_name": col.pick(province.bureau_name, issuer),
        "issue_date": col.days(start),
        "valid_from": col.days(start),
        "valid_to": col.days(end),
        "status": status,
        "version_no": col.constant("001", count),
        "file_sm3": hex_digits(generator, count, 64),
        "division_code": col.padded(province.places.code[issuer], 6),
    }
    told = col.days_between(generator, np.maximum(start, np.datetime64("2023-01-01")), "2025-01-08", count)
    return columns | {"update_time": col.at_work(generator, told, count)}, end


def _as_signed(province: Province, generator: np.random.Generator, issuer: Ints) -> pa.Array:
    """One in fifty issuers signs with what is no USCC: its division code, or its code without the check character."""
    count = len(issuer)
    code = col.pick(province.bureau_code, issuer)
    wrong = col.either(
        generator.random(count) < 0.5, col.padded(province.places.code[issuer], 6), pc.utf8_slice_codeunits(code, 0, 17)
    )
    return col.either(generator.random(count) < 0.02, wrong, code)


def _terms(generator: np.random.Generator, count: int) -> tuple[col.Days, col.Days]:
    """First and last day: 6 % run out in the next 30 days, 10 % have, the others run on for years."""
    today = np.datetime64(TODAY)
    soon, past = generator.random(count) < 0.06, generator.random(count) < 0.10
    end = col.days_between(generator, today + 60 * col.DAY, "2029-12-31", count)
    end = np.where(past, col.days_between(generator, "2023-06-01", today - 5 * col.DAY, count), end)
    end = np.where(soon, col.days_between(generator, today + 1 * col.DAY, today + 29 * col.DAY, count), end)
    years = generator.integers(3, 6, size=count) * 365
    return np.minimum(end - years * col.DAY, today - 2 * col.DAY), end


def _holders(province: Province, generator: np.random.Generator, personal: col.Flags) -> dict[str, pa.Array]:
    people, firms = province.people, province.firms
    count = len(personal)
    person, firm = people.draw_adults(generator, count), col.draw(generator, firms.listed, count)
    return {
        "holder_name": col.either(personal, col.pick(people.name, person), col.pick(firms.name, firm)),
        "holder_id_no": col.either(personal, col.pick(people.id_no, person), col.pick(firms.uscc, firm)),
    }


SAMPLED = Sampled({"licence_type": licence_types, "licence": licences})
