"""A landing file's place (department, dataset, period) → admitted, or a refusal that a clerk understands.

Everything here is known without opening the file.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Sequence

from yishu.contract.model import Dataset, Department, Project
from yishu.contract.period import Period, parse_period
from yishu.errors import DeliveryRejected, Place

_FORMS = "2024、2024H1、2024Q3、2024-06、2024-W05 或 2024-06-30 这样的期次"
_LISTED = 5
UNFINISHED_START = (".", "_", "~$")
UNFINISHED_END = (".part", ".tmp", ".crdownload", ".filepart")


def admit(project: Project, department: str, dataset: str, period: str, today: dt.date) -> Dataset:
    """The dataset, if this department may hand it in for this period.

    Args:
        department: code, as the landing folder is named.
        dataset: name, as the landing folder is named.
        period: as the landing folder is named.
        today: the day of the claim.

    Raises:
        DeliveryRejected: an unknown dataset or department, no supplier of it, not in office, or no period.
    """
    found = project.datasets.get(dataset)
    if found is None:
        raise _unknown_dataset(project, dataset)
    span = parse_period(period)
    if span is None:
        raise DeliveryRejected(
            f"文件夹“{period}”不是期次", code="period", place=Place(f"{department}/{dataset}/{period}"),
            expected=_FORMS, remedy="请把文件放进以期次命名的文件夹后重新报送",
        )  # fmt: skip
    _supplier(project, department, found, span, today)
    return found


def unfinished(name: str) -> bool:
    """True for hidden files and those that a program is still writing: they are left for a later look."""
    return name.startswith(UNFINISHED_START) or name.lower().endswith(UNFINISHED_END)


def refusal(error: DeliveryRejected) -> str:
    """What the receipt says of a refused delivery: what is wrong, what was expected, what to do."""
    parts = [error.what]
    parts += [f"应为：{error.expected}"] if error.expected else []
    parts += [error.remedy] if error.remedy else []
    return "；".join(parts)


def _unknown_dataset(project: Project, name: str) -> DeliveryRejected:
    titles = {d.title: d.name for d in project.datasets.values()}
    near = difflib.get_close_matches(name, project.datasets, _LISTED, 0.6)
    near += [titles[title] for title in difflib.get_close_matches(name, titles, _LISTED, 0.6)]
    hint = "、".join(f"{n}（{project.datasets[n].title}）" for n in dict.fromkeys(near))
    return DeliveryRejected(
        f"没有名为“{name}”的数据集", code="dataset", place=Place(name),
        expected=f"已登记的数据集名{f'，是否为 {hint}' if hint else ''}", remedy="请核对文件夹名；新数据集须先与平台约定",
    )  # fmt: skip


def _supplier(project: Project, code: str, dataset: Dataset, period: Period, today: dt.date) -> Department:
    named = [d for d in project.departments.values() if d.code == code]
    suppliers = [project.departments[s] for s in dataset.suppliers if s in project.departments]
    if not named:
        raise DeliveryRejected(
            f"部门代码“{code}”未登记", code="department", place=Place(code),
            expected=f"“{dataset.title}”的供数部门：{_names(suppliers)}", remedy="请核对文件夹名，应为 18 位统一社会信用代码",
        )  # fmt: skip
    allowed = [d for d in named if d.id in dataset.suppliers]
    if not allowed:
        raise DeliveryRejected(
            f"“{named[0].name}”不是“{dataset.title}”的供数部门", code="supplier", place=Place(code),
            expected=_names(suppliers), remedy="一数一源：请由供数部门报送，或与平台核对供数责任",
        )  # fmt: skip
    in_office = [d for d in allowed if d.valid_from <= today and (d.valid_to is None or period.start <= d.valid_to)]
    if not in_office:
        raise _out_of_office(project, allowed[0], dataset, period)
    return in_office[0]


def _out_of_office(project: Project, department: Department, dataset: Dataset, period: Period) -> DeliveryRejected:
    heir = project.departments.get(department.successor or "")
    until = department.valid_to.isoformat() if department.valid_to else "今"
    return DeliveryRejected(
        f"“{department.name}”不能为 {period.text} 期报送“{dataset.title}”：该部门的有效期是 {department.valid_from} 至 {until}",
        code="department", place=Place(department.code),
        expected=f"由承接部门“{heir.name}”（{heir.code}）报送" if heir else "有效期内的期次",
        remedy="请核对期次，或由承接部门报送",
    )  # fmt: skip


def _names(departments: Sequence[Department]) -> str:
    return "、".join(f"{d.name}（{d.code}）" for d in departments) or "（未登记）"
