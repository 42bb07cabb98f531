"""A workflow for tests, and a portal type with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.core.model.workflow.paper_workflow import PAPER
from wendelin.core.model.objects.site import Site
from wendelin.core.model.workflow.workflow import Workflow


@pytest.fixture
def add_workflow(site: Site) -> Callable[..., Workflow]:
    """``add_workflow("paper_workflow", data)`` installs a workflow."""

    def add(workflow_id: str, data: dict[str, Any]) -> Workflow:
        workflow = Workflow.from_data(workflow_id, data)
        site["portal_workflow"]._setObject(workflow_id, workflow)
        return workflow

    return add


@pytest.fixture
def papers(site: Site, add_type: Any, add_workflow: Any) -> Any:
    """A module of documents with the workflow `PAPER`."""
    add_workflow("paper_workflow", PAPER)
    add_type("Paper", module="paper_module", workflow_list=["paper_workflow"])
    return site["paper_module"]
