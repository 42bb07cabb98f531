"""Workflows as data: states with permissions, transitions with guards, history, worklists, interactions.

``definition`` reads and writes the data, ``engine`` runs transitions, ``methods`` puts them on documents, ``tool`` is
``portal_workflow``. The format is described in docs/workflows.md.
"""

from wendelin.core.workflow.document import Workflow
from wendelin.core.workflow.engine import initialise, record_edit, set_state
from wendelin.core.workflow.interactions import hook_accessors
from wendelin.core.workflow.methods import compile_methods, state_items, workflow_methods
from wendelin.core.workflow.table import chain_of, get_chain, state_roles
from wendelin.core.workflow.tool import WorkflowTool

__all__ = [
    "Workflow",
    "WorkflowTool",
    "chain_of",
    "compile_methods",
    "get_chain",
    "hook_accessors",
    "initialise",
    "record_edit",
    "set_state",
    "state_items",
    "state_roles",
    "workflow_methods",
]
