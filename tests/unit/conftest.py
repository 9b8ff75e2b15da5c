"""What unit tests share: the measured data beside the checkout, and a small project to break."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """`../shared/data`, seen from the checkout; a test that needs it fails where it is not."""
    folder = CHECKOUT.parent / "shared" / "data"
    assert folder.is_dir(), f"{folder} is missing: put the shared data beside the checkout"
    return folder


@dataclass(frozen=True)
class ProjectFiles:
    """A small project in a folder of its own, whose files tests change."""

    root: Path

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def change(self, path: str, old: str, new: str) -> Path:
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        return self.write(path, text.replace(old, new))

    def line(self, path: str, part: str) -> int:
        """The number of the first line that holds `part`."""
        lines = (self.root / path).read_text(encoding="utf-8").splitlines()
        return next(number for number, text in enumerate(lines, 1) if part in text)


@pytest.fixture
def project_files(tmp_path: Path) -> ProjectFiles:
    """Two datasets and a mart of one database, a shared dimension, elements, departments and a code list; all valid."""
    files = ProjectFiles(tmp_path)
    for path, text in _FILES.items():
        files.write(path, text)
    return files


_FILES = {
    "schemas/elements.yaml": """\
elements:
  - {name: uscc, title: 统一社会信用代码, standard: GB 32100-2015, check: uscc, source: firm, length: 18}
  - {name: citizen_id, title: 公民身份号码, check: citizen_id, grade: general-4, mask: id, length: 18}
  - name: division_code
    title: 行政区划代码
    check: division
    codelist: divisions
    length: 6
""",
    "schemas/departments.yaml": """\
departments:
  - {id: amr, code: '11130000MB16272080', name: 省市场监管局, valid_from: 2018-10-29}
  - {id: tax, code: '11130000MB16272081', name: 省税务局, valid_from: 2018-06-15}
""",
    "schemas/codes/divisions.csv": "code,name,valid_from,valid_to\n130102,长安区,,\n",
    "schemas/basic/legal/database.yaml": "name: legal\ntitle: 法人库\nkind: basic\nlead: 省市场监管局\n",
    "schemas/basic/legal/firm.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: firm
name: firm
version: 1.0.0
status: active
domain: legal
description: {purpose: 企业}
schema:
  - name: firm
    businessName: 企业登记
    logicalType: object
    physicalType: table
    properties:
      - name: uscc
        businessName: 统一社会信用代码
        logicalType: string
        physicalType: varchar(18)
        required: true
        primaryKey: true
        authoritativeDefinitions: [{type: element, url: elements.yaml#uscc}]
      - name: rep_id_no
        businessName: 法定代表人证件号码
        logicalType: string
        physicalType: varchar(18)
        authoritativeDefinitions: [{type: element, url: elements.yaml#citizen_id}]
      - name: capital
        businessName: 注册资本
        logicalType: number
        physicalType: decimal(18,2)
        logicalTypeOptions: {minimum: 0, maximum: 100000000}
      - name: est_date
        businessName: 成立日期
        logicalType: date
        physicalType: date
      - name: division_code
        businessName: 登记地
        logicalType: string
        physicalType: varchar(6)
        authoritativeDefinitions: [{type: element, url: elements.yaml#division_code}]
        customProperties: [{property: yishu.asOf, value: est_date}]
      - name: address
        businessName: 住所
        logicalType: string
        physicalType: varchar(300)
        classification: general-3
        customProperties: [{property: yishu.mask, value: address}]
        quality:
          - name: address_long_enough
            type: custom
            engine: greatExpectations
            severity: warning
            description: 住所过短
            implementation: {type: expect_column_value_lengths_to_be_between, kwargs: {min_value: 4}}
      - name: update_time
        businessName: 更新时间
        logicalType: timestamp
        physicalType: timestamp
        required: true
    quality:
      - name: has_rows
        type: custom
        engine: greatExpectations
        severity: critical
        dimension: coverage
        implementation: {type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}}
slaProperties:
  - {property: frequency, value: daily}
customProperties:
  - {property: yishu.suppliers, value: [amr]}
  - {property: yishu.mode, value: history}
  - {property: yishu.sequence, value: update_time}
  - {property: yishu.sharing, value: conditional}
  - {property: yishu.sharingCondition, value: 依法履职}
  - {property: yishu.sourceOf, value: [uscc]}
  - {property: yishu.supply, value: {format: csv, encoding: gb18030}}
""",
    "schemas/basic/legal/visit.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: visit
name: visit
version: 1.0.0
domain: legal
schema:
  - name: visit
    businessName: 检查
    properties:
      - {name: visit_no, businessName: 编号, logicalType: string, physicalType: varchar(20), required: true, primaryKey: true}
      - name: uscc
        businessName: 统一社会信用代码
        logicalType: string
        physicalType: varchar(18)
        authoritativeDefinitions: [{type: element, url: elements.yaml#uscc}]
        relationships:
          - {to: firm.uscc, customProperties: [{property: yishu.severity, value: error}]}
slaProperties:
  - {property: frequency, value: monthly}
customProperties:
  - {property: yishu.suppliers, value: [tax]}
  - {property: yishu.mode, value: append}
  - {property: yishu.sharing, value: unconditional}
""",
    "schemas/basic/legal/gold/firm_count.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: legal.firm_count
name: firm_count
version: 1.0.0
domain: legal
schema:
  - name: firm_count
    businessName: 各县企业数
    properties:
      - name: division_code
        businessName: 区划代码
        logicalType: string
        physicalType: varchar(6)
        authoritativeDefinitions: [{type: element, url: elements.yaml#division_code}]
      - {name: firms, businessName: 企业数, logicalType: integer, physicalType: bigint}
customProperties:
  - {property: yishu.question, value: 各县有多少企业}
  - property: yishu.inputs
    value:
      - silver.firm
      - dim.division
""",
    "jobs/gold/legal/firm_count.sql": """\
-- firms by county
select d.code as division_code, count(*) as firms
from silver.firm f
join dim.division d on d.code = f.division_code
group by d.code
""",
    "schemas/shared/dim/database.yaml": "name: dim\ntitle: 公共维度\nkind: shared\nlead: 省统计局\n",
    "schemas/shared/dim/gold/division.yaml": """\
apiVersion: v3.1.0
kind: DataContract
id: dim.division
name: division
version: 1.0.0
domain: dim
schema:
  - name: division
    businessName: 行政区划
    properties:
      - {name: code, businessName: 代码, logicalType: string, physicalType: varchar(6)}
      - {name: name, businessName: 名称, logicalType: string, physicalType: varchar(100)}
customProperties:
  - {property: yishu.inputs, value: [codes.divisions]}
""",
    "jobs/gold/dim/division.sql": "select code, name\nfrom codes.divisions\n",
}
