"""A folder or a git revision → the project that it holds, for comparing."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yishu.contract.load import read_project
from yishu.contract.model import Project
from yishu.errors import UsageError

_PARTS = ("schemas", "jobs/gold")


@contextmanager
def project_at(root: Path, named: str) -> Iterator[Project]:
    """The contracts of another checkout, or of a revision of this one; what was broken there is left out.

    Args:
        root: this checkout.
        named: a folder that holds `schemas/`, or whatever git takes for a commit; its files lie there while the block runs.

    Raises:
        UsageError: it is neither.
    """
    if (Path(named) / "schemas").is_dir():
        yield read_project(Path(named).resolve())[0]
        return
    commit = _git(root, "rev-parse", "--verify", "--end-of-options", f"{named}^{{commit}}", named=named).decode().strip()
    parts = [part for part in _PARTS if _git(root, "ls-tree", commit, "--", part, named=named)]
    with tempfile.TemporaryDirectory(prefix="yishu-") as folder:
        packed = _git(root, "archive", "--format=tar", commit, "--", *parts, named=named)
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(folder, filter="data")
        yield read_project(Path(folder))[0]


def _git(root: Path, *words: str, named: str) -> bytes:
    try:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(
            f"there are no contracts at {named!r}", code="against", remedy="see git log for revisions",
            expected="a folder that holds schemas/, or a revision of this checkout",
        ) from error  # fmt: skip
