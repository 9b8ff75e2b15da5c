"""Forms beyond CSV and containers through receive and bronze: names in `_file`, numbers, notes, and what harms nobody else."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from deltalake import DeltaTable

from test_bronze import agreed, dataset, lake, land, loaded, table  # noqa: F401 - the fixture
from yishu.contract.model import Dataset, Supply
from yishu.lake.lake import Lake

HEAD = "代码,名称,金额\n"


def supplied(**supply: object) -> Dataset:
    return dataset().model_copy(update={"supply": Supply.model_validate(supply)})


def zipped(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text.encode("gb18030"))
    return made.getvalue()


def stored(lake: Lake, delivery: str) -> list[tuple[object, ...]]:  # noqa: F811
    found = (
        table(lake)
        .to_pyarrow_table(filters=[("_delivery", "=", delivery)])
        .sort_by([("_file", "ascending"), ("_row", "ascending")])
    )
    return [(row["_file"], row["_row"], row["code"], row["_raw"]) for row in found.to_pylist()]


def test_the_files_of_a_zip_stand_in_bronze_under_their_own_names_and_numbers(lake: Lake) -> None:  # noqa: F811
    files = {"市/石家庄.csv": HEAD + "1,石家庄市长安区,1\n2,缺\n", "市/唐山.csv": HEAD + "3,唐山市路南区,3\n"}
    land(lake, zipped(files), name="六月.zip")
    (taken,) = loaded(agreed(lake, supplied(encoding="auto")))
    assert (taken.state, taken.balance.received) == ("bronze", 3), taken.reason
    assert stored(lake, taken.id) == [
        ("六月.zip/市/唐山.csv", 1, "3", None), ("六月.zip/市/石家庄.csv", 1, "1", None), ("六月.zip/市/石家庄.csv", 2, None, "2,缺"),
    ]  # fmt: skip
    assert taken.reason.count("编码判定为 GB18030") == 2


def test_a_file_of_a_zip_without_rows_is_named_and_nothing_is_taken(lake: Lake) -> None:  # noqa: F811
    land(lake, zipped({"a.csv": HEAD + "1,a,1\n", "b.csv": HEAD}), name="六月.zip")
    (refused,) = loaded(lake)
    assert refused.state == "rejected"
    assert "文件“六月.zip/b.csv”只有表头，没有数据行" in refused.reason
    assert not DeltaTable.is_deltatable(str(lake.bronze("thing")))


TAKEN = {
    "json": ({"format": "json", "path": "data"}, b'{"data": [{"code": "1"}, 2]}', [(1, "1", None), (2, None, "2")]),
    "xml": ({"format": "xml", "path": "/a/b"}, b"<a><b><code>1</code></b></a>", [(1, "1", None)]),
    "fixed": ({"format": "fixed", "positions": {"code": {"start": 1, "length": 2}}}, b"11\n2\n", [(1, "11", None), (2, None, "2")]),
    "gz": ({}, gzip.compress((HEAD + "1,a,1\n").encode()), [(1, "1", None)]),
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_every_form_reaches_bronze(lake: Lake, case: str) -> None:  # noqa: F811
    supply, content, expected = TAKEN[case]
    land(lake, content, name="f.dat")
    (taken,) = loaded(agreed(lake, supplied(**supply)))
    assert taken.state == "bronze", taken.reason
    assert [row[1:] for row in stored(lake, taken.id)] == expected


def test_a_hostile_file_is_refused_at_the_door_and_the_next_is_taken(lake: Lake) -> None:  # noqa: F811
    for period, content in {
        "2024-03": zipped({"../a.csv": HEAD}),
        "2024-04": gzip.compress(gzip.compress(b"x")),
        "2024-05": b"PK\3\4",
    }.items():
        land(lake, content, period=period, age=100)
    land(lake, HEAD + "9,z,9\n", period="2024-06")
    (taken,) = loaded(lake)
    assert (taken.state, taken.balance.received) == ("bronze", 1)
    refused = [d.reason for d in lake.ledger.deliveries(states={"rejected"})]
    assert [any(word in reason for reason in refused) for word in ("指向压缩包之外", "又是压缩文件", "已损坏")] == [True] * 3


def test_a_container_broken_in_the_middle_leaves_nothing(lake: Lake) -> None:  # noqa: F811
    whole = gzip.compress((HEAD + "".join(f"{n},名称{n},{n}\n" for n in range(200_000))).encode())
    land(lake, whole[: len(whole) // 2], name="f.csv.gz")
    (refused,) = loaded(lake)
    assert refused.state == "rejected"
    assert "已损坏，解压中断" in refused.reason
    assert not DeltaTable.is_deltatable(str(lake.bronze("thing")))
