"""Hauliers → the vehicles that are licensed for road transport, with their plates; freight orders and tracks are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.firms import COMPANY
from yishu.sample.province import Province

STORY: Final = 3
"""The first three vehicles carry dangerous goods and a story; the permit of the second has run out."""
_TWIN: Final = 3
"""A blue van with the plate number of the first vehicle: only the colour tells them apart."""
_MOST: Final = 50_000
_LETTERS: Final = {
    1301: "A",
    1302: "B",
    1303: "C",
    1304: "D",
    1305: "E",
    1306: "F",
    1307: "G",
    1308: "H",
    1309: "J",
    1310: "R",
    1311: "T",
}
_TANKER, _LORRY, _TRACTOR, _TRAILER, _COACH, _VAN, _ELECTRIC = range(7)
_TYPES: Final = ("H14", "H11", "Q11", "G11", "K11", "H31", "H31")
"""GA 24.4: by the kinds above."""
_COLORS: Final = ("2", "2", "2", "2", "2", "1", "6")
_LOADS: Final = ((8, 25), (8, 18), (30, 40), (25, 34), (0, 1), (1, 4), (1, 4))
"""Tons, from (inside) to (outside)."""
_PLATE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Fleet:
    """The licensed vehicles, all vectors of one length."""

    permit: pa.Array
    plate: pa.Array
    color: pa.Array
    kind: pa.Array
    firm: Ints
    county: Ints
    """Index of the county of the haulier."""
    load: Ints
    """In hundredths of a ton; 0 for coaches."""
    dangerous: col.Flags
    valid_to: col.Days

    @property
    def lorries(self) -> Ints:
        """Vehicles that can carry general goods by themselves."""
        return np.flatnonzero(
            ~self.dangerous & (self.load >= 800) & ~pc.ends_with(self.plate, "挂").to_numpy(zero_copy_only=False)
        )


def hauliers(province: Province, division: str) -> Ints:
    """Companies in business of one division of GB/T 4754; all companies where it has none."""
    firms = province.firms
    alive = (firms.active & (firms.kind == COMPANY) & (firms.founded < np.datetime64("2023-01-01")))[: firms.listed]
    named = pc.equal(firms.industry.slice(0, firms.listed), division).to_numpy(zero_copy_only=False)
    those = np.flatnonzero(alive & named)
    return those if len(those) else np.flatnonzero(alive) if alive.any() else np.arange(1)


def fleet(province: Province) -> Fleet:
    """A vehicle or more for each of the hauliers (G54); one in eight may carry dangerous goods."""
    generator, firms = province.generator("fleet"), province.firms
    count = max(32, min(_MOST, province.rows // 4))
    owners = hauliers(province, "G54")
    firm = owners[col.draw(generator, len(owners), count)]
    kind = col.draw(generator, len(_TYPES), count, (12, 34, 22, 14, 6, 8, 4))
    kind[:STORY], kind[_TWIN] = _TANKER, _VAN
    low, high = (np.array([limits[end] for limits in _LOADS])[kind] * 100 for end in (0, 1))
    ends = col.days_between(generator, "2025-01-20", "2028-12-31", count)
    over = generator.random(count) < 0.03
    over[:STORY] = [False, True, False]
    ends = np.where(over, col.days_between(generator, "2024-03-01", "2024-11-30", count), ends)
    code = province.places.code[firms.county[firm]]
    return Fleet(
        permit=col.joined(col.padded(code, 6), col.padded(np.arange(count) + 1, 6)),
        plate=_plates(generator, code, kind),
        color=col.pick(_COLORS, kind),
        kind=col.pick(_TYPES, kind),
        firm=firm,
        county=firms.county[firm],
        load=np.where(kind == _COACH, 0, generator.integers(low, high)),
        dangerous=kind == _TANKER,
        valid_to=ends,
    )


def _plates(generator: np.random.Generator, code: Ints, kind: Ints) -> pa.Array:
    """GA 36: the letter of the city, then five signs, six for an electric vehicle, four and 挂 for a trailer; none twice."""
    start = int(generator.integers(240_000))
    serial = (np.arange(len(code)) * 7_919 + start) % 240_000
    city = col.joined("冀", col.pick([_LETTERS.get(int(four), "A") for four in code // 100], np.arange(len(code))))
    letters = list(_PLATE_LETTERS)
    plate = col.joined(city, col.pick(letters, serial // 10_000), col.padded(serial % 10_000, 4))
    # Trailers and electric vehicles have shorter numbers: they are counted by themselves, so that none comes twice.
    trailer, electric = (np.cumsum(kind == those) for those in (_TRAILER, _ELECTRIC))
    short = col.joined(
        col.pick(letters, trailer // 2_400), col.pick(letters, trailer // 100 % 24), col.padded(trailer % 100, 2)
    )
    plate = col.either(kind == _TRAILER, col.joined(city, short, "挂"), plate)
    plate = col.either(kind == _ELECTRIC, col.joined(city, "D", col.padded(electric, 5)), plate)
    number = np.arange(len(code))
    return plate.take(pa.array(np.where(number == _TWIN, 0, number)))
