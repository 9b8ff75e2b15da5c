"""政策文件: the departments → what they issued since 2015, what replaced it, what ran out, and what is still cited.

Titles and texts are invented. Rows are in order of time; the last two were issued after the first delivery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.places import Department
from yishu.sample.province import Province

OFFICES: Final = (
    ("gov_office", "冀政办字", "02", ("重点工作督查", "优化营商环境", "政务公开", "基层减负")),
    ("drc", "冀发改规", "03", ("战略性新兴产业项目", "循环经济", "价格监测", "公共资源交易")),
    ("finance", "冀财规", "04", ("政府采购", "财政专项资金", "贷款贴息", "会计信息质量")),
    ("industry", "冀工信规", "07", ("技术改造", "专精特新企业培育", "绿色工厂", "中小企业服务")),
    ("science", "冀科规", "11", ("科技型企业认定", "科技成果转化", "重点研发项目", "科技特派员")),
    ("hrss", "冀人社规", "15", ("稳岗返还", "技能提升", "创业担保贷款", "劳务品牌")),
    ("commerce", "冀商规", "08", ("外贸稳定增长", "电子商务进农村", "老字号保护", "家电以旧换新")),
    ("agri", "冀农规", "06", ("家庭农场培育", "高标准农田", "农机作业服务", "设施蔬菜")),
    ("culture", "冀文旅规", "12", ("乡村旅游重点村", "非遗工坊", "文化企业扶持", "旅游民宿")),
    ("tax", "冀税规", "04", ("办税便利化", "纳税信用", "税费优惠享受", "发票电子化")),
    ("amr", "冀市监规", "09", ("食品安全追溯", "特种设备安全", "质量奖励", "知识产权保护")),
    ("emergency", "冀应急规", "09", ("危险化学品监测预警", "安全生产标准化", "防汛应急准备", "应急物资储备")),
    ("ecology", "冀环规", "10", ("大气污染防治", "排污权交易", "入河排污口", "环保绩效分级")),
    ("gov_services", "冀政服规", "02", ("一网通办", "政务服务大厅", "信用评价", "证明事项告知承诺")),
    ("dgs", "冀数政规", "02", ("政务数据共享", "一网通办", "信用修复", "数据质量")),
)
"""Id of the department, its sign in document numbers, theme, and what its documents are about."""
_KINDS: Final = ("管理办法", "实施细则", "若干措施", "行动方案", "工作规程")
IN_FORCE, EXPIRED, REPEALED, AMENDED = 1, 2, 3, 4
_NEWEST: Final = (("finance", "2025-01-03"), ("amr", "2025-01-02"))
GRANTING: Final = ("industry", "drc", "science", "hrss", "commerce", "agri", "culture", "tax")
"""Departments whose last document is in force for good: firms are granted something by it."""


@dataclass(frozen=True)
class Papers:
    """Vectors of one length; -1 and NaT mean none."""

    office: Ints
    """Index in `OFFICES`."""
    issuer: Ints
    """Index in `province.departments`."""
    id: pa.Array
    number: pa.Array
    numbered: col.Flags
    """Announcements have no number."""
    subject: pa.Array
    written: col.Days
    published: col.Days
    effect: col.Days
    expires: col.Days
    status: Ints
    replaces: Ints
    cites: Ints
    cited: Ints
    """Repealed ones that a later one in force still names …"""
    citing: Ints
    """… and these."""

    @property
    def old(self) -> int:
        """So many were issued before the first delivery."""
        return len(self.office) - len(_NEWEST)

    def replaced_late(self) -> tuple[int, int]:
        """Replaced after the first delivery: one still stands as in force, the other's row is put right."""
        return int(self.replaces[-2]), int(self.replaces[-1])

    def lasting(self) -> Ints:
        """In force without an end, replaced by none."""
        last = (self.status == IN_FORCE) & np.isnat(self.expires) & self.numbered
        last[self.replaces[self.replaces >= 0]] = False
        last[self.old :] = False
        return np.flatnonzero(last)


def _index(name: str) -> int:
    return next(index for index, office in enumerate(OFFICES) if office[0] == name)


def papers(province: Province) -> Papers:
    """The same documents whoever asks."""
    generator = province.generator("policy_document")
    count = min(5_000, max(120, province.rows // 4))
    office, issuer, written = _issued(province.departments, generator, count)
    count = len(office)
    numbered = generator.random(count) >= 0.03
    published = col.after(written, generator.integers(0, 13, size=count))
    later = (published.astype("datetime64[M]") + 1).astype("datetime64[D]")
    effect = np.where(generator.random(count) < 0.5, published, later)
    expires = col.after(effect, np.array([0, 2, 3, 5])[col.draw(generator, 4, count, (55, 10, 15, 20))] * 365)
    expires[expires == effect] = np.datetime64("NaT")
    former = _last_of_office(office)
    replaced = former[-len(_NEWEST) :]
    pinned = np.append(replaced, [np.flatnonzero(office == _index(name))[-1] for name in GRANTING])
    numbered[pinned], numbered[-len(_NEWEST) :], effect[-len(_NEWEST) :] = True, True, np.datetime64("2025-01-08")
    expires[pinned], published[-len(_NEWEST) :] = np.datetime64("NaT"), np.datetime64("2025-01-06")
    replaces = np.where((generator.random(count) < 0.15) & numbered & numbered[former] & (former >= 0), former, -1)
    replaces[-len(_NEWEST) :] = replaced
    replaces, expires, status = _replaced(generator, replaces, effect, expires)
    status[pinned] = IN_FORCE
    year = col.year_of(written)
    sign = col.pick([sign for _, sign, _, _ in OFFICES], office)
    serial = col.ranks(office * 10_000 + year) + 1
    lists = [subject for _, _, _, subjects in OFFICES for subject in subjects]
    topic = office * 4 + col.draw(generator, 4, count)
    cites, cited, citing = _citations(generator, status, expires, numbered, replaces)
    return Papers(
        office=office, issuer=issuer, id=col.joined("HBZC", col.integers(year), col.padded(np.arange(count) + 1, 8)),
        number=col.joined(sign, "〔", col.integers(year), "〕", col.integers(serial), "号"), numbered=numbered,
        subject=col.joined(col.pick(lists, topic), col.choose(generator, _KINDS, count)), written=written, published=published,
        effect=effect, expires=expires, status=status, replaces=replaces, cites=cites, cited=cited, citing=citing,
    )  # fmt: skip


def _issued(known: Sequence[Department], generator: np.random.Generator, count: int) -> tuple[Ints, Ints, col.Days]:
    """Office, department and day of writing, in order of time; no department writes before it is there or after its end."""
    place = {department.id: index for index, department in enumerate(known)}
    names = [name for name, _, _, _ in OFFICES]
    own = np.array([place[name] for name in names])
    first = np.array([max(known[index].first, "2015-01-01") for index in own], dtype="datetime64[D]")
    last = np.array([min(known[index].last or "9", "2024-11-20") for index in own], dtype="datetime64[D]")
    office = col.draw(generator, len(names), count, [4, *[2] * (len(names) - 1)])
    certain = [*GRANTING, *(name for name, _ in _NEWEST)]
    office[: len(certain)] = [_index(name) for name in certain]
    written = col.days_between(generator, first[office], last[office], count)
    by_time = np.argsort(written, kind="stable")
    office = np.concatenate([office[by_time], [_index(name) for name, _ in _NEWEST]])
    written = np.concatenate([written[by_time], np.array([day for _, day in _NEWEST], dtype="datetime64[D]")])
    return office, own[office], written


def _last_of_office(office: Ints) -> Ints:
    """The document that the same office issued before each."""
    order = np.argsort(office, kind="stable")
    former = np.full(len(office), -1, dtype=np.int64)
    former[order[1:]] = np.where(office[order[1:]] == office[order[:-1]], order[:-1], -1)
    return former


def _replaced(
    generator: np.random.Generator, replaces: Ints, effect: col.Days, expires: col.Days
) -> tuple[Ints, col.Days, Ints]:
    """Who replaces whom, the last days and the states that follow, as of the first delivery."""
    ended, former = expires.copy(), np.maximum(replaces, 0)
    gone = np.isnat(expires[former]) | (expires[former] >= effect)
    replaces = np.where((replaces >= 0) & gone & (effect > effect[former]), replaces, -1)
    newer = np.flatnonzero((replaces >= 0) & (effect < np.datetime64("2024-12-30")))
    ended[replaces[newer]] = effect[newer] - col.DAY
    status = np.where(ended < np.datetime64("2024-12-31"), EXPIRED, IN_FORCE)
    status[replaces[newer]] = REPEALED
    amended = (status == IN_FORCE) & np.isnat(ended) & (generator.random(len(status)) < 0.05)
    status[amended] = AMENDED
    status[-len(_NEWEST) :] = IN_FORCE
    return replaces, ended, status


def _citations(
    generator: np.random.Generator, status: Ints, expires: col.Days, numbered: col.Flags, replaces: Ints
) -> tuple[Ints, Ints, Ints]:
    """Half of the documents name an earlier one that is still in force; the youngest of those in force name repealed ones."""
    count = len(status)
    lasting = (status == IN_FORCE) & np.isnat(expires) & numbered
    lasting[replaces[replaces >= 0]] = False
    earlier = (generator.random(count) * np.arange(count)).astype(np.int64)
    cites = np.where(lasting[earlier] & (earlier < np.arange(count)) & (generator.random(count) < 0.8), earlier, -1)
    young = np.flatnonzero(lasting[: count - len(_NEWEST)])[-4:]
    stale = np.append(np.flatnonzero((status == REPEALED) & numbered)[: len(young) - 1], replaces[-1])
    citing = young[-len(stale) :]
    cites[citing] = stale
    return cites, stale, citing
