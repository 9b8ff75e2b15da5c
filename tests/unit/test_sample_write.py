"""The written files: same seed, same bytes; what the truth says is what stands in them; all else keeps its contract."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from sample_cells import UNREAD, cells_of

from test_sample_digits import citizen_id_is_right, uscc_is_right
from yishu.contract.load import load_project
from yishu.contract.model import Field, Project
from yishu.contract.period import parse_period
from yishu.errors import UsageError
from yishu.sample.write import DATASETS, Truth, write_sample


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def written(project: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("sample")
    truth = write_sample(project, folder / "landing", datasets=None, rows=600, seed=5, dirt=0.06, truth=folder / "truth.json")
    return folder, truth


def file_of(landing: Path, delivery: object) -> Path:
    parts = [str(getattr(delivery, name)) for name in ("department", "dataset", "period", "file")]
    return landing.joinpath(*parts)


def test_every_dataset_of_the_province_comes_from_its_own_departments(written: tuple[Path, Truth], project: Project) -> None:
    folder, truth = written
    assert {d.dataset for d in truth.deliveries} == set(DATASETS) == set(project.datasets)
    assert 240 <= len(truth.deliveries) <= 300
    for delivery in truth.deliveries:
        assert parse_period(delivery.period) is not None
        suppliers = {project.departments[name].code for name in project.datasets[delivery.dataset].suppliers}
        assert delivery.department in suppliers
        assert file_of(folder / "landing", delivery).is_file()
    files = [file for file in (folder / "landing").rglob("*") if file.is_file()]
    assert len(files) == len(truth.deliveries), "something else was left in landing"


def test_the_truth_on_disk_has_the_agreed_shape(written: tuple[Path, Truth]) -> None:
    folder, truth = written
    document = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert set(document) == {"deliveries", "cases"}
    for told, kept in zip(document["deliveries"], truth.deliveries, strict=True):
        assert set(told) == {"department", "dataset", "period", "file", "rows", "duplicates", "bad"}
        assert [set(bad) for bad in told["bad"]] == [{"row", "column", "rule", "value"}] * len(kept.bad)
    assert [set(case) for case in document["cases"]] == [{"name", "mart", "key"}] * len(truth.cases) and truth.cases


def test_row_counts_duplicates_and_bad_cells_are_those_of_the_truth(written: tuple[Path, Truth], project: Project) -> None:
    folder, truth = written
    for delivery in truth.deliveries:
        dataset = project.datasets[delivery.dataset]
        rows = cells_of(file_of(folder / "landing", delivery), dataset)
        assert len(rows) == delivery.rows, delivery.file
        bad = {fault.row: fault for fault in delivery.bad}
        assert len(bad) == len(delivery.bad), "a row has two faults"
        good = [tuple(row.items()) for number, row in enumerate(rows, 1) if number not in bad]
        assert len(good) - len(set(good)) == delivery.duplicates
        assert len({tuple(row[name] for name in dataset.key) for row in map(dict, good)}) == len(set(good)), delivery.file
        for fault in delivery.bad:
            row = rows[fault.row - 1]
            if fault.rule == "unparsable":
                assert row is UNREAD
            else:
                assert same(row[fault.column], fault.value), fault


def same(cell: str | None, value: str) -> bool:
    if (cell or "") == value:
        return True
    return cell is not None and number(cell) is not None and number(cell) == number(value)


def test_every_kind_of_fault_is_planted_somewhere(written: tuple[Path, Truth]) -> None:
    kinds = Counter(fault.rule.split(":")[0] for delivery in written[1].deliveries for fault in delivery.bad)
    assert {"unparsable", "type", "required", "length", "enum", "standard", "codelist", "range"} <= kinds.keys()


def test_planted_faults_break_the_rule_that_the_truth_names(written: tuple[Path, Truth], project: Project) -> None:
    for delivery in written[1].deliveries:
        dataset = project.datasets[delivery.dataset]
        for fault in delivery.bad:
            if fault.column and fault.rule.split(":")[0] in (
                "type",
                "required",
                "length",
                "enum",
                "standard",
                "codelist",
                "range",
            ):
                assert fault.rule in broken_rules(dataset.field(fault.column), fault.value or None, project), fault


def test_rows_that_are_not_named_break_no_rule_of_a_single_field(written: tuple[Path, Truth], project: Project) -> None:
    folder, truth = written
    for delivery in truth.deliveries:
        dataset = project.datasets[delivery.dataset]
        bad = {fault.row for fault in delivery.bad}
        for count, row in enumerate(cells_of(file_of(folder / "landing", delivery), dataset), 1):
            if count not in bad:
                for field in dataset.fields:
                    assert not broken_rules(field, row[field.name], project), (
                        delivery.file,
                        count,
                        field.name,
                        row[field.name],
                    )


def broken_rules(field: Field, cell: str | None, project: Project) -> set[str]:
    """The derived rules that one cell breaks, after plain standardisation; written anew, without Spark."""
    text = standardised(field, cell)
    if text is None:
        return {f"required:{field.name}"} if field.required or field.key_position is not None else set()
    if field.type.kind != "string":
        typed = readable(field, text)
        value = number(text.replace(",", ""))
        low, high = field.minimum, field.maximum
        outside = value is not None and not ((low is None or value >= low) and (high is None or value <= high))
        return {f"type:{field.name}"} if not typed else {f"range:{field.name}"} if outside else set()
    broken = set()
    if field.type.length and len(text) > field.type.length:
        broken.add(f"length:{field.name}")
    if field.values and text not in {value.value for value in field.values}:
        broken.add(f"enum:{field.name}")
    if not keeps_standard(field, text, project):
        broken.add(f"{'codelist' if field.check in ('codelist', 'none') else 'standard'}:{field.name}")
    return broken


def standardised(field: Field, cell: str | None) -> str | None:
    text = (cell or "").strip(" \u00a0\u3000")
    if field.check != "none" or field.values or field.type.kind != "string":
        text = text.translate({0xFF01 + place: 0x21 + place for place in range(94)})
    return (text.upper() if field.check in ("citizen_id", "uscc") else text) or None


def readable(field: Field, text: str) -> bool:
    if field.type.kind in ("integer", "decimal"):
        return number(re.sub(r",(?=\d{3})", "", text)) is not None
    if field.type.kind == "boolean":
        return text in ("0", "1", "True", "False")
    if field.type.kind == "timestamp":
        return is_time(text)
    parts = re.fullmatch(r"(\d{4})[-/年]?(\d{1,2})[-/月]?(\d{1,2})日?", text)
    return parts is not None and is_time("{}-{:0>2}-{:0>2}".format(*parts.groups()))


def is_time(text: str) -> bool:
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def keeps_standard(field: Field, text: str, project: Project) -> bool:
    if field.check == "uscc":
        return len(text) == 18 and uscc_is_right(text)
    if field.check == "citizen_id":
        return len(text) == 18 and is_time(f"{text[6:10]}-{text[10:12]}-{text[12:14]}") and citizen_id_is_right(text)
    if field.check == "period":
        return parse_period(text) is not None or re.fullmatch(r"\d{4}(0[1-9]|1[0-2])", text) is not None
    if field.check == "licence_id":
        return licence_id_is_right(text)
    if field.codelist or field.check == "division":
        return text in codes(project.codelists[field.codelist or "divisions"])
    if field.check == "industry":
        return text in codes(project.codelists["industries"])
    return True


def licence_id_is_right(text: str) -> bool:
    """ISO 7064 MOD 37,36 in its recursive form, check character included."""
    symbols = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    product = 36
    *body, check = text.removeprefix("1.2.156.3005.2.").replace(".", "")
    for symbol in body:
        product = ((product + symbols.index(symbol)) % 36 or 36) * 2 % 37
    return (product + symbols.index(check)) % 36 == 1


_CODES: dict[Path, set[str]] = {}


def codes(file: Path) -> set[str]:
    if file not in _CODES:
        with file.open(encoding="utf-8") as lines:
            _CODES[file] = {row["code"] for row in csv.DictReader(lines)}
    return _CODES[file]


def test_harmless_oddities_stand_on_good_rows(written: tuple[Path, Truth], project: Project) -> None:
    folder, truth = written
    seen = set()
    for delivery in truth.deliveries:
        bad = {fault.row for fault in delivery.bad}
        for count, row in enumerate(cells_of(file_of(folder / "landing", delivery), project.datasets[delivery.dataset]), 1):
            if count not in bad:
                text = "\n".join(cell for cell in row.values() if cell)
                seen |= {name for name, form in ODDITIES.items() if re.search(form, text)}
    assert seen == set(ODDITIES)


ODDITIES = {
    "full width": "[０-９]{6}", "hard blank": "\u00a0", "wide blank": "\u3000", "thousands": r"(?m)^\d{1,3}(,\d{3})+",
    "chinese date": r"\d年\d+月\d+日", "compact date": r"(?m)^(19|20)\d{6}$", "slashed date": r"\d{4}/\d+/\d+",
    "small x": r"(?m)^\d{17}x", "collective": r"(?m)^N2\d{6}MA", "abolished county": r"(?m)^130521(19|$)",
}  # fmt: skip


def digests(landing: Path) -> dict[str, str]:
    files = (file for file in landing.rglob("*") if file.is_file())
    return {str(file.relative_to(landing)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_the_same_seed_gives_the_same_bytes_and_a_part_looks_as_in_the_whole(
    written: tuple[Path, Truth], project: Project, tmp_path: Path
) -> None:
    names = ["marriage_reg", "credit_score", "person_base", "leading_indicator_day"]
    write_sample(project, tmp_path / "landing", datasets=names, rows=600, seed=5, dirt=0.06, truth=tmp_path / "truth.json")
    whole = digests(written[0] / "landing")
    part = digests(tmp_path / "landing")
    assert part and part.items() <= whole.items()
    write_sample(
        project, tmp_path / "other", datasets=["person_base"], rows=600, seed=6, dirt=0.06, truth=tmp_path / "truth.json"
    )
    assert not digests(tmp_path / "other").items() & whole.items()


def test_without_dirt_nothing_is_planted(project: Project, tmp_path: Path) -> None:
    truth = write_sample(project, tmp_path, datasets=["mining_right"], rows=400, seed=5, dirt=0, truth=tmp_path / "truth.json")
    assert [(d.duplicates, d.bad) for d in truth.deliveries] == [(0, ())]


@pytest.mark.parametrize(
    ("datasets", "rows", "dirt", "word"), [(["no_such"], 10, 0, "no_such"), (None, 0, 0, "0 rows"), (None, 10, 0.9, "0.9")]
)
def test_wrong_use_is_said(
    project: Project, tmp_path: Path, datasets: list[str] | None, rows: int, dirt: float, word: str
) -> None:
    with pytest.raises(UsageError, match=word):
        write_sample(project, tmp_path, datasets=datasets, rows=rows, seed=1, dirt=dirt, truth=tmp_path / "truth.json")
