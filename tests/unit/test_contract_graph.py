"""Build order and what lies upstream and downstream of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from yishu.contract.graph import database_of, downstream, inputs_foreign, inputs_inside, mart_order, upstream
from yishu.contract.load import load_project
from yishu.contract.model import Mart, Project
from yishu.errors import ContractError

if TYPE_CHECKING:
    from conftest import ProjectFiles


@pytest.fixture
def project(project_files: ProjectFiles) -> Project:
    """legal.firm_count ← silver.firm, dim.division; legal.a_rank ← legal.firm_count, legal.visit (gold base table)."""
    read = load_project(project_files.root)
    rank = read.marts["legal.firm_count"].model_copy(
        update={"name": "a_rank", "inputs": ("legal.firm_count", "legal.visit", "codes.divisions")}
    )
    return _with(read, rank)


def _with(project: Project, mart: Mart) -> Project:
    return project.model_copy(update={"marts": {**project.marts, mart.table: mart}})


def test_marts_come_after_their_inputs(project: Project) -> None:
    assert mart_order(project) == ("dim.division", "legal.firm_count", "legal.a_rank")
    assert mart_order(project, "legal") == ("legal.firm_count", "legal.a_rank")


def test_inputs_inside_and_foreign(project: Project) -> None:
    rank, count = project.marts["legal.a_rank"], project.marts["legal.firm_count"]
    assert inputs_inside(project, count) == ("silver.firm",)
    assert inputs_foreign(project, count) == ("dim.division",)
    assert inputs_inside(project, rank) == ("legal.firm_count", "silver.visit")
    assert inputs_foreign(project, rank) == ()


def test_downstream_goes_through_marts_and_base_tables(project: Project) -> None:
    assert downstream(project, "silver.firm") == ("legal.firm_count", "legal.a_rank")
    assert downstream(project, "silver.visit") == ("legal.a_rank",)
    assert downstream(project, "codes.divisions") == ("dim.division", "legal.firm_count", "legal.a_rank")
    assert downstream(project, "legal.a_rank") == ()


def test_upstream_ends_at_silver_and_code_lists(project: Project) -> None:
    expected = ("codes.divisions", "dim.division", "legal.firm_count", "silver.firm", "silver.visit")
    assert upstream(project, "legal.a_rank") == expected
    assert upstream(project, "silver.firm") == ()


def test_database_of_a_table(project: Project) -> None:
    assert [database_of(project, t) for t in ("silver.firm", "dim.division", "silver.x", "codes.divisions")] == [
        "legal", "dim", None, None,
    ]  # fmt: skip


def test_order_of_marts_made_from_each_other_is_refused_with_the_ring(project: Project) -> None:
    ring = _with(project, project.marts["dim.division"].model_copy(update={"inputs": ("legal.a_rank",)}))
    with pytest.raises(ContractError, match=r"dim.division → legal.firm_count → legal.a_rank → dim.division|dim.division → .*"):
        mart_order(ring)
