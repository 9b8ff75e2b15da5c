"""A dataset or mart → its record in the 政务信息资源目录, by its core metadata (发改高技〔2017〕1272号), in the standard's words.

What only a run or an office can say (发布日期, 开放) stands at its default here.
"""

from __future__ import annotations

from typing import TypedDict

from yishu.contract.model import Dataset, Field, FileFormat, Kind, Mart, Project, Sharing
from yishu.derive.tasks import CLASSES, CYCLES, SHARINGS, supplier_names


class Coded(TypedDict):
    代码: str
    名称: str


class Item(TypedDict):
    信息项名称: str
    数据类型: str
    长度: int | None
    共享类型: str
    更新周期: str
    标准: str


class CatalogueJson(TypedDict):
    """The core metadata in the standard's own words; 发布日期 is a run fact and stays empty here."""

    信息资源分类: list[Coded]
    信息资源名称: str
    信息资源代码: str
    信息资源提供方: str
    信息资源提供方代码: str
    信息资源摘要: str
    信息资源格式: list[Coded]
    信息项信息: list[Item]
    共享类型: Coded
    共享条件: str
    共享方式: list[str]
    是否向社会开放: Coded
    开放条件: str
    更新周期: Coded
    发布日期: None
    关联资源代码: list[str]


_SHARING: dict[Sharing, Coded] = {
    "unconditional": {"代码": "1", "名称": "无条件共享"},
    "conditional": {"代码": "2", "名称": "有条件共享"},
    "none": {"代码": "3", "名称": "不予共享"},
}
_CYCLE_CODES = {
    "realtime": "1",
    "daily": "2",
    "weekly": "3",
    "monthly": "4",
    "quarterly": "5",
    "yearly": "6",
    "half-yearly": "9",
}
"""Half-yearly has no number in the standard, which allows others."""
_CLASS_CODES = {"basic": "1", "thematic": "2"}
_CLASS_NAMES = {"1": "基础信息资源", "2": "主题信息资源"}
_KINDS: dict[Kind, str] = {
    "string": "字符型C", "integer": "整型I", "decimal": "数值型N", "date": "日期型D", "timestamp": "日期时间型T", "boolean": "逻辑型L",
}  # fmt: skip
_FORMATS: dict[FileFormat, Coded] = {
    "csv": {"代码": "2", "名称": "电子表格 CSV"},
    "fixed": {"代码": "1", "名称": "电子文件 TXT"},
    "xlsx": {"代码": "2", "名称": "电子表格 XLSX"},
    "xls": {"代码": "2", "名称": "电子表格 XLS"},
    "jsonl": {"代码": "6", "名称": "自描述格式 JSON Lines"},
    "json": {"代码": "6", "名称": "自描述格式 JSON"},
    "xml": {"代码": "1", "名称": "电子文件 XML"},
    "parquet": {"代码": "6", "名称": "自描述格式 Parquet"},
}
_DATABASE_FORMAT: Coded = {"代码": "3", "名称": "数据库 Delta"}


def dataset_record(dataset: Dataset, project: Project) -> CatalogueJson:
    """The catalogue record of a dataset.

    Args:
        dataset: the contract.
        project: where its departments, database and related datasets are looked up.
    """
    codes = [project.departments[s].code for s in dataset.suppliers if s in project.departments]
    sharing = _SHARING[dataset.sharing]
    return {
        "信息资源分类": [_class(dataset.database, project)],
        "信息资源名称": dataset.title,
        "信息资源代码": dataset.code,
        "信息资源提供方": "、".join(supplier_names(project, dataset)),
        "信息资源提供方代码": "、".join(dict.fromkeys(codes)),
        "信息资源摘要": dataset.description.strip()[:1000],
        "信息资源格式": [_FORMATS[dataset.supply.format], _DATABASE_FORMAT],
        "信息项信息": [_item(f, dataset.sharing, CYCLES[dataset.cycle]) for f in dataset.fields],
        "共享类型": sharing,
        "共享条件": dataset.sharing_condition,
        "共享方式": _ways(dataset.sharing),
        "是否向社会开放": _CLOSED,
        "开放条件": "",
        "更新周期": {"代码": _CYCLE_CODES[dataset.cycle], "名称": CYCLES[dataset.cycle]},
        "发布日期": None,
        "关联资源代码": _related(dataset, project),
    }


def mart_record(mart: Mart, project: Project, sharing: Sharing) -> CatalogueJson:
    """The catalogue record of a mart; its provider is the lead of its database, its cycle that of its inputs.

    Args:
        mart: the contract.
        project: where its database and inputs are looked up.
        sharing: how freely it may be shared, which follows from its inputs.
    """
    database = project.databases.get(mart.database)
    lead = database.lead if database else ""
    codes = [d.code for d in project.departments.values() if lead in (d.name, d.id)]
    inputs = [project.datasets[i.split(".")[1]] for i in mart.inputs if i.split(".")[1] in project.datasets]
    return {
        "信息资源分类": [_class(mart.database, project)],
        "信息资源名称": mart.title,
        "信息资源代码": "",
        "信息资源提供方": lead,
        "信息资源提供方代码": codes[0] if codes else "",
        "信息资源摘要": (mart.description or mart.question).strip()[:1000],
        "信息资源格式": [_DATABASE_FORMAT],
        "信息项信息": [_item(f, sharing, "随来源") for f in mart.fields],
        "共享类型": _SHARING[sharing],
        "共享条件": "",
        "共享方式": _ways(sharing),
        "是否向社会开放": _CLOSED,
        "开放条件": "",
        "更新周期": {"代码": "9", "名称": "随来源"},
        "发布日期": None,
        "关联资源代码": sorted({d.code for d in inputs if d.code}),
    }


_CLOSED: Coded = {"代码": "0", "名称": "否"}


def _class(name: str, project: Project) -> Coded:
    """类 of the standard: 1 basic, 2 thematic; special and policy databases count as thematic."""
    database = project.databases.get(name)
    if database is None:
        return {"代码": "", "名称": ""}
    code = _CLASS_CODES.get(database.kind, "2")
    return {"代码": code, "名称": f"{_CLASS_NAMES[code]}/{CLASSES[database.kind]}/{database.title}"}


def _item(field: Field, sharing: Sharing, cycle: str) -> Item:
    return {
        "信息项名称": field.title, "数据类型": _KINDS[field.type.kind], "长度": field.type.length or field.type.precision,
        "共享类型": SHARINGS[sharing], "更新周期": cycle, "标准": field.standard,
    }  # fmt: skip


def _ways(sharing: Sharing) -> list[str]:
    return [] if sharing == "none" else ["共享平台/数据库"]


def _related(dataset: Dataset, project: Project) -> list[str]:
    names = {f.reference.dataset for f in dataset.fields if f.reference is not None} - {dataset.name}
    return sorted({project.datasets[n].code for n in names if n in project.datasets and project.datasets[n].code})
