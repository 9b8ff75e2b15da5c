"""The command line on a small real lake, each command a process: results, exit codes, JSON alone on standard output."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from small_lake import SmallLake, free_ports, open_small_lake, small_project
from yishu.settings import Settings

JAN, FEB, MAR, APR = "2025-01", "2025-02", "2025-03", "2025-04"
AT = "2025-01-01 08:00:00"
STATUS = [
    "id", "department", "dataset", "period", "state", "generation", "received", "loaded", "duplicates", "quarantined",
    "rejected", "reason", "receipt",
]  # fmt: skip


@dataclass(frozen=True)
class Shell:
    """`yishu` as a person calls it: settings by environment only."""

    small: SmallLake
    env: dict[str, str]

    def __call__(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "yishu", *words]
        return subprocess.run(
            command, env=self.env | more, cwd=self.small.lake.settings.home, capture_output=True, text=True, check=False
        )

    def json(self, *words: str, code: int = 0) -> object:
        done = self(*words, "--json")
        assert done.returncode == code, done.stderr
        return json.loads(done.stdout)

    def delivery(self, dataset: str, period: str) -> dict[str, object]:
        found = self.json("status", "--dataset", dataset)
        assert isinstance(found, dict)
        (row,) = (d for d in found["deliveries"] if d["period"] == period)
        assert isinstance(row, dict)
        return row


def environment(settings: Settings) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("YISHU")}
    return inherited | {
        "YISHU_HOME": str(settings.home), "YISHU_PROJECT": str(settings.project), "YISHU_SPARK_MODE": "remote",
        "YISHU_SPARK_REMOTE": settings.spark.remote,
    }  # fmt: skip


@pytest.fixture(scope="module")
def yishu(server: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    small = open_small_lake(server, tmp_path_factory.mktemp("command-line"))
    small.drop("fact", JAN, [("a", "1.50", "R", AT), ("b", "2", "G", AT), ("b", "2", "G", AT), ("c", "x", "B", AT)])
    small.drop("fact", FEB, [("d", "4", "R", AT), ("e", "x", "R", AT), ("f", "x", "R", AT)])
    small.drop("fact", MAR, [("g", "x", "R", AT)])
    small.put("fact", APR, b"", "empty.csv")
    yield Shell(small, environment(small.lake.settings))
    small.close()


@pytest.fixture(scope="module")
def first_run(yishu: Shell) -> subprocess.CompletedProcess[str]:
    return yishu("run", "--json")


def test_a_run_tells_what_it_settled_and_built_and_ends_with_1_for_what_was_held(
    yishu: Shell, first_run: subprocess.CompletedProcess[str]
) -> None:
    assert first_run.returncode == 1, first_run.stderr
    told = json.loads(first_run.stdout)
    assert {(d["dataset"], d["period"], d["state"]) for d in told["settled"]} == {
        ("fact", JAN, "accepted"), ("fact", FEB, "held"), ("fact", MAR, "held"),
    }  # fmt: skip
    assert "toy.total" in told["built"] and told["errors"] == []
    assert "settled fact 2025-01" in first_run.stderr


@pytest.mark.usefixtures("first_run")
def test_status_gives_every_delivery_with_its_balance(yishu: Shell) -> None:
    found = yishu.json("status")
    assert isinstance(found, dict) and list(found) == ["deliveries"]
    assert [list(d) for d in found["deliveries"]] == [STATUS] * 4
    by_period = {d["period"]: d for d in found["deliveries"]}
    assert {p: d["state"] for p, d in by_period.items()} == {JAN: "accepted", FEB: "held", MAR: "held", APR: "rejected"}
    counts = ("received", "loaded", "duplicates", "quarantined", "rejected")
    assert [by_period[JAN][name] for name in counts] == [4, 2, 1, 1, 0]
    assert "容忍度" in by_period[FEB]["reason"]
    assert all((yishu.small.lake.settings.home / d["receipt"] / "receipt.json").is_file() for d in found["deliveries"])
    table = yishu("status")
    assert table.returncode == 0 and "省统计局" in table.stdout and by_period[JAN]["id"] in table.stdout


@pytest.mark.usefixtures("first_run")
def test_a_receipt_is_found_by_the_beginning_of_its_id(yishu: Shell) -> None:
    id = str(yishu.delivery("fact", JAN)["id"])
    receipt = yishu.json("receipt", id[:8])
    assert isinstance(receipt, dict) and receipt["delivery"] == id and receipt["state"] == "accepted"
    text = yishu("receipt", id)
    assert "收到 4 = 入库 2 + 重复 1 + 待核 1 + 退回 0" in text.stdout and "receipt.xlsx" in text.stdout


@pytest.mark.usefixtures("first_run")
def test_a_query_gives_rows_of_gold_and_of_silver_only_with_clear(yishu: Shell) -> None:
    assert yishu.json("query", "SELECT period, amount FROM toy.total") == [{"period": JAN, "amount": "3.50"}]
    sql = "SELECT id FROM silver.fact ORDER BY id"
    refused = yishu("query", sql)
    assert refused.returncode == 2 and refused.stdout == "" and "--clear" in refused.stderr
    assert yishu.json("query", sql, "--clear") == [{"id": "a"}, {"id": "b"}]
    assert [row.detail for row in yishu.small.lake.ledger.audit_rows("silver")] == [sql]


@pytest.mark.usefixtures("first_run")
def test_quarantine_lists_deliveries_and_shows_rows_as_handed_in(yishu: Shell) -> None:
    listed = yishu.json("quarantine", "list")
    assert isinstance(listed, dict)
    rows = {d["period"]: (d["rows"], d["rules"]) for d in listed["quarantine"]}
    assert rows == {JAN: (1, {"type:amount": 1}), FEB: (2, {"type:amount": 2}), MAR: (1, {"type:amount": 1})}
    shown = yishu.json("quarantine", "show", str(yishu.delivery("fact", FEB)["id"]))
    assert isinstance(shown, list)
    assert [(row["_row"], row["id"], row["amount"]) for row in shown] == [(2, "e", "x"), (3, "f", "x")]
    assert [v["rule"] for row in shown for v in row["_violations"]] == ["type:amount"] * 2


@pytest.mark.usefixtures("first_run")
def test_decisions_stay_in_the_audit_and_the_next_run_follows_them(yishu: Shell) -> None:
    january, february, march = (str(yishu.delivery("fact", period)["id"]) for period in (JAN, FEB, MAR))
    for words in (("release", february), ("reject", march), ("reprocess", january)):
        done = yishu(*words, "--reason", f"{words[0]}: 已与部门核实")
        assert (done.returncode == 0 and words[1] in done.stdout) or "1 deliveries wait again" in done.stdout, done.stderr
    assert yishu.delivery("fact", MAR)["state"] == "rejected"
    done = yishu("run", "toy")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 deliveries settled (0 held), 2 marts built\n"
    assert {yishu.delivery("fact", p)["state"] for p in (JAN, FEB)} == {"accepted"}
    assert yishu.json("query", "SELECT period, amount FROM toy.total ORDER BY 1") == [
        {"period": JAN, "amount": "3.50"}, {"period": FEB, "amount": "4.00"},
    ]  # fmt: skip
    ledger = yishu.small.lake.ledger
    assert [ledger.decisions(id)[-1].reason for id in (january, february, march)] == [
        f"{verb}: 已与部门核实" for verb in ("reprocess", "release", "reject")
    ]
    assert ledger.verify_audit() > 0


WRONG = {
    "an unknown command": (["rnu"], "No such command 'rnu'"),
    "a missing reason": (["release", "d-1"], "Missing option '--reason'"),
    "an unknown option": (["status", "--jsno"], "--jsno"),
    "an unknown delivery": (["receipt", "d-nothing"], "d-nothing"),
    "an unknown target": (["run", "nothing"], "no database or dataset nothing"),
    "an unknown table": (["query", "SELECT * FROM toy.nothing"], "there is no table toy.nothing"),
    "something other than a SELECT": (["query", "DROP TABLE toy.total"], "only SELECT"),
    "nothing to reprocess": (["reprocess", "nothing", "--reason", "x"], "nothing is called nothing"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use_gives_one_line_that_says_what_is_wrong_and_2(yishu: Shell, case: str) -> None:
    words, said = WRONG[case]
    done = yishu(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and said in done.stderr, done.stderr


def test_the_line_is_red_on_a_terminal(yishu: Shell) -> None:
    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-m", "yishu", "receipt", "d-nothing"]
        done = subprocess.run(command, env=yishu.env, stdout=subprocess.DEVNULL, stderr=theirs, check=False)
        said = os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert said.startswith("\x1b[31m") and said.rstrip().endswith("\x1b[0m")


def test_a_machine_at_fault_ends_with_3(yishu: Shell) -> None:
    (port,) = free_ports(1)
    done = yishu("status", YISHU_LEDGER=f"postgresql://nobody@127.0.0.1:{port}/nothing")
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1 and "ledger" in done.stderr, done.stderr


def test_debug_shows_the_trace(yishu: Shell) -> None:
    done = yishu("--debug", "receipt", "d-nothing")
    assert done.returncode != 0
    assert "Traceback" in done.stderr and "UsageError" in done.stderr


def test_check_names_file_line_and_remedy_of_a_broken_contract(yishu: Shell, tmp_path: Path) -> None:
    project = small_project(tmp_path / "project")
    whole = yishu("check", YISHU_PROJECT=str(project))
    assert (whole.returncode, whole.stdout) == (0, "1 databases, 4 datasets, 2 marts: all good\n")
    contract = project / "schemas" / "basic" / "toy" / "firm.yaml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(
        text.replace("property: yishu.mode, value: upsert", "property: yishu.mode, value: upset"), encoding="utf-8"
    )
    line = 1 + next(n for n, said in enumerate(contract.read_text(encoding="utf-8").splitlines()) if "upset" in said)
    done = yishu("check", YISHU_PROJECT=str(project))
    assert done.returncode == 2
    assert f"firm.yaml:{line}" in done.stdout and "upsert" in done.stdout
    told = json.loads(yishu("check", "--json", YISHU_PROJECT=str(project)).stdout)["errors"]
    assert [(Path(e["file"]).name, e["line"]) for e in told if e["line"] == line] == [("firm.yaml", line)]
    assert all(e["remedy"] or e["expected"] for e in told)
    shutil.rmtree(project)
