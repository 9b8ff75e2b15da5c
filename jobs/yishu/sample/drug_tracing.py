"""药品追溯: boxes of medicine from the maker to the counter, pack in pack, and one box that passed through a hand nobody recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY, SOLE_TRADER
from yishu.sample.province import Province, Sampled

_MADE, _OUT, _IN, _SOLD, _USED, _RECALLED = range(1, 7)
_MIDDLES, _SMALL_ONES = 2, 6
"""Middle packs in a box, smallest packs in a box."""
_EVENTS_PER_BOX: Final = 5 + _MIDDLES + 2 * _SMALL_ONES
_DAY: Final = 86_400


@dataclass(frozen=True)
class _Boxes:
    """Vectors of one length: firms (indexes) through whose hands each box goes, and when it was made."""

    maker: Ints
    wholesaler: Ints
    other: Ints
    """Another wholesaler: where the chain is broken it sends on what it never received."""
    shop: Ints
    made: col.Days


@dataclass(frozen=True)
class _Moves:
    """Vectors of one length: rows of one step for some boxes; -1: no firm."""

    box: Ints
    pack: Ints
    """0: the box, 1 and on: middle packs, then the smallest."""
    event: Ints
    at: col.Days
    sender: Ints
    receiver: Ints


def _boxes(province: Province) -> _Boxes:
    generator, firms = province.generator("drug_trace"), province.firms
    count = max(6, province.rows // _EVENTS_PER_BOX)
    live = firms.active[: firms.listed] & (firms.founded[: firms.listed] < np.datetime64("2024-01-01"))
    trade = np.array([str(code)[:3] for code in firms.industry.slice(0, firms.listed).to_pylist()])
    company, trader = (np.flatnonzero(live & (firms.kind[: firms.listed] == kind)) for kind in (COMPANY, SOLE_TRADER))
    makers = company[trade[company] == "C27"]
    makers = makers if len(makers) else company[:1]
    traders = np.setdiff1d(company[np.isin(trade[company], ("F51", "F52", "G59"))], makers)
    traders = traders if len(traders) > 1 else np.setdiff1d(company, makers)[:2]
    one = col.draw(generator, len(traders), count)
    return _Boxes(
        maker=makers[col.draw(generator, len(makers), count)], wholesaler=traders[one], other=traders[(one + 1) % len(traders)],
        shop=trader[col.draw(generator, len(trader), count)],
        made=col.seconds_after("2024-06-01T08:00:00", generator.integers(0, 120 * _DAY, size=count)),
    )  # fmt: skip


def traces(province: Province) -> Iterator[col.Extract]:
    """What happened to each box and the packs in it; the first box's chain has a broken link, the second was called back."""
    generator, boxes = province.generator("drug_trace/moves"), _boxes(province)
    moves = _moves(generator, boxes)
    yield col.Extract("drug_trace", "2024-12-31", _trace_columns(province, moves), np.flatnonzero(moves.box < 2))


def _moves(generator: np.random.Generator, boxes: _Boxes) -> _Moves:
    count = len(boxes.maker)
    every, nobody = np.arange(count), np.full(count, -1)
    steps = np.cumsum(generator.integers(2 * 3_600, 15 * _DAY, size=(4, count)), axis=0)
    out, into, on, there = (col.seconds_after(boxes.made, step) for step in steps)
    # The first box was sent to one wholesaler, which never booked it in; another one sent it on.
    kept, sends = every[1:], np.where(every == 0, boxes.other, boxes.wholesaler)
    packs = 1 + _MIDDLES + _SMALL_ONES
    box, pack = np.repeat(every, packs), np.tile(np.arange(packs), count)
    small = np.flatnonzero(pack > _MIDDLES)
    sold = col.seconds_after(there[box[small]], generator.integers(_DAY, 30 * _DAY, size=len(small)))
    event = np.where(generator.random(len(small)) < 0.8, _SOLD, _USED)
    parts = (
        _Moves(box, pack, np.full(len(box), _MADE), boxes.made[box], boxes.maker[box], np.full(len(box), -1)),
        _Moves(every, nobody * 0, np.full(count, _OUT), out, boxes.maker, boxes.wholesaler),
        _Moves(kept, kept * 0, np.full(count - 1, _IN), into[kept], boxes.maker[kept], boxes.wholesaler[kept]),
        _Moves(every, nobody * 0, np.full(count, _OUT), on, sends, boxes.shop),
        _Moves(every, nobody * 0, np.full(count, _IN), there, sends, boxes.shop),
        _Moves(box[small], pack[small], event, sold, boxes.shop[box[small]], np.full(len(small), -1)),
        _Moves(every[1:2], every[1:2] * 0, np.array([_RECALLED]), col.seconds_after(there[1:2], 40 * _DAY), boxes.shop[1:2], boxes.maker[1:2]),
    )  # fmt: skip
    return _Moves(*(np.concatenate([getattr(part, name) for part in parts]) for name in _Moves.__dataclass_fields__))


def _codes(box: Ints, pack: Ints) -> pa.Array:
    """Twenty digits: the drug, the level of the pack, the box and the pack in it."""
    level = np.select([pack == 0, pack <= _MIDDLES], [3, 2], 1)
    return col.joined("81", col.padded(box % 37 + 100_000, 6), col.integers(level), col.padded(box, 9), col.padded(pack, 2))


def _trace_columns(province: Province, moves: _Moves) -> dict[str, pa.Array]:
    pack = moves.pack
    middle = np.where(pack > _MIDDLES, 1 + (pack - 1 - _MIDDLES) * _MIDDLES // _SMALL_ONES, 0)
    return {
        "trace_code": _codes(moves.box, pack),
        "trace_event": col.integers(moves.event),
        "event_time": col.moments(moves.at),
        "pack_level": col.integers(np.select([pack == 0, pack <= _MIDDLES], [3, 2], 1)),
        "parent_trace_code": col.either(pack > 0, _codes(moves.box, middle), None),
        "from_uscc": _firms(province, moves.sender),
        "to_uscc": _firms(province, moves.receiver),
    }


def _firms(province: Province, firm: Ints) -> pa.Array:
    return col.either(firm >= 0, col.pick(province.firms.uscc, np.maximum(firm, 0)), None)


def cases(province: Province) -> Iterator[col.Case]:
    """The box that one wholesaler was sent and another sent on."""
    sender = province.firms.uscc[int(_boxes(province).other[0])].as_py()
    key = {"trace_code": str(_codes(np.array([0]), np.array([0]))[0].as_py()), "trace_event": str(_OUT), "from_uscc": str(sender)}
    yield col.Case("a box sent on by one who never received it", "emergency.drug_chain_gap", key)


SAMPLED = Sampled({"drug_trace": traces}, cases)
