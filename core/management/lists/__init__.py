"""Lists of documents.

- `listing`: one page of a list. `list_sources`: where its rows come from. `cells`: what it shows of each.
- `unreadable`: the panel that names documents that cannot answer.
- `search`: the whole site, worklists, and what a relation field may lead to.
"""
