"""The sample province's extracts → landing, wherever it lies, as the departments would put them there."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from yishu.lake.drop_zone import drop_zone
from yishu.lake.lake import Lake
from yishu.sample.write import Truth, write_sample


def hand_in_sample(
    lake: Lake, datasets: Sequence[str] | None, *, rows: int, seed: int, dirt: float, processes: int = 1
) -> Truth:
    """Write the extracts beside landing, then hand in each as a whole; `home/truth.json` says what was planted.

    Args:
        lake: contracts and places.
        datasets, rows, seed, dirt, processes: as `write_sample` takes them.
    """
    home, zone = lake.settings.home, drop_zone(lake)
    with tempfile.TemporaryDirectory(prefix="sample-", dir=home) as folder:
        written = write_sample(
            lake.project, Path(folder), datasets=datasets, rows=rows, seed=seed, dirt=dirt, truth=home / "truth.json",
            processes=processes,
        )  # fmt: skip
        for delivery in written.deliveries:
            name = f"{delivery.department}/{delivery.dataset}/{delivery.period}/{delivery.file}"
            zone.drop(name, Path(folder) / name)
    return written
