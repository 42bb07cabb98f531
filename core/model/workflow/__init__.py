"""Workflows as data: states with permissions, transitions with guards, history, worklists, interactions.

- `definition`: the data, read and checked (the format: docs/extend/workflows.md). `workflow`: the same as a document.
- `chains`: the workflows of each portal type. `engine`: running transitions. `expressions`: guards.
- `methods`: what workflows give to documents. `interactions`: scripts around a document's methods.
- `worklists`: what waits for the current user. `tool`: ``portal_workflow``.
- `once_per_transaction`, `recataloguing`, `publication`: what some transitions need.
"""
