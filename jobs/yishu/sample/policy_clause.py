"""惠企政策条款: documents in force → the clauses that departments draw from them, a dozen of which machines can judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.policy_paper import GRANTING, OFFICES, Papers, papers
from yishu.sample.province import Province

_PERIOD, _OPEN_TO = "2024-12-31", "2025-06-30"
_NAMES: Final = tuple(name for name, _, _, _ in OFFICES)
_NEEDS: Final = {
    "reg_status": "market_entity.reg_status", "industry_section": "market_entity.industry_code",
    "entity_type": "market_entity.entity_type", "reg_capital_wan": "market_entity.reg_capital_wan",
    "est_years": "market_entity.est_date", "credit_grade": "credit_score.grade4",
    "insured_cnt": "entity_social_insurance.insured_cnt", "arrears_amt": "entity_social_insurance.arrears_amt",
    "tax_level": "taxpayer_status.credit_level", "high_tech": "hightech_ent.cert_no",
}  # fmt: skip
_OTHERS: Final = (
    ("对符合条件的企业按设备投资额给予补助", "1", "不超过设备投资额的10%，最高{}万元"), ("对新认定的企业给予一次性奖励", "1", "每户{}万元"),
    ("对符合条件的企业减免相关费用", "2", "减免{}%"), ("对流动资金贷款给予贴息", "3", "年贴息率2%，最高{}万元"),
    ("对达到标准的企业授予称号并公布", "4", None),
)  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """A clause that is granted without an application."""

    id: str
    department: str
    text: str
    kind: str
    amount: str | None
    conditions: tuple[tuple[str, str, str], ...]
    answer: str = ""
    """An answer that some firm must get."""

    def conditions_text(self) -> str:
        """The conditions as the platform exchanges them."""
        return json.dumps([{"item": item, "op": op, "value": value} for item, op, value in self.conditions], ensure_ascii=False)

    def needs_text(self) -> str:
        """The items of the catalogue that they ask for."""
        return json.dumps([_NEEDS[item] for item, _, _ in self.conditions])


_LIVE, _MAKES = ("reg_status", "eq", "1"), ("industry_section", "eq", "C")
AUTOMATIC: Final = (
    Clause("MSJX20240001", "industry", "对制造业企业发放技术改造券", "1", "每户1万元", (_LIVE, _MAKES), "符合"),
    Clause("MSJX20240002", "commerce", "对信用良好的企业减免检测费", "2", "减免50%", (_LIVE, ("credit_grade", "in", "A,B")), "不符合"),
    Clause("MSJX20240003", "tax", "对纳税信用好的企业简化退税资料", "2", None, (_LIVE, ("tax_level", "in", "A,B")), "数据不足"),
    Clause("MSJX20240004", "hrss", "对不裁员的参保企业返还失业保险费", "1", "上年缴费的60%", (_LIVE, ("insured_cnt", "ge", "1"), ("arrears_amt", "le", "0"))),
    Clause("MSJX20240005", "drc", "对成立三年以上的小微企业贷款贴息", "3", "年贴息率1%", (_LIVE, ("est_years", "ge", "3"), ("reg_capital_wan", "le", "200"))),
    Clause("MSJX20240006", "agri", "对农民专业合作社给予运营补助", "1", "每户2万元", (_LIVE, ("entity_type", "eq", "9100"))),
    Clause("MSJX20240007", "drc", "对信息服务业企业减免算力费用", "2", "减免30%", (_LIVE, ("industry_section", "in", "I,M"))),
    Clause("MSJX20240008", "science", "对高新技术企业给予认定奖励", "1", "每户10万元", (_LIVE, ("high_tech", "ne", "0"))),
    Clause("MSJX20240009", "culture", "对住宿餐饮企业给予消费券核销补助", "1", "核销额的5%", (_LIVE, ("industry_section", "eq", "H"), ("credit_grade", "ne", "D"))),
    Clause("MSJX20240010", "drc", "对交通运输企业减免通行费", "2", "减免10%", (_LIVE, ("industry_section", "eq", "G"), ("credit_grade", "not_in", "C,D"))),
    Clause("MSJX20240011", "industry", "对新设制造业企业给予开办补助", "1", "每户5000元", (_LIVE, _MAKES, ("est_years", "le", "1"))),
    Clause("MSJX20240012", "agri", "对无欠费的农业企业授予诚信用工称号", "4", None, (_LIVE, ("industry_section", "eq", "A"), ("arrears_amt", "le", "0"))),
)  # fmt: skip


def clause_papers(known: Papers) -> Ints:
    """Documents of the departments that hand in clauses, in force without an end: the six youngest of each."""
    lasting = known.lasting()
    return np.concatenate([lasting[known.office[lasting] == _NAMES.index(name)][-6:] for name in (*GRANTING, "finance")])


def clauses(province: Province) -> Iterator[col.Extract]:
    """Each department's clauses: those that firms get unasked first, then the others."""
    generator, known = province.generator("policy_clause"), papers(province)
    sources, fixed, count = clause_papers(known), len(AUTOMATIC), _count(province)
    newest = {int(known.office[index]): index for index in sources.tolist()}
    granted = [newest[_NAMES.index(clause.department)] for clause in AUTOMATIC]
    paper = np.concatenate([granted, sources[np.arange(count - fixed - 1) % len(sources)], [known.replaced_late()[0]]])
    columns = _clause_columns(province, generator, known, paper)
    for department, _ in province.suppliers["policy_clause"]:
        rows = np.flatnonzero(known.office[paper] == _NAMES.index(department))
        if len(rows):
            clean = np.flatnonzero((rows < fixed) | (rows == count - 1))
            yield col.Extract("policy_clause", _PERIOD, col.take(columns, rows), clean, department)


def _count(province: Province) -> int:
    return min(2_000, max(60, province.rows // 5))


def _clause_columns(province: Province, generator: np.random.Generator, known: Papers, paper: Ints) -> dict[str, pa.Array]:
    count, fixed = len(paper), len(AUTOMATIC)
    kind = col.draw(generator, len(_OTHERS), count - fixed)
    amount = col.pick([str(5 * step) for step in range(1, 13)], col.draw(generator, 12, count - fixed))
    rules = [col.joined(*_around(rule, amount)) if rule else col.constant(None, count - fixed) for _, _, rule in _OTHERS]
    rule = pa.chunked_array(rules).combine_chunks().take(pa.array(kind * (count - fixed) + np.arange(count - fixed)))
    text = col.joined(col.pick([text for text, _, _ in _OTHERS], kind), "（", col.pick(known.subject, paper[fixed:]), "）")
    begin, end = _windows(generator, known, paper)
    judged = generator.random(count - fixed) < 0.5
    return {
        "clause_id": pa.concat_arrays([pa.array([one.id for one in AUTOMATIC]), _ids(count - fixed)]),
        "policy_id": col.pick(known.id, paper),
        "clause_text": pa.concat_arrays([pa.array([one.text for one in AUTOMATIC]), text]),
        "support_type": pa.concat_arrays(
            [pa.array([one.kind for one in AUTOMATIC]), col.pick([kind for _, kind, _ in _OTHERS], kind)]
        ),
        "amount_rule": pa.concat_arrays([pa.array([one.amount for one in AUTOMATIC]), rule]),
        "cond_expr": _with_fixed([one.conditions_text() for one in AUTOMATIC], judged),
        "data_needs": _with_fixed([one.needs_text() for one in AUTOMATIC], judged),
        "window_from": col.days(begin),
        "window_to": col.days(end),
        "auto_flag": col.either(np.arange(count) < fixed, "1", "0"),
        "dept_code": col.pick([one.code for one in province.departments], known.issuer[paper]),
        "update_time": col.at_work(generator, begin - 7 * col.DAY, count),
    }


def _around(rule: str, amount: pa.Array) -> tuple[str | pa.Array, ...]:
    before, after = rule.split("{}")
    return before, amount, after


def _ids(count: int) -> pa.Array:
    return col.joined("TK2024", col.padded(np.arange(count) + 1, 6))


def _with_fixed(fixed: list[str], judged: col.Flags) -> pa.Array:
    """The automatic clauses' texts, then the same in turn for those of the others that machines could judge."""
    rest = col.pick(fixed, np.arange(len(judged)) % len(fixed))
    return pa.concat_arrays([pa.array(fixed), col.either(judged, rest, None)])


def _windows(generator: np.random.Generator, known: Papers, paper: Ints) -> tuple[col.Days, col.Days]:
    """Automatic clauses and the one on a replaced document are open; of the others most, some have closed."""
    count = len(paper)
    begin = np.maximum(known.published[paper] + 30 * col.DAY, np.datetime64("2022-01-01"))
    end = begin + generator.integers(180, 1_200, size=count) * col.DAY
    opened = (np.arange(count) < len(AUTOMATIC)) | (np.arange(count) == count - 1)
    begin = np.where(opened, np.minimum(begin, np.datetime64("2024-12-20")), begin)
    return begin, np.where(opened, np.datetime64(_OPEN_TO), end)


def orphan_clause(province: Province) -> str:
    """The clause whose document has been replaced since: the last one."""
    return str(_ids(_count(province) - len(AUTOMATIC))[-1].as_py())
