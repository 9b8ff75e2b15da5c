"""Great Expectations that a user writes into a contract, through the flow: on rows and on the whole table, by severity."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from small_lake import SmallLake, open_small_lake, small_project
from yishu.errors import ContractError
from yishu.settings import Settings

JAN = "2025-01"
FORM = """\
apiVersion: v3.1.0
kind: DataContract
id: form
name: form
version: 1.0.0
domain: toy
schema:
  - name: form
    businessName: 登记表
    properties:
      - {name: id, businessName: 序号, logicalType: string, physicalType: varchar(10), required: true, primaryKey: true}
      - {name: low, businessName: 下限, logicalType: integer, physicalType: bigint}
      - {name: high, businessName: 上限, logicalType: integer, physicalType: bigint}
      - {name: kind, businessName: 类别, logicalType: string, physicalType: varchar(10)}
    quality:
      - name: high_above_low
        type: custom
        engine: greatExpectations
        severity: error
        description: 上限必须大于下限
        implementation:
          type: expect_column_pair_values_a_to_be_greater_than_b
          kwargs: {column_A: high, column_B: low, ignore_row_if: either_value_is_missing}
      - name: kind_known
        type: custom
        engine: greatExpectations
        severity: warning
        description: 类别不在已知之列
        implementation:
          type: expect_column_values_to_be_in_set
          kwargs: {column: kind, value_set: [甲类, 乙类]}
      - name: mean_plausible
        type: custom
        engine: greatExpectations
        severity: SEVERITY
        description: 上限的平均值异常，疑似单位有误
        implementation:
          type: expect_column_mean_to_be_between
          kwargs: {column: high, min_value: 1, max_value: 100}
EXTRA
slaProperties:
  - {property: frequency, value: monthly}
customProperties:
  - {property: yishu.suppliers, value: [stats]}
  - {property: yishu.mode, value: append}
  - {property: yishu.tolerance, value: 0.5}
  - {property: yishu.sharing, value: unconditional}
"""
BROKEN = """\
      - name: divides_by_nothing
        type: custom
        engine: greatExpectations
        description: 类别已停用
        implementation:
          type: expect_column_values_to_not_be_in_set
          kwargs: {column: kind, value_set: [甲类], row_condition: low / (low - low) > 1, condition_parser: spark}
"""
GOOD = [
    ("1", 1, 2, "甲类"),
    ("2", 5, 9, "丙类"),
    ("3", 5, 5, "乙类"),
    ("4", None, 7, None),
    ("5", 8, None, "乙类"),
    ("6", 9, 3, "甲"),
]
HEADER = ("序号", "下限", "上限", "类别")
Open = Callable[..., SmallLake]


@pytest.fixture
def opened(server: Settings, tmp_path: Path) -> Iterator[Open]:
    made: list[SmallLake] = []

    def make(severity: str, extra: str = "") -> SmallLake:
        project = small_project(tmp_path / "project")
        text = FORM.replace("SEVERITY", severity).replace("EXTRA\n", extra)
        (project / "schemas/basic/toy/form.yaml").write_text(text, encoding="utf-8")
        made.append(open_small_lake(server, tmp_path, project=project))
        return made[-1]

    yield make
    for small in made:
        small.close()


def receipt(small: SmallLake) -> dict[str, object]:
    folder = small.lake.settings.home / small.newest("form").receipt
    return json.loads((folder / "receipt.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_a_row_that_breaks_a_users_rule_is_quarantined_with_the_contracts_words(opened: Open) -> None:
    small = opened("error")
    small.drop("form", JAN, GOOD, header=HEADER)
    assert not small.run("form").errors
    balance = small.newest("form").balance
    assert (balance.received, balance.loaded, balance.quarantined) == (6, 4, 2)
    assert small.rows("silver.form", "id") == [("1",), ("2",), ("4",), ("5",)]
    told = receipt(small)
    rows = {row["row"]: row["violations"] for row in told["rows"]}  # type: ignore[index, union-attr]
    assert sorted(rows) == [3, 6]
    assert [(v["rule"], v["message"], v["title"], v["value"], v["expected"]) for v in rows[3]] == [
        ("high_above_low", "上限必须大于下限", "上限、下限", "5、5", "上限应大于下限")
    ]
    counts = {c.rule: (c.severity, c.bad) for c in small.lake.ledger.rules(small.newest("form").id)}
    assert counts["kind_known"] == ("warn", 2), "a warning is counted and keeps no row out"
    assert counts["mean_plausible"] == ("error", 0)


@pytest.mark.parametrize("severity", ["error", "critical"])
def test_a_broken_rule_on_the_whole_table_holds_the_delivery(opened: Open, severity: str) -> None:
    small = opened(severity)
    small.drop("form", JAN, [("1", 1, 1000, "甲类"), ("2", 1, 2000, "乙类")], header=HEADER)
    assert not small.run("form").errors
    held = small.newest("form")
    assert held.state == "held" and "上限的平均值异常，疑似单位有误" in held.reason
    assert small.rows("silver.form") == [] and small.rows("quarantine.form") == []
    assert "上限的平均值异常，疑似单位有误" in str(receipt(small)["reason"])


def test_a_broken_rule_on_the_whole_table_that_only_warns_is_counted(opened: Open) -> None:
    small = opened("warning")
    small.drop("form", JAN, [("1", 1, 1000, "甲类"), ("2", 1, 2000, "乙类")], header=HEADER)
    assert not small.run("form").errors
    assert small.newest("form").state == "accepted" and len(small.rows("silver.form")) == 2
    counts = {c.rule: (c.severity, c.bad) for c in small.lake.ledger.rules(small.newest("form").id)}
    assert counts["mean_plausible"] == ("warn", 1)
    assert [r["message"] for r in receipt(small)["rules"]] == ["上限的平均值异常，疑似单位有误"]  # type: ignore[union-attr, index]


def test_a_rule_that_spark_refuses_is_named_and_holds_no_other_dataset_up(opened: Open) -> None:
    small = opened("error", BROKEN)
    small.drop("form", JAN, GOOD, header=HEADER)
    small.drop("fact", JAN, [("a", "1.50", "R", "2025-01-01 08:00:00")])
    [error] = small.run().errors
    assert isinstance(error, ContractError) and "rule divides_by_nothing " in str(error) and error.subject == "form"
    assert small.newest("form").state == "bronze", "a check that cannot run is never a pass"
    assert small.rows("silver.form") == [] and small.newest("fact").state == "accepted"
