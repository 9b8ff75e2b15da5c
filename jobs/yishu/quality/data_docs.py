"""Ledger's counts of deliveries → Great Expectations' Data Docs under `catalog/data_docs`.

Only deliveries whose counts changed since the last time are written; without any, GX is not even imported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yishu.contract.model import Dataset
from yishu.derive.suite import SuiteJson, suite
from yishu.errors import DataError, Place
from yishu.lake.lake import Lake
from yishu.lake.ledger import Delivery, RuleCount
from yishu.lake.places import mirror
from yishu.quality.results import Judged

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.file_data_context import FileDataContext

KEPT = 20
"""Results per dataset that Data Docs show; the ledger and `ops.quality` keep all."""
_SITE = "yishu"


@dataclass(frozen=True)
class Fresh:
    """What Data Docs do not show yet: suites by dataset, and deliveries with their counts."""

    suites: Mapping[str, SuiteJson]
    results: Sequence[tuple[Delivery, Sequence[RuleCount]]]
    marks: Mapping[str, str]


def build_data_docs(lake: Lake, *databases: str) -> bool:
    """Bring the Data Docs of some databases' datasets up to date.

    Args:
        lake: contracts, ledger and places.
        databases: whose datasets.

    Returns:
        whether there was anything new.
    """
    datasets = [d for d in lake.project.datasets.values() if d.database in databases]
    with lake.ledger.writing("data_docs"):
        known = _marks(lake)
        fresh = _fresh(lake, datasets, known)
        if not fresh.suites and not fresh.results:
            return False
        _write(lake, fresh)
        mirror(_site(lake), lake.catalog / "data_docs")
        text = json.dumps(dict(sorted({**known, **fresh.marks}.items())), ensure_ascii=False, indent=0)
        _replace(_root(lake) / "published.json", text)
    return True


def _root(lake: Lake) -> Path:
    return lake.settings.home / "ops" / "gx"  # GX writes to a file system


def _site(lake: Lake) -> Path:
    return lake.settings.home / "catalog" / "data_docs"


def _marks(lake: Lake) -> dict[str, str]:
    """Delivery or suite → a hash of what Data Docs show of it; empty if the pages themselves are gone."""
    file = _root(lake) / "published.json"
    shown = file.is_file() and (_site(lake) / "index.html").is_file()
    return dict(json.loads(file.read_text(encoding="utf-8"))) if shown else {}


def _fresh(lake: Lake, datasets: Sequence[Dataset], known: Mapping[str, str]) -> Fresh:
    suites: dict[str, SuiteJson] = {}
    results: list[tuple[Delivery, Sequence[RuleCount]]] = []
    marks: dict[str, str] = {}
    for dataset in datasets:
        derived = suite(dataset, lake.project)
        judged = [(d, lake.ledger.rules(d.id)) for d in lake.ledger.deliveries(dataset=dataset.name)]
        shown = [(d, counts) for d, counts in judged if counts][-KEPT:]
        found = {d.id: _hash([d.period, d.balance.received, *map(repr, counts)]) for d, counts in shown}
        found |= {f"suite:{dataset.name}": _hash(derived)} if shown else {}
        changed = {name: mark for name, mark in found.items() if known.get(name) != mark}
        suites |= {dataset.name: derived} if shown and set(changed) else {}
        results += [(d, counts) for d, counts in shown if d.id in changed]
        marks |= changed
    return Fresh(suites, results, marks)


def _hash(document: object) -> str:
    return hashlib.sha256(json.dumps(document, ensure_ascii=False).encode()).hexdigest()[:16]


def _write(lake: Lake, fresh: Fresh) -> None:
    from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier

    from yishu.quality import standards
    from yishu.quality.results import result_key, validation_result

    standards.register()
    context = _context(lake)
    changed: list[object] = []
    for name, derived in fresh.suites.items():
        _replace(_root(lake) / "expectations" / f"{name}.json", json.dumps(derived, ensure_ascii=False, indent=1))
        changed.append(ExpectationSuiteIdentifier(name))
    for delivery, counts in fresh.results:
        judged = Judged(delivery.id, delivery.dataset, delivery.period, delivery.balance.received, delivery.claimed_at)
        result, key = validation_result(fresh.suites[delivery.dataset], counts, judged), result_key(judged)
        context.validation_results_store.store_validation_results(result, key, key.expectation_suite_identifier)
        changed.append(key)
    _forget_old(context, fresh)
    context.build_data_docs(site_names=[_SITE], resource_identifiers=changed)  # type: ignore[arg-type]  # both kinds are taken
    _require_pages(lake, fresh)


def _require_pages(lake: Lake, fresh: Fresh) -> None:
    """GX only logs a page that it cannot render.

    Raises:
        DataError: a page is missing.
    """
    wanted = [_site(lake) / "expectations" / f"{name}.html" for name in fresh.suites]
    shown = [_site(lake) / "validations" / d.dataset / d.id for d, _ in fresh.results]
    missing = [p for p in wanted if not p.is_file()] + [p for p in shown if not any(p.glob("*/*.html"))]
    index = _site(lake) / "index.html"
    if not index.is_file() or not index.stat().st_size:
        missing.append(index)
    if missing:
        raise DataError(
            f"Data Docs lack {len(missing)} pages, first {missing[0].name}", code="data-docs", place=Place(missing[0]),
            remedy="the log above says why Great Expectations could not render it",
        )  # fmt: skip


def _forget_old(context: FileDataContext, fresh: Fresh) -> None:
    """Results beyond the newest of each dataset go; GX then takes their pages away itself."""
    from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier

    store = context.validation_results_store
    keys = [key for key in store.list_keys() if isinstance(key, ValidationResultIdentifier)]
    for name in fresh.suites:
        mine = [key for key in keys if key.expectation_suite_identifier.name == name]
        for key in sorted(mine, key=lambda key: key.run_id.run_time)[:-KEPT]:
            store.remove_key(key)  # type: ignore[no-untyped-call]


def _context(lake: Lake) -> FileDataContext:
    """A file context of our own: nothing is asked of or sent to anyone outside."""
    import great_expectations as gx

    root = _root(lake)
    _replace(root / "great_expectations.yml", json.dumps(_config(lake), indent=1))
    views = root / "plugins" / "custom_data_docs" / "views"
    for template in sorted((template_folder(lake.settings.project) / "data_docs").glob("*.j2")):
        _replace(views / template.name, template.read_text(encoding="utf-8"))
    return gx.get_context(mode="file", context_root_dir=root)


def template_folder(project: Path) -> Path:
    """The project's own templates, else those beside the engine: a project elsewhere needs none of its own."""
    own = project / "catalog" / "templates"
    return own if own.is_dir() else Path(__file__).parents[3] / "catalog" / "templates"


def _config(lake: Lake) -> dict[str, object]:
    """`great_expectations.yml` (JSON is YAML)."""

    def store(kind: str, folder: str) -> dict[str, object]:
        backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": folder}
        return {"class_name": kind, "store_backend": backend}

    view = {"module_name": "yishu.quality.data_docs_view", "class_name": "PageView"}
    index = {"module_name": "yishu.quality.data_docs_view", "class_name": "IndexView"}
    return {
        "config_version": 4.0, "analytics_enabled": False, "data_context_id": "00000000-0000-5000-8000-000000000001",
        "plugins_directory": "plugins/", "fluent_datasources": {},
        "stores": {
            "expectations_store": store("ExpectationsStore", "expectations/"),
            "validation_results_store": store("ValidationResultsStore", "validations/"),
            "checkpoint_store": store("CheckpointStore", "checkpoints/"),
            "validation_definition_store": store("ValidationDefinitionStore", "validation_definitions/"),
        },
        "expectations_store_name": "expectations_store", "validation_results_store_name": "validation_results_store",
        "checkpoint_store_name": "checkpoint_store",
        "data_docs_sites": {_SITE: {
            "class_name": "SiteBuilder", "show_how_to_buttons": False,
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(_site(lake))},
            "site_index_builder": {"module_name": view["module_name"], "class_name": "IndexBuilder", "view": index},
            "site_section_builders": {"expectations": {"view": view}, "validations": {"view": view}, "profiling": "none"},
        }},
    }  # fmt: skip


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.part")  # one writer at a time: the lease on data_docs is held
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
