"""Project → what there is to run: the manifest from which Airflow's DAGs are made.

Names and titles only, never a path of a machine; the same contracts give the same text.
"""

from __future__ import annotations

from typing import TypedDict

from yishu.contract.graph import inputs_foreign, inputs_inside, mart_order
from yishu.contract.levels import dataset_levels, datasets_before, mart_levels
from yishu.contract.model import Cycle, Database, DatabaseClass, Dataset, Mart, Project, Sharing, WriteMode

CLASSES: dict[DatabaseClass, str] = {
    "basic": "基础库", "thematic": "主题库", "special": "专题库", "policy": "政策库", "shared": "公共维表",
}  # fmt: skip
CYCLES: dict[Cycle, str] = {
    "realtime": "实时", "daily": "每日", "weekly": "每周", "monthly": "每月", "quarterly": "每季度", "half-yearly": "每半年",
    "yearly": "每年",
}  # fmt: skip
MODES: dict[WriteMode, str] = {
    "append": "按期追加", "upsert": "按主键取最新", "history": "保留历史版本", "snapshot": "全量快照",
}  # fmt: skip
SHARINGS: dict[Sharing, str] = {"unconditional": "无条件共享", "conditional": "有条件共享", "none": "不予共享"}


class DatasetJson(TypedDict):
    """`after`: datasets of this database that have to be refined before; `foreign`: of other databases; `level`: of all, from 0."""

    name: str
    title: str
    owner: str
    supplier: str
    cycle: str
    pool: str
    doc_md: str
    asset: str
    after: list[str]
    foreign: list[str]
    level: int


class MartJson(TypedDict):
    name: str
    table: str
    title: str
    doc_md: str
    pool: str
    after: list[str]
    foreign: list[str]
    asset: str
    level: int


class DatabaseJson(TypedDict):
    name: str
    title: str
    kind: str
    lead: str
    code: str
    tags: list[str]
    owner: str
    doc_md: str
    datasets: list[DatasetJson]
    marts: list[MartJson]


class ManifestJson(TypedDict):
    version: int
    databases: list[DatabaseJson]


def manifest(project: Project) -> ManifestJson:
    """All databases with their datasets (those referred to first) and marts (inputs first), as Airflow needs them.

    Raises:
        ContractError: marts are made from each other.
    """
    return {"version": 1, "databases": [_database(project, project.databases[name]) for name in sorted(project.databases)]}


def _dataset_order(project: Project) -> list[str]:
    # a level can name a dataset whose contract is broken: it is not in the project, others refer to it
    return [name for level in dataset_levels(project) for name in level if name in project.datasets]


def _needed(dataset: Dataset, project: Project) -> list[str]:
    """Datasets without which rows of this one are kept out, for its references to them are more than a warning."""
    return [f"silver.{name}" for name in datasets_before(project)[dataset.name] if name in project.datasets]


def _database(project: Project, database: Database) -> DatabaseJson:
    datasets = [project.datasets[n] for n in _dataset_order(project) if project.datasets[n].database == database.name]
    marts = [project.marts[table] for table in mart_order(project, database.name)]
    return {
        "name": database.name,
        "title": database.title,
        "kind": database.kind,
        "lead": database.lead,
        "code": database.code,
        "tags": sorted({"yishu", database.kind, CLASSES[database.kind], *filter(None, [database.code])}),
        "owner": database.lead,
        "doc_md": _database_doc(database, datasets, marts),
        "datasets": [_dataset(project, d) for d in datasets],
        "marts": [_mart(project, m) for m in marts],
    }


def _dataset(project: Project, dataset: Dataset) -> DatasetJson:
    needed = _needed(dataset, project)
    inside = [n for n in needed if project.datasets[n.removeprefix("silver.")].database == dataset.database]
    names = supplier_names(project, dataset)
    return {
        "name": dataset.name,
        "title": dataset.title,
        "owner": names[0] if names else "",
        "supplier": "、".join(names),
        "cycle": dataset.cycle,
        "pool": f"write_silver_{dataset.name}",
        "doc_md": _dataset_doc(project, dataset),
        "asset": f"silver.{dataset.name}",
        "after": inside,
        "foreign": [name for name in needed if name not in inside],
        "level": _level(dataset_levels(project), dataset.name),
    }


def _mart(project: Project, mart: Mart) -> MartJson:
    return {
        "name": mart.name,
        "table": mart.table,
        "title": mart.title,
        "doc_md": _mart_doc(mart),
        "pool": f"write_gold_{mart.database}_{mart.name}",
        "after": sorted(inputs_inside(project, mart)),
        "foreign": sorted(inputs_foreign(project, mart)),
        "asset": mart.table,
        "level": _level(mart_levels(project), mart.table),
    }


def _level(levels: list[list[str]], name: str) -> int:
    return next(place for place, names in enumerate(levels) if name in names)


def supplier_names(project: Project, dataset: Dataset) -> list[str]:
    """The suppliers' names in the contract's order; an id that stands nowhere shows as itself."""
    known = project.departments
    return list(dict.fromkeys(known[s].name if s in known else s for s in dataset.suppliers))


def _database_doc(database: Database, datasets: list[Dataset], marts: list[Mart]) -> str:
    rows = [
        ("牵头部门 Lead", database.lead),
        ("责任部门 Duty", database.duty),
        ("数据集 Datasets", "、".join(f"{d.title} `{d.name}`" for d in datasets)),
        ("成果表 Marts", "、".join(f"{m.title} `{m.table}`" for m in marts)),
    ]
    return _doc(f"{database.title} `{database.name}`", database.description, rows)


def _dataset_doc(project: Project, dataset: Dataset) -> str:
    codes = [project.departments[s].code for s in dataset.suppliers if s in project.departments]
    folders = "、".join(f"`receipts/{code}/{dataset.name}/`" for code in dict.fromkeys(codes))
    order = f"，次序 sequence `{dataset.sequence}`" if dataset.sequence else ""
    rows = [
        ("来源系统 Source", dataset.system),
        ("供数部门 Supplier", "、".join(supplier_names(project, dataset))),
        ("更新周期 Cycle", f"{CYCLES[dataset.cycle]} {dataset.cycle}"),
        ("主键 Key", "、".join(f"`{name}`" for name in dataset.key)),
        ("入库方式 Mode", f"{MODES[dataset.mode]} {dataset.mode}{order}"),
        ("共享 Sharing", f"{SHARINGS[dataset.sharing]} {dataset.sharing}"),
        ("容许不合格 Tolerance", f"{dataset.tolerance:.2%}"),
        ("回执 Receipts", f"{folders} · `yishu receipt <delivery>`" if folders else "`yishu receipt <delivery>`"),
    ]
    return _doc(f"{dataset.title} `{dataset.name}`", dataset.description, rows)


def _mart_doc(mart: Mart) -> str:
    rows = [
        ("回答 Question", mart.question),
        ("输入 Inputs", "、".join(f"`{name}`" for name in mart.inputs)),
        ("主键 Key", "、".join(f"`{name}`" for name in mart.key)),
        ("读取 Read", f'`yishu query "SELECT * FROM {mart.table}"`'),
    ]
    return _doc(f"{mart.title} `{mart.table}`", mart.description, rows)


def _doc(title: str, text: str, rows: list[tuple[str, str]]) -> str:
    table = [f"| {name} | {_cell(value)} |" for name, value in rows if value]
    return "\n".join([f"### {title}", "", *([text.strip(), ""] if text.strip() else []), "| | |", "|---|---|", *table])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
