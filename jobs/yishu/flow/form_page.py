"""A dataset, a period and a signed form → the page with which a clerk sends a file: one HTML file that needs nothing beside it.

It says what is expected, sends the file to the store itself, and says in Chinese what came of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from yishu.contract.model import Dataset, Department, Field, FileFormat, Project, Supply, TextEncoding
from yishu.contract.period import Period, parse_period
from yishu.derive.duties import due_day
from yishu.derive.filling import columns
from yishu.errors import DeliveryRejected, UsageError
from yishu.flow.admission import admit
from yishu.flow.manifest import NAME
from yishu.flow.reading.form import AGREED
from yishu.flow.templates import project_templates
from yishu.lake.drop_folders import UNFINISHED_END, UNFINISHED_START
from yishu.lake.drop_zone import NAME_BYTES
from yishu.lake.store_links import UploadForm
from yishu.quality.codelists import read_codes

_BEIJING = ZoneInfo("Asia/Shanghai")
_REMEDY = "name the department by id or code, the dataset as its contract, the period as its folder in landing"


@dataclass(frozen=True)
class HandIn:
    """Who sends what for which period; the place in landing is `<department code>/<dataset>/<period>/`."""

    department: Department
    dataset: Dataset
    period: Period

    @property
    def folder(self) -> str:
        return f"{self.department.code}/{self.dataset.name}/{self.period.text}/"


def hand_in(project: Project, department: str, dataset: str, period: str, today: dt.date) -> HandIn:
    """What a form is made for, by the same rules by which its file will be let in.

    Args:
        department: id or code.
        dataset: the contract's name.
        period: as the folder in landing is named.
        today: the day on which the form is made.

    Raises:
        UsageError: the department may not hand it in, there is no such period, or nobody hands it in as files.
    """
    code = project.departments[department].code if department in project.departments else department
    try:
        contract = admit(project, code, dataset, period, today)
    except DeliveryRejected as error:
        raise UsageError(error.what, code=error.code, place=error.place, expected=error.expected, remedy=_REMEDY) from error
    if contract.supply.pull is not None:
        raise UsageError(f"{dataset} is not handed in as files", code="pull", expected="a dataset without `pull`", remedy="yishu pull")
    span = parse_period(period)
    named = [d for d in project.departments.values() if d.code == code and d.id in contract.suppliers]
    assert span is not None and named  # admit saw to both
    return HandIn(max(named, key=lambda d: d.valid_from), contract, span)


def page_text(project: Project, hand_in: HandIn, form: UploadForm, today: dt.date) -> str:
    """The page as HTML.

    Args:
        project: templates and code lists.
        hand_in: what the form is for.
        form: signed for the folder of it.
        today: the day on which the page is made, by which its examples of codes are valid.
    """
    dataset, period = hand_in.dataset, hand_in.period
    due, ends = due_day(dataset, period), form.expires.astimezone(_BEIJING)
    codes = {f.name: _code(project, f, hand_in.department, today) for f in dataset.fields if f.codelist}
    return project_templates(project.root).get_template("form.html").render(
        d=dataset, department=hand_in.department, period=period, folder=hand_in.folder, form=form, origin=_origin(form),
        days="" if period.form == "day" else f"{_day(period.start)}至{_day(period.end)}", due=_day(due) if due else "", late=due is not None and due < today, written=_written(dataset.supply),
        columns=columns(dataset, period, codes), positions=dataset.supply.positions, manifest=NAME,
        expires=f"{_day(ends.date())} {ends:%H:%M}", most=_size(form.most_bytes),
        page={
            "prefix": form.prefix, "most": form.most_bytes, "most_text": _size(form.most_bytes), "expires": form.expires.timestamp(),
            "unfinished_start": UNFINISHED_START, "unfinished_end": UNFINISHED_END, "longest": NAME_BYTES, "manifest": NAME,
            "endings": [*_ENDINGS[dataset.supply.format], ".zip", ".gz"], "agreed": AGREED[dataset.supply.format],
        },
    )  # fmt: skip


_ENDINGS: dict[FileFormat, tuple[str, ...]] = {
    "csv": (".csv", ".txt"), "fixed": (".txt", ".dat"), "jsonl": (".jsonl", ".ndjson", ".json", ".txt"), "json": (".json",),
    "xml": (".xml",), "xlsx": (".xlsx",), "xls": (".xls",), "parquet": (".parquet",),
}  # fmt: skip
"""What such files are usually called. Content decides: another name is asked about, not refused."""


def _origin(form: UploadForm) -> str:
    address = urlsplit(form.action)
    return f"{address.scheme}://{address.netloc}"


def _code(project: Project, field: Field, department: Department, today: dt.date) -> str:
    """A code of the field's list that is valid today, of the department's own province if it is a place; a fine one."""
    codes = read_codes(project.codelists[field.codelist or ""])
    valid = [c.code for c in codes if c.edition in ("", field.edition) and (c.valid_to is None or c.valid_to >= today)]
    near = [code for code in valid if field.check == "division" and code.startswith(department.area[:2])]
    return max(near or valid, key=lambda code: len(code.rstrip("0")), default="")


def _day(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _size(count: int) -> str:
    return f"{count >> 30} GB" if count % (1 << 30) == 0 else f"{count >> 20} MB"


def _written(supply: Supply) -> list[str]:
    """How the file is written, a sentence each."""
    said = [AGREED[supply.format], *_OF_FORMS[supply.format](supply)]
    if supply.format != "fixed":
        first, second = ("字段名", "中文列名") if supply.header == "name" else ("中文列名", "字段名")
        said.append(f"列名用{first}（也认{second}），列的先后不限")
    return [*said, "可以用 zip 或 gz 压缩一次再报送"]


def _nothing_more(_: Supply) -> list[str]:
    return []


def _text(supply: Supply) -> list[str]:
    return [_ENCODINGS[supply.encoding]]


def _csv(supply: Supply) -> list[str]:
    by_excel = supply.delimiter == "," and _BY_EXCEL.get(supply.encoding)
    hint = [f"用 Excel 时，“另存为”选“{by_excel}”"] if by_excel else []
    return [f"{_ENCODINGS[supply.encoding]}，以{_DELIMITERS.get(supply.delimiter, f'“{supply.delimiter}”')}分隔，首行是列名", *hint]


def _sheet(supply: Supply) -> list[str]:
    last = supply.header_row + supply.header_rows - 1
    rows = f"第 {supply.header_row} 行" if last == supply.header_row else f"第 {supply.header_row} 至 {last} 行"
    where = f"工作表“{supply.sheet}”" if supply.sheet else "第一个有内容的工作表"
    return [f"{where}，{rows}是列名；不能带宏、密码和指向其他文件的链接"]


def _fixed(supply: Supply) -> list[str]:
    unit = "字节" if supply.unit == "bytes" else "字符"
    return [f"{_ENCODINGS[supply.encoding]}，每行一条，各列起止位置见下表，按{unit}计"]


def _json(supply: Supply) -> list[str]:
    return [*_text(supply), f"各行在 {supply.path} 之下的数组里" if supply.path else "整个文件是一个数组，每行一个对象"]


def _xml(supply: Supply) -> list[str]:
    return [f"每行是一个 {supply.path}，各列是它的{'属性' if supply.cells == 'attributes' else '子元素'}"]


_OF_FORMS: dict[FileFormat, Callable[[Supply], list[str]]] = {
    "csv": _csv, "fixed": _fixed, "jsonl": _text, "json": _json, "xml": _xml, "xlsx": _sheet, "xls": _sheet,
    "parquet": _nothing_more,
}  # fmt: skip
_ENCODINGS: dict[TextEncoding, str] = {
    "utf-8": "UTF-8 编码", "utf-16": "UTF-16 编码（带 BOM）", "gb18030": "GB18030（GBK）编码", "auto": "编码为 UTF-8、UTF-16 或 GB18030",
}  # fmt: skip
_BY_EXCEL: dict[TextEncoding, str] = {"utf-8": "CSV UTF-8（逗号分隔）", "gb18030": "CSV（逗号分隔）"}
_DELIMITERS = {",": "英文逗号", "\t": "制表符（Tab）", ";": "英文分号", "|": "竖线"}
