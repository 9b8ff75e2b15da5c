"""政府政策文件数据库: documents → what 省政府办公厅 publishes, which clauses departments draw from them, who must do what by when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from yishu.sample import columns as col
from yishu.sample.digits import Ints
from yishu.sample.policy_clause import AUTOMATIC, clause_papers, clauses, orphan_clause
from yishu.sample.policy_paper import OFFICES, REPEALED, Papers, papers
from yishu.sample.province import Province, Sampled
from yishu.sample.supervision import late_department, open_task, tasks

_WORK: Final = "开展{}工作的机构应当配备专人，建立台账，按月公开办理结果。"
_FIRST, _SECOND = "2024-12-31", "2025-01-09"


def documents(province: Province) -> Iterator[col.Extract]:
    """All documents; then two new ones, each of which replaces an older one: of those only one's row is put right."""
    generator, known = province.generator("policy_text"), papers(province)
    columns = _document_columns(province, generator, known)
    unmarked, marked = known.replaced_late()
    clean = np.unique(np.concatenate([known.cited, known.citing, [unmarked], clause_papers(known)]))
    yield col.Extract("policy_document", _FIRST, col.take(columns, np.arange(known.old)), clean)
    repealed = col.take(columns, np.array([marked])) | {
        "policy_status": pa.array([str(REPEALED)]), "expire_date": pa.array(["2025-01-07"]),
        "update_time": col.at_work(generator, _SECOND, 1),
    }  # fmt: skip
    second = col.stacked(col.take(columns, np.arange(known.old, len(known.office))), repealed)
    yield col.Extract("policy_document", _SECOND, second, np.arange(3))


def _document_columns(province: Province, generator: np.random.Generator, known: Papers) -> dict[str, pa.Array]:
    count = len(known.office)
    issuer = col.joined("河北", col.pick([one.name for one in province.departments], known.issuer))
    title = col.joined(issuer, "关于印发《河北省", known.subject, "》的通知")
    changed = np.where(known.expires < np.datetime64(_FIRST), known.expires + col.DAY, known.published + col.DAY)
    silent = (generator.random(count) < 0.2) & (known.effect == known.published)
    year = col.integers(col.year_of(known.written))
    return {
        "policy_id": known.id,
        "policy_no": col.either(known.numbered, known.number, None),
        "policy_title": title,
        "issuer_code": col.pick([one.code for one in province.departments], known.issuer),
        "issuer_name": issuer,
        "written_date": col.days(known.written),
        "publish_date": col.days(known.published),
        "effect_date": col.days(known.effect, silent),
        "expire_date": col.days(known.expires, np.isnat(known.expires)),
        "policy_status": col.integers(known.status),
        "theme_code": col.pick([theme for _, _, theme, _ in OFFICES], known.office),
        "index_no": col.joined("HB", col.padded(known.office + 1, 3), "/", year, "-", col.padded(np.arange(count) + 1, 5)),
        "body_md": _bodies(known, title, issuer),
        "supersedes": _named(known.replaces, known.number),
        "source_url": col.joined("https://www.hebei.gov.cn/zwgk/zcwj/", known.id, ".html"),
        "update_time": col.at_work(generator, changed, count),
    }


def _named(which: Ints, words: pa.Array) -> pa.Array:
    return col.either(which >= 0, col.pick(words, np.maximum(which, 0)), None)


def _bodies(known: Papers, title: pa.Array, issuer: pa.Array) -> pa.Array:
    """A notice and the rules that it brings, in Markdown."""
    no_end = np.isnat(known.expires) | (known.status == REPEALED)
    years = (known.expires - known.effect).astype(np.int64) // 365
    term = col.either(no_end, "", col.joined("，有效期", col.integers(np.where(no_end, 0, years)), "年"))
    cited = col.either(known.cites >= 0, col.joined("按照", _filled(_named(known.cites, known.number)), "有关要求，"), "")
    repeals = _filled(_named(known.replaces, known.number))
    ends = col.either(known.replaces >= 0, col.joined(repeals, "同时废止。"), "")
    number = col.either(known.numbered, col.joined(known.number, "\n\n"), "")
    topic = col.joined("河北省", known.subject)
    return col.joined(
        "# ", title, "\n\n", number, "各市（含定州、辛集市）人民政府，雄安新区管委会，省政府各部门：\n\n", cited, "现将《", topic,
        "》印发给你们，请认真组织实施。\n\n", issuer, "\n\n", col.days(known.written), "\n\n## 第一章 总则\n\n第一条 为规范有关工作，制定",
        topic, "。\n\n第二条 本省行政区域内的有关活动适用本文件。\n\n## 第二章 职责\n\n第三条 ", _WORK.format("有关"),
        "\n\n第四条 违反本文件规定的，由主管部门责令改正。\n\n## 第三章 附则\n\n第五条 本文件自", col.days(known.effect), "起施行", term,
        "。", ends, "\n",
    )  # fmt: skip


def _filled(column: pa.Array) -> pa.Array:
    return column.fill_null("")


def cases(province: Province) -> Iterator[col.Case]:
    """Repealed and still cited, in three ways; clauses whose answer differs; a department that was late in the third quarter."""
    known = papers(province)
    ids, (unmarked, _) = known.id.to_pylist(), known.replaced_late()
    for old, new in zip(known.cited.tolist(), known.citing.tolist(), strict=True):
        key = {"policy_id": ids[old], "citing_kind": "document", "citing_id": ids[new]}
        yield col.Case("a repealed document that one in force cites", "policy_doc.cited_invalid_policy", key)
    for kind, what in (("clause", orphan_clause(province)), ("task", open_task(province))):
        key = {"policy_id": ids[unmarked], "citing_kind": kind, "citing_id": what}
        yield col.Case(f"a {kind} that rests on a replaced document", "policy_doc.cited_invalid_policy", key)
    for clause in AUTOMATIC:
        if clause.answer:
            key = {"clause_id": clause.id, "verdict": clause.answer}
            yield col.Case("a clause and how firms stand to it", "policy_doc.auto_benefit", key)
    code, overdue = late_department(province)
    key = {"quarter_period": "2024Q3", "dept_code": code, "overdue": str(overdue)}
    yield col.Case("late work does not mend the quarter", "policy_doc.quarterly_supervision_score", key)


SAMPLED = Sampled({"policy_document": documents, "policy_clause": clauses, "supervise_task": tasks}, cases)
