"""`manifest.json` → what it promises, or a refusal that a clerk understands; and a promise against what was counted.

A stranger's file: its size, names and numbers are bounded before anything is done with them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, ValidationError

from yishu.contract.model import Dataset, Frozen
from yishu.errors import DeliveryRejected, Place
from yishu.flow.reading.source import Source
from yishu.lake.drop_folders import unfinished
from yishu.lake.ledger import LandedFile

NAME = "manifest.json"
MOST_BYTES = 1 << 20
MOST_FILES = 1000
_MOST_KEYS = 200
"""Of one object: a manifest of this shape has a few, and a total for each column of a wide table."""
_NAME_BYTES = 255
_TOLD = 10
NUMBER_CHARS = 100
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?)(?:[eE][-+]?[0-9]{1,2})?")
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
Rows = Annotated[int, Field(strict=True, ge=0, le=10**12)]


class PromisedFile(Frozen):
    name: Annotated[str, Field(strict=True, min_length=1)]
    sha256: Annotated[str, Field(strict=True, pattern=r"^[0-9a-fA-F]{64}$")]
    rows: Rows | None = None


class Manifest(Frozen):
    """What a department says of one delivery of several files (or one)."""

    files: Annotated[tuple[PromisedFile, ...], Field(min_length=1)]
    rows: Rows | None = None
    totals: dict[str, Annotated[str, Field(strict=True)]] = Field(default_factory=dict, max_length=_MOST_KEYS)
    """Column, by title or name → the sum of its cells, as text."""
    period: Annotated[str, Field(strict=True)] | None = None
    supersedes: Annotated[str, Field(strict=True, pattern=r"^d-[0-9a-f]{16}$")] | None = None
    watermark: Annotated[str, Field(strict=True, max_length=NUMBER_CHARS)] | None = None
    """How far an extract reaches that was pulled from a department's database (`flow.pull`)."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(file.name for file in self.files)

    @property
    def text(self) -> str:
        """The promise in one form, however the file was laid out; the ledger keeps it."""
        files = sorted(self.files, key=lambda file: file.name)
        tidy = self.model_copy(update={"files": tuple(f.model_copy(update={"sha256": f.sha256.lower()}) for f in files)})
        return json.dumps(tidy.model_dump(exclude_defaults=True), sort_keys=True)


@dataclass(frozen=True)
class Counted:
    """What stands in bronze: rows per file; per promised column the sum, and how many filled cells are no numbers."""

    rows: Mapping[str, int]
    totals: Mapping[str, Decimal]
    unread: Mapping[str, int]


def read_manifest(source: Source) -> Manifest:
    """Read and check what can be checked without looking at any other file.

    Raises:
        DeliveryRejected: too large, no JSON of this shape, or a name that is no plain file name.
        OSError: it cannot be read just now.
    """
    document = _document(source)
    files = document.get("files") if isinstance(document, dict) else None
    if isinstance(files, list) and len(files) > MOST_FILES:  # before each of them is told to be wrong
        raise _refused([f"files 有 {len(files)} 项，最多 {MOST_FILES} 项"], _SHAPE)
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        raise _refused(_spelled(error), _SHAPE) from None
    wrong = [f"文件名“{_safe(name)}”{why}" for name in manifest.names if (why := _name_gap(name))]
    wrong += [f"文件“{name}”列了两次" for name in dict.fromkeys(manifest.names) if manifest.names.count(name) > 1]
    wrong += [f"合计“{_safe(c)}”的值“{_safe(t)}”不是数字" for c, t in manifest.totals.items() if number(t) is None]
    known = [file.rows for file in manifest.files if file.rows is not None]
    if manifest.rows is not None and len(known) == len(manifest.files) and sum(known) != manifest.rows:
        wrong.append(f"各文件行数之和为 {sum(known)}，总行数却为 {manifest.rows}")
    if wrong:
        raise _refused(wrong, '本文件夹内的文件名，每个一次；合计为数字文本，如 "1,234.50"')
    return manifest


def promised(text: str) -> Manifest:
    """What the ledger keeps of a manifest."""
    return Manifest.model_validate(json.loads(text))


def differences_at_the_door(manifest: Manifest, files: Sequence[LandedFile], dataset: Dataset, period: str) -> tuple[str, ...]:
    """What of the promise does not hold, as far as it shows without reading rows, in Chinese."""
    landed = {Path(file.path).name: file.sha256 for file in files}
    wrong = [f"缺少文件“{name}”" for name in manifest.names if name not in landed]
    wrong += [
        f"文件“{file.name}”的 SHA-256 清单为 {file.sha256.lower()[:12]}…，实为 {landed[file.name][:12]}…"
        for file in manifest.files
        if file.name in landed and landed[file.name] != file.sha256.lower()
    ]
    if manifest.period is not None and manifest.period != period:
        wrong.append(f"清单的期次为“{_safe(manifest.period)}”，文件夹为“{period}”")
    fields = [field_of(dataset, column) for column in manifest.totals]
    wrong += [
        f"合计的列“{_safe(c)}”不是“{dataset.title}”的列" for c, f in zip(manifest.totals, fields, strict=True) if f is None
    ]
    wrong += [f"字段“{name}”有两个合计" for name in dict.fromkeys(f for f in fields if f) if fields.count(name) > 1]
    return tuple(wrong)


def differences(manifest: Manifest, counted: Counted) -> tuple[str, ...]:
    """What of the promise does not hold once the rows are counted, in Chinese; empty if all of it holds."""
    wrong = [
        f"文件“{file.name}”清单为 {file.rows} 行，实收 {counted.rows.get(file.name, 0)} 行"
        for file in manifest.files
        if file.rows is not None and file.rows != counted.rows.get(file.name, 0)
    ]
    received = sum(counted.rows.values())
    if manifest.rows is not None and manifest.rows != received:
        wrong.append(f"总行数清单为 {manifest.rows}，实收 {received}")
    for column, text in manifest.totals.items():
        wanted, found, unread = number(text), counted.totals.get(column, Decimal(0)), counted.unread.get(column, 0)
        if wanted != found:
            beside = f"（另有 {unread} 个单元格不是数字，未计入）" if unread else ""
            wrong.append(f"“{column}”合计清单为 {text}，实收 {shown(found)}{beside}")
    return tuple(wrong)


def shown(total: Decimal) -> str:
    """With thousands commas and no idle zeros."""
    text = f"{total:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def mismatch(wrong: Iterable[str]) -> DeliveryRejected:
    """The refusal that names the differences."""
    return _refused([*wrong], "清单与文件一致", "与 manifest.json 不符", "请核对文件与清单，改正后以同一期次重新报送")


def field_of(dataset: Dataset, column: str) -> str | None:
    """The field that a department calls by its title or its name."""
    named = [f.name for f in dataset.fields if column in (f.name, f.title)]
    return named[0] if len(named) == 1 else None


def number(text: str) -> Decimal | None:
    """A number as people write it and silver understands it: full-width, with blanks, thousands commas, a sign or an exponent."""
    plain = "".join(text.translate(_HALF_WIDTH).split()) if len(text) <= NUMBER_CHARS else ""
    return Decimal(plain.replace(",", "")) if _NUMBER.fullmatch(plain) else None


_SHAPE = '{"files": [{"name": …, "sha256": …, "rows": …}], "rows": …, "totals": {列名: "数字"}, "period": …, "supersedes": …}'


def _document(source: Source) -> JsonValue:
    with source.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise _refused([f"超过 {MOST_BYTES >> 20} MiB"], "只列文件名、校验值、行数与合计")
    try:
        text = data.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)  # type: ignore[no-any-return]
    except UnicodeDecodeError:
        raise _refused(["不是 UTF-8 编码"], "UTF-8 编码的 JSON") from None
    except RecursionError:
        raise _refused(["嵌套过深"], _SHAPE) from None
    except ValueError as error:
        line = f"（第 {error.lineno} 行第 {error.colno} 列）" if isinstance(error, json.JSONDecodeError) else f"（{error}）"
        raise _refused([f"不是 JSON{line}"], _SHAPE) from None


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    if len(pairs) > _MOST_KEYS:
        raise ValueError(f"一个对象有 {len(pairs)} 个键")
    found: dict[str, JsonValue] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"键“{_safe(name)}”写了两次")
        found[name] = value
    return found


def _integer(text: str) -> int:
    if len(text) > NUMBER_CHARS:
        raise ValueError("数字过长")
    return int(text)


def _constant(name: str) -> None:
    raise ValueError(f"{name} 不是数字")


def _spelled(error: ValidationError) -> list[str]:
    """Each thing that is not as it should be, by its place in the file."""
    words = {"extra_forbidden": "是未知的键", "missing": "没有写", "too_short": "是空的"}
    told = []
    for found in error.errors(include_url=False, include_input=False):
        place = ".".join(str(p + 1) if isinstance(p, int) else _safe(p) for p in found["loc"]) or "整个文件"
        told.append(f"{place} {words.get(found['type'], '的值不合要求')}")
    return list(dict.fromkeys(told))


def _name_gap(name: str) -> str:
    """Why a name is none that a file of this folder can have; empty where it is one."""
    if "/" in name or "\\" in name or name in (".", ".."):
        return "含有路径，只能写本文件夹内的文件名"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Cf") for c in name):
        return "含有不可见的字符"
    if len(name.encode()) > _NAME_BYTES:
        return f"超过 {_NAME_BYTES} 字节"
    if name == NAME:
        return "是清单自己"
    if unfinished(name):
        return "表示文件尚未传完，不会被接收"
    return ""


def _safe(text: str) -> str:
    shown = "".join("�" if unicodedata.category(c) in ("Cc", "Cs", "Cf") else c for c in text[:80])
    return shown + ("…" if len(text) > 80 else "")


def _refused(
    wrong: Sequence[str], expected: str, head: str = "manifest.json 不能用", remedy: str = "请改正清单后重新报送"
) -> DeliveryRejected:
    told = "；".join(wrong[:_TOLD]) + (f" 等共 {len(wrong)} 处" if len(wrong) > _TOLD else "")
    return DeliveryRejected(f"{head}：{told}", code="manifest", place=Place(NAME), expected=expected, remedy=remedy)
