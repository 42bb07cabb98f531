"""What the catalog keeps. It knows numbers and values, no documents.

- `catalog_store`: all of it together. `columns`: names, kinds, and how a value becomes a key. `rows`: what is known of
  each document.
- `texts`: what counts as the same text, and ``%`` patterns.
- `indexes`, `ranked_set`, `fulltext`: the indexes. `security_table`: who may see what, in few numbers.
"""
