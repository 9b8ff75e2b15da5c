"""Delta's jars: named and pinned in `conf/`, fetched once by the Ivy that PySpark ships, kept in the virtual environment.

`python -m yishu.lake.jars` does it; a second call reads five checksums and is done.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from yishu.errors import MachineError, Place, UsageError, YishuError

FETCH_SECONDS = 600


def jar_folder() -> Path:
    """Where the jars lie: `jars/` in the environment that runs us, so that one clone's set-up never meets another's."""
    return Path(sys.prefix) / "jars"


def fetch(conf: Path, folder: Path | None = None) -> Path:
    """Make sure that every pinned jar is there and whole; fetch all where one is not.

    Args:
        conf: the folder that holds `jars.xml` and `jars.sha256`.
        folder: where to put them; `jar_folder()` where not given.

    Raises:
        UsageError: Java is missing.
        MachineError: the repository cannot be reached, or gave something else than what is pinned.
    """
    folder = folder or jar_folder()
    pinned = _pinned(conf / "jars.sha256")
    if not _wrong(pinned, folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    # beside the folder, so that a kill leaves no half a jar where Spark would load it
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="jars-") as scratch:
        _retrieve(conf / "jars.xml", Path(scratch))
        wrong = _wrong(pinned, Path(scratch))
        if wrong:
            raise MachineError(
                f"fetched jars are missing or differ from what is pinned: {', '.join(wrong)}", code="jars",
                place=Place(conf / "jars.sha256"), remedy="try again; if it stays, compare jars.xml with jars.sha256",
            )  # fmt: skip
        for name in pinned:
            os.replace(Path(scratch) / name, folder / name)
    for stranger in set(folder.glob("*.jar")) - {folder / name for name in pinned}:
        stranger.unlink()  # Spark loads the whole folder: an old version beside the new one would be found first
    return folder


def missing(conf: Path, folder: Path | None = None) -> list[str]:
    """The pinned jars that are not there or not whole."""
    return _wrong(_pinned(conf / "jars.sha256"), folder or jar_folder())


def _pinned(file: Path) -> Mapping[str, str]:
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name: digest for digest, name in lines}


def _wrong(pinned: Mapping[str, str], folder: Path) -> list[str]:
    return sorted(name for name, digest in pinned.items() if _digest(folder / name) != digest)


def _digest(file: Path) -> str:
    if not file.is_file():
        return ""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _retrieve(wanted: Path, into: Path) -> None:
    command = [_java(), "-jar", str(_ivy()), "-ivy", str(wanted), "-retrieve", f"{into}/[artifact]-[revision].[ext]", "-warn"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        remedy = "look at the network, then try again"
        raise MachineError(f"no jars after {FETCH_SECONDS} s", code="jars", remedy=remedy) from error
    if done.returncode != 0:
        said = [line.strip() for line in (done.stderr + done.stdout).splitlines() if ":" in line]
        raise MachineError(
            f"Ivy could not fetch the jars: {said[0] if said else done.returncode}", code="jars",
            remedy="look at the network (Maven Central must be reachable), then try again",
        )  # fmt: skip


def _java() -> str:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if not found:
        raise UsageError(
            "Java is missing" if not home else f"JAVA_HOME={home} holds no bin/java", code="java", expected="Java 17 or newer",
            remedy="install it, for example with apt-get install openjdk-17-jre-headless, or set JAVA_HOME",
        )  # fmt: skip
    return found


def _ivy() -> Path:
    spec = find_spec("pyspark")
    jars = sorted((Path(spec.origin).parent / "jars").glob("ivy-*.jar")) if spec and spec.origin else []
    if not jars:
        raise MachineError("PySpark with its jars is not installed here", code="pyspark", remedy="run make setup again")
    return jars[-1]


if __name__ == "__main__":
    try:
        print(fetch(Path(sys.argv[1])))
    except YishuError as problem:
        sys.exit(str(problem))
