"""Firms → the land that each occupies: the same 亩 in every department's figures."""

from __future__ import annotations

import numpy as np

from yishu.sample.digits import Ints
from yishu.sample.economy import Economy
from yishu.sample.province import Province


def occupied_land(figures: Economy, province: Province) -> Ints:
    """Land of each firm of the economy in hundredths of a 亩: one for every 20,000 to 150,000 yuan of an ordinary month's revenue."""
    generator = province.generator("occupied_land")
    yield_of_land = generator.integers(20_000, 150_000, size=len(figures.firm))
    land: Ints = figures.revenue.mean(axis=1).astype(np.int64) * 100 // yield_of_land + 100
    return land


def tax_by_land(tax: Ints, land: Ints) -> Ints:
    """亩均税收 in ten-thousandths of 万元 per 亩, from tax in hundredths of 万元 and land in hundredths of a 亩."""
    return np.round(tax / land * 10_000).astype(np.int64)
