"""A receipt → one small page for a browser: totals, how often each rule was broken, and the first rows that broke one."""

from __future__ import annotations

from yishu.flow.receipt_form import ReceiptJson, corrected, undecided
from yishu.flow.templates import templates
from yishu.lake.lake import Lake

ROWS = 100
"""More make no page that anyone reads; the sheet beside it has them."""


def page_text(lake: Lake, document: ReceiptJson) -> str:
    """The receipt as HTML that needs nothing beside it.

    Args:
        lake: whose project holds the template.
        document: the receipt.
    """
    label, count = undecided(document)
    rows = document["rows"][:ROWS]
    several = len({row["file"] for row in rows}) > 1
    page = templates(lake).get_template("receipt.html")
    return page.render(r=document, undecided=label, undecided_rows=count, rows=rows, several=several,
                       corrected=corrected(document))  # fmt: skip
