"""What changed in a contract, and its verdict: one case per change, on a small project before and after."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from yishu.cli import main
from yishu.contract.check import check
from yishu.contract.load import load_project
from yishu.derive.change import Change
from yishu.derive.evolution import changes, project_changes
from yishu.derive.wording import Wording, kept, read, wording

if TYPE_CHECKING:
    from conftest import ProjectFiles

FIRM, VISIT, DEPARTMENTS = "schemas/basic/legal/firm.yaml", "schemas/basic/legal/visit.yaml", "schemas/departments.yaml"
MART, SELECT = "schemas/basic/legal/gold/firm_count.yaml", "jobs/gold/legal/firm_count.sql"
CODES, ELEMENTS = "schemas/codes/divisions.csv", "schemas/elements.yaml"
NUMBER = "{name: visit_no, businessName: 编号, logicalType: string, physicalType: varchar(20), required: true, primaryKey: true}"
STAFF = "      - {name: staff, businessName: 人数, logicalType: integer, physicalType: bigint}\n"


@dataclass(frozen=True)
class Case:
    """One edit of one file and what is said of it; `says` is part of why or what to do."""

    file: str
    old: str
    new: str
    kind: str
    column: str
    verdict: str
    touches: str
    says: str = ""


_CASES = (
    Case(VISIT, f"      - {NUMBER}\n", f"      - {NUMBER}\n{STAFF}", "column added", "staff", "safe", "columns", "NULL"),
    Case(VISIT, f"      - {NUMBER}\n", f"      - {NUMBER}\n{STAFF.replace('bigint}', 'bigint, required: true}')}", "column added", "staff",
         "breaking", "table", "--keep"),
    Case(FIRM, "      - name: capital\n", "      - name: money\n        customProperties: [{property: yishu.renamedFrom, value: capital}]\n",
         "renamed", "money", "safe", "columns", "was capital"),
    Case(FIRM, "decimal(18,2)", "decimal(20,2)", "type widened", "capital", "safe", "verdicts", "decimal(18,2) → decimal(20,2)"),
    Case(FIRM, "decimal(18,2)", "decimal(20,4)", "scale widened", "capital", "restatement", "verdicts", "were rounded"),
    Case(FIRM, "decimal(18,2)", "decimal(18,4)", "type narrowed", "capital", "restatement", "table"),
    Case(FIRM, "varchar(300)", "varchar(400)", "type widened", "address", "safe", "verdicts"),
    Case(FIRM, "varchar(300)", "text", "type widened", "address", "safe", "verdicts"),
    Case(FIRM, "varchar(300)", "varchar(200)", "type narrowed", "address", "restatement", "verdicts"),
    Case(VISIT, NUMBER, NUMBER.replace("string, physicalType: varchar(20)", "integer, physicalType: bigint"), "type changed", "visit_no",
         "breaking", "table", "varchar(20) → integer"),
    Case(FIRM, "maximum: 100000000", "maximum: 1000", "rule tightened", "capital", "restatement", "verdicts", "range:capital"),
    Case(FIRM, "minimum: 0, maximum: 100000000", "minimum: 0", "rule loosened", "capital", "restatement", "verdicts", "may pass"),
    Case(FIRM, "minimum: 0, maximum: 100000000", "minimum: -5, maximum: 1000", "rule changed", "capital", "restatement", "verdicts"),
    Case(FIRM, "        logicalTypeOptions: {minimum: 0, maximum: 100000000}\n", "", "rule removed", "capital", "restatement", "verdicts"),
    Case(FIRM, "businessName: 成立日期\n", "businessName: 成立日期\n        required: true\n", "rule tightened", "est_date", "restatement",
         "verdicts", "required"),
    Case(FIRM, "severity: warning", "severity: error", "rule tightened", "address", "restatement", "verdicts"),
    Case(FIRM, "kwargs: {min_value: 4}", "kwargs: {min_value: 6}", "rule tightened", "address", "safe", "nothing", "only warns"),
    Case(FIRM, "kwargs: {min_value: 1}", "kwargs: {min_value: 9}", "rule tightened", "", "safe", "nothing", "as a whole"),
    Case(CODES, "130102,长安区,,\n", "130102,长安区,,\n130104,桥西区,,\n", "rule loosened", "division_code", "restatement", "verdicts"),
    Case(CODES, "130102", "130104", "rule changed", "division_code", "restatement", "verdicts"),
    Case(VISIT, "to: firm.uscc", "to: firm.division_code", "rule changed", "uscc", "restatement", "verdicts", "reference:uscc"),
    Case(FIRM, "businessName: 成立日期", "businessName: 设立日期", "title changed", "est_date", "safe", "nothing"),
    Case(FIRM, "classification: general-3", "classification: general-4", "grade changed", "address", "safe", "gold", "shows less"),
    Case(ELEMENTS, "grade: general-4, mask: id", "grade: general-4, mask: suppress", "mask changed", "rep_id_no", "safe", "gold"),
    Case(FIRM, "yishu.mode, value: history", "yishu.mode, value: upsert", "write mode changed", "", "restatement", "table"),
    Case(VISIT, "varchar(18)\n", "varchar(18)\n        required: true\n        primaryKey: true\n", "key changed", "", "restatement", "table",
         "visit_no → visit_no, uscc"),
    Case(FIRM, "encoding: gb18030", "encoding: utf-8", "supply form changed", "", "safe", "nothing"),
    Case(FIRM, "value: daily", "value: weekly", "cycle changed", "", "safe", "nothing"),
    Case(VISIT, "unconditional}", "none}\n  - {property: yishu.sharingCondition, value: 法}", "sharing changed", "", "breaking", "gold"),
    Case(SELECT, "-- firms by county\n", "-- firms\n", "SELECT changed", "", "safe", "gold"),
    Case(MART, "integer, physicalType: bigint", "number, physicalType: 'decimal(9,0)'", "type changed", "firms", "breaking", "gold"),
    Case(MART, "        businessName: 区划代码\n", "        businessName: 区划代码\n        required: true\n        primaryKey: true\n",
         "key changed", "", "breaking", "gold"),
)  # fmt: skip


@pytest.mark.parametrize("case", _CASES, ids=lambda c: f"{c.kind} {c.column} {c.new[:20]}")
def test_a_change_has_its_verdict(project_files: ProjectFiles, case: Case) -> None:
    before = load_project(project_files.root)
    said = {name: wording(contract, before) for name, contract in (before.datasets | before.marts).items()}
    project_files.change(case.file, case.old, case.new)
    after = load_project(project_files.root)
    found = [c for name, contract in (after.datasets | after.marts).items() for c in changes(said[name], wording(contract, after), after)]
    mine = [c for c in found if (c.kind, c.column) == (case.kind, case.column)]
    assert [(c.verdict, c.touches) for c in mine] == [(case.verdict, case.touches)], found
    assert case.says in f"{mine[0].why} {mine[0].todo}"
    assert all(c.touches != "table" for c in found) == (case.touches != "table")


def test_what_says_nothing_of_the_data_is_no_change(project_files: ProjectFiles) -> None:
    before = load_project(project_files.root)
    project_files.change(FIRM, "purpose: 企业", "purpose: 本省企业")
    project_files.change(FIRM, "version: 1.0.0", "version: 1.1.0")
    assert project_changes(before, load_project(project_files.root)) == ()


def test_a_name_that_changes_undeclared_is_breaking_and_says_how_to_declare_it(project_files: ProjectFiles) -> None:
    before = load_project(project_files.root)
    project_files.change(FIRM, "      - name: update_time\n", "      - name: changed_at\n")
    project_files.change(FIRM, "yishu.sequence, value: update_time", "yishu.sequence, value: changed_at")
    found = {c.kind: c for c in project_changes(before, load_project(project_files.root))}
    assert found["column removed"].verdict == "breaking"
    assert "yishu.renamedFrom, value: update_time" in found["column removed"].todo and "changed_at" in found["column removed"].todo
    project_files.change(
        FIRM, "      - name: changed_at\n",
        "      - name: changed_at\n        customProperties: [{property: yishu.renamedFrom, value: update_time}]\n",
    )  # fmt: skip
    after = load_project(project_files.root)
    assert [(c.kind, c.verdict) for c in project_changes(before, after)] == [("renamed", "safe")]
    assert project_changes(after, after) == () and check(after) == ()


def test_a_new_name_is_followed_through_key_rules_and_dates(project_files: ProjectFiles) -> None:
    before = load_project(project_files.root)
    declared = "\n        customProperties: [{property: yishu.renamedFrom, value: est_date}]\n"
    project_files.change(FIRM, "      - name: est_date\n", f"      - name: founded{declared}")
    project_files.change(FIRM, "yishu.asOf, value: est_date", "yishu.asOf, value: founded")
    project_files.change(VISIT, "name: visit_no", "name: number, customProperties: [{property: yishu.renamedFrom, value: visit_no}]")
    found = project_changes(before, load_project(project_files.root))
    assert sorted((c.kind, c.column) for c in found) == [("renamed", "founded"), ("renamed", "number")]


def test_a_wrong_rename_fails_check(project_files: ProjectFiles) -> None:
    project_files.change(VISIT, "name: visit_no", "name: visit_no, customProperties: [{property: yishu.renamedFrom, value: uscc}]")
    [error] = check(load_project(project_files.root))
    assert error.code == "renames" and "'uscc'" in error.what


def test_a_wording_is_kept_and_read_again(project_files: ProjectFiles) -> None:
    project = load_project(project_files.root)
    for contract in (*project.datasets.values(), *project.marts.values()):
        hash, texts = kept(wording(contract, project))
        found = read(hash, texts.get)  # type: ignore[arg-type]
        assert found is not None and kept(found)[0] == hash
        assert changes(found, wording(contract, project), project) == ()
        assert str(project_files.root) not in "".join(texts.values())
    assert read("0" * 32, {}.get) is None  # type: ignore[arg-type]
    moved = Wording(project.datasets["firm"].model_copy(update={"line": 99, "file": Path("elsewhere")}))
    assert kept(moved)[0] == kept(Wording(project.datasets["firm"]))[0]


def test_a_contract_that_is_gone_is_breaking_and_a_new_one_safe(project_files: ProjectFiles) -> None:
    before = load_project(project_files.root)
    (project_files.root / VISIT).unlink()
    after = load_project(project_files.root)
    assert [(c.subject, c.verdict) for c in project_changes(before, after)] == [("visit", "breaking")]
    assert [(c.subject, c.verdict) for c in project_changes(after, before)] == [("visit", "safe")]


def git(root: Path, *words: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@t")
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


@pytest.mark.parametrize("way", ["folder", "revision"])
def test_check_against_a_folder_or_a_revision(
    project_files: ProjectFiles, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], way: str,
) -> None:  # fmt: skip
    root, home = project_files.root, tmp_path_factory.mktemp("home")
    for name in ("conf/base.yaml", "conf/local.yaml"):
        project_files.write(name, "{}\n")
    monkeypatch.setenv("YISHU_PROJECT", str(root))
    monkeypatch.setenv("YISHU_HOME", str(home))
    if way == "folder":
        from shutil import copytree

        against = str(copytree(root, home / "before"))
    else:
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "before")
        against = "HEAD"
    project_files.change(FIRM, "maximum: 100000000", "maximum: 1000")
    assert said("check", "--against", against, capsys=capsys) == (0, "restatement: firm.capital: rule tightened")
    project_files.change(VISIT, "varchar(18)\n", "varchar(18)\n        required: true\n")
    project_files.change(VISIT, NUMBER, NUMBER.replace("string, physicalType: varchar(20)", "integer, physicalType: bigint"))
    assert said("check", "--against", against, capsys=capsys)[0] == 1
    assert said("check", capsys=capsys)[0] == 0 and not list(home.glob("*.db"))
    with pytest.raises(SystemExit) as end:
        main(["check", "--against", "no-such-place"])
    assert end.value.code == 2


def said(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code, and the first line after the summary up to its reasons."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main([*words])
    lines = capsys.readouterr().out.splitlines()
    return int(str(end.value.code or 0)), ": ".join(lines[1].split(": ")[:3]) if len(lines) > 1 else ""


def test_a_line_tells_verdict_place_change_and_what_to_do() -> None:
    assert str(Change("renamed", "firm", "a", "safe", "was b", "nothing")) == "safe: firm.a: renamed: was b — nothing"
