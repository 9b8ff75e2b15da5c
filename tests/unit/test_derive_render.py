"""Project → rendered files: their text, what is stale, what is written; and that deriving imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from derive_case import PERSON, project

from yishu.derive.render import BEGIN, END, README, Stale, render, stale, write


def test_each_file_is_as_the_golden_ones(golden: Callable[[str, str], None]) -> None:
    files = render(project())
    assert [p.as_posix() for p in files] == [
        "catalog/entries/dim.division.json", "catalog/entries/pension.json", "catalog/entries/people.a_share.json",
        "catalog/entries/people.z_count.json", "catalog/entries/person.json", "catalog/entries/work.paid.json",
        "dags/manifest.json",
        "expectations/pension.json", "expectations/person.json",
    ]  # fmt: skip
    for name in ("expectations/person.json", "expectations/pension.json", "dags/manifest.json",
                 "catalog/entries/person.json", "catalog/entries/people.z_count.json"):  # fmt: skip
        golden(f"derive/{name}", files[Path(name)])


def test_text_is_json_with_readable_chinese_and_a_last_newline() -> None:
    for text in render(project()).values():
        json.loads(text)
        assert text.endswith("}\n") and "\\u" not in text


def test_the_same_contracts_give_the_same_bytes() -> None:
    assert render(project()) == render(project(backwards=True)) == render(project(Path("/elsewhere")))


def test_stale_names_what_is_missing_different_and_left_over(tmp_path: Path) -> None:
    here = project(tmp_path)
    assert {s.why for s in stale(here)} == {"missing"} and len(stale(here)) == 9
    write(here)
    assert stale(here) == []
    (tmp_path / "expectations/person.json").write_text("{}\n", encoding="utf-8")
    (tmp_path / "dags/manifest.json").unlink()
    (tmp_path / "catalog/entries/gone.json").write_text("{}\n", encoding="utf-8")
    assert stale(here) == [
        Stale(Path("catalog/entries/gone.json"), "left over"),
        Stale(Path("dags/manifest.json"), "missing"),
        Stale(Path("expectations/person.json"), "different"),
    ]


def test_write_touches_only_what_changed_and_leaves_code_alone(tmp_path: Path) -> None:
    here = project(tmp_path)
    assert sorted(write(here)) == sorted(render(here))
    (tmp_path / "dags/databases.py").write_text("airflow dag\n", encoding="utf-8")
    (tmp_path / "expectations/old.json").write_text("{}\n", encoding="utf-8")
    untouched = (tmp_path / "expectations/pension.json").stat().st_mtime_ns
    person = PERSON.model_copy(update={"title": "人口"})
    changed = write(here.model_copy(update={"datasets": {**here.datasets, "person": person}}))
    assert Path("expectations/person.json") in changed and Path("expectations/old.json") in changed
    assert not (tmp_path / "expectations/old.json").exists()
    assert (tmp_path / "expectations/pension.json").stat().st_mtime_ns != untouched, "it names the dataset to which it refers"
    assert (tmp_path / "dags/databases.py").read_text(encoding="utf-8") == "airflow dag\n"
    assert write(here.model_copy(update={"datasets": {**here.datasets, "person": person}})) == []


def test_the_readmes_table_follows_the_contracts_and_the_rest_of_it_is_left_alone(tmp_path: Path) -> None:
    here, readme = project(tmp_path), tmp_path / "README.md"
    before, after = "# Ours\r\n\n| a |\n\n" + BEGIN, END + "\nmore\n"
    readme.write_bytes((before + "| old |\n" + after).encode())
    assert README in write(here) and README in render(here)
    table = """\
| class | database | name | datasets | marts | led by |
|---|---|---|---|---|---|
| 基础库 | 人口库 | `people` | 1 | 2 | 省公安厅 |
| 专题库 | 就业库 | `work` | 1 | 1 | 省人社厅 |
| 公共维表 | 公共维表 | `dim` | 0 | 1 | 省数据局 |
"""
    assert readme.read_bytes().decode() == before + table + after
    assert stale(here) == [] and write(here) == []
    smaller = here.model_copy(update={"marts": {}})
    assert Stale(README, "different") in stale(smaller)


def test_a_readme_without_a_place_for_the_table_is_nobodys_business(tmp_path: Path) -> None:
    for text in ("# Ours\n", f"# Ours\n{BEGIN}", f"{END}{BEGIN}"):
        (tmp_path / "README.md").write_text(text, encoding="utf-8")
        write(project(tmp_path))
        assert README not in render(project(tmp_path)) and (tmp_path / "README.md").read_text(encoding="utf-8") == text


def test_deriving_imports_no_engine() -> None:
    code = "import sys, yishu.derive.render, yishu.derive.masks; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not {"pyspark", "great_expectations", "airflow", "pandas", "deltalake", "pyarrow"} & set(loaded)
