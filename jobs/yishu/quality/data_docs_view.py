"""Data Docs pages that need nothing from the network: GX's content in a frame of our own."""

from __future__ import annotations

from great_expectations.render.view.view import (  # noqa: TID253 - Great Expectations itself loads this module, by its config
    DefaultJinjaIndexPageView,
    DefaultJinjaPageView,
)


class PageView(DefaultJinjaPageView):
    _template = "yishu_page.j2"


class IndexView(DefaultJinjaIndexPageView):
    _template = "yishu_index.j2"
