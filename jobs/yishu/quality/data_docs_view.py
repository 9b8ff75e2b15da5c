"""Data Docs pages that need nothing from the network: GX's content in a frame of our own, and an index that costs little."""

from __future__ import annotations

import json
from collections.abc import Iterable

from great_expectations.data_context.types.resource_identifiers import (  # noqa: TID253 - as below
    ValidationResultIdentifier,
)
from great_expectations.render.renderer.site_builder import (  # noqa: TID253 - as below
    DefaultSiteIndexBuilder,
)
from great_expectations.render.view.view import (  # noqa: TID253 - Great Expectations itself loads this module, by its config
    DefaultJinjaIndexPageView,
    DefaultJinjaPageView,
)


class PageView(DefaultJinjaPageView):
    _template = "yishu_page.j2"


class IndexView(DefaultJinjaIndexPageView):
    _template = "yishu_index.j2"


class IndexBuilder(DefaultSiteIndexBuilder):
    """Reads of each result what the list shows. GX makes every expectation of all results anew: 25 ms a result, each time."""

    def _add_validations_to_index_links(
        self, index_links_dict: dict[str, object], results: Iterable[ValidationResultIdentifier]
    ) -> None:
        backend = self.data_context.stores[self.source_stores["validations"]].store_backend
        for key in sorted(results, key=lambda key: key.run_id.run_time, reverse=True):
            result = json.loads(backend.get(key.to_tuple()))  # type: ignore[no-untyped-call]
            self.add_resource_info_to_index_links_dict(  # type: ignore[no-untyped-call]
                index_links_dict=index_links_dict, section_name="validations", validation_success=result["success"],
                expectation_suite_name=key.expectation_suite_identifier.name, batch_identifier=key.batch_identifier,
                run_id=key.run_id, run_time=key.run_id.run_time, run_name=key.run_id.run_name,
                asset_name=result["meta"]["active_batch_definition"]["data_asset_name"],
            )  # fmt: skip
