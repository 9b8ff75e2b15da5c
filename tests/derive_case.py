"""A small project, made by hand, in which every kind of rule, mask and dependency occurs once."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from yishu.contract.model import (
    CodeValue,
    Database,
    Dataset,
    Department,
    Element,
    Field,
    Mart,
    Project,
    Reference,
    Rule,
    Type,
)

TEXT = Type(kind="string")


def text(length: int) -> Type:
    return Type(kind="string", length=length)


CITIZEN = Element(
    name="citizen_id", title="公民身份号码", standard="GB 11643-1999", check="citizen_id", source="person", grade="general-4",
    mask="id", length=18,
)  # fmt: skip
DIVISION = Element(
    name="division_code", title="行政区划代码", standard="GB/T 2260", check="division", codelist="divisions", length=6
)

PERSON_FIELDS = (
    Field(
        name="id_no", title="身份证号", type=text(18), required=True, key_position=1, grade="general-4", element="citizen_id",
        check="citizen_id", mask="id", standard="GB 11643-1999",
    ),
    Field(name="name", title="姓名", type=text(60), required=True, grade="general-3", mask="name"),
    Field(name="birth_date", title="出生日期", type=Type(kind="date"), grade="general-3"),
    Field(
        name="division_code", title="户籍地", type=text(6), element="division_code", check="division", codelist="divisions",
        as_of="birth_date", standard="GB/T 2260",
    ),
    Field(
        name="sex", title="性别", type=text(1), values=(CodeValue(value="1", label="男"), CodeValue(value="2", label="女")),
    ),
    Field(name="phone", title="电话", type=text(20), grade="general-3", mask="phone", pattern="^[0-9+-]+$"),
    Field(name="height", title="身高", type=Type(kind="decimal", precision=5, scale=2), minimum=0, maximum=250.5),
    Field(name="card_no", title="卡号", type=TEXT, unique=True),
    Field(name="update_time", title="更新时间", type=Type(kind="timestamp"), required=True),
)  # fmt: skip

PERSON = Dataset(
    name="person", title="人口信息", database="people", version="1.0.0", description="全省人口", suppliers=("police",),
    system="人口系统", code="102001/000001", mode="history", sequence="update_time", cycle="daily", sharing="conditional",
    sharing_condition="依法履职", fields=PERSON_FIELDS, file=Path("schemas/basic/people/person.yaml"),
)  # fmt: skip

PENSION = Dataset(
    name="pension", title="养老待遇", database="work", version="1.2.0", suppliers=("labour", "labour_old"), mode="append",
    cycle="half-yearly", sharing="none", tolerance=0.1, file=Path("schemas/special/work/pension.yaml"),
    fields=(
        Field(
            name="id_no", title="身份证号", type=text(18), required=True, key_position=1, grade="general-4", element="citizen_id",
            check="citizen_id", mask="id", reference=Reference(dataset="person", field="id_no", severity="error"),
        ),
        Field(
            name="period", title="待遇期", type=text(10), required=True, key_position=2, check="period",
            rules=(
                Rule(
                    name="period_is_month", type="expect_column_values_to_match_regex", kwargs={"regex": "^[0-9]{4}-[0-9]{2}$"},
                    severity="warn", tolerance=0.2,
                ),
            ),
        ),
        Field(name="months", title="月数", type=Type(kind="integer"), minimum=1),
        Field(name="living", title="在世", type=Type(kind="boolean")),
        Field(name="kind", title="险种", type=text(3), check="codelist", codelist="insurance"),
    ),
    rules=(
        Rule(name="has_rows", type="expect_table_row_count_to_be_between", kwargs={"min_value": 1}, severity="critical",
             message="交付不能没有数据行", dimension="coverage"),
        Rule(name="one_per_kind", type="expect_compound_columns_to_be_unique", kwargs={"column_list": ["id_no", "kind"]}),
    ),
)  # fmt: skip


def mart(table: str, *inputs: str) -> Mart:
    database, _, name = table.partition(".")
    fields = (
        Field(name="division_code", title="区划", type=text(6), key_position=1, element="division_code", standard="GB/T 2260"),
        Field(name="people", title="人数", type=Type(kind="integer")),
    )
    return Mart(
        name=name, title=f"{name}表", database=database, version="1.0.0", question="有多少人", inputs=inputs, fields=fields,
        select=Path(f"jobs/gold/{database}/{name}.sql"), file=Path(f"schemas/x/{database}/gold/{name}.yaml"),
    )  # fmt: skip


MARTS = (
    mart("dim.division", "codes.divisions"),
    # named so that the alphabet and the order of inputs disagree, within a database and across databases
    mart("people.a_share", "people.z_count", "work.paid"),
    mart("people.z_count", "silver.person", "dim.division"),
    mart("work.paid", "silver.pension", "people.person", "people.z_count"),
)


def department(name: str, title: str, code: str) -> Department:
    return Department(id=name, code=code, name=title, valid_from=dt.date(2018, 10, 29))


def project(root: Path = Path("/nowhere"), *, backwards: bool = False) -> Project:
    """The project; `backwards`: the same, with every dictionary filled the other way round."""

    def step(items: list[tuple[str, object]]) -> dict[str, object]:
        return dict(reversed(items) if backwards else items)

    databases = [
        Database(name="dim", title="公共维表", kind="shared", lead="省数据局", file=Path("d.yaml")),
        Database(name="people", title="人口库", kind="basic", code="B3", lead="省公安厅", duty="省民政厅", file=Path("p.yaml")),
        Database(name="work", title="就业库", kind="special", lead="省人社厅", description="就业与社保", file=Path("w.yaml")),
    ]
    departments = [
        department("police", "省公安厅", "11130000000210404P"),
        department("labour", "省人社厅", "11130000000210497B"),
        department("labour_old", "省劳动厅", "111300000002104800"),
    ]
    return Project.model_validate({
        "root": root,
        "elements": step([(e.name, e) for e in (CITIZEN, DIVISION)]),
        "departments": step([(d.id, d) for d in departments]),
        "codelists": step([(n, Path(f"schemas/codes/{n}.csv")) for n in ("divisions", "insurance")]),
        "databases": step([(d.name, d) for d in databases]),
        "datasets": step([(d.name, d) for d in (PENSION, PERSON)]),
        "marts": step([(m.table, m) for m in MARTS]),
    })  # fmt: skip
