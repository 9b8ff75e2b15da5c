"""Landing → claims: what is taken, what waits, what is refused and with which words."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from yishu.contract.model import Dataset, Department, Field, Project, Type
from yishu.flow.receive import receive
from yishu.lake.lake import Lake
from yishu.lake.ledger import Ledger
from yishu.settings import Settings

NOW = dt.datetime(2024, 7, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
OWNER, OTHER, FORMER = "11130000MB16272007", "11130000000218770A", "11130000OLD0000001"


def project(root: Path) -> Project:
    field = Field(name="code", title="代码", type=Type(kind="string"), key_position=1, required=True)
    thing = Dataset(
        name="thing", title="事物", database="d", version="1.0.0", suppliers=("owner", "former"), mode="append",
        cycle="monthly", sharing="none", fields=(field,), file=Path("thing.yaml"),
    )  # fmt: skip
    born = dt.date(2018, 10, 29)
    departments = (
        Department(id="owner", code=OWNER, name="省甲局", valid_from=born),
        Department(id="other", code=OTHER, name="省乙厅", valid_from=born),
        Department(
            id="former",
            code=FORMER,
            name="省旧局",
            valid_from=dt.date(2000, 1, 1),
            valid_to=dt.date(2018, 10, 28),
            successor="owner",
        ),
    )
    return Project(
        root=root, elements={}, departments={d.id: d for d in departments}, codelists={}, databases={}, marts={},
        datasets={"thing": thing},
    )  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    settings = Settings(home=tmp_path / "home", project=tmp_path / "checkout")
    settings.landing.mkdir(parents=True)
    ledger = Ledger(settings.ledger_url, lambda: NOW)
    ledger.migrate()
    yield Lake(settings, project(settings.project), ledger, lambda: NOW)
    ledger.close()


def land(lake: Lake, name: str, content: bytes = "代码\n1\n".encode(), age: int = 0) -> Path:
    """Args: age: seconds before the test's clock at which the file was written."""
    path = lake.settings.landing / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = int(NOW.timestamp() - age) * 10**9
    os.utime(path, ns=(moment, moment))
    return path


def test_new_files_are_claimed_oldest_first_and_only_once(lake: Lake) -> None:
    land(lake, f"{OWNER}/thing/2024-05/b.csv", b"code\n2\n", age=10)
    land(lake, f"{OWNER}/thing/2024-06/a.csv", age=20)
    first, second = receive(lake)
    assert (first.period, second.period) == ("2024-06", "2024-05")
    assert (first.state, first.department, first.dataset, first.reason) == ("waiting", OWNER, "thing", "")
    assert first.files[0].path == f"{OWNER}/thing/2024-06/a.csv"
    assert receive(lake) == []


def test_an_identical_hand_in_is_unchanged_and_a_correction_is_a_new_generation(lake: Lake) -> None:
    land(lake, f"{OWNER}/thing/2024-06/a.csv", age=30)
    land(lake, f"{OWNER}/thing/2024-06/b.csv", age=20)
    land(lake, f"{OWNER}/thing/2024-06/c.csv", b"code\n2\n", age=10)
    found = receive(lake)
    assert [(d.state, d.generation) for d in found] == [("waiting", 1), ("unchanged", 1), ("waiting", 2)]
    assert found[0].id in found[1].reason


def test_a_file_written_anew_under_its_old_name_is_a_new_delivery(lake: Lake) -> None:
    land(lake, f"{OWNER}/thing/2024-06/a.csv", age=30)
    receive(lake)
    land(lake, f"{OWNER}/thing/2024-06/a.csv", b"code\n2\n", age=10)
    assert [(d.state, d.generation) for d in receive(lake)] == [("waiting", 2)]


@pytest.mark.parametrize("name", [".a.csv", "_a.csv", "~$a.xlsx", "a.csv.part", "a.csv.TMP", ".sync/a.csv", "_x/a.csv"])
def test_hidden_and_unfinished_files_wait(lake: Lake, name: str) -> None:
    land(lake, f"{OWNER}/thing/2024-06/{name}")
    land(lake, f"{OWNER}/thing/2024-06/whole.csv")
    assert [Path(d.files[0].path).name for d in receive(lake)] == ["whole.csv"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (f"{OWNER}/thing/2024-06/a.csv", b"", ("是空的（0 字节）", "重新导出")),
        (f"{OWNER}/thing/2024-06/a.csv", b"PK\x03\x04rubbish", ("压缩文件“a.csv”已损坏", "重新压缩")),
        (f"{OWNER}/thing/2024-06/a.csv", b"\xd0\xcf\x11\xe0", ("旧版 Excel",)),
        (f"{OWNER}/thnig/2024-06/a.csv", b"x", ("没有名为“thnig”的数据集", "thing（事物）")),
        (f"{OWNER}/事物/2024-06/a.csv", b"x", ("没有名为“事物”的数据集", "thing（事物）")),
        (f"{OTHER}/thing/2024-06/a.csv", b"x", ("“省乙厅”不是“事物”的供数部门", "省甲局（" + OWNER)),
        ("11130000XXXXXXXXXX/thing/2024-06/a.csv", b"x", ("部门代码“11130000XXXXXXXXXX”未登记", "省甲局")),
        (f"{FORMER}/thing/2024-06/a.csv", b"x", ("省旧局", "2000-01-01 至 2018-10-28", "承接部门“省甲局”")),
        (f"{OWNER}/thing/2024.6/a.csv", b"x", ("文件夹“2024.6”不是期次", "2024-06")),
        (f"{OWNER}/thing/2024-13/a.csv", b"x", ("文件夹“2024-13”不是期次",)),
        (f"{OWNER}/thing/a.csv", b"x", ("放错了位置", "部门代码/数据集/期次/文件")),
        (f"{OWNER}/thing/2024-06/more/a.csv", b"x", ("放错了位置",)),
        ("a.csv", b"x", ("放错了位置",)),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_and_holds_nothing_up(
    lake: Lake, name: str, content: bytes, words: tuple[str, ...]
) -> None:
    bad = land(lake, name, content, age=10)
    land(lake, f"{OWNER}/thing/2024-05/good.csv")
    refused, taken = receive(lake)
    assert (refused.state, taken.state) == ("rejected", "waiting")
    assert all(word in refused.reason for word in words), refused.reason
    assert bad.read_bytes() == content, "a refused file stays where it was handed in"
    assert receive(lake) == [], "a refusal is said once"


def test_a_department_of_old_may_still_hand_in_its_own_time(lake: Lake) -> None:
    land(lake, f"{FORMER}/thing/2018-10/a.csv")
    assert [d.state for d in receive(lake)] == ["waiting"]


def test_only_the_datasets_own_folders_are_looked_at_when_one_is_asked_for(lake: Lake) -> None:
    land(lake, f"{OWNER}/thing/2024-06/a.csv")
    land(lake, f"{OWNER}/nothing/2024-06/a.csv")
    assert [d.dataset for d in receive(lake, "thing")] == ["thing"]
    assert [d.dataset for d in receive(lake)] == ["nothing"]


def test_a_delivery_of_a_dataset_with_a_broken_contract_waits(lake: Lake) -> None:
    contract = lake.settings.project / "schemas" / "basic" / "d" / "broken.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text("kind: [", encoding="utf-8")
    land(lake, f"{OWNER}/broken/2024-06/a.csv")
    assert receive(lake) == []


def test_a_file_that_cannot_be_read_waits_and_the_others_do_not(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    land(lake, f"{OWNER}/thing/2024-06/a.csv", age=10)
    land(lake, f"{OWNER}/thing/2024-05/b.csv")
    true_open = Path.open

    def guarded(self: Path, *args: object, **kwargs: object) -> object:
        if self.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return true_open(self, *args, **kwargs)  # type: ignore[call-overload]

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", guarded)
        assert [d.period for d in receive(lake)] == ["2024-05"]
    assert [d.period for d in receive(lake)] == ["2024-06"]


def test_a_file_still_being_written_waits(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    path = land(lake, f"{OWNER}/thing/2024-06/a.csv", age=10)

    def slow(_: Path) -> str:
        path.write_bytes(b"code\n1\n2\n")
        return "0" * 64

    with monkeypatch.context() as patch:
        patch.setattr("yishu.flow.receive._sha256", slow)
        assert receive(lake) == []
    assert [d.state for d in receive(lake)] == ["waiting"]


def test_a_name_that_is_no_text_is_refused(lake: Lake) -> None:
    folder = lake.settings.landing / OWNER / "thing" / "2024-06"
    folder.mkdir(parents=True)
    (folder / os.fsdecode("数据.csv".encode("gb18030"))).write_bytes(b"code\n1\n")
    (refused,) = receive(lake)
    assert refused.state == "rejected"
    assert "不是 UTF-8 编码" in refused.reason
    assert receive(lake) == []
