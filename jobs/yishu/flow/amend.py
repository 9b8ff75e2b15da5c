"""A correction in bronze → its good rows in silver, what is still bad in quarantine in the place of what it corrects.

Every delivery goes through here; one that corrects nothing goes on to `silver`. Killed anywhere and run again it does the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from yishu.derive.spark_types import delta_schema, silver_table
from yishu.flow import cases, judge, silver
from yishu.flow.agreed import require_agreed, wording_now
from yishu.flow.bad_rows import spelled_out
from yishu.flow.family import Spot, balanced, family, spots
from yishu.flow.gate import Decision, decide
from yishu.flow.judge import Verdicts
from yishu.flow.merging import Arrival, merge_in
from yishu.flow.rebuild import loaded_rows, rebuild, recorded_good_rows
from yishu.flow.silver import Passage
from yishu.flow.soundness import note, require_sound
from yishu.lake import adoption, places, tables
from yishu.lake.adoption import Target
from yishu.lake.lake import Lake, OpenSpark
from yishu.lake.ledger import Balance, Delivery, RuleCount
from yishu.lake.session import tune

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_GIVEN_UP = {"superseded": "已被更正替代", "rejected": "已退回", "unchanged": "没有入库"}


def settle(lake: Lake, open_spark: OpenSpark, delivery: Delivery) -> Delivery:
    """Take one delivery from bronze to `accepted` or `held`; a correction also to `rejected`, or it waits for what it corrects.

    A held delivery is asked for again, with the corrected rows in the place of its bad ones: as a whole it passes the gate and
    is accepted, the correction after it, or the correction is sent back with what still stands in the way.

    Args:
        lake: contracts, ledger and places.
        open_spark: opens a session of its own.
        delivery: in state `bronze`, or `held` and released.
    """
    if delivery.corrects is None:
        return silver.settle(lake, open_spark, delivery)
    corrected = lake.ledger.delivery(delivery.corrects)
    if corrected.state == "held":
        refused = _ask_for_the_whole(lake, open_spark, corrected, delivery)
        if refused is not None:
            return refused
        corrected = settle(lake, open_spark, corrected)
    if corrected.state in _GIVEN_UP:
        return _send_back(lake, delivery, f"所更正的交付 {corrected.id} {_GIVEN_UP[corrected.state]}，本次更正未入库；请以其最新回执为准")
    return _settle(lake, open_spark, corrected, delivery) if corrected.state == "accepted" else delivery


def _ask_for_the_whole(lake: Lake, open_spark: OpenSpark, held: Delivery, correction: Delivery) -> Delivery | None:
    """None where the held delivery passes with the corrected rows, which then is decided; else the correction, sent back."""
    dataset, spark = lake.project.datasets[held.dataset], open_spark()
    require_sound(lake, f"bronze.{dataset.name}", f"silver.{dataset.name}", f"quarantine.{dataset.name}")
    with judge.judged(lake, spark, dataset, held, correction) as verdicts:
        decision, counts = _gate(lake, spark, held, verdicts)
        if decision.accepted:
            lake.ledger.decide(held.id, "correct", actor=correction.department, reason=f"更正件 {correction.id} 使全批通过检查")
            return None
        lake.ledger.record_rules(correction.id, counts)
        silver.show_bad_rows(lake, dataset, correction, verdicts)
    return _send_back(
        lake, correction,
        f"更正后全批仍未通过检查：{decision.reason}；本次更正未入库，{held.id} 仍为待定；"
        f"请在同一张“问题行”表上保留已改的行，继续改正其余各行，再把整张表放回同一文件夹",
    )  # fmt: skip


def _send_back(lake: Lake, correction: Delivery, reason: str) -> Delivery:
    rows = correction.balance.received
    if correction.state == "held":  # it was released, but what it corrects is not what it was
        lake.ledger.decide(correction.id, "reject", actor="pipeline", reason=reason)
    return lake.ledger.move(correction.id, "rejected", balance=Balance(received=rows, rejected=rows), reason=reason)


def _settle(lake: Lake, open_spark: OpenSpark, corrected: Delivery, correction: Delivery) -> Delivery:
    """The correction of an accepted delivery."""
    dataset, spark = lake.project.datasets[correction.dataset], open_spark()
    require_sound(lake, f"bronze.{dataset.name}", f"silver.{dataset.name}", f"quarantine.{dataset.name}")
    require_agreed(lake, dataset)
    tune(spark, corrected.balance.received)
    with judge.judged(lake, spark, dataset, correction) as verdicts:
        decision, counts = _gate(lake, spark, correction, verdicts)
        lake.ledger.record_rules(correction.id, counts, wording_now(lake, dataset))
        if not decision.accepted and not silver.released(lake, correction):
            return silver.hold(lake, dataset, correction, verdicts, decision)
        silver.require_all(correction, verdicts)
        every = lake.ledger.deliveries(dataset=dataset.name, states={"held"})
        overtaken = tuple(d for d in every if d.corrects == corrected.id and d.ordinal < correction.ordinal)
        return _accept(lake, spark, corrected, Passage(dataset, correction, verdicts, silver.attempt(lake, correction), overtaken))


def _gate(lake: Lake, spark: SparkSession, delivery: Delivery, verdicts: Verdicts) -> tuple[Decision, list[RuleCount]]:
    """A correction is held only by a rule that holds a whole delivery: the share of bad rows was asked of the whole, and shrinks."""
    dataset = lake.project.datasets[delivery.dataset]
    if delivery.corrects is None:
        return silver.decided(lake, spark, dataset, verdicts)
    return decide(dataset, verdicts.received, 0, verdicts.counts, (), {}), list(verdicts.counts)


def _accept(lake: Lake, spark: SparkSession, corrected: Delivery, passage: Passage) -> Delivery:
    dataset, correction, verdicts = passage.dataset, passage.delivery, passage.verdicts
    standing = family(lake, correction)
    with lake.ledger.writing(f"silver.{dataset.name}"):
        on_top = _goes_on_top(lake, corrected, passage)  # asked before its rows leave the quarantine
        _quarantine(lake, corrected, passage)
        _merge(lake, spark, standing, passage, on_top)
    good = verdicts.received - verdicts.bad - verdicts.duplicates
    loaded = {correction.id: good} if on_top else loaded_rows(lake, spark, dataset, standing)
    for old in passage.replaced:
        lake.ledger.supersede(old.id, correction.id)
    cases.close(lake, correction)
    for delivery in standing:
        if delivery.id != correction.id and (not on_top or delivery.id == corrected.id):
            balance = balanced(lake, delivery, standing, loaded.get(delivery.id))
            lake.ledger.move(delivery.id, delivery.state, balance=balance, reason=_taken_over(delivery, balance))
    balance = balanced(lake, correction, standing, loaded[correction.id])
    moved = lake.ledger.move(correction.id, "accepted", balance=balance, reason=_corrects(correction, balance))
    for settled in (correction, *passage.replaced):
        places.remove(lake.staging(settled.id))
    return moved


def _corrects(delivery: Delivery, balance: Balance) -> str:
    return f"更正 {delivery.corrects} 的 {balance.received} 行" + (f"，其中 {balance.rejected} 行已另有更正" if balance.rejected else "")


def _taken_over(delivery: Delivery, balance: Balance) -> str:
    """What `yishu status` says of a delivery of which rows were corrected; its receipt stays what it was."""
    return _corrects(delivery, balance) if delivery.corrects else f"{balance.rejected} 行由更正件替代"


def _goes_on_top(lake: Lake, corrected: Delivery, passage: Passage) -> bool:
    """True where the rows meet none of the table's: then nothing that is there changes."""
    dataset, correction = passage.dataset, passage.delivery
    if dataset.mode == "snapshot" or passage.attempt:
        return False
    if spots(lake.bronze(dataset.name), correction.id) - spots(lake.quarantine(dataset.name), corrected.id):
        return False  # a row was let through since, or this is a second try
    files, target = passage.verdicts.files("good", "best"), _silver(lake, passage)
    return not (tables.exists(target.path) and adoption.met_by(files, target, dataset.key))


def _silver(lake: Lake, passage: Passage) -> Target:
    dataset = passage.dataset
    return Target(lake, lake.silver(dataset.name), delta_schema(silver_table(dataset)), passage.app_id("silver"))


def _quarantine(lake: Lake, corrected: Delivery, passage: Passage) -> None:
    """What is still bad stands in the place of the rows that are corrected, in one commit."""
    dataset, correction = passage.dataset, passage.delivery
    path, app_id = lake.quarantine(dataset.name), passage.app_id("quarantine")
    if not tables.done(path, app_id):
        still_bad = spelled_out(lake, passage.verdicts, dataset, correction)
        rest = _rest(lake, corrected, spots(lake.bronze(dataset.name), correction.id), still_bad)
        tables.put_batches(rest, path, app_id, [corrected.id, correction.id])
    note(lake, f"quarantine.{dataset.name}")


def _rest(lake: Lake, corrected: Delivery, taken: set[Spot], still_bad: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Quarantine's rows of what is corrected, without those taken over, and after them those that are still bad."""
    path = lake.quarantine(corrected.dataset)
    if not tables.exists(path):
        return still_bad
    lying = places.rows(path, corrected.id)
    schema = pa.unify_schemas([still_bad.schema, lying.schema], promote_options="permissive")

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in lying.scanner(filter=pc.field("_delivery") == corrected.id).to_batches():
            places = zip(batch["_file"].to_pylist(), batch["_row"].to_pylist(), strict=True)
            yield _in_columns(batch.filter(pa.array([place not in taken for place in places], pa.bool_())), schema)
        for batch in still_bad:
            yield _in_columns(batch, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _in_columns(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    there = set(batch.schema.names)
    columns = [batch[f.name].cast(f.type) if f.name in there else pa.nulls(batch.num_rows, f.type) for f in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _merge(lake: Lake, spark: SparkSession, standing: list[Delivery], passage: Passage, on_top: bool) -> None:
    """Through the write mode: alone where nothing stands in its way, else with the whole hand-in, as if it had come so."""
    dataset, to = passage.dataset, _silver(lake, passage)
    if on_top:
        rows = judge.rows(spark, dataset, passage.verdicts, "good", "best")
        merge_in(Arrival(dataset, passage.delivery, rows, to, passage.verdicts.files("good", "best")))
    elif dataset.mode == "append":
        rows = recorded_good_rows(lake, spark, dataset, standing)
        merge_in(Arrival(dataset, standing[0], rows, to, restates=True))
    else:
        accepted = lake.ledger.deliveries(dataset=dataset.name, states={"accepted"})
        rebuild(lake, spark, dataset, [*(d for d in accepted if d.id != passage.delivery.id), passage.delivery], to.app_id)
    note(lake, f"silver.{dataset.name}", contract=wording_now(lake, dataset))
