"""The project → everything that is wrong between its files, each with file, line and remedy.

`RULES` is the whole list; a rule is one small function whose docstring is what users read.
"""

from __future__ import annotations

from yishu.contract import check_datasets, check_elements, check_marts, check_supply
from yishu.contract.finding import Rule
from yishu.contract.model import Project
from yishu.errors import ContractError

RULES: tuple[Rule, ...] = (
    check_elements.unknown_element,
    check_elements.one_data,
    check_elements.source_carries,
    check_elements.one_source,
    check_elements.codelist_exists,
    check_elements.codelist_header,
    check_elements.departments,
    check_datasets.names,
    check_datasets.names_once,
    check_datasets.reserved_names,
    check_datasets.renames,
    check_datasets.shared_holds_marts,
    check_datasets.key_not_null,
    check_datasets.sequence,
    check_datasets.as_of_date,
    check_datasets.masks,
    check_datasets.references,
    check_datasets.no_reference_cycle,
    check_datasets.rule_columns,
    check_datasets.rule_conditions,
    check_datasets.suppliers,
    check_datasets.sharing_terms,
    check_supply.supply_keys,
    check_supply.supply_path,
    check_supply.supply_positions,
    check_supply.pull_format,
    check_supply.pull_query,
    check_supply.pull_watermark,
    check_supply.pull_supplier,
    check_marts.inputs_exist,
    check_marts.select_exists,
    check_marts.select_columns,
    check_marts.select_inputs,
    check_marts.key_shown,
    check_marts.no_cycle,
)


def check(project: Project) -> tuple[ContractError, ...]:
    """Every violation of every rule, in the order of files and lines."""
    found = [
        ContractError(
            finding.what, code=code_of(rule), place=finding.place, expected=text_of(rule), remedy=finding.remedy,
            subject=finding.subject,
        )
        for rule in RULES
        for finding in rule(project)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda e: (str(e.place.file), e.place.line or 0) if e.place else ("", 0)))


def code_of(rule: Rule) -> str:
    """The code of the rule's errors: `one-source`."""
    return getattr(rule, "__name__", "").replace("_", "-")


def text_of(rule: Rule) -> str:
    """What the rule demands, in a sentence."""
    return (rule.__doc__ or "").strip().rstrip(".")
