"""Code lists: read from CSV, bound into suites, validity compressed to spans."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from yishu.contract.model import Project
from yishu.derive.suite import ExpectationJson, RuleMeta, SuiteJson
from yishu.errors import ContractError
from yishu.quality.codelists import Code, bind, periods, read_codes


def _project(folder: Path, **lists: str) -> Project:
    files = {}
    for name, text in lists.items():
        files[name] = folder / f"{name}.csv"
        files[name].write_text(text, encoding="utf-8")
    return Project(root=folder, elements={}, departments={}, codelists=files, databases={}, datasets={}, marts={})


def _expectation(kind: str, **kwargs: object) -> ExpectationJson:
    meta: RuleMeta = {
        "rule": "r", "severity": "error", "dimension": "conformity", "column": "c", "message": "", "expected": "",
        "tolerance": None,
    }  # fmt: skip
    return {"type": kind, "kwargs": kwargs, "meta": {"yishu": meta}, "id": "", "severity": "critical", "description": ""}  # type: ignore[typeddict-item]


def _suite(*expectations: ExpectationJson) -> SuiteJson:
    return {"name": "s", "id": "", "expectations": list(expectations), "meta": {}}


DIVISIONS = """code,name,valid_from,valid_to
130100,石家庄市,,
130104,桥西区,,
130103,桥东区,,2014-09-08
130185,鹿泉市,1994-05-18,2014-09-08
130204,东矿区,,1994-12-31
130204,古冶区,1995-01-01,
"""
INDUSTRIES = """code,name,level,edition,valid_from,valid_to
A,农业,1,2017,2017-10-01,
A01,农业,2,2017,2017-10-01,
A011,谷物种植,3,2017,2017-10-01,
O79,居民服务业,2,2011,2011-11-01,2017-09-30
N79,土地管理业,2,2017,2017-10-01,
"""
IN_LIST = "expect_column_values_to_be_in_codelist"
INDUSTRY = "expect_column_values_to_be_industry"
ON_DATE = "expect_column_pair_to_be_valid_on_date"


def test_membership_gets_the_codes_of_all_times(tmp_path: Path) -> None:
    bound = bind(_suite(_expectation(IN_LIST, column="c", codelist="divisions")), _project(tmp_path, divisions=DIVISIONS))
    values = bound["expectations"][0]["kwargs"]["value_set"]
    assert values == ["130100", "130103", "130104", "130185", "130204"]


def test_binding_leaves_the_suite_and_other_expectations_as_they_are(tmp_path: Path) -> None:
    other = _expectation("expect_column_values_to_not_be_null", column="c")
    suite = _suite(_expectation(IN_LIST, column="c", codelist="divisions"), other)
    bound = bind(suite, _project(tmp_path, divisions=DIVISIONS))
    assert suite["expectations"][0]["kwargs"] == {"column": "c", "codelist": "divisions"}
    assert bound["expectations"][1] == other
    assert bound["name"] == "s"


def test_values_that_a_user_wrote_are_kept_and_null_ones_filled(tmp_path: Path) -> None:
    project = _project(tmp_path, divisions=DIVISIONS)
    own = _expectation(IN_LIST, column="c", codelist="divisions", value_set=["x"])
    null = _expectation(IN_LIST, column="c", codelist="divisions", value_set=None)
    kept, filled = bind(_suite(own, null), project)["expectations"]
    assert kept["kwargs"]["value_set"] == ["x"]
    assert len(filled["kwargs"]["value_set"]) == 5  # type: ignore[arg-type]


def test_industry_gets_the_two_digit_codes_of_its_edition_only(tmp_path: Path) -> None:
    project = _project(tmp_path, industries=INDUSTRIES)
    bound = bind(_suite(_expectation(INDUSTRY, column="c", codelist="industries", edition="2017")), project)
    assert bound["expectations"][0]["kwargs"]["value_set"] == ["A01", "N79"]


@pytest.mark.parametrize("edition", [None, "", "2002"])
def test_industry_without_a_known_edition_is_an_error(tmp_path: Path, edition: str | None) -> None:
    project = _project(tmp_path, industries=INDUSTRIES)
    with pytest.raises(ContractError, match="codelist-edition"):
        bind(_suite(_expectation(INDUSTRY, column="c", codelist="industries", edition=edition)), project)


def test_dated_rule_gets_spans_and_the_places_that_the_list_knows(tmp_path: Path) -> None:
    project = _project(tmp_path, divisions=DIVISIONS)
    suite = _suite(_expectation(ON_DATE, column_A="c", column_B="d", codelist="divisions"))
    kwargs = bind(suite, project)["expectations"][0]["kwargs"]
    assert kwargs["periods"] == [[None, "2014-09-08", ["130103"]], ["1994-05-18", "2014-09-08", ["130185"]]]
    assert kwargs["places"] == 6


def test_codes_of_equal_span_stand_together_and_a_gap_gives_two_spans() -> None:
    early, late = dt.date(2000, 1, 1), dt.date(2005, 12, 31)
    codes = [Code("a", early, late), Code("b", early, late), Code("c", None, early), Code("c", late, None), Code("d")]
    assert periods(codes) == [
        [None, "2000-01-01", ["c"]],
        ["2000-01-01", "2005-12-31", ["a", "b"]],
        ["2005-12-31", None, ["c"]],
    ]


@pytest.mark.parametrize("second", [dt.date(2000, 1, 1), dt.date(1999, 6, 1), None])
def test_spans_that_touch_or_overlap_are_one(second: dt.date | None) -> None:
    assert periods([Code("a", None, dt.date(1999, 12, 31)), Code("a", second, None)]) == []


def test_an_unknown_list_is_an_error_that_names_the_lists(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"no code list sexes.*one of divisions"):
        bind(_suite(_expectation(IN_LIST, column="c", codelist="sexes")), _project(tmp_path, divisions=DIVISIONS))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("code,name\n", "empty"),
        ("", "no column code"),
        ("kode,name\n1,x\n", "no column code"),
        ("code,name,valid_from,valid_to\n1,x,2020/01/01,\n", r"csv:2.*is no date"),
        ("code,name,valid_from,valid_to\n1,x,,\n2,y,2020-01-02,2020-01-01\n", r"csv:3.*lies before"),
    ],
)
def test_a_broken_list_is_an_error_with_its_place(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "sex.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=what):
        read_codes(file)


def test_a_list_that_is_missing_or_not_utf8_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="cannot be read"):
        read_codes(tmp_path / "none.csv")
    (tmp_path / "gbk.csv").write_bytes("code,name\n1,男\n".encode("gb18030"))
    with pytest.raises(ContractError, match="cannot be read"):
        read_codes(tmp_path / "gbk.csv")


def test_codes_keep_leading_zeros_and_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    file = tmp_path / "ethnic.csv"
    file.write_text("\ufeffcode,name\n01,汉族\n\n 02 ,蒙古族\n", encoding="utf-8")
    assert [c.code for c in read_codes(file)] == ["01", "02"]


def test_naming_the_standards_and_binding_lists_loads_neither_spark_nor_great_expectations() -> None:
    asked = "import sys, yishu.quality.standards, yishu.quality.codelists; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "yishu" in loaded
    assert not loaded & {"pyspark", "great_expectations", "pandas"}
