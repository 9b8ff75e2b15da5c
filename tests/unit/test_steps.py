"""Which errors a second try can help, and what the jars' set-up says and keeps."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from yishu.errors import DataError, MachineError, UsageError
from yishu.lake import jars
from yishu.steps import is_transient


class SparkConnectGrpcException(Exception):
    """Named as PySpark's."""


class AnalysisException(SparkConnectGrpcException):
    """A child of it, as in PySpark."""


class RpcError(Exception):
    """Named as gRPC's."""


class _InactiveRpcError(RpcError):
    """A child of it."""


MACHINE = [
    MachineError("down", code="x"), ConnectionRefusedError(), TimeoutError(), SparkConnectGrpcException(), _InactiveRpcError(),
]  # fmt: skip


@pytest.mark.parametrize("error", MACHINE, ids=lambda error: type(error).__name__)
def test_the_machines_errors_are_tried_again(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", [DataError("no balance", code="x"), KeyError("a"), TypeError(), AnalysisException()])
def test_errors_of_data_and_code_are_not(error: Exception) -> None:
    assert not is_transient(error)


def test_no_java_is_one_sentence_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = _pin(tmp_path, {"a.jar": b"a"})
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UsageError, match=r"^Java is missing — expected Java 17 or newer — install it.*\[java\]$"):
        jars.fetch(conf, tmp_path / "jars")


def test_whole_jars_are_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = _pin(tmp_path, {"a.jar": b"a"})
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "a.jar").write_bytes(b"a")
    monkeypatch.setenv("PATH", str(tmp_path))  # no Java: fetching would fail
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert jars.fetch(conf, tmp_path / "jars") == tmp_path / "jars"


def test_a_fetched_jar_with_other_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = _pin(tmp_path, {"a.jar": b"a"})
    monkeypatch.setattr(jars, "_retrieve", lambda wanted, into: (into / "a.jar").write_bytes(b"other"))
    with pytest.raises(MachineError, match=r"a\.jar"):
        jars.fetch(conf, tmp_path / "jars")
    assert list((tmp_path / "jars").iterdir()) == []


def test_a_jar_that_is_no_longer_pinned_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf = _pin(tmp_path, {"a-2.jar": b"new"})
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "a-1.jar").write_bytes(b"old")
    monkeypatch.setattr(jars, "_retrieve", lambda wanted, into: (into / "a-2.jar").write_bytes(b"new"))
    jars.fetch(conf, tmp_path / "jars")
    assert [file.name for file in (tmp_path / "jars").iterdir()] == ["a-2.jar"]


def test_every_jar_of_the_ivy_file_is_pinned() -> None:
    conf = Path(__file__).parents[2] / "conf"
    pinned = {line.split()[1] for line in (conf / "jars.sha256").read_text().splitlines()}
    named = re.findall(r' name="([^"]+)" rev="([^"]+)"', (conf / "jars.xml").read_text())
    assert {f"{name}-{version}.jar" for name, version in named} <= pinned
    # what comes with those: the modules of one AWS SDK, and two libraries that it needs
    [sdk] = {version for name, version in named if name == "s3"}
    brought = {name for name in pinned - {f"{n}-{v}.jar" for n, v in named} if not name.endswith(f"-{sdk}.jar")}
    assert {name.rpartition("-")[0] for name in brought} == {"eventstream", "reactive-streams"}


def _pin(folder: Path, contents: dict[str, bytes]) -> Path:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in contents.items()]
    (folder / "jars.sha256").write_text("\n".join(lines))
    return folder
