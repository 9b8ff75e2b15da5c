"""Nothing of grade general-3 or higher stands in gold in clear: every planted number, phone and name is looked for."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from small_lake import CHECKOUT, SmallLake, open_small_lake
from yishu.contract.model import Dataset, Field
from yishu.derive.masks import padded_keys, token_text
from yishu.flow.gold import Shown, mask
from yishu.lake import tables
from yishu.lake.lake import token_key
from yishu.sample.write import write_sample
from yishu.settings import Settings

DATASETS = ("market_entity", "person_base", "marriage_reg", "entity_shareholder", "licence_type", "licence")
DATABASES = ("legal_entity", "population", "e_licence")


@pytest.fixture(scope="module")
def province(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """The project's own contracts, and a small sample taken all the way to gold."""
    small = open_small_lake(server, tmp_path_factory.mktemp("province"), project=CHECKOUT)
    settings = small.lake.settings
    write_sample(
        small.lake.project, settings.landing, datasets=DATASETS, rows=120, seed=7, dirt=0.02, truth=settings.home / "truth.json"
    )
    report = small.run(*DATABASES)
    assert not report.errors, report.errors
    assert {d.dataset for d in report.settled if d.state == "accepted"} == set(DATASETS), report.settled
    yield small
    small.close()


@dataclass(frozen=True)
class Cell:
    """One text that a reader of gold can see, and where."""

    table: str
    column: str
    text: str


def gold_paths(small: SmallLake) -> list[Path]:
    return sorted(p.parent for p in (small.lake.settings.home / "gold").glob("*/*/_delta_log"))


@pytest.fixture(scope="module")
def cells(province: SmallLake) -> list[Cell]:
    """Every distinct cell of every table in gold, as text."""
    found = []
    for path in gold_paths(province):
        table = DeltaTable(path).to_pyarrow_dataset().to_table()
        for name, column in zip(table.column_names, table.columns, strict=True):
            texts = {str(v) for v in column.unique().to_pylist() if v is not None}
            found += [Cell(f"{path.parent.name}.{path.name}", name, text) for text in texts]
    assert {c.table for c in found} >= {"legal_entity.market_entity", "population.person_base", "e_licence.licence"}
    return found


def masked_fields(small: SmallLake) -> list[tuple[Dataset, Field]]:
    return [(d, f) for d in small.lake.project.datasets.values() if d.name in DATASETS for f in d.fields if f.masked]


def handed_in(small: SmallLake, dataset: str, columns: list[str]) -> set[str]:
    """What stands in silver (standardised) and bronze (as handed in) in the columns."""
    found: set[str] = set()
    for layer in ("silver", "bronze"):
        rows = DeltaTable(small.lake.path(f"{layer}.{dataset}")).to_pyarrow_dataset().to_table(columns=columns)
        found |= {
            str(v) for name in columns for v in rows.column(name).unique().to_pylist() if v is not None and str(v).strip()
        }
    return found


@pytest.fixture(scope="module")
def secrets(province: SmallLake) -> dict[str, set[str]]:
    """Mask → the values that it must hide. A firm's code and name are public where a firm holds what a person may hold."""
    public: set[str] = set()
    for dataset in (province.lake.project.datasets[name] for name in DATASETS):
        public |= handed_in(province, dataset.name, [f.name for f in dataset.fields if not f.masked])
    hidden: dict[str, set[str]] = {}
    for dataset, field in masked_fields(province):
        values = handed_in(province, dataset.name, [field.name])
        hidden.setdefault(field.mask or "suppress", set()).update(values - public)
    return hidden


def test_there_is_something_to_hide(secrets: dict[str, set[str]]) -> None:
    assert {kind: len(values) > 50 for kind, values in secrets.items()} == dict.fromkeys(
        ("id", "name", "phone", "address", "suppress"), True
    )


@pytest.mark.parametrize("kind", ["id", "phone", "name", "address"])
def test_no_value_of_a_high_grade_stands_in_any_cell_of_gold(
    province: SmallLake, cells: list[Cell], secrets: dict[str, set[str]], kind: str
) -> None:
    whole = [c for c in cells if c.text in secrets[kind]]
    assert whole == []
    lists = {m.table for m in province.lake.project.marts.values() if all(i.startswith("codes.") for i in m.inputs)}
    # a person may be called 南华 like the county: tables made of code lists alone hold nothing that was handed in
    inside = [(c, s) for c in cells if c.table not in lists for s in secrets[kind] if len(s) > 1 and s in c.text]
    assert inside == [] and len({c.table for c in cells} - lists) >= len(DATASETS)


@pytest.mark.parametrize("kind", ["id", "phone", "name", "address"])
def test_nor_in_the_log_of_any_gold_table(province: SmallLake, secrets: dict[str, set[str]], kind: str) -> None:
    """Statistics, commit information, schema: all that lies beside the data."""
    logs = [f for path in gold_paths(province) for f in (path / "_delta_log").rglob("*") if f.is_file()]
    texts = {str(f): f.read_bytes() for f in logs}
    assert any(b'"stats"' in text for text in texts.values())
    # as text, and as JSON that escapes what is not ASCII
    forms = {s: {s.encode(), json.dumps(s)[1:-1].encode()} for s in secrets[kind] if len(s) > 1}
    found = [(name, s) for name, text in texts.items() for s, spelt in forms.items() if any(one in text for one in spelt)]
    assert found == []


def test_nor_in_the_bytes_of_any_gold_file_that_is_not_compressed(province: SmallLake, secrets: dict[str, set[str]]) -> None:
    """Footers of Parquet files hold the smallest and largest value of each column in clear."""
    numbers = [s.encode() for s in secrets["id"] | secrets["phone"] if len(s) >= 11]
    files = [f for path in gold_paths(province) for f in path.rglob("*.parquet")]
    assert files and [(f.name, n) for f in files for n in numbers if n in f.read_bytes()] == []


def test_the_birth_date_is_not_shown_at_all(province: SmallLake) -> None:
    assert {row[0] for row in province.rows("population.person_base", "birth_date")} == {None}


def test_the_same_person_is_joined_across_databases_by_the_token(province: SmallLake) -> None:
    reps = {r[0] for r in province.rows("silver.market_entity", "legal_rep_id_no")} - {None}
    both = reps & {r[0] for r in province.rows("silver.person_base", "id_no")}
    assert both, "the sample must have firms whose representative stands in the population"
    theirs = {r[0] for r in province.rows("legal_entity.market_entity", "legal_rep_id_no_token")} - {None}
    people = {r[0] for r in province.rows("population.person_base", "id_no_token")}
    assert None not in people
    key = token_key(province.lake.settings)
    assert theirs & people == {token_text(key, "citizen_id", value) for value in both}
    assert len(theirs) == len(reps), "one token for each person"


# --- the key ---------------------------------------------------------------------------------------------------------


def key_forms(settings: Settings) -> list[bytes]:
    """The key and what is made of it, in every form in which a text could show it."""
    key = token_key(settings)
    found = []
    for secret in (key, *padded_keys(key)):
        spelt = " ".join(f"{byte:02X}" for byte in secret)
        found += [secret, secret.hex().encode(), secret.hex().upper().encode(), base64.b64encode(secret), spelt.encode()]
    return found


def test_the_token_key_stands_in_no_log_and_no_table(province: SmallLake, server: Settings) -> None:
    settings = province.lake.settings
    files = [f for folder in (settings.home, server.home) for f in folder.rglob("*") if f.is_file() and f.name != "token.key"]
    assert any("_delta_log" in f.parts for f in files) and any("logs" in f.parts for f in files)
    forms = key_forms(settings)
    contents = {str(f): f.read_bytes() for f in files}
    shown = [name for name, content in contents.items() if any(form in content for form in forms)]
    assert shown == []
    assert (settings.home / "ops" / "token.key").stat().st_mode & 0o077 == 0


def test_the_token_key_stands_in_no_plan(province: SmallLake) -> None:
    lake, dataset = province.lake, province.lake.project.datasets["person_base"]
    spark = province.open_spark()
    frame = mask(lake, spark, tables.read(spark, lake.silver("person_base")), Shown("t", "t", dataset.fields))  # type: ignore[arg-type]
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        for mode in ("extended", "formatted", "codegen", "cost"):
            frame.explain(mode=mode)
    plan = told.getvalue().encode()
    assert b"_inner_key" in plan, "the plan must be the one that uses the key"
    assert [form for form in key_forms(lake.settings) if form in plan] == []


# --- how gold is described -------------------------------------------------------------------------------------------


def test_every_gold_table_has_reader_protocol_1_and_chinese_comments(province: SmallLake) -> None:
    project = province.lake.project
    titles = {f"{d.database}.{d.name}": d.title for d in project.datasets.values()}
    titles |= {m.table: m.title for m in project.marts.values()}
    for path in gold_paths(province):
        table, name = DeltaTable(path), f"{path.parent.name}.{path.name}"
        assert table.protocol().min_reader_version == 1, name
        assert table.metadata().description == titles[name]
        silent = [
            f.name for f in table.schema().fields if not f.name.startswith("_") and not _is_chinese(f.metadata.get("comment"))
        ]
        assert silent == [], name


def _is_chinese(text: object) -> bool:
    return isinstance(text, str) and any("一" <= c <= "龥" for c in text)


def test_the_sample_reached_gold_in_text_form(province: SmallLake) -> None:
    """A masked column is text: a mask of a number would show its size."""
    for dataset, field in masked_fields(province):
        path = province.lake.gold(f"{dataset.database}.{dataset.name}")
        if not path.is_dir() or field.mask in (None, "suppress"):
            continue
        assert pa.types.is_string(
            DeltaTable(path).to_pyarrow_dataset().schema.field(field.name).type
        ) or pa.types.is_large_string(DeltaTable(path).to_pyarrow_dataset().schema.field(field.name).type)
