"""A waiting delivery → its rows in bronze, every cell as text, by delta-rs without a JVM; state `bronze` or `rejected`.

One commit per delivery, marked with the delivery: killed before it, nothing is there; run again after it, nothing is added.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from yishu.contract.model import Dataset, FileFormat
from yishu.errors import DeliveryRejected, MachineError, Place
from yishu.flow import corrections
from yishu.flow.admission import admit, refusal
from yishu.flow.cases import put_in_hand
from yishu.flow.reading.containers import data_files
from yishu.flow.reading.csv import read_csv
from yishu.flow.reading.fixed import read_fixed
from yishu.flow.reading.form import check_form
from yishu.flow.reading.json import read_json
from yishu.flow.reading.jsonl import read_jsonl
from yishu.flow.reading.parquet import read_parquet
from yishu.flow.reading.plain import Cells, Profile
from yishu.flow.reading.rows import ROW, Reading, bronze_schema
from yishu.flow.reading.source import Source
from yishu.flow.reading.xls import read_xls
from yishu.flow.reading.xlsx import read_xlsx
from yishu.flow.reading.xml import read_xml
from yishu.lake import places, tables
from yishu.lake.drop_zone import DropZone, drop_zone
from yishu.lake.lake import Lake
from yishu.lake.ledger import Balance, Delivery, LandedFile

if TYPE_CHECKING:
    from deltalake import DeltaTable, WriterProperties

DELIVERY, FILE = "_delivery", "_file"
READERS: dict[FileFormat, Callable[[Source, Dataset], Reading]] = {
    "csv": read_csv, "fixed": read_fixed, "xlsx": read_xlsx, "xls": read_xls, "jsonl": read_jsonl, "json": read_json,
    "xml": read_xml, "parquet": read_parquet,
}  # fmt: skip
_Part = tuple[LandedFile, str, Reading]
_MARK = "yishu"
"""Under this key each commit names its delivery; a commit without it is a stranger's."""
_NOTES = "yishu.notes"
PROFILE = "profile"
"""The stage under which the ledger keeps what the bytes of a delivery told."""
_GROUP_ROWS = 131_072
"""Rows per Parquet row group: small enough that Spark splits one delivery over all its cores."""
_FILE_BYTES = 32 << 20
"""The writer keeps a file in memory until it is full: small files keep the worker small."""


@dataclass(frozen=True)
class Loaded:
    """What of a delivery stands in bronze; `notes` say in Chinese what was unusual about its files.

    `cells` is what is known of each field.
    """

    rows: int
    notes: tuple[str, ...]
    cells: Mapping[str, Cells] = field(default_factory=dict)


def load_bronze(lake: Lake, delivery: Delivery) -> Delivery:
    """Take a waiting delivery to `bronze` or `rejected`; in any other state it is returned as it is.

    Raises:
        MachineError: the table or a file cannot be written or read just now.
    """
    if delivery.state != "waiting":
        return delivery
    try:
        admit(lake.project, delivery.department, delivery.dataset, delivery.period, delivery.claimed_at.date())
        if delivery.corrects and not corrections.admitted(lake, delivery):
            return delivery
        loaded = write_bronze(lake, delivery)
    except DeliveryRejected as error:
        drop_zone(lake).done_with(delivery)
        return lake.ledger.move(delivery.id, "rejected", reason=refusal(error))
    if delivery.corrects:
        put_in_hand(lake, delivery)
    lake.ledger.record_stage(delivery.id, PROFILE, delivery.claimed_at, lake.clock(), {n: asdict(c) for n, c in loaded.cells.items()})
    return lake.ledger.move(delivery.id, "bronze", balance=Balance(received=loaded.rows), reason="；".join(loaded.notes))


def known_cells(lake: Lake, delivery: Delivery) -> Mapping[str, Cells]:
    """What is known of each field's cells; nothing where nobody looked or the worker was killed just then."""
    seen = [run.detail for run in lake.ledger.stages(delivery.id) if run.stage == PROFILE]
    found = seen[-1] if seen else {}
    return {
        name: Cells(bool(known["plain"]), bool(known["filled"]), int(str(known["longest"])))
        for name, known in found.items() if isinstance(known, dict)
    }  # fmt: skip


def write_bronze(lake: Lake, delivery: Delivery) -> Loaded:
    """Put a delivery's rows into bronze, whatever the ledger says of it, unless they stand there already.

    Raises:
        DeliveryRejected: a file is gone, was changed, or cannot be read as the contract agrees.
        MachineError: the table or a file cannot be written or read just now.
    """
    path, app_id, zone = lake.bronze(delivery.dataset), f"bronze:{delivery.dataset}:{delivery.id}", drop_zone(lake)
    standing = _standing(path, delivery.id, app_id)
    if standing is not None:
        zone.done_with(delivery)  # the worker was killed between the commit and this
        return standing
    dataset = lake.project.datasets[delivery.dataset]
    try:
        readings = [part for file in delivery.files for part in _read(lake, zone, delivery, file, dataset)]
    except OSError as error:
        raise _trouble(path, error) from error
    notes = tuple(dict.fromkeys(note for _, _, reading in readings for note in reading.notes))
    rows = _Stamped(zone, delivery, readings, Profile(dataset))
    _write(path, rows, table_schema(dataset), app_id, notes)
    zone.done_with(delivery)
    return Loaded(rows.count, notes, rows.profile.cells)


def table_schema(dataset: Dataset) -> pa.Schema:
    """Bronze's columns: what readers give, with the delivery and the file before the row number."""
    *columns, row = bronze_schema(dataset)
    return pa.schema([*columns, (DELIVERY, pa.string()), (FILE, pa.string()), row])


def _standing(path: Path, delivery: str, app_id: str) -> Loaded | None:
    """What an earlier attempt committed, from the table's log alone."""
    if not tables.exists(path):
        return None
    table = places.delta(path)
    if table.transaction_version(app_id) is None:
        return None
    notes = next((entry.get(_NOTES) for entry in table.history() if entry.get(_MARK) == app_id), None)
    return Loaded(_rows_of(table, delivery), tuple(json.loads(notes or "[]")))


def _rows_of(table: DeltaTable, delivery: str) -> int:
    files = pa.table(table.get_add_actions(flatten=True)).select([f"partition.{DELIVERY}", "num_records"]).to_pylist()
    return sum(file["num_records"] for file in files if file[f"partition.{DELIVERY}"] == delivery)


def _read(lake: Lake, zone: DropZone, delivery: Delivery, file: LandedFile, dataset: Dataset) -> list[_Part]:
    """One reading for each data file that a landed file holds, under the name by which its rows are known."""
    _refuse_changed(zone, delivery, file)
    path = zone.landed(delivery, file)
    if delivery.corrects:
        return [(file, name, reading) for name, reading in corrections.readings(lake, delivery, path)]
    check_form(path, dataset)
    return [(file, source.name, READERS[dataset.supply.format](source, dataset)) for source in data_files(path)]


def _refuse_changed(zone: DropZone, delivery: Delivery, file: LandedFile) -> None:
    """The file must be the one that was claimed; a new date alone is forgiven if the content is the same."""
    name = Path(file.path).name
    try:
        path = zone.landed(delivery, file)
        now = path.stat()
        same = now.st_size == file.size and (now.st_mtime_ns == file.modified_ns or _sha256(path) == file.sha256)
    except FileNotFoundError as error:
        raise DeliveryRejected(
            f"文件“{name}”登记后不见了", code="vanished", place=Place(file.path),
            expected="登记后的文件原样保留至回执发出", remedy="请重新报送该文件",
        ) from error  # fmt: skip
    if not same:
        raise DeliveryRejected(
            f"文件“{name}”登记后被改动", code="changed", place=Place(file.path),
            expected=f"登记时的内容（{file.size} 字节，SHA-256 {file.sha256[:12]}…）",
            remedy="改动后的文件将作为新的交付另行登记，无需重新报送",
        )  # fmt: skip


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Stamped:
    """The readings' batches with delivery and file; counts rows and keeps the refusal that ends them, if one does."""

    def __init__(
        self, zone: DropZone, delivery: Delivery, readings: Sequence[_Part], profile: Profile
    ) -> None:
        self._zone, self._delivery, self._readings, self.profile = zone, delivery, readings, profile
        self.count = 0
        self.refused: DeliveryRejected | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        try:
            for file, name, reading in self._readings:
                yield from self._file(file, name, reading)
        except DeliveryRejected as error:
            self.refused = error  # what Arrow and Rust make of an exception keeps only its text
            raise

    def _file(self, file: LandedFile, name: str, reading: Reading) -> Iterator[pa.RecordBatch]:
        before = self.count
        for batch in reading.batches:
            self.count += batch.num_rows
            self.profile.look(batch)
            *columns, row = batch.columns
            stamps = [pa.repeat(pa.scalar(text, pa.string()), batch.num_rows) for text in (self._delivery.id, name)]
            fields = [*list(batch.schema)[:-1], pa.field(DELIVERY, pa.string()), pa.field(FILE, pa.string())]
            yield pa.RecordBatch.from_arrays([*columns, *stamps, row], schema=pa.schema([*fields, (ROW, pa.int64())]))
        if self.count == before:
            raise DeliveryRejected(
                f"文件“{name}”只有表头，没有数据行", code="no-rows", place=Place(file.path),
                expected="至少一行数据", remedy="请核对导出条件后重新报送；本期确无数据时请与平台联系",
            )  # fmt: skip
        _refuse_changed(self._zone, self._delivery, file)  # not while it was read, either


def _write(path: Path, rows: _Stamped, schema: pa.Schema, app_id: str, notes: Sequence[str]) -> None:
    from deltalake import CommitProperties, Transaction, write_deltalake
    from deltalake.exceptions import DeltaError

    mark = {_MARK: app_id, _NOTES: json.dumps(notes, ensure_ascii=False)}
    try:
        write_deltalake(
            str(path), pa.RecordBatchReader.from_batches(schema, rows.batches()), mode="append", schema_mode="merge",
            storage_options=places.options(path),
            partition_by=[DELIVERY], configuration={"delta.dataSkippingNumIndexedCols": "0"}, target_file_size=_FILE_BYTES,
            writer_properties=text_columns(),
            commit_properties=CommitProperties(custom_metadata=mark, app_transactions=[Transaction(app_id, 1)]),
        )  # fmt: skip
    except (DeltaError, OSError, pa.ArrowException) as error:
        if rows.refused is not None:
            raise rows.refused from error
        raise _trouble(path, error) from error


def text_columns() -> WriterProperties:
    """How columns of text are written.

    Nobody looks for single values in bronze: statistics on text would cost a third of the write, and a dictionary of cells that
    rarely repeat makes Spark's read twice as long.
    """
    from deltalake import ColumnProperties, WriterProperties

    plain = ColumnProperties(statistics_enabled="NONE", dictionary_enabled=False)
    return WriterProperties(compression="SNAPPY", max_row_group_size=_GROUP_ROWS, default_column_properties=plain)


def _trouble(path: Path, error: Exception) -> MachineError:
    return MachineError(
        f"bronze table {path.name} cannot be written: {error}", code="bronze", place=Place(path),
        remedy="run again; if it stays so, look at disk space and rights",
    )  # fmt: skip
