"""What a department's database answers → one Parquet file, every cell as text, and how far its rows reach; batch by batch."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from yishu.contract.select import read_parameters
from yishu.errors import Place, UsageError
from yishu.flow.pull_order import Order, typed
from yishu.flow.pulled_cells import written
from yishu.lake.lake import Lake
from yishu.lake.source_database import Asked, Parameter, selected

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Extract:
    """How many rows there are, and the greatest watermark among them."""

    rows: int
    watermark: str | None


def write_extract(lake: Lake, order: Order, after: Parameter, part: Path) -> Extract:
    """Write the query's rows in the order in which the database gives them; no row, no file.

    Args:
        lake: the zone in which moments are shown, the rows of a batch, and the clock.
        order: whose query, for which period.
        after: the watermark before it.
        part: the file, whose folder is made when the first rows have come.

    Raises:
        UsageError: no address, the database refuses the query, or a column has no text.
        MachineError: the database was not reached, or broke off.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    settings, period, now = lake.settings, order.period, lake.clock()
    values = {"after": after, "start": period.start, "end": period.end + dt.timedelta(days=1)}
    asked = read_parameters(order.pull.query)
    given = {name: value for name, value in values.items() if isinstance(asked, frozenset) and name in asked}
    question = Asked(order.dataset.name, order.pull, given, order.kind, ZoneInfo(settings.timezone), settings.run.batch_rows)
    with selected(question) as result, contextlib.ExitStack() as opened:
        names = _columns(order, [*result.keys()])
        schema = pa.schema([(name, pa.string()) for name in names])
        mark = _place_of_watermark(order, names)
        rows, best, writer = 0, None, None
        for batch in result.partitions(settings.run.batch_rows):
            if writer is None:
                part.parent.mkdir(parents=True, exist_ok=True)
                # no dictionary: a column of one value would look like a bomb to the reader
                writer = opened.enter_context(pq.ParquetWriter(part, schema, compression="snappy", use_dictionary=False))
            columns = list(zip(*batch, strict=True))
            writer.write_batch(_texts(order, columns, schema))
            rows += len(batch)
            if mark is not None:
                best = _greatest(order, [best, *columns[mark]], now)
    text = written(best) if best is not None else None
    if text is not None:
        typed(order, text, "of this extract")  # now, not when the next period is pulled
    return Extract(rows, text)


def _columns(order: Order, names: Sequence[str]) -> tuple[str, ...]:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise UsageError(f"{order.dataset.name}: the query gives {twice[0]!r} twice", code="pull-query", subject=order.dataset.name,
                         remedy="give each column a name of its own with AS")  # fmt: skip
    return tuple(names)


def _place_of_watermark(order: Order, names: Sequence[str]) -> int | None:
    """By the field's name or its title, as in any header."""
    if order.pull.watermark is None:
        return None
    field = order.dataset.field(order.pull.watermark)
    found = [at for at, name in enumerate(names) if name in (field.name, field.title)]
    if not found:
        raise UsageError(f"{order.dataset.name}: the query does not give the watermark {field.name!r}", code="pull-query",
                         subject=order.dataset.name, expected=f"a column {field.name} or {field.title}",
                         remedy="add it to the SELECT")  # fmt: skip
    return found[0]


def _greatest(order: Order, values: Sequence[object], now: dt.datetime) -> object:
    try:
        return max((v for v in values if v is not None and not _ahead(v, now)), default=None)  # type: ignore[type-var]
    except (TypeError, InvalidOperation):  # MySQL's 0000-00-00 comes as text, PostgreSQL has a decimal that is no number
        raise UsageError(f"{order.dataset.name}: not all values of the watermark {order.pull.watermark!r} can be compared",
                         code="watermark", subject=order.dataset.name, expected="numbers, dates or timestamps, or NULL",
                         remedy="turn the others into NULL in the query (nullif)") from None  # fmt: skip


def _ahead(value: object, now: dt.datetime) -> bool:
    """A slip such as 9999-12-31: were it the watermark, nothing would ever be newer. A day is left for clocks that differ."""
    latest = (now + dt.timedelta(days=1)).replace(tzinfo=None)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None) > latest
    return isinstance(value, dt.date) and value > latest.date()


def _texts(order: Order, columns: Sequence[Sequence[object]], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = []
    for name, column in zip(schema.names, columns, strict=True):
        try:
            arrays.append(pa.array([None if value is None else written(value) for value in column], pa.string()))
        except ValueError as error:
            raise UsageError(f"{order.dataset.name}: column {name!r} of the query: {error}", code="pull-query",
                             place=Place(column=name), subject=order.dataset.name, expected="text, numbers, dates or times",
                             remedy="leave the column out, or write it as text in the query (encode, hex)") from None  # fmt: skip
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
