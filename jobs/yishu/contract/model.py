"""What a dataset is: the typed, frozen shape of everything that stands in `schemas/`.

Read from top to bottom: vocabularies, elements and departments, fields and rules, datasets and marts, the project.
Nothing here reads a file (see `load`) or knows Spark, Great Expectations or Airflow (see `derive`).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic import Field as Value

WriteMode = Literal["append", "upsert", "history", "snapshot"]
Severity = Literal["warn", "error", "critical"]
Cycle = Literal["realtime", "daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly"]
Sharing = Literal["unconditional", "conditional", "none"]
"""共享类型: 无条件 / 有条件 / 不予 (政务信息资源目录 item 9). `none` keeps a dataset out of gold."""
Grade = Literal["general-1", "general-2", "general-3", "general-4", "important", "core"]
"""GB/T 43697-2024 grades, lowest first. From general-3 on, gold shows masks only."""
Mask = Literal["name", "id", "phone", "address", "account", "plate", "suppress"]
FileFormat = Literal["csv", "fixed", "xlsx", "xls", "jsonl", "json", "xml", "parquet"]
TextEncoding = Literal["utf-8", "utf-16", "gb18030", "auto"]
"""How a text file is written. `utf-16` goes by its byte order mark; `auto` is found out for each file, and said on its receipt."""
Kind = Literal["string", "integer", "decimal", "date", "timestamp", "boolean"]
Check = Literal["uscc", "citizen_id", "division", "industry", "licence_id", "period", "codelist", "none"]
"""Which of the standards' checks an element carries (`quality/standards.py`)."""
DatabaseClass = Literal["basic", "thematic", "special", "policy", "shared"]
"""The folders of `schemas/`. `shared` databases hold dimensions that all others read: marts only, no datasets."""

GRADES: tuple[str, ...] = get_args(Grade)
MASKED_FROM = GRADES.index("general-3")


class Frozen(BaseModel):
    """Unknown keys are refused, values cannot change."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Element(Frozen):
    """数据元: one meaning, one standard, one authoritative dataset."""

    name: str
    title: str
    standard: str = ""
    check: Check = "none"
    codelist: str | None = None
    edition: str | None = None
    source: str | None = None
    """The authoritative dataset (`one source`); None where the source lies outside the platform."""
    grade: Grade = "general-1"
    mask: Mask | None = None
    length: int | None = None


class Department(Frozen):
    """Who hands data in. `code` is an 18-character USCC; names change with time, so both carry dates."""

    id: str
    code: str
    name: str
    area: str = "130000"
    valid_from: dt.date
    valid_to: dt.date | None = None
    successor: str | None = None
    email: str = Value(default="", pattern=r"^([^@\s,;<>]+@[^@\s,;<>]+)?$")
    """Where reminders go of what is late in the databases that it leads; empty: nowhere."""


class Type(Frozen):
    """A field's type: `varchar(18)` → string/18, `decimal(18,4)` → decimal/18/4 …"""

    kind: Kind
    length: int | None = None
    precision: int | None = None
    scale: int | None = None


class Rule(Frozen):
    """One expectation: a Great Expectations type with its kwargs, as JSON."""

    name: str
    type: str
    kwargs: dict[str, JsonValue]
    severity: Severity = "error"
    dimension: str = "conformity"
    message: str = ""
    """What the clerk reads, in Chinese. Empty: made from the type."""
    tolerance: float | None = None
    """Share of bad rows (0–1) above which an `error` rule holds the delivery; None: the dataset's tolerance."""
    line: int = 0


class Reference(Frozen):
    """A field's values should stand in another dataset's field. `severity` says what a missing one does."""

    dataset: str
    field: str
    severity: Severity = "warn"
    line: int = 0


class CodeValue(Frozen):
    value: str
    label: str = ""


class Field(Frozen):
    """One column, as the contract's property says."""

    name: str
    title: str
    type: Type
    required: bool = False
    unique: bool = False
    key_position: int | None = None
    grade: Grade = "general-1"
    element: str | None = None
    check: Check = "none"
    codelist: str | None = None
    edition: str | None = None
    as_of: str | None = None
    """The field that holds the date at which a dated code must be valid; None: no date rule."""
    pattern: str | None = None
    mask: Mask | None = None
    values: tuple[CodeValue, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    reference: Reference | None = None
    standard: str = ""
    description: str = ""
    examples: tuple[str, ...] = ()
    renamed_from: str | None = None
    """The name that it had before: what stands under that one is taken over."""
    rules: tuple[Rule, ...] = ()
    line: int = 0

    @property
    def masked(self) -> bool:
        """True where gold may not show the value in clear (grade general-3 or higher)."""
        return GRADES.index(self.grade) >= MASKED_FROM

    @property
    def tokened(self) -> bool:
        """True where the value identifies across databases, so that gold carries a keyed token beside its mask."""
        return self.masked and self.mask in ("id", "phone", "account")


class Span(Frozen):
    """Where a field stands in a line of fixed width: `start` counts from 1."""

    start: Annotated[int, Value(ge=1)]
    length: Annotated[int, Value(ge=1)]


class Pull(Frozen):
    """A dataset that nobody hands in as files: its extract is taken from the department's own database."""

    connection: Annotated[str, Value(pattern=r"^[A-Z][A-Z0-9_]*$")]
    """`YISHU_SOURCE_<connection>` holds the database's address; no secret stands in a contract."""
    query: Annotated[str, Value(min_length=1)]
    """One SELECT. It may ask for `:after` (the watermark before the period, NULL at first), `:start` and `:end` (the period's
    first day, and the first day after it)."""
    watermark: str | None = None
    """The field whose greatest value says how far the extract reaches."""


class Supply(Frozen):
    """供数形式: the form in which a department hands a dataset in; whether it is packed as gz or zip is told by content."""

    format: FileFormat = "csv"
    encoding: TextEncoding = "utf-8"
    delimiter: Annotated[str, Value(pattern=r'^[^"\r\n\x00]$')] = ","
    header: Literal["title", "name"] = "title"
    """Whether the file's header carries the Chinese titles or the field names; both are always understood."""
    sheet: str | None = None
    header_row: Annotated[int, Value(ge=1, le=100, alias="headerRow")] = 1
    """The sheet's row in which the header begins; what stands above it is not read."""
    header_rows: Annotated[int, Value(ge=1, le=5, alias="headerRows")] = 1
    """How many rows the header has; the cells of several, merged ones filled, are joined by `/`."""
    path: str = ""
    """json: the keys that lead to the array (`data.records`), empty where the document is it. xml: a row (`/export/rows/row`)."""
    cells: Literal["elements", "attributes"] = "elements"
    """xml: where a row's cells stand."""
    positions: dict[str, Span] = {}
    """fixed: where each field stands."""
    unit: Literal["characters", "bytes"] = "characters"
    """fixed: what `positions` count. In GB18030 bytes, a Chinese character takes as many places as on a printed page."""
    manifest: Literal["optional", "required"] = "optional"
    """Whether files wait until a `manifest.json` beside them says that they are all there."""
    pull: Pull | None = None


class Dataset(Frozen):
    """数据集: one contract, one bronze/silver/quarantine table."""

    name: str
    title: str
    database: str
    version: str
    description: str = ""
    suppliers: tuple[str, ...]
    """Department ids (`departments.yaml`); one per area."""
    system: str = ""
    code: str = ""
    mode: WriteMode
    sequence: str | None = None
    """The field that orders versions of one key; None only for `append` and `snapshot`."""
    tolerance: float = 0.05
    cycle: Cycle
    deadline: int | None = None
    """Working days after a period's end within which it is handed in; None: what is usual for the cycle."""
    since: dt.date | None = None
    """Periods that ended before this day are not owed."""
    sharing: Sharing
    sharing_condition: str = ""
    supply: Supply = Supply()
    source_of: tuple[str, ...] = ()
    """Elements for which it claims to be the authoritative dataset; `elements.yaml` must agree."""
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()
    file: Path
    line: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's fields, in the contract's order."""
        keyed = [f for f in self.fields if f.key_position is not None]
        return tuple(f.name for f in sorted(keyed, key=lambda f: f.key_position or 0))

    @property
    def grade(self) -> Grade:
        """The highest grade of its fields (就高从严, GB/T 43697-2024)."""
        return max((f.grade for f in self.fields), key=GRADES.index)

    def field(self, name: str) -> Field:
        return next(f for f in self.fields if f.name == name)


class Mart(Frozen):
    """One gold table: a contract and one SELECT over silver and gold tables."""

    name: str
    title: str
    database: str
    version: str
    description: str = ""
    question: str = ""
    inputs: tuple[str, ...]
    """`silver.<dataset>`, `codes.<list>`, `<database>.<mart>` or the gold base table `<database>.<dataset>`."""
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...] = ()
    select: Path
    file: Path
    line: int = 0

    @property
    def table(self) -> str:
        return f"{self.database}.{self.name}"

    @property
    def key(self) -> tuple[str, ...]:
        keyed = [f for f in self.fields if f.key_position is not None]
        return tuple(f.name for f in sorted(keyed, key=lambda f: f.key_position or 0))


class Database(Frozen):
    """库: a named set of datasets and marts; one gold schema, one DAG."""

    name: str
    title: str
    kind: DatabaseClass
    code: str = ""
    lead: str
    duty: str = ""
    description: str = ""
    file: Path


class Project(Frozen):
    """All of `schemas/`, read and bound together; dictionaries are sorted by name."""

    root: Path
    elements: dict[str, Element]
    departments: dict[str, Department]
    codelists: dict[str, Path]
    databases: dict[str, Database]
    datasets: dict[str, Dataset]
    marts: dict[str, Mart]
    """By table name, `<database>.<mart>`."""

    def department_of(self, code: str) -> Department | None:
        return next((d for d in self.departments.values() if d.code == code), None)
