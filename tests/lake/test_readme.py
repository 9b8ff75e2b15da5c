"""The README's worked example, typed by a test: its files written, its commands run, its output found."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from small_lake import CHECKOUT
from yishu.contract.load import load_project
from yishu.settings import Settings

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
FILES = re.findall(r"<!-- file: (.+?) -->\n```\w+\n(.*?)```", README, re.DOTALL)
COMMANDS = re.search(r"<!-- run -->\n```console\n(.*?)```", README, re.DOTALL)


@pytest.mark.timeout(600)
def test_the_worked_example_does_what_the_readme_says(tmp_path: Path, server: Settings) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    for name in ("schemas", "jobs/gold", "conf", "catalog", "dags", "expectations"):
        shutil.copytree(CHECKOUT / name, project / name)
    shutil.copy(CHECKOUT / "README.md", project)
    housing = load_project(CHECKOUT).departments["housing"].code
    assert len(FILES) == 4
    for path, text in FILES:
        file = (home if path.startswith("landing") else project) / path.replace("$HOUSING", housing)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    remote = f"sc://{server.spark.bind}:{server.spark.connect_port}"
    env = os.environ | {"YISHU_PROJECT": str(project), "YISHU_HOME": str(home), "YISHU_SPARK_MODE": "remote", "YISHU_SPARK_REMOTE": remote}
    assert COMMANDS
    steps = re.findall(r"\$ yishu (.+)\n(.+)", COMMANDS[1])
    assert len(steps) == 5
    for command, expected in steps:
        done = subprocess.run([sys.executable, "-m", "yishu", *shlex.split(command)], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert re.sub(r"\s+", " ", expected.strip()) in re.sub(r"\s+", " ", done.stdout), f"{command}: {done.stdout}"
    before, after = (re.findall(r"`land_resource` \| (\d+) \| (\d+)", text) for text in (README, (project / "README.md").read_text("utf-8")))
    assert [[int(number) + 1 for number in row] for row in before] == [[int(number) for number in row] for row in after] != []
