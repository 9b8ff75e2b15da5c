"""Landing → an asset event for the database for which something has come: what Airflow's triggerer runs for us.

Beside `orchestrate` the only module that imports airflow: the triggerer finds a trigger by the name of its module, and must
not load for it what only tasks need. A lost event costs time, never data: reconcile asks the ledger every minute.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from typing import TYPE_CHECKING

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from yishu.errors import YishuError
from yishu.settings import load_settings

if TYPE_CHECKING:
    from yishu.flow.arrivals import Arrival, Lookout, Lying

log = logging.getLogger(__name__)

SHARE = 0.1
"""Looking takes at most so much of the time, however much lies in landing."""
AFTER_ERROR = 30.0
"""Seconds until the next look after one that failed."""
OFF = 3600.0


class ArrivalTrigger(BaseEventTrigger):
    """Fires for one database; the triggers of all databases share one look at landing."""

    def __init__(self, database: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.database = database

    def serialize(self) -> tuple[str, dict[str, object]]:
        return f"{__name__}.{type(self).__name__}", {"database": self.database}

    def shared_stream_key(self) -> Hashable:
        return ("landing",)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, object]) -> AsyncIterator[Lying]:
        """What lies in landing, every few seconds, for as long as the triggerer runs; nothing where no events are wanted."""
        lookout: Lookout | None = None
        while True:
            started, rest = time.monotonic(), AFTER_ERROR
            try:
                if lookout is None:
                    lookout = await asyncio.to_thread(_lookout)
                rest = lookout.seconds or OFF
                if lookout.seconds:
                    yield await asyncio.to_thread(lookout.look)
            except (YishuError, OSError) as error:
                log.warning("landing cannot be looked at, next try in %.0f s: %s", AFTER_ERROR, error)
                rest = AFTER_ERROR
            took = time.monotonic() - started
            await asyncio.sleep(max(rest, took / SHARE - took))

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Lying]) -> AsyncIterator[TriggerEvent]:
        """An event for what is new to this database and has stopped changing: how many deliveries of which datasets.

        Each is told once. What cannot be claimed, such as for a broken contract, stays told until it is gone or changes.
        """
        before: frozenset[Arrival] = frozenset()
        told: frozenset[Arrival] = frozenset()
        async for lying in shared_stream:
            here = lying.get(self.database, frozenset())
            fresh = (here & before) - told
            before, told = here, (told & here) | fresh
            if fresh:
                counts = Counter(arrival.dataset for arrival in fresh)
                yield TriggerEvent(dict(sorted(counts.items())))  # type: ignore[no-untyped-call]

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """The same alone, where the triggerer does not share."""
        async for event in self.filter_shared_stream(self.open_shared_stream({})):
            yield event


def _lookout() -> Lookout:
    from yishu.flow.arrivals import Lookout

    # what cannot be taken for a file is told by every look; reconcile's, once a minute, are enough
    logging.getLogger("yishu.lake").setLevel(logging.ERROR)
    return Lookout(load_settings())
