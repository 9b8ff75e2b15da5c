"""The house rules that no linter knows: sizes, names, docstrings, the direction of imports, and what a start may cost."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
ENGINE = CHECKOUT / "jobs" / "yishu"
MODULE_LINES, TEST_MODULE_LINES, FUNCTION_LINES = 300, 400, 40
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|managers?|base)(_|$)")
LEVELS = (
    {"errors"}, {"settings"}, {"contract"}, {"derive", "lake"}, {"quality"}, {"flow"}, {"sample", "steps", "rest", "processes", "arrival_trigger"},
    {"stack", "diagnosis", "local_store"}, {"local_stack"}, {"commands", "orchestrate"}, {"cli"}, {"__main__"},
)  # fmt: skip
"""The rooms from the ground up: an import points to a lower level or stays in its room."""
EXCEPTIONS: dict[tuple[str, str], str] = {}
"""Imports that point sideways, each with its reason."""
HEAVY = ("pyspark", "great_expectations", "airflow", "pandas", "deltalake", "pydantic", "sqlalchemy")
CPU_SECONDS = 0.5


def engine() -> list[Path]:
    return sorted(ENGINE.rglob("*.py"))


def named(file: Path) -> str:
    """Path → module name below `yishu`: `lake/tables.py` → `lake.tables`."""
    parts = file.relative_to(ENGINE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_no_module_is_longer_than_can_be_read_at_a_sitting() -> None:
    assert len(engine()) > 100
    long = {named(file): lines(file) for file in engine() if lines(file) > MODULE_LINES}
    tests = sorted((CHECKOUT / "tests").rglob("*.py"))
    long |= {file.name: lines(file) for file in tests if lines(file) > TEST_MODULE_LINES}
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {}
    for file in engine():
        for node in functions(file):
            assert node.end_lineno is not None
            if (size := node.end_lineno - node.lineno + 1) > FUNCTION_LINES:
                long[f"{named(file)}.{node.name}"] = size
    assert long == {}


def test_no_module_or_folder_has_a_name_that_says_nothing() -> None:
    folders = [folder for top in ("jobs", "tests", "dags") for folder in (CHECKOUT / top).rglob("*")]
    names = {path.stem for path in folders if path.suffix == ".py" or path.is_dir()}
    assert "pipeline" in names
    assert sorted(name for name in names if VAGUE.search(name)) == []


def test_modules_public_functions_and_dataclasses_say_what_they_are_for() -> None:
    silent = [named(file) or "yishu" for file in engine() if not ast.get_docstring(tree(file))]
    for file in engine():
        silent += [f"{named(file)}.{node.name}" for node in tree(file).body if _owes_a_docstring(node)]
    assert sorted(silent) == []


def _owes_a_docstring(node: ast.stmt) -> bool:
    """A function of one statement is told by its name and signature, a TypedDict by the file whose shape it is."""
    if isinstance(node, ast.FunctionDef):
        owes = len(node.body) > 1 or not isinstance(node.body[0], ast.Return | ast.Expr | ast.Raise | ast.Assert)
    else:
        owes = isinstance(node, ast.ClassDef) and any("dataclass" in ast.unparse(d) for d in node.decorator_list)
    if not owes or not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return False
    return not node.name.startswith("_") and not ast.get_docstring(node)


def test_every_room_stands_on_the_map() -> None:
    found = ast.get_docstring(tree(ENGINE / "__init__.py"))
    assert found is not None
    on_the_map = {name.split("/")[0].removesuffix(".py") for name in re.findall(r"`(\w+[/.\w]*)`", found)}
    there = {named(file).split(".")[0] for file in engine()} - {"", "__main__"}
    assert there - on_the_map == set(), "rooms that the map in yishu/__init__.py does not name"


def test_imports_only_point_down() -> None:
    assert {room for level in LEVELS for room in level} == {named(f).split(".")[0] for f in engine()} - {""}
    height = {room: n for n, level in enumerate(LEVELS) for room in level}
    wrong, used = [], set()
    for file in engine():
        here = named(file)
        for target in _imported(file):
            if here.split(".")[0] == target.split(".")[0] or height[target.split(".")[0]] < height[here.split(".")[0]]:
                continue
            if (here, target) in EXCEPTIONS:
                used.add((here, target))
            else:
                wrong.append(f"{here} imports {target}")
    assert wrong == []
    assert used == set(EXCEPTIONS), "an exception that nobody needs any more"


def _imported(file: Path) -> set[str]:
    """Our modules that a file imports, in functions too, but for those that only a type checker imports."""
    for_types = {
        inner
        for node in ast.walk(tree(file))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for branch in node.body
        for inner in ast.walk(branch)
    }
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {_module(node.module, alias.name) for alias in node.names}
    return {name.removeprefix("yishu.") for name in found if name.startswith("yishu.")}


def _module(package: str, name: str) -> str:
    """`from yishu.flow import silver` names a module, `from yishu.errors import Place` something inside one."""
    inside = CHECKOUT / "jobs" / Path(*package.split(".")) / name
    return f"{package}.{name}" if inside.is_dir() or inside.with_suffix(".py").is_file() else package


def test_airflow_is_imported_by_the_dags_module_and_the_trigger_alone() -> None:
    """Airflow's triggerer loads a trigger by its module: this one must not bring along what only tasks need."""
    found = {
        named(file)
        for file in engine()
        for node in ast.walk(tree(file))
        for name in _names(node)
        if name.split(".")[0] == "airflow"
    }
    assert found == {"orchestrate", "arrival_trigger"}


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def test_errors_are_caught_by_name_but_for_the_one_handler() -> None:
    broad = {
        named(file)
        for file in engine()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or {"Exception", "BaseException"} & set(re.findall(r"\w+", ast.unparse(node.type))))
    }
    assert broad == {"cli"}


def test_tables_are_read_in_one_place() -> None:
    """delta-rs's own ways to Arrow call Python from threads that may outlive it; `places.rows` does not."""
    readers = re.compile(r"\.(to_pyarrow_dataset|to_pyarrow_table|to_pandas)\b")
    assert {named(file) for file in engine() if readers.search(file.read_text(encoding="utf-8"))} == {"lake.places"}


def test_no_path_of_one_machine_stands_in_the_code() -> None:
    place = re.compile(r"(?<![\w./])/(root|work|tmp|home)(?![\w-])")
    files = [*engine(), *(CHECKOUT / "dags").glob("*.py"), CHECKOUT / "jobs" / "run.py"]
    texts = [
        (file, node.value)
        for file in files
        if file.is_file()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 1000
    assert [(named(file), text) for file, text in texts if place.search(text)] == []


def test_no_tracked_file_names_the_host_of_a_package_registry() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    files = [CHECKOUT / name.decode() for name in listed.split(b"\0") if name]
    assert len(files) > 100
    words = (("pypi", "org"), ("files", "pythonhosted", "org"), ("repo1", "maven", "org"), ("repo", "maven", "apache", "org"),
             ("proxy", "golang", "org"), ("registry", "npmjs", "org"))  # fmt: skip
    hosts = re.compile("|".join(re.escape(".".join(parts)) for parts in words).encode())
    named_in = [str(f.relative_to(CHECKOUT)) for f in files if f.is_file() and hosts.search(f.read_bytes())]
    assert named_in == []


LOADED = """
import sys
from yishu.cli import main
try:
    if sys.argv[1:]:
        main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
print(*[name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("words", "light"),
    [
        ([], HEAVY),
        (["--help"], HEAVY),
        (["check"], ("pyspark", "great_expectations", "airflow", "pandas", "deltalake", "duckdb")),
    ],
)
def test_a_command_imports_nothing_heavy_that_it_does_not_need(words: list[str], light: tuple[str, ...]) -> None:
    code = LOADED.format(heavy=light)
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.split() == []
    assert ("Commands" in done.stdout) == (words == ["--help"])


def test_the_proof_of_light_imports_can_fail() -> None:
    code = "import pydantic\n" + LOADED.format(heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stderr.split() == ["pydantic"]


def test_help_answers_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    pid = os.posix_spawn(
        sys.executable, [sys.executable, "-m", "yishu", "--help"], os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )  # fmt: skip
    _, status, usage = os.wait4(pid, 0)
    seconds = usage.ru_utime + usage.ru_stime
    with capsys.disabled():
        print(f"\nyishu --help: {seconds:.2f} s of CPU")
    assert os.waitstatus_to_exitcode(status) == 0
    assert seconds < CPU_SECONDS
