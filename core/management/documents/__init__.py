"""Pages about documents.

- `head`: title, state, tabs and menus. `pages`: form, metadata, clone, delete, add. `history`, `content`,
  `script_pages`.
- `dialogs`, `workflow_dialogs`: questions before something is done. `list_actions`, `deletion`: what is done with
  chosen documents.
"""
