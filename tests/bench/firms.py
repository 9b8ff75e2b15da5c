"""Two million firms as CSV, and the contract that they are delivered under: 12 columns, 11 rules and what follows from types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from yishu.sample.digits import usccs

CHECKOUT = Path(__file__).parents[2]
DEPARTMENT = "11130000MB16272007"
COLUMNS = (
    ("uscc", "统一社会信用代码", "string", "varchar(18)", "required: true, primaryKey: true, customProperties: [{property: yishu.check, value: uscc}]"),
    ("entity_name", "名称", "string", "varchar(200)", "required: true"),
    ("reg_capital_wan", "注册资本", "number", "decimal(18,4)", "logicalTypeOptions: {minimum: 0}"),
    ("est_date", "成立日期", "date", "date", ""),
    ("reg_status", "登记状态", "string", "varchar(1)", "enum: [{value: '1'}, {value: '2'}, {value: '3'}, {value: '4'}, {value: '5'}, {value: '6'}]"),
    ("industry_code", "行业代码", "string", "varchar(5)", "logicalTypeOptions: {pattern: '^[A-T][0-9]{2,4}$'}"),
    ("division_code", "登记地区划", "string", "varchar(6)", "required: true, logicalTypeOptions: {pattern: '^13[0-9]{4}$'}"),
    ("reg_address", "住所", "string", "varchar(300)", ""),
    ("legal_rep_name", "法定代表人", "string", "varchar(60)", ""),
    ("staff", "从业人数", "integer", "bigint", "logicalTypeOptions: {minimum: 0, maximum: 1000000}"),
    ("contact_phone", "联系电话", "string", "varchar(20)", "logicalTypeOptions: {pattern: '^[0-9-]{7,20}$'}"),
    ("update_time", "更新时间", "timestamp", "timestamp", "required: true"),
)  # fmt: skip
MART = """SELECT division_code, reg_status, count(*) AS entities, sum(reg_capital_wan) AS capital_wan
FROM {firms} GROUP BY division_code, reg_status"""


def write_firms(path: Path, rows: int, seed: int = 7, first: int = 10_000_000) -> int:
    """Write the file: 1 % of the rows have one fault, 0.5 % are handed in twice; `first`: number of the first firm. Returns its rows."""
    rng = np.random.default_rng(seed)
    counties = np.array([130102, 130202, 130302, 130402, 130502, 130602, 130702, 130802, 130902, 131002, 131102, 130682])
    county = counties[rng.integers(0, len(counties), rows)].astype(str)
    serial = np.arange(rows) + first
    chance = rng.random(rows)
    uscc = np.array(usccs(pa.array(np.char.add("91", county)), serial).to_pylist())
    uscc = np.where(chance < 0.004, np.char.add(np.char.ljust(uscc.astype("U17"), 17), "?"), uscc)
    day = np.datetime64("2000-01-01")
    est = np.where((chance > 0.004) & (chance < 0.006), "2016-11-31", (day + rng.integers(0, 9000, rows)).astype(str))
    capital = np.where((chance > 0.006) & (chance < 0.008), "abc", (rng.random(rows) * 1e5).round(4).astype(str))
    status = np.where((chance > 0.008) & (chance < 0.01), "9", rng.integers(1, 7, rows).astype(str))
    table = pa.table({
        "uscc": uscc, "entity_name": np.char.add("河北测试有限公司", serial.astype(str)), "reg_capital_wan": capital,
        "est_date": est, "reg_status": status, "industry_code": np.char.add("C", rng.integers(1300, 4399, rows).astype(str)),
        "division_code": county, "reg_address": np.char.add("河北省石家庄市长安区中山路", rng.integers(1, 9999, rows).astype(str)),
        "legal_rep_name": np.array(["张三", "李四", "王小五", "欧阳锋"])[rng.integers(0, 4, rows)],
        "staff": rng.integers(0, 5000, rows).astype(str),
        "contact_phone": np.char.add("138", rng.integers(10_000_000, 99_999_999, rows).astype(str)),
        "update_time": np.char.add((np.datetime64("2024-01-01") + rng.integers(0, 300, rows)).astype(str), " 10:00:00"),
    })  # fmt: skip
    table = pa.concat_tables([table, table.take(rng.integers(0, rows, rows // 200))])
    pyarrow.csv.write_csv(table, path)
    return int(table.num_rows)


def write_load_project(root: Path, suppliers: dict[str, dict[str, str]], modes: dict[str, str]) -> Path:
    """As `write_project`, with several datasets of one form and no mart.

    Args:
        suppliers: dataset → ids and codes of its departments.
        modes: dataset → write mode.
    """
    write_project(root)
    departments = {id: code for those in suppliers.values() for id, code in those.items()}
    lines = [f"  - {{id: {id}, code: '{code}', name: 部门{id}, valid_from: 2000-01-01}}" for id, code in departments.items()]
    root.joinpath("schemas/departments.yaml").write_text("departments:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    folder = root / "schemas/basic/bench"
    contract = (folder / "firms.yaml").read_text(encoding="utf-8")
    for old in (folder / "firms.yaml", folder / "gold/by_county.yaml", root / "jobs/gold/bench/by_county.sql"):
        old.unlink()
    for name, mode in modes.items():
        text = contract.replace("firms", name).replace("[amr]", f"[{', '.join(suppliers[name])}]").replace("value: upsert", f"value: {mode}")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return root


def write_project(root: Path) -> Path:
    """One dataset `firms` (upsert, not shared in gold, so that both sides write the same tables) and one mart."""
    properties = "\n".join(
        f"      - {{name: {n}, businessName: {t}, logicalType: {k}, physicalType: '{p}'{', ' + more if more else ''}}}"
        for n, t, k, p, more in COLUMNS
    )
    files = {
        "schemas/elements.yaml": "elements: []\n",
        "schemas/departments.yaml": f"departments:\n  - {{id: amr, code: '{DEPARTMENT}', name: 省市场监管局, valid_from: 2000-01-01}}\n",
        "schemas/basic/bench/database.yaml": "name: bench\ntitle: 基准库\nkind: basic\nlead: 省市场监管局\n",
        "schemas/basic/bench/firms.yaml": _HEAD.format(name="firms", title="企业") + properties + _DATASET,
        "schemas/basic/bench/gold/by_county.yaml": _HEAD.format(name="by_county", title="各县企业").replace("id: by", "id: bench.by") + _MART,
        "jobs/gold/bench/by_county.sql": MART.format(firms="silver.firms"),
        "conf/base.yaml": (CHECKOUT / "conf/base.yaml").read_text(encoding="utf-8"),
        "conf/local.yaml": "{}\n",
    }  # fmt: skip
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / "catalog").mkdir()
    (root / "catalog" / "templates").symlink_to(CHECKOUT / "catalog" / "templates")
    return root


_HEAD = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
name: {name}
version: 1.0.0
domain: bench
schema:
  - name: {name}
    businessName: {title}
    properties:
"""
_DATASET = """
slaProperties:
  - {property: frequency, value: monthly}
customProperties:
  - {property: yishu.suppliers, value: [amr]}
  - {property: yishu.mode, value: upsert}
  - {property: yishu.sequence, value: update_time}
  - {property: yishu.sharing, value: none}
  - {property: yishu.sharingCondition, value: 基准测试}
  - {property: yishu.supply, value: {format: csv, header: name}}
"""
_MART = """\
      - {name: division_code, businessName: 区划代码, logicalType: string, physicalType: varchar(6), required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: reg_status, businessName: 登记状态, logicalType: string, physicalType: varchar(1), required: true, primaryKey: true, primaryKeyPosition: 2}
      - {name: entities, businessName: 企业数, logicalType: integer, physicalType: bigint}
      - {name: capital_wan, businessName: 注册资本, logicalType: number, physicalType: 'decimal(28,4)'}
customProperties:
  - {property: yishu.inputs, value: [silver.firms]}
"""
