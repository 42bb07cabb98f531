"""Workflows as data: states with permissions, transitions with guards, history, worklists, interactions.

- `definition`: the data, read and checked (the format: docs/extend/workflows.md). `workflow`: the same as a document.
- `chains`: the workflows of each portal type. `engine`: running transitions. `transition_guards`: who may take them.
  `expressions`: conditions, as text.
- `methods`: what workflows give to documents. `interactions`: scripts around a document's methods.
- `worklists`: what waits for the current user. `tool`: ``portal_workflow``.
- `once_per_transaction`, `recataloguing`, `publication`: what some transitions need.
"""

from __future__ import annotations

from wendelin.core.model.objects.events import DocumentModified
from wendelin.core.model.workflow import interactions, methods
from wendelin.core.model.workflow.recataloguing import on_portal_type_modified
from wendelin.core.registry import PluginConfig

__all__ = ["includeme", "interactions", "methods"]


def includeme(config: PluginConfig) -> None:
    """Fill the contracts (by importing what fills them), and hear of portal types that get other workflows."""
    config.add_subscriber(DocumentModified, on_portal_type_modified)
