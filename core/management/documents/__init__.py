"""Pages about documents.

- `head`: title, state, tabs and menus. `pages`: list or form, clone, delete, add. `metadata_page`, `history_page`,
  `relations_page`.
- `content`: the bytes of files. `script_pages`: code that does not work, and copies of skins in ``custom``.
- `dialogs`, `workflow_dialogs`: questions before something is done. `list_actions`, `deletion`: what is done with
  chosen documents.
"""
